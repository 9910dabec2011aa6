/** Tuples of words, interned: equal tuples have equal ids. Id 0 is the tuple of zeros. Only grows; rebuilt by compaction. */
export class TuplePool {
  words: Uint32Array;
  count = 0;
  readonly width: number;
  #slots = new Uint32Array(32);
  /** The tuple asked for last is often asked for again. */
  #last = 0;

  constructor(width: number) {
    this.width = width;
    this.words = new Uint32Array(8 * width);
    this.intern(new Uint32Array(width));
  }

  get bytes(): number {
    return this.words.byteLength + this.#slots.byteLength;
  }

  intern(tuple: Uint32Array): number {
    if (this.count > 0 && this.#equals(this.#last, tuple)) return this.#last;
    const mask = this.#slots.length - 1;
    let slot = hash(tuple, 0, this.width) & mask;
    for (;;) {
      const entry = this.#slots[slot] as number;
      if (entry === 0) break;
      if (this.#equals(entry - 1, tuple)) return (this.#last = entry - 1);
      slot = (slot + 1) & mask;
    }
    const id = this.count++;
    if (this.count * this.width > this.words.length) {
      // A quarter more, once it is large: tuples may be as many as sessions.
      const words = new Uint32Array(Math.ceil(this.count * (this.count < 4096 ? 2 : 1.25)) * this.width);
      words.set(this.words);
      this.words = words;
    }
    this.words.set(tuple, id * this.width);
    this.#slots[slot] = id + 1;
    if (this.count * 10 > this.#slots.length * 7) this.#rehash();
    return (this.#last = id);
  }

  #equals(id: number, tuple: Uint32Array): boolean {
    const at = id * this.width;
    for (let i = 0; i < this.width; i++) if (this.words[at + i] !== tuple[i]) return false;
    return true;
  }

  #rehash(): void {
    this.#slots = new Uint32Array(this.#slots.length * 2);
    const mask = this.#slots.length - 1;
    for (let id = 0; id < this.count; id++) {
      let slot = hash(this.words, id * this.width, this.width) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = id + 1;
    }
  }
}

function hash(words: Uint32Array, at: number, width: number): number {
  let h = 0x811c9dc5;
  for (let i = at; i < at + width; i++) h = Math.imul(h ^ (words[i] as number), 0x01000193) ^ (h >>> 15);
  return (h ^ (h >>> 13)) >>> 0;
}
