/** The stored tables. Names and columns are a contract: people write SQL on them. */
import { counterFields, fields, type Field } from '@sessionreel/session-model';
import { column, general, type Column, type Table } from './table.ts';
import { localSeconds, storedType, utcMs, word } from './types.ts';

const router = column('router', word, 'Name of the router');
const gop = column('gop', utcMs, "Begin of the row's group: the at of its keyframe (UTC)");
const at = column('at', utcMs, "When, by the router's log, which never goes back (UTC)");
const capturedAt = column('captured_at', utcMs, 'When the capture was taken (UTC)');
const tunnel = column('tunnel_local_id', 'UInt16', 'Tunnel ID that the router chose');
const session = column('session_local_id', 'UInt16', 'Session ID that the router chose');
const createTime = column(
  'create_time',
  `Nullable(${localSeconds})`,
  "When the session was created, as printed: the router's wall clock, not UTC, although its type says so",
);
const createdAt = column(
  'created_at',
  `Nullable(${utcMs})`,
  'Create time as UTC, by the time zone of the router',
);
const seq = column(
  'seq',
  'UInt64',
  "Order of equal times: number of the delta in the router's log × 8 + 0 closed, 1 opened, 2 changed, 3 rebase, 4 keyframe, 5 counters, 6 prints, 7 ledger",
);
const kafka: readonly Column[] = [
  column('kafka_partition', 'UInt16', 'Partition of l2tp.events that the row came from'),
  column('kafka_offset', 'UInt64', 'Offset in that partition'),
];
const offsetIndex = ['kafka_offset_range kafka_offset TYPE minmax GRANULARITY 1'];
const sessionKeys = [router, gop, tunnel, session, createTime, createdAt];

/** `; unit: bytes` and the like belong to every column's comment. */
export function describe(field: Field, what = field.doc): string {
  return field.unit === undefined ? what : `${what} (${field.unit})`;
}

/** Fields of an image that stand as columns of their own behind the keys. */
export const valueFields: readonly Field[] = fields.filter(
  (f) => f.role !== 'identity' && f.role !== 'clock' && f.name !== 'create_time',
);

const grouped = {
  partitionBy: 'toYYYYMMDD(gop)',
  orderBy: '(router, gop, tunnel_local_id, session_local_id, at, seq)',
  indices: offsetIndex,
  retentionFrom: 'gop',
  shardBy: 'cityHash64(router)',
};
const byMonth = { partitionBy: 'toYYYYMM(at)', indices: offsetIndex, shardBy: 'cityHash64(router)' };

export const historyKinds: readonly string[] = ['closed', 'opened', 'changed', 'rebase', 'keyframe'];
const kindEnum = `Enum8(${historyKinds.map((k, i) => `'${k}' = ${i}`).join(', ')})`;

const printColumns: readonly Column[] = [
  column(
    'idle_since',
    `Nullable(${localSeconds})`,
    "Since when the session was idle, by the router's wall clock",
  ),
  column('clock_offset_s', 'Int32', "Create time + up time less the router's clock of the snapshot (s)"),
  column('layout', 'UInt64', 'Id of the layout that prints it; 0 when unknown', general),
  column('rank', 'Int64', 'Sparse place in the listing'),
];

const sessionHistory: Table = {
  name: 'session_history',
  comment:
    'Every session whole, after each event; the state at T is the last row at or before T of its group',
  engine: 'MergeTree',
  ...grouped,
  columns: [
    ...sessionKeys,
    at,
    capturedAt,
    column('last_seen_at', utcMs, 'When a snapshot last showed the session (UTC)'),
    seq,
    column(
      'kind',
      kindEnum,
      'opened, changed, closed; keyframe and rebase repeat the state and are no events',
    ),
    column(
      'reason',
      word,
      'opened: new, first_seen, returned. changed: learned or empty. closed: gone, destroyed, replaced',
    ),
    column('changed', `Array(${word})`, 'Names of the fields that changed'),
    ...valueFields.map((f) => column(f.name, storedType(f), describe(f))),
    ...printColumns,
    column('presence', word, 'A letter for each catalogue field: . absent, v value, e printed empty, n N/A'),
    column('rounding', `Map(${word}, UInt64)`, 'Half-widths of counters that were printed rounded, by name'),
    column(
      'unknown',
      'Array(Tuple(name String, value String))',
      'Values of labels that the catalogue does not know',
    ),
    ...kafka,
  ],
};

