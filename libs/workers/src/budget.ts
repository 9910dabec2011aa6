/** A bound on bytes in flight, for queues that must not grow: who wants more than is left waits, in order of asking. */
export class ByteBudget {
  readonly limit: number;
  #used = 0;
  readonly #waiting: { bytes: number; admit: () => void }[] = [];

  constructor(limit: number) {
    this.limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  /** Bytes that wait to be admitted. */
  get waiting(): number {
    return this.#waiting.reduce((sum, one) => sum + one.bytes, 0);
  }

  /**
   * Waits until `bytes` fit, and returns what gives them back (once; calls after the first do nothing). What is larger than
   * the limit is admitted alone: it is in memory already, and waiting for more room than there is would be for ever.
   */
  async acquire(bytes: number): Promise<() => void> {
    if (this.#waiting.length > 0 || !this.#fits(bytes))
      await new Promise<void>((resolve) => {
        this.#waiting.push({ bytes, admit: resolve });
      });
    else this.#used += bytes;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#used -= bytes;
      this.#admit();
    };
  }

  #fits(bytes: number): boolean {
    return this.#used === 0 || this.#used + bytes <= this.limit;
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#fits(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#used += next.bytes;
      next.admit();
    }
  }
}
