/**
 * What one snapshot part did to one router: the event of `l2tp.events`, as an object. The Avro schema
 * (`schemas/avro/session-delta.avsc`) has the same fields by the same names, in the same order.
 *
 * Times ending in `_at`, `at`, `gop` are milliseconds since 1970 UTC. `create_time`, `statistics_since`, `idle_since` are
 * milliseconds since 1970 on the router's own clock (Avro `local-timestamp-millis`).
 */
import type { FieldValue } from './record.ts';

export interface SessionDelta {
  router: string;
  /** Never goes back in the log of a router. */
  at: number;
  /** When the capture was taken; before `at` only for a late one. */
  captured_at: number;
  /** Number of this delta in the router's log, from 1. */
  seq: number;
  /** The `at` of the keyframe that begins the group; the first group of a router begins with its first delta. */
  gop: number;
  /** Pieces of a keyframe or checkpoint: this one's number from 1, and how many; 0 of 0 in other deltas. */
  piece: number;
  pieces: number;
  /** The ledger's entry: one, or none in keyframes and checkpoints. */
  ledger: LedgerEntry[];
  opened: SessionImage[];
  changed: SessionImage[];
  closed: SessionImage[];
  rebase: SessionImage[];
  keyframe: SessionImage[];
  counters: CounterDelta[];
  /** As `counters`, where at least one value was printed rounded: with the half-width of each delta. */
  counters_rounded: RoundedCounterDelta[];
  prints: SessionPrint[];
  anomalies: Anomaly[];
  router_events: RouterEvent[];
  /** Layouts that the router's log has not defined since its group began. */
  layouts: LayoutDefinition[];
  /** Restore-only state of the router that its sessions do not hold; opaque to all but the state table. */
  router_state: Uint8Array;
}

/** A session whole, as it stands after the event (before it, when closed). Every attribute and counter by its name. */
export interface SessionImage {
  tunnel_local_id: number;
  session_local_id: number;
  /** opened: new, first_seen, returned. changed: '', learned. closed: gone, destroyed, replaced. rebase: why. */
  reason: string;
  /** Names of the fields that changed. */
  changed: string[];
  last_seen_at: number;
  /** `create_time` as UTC by the router's time zone; null when not known. */
  created_at: number | null;
  idle_since: number | null;
  /** Create time + up time of this session less the router's clock of the snapshot. */
  clock_offset_s: number;
  /** 64-bit hash of the definition that says how the router printed it; 0 when unknown. Two's complement. */
  layout: bigint;
  /** Sparse place in the listing. */
  rank: number;
  /** One letter a field by the catalogue's order: `.` absent, `v` value, `e` printed empty, `n` N/A. */
  presence: string;
  /** Half-widths of rounded absolute counters by name. */
  rounding: Record<string, number>;
  unknown: { name: string; value: string }[];
  /**
   * Every other field of the catalogue that is neither identity nor clock, by its name, in the catalogue's order.
   * Numbers and datetimes (ms) are null unless their presence is `v`; texts are then ''. u64 as bigint, two's complement.
   */
  values: Record<string, FieldValue>;
}

export interface CounterDelta {
  tunnel_local_id: number;
  session_local_id: number;
  create_time: number | null;
  created_at: number | null;
  /** Since the values that the delta starts from were seen. */
  interval_s: number;
  kind: 'normal' | 'epoch' | 'wrap';
  /** Bit i is set when counter i of `counterFields` was printed. */
  seen: number;
  /** Deltas of every counter, by name; 0 where not printed. */
  deltas: Record<string, bigint>;
}

export interface RoundedCounterDelta extends CounterDelta {
  /** `<name>_error` of every counter: half-width of the delta. */
  errors: Record<string, bigint>;
}

/** How a session is printed, when only that moved: no event, but replay needs it. */
export interface SessionPrint {
  tunnel_local_id: number;
  session_local_id: number;
  create_time: number | null;
  layout: bigint;
  rank: number;
  idle_since: number | null;
  clock_offset_s: number;
}

export interface Anomaly {
  tunnel_local_id: number;
  session_local_id: number;
  create_time: number | null;
  /** counter_decreased, clock_jump, duplicate_session, … */
  kind: string;
  field: string;
  before: string;
  after: string;
}

export interface RouterEvent {
  /** restart, mass_close, mass_return, clock_set, part_missing, … */
  kind: string;
  sessions: number;
  detail: string;
}

export interface LayoutDefinition {
  id: bigint;
  definition: string;
}

export type Outcome = 'applied' | 'stale' | 'dead_letter';

export interface LedgerEntry {
  snapshot_id: string;
  source_partition: number;
  source_offset: number;
  /** Source offset of the entry before it in this partition; -1 for the first. */
  previous_source_offset: number;
  /** Place of the snapshot within its message, from 0. */
  ordinal: number;
  part: number;
  parts: number;
  /** True on the entry that finishes a snapshot: its counts are the whole's. */
  final: boolean;
  outcome: Outcome;
  /** Why it is stale, dead-lettered or not complete; '' otherwise. */
  reason: string;
  format: string;
  level: string;
  /** The filters as `name value` pairs joined by a space, sorted; '' for all sessions. */
  scope: string;
  variant: string;
  command: string;
  complete: boolean;
  /** The router's clock, local; null when it was not printed. */
  router_clock: number | null;
  /**
   * Clock of each stretch of the listing, while a long one runs: `[first rank, seconds after router_clock]` pairs, flat.
   */
  clock_steps: number[];
  bytes: number;
  sessions: number;
  opened: number;
  changed: number;
  closed: number;
  counters: number;
  anomalies: number;
  unknown_fields: number;
  errors: number;
  /** 32 hex digits, on final entries; '' otherwise. */
  state_hash: string;
  /** Live sessions after a final entry, by state, by peer gateway (remote name, else remote address) and by tunnel group. */
  by_state: Record<string, number>;
  by_peer_gateway: Record<string, number>;
  by_tunnel_group: Record<string, number>;
  /** Id of the layout definition of the frame around the listing; 0 when unknown. */
  document: bigint;
}

/** A delta that says nothing yet: who, when, and no event. */
export function emptyDelta(
  head: Pick<SessionDelta, 'router' | 'at' | 'seq' | 'gop'> & Partial<SessionDelta>,
): SessionDelta {
  return {
    captured_at: head.at,
    piece: 0,
    pieces: 0,
    ledger: [],
    opened: [],
    changed: [],
    closed: [],
    rebase: [],
    keyframe: [],
    counters: [],
    counters_rounded: [],
    prints: [],
    anomalies: [],
    router_events: [],
    layouts: [],
    router_state: new Uint8Array(),
    ...head,
  };
}

/** An entry of the ledger that says nothing yet but what is given. */
export function emptyLedgerEntry(known: Partial<LedgerEntry>): LedgerEntry {
  return {
    snapshot_id: '',
    source_partition: 0,
    source_offset: 0,
    previous_source_offset: -1,
    ordinal: 0,
    part: 1,
    parts: 1,
    final: false,
    outcome: 'applied',
    reason: '',
    format: '',
    level: '',
    scope: '',
    variant: '',
    command: '',
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
    ...known,
  };
}
