/** Places up to which a full set takes four times as many. */
const smallSet = 1 << 15;

/** A set of 32-bit keys (tunnel ID, session ID): open addressing, 8 bytes a key at most, 16 where that is not much. */
export class IdSet {
  /** key + 1 truncated; the one key that would be 0 has a flag of its own. */
  #slots = new Uint32Array(1024);
  #count = 0;
  #hasLast = false;

  get size(): number {
    return this.#count + (this.#hasLast ? 1 : 0);
  }

  /** False when the key was there already. */
  add(key: number): boolean {
    const stored = (key + 1) >>> 0;
    if (stored === 0) {
      if (this.#hasLast) return false;
      this.#hasLast = true;
      return true;
    }
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hash(stored) & mask;
    for (;;) {
      const found = slots[slot] as number;
      if (found === 0) break;
      if (found === stored) return false;
      slot = (slot + 1) & mask;
    }
    slots[slot] = stored;
    if (++this.#count * 2 > slots.length) this.#grow();
    return true;
  }

  #grow(): void {
    const larger = new Uint32Array(this.#slots.length * (this.#slots.length < smallSet ? 4 : 2));
    const mask = larger.length - 1;
    for (const stored of this.#slots) {
      if (stored === 0) continue;
      let slot = hash(stored) & mask;
      while (larger[slot] !== 0) slot = (slot + 1) & mask;
      larger[slot] = stored;
    }
    this.#slots = larger;
  }
}

function hash(key: number): number {
  const h = Math.imul(key ^ (key >>> 16), 0x45d9f3b);
  return (h ^ (h >>> 15)) >>> 0;
}
