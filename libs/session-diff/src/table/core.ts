/** The sessions of one router with all that is derived from them: state hash, counts by group. Every change goes through here. */
import { Presence, StringTable, getPresence, rowWords, unknownSlot } from '@sessionreel/session-model';
import { Col, Flag, noTime, textSlots } from './columns.ts';
import { Groups } from './groups.ts';
import { StateSum, addAttributes, addCounters } from './hash.ts';
import { Moments } from './moments.ts';
import { PrintSteps } from '../delta/print-steps.ts';
import { PrintSets } from '../delta/prints.ts';
import { Shapes } from './shapes.ts';
import { SessionTable } from './table.ts';
import { Derived } from './tuple-hashes.ts';

export interface CoreMark {
  readonly table: number;
  readonly strings: number;
  readonly sum: StateSum;
  readonly groups: Groups;
  readonly live: number;
  readonly told: Set<bigint>;
}

export class Core {
  strings = new StringTable();
  table = new SessionTable();
  /** Of the table's tuples. */
  derived = new Derived(this.table.profiles, this.table.lines);
  moments = new Moments();
  readonly shapes = new Shapes();
  prints = new PrintSets();
  steps = new PrintSteps(this.prints, this.strings);
  groups = new Groups();
  live = 0;
  /** The state hash. */
  sum = new StateSum();
  /** A full row for whoever needs one for a moment. */
  readonly scratch = new Uint32Array(rowWords);
  readonly #reasons = new Map<string, number>();

  get hash(): string {
    return this.sum.hex;
  }

  /** Id of one of the few texts that say why. */
  reason(text: string): number {
    let id = this.#reasons.get(text);
    if (id === undefined) this.#reasons.set(text, (id = this.strings.internText(text)));
    return id;
  }

  /** Bytes held for the sessions: table, index, tuples, strings, print sets. */
  get bytes(): number {
    const { table, strings, moments, prints, derived, groups } = this;
    return table.bytes + strings.bytes + moments.bytes + prints.bytes + derived.bytes + groups.bytes;
  }

  word(r: number, column: number): number {
    const { pages } = this.table;
    const page = pages.of(r);
    return page.words[pages.start(r, page) + column] as number;
  }

  setWord(r: number, column: number, value: number): void {
    const { pages } = this.table;
    const page = pages.of(r);
    page.words[pages.start(r, page) + column] = value;
  }

  time(r: number, column: number): number {
    return this.moments.time(this.word(r, column));
  }

  setTime(r: number, column: number, value: number): void {
    this.setWord(r, column, this.moments.of(value));
  }

  isLive(r: number): boolean {
    return this.table.has(r) && (this.word(r, Col.flags) & Flag.closed) === 0;
  }

  *liveRows(): Generator<number> {
    for (let r = 0; r < this.table.top; r++) if (this.isLive(r)) yield r;
  }

  *closedRows(): Generator<number> {
    for (let r = 0; r < this.table.top; r++) if (this.table.has(r) && !this.isLive(r)) yield r;
  }

  /** A live session with the values of a full row. */
  insert(key: number, full: Uint32Array, at: number): number {
    const r = this.table.insert(key);
    this.setWord(r, Col.idleSince, noTime);
    this.table.store(r, full, at);
    this.#count(r, full, at, 1);
    return r;
  }

  /** New values for a live session; `old` is its full row so far. */
  rewrite(r: number, old: Uint32Array, oldAt: number, full: Uint32Array, at: number): void {
    this.table.touch(r);
    this.#count(r, old, oldAt, -1);
    this.table.store(r, full, at);
    this.#count(r, full, at, 1);
  }

  /** New counters for a live session whose presence stays as it is. */
  rewriteCounters(r: number, old: Uint32Array, oldAt: number, full: Uint32Array, at: number): void {
    this.table.touch(r);
    const key = this.word(r, Col.key);
    const { seen, rest } = this.derived.counters(this.word(r, Col.profile));
    addCounters(this.sum, -1, key, seen, rest, old, oldAt);
    addCounters(this.sum, 1, key, seen, rest, full, at);
    this.table.storeCounters(r, full, at);
  }

