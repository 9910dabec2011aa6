/**
 * The sessions of one router: fixed-width rows of words, found by (tunnel, session) through an open-addressing index, with
 * shared attributes interned as profiles. No object a session. Every change can be undone up to a mark.
 */
import {
  presenceWords,
  roundingStart,
  roundingWords,
  rowWords,
  slotOf,
  unknownSlot,
} from '@sessionreel/session-model';
import {
  Col,
  counterSlots,
  counterStart,
  mainCounters,
  narrowWords,
  profileWords,
  sharedSlots,
  varySlots,
  wideWords,
} from './columns.ts';
import { TuplePool } from './tuple-pool.ts';

const tunnelSlot = slotOf[0] as number;
const sessionSlot = slotOf[1] as number;

export const keyOf = (tunnel: number, session: number): number => ((tunnel << 16) | session) >>> 0;

const Undo = { write: 0, insert: 1, remove: 2 } as const;

export class SessionTable {
  /** Row `r` is `words[r * stride, (r + 1) * stride)`. */
  words: Uint32Array;
  f64: Float64Array;
  stride: number = narrowWords;
  profiles = new TuplePool(profileWords);
  /** Rows in use lie in [0, top), with holes in `#free`. */
  top = 0;
  /** Live and closed (remembered) rows. */
  count = 0;
  #used = new Uint8Array(64);
  #free: number[] = [];
  #index = new Uint32Array(128);
  readonly #tuple = new Uint32Array(profileWords);

  #undoOps: number[] = [];
  #undoRows: Uint32Array[] = [];
  /** Rows saved since the newest mark need no second copy. */
  #saved = new Uint32Array(64);
  #stamp = 1;
  #recording = false;

  constructor() {
    this.words = new Uint32Array(64 * narrowWords);
    this.f64 = new Float64Array(this.words.buffer);
  }

  /** Bytes held: rows, index, profiles. */
  get bytes(): number {
    return (
      this.words.byteLength +
      this.#index.byteLength +
      this.#used.byteLength +
      this.#saved.byteLength +
      this.profiles.bytes
    );
  }

  has(r: number): boolean {
    return this.#used[r] === 1;
  }

  /** The row of a session, -1 when there is none. */
  find(key: number): number {
    const mask = this.#index.length - 1;
    let slot = spread(key) & mask;
    for (;;) {
      const entry = this.#index[slot] as number;
      if (entry === 0) return -1;
      if (this.words[(entry - 1) * this.stride] === key) return entry - 1;
      slot = (slot + 1) & mask;
    }
  }

