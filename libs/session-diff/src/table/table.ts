/**
 * The sessions of one router: rows of words of one width, found by (tunnel, session), with shared attributes interned as tuples. No
 * object a session. Every change can be undone up to a mark.
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
  layouts,
  lineSlots,
  profileWords,
  sharedSlots,
  varySlots,
  type RowLayout,
} from './columns.ts';
import { RowIndex } from './row-index.ts';
import { TuplePool } from './tuple-pool.ts';
import { UndoLog } from './undo-log.ts';

const tunnelSlot = slotOf[0] as number;
const sessionSlot = slotOf[1] as number;

export const keyOf = (tunnel: number, session: number): number => ((tunnel << 16) | session) >>> 0;

/** What an entry of the undo log undoes; the number of the row's layout is added in the higher bits. */
const Undo = { write: 0, insert: 1, remove: 2 } as const;

export class SessionTable {
  /** Row `r` is `words[r * stride, (r + 1) * stride)`. */
  words: Uint32Array;
  layout: RowLayout = layouts[0] as RowLayout;
  stride: number = this.layout.stride;
  readonly profiles = new TuplePool(profileWords);
  readonly lines = new TuplePool(lineSlots.length);
  readonly roundings = new TuplePool(roundingWords);
  /** Rows in use lie in [0, top), with holes. */
  top = 0;
  /** Live and closed (remembered) rows. */
  count = 0;
  #used = new Uint8Array(16);
  readonly #free: number[] = [];
  readonly #index = new RowIndex();
  readonly #profile = new Uint32Array(profileWords);
  readonly #line = new Uint32Array(lineSlots.length);
  readonly #rounding = new Uint32Array(roundingWords);
  readonly #log = new UndoLog();
  #recording = false;

  constructor() {
    this.words = new Uint32Array(16 * this.stride);
  }

  /** Bytes held: rows, index, tuples, what can be undone. */
  get bytes(): number {
    const pools = this.profiles.bytes + this.lines.bytes + this.roundings.bytes;
    const own = this.words.byteLength + this.#used.byteLength + 8 * this.#free.length;
    return own + this.#index.bytes + pools + this.#log.bytes;
  }

  has(r: number): boolean {
    return this.#used[r] === 1;
  }

  /** The row of a session, -1 when there is none. */
  find(key: number): number {
    return this.#index.find(this.words, this.stride, key);
  }

  /** As `find`, quick where the row is `guess`. */
  findNear(key: number, guess: number): number {
    if (this.words[guess * this.stride] === key && this.#used[guess] === 1) return guess;
    return this.#index.find(this.words, this.stride, key);
  }

  /** A new zeroed row for a key that has none. */
  insert(key: number): number {
    const r = this.#free.pop() ?? this.top++;
    if ((r + 1) * this.stride > this.words.length) this.#grow(r + 1);
    const base = r * this.stride;
    this.words.fill(0, base, base + this.stride);
    this.words[base] = key;
    this.#link(r);
    if (this.#recording) this.#log.push(this.words, 0, 0, r, Undo.insert);
    return r;
  }

  remove(r: number): void {
    if (this.#recording) this.#save(r, Undo.remove);
    this.#unlink(r);
    this.#free.push(r);
  }

  /** To be called before a row's words are changed. */
  touch(r: number): void {
    if (this.#recording) this.#save(r, Undo.write);
  }

  #save(r: number, op: number): void {
    this.#log.push(this.words, r * this.stride, this.stride, r, op | (this.layout.number << 2));
  }

  /** From here on changes can be undone; the mark is what `undo` takes. */
  mark(): number {
    this.#recording = true;
    return this.#log.length;
  }

  /** Forgets how to undo. */
  commit(): void {
    this.#recording = false;
    this.#log.clear();
  }

  /** Everything as it was at the mark. */
  undo(mark: number): void {
    while (this.#log.length > mark) {
      const { words, row, note } = this.#log.pop();
      if ((note & 3) === Undo.insert) {
        this.#unlink(row);
        this.#free.push(row);
        continue;
      }
      const layout = layouts[note >>> 2] as RowLayout;
      copyRow(words, 0, layout, this.words, row * this.stride, this.layout);
      if ((note & 3) === Undo.remove) {
        this.#free.splice(this.#free.lastIndexOf(row), 1);
        this.#link(row);
      }
    }
  }

  /** Writes the attributes, counters and rounding of a full row into row `r`, not the other words. */
  store(r: number, full: Uint32Array, at: number): void {
    this.#fit(full, at);
    const base = r * this.stride;
    const words = this.words;
    const profile = this.#profile;
    for (let i = 0; i < presenceWords; i++) profile[i] = full[at + i] as number;
    for (let i = 0; i < sharedSlots.length; i++)
      profile[presenceWords + i] = full[at + (sharedSlots[i] as number)] as number;
    words[base + Col.profile] = this.profiles.intern(profile);
    const line = this.#line;
    for (let i = 0; i < lineSlots.length; i++) line[i] = full[at + (lineSlots[i] as number)] as number;
    words[base + Col.line] = this.lines.intern(line);
    for (let i = 0; i < varySlots.length; i++)
      words[base + Col.vary + i] = full[at + (varySlots[i] as number)] as number;
    words[base + Col.unknown] = full[at + unknownSlot] as number;
    this.#storeCounters(r, full, at);
  }

  /** The counters and their rounding only. */
  storeCounters(r: number, full: Uint32Array, at: number): void {
    this.#fit(full, at);
    this.#storeCounters(r, full, at);
  }

  #storeCounters(r: number, full: Uint32Array, at: number): void {
    const base = r * this.stride;
    const words = this.words;
    const rounding = this.#rounding;
    let rounded = 0;
    for (let i = 0; i < roundingWords; i++) rounded |= rounding[i] = full[at + roundingStart + i] as number;
    words[base + Col.rounding] = rounded === 0 ? 0 : this.roundings.intern(rounding);
    const { low, high } = this.layout;
    for (let c = 0; c < counterSlots.length; c++) {
      const slot = at + (counterSlots[c] as number);
      if (low[c] !== 0) words[base + (low[c] as number)] = full[slot] as number;
      if (high[c] !== 0) words[base + (high[c] as number)] = full[slot + 1] as number;
    }
  }

  /** The inverse of `store`: fills a full row. */
  load(r: number, full: Uint32Array, at: number): void {
    const base = r * this.stride;
    const words = this.words;
    full.fill(0, at, at + rowWords);
    const profiles = this.profiles.words;
    const profile = (words[base + Col.profile] as number) * profileWords;
    for (let i = 0; i < presenceWords; i++) full[at + i] = profiles[profile + i] as number;
    for (let i = 0; i < sharedSlots.length; i++)
      full[at + (sharedSlots[i] as number)] = profiles[profile + presenceWords + i] as number;
    const lines = this.lines.words;
    const line = (words[base + Col.line] as number) * lineSlots.length;
    for (let i = 0; i < lineSlots.length; i++)
      full[at + (lineSlots[i] as number)] = lines[line + i] as number;
    const key = words[base] as number;
    full[at + tunnelSlot] = key >>> 16;
    full[at + sessionSlot] = key & 0xffff;
    for (let i = 0; i < varySlots.length; i++)
      full[at + (varySlots[i] as number)] = words[base + Col.vary + i] as number;
    full[at + unknownSlot] = words[base + Col.unknown] as number;
    this.#loadCounters(base, full, at);
  }

  #loadCounters(base: number, full: Uint32Array, at: number): void {
    const words = this.words;
    const rounding = (words[base + Col.rounding] as number) * roundingWords;
    if (rounding !== 0)
      for (let i = 0; i < roundingWords; i++)
        full[at + roundingStart + i] = this.roundings.words[rounding + i] as number;
    const { low, high } = this.layout;
    for (let c = 0; c < counterSlots.length; c++) {
      const slot = at + (counterSlots[c] as number);
      if (low[c] !== 0) full[slot] = words[base + (low[c] as number)] as number;
      if (high[c] !== 0) full[slot + 1] = words[base + (high[c] as number)] as number;
    }
  }

  #link(r: number): void {
    this.#used[r] = 1;
    this.count++;
    this.#index.add(this.words, this.stride, r);
  }

