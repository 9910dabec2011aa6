/**
 * The state of one router and the diff against it. Deterministic: no clock, no chance; the same snapshots in the same order give
 * the same deltas, bytes included.
 *
 *     state.begin(source, start) → state.rows(batch)… → state.end(facts, emit)
 *
 * Between `begin` and `end`, `abandon` gives the snapshot up. `mark`, `commit` and `rollback` bracket a transaction of several
 * snapshots. `apply` restores from the log.
 */
import {
  createRowBatch,
  indexOfField,
  rowOfRecord,
  rowWords,
  recordOfRow,
  slotOf,
  layoutSlot,
  type FlatDelta,
  type LedgerEntry,
  type RowBatch,
  type SessionDelta,
  type SessionRecord,
  type SnapshotFacts,
  type StringTable,
} from '@sessionreel/session-model';
import {
  clockOf,
  createShift,
  incarnation,
  openRow,
  sameHints,
  updateRow,
  utcClockOf,
  type RowContext,
} from './apply-row.ts';
import { clockOfListing, type ListingClock } from './clock-steps.ts';
import { Col, Flag, noTime } from './columns.ts';
import { Core, type CoreMark } from './core.ts';
import { newFlatDelta, createTimeOf, putImage } from './delta-builder.ts';
import {
  cloneHead,
  encodeState,
  newHead,
  noCounts,
  type Counts,
  type Deferred,
  type Head,
  type Pending,
} from './head.ts';
import { ledgerEntry } from './ledger.ts';
import {
  defaultOptions,
  levelOrder,
  type RouterOptions,
  type SnapshotBegin,
  type SnapshotSource,
} from './options.ts';
import type { PrintSet } from './prints.ts';
import { Places } from './places.ts';
import { assignRanks, spacing } from './ranks.ts';
import { applyDelta, forgetOld } from './restore.ts';
import { coverOf } from './scope.ts';
import { keyOf } from './table.ts';

/** Takes a delta: to be encoded at once, its lists are used again. */
export type Emit = (delta: FlatDelta) => void;

export interface SnapshotOutcome {
  readonly outcome: 'applied' | 'stale';
  readonly reason: string;
  readonly counts: Counts;
}

/** A live session as printing needs it. */
export interface ListedSession {
  readonly record: SessionRecord;
  readonly rank: number;
  readonly printSet: PrintSet;
  /** Local seconds; null when not idle or not known. */
  readonly idleSince: number | null;
  readonly clockOffset: number;
}

/** Fewer sessions than this closing at once are no mass close, whatever their share. */
const massLeast = 3;

interface Run {
  readonly source: SnapshotSource;
  readonly start: SnapshotBegin;
  readonly stale: string;
  readonly pending: Pending | null;
  readonly context: RowContext;
  readonly undo: { core: CoreMark; head: Head };
  readonly keys: number[];
  /** Clock of each of `keys`, local seconds: create time + up time; NaN when not printed. */
  readonly clocks: number[];
  /** Keys whose counters a late snapshot told. */
  readonly counted: number[];
  duplicates: number;
}

const tunnelSlot = slotOf[0] as number;
const sessionSlot = slotOf[1] as number;
const stateSlot = slotOf[indexOfField('state')] as number;

export class RouterState {
  readonly router: string;
  readonly #options: RouterOptions;
  readonly #core = new Core();
  readonly #delta: FlatDelta;
  #head: Head = newHead();
  #timezone: string;
  #run: Run | null = null;
  #marked: { core: CoreMark; head: Head } | null = null;

  constructor(router: string, options: Partial<RouterOptions> = {}) {
    this.router = router;
    this.#options = { ...defaultOptions, ...options };
    this.#timezone = this.#options.timezone;
    this.#delta = newFlatDelta(this.#core, router);
  }

  /** What the parser interns into. Ask anew for each capture: `prepare` may have replaced it. */
  get strings(): StringTable {
    return this.#core.strings;
  }

  /** Live sessions. */
  get sessions(): number {
    return this.#core.live;
  }

  /** Kafka time at which the next incomplete snapshot is given up (ms); Infinity when none waits. */
  get nextDeadline(): number {
    return this.#head.pending.reduce((least, pending) => Math.min(least, pending.deadline), Infinity);
  }

  /** 32 hexadecimal digits over all live sessions. */
  get hash(): string {
    return this.#core.hash;
  }

