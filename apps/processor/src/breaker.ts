/**
 * Stops the processor when most messages fail: then it is not the messages. Dead letters up to that point are at most a
 * window's worth.
 */
export class Breaker {
  readonly #window: number;
  readonly #share: number;
  /** The last outcomes, true for failed. */
  #last: boolean[] = [];

  /** Trips when more than `share` of the last `window` messages failed; never before a whole window was seen. */
  constructor(window: number, share: number) {
    this.#window = window;
    this.#share = share;
  }

  /** Whether these outcomes, after the recorded ones, would trip it; they are not recorded. */
  wouldTrip(failed: readonly boolean[]): boolean {
    const all = [...this.#last, ...failed];
    let count = 0;
    for (let i = 0; i < all.length; i++) {
      if (all[i] === true) count++;
      if (i >= this.#window && all[i - this.#window] === true) count--;
      if (i + 1 >= this.#window && count > this.#share * this.#window) return true;
    }
    return false;
  }

  record(failed: readonly boolean[]): void {
    this.#last = [...this.#last, ...failed].slice(-this.#window);
  }

  get description(): string {
    const failed = this.#last.filter(Boolean).length;
    return `${failed} of the last ${this.#last.length} committed messages are dead letters, and the next batch would pass ${Math.round(this.#share * 100)} % of ${this.#window}`;
  }
}