  /** The session closed: it is remembered in case it returns, and counts no more. */
  close(r: number, goneBy: number): void {
    if (!this.isLive(r)) throw new Error('a session that is not live cannot close');
    this.table.touch(r);
    this.table.load(r, this.scratch, 0);
    this.#count(r, this.scratch, 0, -1);
    this.setWord(r, Col.flags, this.word(r, Col.flags) | Flag.closed);
    this.setTime(r, Col.countersAt, goneBy);
  }

  /** Forgets a closed session. */
  forget(r: number): void {
    this.table.remove(r);
  }

  /** Counts row `r` in or out; `full` are its values, as they lie in the table. */
  #count(r: number, full: Uint32Array, at: number, sign: 1 | -1): void {
    this.live += sign;
    const { derived, strings, sum } = this;
    const key = this.word(r, Col.key);
    const number = this.word(r, Col.profile);
    const profile = derived.profiles.of(number, strings);
    const line = derived.lines.of(this.word(r, Col.line), strings);
    addAttributes(sum, sign, key, profile, line, full, at, strings);
    const { seen, rest } = derived.counters(number);
    addCounters(sum, sign, key, seen, rest, full, at);
    this.groups.add(number, full, at, sign);
  }

  mark(): CoreMark {
    return {
      table: this.table.mark(),
      strings: this.strings.size,
      sum: this.sum.copy(),
      groups: this.groups.copy(),
      live: this.live,
      told: this.prints.toldCopy(),
    };
  }

  undo(mark: CoreMark): void {
    this.table.undo(mark.table);
    this.sum = mark.sum.copy();
    this.groups = mark.groups.copy();
    this.live = mark.live;
    this.prints.restoreTold(mark.told);
  }

  /** True when more is held for what was than for what is. */
  get isWasteful(): boolean {
    const { count, profiles, lines } = this.table;
    const most = 4 * (count + 1000);
    // Definitions that the log has told are kept, which is for twice as many sessions: see PrintSets.
    return this.strings.size > most || profiles.count + lines.count > most || this.prints.count > 2 * most;
  }

  /** Strings, tuples, moments and print sets that no session uses any more are dropped. Not while anything may be undone. */
  compact(): void {
    const { strings, table, moments, prints } = this;
    this.strings = new StringTable();
    this.table = new SessionTable();
    this.derived = new Derived(this.table.profiles, this.table.lines);
    this.#reasons.clear();
    this.moments = new Moments();
    this.prints = prints.fresh();
    this.steps = new PrintSteps(this.prints, this.strings);
    const move = (id: number): number => {
      const bytes = strings.view(id);
      return this.strings.intern(bytes, 0, bytes.length);
    };
    const full = this.scratch;
    for (let r = 0; r < table.top; r++) {
      if (!table.has(r)) continue;
      table.load(r, full, 0);
      for (const { index, slot } of textSlots)
        if (getPresence(full, 0, index) === Presence.value) full[slot] = move(full[slot] as number);
      full[unknownSlot] = move(full[unknownSlot] as number);
      const page = table.pages.of(r);
      const base = table.pages.start(r, page);
      const word = (column: number): number => page.words[base + column] as number;
      const to = this.table.insert(word(Col.key));
      this.table.store(to, full, 0);
      for (const column of [Col.seen, Col.rank, Col.idleSince, Col.clockOffset, Col.flags])
        this.setWord(to, column, word(column));
      for (const column of [Col.lastSeen, Col.countersAt])
        this.setTime(to, column, moments.time(word(column)));
      this.setWord(to, Col.printSet, this.prints.take(prints, word(Col.printSet)));
    }
    this.groups = this.groups.moved(move);
  }
}
