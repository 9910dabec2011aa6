/** Rows by key: open addressing over row numbers; the keys stand in the rows. */
import type { Pages } from './pages.ts';

export class RowIndex {
  #slots = new Uint32Array(32);
  #count = 0;

  get bytes(): number {
    return this.#slots.byteLength;
  }

  /** The row whose first word is `key`, -1 when there is none. */
  find(pages: Pages, key: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = spread(key) & mask;
    for (;;) {
      const entry = slots[slot] as number;
      if (entry === 0) return -1;
      if (pages.key(entry - 1) === key) return entry - 1;
      slot = (slot + 1) & mask;
    }
  }

  add(pages: Pages, row: number): void {
    this.#count++;
    // Seven tenths full at most.
    if (this.#count * 10 > this.#slots.length * 7) this.#grow(pages);
    this.#place(pages.key(row), row);
  }

  /** Closes the gap, so that later probes need no tombstones. */
  remove(pages: Pages, row: number): void {
    this.#count--;
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = spread(pages.key(row)) & mask;
    while (slots[slot] !== row + 1) slot = (slot + 1) & mask;
    let hole = slot;
    for (;;) {
      slot = (slot + 1) & mask;
      const entry = slots[slot] as number;
      if (entry === 0) break;
      const home = spread(pages.key(entry - 1)) & mask;
      if (((slot - home) & mask) >= ((slot - hole) & mask)) {
        slots[hole] = entry;
        hole = slot;
      }
    }
    slots[hole] = 0;
  }

  #grow(pages: Pages): void {
    const before = this.#slots;
    this.#slots = new Uint32Array(before.length * 2);
    for (const entry of before) if (entry !== 0) this.#place(pages.key(entry - 1), entry - 1);
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
