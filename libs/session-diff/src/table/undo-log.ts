/** Rows as they were before they were changed, one after another in one array: no object for each. */
export class UndoLog {
  #words = new Uint32Array(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get bytes(): number {
    return this.#words.byteLength;
  }

  /** Puts `words[at, at + count)` with two notes on the log. */
  push(words: Uint32Array, at: number, count: number, row: number, note: number): void {
    const need = this.#length + count + 3;
    if (need > this.#words.length) {
      const longer = new Uint32Array(Math.max(1024, need, this.#words.length * 2));
      longer.set(this.#words.subarray(0, this.#length));
      this.#words = longer;
    }
    const log = this.#words;
    let to = this.#length;
    for (let i = at; i < at + count; i++) log[to++] = words[i] as number;
    log[to++] = count;
    log[to++] = row;
    log[to++] = note;
    this.#length = to;
  }

  /** Takes the newest entry off. The words are a view, valid until the next `push`. @throws when the log is empty. */
  pop(): { words: Uint32Array; row: number; note: number } {
    if (this.#length === 0) throw new Error('nothing to undo');
    const end = this.#length;
    const [count = 0, row = 0, note = 0] = this.#words.subarray(end - 3, end);
    this.#length = end - 3 - count;
    return { words: this.#words.subarray(this.#length, end - 3), row, note };
  }

  /** Forgets everything; a log that grew large gives its memory back. */
  clear(): void {
    this.#length = 0;
    if (this.#words.length > 1 << 18) this.#words = new Uint32Array(0);
  }
}
