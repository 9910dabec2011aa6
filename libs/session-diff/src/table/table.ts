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
  layouts,
  lineSlots,
  movingStart,
  profileWords,
  sharedSlots,
  varySlots,
  type RowLayout,
} from './columns.ts';
import { Pages, copyRow, type Page } from './pages.ts';
import { RowIndex } from './row-index.ts';
import { TuplePool } from './tuple-pool.ts';
import { UndoLog } from './undo-log.ts';

const tunnelSlot = slotOf[0] as number;
const sessionSlot = slotOf[1] as number;

export const keyOf = (tunnel: number, session: number): number => ((tunnel << 16) | session) >>> 0;

/** What an entry of the undo log undoes; the number of the row's layout is added in the higher bits. */
const Undo = { write: 0, insert: 1, remove: 2, move: 3 } as const;

export class SessionTable {
  readonly pages = new Pages();
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

  /** Bytes held: rows, index, tuples, what can be undone. */
  get bytes(): number {
    const pools = this.profiles.bytes + this.lines.bytes + this.roundings.bytes;
    const own = this.pages.bytes + this.#used.byteLength + 8 * this.#free.length;
    return own + this.#index.bytes + pools + this.#log.bytes;
  }

  has(r: number): boolean {
    return this.#used[r] === 1;
  }

  /** The row of a session, -1 when there is none. */
  find(key: number): number {
    return this.#index.find(this.pages, key);
  }

  /** As `find`, quick where the row is `guess`. */
  findNear(key: number, guess: number): number {
    if (guess < this.top && this.pages.key(guess) === key && this.#used[guess] === 1) return guess;
    return this.#index.find(this.pages, key);
  }

  /** A new zeroed row for a key that has none. */
  insert(key: number): number {
    const r = this.#free.pop() ?? this.#append();
    const page = this.pages.of(r);
    const { words, stride } = page;
    const base = this.pages.start(r, page);
    for (let i = base; i < base + stride; i++) words[i] = 0;
    words[base] = key;
    this.#link(r);
    if (this.#recording) this.#log.push(words, 0, 0, r, Undo.insert);
    return r;
  }

  #append(): number {
    const r = this.top;
    this.pages.grow(r);
    if (r >= this.#used.length) {
      const used = new Uint8Array(Math.ceil(r * (r < 16_384 ? 2 : 1.25)));
      used.set(this.#used);
      this.#used = used;
    }
    this.top++;
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

  /** As `touch`, where only the words that a steady session moves are changed. */
  touchMoving(r: number, { words, layout, stride }: Page, base: number): void {
    if (!this.#recording) return;
    const note = Undo.move | (layout.number << 2);
    this.#log.push(words, base + movingStart, stride - movingStart, r, note);
  }

  #save(r: number, op: number): void {
    const page = this.pages.of(r);
    const base = this.pages.start(r, page);
    this.#log.push(page.words, base, page.stride, r, op | (page.layout.number << 2));
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
      const { words, start, row, note } = this.#log.pop();
      if ((note & 3) === Undo.insert) {
        this.#unlink(row);
        this.#free.push(row);
        continue;
      }
      const layout = layouts[note >>> 2] as RowLayout;
      const page = this.pages.of(row);
      const first = (note & 3) === Undo.move ? movingStart : 0;
      copyRow(words, start - first, layout, page.words, this.pages.start(row, page), page.layout, first);
      if ((note & 3) === Undo.remove) {
        this.#free.splice(this.#free.lastIndexOf(row), 1);
        this.#link(row);
      }
    }
  }

  /** Writes the attributes, counters and rounding of a full row into row `r`, not the other words. */
  store(r: number, full: Uint32Array, at: number): void {
    const page = this.pages.fit(r, full, at);
    const base = this.pages.start(r, page);
    const { words } = page;
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
    this.#storeCounters(page, base, full, at);
  }

  /** The counters and their rounding only. */
  storeCounters(r: number, full: Uint32Array, at: number): void {
    const page = this.pages.fit(r, full, at);
    this.#storeCounters(page, this.pages.start(r, page), full, at);
  }

  #storeCounters({ words, layout }: Page, base: number, full: Uint32Array, at: number): void {
    const rounding = this.#rounding;
    let rounded = 0;
    for (let i = 0; i < roundingWords; i++) rounded |= rounding[i] = full[at + roundingStart + i] as number;
    words[base + Col.rounding] = rounded === 0 ? 0 : this.roundings.intern(rounding);
    const { low, high } = layout;
    for (let c = 0; c < counterSlots.length; c++) {
      const slot = at + (counterSlots[c] as number);
      if (low[c] !== 0) words[base + (low[c] as number)] = full[slot] as number;
      if (high[c] !== 0) words[base + (high[c] as number)] = full[slot + 1] as number;
    }
  }

  /** The inverse of `store`: fills a full row. */
  load(r: number, full: Uint32Array, at: number): void {
    const page = this.pages.of(r);
    const base = this.pages.start(r, page);
    const { words } = page;
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
    this.#loadCounters(page, base, full, at);
  }

  #loadCounters({ words, layout }: Page, base: number, full: Uint32Array, at: number): void {
    const rounding = (words[base + Col.rounding] as number) * roundingWords;
    if (rounding !== 0)
      for (let i = 0; i < roundingWords; i++)
        full[at + roundingStart + i] = this.roundings.words[rounding + i] as number;
    const { low, high } = layout;
    for (let c = 0; c < counterSlots.length; c++) {
      const slot = at + (counterSlots[c] as number);
      if (low[c] !== 0) full[slot] = words[base + (low[c] as number)] as number;
      if (high[c] !== 0) full[slot + 1] = words[base + (high[c] as number)] as number;
    }
  }

  #link(r: number): void {
    this.#used[r] = 1;
    this.count++;
    this.#index.add(this.pages, this.#used, r);
  }

  #unlink(r: number): void {
    this.#used[r] = 0;
    this.count--;
    this.#index.remove(this.pages, r);
  }
}
