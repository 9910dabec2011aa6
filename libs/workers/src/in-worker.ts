/** What a worker's entry module needs. */
import { move, transferableSymbol, valueSymbol, workerData } from 'piscina';

/** A result whose buffers move to the caller instead of being copied. */
export function moving<R extends object>(value: R, buffers: readonly ArrayBufferLike[]): R {
  const movable = {
    get [transferableSymbol]() {
      return buffers;
    },
    get [valueSymbol]() {
      return value;
    },
  };
  // piscina unwraps it: what the caller gets is `value`.
  return move(movable) as unknown as R;
}

/** The pool's `workerData`. */
export function givenToWorker(): unknown {
  // piscina's types say `any`.
  return workerData as unknown;
}
