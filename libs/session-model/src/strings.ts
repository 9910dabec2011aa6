/**
 * Strings interned in one byte arena: equal bytes have equal ids, so that the diff compares ids and no string is made for an
 * unchanged session. Id 0 is the empty string. One table a router; never shared between threads.
 */

// A byte order mark is a character like any other: a subscriber may have put it into a name.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();
/** For short texts, most of which are ASCII: a call out of JavaScript for each costs more than the text. */
const short = new Uint8Array(64);

/** Bits of a slot that hold an id: 67 million strings. */
const idMask = 0x3ffffff;
/** Above them, the lowest bits of the hash. */
const tagShift = 26;

export class StringTable {
  #arena: Uint8Array;
  #used = 0;
  /** Start of each string in the arena; the next entry's start is its end. */
  #starts: Uint32Array;
  #count = 0;
  /**
   * Open addressing, by the high bits of the hash; of any length, so that it need not be twice too large. 0 is free, else id + 1 in
   * the low bits and the lowest bits of the hash above them.
   */
  #slots: Uint32Array;
  /** The string that was asked for last. */
  #last = 0;

  constructor() {
    this.#arena = new Uint8Array(4096);
    this.#starts = new Uint32Array(256);
    this.#slots = new Uint32Array(512);
    this.intern(this.#arena, 0, 0);
  }

  /** How many strings there are. */
  get size(): number {
    return this.#count;
  }

  /** Bytes held, index included. */
  get bytes(): number {
    return this.#arena.length + 4 * (this.#starts.length + this.#slots.length);
  }

  /** Bytes of the strings themselves and of their index entries, without room to grow. */
  get usedBytes(): number {
    return this.#used + 16 * this.#count;
  }

  /** The id of `source[start, end)`, given out now if the bytes are new. The bytes are copied. */
  intern(source: Uint8Array, start: number, end: number): number {
    // Routers list the same sessions in the same order: a name is mostly followed by what followed it before.
    const next = this.#last + 1;
    if (next < this.#count && this.equals(next, source, start, end)) return (this.#last = next);
    return (this.#last = this.#find(source, start, end));
  }

  #find(source: Uint8Array, start: number, end: number): number {
    const hash = hashOf(source, start, end);
    const slots = this.#slots;
    const tag = hash << tagShift;
    let slot = placeOf(hash, slots.length);
    for (;;) {
      const entry = slots[slot] as number;
      if (entry === 0) break;
      if (((entry ^ tag) & ~idMask) === 0 && this.equals((entry & idMask) - 1, source, start, end))
        return (entry & idMask) - 1;
      if (++slot === slots.length) slot = 0;
    }
    return this.#add(source, start, end - start, hash, slot);
  }

  internText(text: string): number {
    const { length } = text;
    if (length <= short.length) {
      let i = 0;
      for (; i < length; i++) {
        const code = text.charCodeAt(i);
        if (code > 127) break;
        short[i] = code;
      }
      if (i === length) return this.intern(short, 0, length);
    }
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
    if (id >= idMask) throw new RangeError('too many strings in one table');
    if (this.#used + length > this.#arena.length) {
      const arena = new Uint8Array(Math.max(roomAfter(this.#arena.length), this.#used + length));
      arena.set(this.#arena.subarray(0, this.#used));
      this.#arena = arena;
    }
    if (id + 1 >= this.#starts.length) {
      const starts = new Uint32Array(roomAfter(this.#starts.length));
      starts.set(this.#starts);
      this.#starts = starts;
    }
    if (length > 48) this.#arena.set(source.subarray(start, start + length), this.#used);
    else {
      const arena = this.#arena;
      for (let i = 0, j = this.#used; i < length; i++, j++) arena[j] = source[start + i] as number;
    }
    this.#starts[id] = this.#used;
    this.#used += length;
    this.#starts[id + 1] = this.#used;
    this.#slots[slot] = (hash << tagShift) | (id + 1);
    // Three quarters full at most.
    if (this.#count * 4 > this.#slots.length * 3)
      this.#rehash(Math.ceil(this.#slots.length * (this.#slots.length < smallTable ? 2 : 1.5)));
    return id;
  }

  #rehash(capacity: number): void {
    const slots = new Uint32Array(capacity);
    for (let id = 0; id < this.#count; id++) {
      const hash = hashOf(this.#arena, this.#starts[id] as number, this.#starts[id + 1] as number);
      let slot = placeOf(hash, capacity);
      while (slots[slot] !== 0) if (++slot === capacity) slot = 0;
      slots[slot] = (hash << tagShift) | (id + 1);
    }
    this.#slots = slots;
  }
}

/** The hash as a share of the whole range. */
const placeOf = (hash: number, capacity: number): number => Math.floor((hash / 0x1_0000_0000) * capacity);

function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5 ^ (end - start);
  let i = start;
  // Four bytes at a time: each step waits for the one before.
  for (const last = end - 3; i < last; i += 4) {
    const word =
      (bytes[i] as number) |
      ((bytes[i + 1] as number) << 8) |
      ((bytes[i + 2] as number) << 16) |
      ((bytes[i + 3] as number) << 24);
    hash = Math.imul(((hash << 13) | (hash >>> 19)) ^ word, 0x9e3779b1);
  }
  for (; i < end; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca77);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** Slots, and entries or bytes, up to which a table doubles when it is full. */
const smallTable = 1 << 16;
const smallRoom = 1 << 19;

/** Twice as much, and an eighth more once that is large: a router may have as many strings as sessions, and more. */
const roomAfter = (length: number): number => Math.ceil(length * (length < smallRoom ? 2 : 1.125));
