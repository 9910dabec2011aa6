/** Messages that were in work when a worker was lost: each is tried again alone, and is a dead letter when it fails alone too. */
import type { WorkerLost } from '@sessionreel/workers';
import type { Refusal } from './tasks.ts';

export class Suspects {
  readonly #suspected = new Set<number>();
  readonly #condemned = new Map<number, Refusal>();

  /** Dead letters whatever they say. */
  get condemned(): ReadonlyMap<number, Refusal> {
    return this.#condemned;
  }

  isSuspect(offset: number): boolean {
    return this.#suspected.has(offset) && !this.#condemned.has(offset);
  }

  /** A worker was lost with these messages in work; `alone` when there was no other one in the batch. */
  suspect(messages: readonly { readonly offset: number }[], alone: boolean, lost: WorkerLost): void {
    for (const { offset } of messages) {
      if (alone && this.#suspected.has(offset)) this.condemn(offset, `worker_${lost.reason}`, lost.message);
      else this.#suspected.add(offset);
    }
  }

  condemn(offset: number, reason: string, error: string): void {
    this.#condemned.set(offset, { reason, error });
  }

  /** Everything up to this offset is committed. */
  cleared(offset: number): void {
    for (const one of this.#suspected) if (one <= offset) this.#suspected.delete(one);
    for (const one of this.#condemned.keys()) if (one <= offset) this.#condemned.delete(one);
  }
}
