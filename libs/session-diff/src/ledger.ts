import type { LedgerEntry } from '@sessionreel/session-model';
import type { SnapshotBegin, SnapshotSource } from './options.ts';
import { scopeText } from './scope.ts';

/** An entry with what is known before the capture is read. */
export function ledgerEntry(
  source: SnapshotSource,
  start: SnapshotBegin,
  outcome: LedgerEntry['outcome'],
  reason: string,
  snapshotId: string,
): LedgerEntry {
  return {
    snapshot_id: snapshotId,
    source_partition: source.partition,
    source_offset: source.offset,
    previous_source_offset: source.previousOffset,
    ordinal: source.ordinal,
    part: source.part,
    parts: source.parts,
    final: false,
    outcome,
    reason,
    format: start.format,
    level: start.level,
    scope: scopeText(start.scope),
    variant: '',
    command: start.command,
    complete: false,
    router_clock: null,
    clock_steps: [],
    bytes: 0,
    sessions: 0,
    opened: 0,
    changed: 0,
    closed: 0,
    counters: 0,
    anomalies: 0,
    unknown_fields: 0,
    errors: 0,
    state_hash: '',
    by_state: {},
    by_peer_gateway: {},
    by_tunnel_group: {},
    document: 0n,
  };
}
