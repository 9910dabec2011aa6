/**
 * Strings interned in one byte arena: equal bytes have equal ids, so that the diff compares ids and no string is made for an
 * unchanged session. Id 0 is the empty string. One table a router; never shared between threads.
 */

// A byte order mark is a character like any other: a subscriber may have put it into a name.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

export class StringTable {
  #arena: Uint8Array;
  #used = 0;
  /** Start of each string in the arena; the next entry's start is its end. */
  #starts: Uint32Array;
  #count = 0;
  #hashes: Uint32Array;
  /** Open addressing, a power of two; 0 is free, else id + 1. */
  #slots: Uint32Array;

  constructor() {
    this.#arena = new Uint8Array(4096);
    this.#starts = new Uint32Array(256);
    this.#hashes = new Uint32Array(256);
    this.#slots = new Uint32Array(512);
    this.intern(this.#arena, 0, 0);
  }

  /** How many strings there are. */
  get size(): number {
    return this.#count;
  }

  /** Bytes held, index included. */
  get bytes(): number {
    return this.#arena.length + 4 * (this.#starts.length + this.#hashes.length + this.#slots.length);
  }

  /** Bytes of the strings themselves and of their index entries, without room to grow. */
  get usedBytes(): number {
    return this.#used + 16 * this.#count;
  }

  /** The id of `source[start, end)`, given out now if the bytes are new. The bytes are copied. */
  intern(source: Uint8Array, start: number, end: number): number {
    const length = end - start;
    let hash = 0x811c9dc5 ^ length;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ (source[i] as number), 0x01000193);
    hash = (hash ^ (hash >>> 15)) >>> 0;
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (;;) {
      const entry = this.#slots[slot] as number;
      if (entry === 0) break;
      if (this.#hashes[entry - 1] === hash && this.equals(entry - 1, source, start, end)) return entry - 1;
      slot = (slot + 1) & mask;
    }
    return this.#add(source, start, length, hash, slot);
  }

  internText(text: string): number {
    const bytes = encoder.encode(text);
    return this.intern(bytes, 0, bytes.length);
  }

  equals(id: number, source: Uint8Array, start: number, end: number): boolean {
    const from = this.#starts[id] as number;
    if ((this.#starts[id + 1] as number) - from !== end - start) return false;
    const arena = this.#arena;
    for (let i = start, j = from; i < end; i++, j++) if (source[i] !== arena[j]) return false;
    return true;
  }

  /** The bytes of a string: a view, valid until the next `intern`. */
  view(id: number): Uint8Array {
    return this.#arena.subarray(this.#starts[id], this.#starts[id + 1]);
  }

  byteLength(id: number): number {
    return (this.#starts[id + 1] as number) - (this.#starts[id] as number);
  }

  /** Copies the bytes of a string to `target[at …]`, where there must be room, without a view in between. Returns their end. */
  copyTo(id: number, target: Uint8Array, at: number): number {
    const start = this.#starts[id] as number;
    const end = this.#starts[id + 1] as number;
    if (end - start > 48) target.set(this.#arena.subarray(start, end), at);
    else {
      const arena = this.#arena;
      for (let i = start, j = at; i < end; i++, j++) target[j] = arena[i] as number;
    }
    return at + end - start;
  }

  /**
   * Folds the bytes of a string, and how many they are, into two running hashes of 32 bits: what a string says, whatever its id.
   * `into` is changed in place.
   */
  mix(id: number, into: [number, number]): void {
    const start = this.#starts[id] as number;
    const end = this.#starts[id + 1] as number;
    const arena = this.#arena;
    let a = Math.imul(into[0] ^ (end - start), 0x9e3779b1);
    let b = Math.imul(into[1] + (end - start), 0x85ebca77);
    for (let i = start; i < end; i++) {
      const byte = arena[i] as number;
      a = Math.imul(((a << 7) | (a >>> 25)) ^ byte, 0x9e3779b1);
      b = Math.imul(((b << 11) | (b >>> 21)) + byte, 0x85ebca77);
    }
    into[0] = a ^ (a >>> 15);
    into[1] = b ^ (b >>> 13);
  }

  text(id: number): string {
    return decoder.decode(this.view(id));
  }

  /** Forgets every string added after the table had `size` strings: for a transaction that is rolled back. */
  truncate(size: number): void {
    if (size >= this.#count) return;
    this.#count = size;
    this.#used = this.#starts[size] as number;
    this.#rehash(this.#slots.length);
  }

  #add(source: Uint8Array, start: number, length: number, hash: number, slot: number): number {
    const id = this.#count++;
    if (this.#used + length > this.#arena.length) {
      const arena = new Uint8Array(Math.max(this.#arena.length * 2, this.#used + length));
      arena.set(this.#arena.subarray(0, this.#used));
      this.#arena = arena;
    }
    if (id + 1 >= this.#starts.length) {
      this.#starts = grown(this.#starts);
      this.#hashes = grown(this.#hashes);
    }
    if (length > 48) this.#arena.set(source.subarray(start, start + length), this.#used);
    else {
      const arena = this.#arena;
      for (let i = 0, j = this.#used; i < length; i++, j++) arena[j] = source[start + i] as number;
    }
    this.#starts[id] = this.#used;
    this.#used += length;
    this.#starts[id + 1] = this.#used;
    this.#hashes[id] = hash;
    this.#slots[slot] = id + 1;
    if (this.#count * 2 > this.#slots.length) this.#rehash(this.#slots.length * 2);
    return id;
  }

  #rehash(capacity: number): void {
    const slots = new Uint32Array(capacity);
    const mask = capacity - 1;
    for (let id = 0; id < this.#count; id++) {
      let slot = (this.#hashes[id] as number) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = id + 1;
    }
    this.#slots = slots;
  }
}

function grown(array: Uint32Array): Uint32Array {
  const larger = new Uint32Array(array.length * 2);
  larger.set(array);
  return larger;
}
