/**
 * Buffers that are filled, moved to a worker, handed back with its result, and filled again: megabytes that need not be asked of
 * the system, zeroed, and collected for every task.
 */

/** What is smaller is not worth keeping. Sizes are multiples of it, so that a buffer fits the next task as well. */
const unit = 2 ** 18;
/** A buffer is not given for so many times less than it holds. */
const wasteMost = 4;

export class BufferPool {
  readonly #limit: number;
  #kept: ArrayBuffer[] = [];
  #bytes = 0;

  /** @param limit bytes that are kept at most, while they wait */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Bytes that wait to be used again. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A buffer of so many bytes or more, which holds whatever it held before. */
  take(bytes: number): ArrayBuffer {
    if (bytes < unit) return new ArrayBuffer(bytes);
    let best = -1;
    this.#kept.forEach(({ byteLength }, i) => {
      if (byteLength < bytes || byteLength > wasteMost * bytes) return;
      if (best < 0 || byteLength < (this.#kept[best] as ArrayBuffer).byteLength) best = i;
    });
    const [found] = best < 0 ? [] : this.#kept.splice(best, 1);
    if (found === undefined) return new ArrayBuffer(Math.ceil(bytes / unit) * unit);
    this.#bytes -= found.byteLength;
    return found;
  }

  /** Keeps a buffer that nobody uses any more; the oldest go when it would be too many. */
  give(buffer: ArrayBuffer): void {
    if (buffer.byteLength < unit || buffer.byteLength > this.#limit) return;
    this.#kept.push(buffer);
    this.#bytes += buffer.byteLength;
    while (this.#bytes > this.#limit) this.#bytes -= this.#kept.shift()?.byteLength ?? 0;
  }
}
