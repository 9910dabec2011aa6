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
  recordOfRow,
  type FlatDelta,
  type LedgerEntry,
  type RowBatch,
  type SessionRecord,
  type SnapshotFacts,
  type StringTable,
} from '@sessionreel/session-model';
import { Col, noTime } from './table/columns.ts';
import { Core, type CoreMark } from './table/core.ts';
import { clearDelta, newFlatDelta, releaseDelta } from './delta/delta-builder.ts';
import { endRun, type SnapshotOutcome } from './snapshot/end.ts';
import { finishSnapshot } from './snapshot/finish.ts';
import { cloneHead, encodeState, newHead, type Head } from './snapshot/head.ts';
import { emitLedger, ledgerEntry, stamp } from './delta/ledger.ts';
import { liveInOrder } from './listing/listing-order.ts';
import {
  defaultOptions,
  type RouterOptions,
  type SnapshotBegin,
  type SnapshotSource,
} from './snapshot/options.ts';
import { emitCheckpoint } from './delta/pieces.ts';
import { Places } from './listing/places.ts';
import type { PrintSet } from './delta/prints.ts';
import { applyDelta } from './restore/restore.ts';
import { applyRows } from './rows/rows.ts';
import { Listed } from './snapshot/listed.ts';
import { beginRun, contextOf, type Run } from './snapshot/run.ts';
import { newerKinds, remember } from './snapshot/staleness.ts';
import type { Emit, Workspace } from './snapshot/workspace.ts';

/** A live session as printing needs it. */
export interface ListedSession {
  readonly record: SessionRecord;
  readonly rank: number;
  readonly printSet: PrintSet;
  /** Local seconds; null when not idle or not known. */
  readonly idleSince: number | null;
  readonly clockOffset: number;
}

export class RouterState {
  readonly router: string;
  readonly #work: Workspace;
  readonly #listed = new Listed();
  #run: Run | null = null;
  #marked: { core: CoreMark; head: Head } | null = null;

  constructor(router: string, options: Partial<RouterOptions> = {}) {
    this.router = router;
    const core = new Core();
    const all = { ...defaultOptions, ...options };
    const delta = newFlatDelta(core, router);
    this.#work = { router, options: all, core, delta, head: newHead(all.timezone) };
  }

  /** What the parser interns into. Ask anew for each capture: `prepare` may have replaced it. */
  get strings(): StringTable {
    return this.#work.core.strings;
  }

  /** Live sessions. */
  get sessions(): number {
    return this.#work.core.live;
  }

  /** Kafka time at which the next incomplete snapshot is given up (ms); Infinity when none waits. */
  get nextDeadline(): number {
    return this.#work.head.pending.reduce((least, pending) => Math.min(least, pending.deadline), Infinity);
  }

  /** 32 hexadecimal digits over all live sessions. */
  get hash(): string {
    return this.#work.core.hash;
  }

  /** Bytes held for the sessions: table, index, profiles, strings. */
  get bytes(): number {
    return this.#work.core.bytes;
  }

  /** Newest time of the log (ms); 0 before the first delta. */
  get at(): number {
    return this.#work.head.at;
  }

