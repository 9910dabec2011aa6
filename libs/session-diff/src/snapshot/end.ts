/** The end of a snapshot, or of one of its parts: its entry in the ledger, and with the last part what only the whole can tell. */
import type { LedgerEntry, SnapshotFacts } from '@sessionreel/session-model';
import { finishSnapshot } from './finish.ts';
import { keepSkew, noCounts, type Counts, type Pending } from './head.ts';
import { emitLedger, factsInto, ledgerEntry } from '../delta/ledger.ts';
import { clockInto, settleClocks } from '../listing/listing-clocks.ts';
import { renumber } from '../listing/listing-order.ts';
import { emitKeyframe, isKeyframeDue } from '../delta/pieces.ts';
import { Places } from '../listing/places.ts';
import type { Run } from './run.ts';
import { remember } from './staleness.ts';
import type { Emit, Workspace } from './workspace.ts';

export interface SnapshotOutcome {
  readonly outcome: 'applied' | 'stale';
  readonly reason: string;
  readonly counts: Counts;
}

export function endRun(work: Workspace, run: Run, facts: SnapshotFacts, emit: Emit): SnapshotOutcome {
  const { source, start, pending } = run;
  if (run.stale !== '' || pending === null) {
    const entry = ledgerEntry(source, start, 'stale', run.stale);
    factsInto(entry, facts);
    emitLedger(work, entry, source, {}, emit);
    return { outcome: 'stale', reason: run.stale, counts: { ...noCounts(), sessions: facts.sessions } };
  }
  const late = run.context.late !== null;
  const entry = entryOf(work, run, facts);
  takePart(work, run, pending, facts);
  const places = new Places();
  const clock = settleClocks(work, run, places);
  if (clock !== null) pending.clocks[source.part] = clock;
  entry.router_clock = clock === null ? null : clock.first * 1000;
  const final = pending.got.length >= pending.parts;
  const beginsGroup = final && isKeyframeDue(work, source.logTime);
  if (final && !late) {
    finishSnapshot(work, pending, run.context, places, run.listed);
    if (beginsGroup) renumber(work.core);
    clockInto(entry, work.core, pending);
  }
  tally(work, entry, pending, facts);
  entry.final = final;
  pending.entry = { ...entry, clock_steps: [] };
  if (final) complete(work, entry, pending, late);
  const { uncounted } = run;
  const seen = listedKeys(run, pending, entry);
  // Parts that name other times are of one moment all the same.
  const taken = { ...source, capturedAt: pending.capturedAt };
  emitLedger(work, entry, taken, { seen, number: pending.number, uncounted }, emit);
  const counts = { ...pending.sums };
  if (beginsGroup) emitKeyframe(work, source.logTime, emit);
  return { outcome: 'applied', reason: entry.reason, counts };
}

function entryOf({ core }: Workspace, { source, start, context }: Run, facts: SnapshotFacts): LedgerEntry {
  const late = context.late !== null;
  const entry = ledgerEntry(source, start, 'applied', '');
  factsInto(entry, facts);
  entry.complete = facts.complete && !late;
  entry.reason = late ? 'late: filled in what newer snapshots do not print' : facts.incompleteReason;
  entry.document = core.prints.define(facts.document);
  core.prints.use(entry.document);
  return entry;
}

/** The part came: what is known of the snapshot, and of the router's clock. */
function takePart({ head, options }: Workspace, run: Run, pending: Pending, facts: SnapshotFacts): void {
  const { source, context, listed } = run;
  pending.got.push(source.part);
  pending.complete &&= facts.complete;
  if (!facts.complete) pending.reason ||= facts.incompleteReason;
  learnSkew(run, pending);
  const keys = listed.keys.subarray(0, listed.count);
  // The arrays are used again by the next part.
  pending.order[source.part] = pending.parts === 1 ? keys : keys.slice();
  pending.deadline = source.logTime + options.partDeadlineMs;
  const { capturedAt } = pending;
  head.classAt[context.kind] = Math.max(head.classAt[context.kind] ?? 0, capturedAt);
  head.at = Math.max(head.at, capturedAt);
}

/** The clock in force, told by a snapshot's first part; by a later one when create times moved with it. */
function learnSkew({ context, source }: Run, pending: Pending): void {
  const { head, skew } = context;
  const before = head.skews.at(-1);
  if (skew === null || context.late !== null) return;
  // One that lies a little off may be a capture's time that was taken late.
  const moved = pending.moved !== null || pending.deferred.some(({ alike }) => alike);
  const isSet = before === undefined || Math.abs(skew - before) > (moved ? 5000 : 300_000);
  if (isSet || source.part === 1) keepSkew(head, skew);
}

function complete({ core, head }: Workspace, entry: LedgerEntry, pending: Pending, late: boolean): void {
  entry.complete = pending.complete && !late;
  if (!late) entry.reason = pending.complete ? '' : pending.reason;
  const counts: Partial<Counts> = { ...pending.sums };
  delete counts.returned;
  Object.assign(entry, counts);
  entry.state_hash = core.hash;
  entry.by_state = core.groups.named('state', core.strings);
  entry.by_peer_gateway = core.groups.named('peer', core.strings);
  entry.by_tunnel_group = core.groups.named('tunnelGroup', core.strings);
  if (entry.complete && entry.scope === '')
    head.whole = { at: pending.capturedAt, skew: head.skews.at(-1) ?? 0 };
  remember(head, pending);
}

/** What the part did, into its entry and the snapshot's sums. */
function tally({ delta, head }: Workspace, entry: LedgerEntry, pending: Pending, facts: SnapshotFacts): void {
  entry.opened = delta.opened.count;
  entry.changed = delta.changed.count;
  entry.closed = delta.closed.count;
  entry.counters = delta.counters.count + delta.counters_rounded.count;
  entry.anomalies = delta.anomalies.length;
  head.counted += entry.counters;
  const { sums } = pending;
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

/** Keys that the delta must list for a restore: null when all live sessions were seen. */
function listedKeys(
  { context, listed, counted }: Run,
  pending: Pending,
  entry: LedgerEntry,
): ArrayLike<number> | null {
  if (context.late !== null) return counted;
  // After a whole listing of all sessions, those that are live are those that were listed.
  if (entry.final && pending.complete && entry.scope === '') return null;
  return listed.keys.subarray(0, listed.count);
}
