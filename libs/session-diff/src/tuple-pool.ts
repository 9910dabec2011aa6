/** Tuples of words, interned: equal tuples have equal ids. Only grows; rebuilt when the table is compacted. */
export class TuplePool {
  words: Uint32Array;
  count = 0;
  readonly #width: number;
  #slots = new Uint32Array(64);

  constructor(width: number) {
    this.#width = width;
    this.words = new Uint32Array(16 * width);
  }

  get bytes(): number {
    return this.words.byteLength + this.#slots.byteLength;
  }

  intern(tuple: Uint32Array): number {
    const mask = this.#slots.length - 1;
    let slot = hash(tuple) & mask;
    for (;;) {
      const entry = this.#slots[slot] as number;
      if (entry === 0) break;
      if (this.#equals(entry - 1, tuple)) return entry - 1;
      slot = (slot + 1) & mask;
    }
    const id = this.count++;
    if (this.count * this.#width > this.words.length) {
      const words = new Uint32Array(this.words.length * 2);
      words.set(this.words);
      this.words = words;
    }
    this.words.set(tuple, id * this.#width);
    this.#slots[slot] = id + 1;
    if (this.count * 2 > this.#slots.length) this.#rehash();
    return id;
  }

  #equals(id: number, tuple: Uint32Array): boolean {
    const at = id * this.#width;
    for (let i = 0; i < this.#width; i++) if (this.words[at + i] !== tuple[i]) return false;
    return true;
  }

  #rehash(): void {
    this.#slots = new Uint32Array(this.#slots.length * 2);
    const mask = this.#slots.length - 1;
    for (let id = 0; id < this.count; id++) {
      let slot = hash(this.words.subarray(id * this.#width, (id + 1) * this.#width)) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = id + 1;
    }
  }
}

function hash(tuple: Uint32Array): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < tuple.length; i++) h = Math.imul(h ^ (tuple[i] as number), 0x01000193) ^ (h >>> 15);
  return (h ^ (h >>> 13)) >>> 0;
}