  /** To be called between captures: drops texts that no session uses any more, when they have become many. */
  prepare(): void {
    if (this.#run !== null || this.#marked !== null) return;
    const { core } = this.#work;
    if (core.isWasteful) core.compact();
  }

  /** The zone that a capture names, or that holds where none does: from now on, and for what is restored from the log. */
  setTimezone(timezone: string): void {
    this.#work.head.timezone = timezone;
  }

  // --- one snapshot ---

  /** @throws when another snapshot is being applied. */
  begin(source: SnapshotSource, start: SnapshotBegin): void {
    if (this.#run !== null) throw new Error(`a snapshot of ${this.router} is being applied already`);
    const { core, head } = this.#work;
    const undo = { core: core.mark(), head: cloneHead(head) };
    this.#listed.clear();
    this.#run = beginRun(this.#work, source, start, undo, this.#listed);
    clearDelta(this.#work.delta, core);
  }

  /** @throws when no snapshot was begun, or the rows' texts are not of `strings`. */
  rows(batch: RowBatch): void {
    const run = this.#open();
    if (run.stale !== '') return;
    if (batch.strings !== this.#work.core.strings)
      throw new Error('the rows were interned into another table');
    applyRows(run, batch);
  }

  /** @throws when no snapshot was begun. */
  end(facts: SnapshotFacts, emit: Emit): SnapshotOutcome {
    const run = this.#open();
    this.#run = null;
    const outcome = endRun(this.#work, run, facts, emit);
    this.#settle();
    return outcome;
  }

  /** Gives the snapshot up that was begun: everything is as it was before. */
  abandon(): void {
    const run = this.#open();
    this.#run = null;
    this.#work.core.undo(run.undo.core);
    this.#work.head = run.undo.head;
    this.#settle();
  }

  /** The ledger's entry of a message that is a dead letter. */
  deadLetter(source: SnapshotSource, command: string, reason: string, emit: Emit): void {
    const { core, delta } = this.#work;
    clearDelta(delta, core);
    const start: SnapshotBegin = { format: 'text', level: 'brief', scope: {}, command };
    const entry: LedgerEntry = ledgerEntry(source, start, 'dead_letter', reason);
    entry.format = '';
    entry.level = '';
    emitLedger(this.#work, entry, source, {}, emit);
    releaseDelta(delta);
  }

  /** Gives up the parts that are missing by a Kafka time: what came stays applied, and closes nobody. */
  expire(logTime: number, emit: Emit): void {
    const { core, delta } = this.#work;
    for (const pending of this.#work.head.pending.filter((p) => p.deadline <= logTime)) {
      const { head } = this.#work;
      clearDelta(delta, core);
      pending.complete = false;
      const context = contextOf(this.#work, pending);
      // What newer snapshots told since is not undone by what waited.
      if (newerKinds(head, pending.capturedAt).length === 0)
        finishSnapshot(this.#work, pending, context, new Places(), null);
      const missing = pending.parts - pending.got.length;
      delta.router_events.push({
        kind: 'part_missing',
        sessions: pending.sums.sessions,
        detail: `${missing} of ${pending.parts} parts of snapshot ${pending.entry.snapshot_id} did not come`,
      });
      remember(head, pending);
      stamp(this.#work, logTime, pending.capturedAt);
      delta.router_state = encodeState(head, { number: pending.number });
      delta.layouts = core.prints.takeNews();
      emit(delta);
      core.prints.settle(core.live);
    }
    this.#settle();
  }

  // --- transactions ---

  /** From here on everything can be undone, until `commit`. */
  mark(): void {
    const { core, head } = this.#work;
    this.#marked = { core: core.mark(), head: cloneHead(head) };
  }

  commit(): void {
    this.#marked = null;
    this.#work.core.table.commit();
  }

  /** Everything as it was at `mark`. @throws when there was none. */
  rollback(): void {
    if (this.#marked === null) throw new Error('no mark to roll back to');
    this.#run = null;
    this.#work.core.undo(this.#marked.core);
    this.#work.head = this.#marked.head;
    this.#marked = null;
    this.#work.core.table.commit();
  }

  // --- checkpoints and restore ---

  /** The whole state in pieces; changes nothing. */
  checkpoint(emit: Emit): void {
    emitCheckpoint(this.#work, emit);
    releaseDelta(this.#work.delta);
  }

  /**
   * Takes up a delta of the log: a checkpoint's pieces in order, or what came after.
   * @throws when its texts are not of `strings`, or it does not follow what was applied before.
   */
  apply(delta: FlatDelta, checkpoint = false): void {
    const work = this.#work;
    if (delta.strings !== work.core.strings) throw new Error('the delta was interned into another table');
    work.head = applyDelta(work.core, work.head, delta, checkpoint, work.options);
    work.core.table.commit();
  }

  /** Live sessions in listing order. */
  *list(): Generator<ListedSession> {
    const { core } = this.#work;
    for (const r of liveInOrder(core)) {
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

  #open(): Run {
    if (this.#run === null) throw new Error(`no snapshot of ${this.router} was begun`);
    return this.#run;
  }

  /** Undo information is kept only inside a transaction. */
  #settle(): void {
    if (this.#marked === null) this.#work.core.table.commit();
    releaseDelta(this.#work.delta);
  }
}
