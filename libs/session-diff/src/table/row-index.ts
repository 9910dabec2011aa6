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

  /** @param used 1 where a row is in use. */
  add(pages: Pages, used: Uint8Array, row: number): void {
    this.#count++;
    // Seven tenths full at most.
    if (this.#count * 10 > this.#slots.length * 7) this.#grow(pages, used, row);
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

  /**
   * Twice as large. In the order of rows, not of slots: pages are read from the first to the last.
   *
   * @param used 1 where a row is in use.
   * @param row one that is placed later.
   */
  #grow(pages: Pages, used: Uint8Array, row: number): void {
    this.#slots = new Uint32Array(this.#slots.length * 2);
    let left = this.#count - 1;
    for (let r = 0; left > 0; r++) {
      if (used[r] !== 1 || r === row) continue;
      this.#place(pages.key(r), r);
      left--;
    }
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
