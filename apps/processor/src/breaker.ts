/**
 * Stops the processor when most messages fail: then it is not the messages. Dead letters up to that point are at most a
 * window's worth, over all partitions.
 */
export class Breaker {
  readonly #window: number;
  readonly #share: number;
  /** Outcomes of the last batches, true for failed; those whose transaction has not committed yet count too. */
  #batches: (readonly boolean[])[] = [];

  /** Trips when more than `share` of the last `window` messages failed; never before a whole window was seen. */
  constructor(window: number, share: number) {
    this.#window = window;
    this.#share = share;
  }

  /**
   * Takes the outcomes of a batch that is about to commit. Undefined when they trip the breaker: it must not commit. Else what
   * takes them back, for a transaction that fails.
   */
  admit(failed: readonly boolean[]): (() => void) | undefined {
    if (this.#trips([...this.#batches.flat(), ...failed])) return undefined;
    this.#batches.push(failed);
    this.#forget();
    return () => {
      this.#batches = this.#batches.filter((batch) => batch !== failed);
    };
  }

  get description(): string {
    return `more than ${Math.round(this.#share * 100)} % of the last ${this.#window} messages are dead letters`;
  }

  #trips(all: readonly boolean[]): boolean {
    let count = 0;
    for (let i = 0; i < all.length; i++) {
      if (all[i] === true) count++;
      if (i >= this.#window && all[i - this.#window] === true) count--;
      if (i + 1 >= this.#window && count > this.#share * this.#window) return true;
    }
    return false;
  }

  #forget(): void {
    let seen = this.#batches.reduce((sum, batch) => sum + batch.length, 0);
    while (this.#batches[0] !== undefined && seen - this.#batches[0].length >= this.#window)
      seen -= (this.#batches.shift() as readonly boolean[]).length;
  }
}