  /** Bytes held for the sessions: table, index, profiles, strings. */
  get bytes(): number {
    return this.#core.bytes;
  }

  /** Newest time of the log (ms); 0 before the first delta. */
  get at(): number {
    return this.#head.at;
  }

  /** To be called between captures: drops texts that no session uses any more, when they have become many. */
  prepare(): void {
    if (this.#run !== null || this.#marked !== null) return;
    if (this.#core.isWasteful) this.#core.compact();
  }

  /** The zone that a capture names in its header: from now on. */
  setTimezone(timezone: string): void {
    this.#timezone = timezone;
  }

  // --- one snapshot ---

  begin(source: SnapshotSource, start: SnapshotBegin): void {
    if (this.#run !== null) throw new Error(`a snapshot of ${this.router} is being applied already`);
    const undo = { core: this.#core.mark(), head: cloneHead(this.#head) };
    const head = this.#head;
    const kind = `${start.format}/${start.level}`;
    const id = idOf(source, start);
    const stale = this.#staleness(source, start, id);
    const known = head.pending.find((pending) => pending.id === id);
    const late = this.#newerKinds(source.capturedAt);
    let pending: Pending | null = null;
    if (stale === '' && known === undefined) {
      pending = {
        id,
        number: ++head.number,
        capturedAt: source.capturedAt,
        parts: source.parts,
        got: [],
        deadline: Infinity,
        complete: true,
        reason: '',
        before: this.#core.live,
        order: {},
        deferred: [],
        sums: noCounts(),
        unmoved: null,
        moved: null,
        entry: this.#entry(source, start, 'applied', ''),
        scope: { ...start.scope },
        level: start.level,
        format: start.format,
      };
      head.pending.push(pending);
    } else if (stale === '') pending = known ?? null;
    const capturedAt = pending?.capturedAt ?? source.capturedAt;
    this.#run = {
      source,
      start,
      stale,
      pending,
      undo,
      keys: [],
      clocks: [],
      counted: [],
      duplicates: 0,
      context: {
        core: this.#core,
        head,
        delta: this.#delta,
        timezone: this.#timezone,
        number: pending?.number ?? 0,
        capturedAt,
        kind,
        late: late.length > 0 ? late : null,
        skew: null,
        offset: null,
        shift: 0,
      },
    };
    this.#clear();
  }

  rows(batch: RowBatch): void {
    const run = this.#open();
    if (run.stale !== '') return;
    if (batch.strings !== this.#core.strings) throw new Error('the rows were interned into another table');
    for (let i = 0; i < batch.count; i++) this.#row(run, batch.words, i * rowWords);
  }

  #row(run: Run, words: Uint32Array, row: number): void {
    const { context, pending } = run;
    const core = this.#core;
    const key = keyOf(words[row + tunnelSlot] as number, words[row + sessionSlot] as number);
    const r = core.table.find(key);
    const live = r >= 0 && core.isLive(r);
    if (pending !== null && r >= 0 && core.word(r, Col.seen) === pending.number) {
      run.duplicates++;
      this.#delta.anomalies.push({
        tunnel_local_id: key >>> 16,
        session_local_id: key & 0xffff,
        create_time: null,
        kind: 'duplicate_session',
        field: '',
        before: '',
        after: '',
      });
      return;
    }
    context.skew ??= this.#skewOf(context, words, row);
    if (context.late !== null) {
      // News comes from the newest snapshot; a late one only fills in what that does not print.
      if (!live || incarnation(context, r, words, row) !== 'same') return;
      updateRow(context, r, words, row);
      if (core.time(r, Col.countersAt) === context.capturedAt) run.counted.push(key);
      return;
    }
    run.keys.push(key);
    run.clocks.push(clockOf(words, row) ?? NaN);
    const rank = this.#provisionalRank(run);
    if (live) {
      const which = incarnation(context, r, words, row);
      if (which === 'unsure') return this.#defer(run, r, words, row);
      if (which === 'other') this.#replace(context, r, key, words, row, rank);
      else if (which === 'shifted') this.#moved(run, r, words, row);
      else {
        if (pending !== null && !Number.isNaN(createTimeOf(words, row)))
          pending.unmoved = Math.min(pending.unmoved ?? Infinity, core.time(r, Col.lastSeen));
        updateRow(context, r, words, row);
      }
    } else {
      const back = r >= 0 && this.#returns(context, r, words, row);
      openRow(context, key, words, row, rank, back);
      if (back && pending !== null) pending.sums.returned++;
    }
  }

  /** The same session with another create time: the router's clock was set, or its zone. */
  #moved(run: Run, r: number, words: Uint32Array, row: number): void {
    const { context, pending } = run;
    const shift = createShift(context, r, words, row);
    if (pending !== null) {
      pending.moved ??= { shift, sessions: 0 };
      pending.moved.sessions++;
    }
    updateRow({ ...context, shift }, r, words, row);
  }