  /** A new zeroed row for a key that has none. */
  insert(key: number): number {
    const r = this.#free.pop() ?? this.top++;
    if ((r + 1) * this.stride > this.words.length) this.#grow(r + 1);
    this.words.fill(0, r * this.stride, (r + 1) * this.stride);
    this.words[r * this.stride] = key;
    this.#link(r, key);
    if (this.#recording) this.#undoOps.push(Undo.insert, r);
    this.#saved[r] = this.#stamp;
    return r;
  }

  remove(r: number): void {
    if (this.#recording) {
      this.#undoOps.push(Undo.remove, r);
      this.#undoRows.push(this.words.slice(r * this.stride, (r + 1) * this.stride));
    }
    this.#unlink(r);
    this.#free.push(r);
  }

  /** To be called before a row's words are changed. */
  touch(r: number): void {
    if (!this.#recording || this.#saved[r] === this.#stamp) return;
    this.#saved[r] = this.#stamp;
    this.#undoOps.push(Undo.write, r);
    this.#undoRows.push(this.words.slice(r * this.stride, (r + 1) * this.stride));
  }

  /** From here on changes can be undone; the mark is what `undo` takes. */
  mark(): number {
    this.#recording = true;
    this.#stamp++;
    return this.#undoOps.length;
  }

  /** Forgets how to undo. */
  commit(): void {
    this.#recording = false;
    this.#stamp++;
    this.#undoOps = [];
    this.#undoRows = [];
  }

  /** Everything as it was at the mark. */
  undo(mark: number): void {
    while (this.#undoOps.length > mark) {
      const r = this.#undoOps.pop() as number;
      const op = this.#undoOps.pop() as number;
      if (op === Undo.insert) {
        this.#unlink(r);
        this.#free.push(r);
        continue;
      }
      const saved = this.#undoRows.pop() as Uint32Array;
      // A row saved while rows were narrow lacks words that were zero then.
      if (op === Undo.remove) {
        const at = this.#free.lastIndexOf(r);
        this.#free.splice(at, 1);
        this.words.fill(0, r * this.stride, (r + 1) * this.stride);
        this.words.set(saved, r * this.stride);
        this.#link(r, saved[0] as number);
      } else {
        this.words.fill(0, r * this.stride, (r + 1) * this.stride);
        this.words.set(saved, r * this.stride);
      }
    }
    this.#stamp++;
  }

  /** Writes the attributes, counters and rounding of a full row into row `r`, not the meta words. */
  store(r: number, full: Uint32Array, at: number): void {
    if (this.stride === narrowWords && hasLateCounter(full, at)) this.#widen();
    const base = r * this.stride;
    for (let i = 0; i < presenceWords; i++) this.#tuple[i] = full[at + i] as number;
    for (let i = 0; i < sharedSlots.length; i++)
      this.#tuple[presenceWords + i] = full[at + (sharedSlots[i] as number)] as number;
    this.words[base + Col.profile] = this.profiles.intern(this.#tuple);
    for (let i = 0; i < varySlots.length; i++)
      this.words[base + Col.vary + i] = full[at + (varySlots[i] as number)] as number;
    for (let i = 0; i < roundingWords; i++)
      this.words[base + Col.rounding + i] = full[at + roundingStart + i] as number;
    this.words[base + Col.unknown] = full[at + unknownSlot] as number;
    const counters = this.stride === narrowWords ? mainCounters : counterSlots.length;
    for (let c = 0; c < counters; c++) {
      const slot = at + (counterSlots[c] as number);
      this.words[base + counterStart + 2 * c] = full[slot] as number;
      this.words[base + counterStart + 2 * c + 1] = full[slot + 1] as number;
    }
  }

  /** The inverse of `store`: fills a full row. */
  load(r: number, full: Uint32Array, at: number): void {
    const base = r * this.stride;
    const words = this.words;
    full.fill(0, at, at + rowWords);
    const pool = this.profiles.words;
    const profile = (words[base + Col.profile] as number) * profileWords;
    for (let i = 0; i < presenceWords; i++) full[at + i] = pool[profile + i] as number;
    for (let i = 0; i < sharedSlots.length; i++)
      full[at + (sharedSlots[i] as number)] = pool[profile + presenceWords + i] as number;
    const key = words[base] as number;
    full[at + tunnelSlot] = key >>> 16;
    full[at + sessionSlot] = key & 0xffff;
    for (let i = 0; i < varySlots.length; i++)
      full[at + (varySlots[i] as number)] = words[base + Col.vary + i] as number;
    for (let i = 0; i < roundingWords; i++)
      full[at + roundingStart + i] = words[base + Col.rounding + i] as number;
    full[at + unknownSlot] = words[base + Col.unknown] as number;
    const counters = this.stride === narrowWords ? mainCounters : counterSlots.length;
    for (let c = 0; c < counters; c++) {
      const slot = at + (counterSlots[c] as number);
      full[slot] = words[base + counterStart + 2 * c] as number;
      full[slot + 1] = words[base + counterStart + 2 * c + 1] as number;
    }
  }

  #link(r: number, key: number): void {
    this.#used[r] = 1;
    this.count++;
    if (this.count * 10 > this.#index.length * 7) this.#reindex(this.#index.length * 2);
    else this.#place(r, key);
  }

  #place(r: number, key: number): void {
    const mask = this.#index.length - 1;
    let slot = spread(key) & mask;
    while (this.#index[slot] !== 0) slot = (slot + 1) & mask;
    this.#index[slot] = r + 1;
  }

  #reindex(size: number): void {
    this.#index = new Uint32Array(size);
    for (let r = 0; r < this.top; r++)
      if (this.#used[r] === 1) this.#place(r, this.words[r * this.stride] as number);
  }

  /** Removes a row from the index, closing the gap so that later probes need no tombstones. */
  #unlink(r: number): void {
    this.#used[r] = 0;
    this.count--;
    const mask = this.#index.length - 1;
    let slot = spread(this.words[r * this.stride] as number) & mask;
    while (this.#index[slot] !== r + 1) slot = (slot + 1) & mask;
    let hole = slot;
    for (;;) {
      slot = (slot + 1) & mask;
      const entry = this.#index[slot] as number;
      if (entry === 0) break;
      const home = spread(this.words[(entry - 1) * this.stride] as number) & mask;
      if (((slot - home) & mask) >= ((slot - hole) & mask)) {
        this.#index[hole] = entry;
        hole = slot;
      }
    }
    this.#index[hole] = 0;
  }

  #grow(rows: number): void {
    const have = this.words.length / this.stride;
    // A quarter more: doubling a table of half a million sessions would waste what it saves.
    this.#resize(Math.max(rows, Math.ceil(have * (have < 4096 ? 2 : 1.25))), this.stride);
    const used = new Uint8Array(this.words.length / this.stride);
    used.set(this.#used);
    this.#used = used;
    const saved = new Uint32Array(used.length);
    saved.set(this.#saved);
    this.#saved = saved;
  }

  #widen(): void {
    this.#resize(this.words.length / this.stride, wideWords);
  }

  #resize(rows: number, stride: number): void {
    const words = new Uint32Array(rows * stride);
    if (stride === this.stride) words.set(this.words.subarray(0, this.top * stride));
    else
      for (let r = 0; r < this.top; r++)
        words.set(this.words.subarray(r * this.stride, (r + 1) * this.stride), r * stride);
    this.words = words;
    this.f64 = new Float64Array(words.buffer);
    this.stride = stride;
  }
}

/** Ids are small and close together: spread them over the index. */
function spread(key: number): number {
  const h = Math.imul(key ^ (key >>> 15), 0x2c1b3c6d);
  return (h ^ (h >>> 13)) >>> 0;
}

function hasLateCounter(full: Uint32Array, at: number): boolean {
  for (let c = mainCounters; c < counterSlots.length; c++) {
    const slot = at + (counterSlots[c] as number);
    if (full[slot] !== 0 || full[slot + 1] !== 0) return true;
  }
  return false;
}