  #unlink(r: number): void {
    this.#used[r] = 0;
    this.count--;
    this.#index.remove(this.words, this.stride, r);
  }

  #grow(rows: number): void {
    const have = this.#used.length;
    // An eighth more: doubling a table of half a million sessions would waste what its rows save.
    const room = Math.max(rows, Math.ceil(have * (have < 16_384 ? 2 : 1.125)));
    const words = new Uint32Array(room * this.stride);
    words.set(this.words.subarray(0, this.top * this.stride));
    this.words = words;
    const used = new Uint8Array(room);
    used.set(this.#used);
    this.#used = used;
  }

  /** Goes on to a wider layout when the rows cannot hold these counters. */
  #fit(full: Uint32Array, at: number): void {
    while (!holds(this.layout, full, at)) {
      const wider = layouts[this.layout.number + 1] as RowLayout;
      const words = new Uint32Array(this.#used.length * wider.stride);
      for (let r = 0; r < this.top; r++)
        copyRow(this.words, r * this.stride, this.layout, words, r * wider.stride, wider);
      this.words = words;
      this.layout = wider;
      this.stride = wider.stride;
    }
  }
}

function holds({ low, high }: RowLayout, full: Uint32Array, at: number): boolean {
  for (let c = 0; c < counterSlots.length; c++) {
    const slot = at + (counterSlots[c] as number);
    if (low[c] === 0 && full[slot] !== 0) return false;
    if (high[c] === 0 && full[slot + 1] !== 0) return false;
  }
  return true;
}

/** Copies a row of one layout into one of the same or a wider layout. */
function copyRow(
  from: Uint32Array,
  fromAt: number,
  a: RowLayout,
  to: Uint32Array,
  toAt: number,
  b: RowLayout,
): void {
  if (a === b) {
    for (let i = 0; i < a.stride; i++) to[toAt + i] = from[fromAt + i] as number;
    return;
  }
  to.fill(0, toAt, toAt + b.stride);
  for (let i = 0; i < counterStart; i++) to[toAt + i] = from[fromAt + i] as number;
  for (let c = 0; c < counterSlots.length; c++) {
    if (a.low[c] !== 0) to[toAt + (b.low[c] as number)] = from[fromAt + (a.low[c] as number)] as number;
    if (a.high[c] !== 0) to[toAt + (b.high[c] as number)] = from[fromAt + (a.high[c] as number)] as number;
  }
}