const counterDeltas: Table = {
  name: 'counter_deltas',
  comment:
    'Traffic of each session between two snapshots: every counter column is a delta, so that sums are traffic',
  engine: 'MergeTree',
  ...grouped,
  columns: [
    ...sessionKeys,
    at,
    capturedAt,
    seq,
    column(
      'interval_s',
      'Float32',
      'How long the delta took: since the values it starts from were seen (s)',
      general,
    ),
    column(
      'kind',
      "Enum8('normal' = 0, 'epoch' = 1, 'wrap' = 2)",
      'normal; epoch: the counters were cleared and the delta is a lower bound; wrap: a 32-bit counter went round',
    ),
    column('seen', 'UInt64', 'Bit i is set when counter i of the catalogue was printed'),
    ...counterFields.map((f) => column(f.name, 'UInt64', describe(f, `${f.doc} in the interval`))),
    ...counterFields.map((f) =>
      column(`${f.name}_error`, 'UInt64', describe(f, `Half-width of ${f.name}; 0 when exact`)),
    ),
    ...kafka,
  ],
};

const sessionPrints: Table = {
  name: 'session_prints',
  comment: 'How a session is printed, where only that moved: no event, but needed to print it again',
  engine: 'MergeTree',
  ...grouped,
  columns: [router, gop, tunnel, session, createTime, at, capturedAt, seq, ...printColumns, ...kafka],
};

const deltas: Table = {
  name: 'deltas',
  comment: 'One row for each event of the log: what it held, for groups, proofs of delivery and audits',
  engine: 'MergeTree',
  ...byMonth,
  orderBy: '(router, at, seq)',
  columns: [
    router,
    at,
    gop,
    capturedAt,
    seq,
    column('piece', 'UInt32', 'Piece of a keyframe, from 1; 0 in other deltas'),
    column('pieces', 'UInt32', 'Of how many pieces; 0 in other deltas'),
    ...[
      'ledger',
      'opened',
      'changed',
      'closed',
      'rebase',
      'keyframe',
      'counters',
      'prints',
      'anomalies',
      'router_events',
    ].map((n) => column(`${n}_rows`, 'UInt32', `Rows of ${n} in the event (rows)`)),
    column('loader_epoch', 'UInt64', 'Epoch of the loader that inserted it'),
    ...kafka,
  ],
};

const count = (name: string, what: string): Column => column(name, 'UInt64', what);
const snapshots: Table = {
  name: 'snapshots',
  comment:
    'The ledger: what became of every source message, of each ordinal in it and of each part of a snapshot',
  engine: 'MergeTree',
  ...byMonth,
  orderBy: '(router, at, seq)',
  columns: [
    router,
    at,
    gop,
    capturedAt,
    seq,
    column('snapshot_id', 'String', 'Id of the snapshot'),
    column('source_partition', 'Int32', 'Partition of l2tp.snapshots'),
    column('source_offset', 'Int64', 'Offset in that partition'),
    column(
      'previous_source_offset',
      'Int64',
      'Source offset of the entry before in that partition; -1 for the first',
    ),
    column('ordinal', 'UInt32', 'Which snapshot of the message, from 0'),
    column('part', 'UInt32', 'Part of the snapshot, from 1'),
    column('parts', 'UInt32', 'Of how many parts'),
    column('final', 'Bool', 'Finishes its snapshot; its counts are those of the whole'),
    column('outcome', word, 'applied, stale or dead_letter'),
    column('reason', word, 'Why stale, dead-lettered or incomplete'),
    column('format', word, 'text, xml or json'),
    column('level', word, 'brief, detail, extensive or statistics'),
    column('scope', word, 'Filters of the command as sorted name value pairs; empty for all sessions'),
    column('variant', word, 'Who prints: lns-m, lns-mx or lac'),
    column('command', 'String', 'The command as typed'),
    column('complete', 'Bool', 'The listing is provably whole'),
    column(
      'router_clock',
      `Nullable(${localSeconds})`,
      "The router's wall clock when it printed; NULL when not printed",
    ),
    column(
      'clock_steps',
      'Array(Int64)',
      'Pairs of first rank and seconds after router_clock, for long listings',
    ),
    count('bytes', 'Size of the capture (bytes)'),
    count('sessions', 'Sessions listed (sessions)'),
    count('opened', 'Sessions that opened (sessions)'),
    count('changed', 'Sessions that changed (sessions)'),
    count('closed', 'Sessions that closed (sessions)'),
    count('counters', 'Sessions with counter deltas (sessions)'),
    count('anomalies', 'Anomalies (rows)'),
    count('unknown_fields', 'Values of unknown labels (values)'),
    count('errors', 'Lines or elements in error (lines)'),
    column('state_hash', 'String', 'Sum modulo 2^128 over the live state, 32 hex digits, on final entries'),
    column('by_state', `Map(${word}, UInt64)`, 'Live sessions by state after a final entry (sessions)'),
    column(
      'by_peer_gateway',
      `Map(${word}, UInt64)`,
      'Live sessions by remote name, else remote address (sessions)',
    ),
    column('by_tunnel_group', `Map(${word}, UInt64)`, 'Live sessions by tunnel group (sessions)'),
    column('document', 'UInt64', 'Id of the layout of the frame around the listing; 0 when unknown', general),
    ...kafka,
  ],
};