  #skewOf({ capturedAt, head }: RowContext, words: Uint32Array, row: number): number | null {
    const utc = utcClockOf(words, row, this.#timezone, capturedAt + (head.skews.at(-1) ?? 0));
    return utc === null ? null : utc - capturedAt;
  }

  /** Until the listing is whole: none, or the place that it has when all sessions are new. */
  #provisionalRank(run: Run): number {
    const { part, parts } = run.source;
    return parts === 1 ? 0 : Math.min(0xfffffff0, (part - 1) * 0x80000 + run.keys.length);
  }

  #defer(run: Run, r: number, words: Uint32Array, row: number): void {
    const core = this.#core;
    const { context } = run;
    run.pending?.deferred.push({
      part: run.source.part,
      index: run.keys.length - 1,
      record: recordOfRow(words, row, core.strings),
      layout: core.strings.text(words[row + layoutSlot] as number),
      offset: 0,
    });
    // It is there, whichever incarnation it is.
    core.table.touch(r);
    core.setWord(r, Col.seen, context.number);
  }

  #replace(context: RowContext, r: number, key: number, words: Uint32Array, row: number, rank: number): void {
    const core = this.#core;
    const oldRank = core.word(r, Col.rank);
    core.close(r, context.capturedAt);
    putImage(core, this.#delta.closed, r, 'replaced', [], context.timezone);
    openRow(context, key, words, row, rank === 0 ? oldRank : rank, false);
  }

  /** A remembered session with the same create time; without create time, one that nothing contradicts. */
  #returns(context: RowContext, r: number, words: Uint32Array, row: number): boolean {
    const which = incarnation(context, r, words, row);
    // A remembered session was not in sight: only its create time tells.
    if (which !== 'same' && which !== 'shifted') return false;
    const core = this.#core;
    core.table.load(r, core.scratch, 0);
    const before = createTimeOf(core.scratch, 0);
    if (!Number.isNaN(before) && !Number.isNaN(createTimeOf(words, row))) return true;
    return sameHints(core.scratch, words, row);
  }

  /** @throws when no snapshot was begun. */
  end(facts: SnapshotFacts, emit: Emit): SnapshotOutcome {
    const run = this.#open();
    this.#run = null;
    const { source, start, pending } = run;
    if (run.stale !== '' || pending === null) {
      const entry = this.#entry(source, start, 'stale', run.stale);
      factsInto(entry, facts);
      this.#emitLedger(entry, source.logTime, source.capturedAt, null, 0, emit);
      this.#settle();
      return { outcome: 'stale', reason: run.stale, counts: { ...noCounts(), sessions: facts.sessions } };
    }
    const head = this.#head;
    const late = run.context.late !== null;
    const entry = this.#entry(source, start, 'applied', '');
    factsInto(entry, facts);
    entry.snapshot_id = snapshotIdOf(source, start);
    entry.complete = facts.complete && !late;
    entry.reason = late ? 'late: filled in what newer snapshots do not print' : facts.incompleteReason;
    const document = this.#core.prints.define(facts.document);
    this.#core.prints.use(document);
    entry.document = document;
    pending.got.push(source.part);
    pending.complete &&= facts.complete;
    if (!facts.complete) pending.reason ||= facts.incompleteReason;
    this.#learnSkew(run, pending);
    pending.order[source.part] = run.keys;
    pending.deadline = source.logTime + this.#options.partDeadlineMs;
    head.classAt[run.context.kind] = Math.max(head.classAt[run.context.kind] ?? 0, source.capturedAt);
    head.at = Math.max(head.at, source.capturedAt);
    const clock = this.#settleClocks(run);
    entry.router_clock = clock.first === null ? null : clock.first * 1000;
    const final = pending.got.length >= pending.parts;
    if (final) this.#finish(pending, run.context, late);
    for (const [index, seconds] of clock.steps) {
      const r = this.#core.table.find(run.keys[index] as number);
      if (r >= 0) entry.clock_steps.push(this.#core.word(r, Col.rank), seconds);
    }
    this.#tally(entry, pending, facts);
    entry.final = final;
    pending.entry = { ...entry, clock_steps: [] };
    if (final) this.#complete(entry, pending, late);
    const listed = late ? run.counted : final && pending.complete && entry.scope === '' ? null : run.keys;
    this.#emitLedger(entry, source.logTime, source.capturedAt, listed, pending.number, emit);
    const counts = { ...pending.sums };
    if (final) this.#keyframeIfDue(source.logTime, emit);
    this.#settle();
    return { outcome: 'applied', reason: entry.reason, counts };
  }

  /** The clock in force, told by a snapshot's first part; another one when create times moved with it. */
  #learnSkew({ context, source }: Run, pending: Pending): void {
    const { skews } = this.#head;
    const { skew } = context;
    const before = skews.at(-1);
    if (skew === null || context.late !== null) return;
    const isSet = before !== undefined && Math.abs(skew - before) > (pending.moved === null ? 300_000 : 5000);
    if (isSet || before === undefined) this.#head.skews = [...skews, skew].slice(-8);
    else if (source.part === 1) this.#head.skews = [...skews.slice(0, -1), skew];
  }

  /** The listing's clock, and by what each session deviates from it. */
  #settleClocks({ keys, clocks, pending, source }: Run): ListingClock {
    const core = this.#core;
    const waiting = new Map<number, Deferred>();
    for (const d of pending?.deferred ?? []) if (d.part === source.part) waiting.set(d.index, d);
    const own = new Float64Array(keys.length);
    const rows = new Int32Array(keys.length);
    for (let i = 0; i < keys.length; i++) {
      const r = core.table.findNear(keys[i] as number, i === 0 ? 0 : (rows[i - 1] as number) + 1);
      rows[i] = r;
      own[i] = (clocks[i] as number) - (r < 0 || waiting.has(i) ? 0 : core.word(r, Col.clockOffset) | 0);
    }
    const listing = clockOfListing(own);
    if (listing.first === null) return listing;
    let clock = listing.first;
    let next = 0;
    let places: Places | null = null;
    for (let i = 0; i < keys.length; i++) {
      const step = listing.steps[next];
      if (step?.[0] === i) {
        clock = listing.first + step[1];
        next++;
      }
      const r = rows[i] as number;
      if (r < 0 || Number.isNaN(own[i]) || own[i] === clock) continue;
      const d = waiting.get(i);
      if (d !== undefined) {
        d.offset = (clocks[i] as number) - clock;
        continue;
      }
      core.table.touch(r);
      core.setWord(r, Col.clockOffset, (clocks[i] as number) - clock);
      places ??= new Places(core, this.#delta);
      places.moved(r);
    }
    return listing;
  }

  /** Gives the snapshot up that was begun: everything is as it was before. */
  abandon(): void {
    const run = this.#open();
    this.#run = null;
    this.#core.undo(run.undo.core);
    this.#head = run.undo.head;
    this.#settle();
  }

  /** The ledger's entry of a message that is a dead letter. */
  deadLetter(source: SnapshotSource, command: string, reason: string, emit: Emit): void {
    this.#clear();
    const start: SnapshotBegin = { format: 'text', level: 'brief', scope: {}, command };
    const entry = this.#entry(source, start, 'dead_letter', reason);
    entry.format = '';
    entry.level = '';
    this.#emitLedger(entry, source.logTime, source.capturedAt, null, 0, emit);
  }

  /** Gives up the parts that are missing by a Kafka time: what came stays applied, and closes nobody. */
  expire(logTime: number, emit: Emit): void {
    for (const pending of this.#head.pending.filter((p) => p.deadline <= logTime)) {
      this.#clear();
      pending.complete = false;
      const missing = pending.parts - pending.got.length;
      const context = this.#contextOf(pending);
      this.#finish(pending, context, false);
      this.#delta.router_events.push({
        kind: 'part_missing',
        sessions: pending.sums.sessions,
        detail: `${missing} of ${pending.parts} parts of snapshot ${pending.entry.snapshot_id} did not come`,
      });
      this.#forget(pending);
      this.#remember(pending);
      this.#stamp(logTime, pending.capturedAt);
      this.#delta.router_state = encodeState(this.#head, [], pending.number);
      this.#delta.layouts = this.#core.prints.takeNews();
      emit(this.#delta);
    }
  }

  // --- transactions ---

  /** From here on everything can be undone, until `commit`. */
  mark(): void {
    this.#marked = { core: this.#core.mark(), head: cloneHead(this.#head) };
  }

  commit(): void {
    this.#marked = null;
    this.#core.table.commit();
  }

  /** Everything as it was at `mark`. */
  rollback(): void {
    if (this.#marked === null) throw new Error('no mark to roll back to');
    this.#run = null;
    this.#core.undo(this.#marked.core);
    this.#head = this.#marked.head;
    this.#marked = null;
    this.#core.table.commit();
  }

  // --- checkpoints and restore ---

  /** The whole state in pieces; changes nothing. */
  checkpoint(emit: Emit): void {
    this.#pieces(emit, true, (delta) => {
      delta.seq = this.#head.seq;
    });
  }

  /** Takes up a delta of the log: a checkpoint's pieces in order, or what came after. */
  apply(delta: SessionDelta, checkpoint = false): void {
    this.#head = applyDelta(this.#core, this.#head, delta, checkpoint, this.#options);
    this.#core.table.commit();
  }

  /** Live sessions in listing order. */
  *list(): Generator<ListedSession> {
    const core = this.#core;
    const rows = [...core.liveRows()].sort(byRank(core));
    for (const r of rows) {
      core.table.load(r, core.scratch, 0);
      const idleSince = core.word(r, Col.idleSince);
      yield {
        record: recordOfRow(core.scratch, 0, core.strings),
        rank: core.word(r, Col.rank),
        printSet: core.prints.sets[core.word(r, Col.printSet)] as PrintSet,
        idleSince: idleSince === noTime ? null : idleSince,
        clockOffset: core.word(r, Col.clockOffset) | 0,
      };
    }
  }

  // --- the end of a snapshot ---

  /** What only the whole can tell: incarnations in doubt, order, closes, and what happened to the router. */
  #finish(pending: Pending, context: RowContext, late: boolean): void {
    if (late) return;
    const setBy = this.#decideDeferred(pending, context);
    this.#rank(pending);
    const replaced = pending.sums.closed + this.#delta.closed.count;
    let gone = 0;
    if (pending.complete) gone = this.#closeMissing(pending, context);
    const unscoped = Object.keys(pending.scope).length === 0;
    const moved = (pending.moved?.sessions ?? 0) + (setBy === 0 ? 0 : pending.deferred.length);
    if (moved > 1) {
      const shift = pending.moved?.shift ?? setBy;
      this.#delta.router_events.push({
        kind: 'clock_set',
        sessions: moved,
        detail: `create times moved by ${shift} s`,
      });
    }
    if (!pending.complete || !unscoped) return;
    const { before } = pending;
    const event = (kind: string, sessions: number, detail: string): void => {
      this.#delta.router_events.push({ kind, sessions, detail });
    };
    if (before > 1 && gone + replaced >= before && replaced + gone > 1)
      event('restart', before, `all ${before} sessions of the snapshot before are gone or began anew`);
    if (gone >= massLeast && gone * 2 > before) {
      event('mass_close', gone, `${gone} of ${before} sessions closed at once`);
      this.#head.massClose = { at: pending.capturedAt, sessions: gone, returned: 0 };
    }
    const mass = this.#head.massClose;
    if (mass !== null && pending.sums.returned > 0) {
      mass.returned += pending.sums.returned;
      if (mass.returned * 2 >= mass.sessions) {
        event(
          'mass_return',
          mass.returned,
          `${mass.returned} of ${mass.sessions} sessions that closed at once are back`,
        );
        this.#head.massClose = null;
      }
    }
  }

  /** @returns by how many seconds the router's clock was set; 0 when it was not. */
  #decideDeferred(pending: Pending, context: RowContext): number {
    if (pending.deferred.length === 0) return 0;
    const core = this.#core;
    const batch = createRowBatch(1, core.strings);
    const load = (d: Pending['deferred'][number]): number => {
      batch.words.fill(0);
      rowOfRecord(d.record, batch.words, 0, core.strings);
      batch.words[layoutSlot] = core.strings.internText(d.layout);
      return core.table.find(keyOf(batch.words[tunnelSlot] as number, batch.words[sessionSlot] as number));
    };
    const shift = this.#commonShift(pending, load, batch.words);
    const known = this.#head.skews.at(-1);
    if (
      shift !== 0 &&
      context.skew !== null &&
      (known === undefined || Math.abs(context.skew - known) > 1500)
    )
      this.#head.skews = [...this.#head.skews, context.skew].slice(-8);
    for (const d of [...pending.deferred].sort((a, b) => a.part - b.part || a.index - b.index)) {
      const r = load(d);
      if (r < 0) continue;
      const key = core.word(r, Col.key);
      if (!core.isLive(r)) {
        // A snapshot that came between the parts closed it.
        const alone = { ...context, offset: d.offset, shift };
        openRow(alone, key, batch.words, 0, 0, this.#returns(alone, r, batch.words, 0));
        continue;
      }
      if (shift !== 0) {
        core.setWord(r, Col.seen, 0);
        updateRow({ ...context, shift, offset: d.offset }, r, batch.words, 0);
      } else this.#replace({ ...context, offset: d.offset }, r, key, batch.words, 0, core.word(r, Col.rank));
    }
    return shift;
  }

  /** The one shift of all create times; 0 unless every session that was seen moved by it. */
  #commonShift(
    pending: Pending,
    load: (d: Pending['deferred'][number]) => number,
    words: Uint32Array,
  ): number {
    const core = this.#core;
    const deferred = new Set<number>();
    let shift = NaN;
    let lastSight = 0;
    for (const d of pending.deferred) {
      const r = load(d);
      if (r < 0) return 0;
      deferred.add(core.word(r, Col.key));
      lastSight = Math.max(lastSight, core.time(r, Col.lastSeen));
      core.table.load(r, core.scratch, 0);
      const moved = createTimeOf(words, 0) - createTimeOf(core.scratch, 0);
      if (Number.isNaN(shift)) shift = moved;
      // New sessions at a restart come one after another; a set clock moves all by one amount.
      if (Math.abs(moved - shift) > 2) return 0;
    }
    if (deferred.size < 2) return 0;
    // A session that was last seen no later than these, and whose create time did not move, denies that the clock was set.
    const { unmoved } = pending;
    return unmoved !== null && unmoved <= lastSight ? 0 : shift;
  }

  /** Gives the listing's sessions rising ranks; prints tell those that moved without an image. */
  #rank(pending: Pending): void {
    const core = this.#core;
    const keys = Object.keys(pending.order)
      .map(Number)
      .sort((a, b) => a - b)
      .flatMap((part) => pending.order[part] ?? []);
    const rows = keys.map((key) => core.table.find(key)).filter((r) => r >= 0 && core.isLive(r));
    const assigned = assignRanks(rows.map((r) => core.word(r, Col.rank)));
    if (assigned === null) return;
    const places = new Places(core, this.#delta);
    const move = (r: number, rank: number): void => {
      if (core.word(r, Col.rank) === rank) return;
      core.table.touch(r);
      core.setWord(r, Col.rank, rank);
      places.moved(r);
    };
    rows.forEach((r, i) => {
      move(r, assigned.ranks[i] as number);
    });
    if (!assigned.renumber) return;
    // No room: all get new ranks, those that were not listed behind.
    const listed = new Set(rows);
    const all = [...rows, ...[...core.liveRows()].filter((r) => !listed.has(r)).sort(byRank(core))];
    const step = spacing(all.length);
    all.forEach((r, i) => {
      move(r, (i + 1) * step);
    });
  }

  #closeMissing(pending: Pending, context: RowContext): number {
    const core = this.#core;
    const covers = coverOf(pending.scope);
    const unscoped = Object.keys(pending.scope).length === 0;
    const gone: number[] = [];
    for (const r of core.liveRows()) {
      if (core.word(r, Col.seen) >= pending.number || core.time(r, Col.lastSeen) > pending.capturedAt)
        continue;
      core.table.load(r, core.scratch, 0);
      if (!unscoped && !covers(core.scratch, 0, core.strings)) continue;
      gone.push(r);
    }
    // By place in the listing, not in the table: that is another after a restore.
    for (const r of gone.sort(byRank(core))) {
      core.table.load(r, core.scratch, 0);
      const destroyed = stateOf(core) === 'destroyed';
      core.close(r, this.#head.at);
      putImage(core, this.#delta.closed, r, destroyed ? 'destroyed' : 'gone', [], context.timezone);
    }
    return gone.length;
  }

  #complete(entry: LedgerEntry, pending: Pending, late: boolean): void {
    const head = this.#head;
    const core = this.#core;
    entry.complete = pending.complete && !late;
    if (!late) entry.reason = pending.complete ? '' : pending.reason;
    Object.assign(entry, countsOf(pending.sums));
    entry.state_hash = core.hash;
    entry.by_state = core.groups.named('state', core.strings);
    entry.by_peer_gateway = core.groups.named('peer', core.strings);
    entry.by_tunnel_group = core.groups.named('tunnelGroup', core.strings);
    if (entry.complete && entry.scope === '') {
      head.whole = { at: pending.capturedAt, skew: head.skews.at(-1) ?? 0 };
    }
    this.#forget(pending);
    this.#remember(pending);
  }

  #forget(pending: Pending): void {
    this.#head.pending = this.#head.pending.filter((p) => p !== pending);
  }

  #remember(pending: Pending): void {
    this.#head.ids = [...this.#head.ids.filter((id) => id !== pending.id), pending.id].slice(-16);
  }

  #tally(entry: LedgerEntry, pending: Pending, facts: SnapshotFacts): void {
    const delta = this.#delta;
    entry.opened = delta.opened.count;
    entry.changed = delta.changed.count;
    entry.closed = delta.closed.count;
    entry.counters = delta.counters.count + delta.counters_rounded.count;
    entry.anomalies = delta.anomalies.length;
    const sums = pending.sums;
    sums.bytes += facts.bytes;
    sums.sessions += facts.sessions;
    sums.opened += entry.opened;
    sums.changed += entry.changed;
    sums.closed += entry.closed;
    sums.counters += entry.counters;
    sums.anomalies += entry.anomalies;
    sums.unknown_fields += facts.unknownFields;
    sums.errors += facts.errors.length;
  }

  // --- helpers ---

  #staleness(source: SnapshotSource, start: SnapshotBegin, id: string): string {
    const head = this.#head;
    if (head.ids.includes(id)) return 'repeated';
    const pending = head.pending.find((p) => p.id === id);
    if (pending !== undefined) {
      if (pending.got.includes(source.part)) return 'repeated';
      return source.part > pending.parts ? `part ${source.part} of ${pending.parts}` : '';
    }
    if (source.capturedAt >= newestOf(head)) return '';
    const late = this.#newerKinds(source.capturedAt);
    const fills =
      source.parts === 1 &&
      late.every(
        (kind) => levelOrder[kind.split('/')[1] as keyof typeof levelOrder] < levelOrder[start.level],
      );
    return fills ? '' : `older than the newest snapshot applied`;
  }

  /** Classes of which a newer snapshot was applied. */
  #newerKinds(capturedAt: number): string[] {
    return Object.entries(this.#head.classAt)
      .filter(([, at]) => at > capturedAt)
      .map(([kind]) => kind);
  }

  #contextOf(pending: Pending): RowContext {
    return {
      core: this.#core,
      head: this.#head,
      delta: this.#delta,
      timezone: this.#timezone,
      number: pending.number,
      capturedAt: pending.capturedAt,
      kind: `${pending.format}/${pending.level}`,
      late: null,
      skew: null,
      offset: null,
      shift: 0,
    };
  }

  #entry(
    source: SnapshotSource,
    start: SnapshotBegin,
    outcome: LedgerEntry['outcome'],
    reason: string,
  ): LedgerEntry {
    return ledgerEntry(source, start, outcome, reason, snapshotIdOf(source, start));
  }

  #open(): Run {
    if (this.#run === null) throw new Error(`no snapshot of ${this.router} was begun`);
    return this.#run;
  }

  #clear(): void {
    const delta = this.#delta;
    delta.strings = this.#core.strings;
    for (const list of [delta.opened, delta.changed, delta.closed, delta.rebase, delta.keyframe])
      list.count = 0;
    delta.counters.count = 0;
    delta.counters_rounded.count = 0;
    delta.prints.count = 0;
    delta.ledger = [];
    delta.anomalies = [];
    delta.router_events = [];
    delta.layouts = [];
    delta.piece = 0;
    delta.pieces = 0;
  }

  #stamp(logTime: number, capturedAt: number): void {
    const head = this.#head;
    const delta = this.#delta;
    if (head.at === 0) head.at = Math.min(capturedAt, logTime);
    head.seq++;
    if (head.seq === 1) {
      head.gop = head.at;
      head.keyframeLog = logTime;
    }
    delta.at = head.at;
    delta.captured_at = capturedAt;
    delta.seq = head.seq;
    delta.gop = head.gop;
  }

  #emitLedger(
    entry: LedgerEntry,
    logTime: number,
    capturedAt: number,
    seen: readonly number[] | null,
    number: number,
    emit: Emit,
  ): void {
    this.#stamp(logTime, capturedAt);
    this.#delta.ledger = [entry];
    this.#delta.layouts = this.#core.prints.takeNews();
    this.#delta.router_state = encodeState(this.#head, entry.outcome === 'applied' ? seen : [], number);
    emit(this.#delta);
  }

  /** After a snapshot: undo information is kept only inside a transaction. */
  #settle(): void {
    if (this.#marked === null) this.#core.table.commit();
  }

  #keyframeIfDue(logTime: number, emit: Emit): void {
    const head = this.#head;
    if (logTime - head.keyframeLog < this.#options.keyframeEveryMs || head.at <= head.gop) return;
    const core = this.#core;
    forgetOld(core, head.at, this.#options);
    head.gop = head.at;
    head.keyframeLog = logTime;
    core.prints.forgetTold();
    this.#pieces(emit, false, (delta) => {
      delta.seq = ++head.seq;
    });
  }

  #pieces(emit: Emit, checkpoint: boolean, number: (delta: FlatDelta) => void): void {
    const core = this.#core;
    const head = this.#head;
    const live = [...core.liveRows()].sort(byRank(core));
    // Closed sessions are no part of a keyframe: they are only remembered.
    const closed = checkpoint
      ? [...core.closedRows()].sort((a, b) => core.word(a, Col.key) - core.word(b, Col.key))
      : [];
    const rows = [...live, ...closed];
    const size = this.#options.pieceSessions;
    const pieces = Math.max(1, Math.ceil(rows.length / size));
    // What nobody uses now must be told again when it comes back: a restore begins here.
    core.prints.forgetTold();
    for (let piece = 1; piece <= pieces; piece++) {
      this.#clear();
      const delta = this.#delta;
      delta.piece = piece;
      delta.pieces = pieces;
      const from = (piece - 1) * size;
      for (let i = from; i < Math.min(from + size, rows.length); i++) {
        const r = rows[i] as number;
        const born = (core.word(r, Col.flags) & Flag.born) !== 0;
        putImage(
          core,
          i < live.length ? delta.keyframe : delta.closed,
          r,
          born ? 'new' : '',
          [],
          this.#timezone,
        );
      }
      delta.at = head.at;
      delta.captured_at = head.at;
      delta.gop = head.gop;
      number(delta);
      delta.layouts = core.prints.takeNews();
      delta.router_state = encodeState(
        head,
        checkpoint ? countersTimes(core, rows, from, size) : [],
        0,
        checkpoint,
      );
      emit(delta);
    }
  }
}

