/** Times (ms) by small numbers: many sessions were seen at the same few moments. Number 0 is the time 0, 'never'. */
export class Moments {
  #times = new Float64Array(16);
  #count = 1;
  #last = 0;

  get bytes(): number {
    return this.#times.byteLength;
  }

  get count(): number {
    return this.#count;
  }

  time(moment: number): number {
    return this.#times[moment] as number;
  }

  of(time: number): number {
    if (time === 0) return 0;
    if (this.#times[this.#last] === time) return this.#last;
    // The newest come again; an older one that does not is entered twice, which does no harm.
    for (let i = this.#count - 1; i > 0 && i > this.#count - 32; i--)
      if (this.#times[i] === time) return (this.#last = i);
    if (this.#count === this.#times.length) {
      const longer = new Float64Array(this.#count * 2);
      longer.set(this.#times);
      this.#times = longer;
    }
    this.#times[this.#count] = time;
    return (this.#last = this.#count++);
  }
}