const anomalies: Table = {
  name: 'anomalies',
  comment: 'What cannot be, but was printed',
  engine: 'MergeTree',
  ...byMonth,
  orderBy: '(router, at, seq, tunnel_local_id, session_local_id)',
  columns: [
    router,
    at,
    gop,
    capturedAt,
    seq,
    tunnel,
    session,
    createTime,
    column('kind', word, 'counter_decreased, clock_jump, duplicate_session, …'),
    column('field', word, 'Which field'),
    column('before', 'String', 'Value before, as text'),
    column('after', 'String', 'Value after, as text'),
    ...kafka,
  ],
};

const routerEvents: Table = {
  name: 'router_events',
  comment: 'What happened to a router as a whole',
  engine: 'MergeTree',
  ...byMonth,
  orderBy: '(router, at, seq)',
  columns: [
    router,
    at,
    gop,
    capturedAt,
    seq,
    column('kind', word, 'restart, mass_close, mass_return, clock_set, part_missing, …'),
    count('sessions', 'How many sessions it concerns (sessions)'),
    column('detail', 'String', 'In words'),
    ...kafka,
  ],
};

const deadLetters: Table = {
  name: 'dead_letters',
  comment: 'Messages that were set aside, from either topic',
  engine: 'MergeTree',
  ...byMonth,
  orderBy: '(topic, router, at)',
  columns: [
    column('topic', word, 'Topic that the message stood in: l2tp.snapshots or l2tp.events'),
    router,
    at,
    capturedAt,
    column('source_partition', 'Int32', 'Partition of that topic'),
    column('source_offset', 'Int64', 'Offset in that partition'),
    column('reason', 'String', 'Why'),
    column('command', 'String', 'The command as typed, where known'),
    count('bytes', 'Size of the message (bytes)'),
    ...kafka,
  ],
};

const layouts: Table = {
  name: 'layouts',
  comment: 'How sessions and frames are printed: templates by hash, the same for every router',
  engine: 'ReplacingMergeTree',
  orderBy: 'id',
  shardBy: 'id',
  columns: [
    column('id', 'UInt64', 'Hash of the definition', general),
    column('definition', 'String', 'Template as JSON', 'ZSTD(3)'),
  ],
};

export const grouping: readonly Table[] = [sessionHistory, counterDeltas, sessionPrints];
export const common = {
  router,
  gop,
  at,
  capturedAt,
  tunnel,
  session,
  createTime,
  createdAt,
  seq,
  kafka,
  byMonth,
  offsetIndex,
};
export const ledgerTables: readonly Table[] = [
  deltas,
  snapshots,
  routerEvents,
  anomalies,
  deadLetters,
  layouts,
];