/** When counters were last seen (ms), or a closed session was gone, by session of the piece: images do not say it. */
function countersTimes(core: Core, rows: readonly number[], from: number, size: number): number[] {
  return rows.slice(from, from + size).map((r) => core.time(r, Col.countersAt));
}

/** Listing order; equal ranks by key, so that it does not depend on where rows lie. */
const byRank =
  (core: Core) =>
  (a: number, b: number): number =>
    core.word(a, Col.rank) - core.word(b, Col.rank) || core.word(a, Col.key) - core.word(b, Col.key);

/** The state in `core.scratch`. */
function stateOf(core: Core): string {
  return core.strings.text(core.scratch[stateSlot] as number);
}

/** When the newest snapshot that was applied was taken (ms). */
const newestOf = (head: Head): number => Math.max(0, ...Object.values(head.classAt));

const idOf = (source: SnapshotSource, start: SnapshotBegin): string =>
  `${snapshotIdOf(source, start)}#${source.ordinal}`;

function snapshotIdOf(source: SnapshotSource, start: SnapshotBegin): string {
  return source.snapshotId === '' ? `${source.capturedAt} ${start.command}` : source.snapshotId;
}

function factsInto(entry: LedgerEntry, facts: SnapshotFacts): void {
  entry.variant = facts.variant ?? '';
  entry.command ||= facts.command;
  entry.complete = facts.complete;
  entry.bytes = facts.bytes;
  entry.sessions = facts.sessions;
  entry.unknown_fields = facts.unknownFields;
  entry.errors = facts.errors.length;
}

function countsOf(sums: Counts): Partial<LedgerEntry> {
  const counts: Partial<Counts> = { ...sums };
  delete counts.returned;
  return counts;
}
