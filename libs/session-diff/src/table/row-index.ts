/** Rows by key: open addressing over row numbers; the keys stand in the rows. */
export class RowIndex {
  #slots = new Uint32Array(32);
  #count = 0;

  get bytes(): number {
    return this.#slots.byteLength;
  }

  /** The row whose first word is `key`, -1 when there is none. */
  find(words: Uint32Array, stride: number, key: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = spread(key) & mask;
    for (;;) {
      const entry = slots[slot] as number;
      if (entry === 0) return -1;
      if (words[(entry - 1) * stride] === key) return entry - 1;
      slot = (slot + 1) & mask;
    }
  }

  add(words: Uint32Array, stride: number, row: number): void {
    this.#count++;
    // Seven tenths full at most.
    if (this.#count * 10 > this.#slots.length * 7) this.#grow(words, stride);
    this.#place(words[row * stride] as number, row);
  }

  /** Closes the gap, so that later probes need no tombstones. */
  remove(words: Uint32Array, stride: number, row: number): void {
    this.#count--;
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = spread(words[row * stride] as number) & mask;
    while (slots[slot] !== row + 1) slot = (slot + 1) & mask;
    let hole = slot;
    for (;;) {
      slot = (slot + 1) & mask;
      const entry = slots[slot] as number;
      if (entry === 0) break;
      const home = spread(words[(entry - 1) * stride] as number) & mask;
      if (((slot - home) & mask) >= ((slot - hole) & mask)) {
        slots[hole] = entry;
        hole = slot;
      }
    }
    slots[hole] = 0;
  }

  #grow(words: Uint32Array, stride: number): void {
    const before = this.#slots;
    this.#slots = new Uint32Array(before.length * 2);
    for (const entry of before)
      if (entry !== 0) this.#place(words[(entry - 1) * stride] as number, entry - 1);
  }

  #place(key: number, row: number): void {
    const mask = this.#slots.length - 1;
    let slot = spread(key) & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = row + 1;
  }
}

/** Ids are small and close together: spread them over the index. */
function spread(key: number): number {
  const h = Math.imul(key ^ (key >>> 15), 0x2c1b3c6d);
  return (h ^ (h >>> 13)) >>> 0;
}
