/** Entries of the ledger: one for each snapshot part, whatever became of it. */
import { emptyLedgerEntry, type LedgerEntry, type SnapshotFacts } from '@sessionreel/session-model';
import { encodeState, type Sights } from '../snapshot/head.ts';
import type { SnapshotBegin, SnapshotSource } from '../snapshot/options.ts';
import { scopeText } from '../listing/scope.ts';
import { snapshotIdOf } from '../snapshot/staleness.ts';
import type { Emit, Workspace } from '../snapshot/workspace.ts';

/** An entry with what is known before the capture is read. */
export function ledgerEntry(
  source: SnapshotSource,
  start: SnapshotBegin,
  outcome: LedgerEntry['outcome'],
  reason: string,
): LedgerEntry {
  return emptyLedgerEntry({
    snapshot_id: snapshotIdOf(source, start),
    source_partition: source.partition,
    source_offset: source.offset,
    previous_source_offset: source.previousOffset,
    ordinal: source.ordinal,
    part: source.part,
    parts: source.parts,
    outcome,
    reason,
    format: start.format,
    level: start.level,
    scope: scopeText(start.scope),
    command: start.command,
  });
}

export function factsInto(entry: LedgerEntry, facts: SnapshotFacts): void {
  entry.variant = facts.variant ?? '';
  entry.command ||= facts.command;
  entry.complete = facts.complete;
  entry.bytes = facts.bytes;
  entry.sessions = facts.sessions;
  entry.unknown_fields = facts.unknownFields;
  entry.errors = facts.errors.length;
}

/** Gives the delta its place in the router's log. */
export function stamp({ delta, head }: Workspace, logTime: number, capturedAt: number): void {
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

/** Emits the delta with its entry. */
export function emitLedger(
  work: Workspace,
  entry: LedgerEntry,
  source: SnapshotSource,
  sights: Sights,
  emit: Emit,
): void {
  const { core, delta, head } = work;
  stamp(work, source.logTime, source.capturedAt);
  delta.ledger = [entry];
  delta.layouts = core.prints.takeNews();
  delta.router_state = encodeState(head, sights);
  emit(delta);
  core.prints.settle(core.live);
}
