/** The sessions of one router with all that is derived from them: state hash, counts by group. Every change goes through here. */
import {
  Presence,
  StringTable,
  fields,
  getPresence,
  indexOfField,
  unknownSlot,
  roundingWords,
  rowWords,
  roundingStart,
  slotOf,
} from '@sessionreel/session-model';
import { Col, Flag, counterSlots, counterStart, mainCounters, narrowWords, noTime } from './columns.ts';
import { StringHashes, foldAttributes, foldCounters, hexOfHash } from './hash.ts';
import { PrintSets } from './prints.ts';
import { Shapes } from './shapes.ts';
import { SessionTable } from './table.ts';

export type Groups = Record<'state' | 'peer' | 'tunnelGroup', Map<string, number>>;
const groupFields = {
  state: ['state'],
  peer: ['remote_name', 'remote_ip'],
  tunnelGroup: ['tunnel_group_name'],
} as const;
const groupIndexes = Object.entries(groupFields).map(
  ([group, names]) => [group as keyof Groups, names.map(indexOfField)] as const,
);

export interface CoreMark {
  readonly table: number;
  readonly sum: Uint32Array;
  readonly groups: Groups;
  readonly live: number;
  readonly told: Set<bigint>;
}

export class Core {
  strings = new StringTable();
  table = new SessionTable();
  readonly shapes = new Shapes();
  readonly prints = new PrintSets();
  live = 0;
  #hashes = new StringHashes();
  #sum: Uint32Array = new Uint32Array(4);
  groups: Groups = { state: new Map(), peer: new Map(), tunnelGroup: new Map() };
  /** A full row for whoever needs one for a moment. */
  readonly scratch = new Uint32Array(rowWords);

  get hash(): string {
    return hexOfHash(this.#sum);
  }

  /** Bytes held for the sessions: table, index, profiles, strings. */
  get bytes(): number {
    return this.table.bytes + this.strings.bytes;
  }

  word(r: number, column: number): number {
    return this.table.words[r * this.table.stride + column] as number;
  }

  setWord(r: number, column: number, value: number): void {
    this.table.words[r * this.table.stride + column] = value;
  }

  time(r: number, column: number): number {
    return this.table.f64[(r * this.table.stride + column) >>> 1] as number;
  }

  setTime(r: number, column: number, value: number): void {
    this.table.f64[(r * this.table.stride + column) >>> 1] = value;
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
    this.#count(full, at, 1);
    return r;
  }

  /** New values for a live session; `old` is its full row so far. */
  rewrite(r: number, old: Uint32Array, oldAt: number, full: Uint32Array, at: number): void {
    this.table.touch(r);
    this.#count(old, oldAt, -1);
    this.table.store(r, full, at);
    this.#count(full, at, 1);
  }

  /** New counters for a live session whose presence stays as it is. */
  rewriteCounters(r: number, old: Uint32Array, oldAt: number, full: Uint32Array, at: number): void {
    this.table.touch(r);
    foldCounters(this.#sum, -1, old, oldAt);
    foldCounters(this.#sum, 1, full, at);
    const base = r * this.table.stride;
    const words = this.table.words;
    const n = this.table.stride === narrowWords ? mainCounters : counterSlots.length;
    for (let c = 0; c < n; c++) {
      const slot = at + (counterSlots[c] as number);
      words[base + counterStart + 2 * c] = full[slot] as number;
      words[base + counterStart + 2 * c + 1] = full[slot + 1] as number;
    }
    for (let i = 0; i < roundingWords; i++)
      words[base + Col.rounding + i] = full[at + roundingStart + i] as number;
  }

  /** The session closed: it is remembered in case it returns, and counts no more. */
  close(r: number, goneBy: number): void {
    if (!this.isLive(r)) throw new Error('a session that is not live cannot close');
    this.table.touch(r);
    this.table.load(r, this.scratch, 0);
    this.#count(this.scratch, 0, -1);
    this.setWord(r, Col.flags, this.word(r, Col.flags) | Flag.closed);
    this.setTime(r, Col.countersAt, goneBy);
  }

  /** Forgets a closed session. */
  forget(r: number): void {
    this.table.remove(r);
  }

  #count(full: Uint32Array, at: number, sign: 1 | -1): void {
    this.live += sign;
    foldAttributes(this.#sum, sign, full, at, this.strings, this.#hashes);
    foldCounters(this.#sum, sign, full, at);
    for (const [group, indexes] of groupIndexes) {
      const index = indexes.find((i) => getPresence(full, at, i) === Presence.value);
      if (index === undefined) continue;
      const name = this.strings.text(full[at + (slotOf[index] as number)] as number);
      const count = (this.groups[group].get(name) ?? 0) + sign;
      if (count === 0) this.groups[group].delete(name);
      else this.groups[group].set(name, count);
    }
  }

  mark(): CoreMark {
    return {
      table: this.table.mark(),
      sum: this.#sum.slice(),
      groups: {
        state: new Map(this.groups.state),
        peer: new Map(this.groups.peer),
        tunnelGroup: new Map(this.groups.tunnelGroup),
      },
      live: this.live,
      told: this.prints.toldCopy(),
    };
  }

  undo(mark: CoreMark): void {
    this.table.undo(mark.table);
    this.#sum = mark.sum.slice();
    this.groups = {
      state: new Map(mark.groups.state),
      peer: new Map(mark.groups.peer),
      tunnelGroup: new Map(mark.groups.tunnelGroup),
    };
    this.live = mark.live;
    this.prints.restoreTold(mark.told);
  }

  /** Strings and profiles that no session uses any more are dropped. Not while anything may be undone. */
  compact(): void {
    const old = this.strings;
    const table = this.table;
    this.strings = new StringTable();
    this.#hashes = new StringHashes();
    this.table = new SessionTable();
    const full = this.scratch;
    for (let r = 0; r < table.top; r++) {
      if (!table.has(r)) continue;
      table.load(r, full, 0);
      for (const { index, slot } of textFields)
        if (getPresence(full, 0, index) === Presence.value)
          full[slot] = this.#move(old, full[slot] as number);
      full[unknownAt] = this.#move(old, full[unknownAt] as number);
      const base = r * table.stride;
      const to = this.table.insert(table.words[base] as number);
      this.table.store(to, full, 0);
      const target = to * this.table.stride;
      for (const column of metaColumns)
        this.table.words[target + column] = table.words[base + column] as number;
    }
  }

  #move(old: StringTable, id: number): number {
    const bytes = old.view(id);
    return this.strings.intern(bytes, 0, bytes.length);
  }
}

const textTypes = new Set(['text', 'word', 'address']);
const textFields = fields.flatMap((f, index) =>
  textTypes.has(f.type) ? [{ index, slot: slotOf[index] as number }] : [],
);
const unknownAt = unknownSlot;
const metaColumns = [
  Col.seen,
  Col.rank,
  Col.printSet,
  Col.idleSince,
  Col.clockOffset,
  Col.flags,
  Col.lastSeen,
  Col.lastSeen + 1,
  Col.countersAt,
  Col.countersAt + 1,
];
