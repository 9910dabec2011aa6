/** The inbox and the views that fan it out. The inbox mirrors the Avro record that the loader inserts, field by field. */
import { sessionDeltaSchema } from '@sessionreel/session-events';
import { counterFields, fields } from '@sessionreel/session-model';
import { ledgerTables, grouping, historyKinds, valueFields } from './tables.ts';
import { type Column, type Table, type View } from './table.ts';
import { AvroTypes, type AvroField } from './types.ts';

const byName = new Map(fields.map((f) => [f.name, f]));

/** The longs that the loader puts before the datum of each message. */
export const loaderFields: readonly Column[] = [
  { name: 'kafka_partition', type: 'UInt16', comment: 'Partition of l2tp.events' },
  { name: 'kafka_offset', type: 'UInt64', comment: 'Offset in that partition' },
  { name: 'loader_epoch', type: 'UInt64', comment: 'Epoch of the loader that inserts it' },
];

function inboxColumns(): Column[] {
  const types = new AvroTypes(byName);
  const { fields: record } = sessionDeltaSchema as unknown as { fields: AvroField[] };
  return [
    ...loaderFields,
    ...record.map((f) => ({ name: f.name, type: types.ofField(f), comment: f.doc ?? '' })),
  ];
}

export const inbox: Table = {
  name: 'inbox',
  comment: 'The one insert endpoint: an event of the log in each row; keeps nothing, its views fan it out',
  engine: 'Null',
  columns: inboxColumns(),
};
/** The fence is asked once for each insert here, not once in each view. */
export const fenced: Table = {
  ...inbox,
  name: 'inbox_fenced',
  comment: 'Rows of the inbox from the newest loader of their partition; keeps nothing',
};

const position = 'd.kafka_partition AS kafka_partition, d.kafka_offset AS kafka_offset';
const from = 'FROM inbox_fenced AS d';
const seqOf = (kind: string | number): string => `d.seq * 8 + ${kind} AS seq`;
const head = 'd.router AS router, d.gop AS gop, d.at AS at, d.captured_at AS captured_at';
const local = (source: string, name: string): string => `toDateTime(${source}, 'UTC') AS ${name}`;

function view(to: string, comment: string, select: readonly string[], tail: string): View {
  return { name: `to_${to}`, to, comment, select: `SELECT\n  ${select.join(',\n  ')}\n${from}\n${tail}` };
}

const fence: View = {
  name: 'to_inbox_fenced',
  to: 'inbox_fenced',
  comment: 'Drops what a loader inserts after another one has taken its partition',
  select: `SELECT *
FROM inbox
WHERE (kafka_partition, loader_epoch) IN (SELECT partition, max(epoch) FROM loader_fence GROUP BY partition)`,
};

/** Columns of an image, `s`. */
function imageColumns(): string[] {
  return valueFields.map((f) =>
    f.type === 'datetime' ? local(`s.${f.name}`, f.name) : `s.${f.name} AS ${f.name}`,
  );
}
const printOf = (s: string): string[] => [
  local(`${s}.idle_since`, 'idle_since'),
  `${s}.clock_offset_s AS clock_offset_s`,
  `${s}.layout AS layout`,
  `${s}.rank AS rank`,
];
const keysOf = (s: string): string[] => [
  `${s}.tunnel_local_id AS tunnel_local_id`,
  `${s}.session_local_id AS session_local_id`,
  local(`${s}.create_time`, 'create_time'),
];

/** One view for all kinds, so that an insert writes one part and not five. */
const history = view(
  'session_history',
  'Images of all kinds, in the order in which equal times are to be read',
  [
    head,
    ...keysOf('s'),
    's.created_at AS created_at',
    's.last_seen_at AS last_seen_at',
    seqOf('k'),
    'k AS kind',
    's.reason AS reason',
    's.changed AS changed',
    ...imageColumns(),
    ...printOf('s'),
    's.presence AS presence',
    's.rounding AS rounding',
    's.unknown AS unknown',
    position,
  ],
  `ARRAY JOIN
  arrayConcat(${historyKinds.join(', ')}) AS s,
  arrayConcat(${historyKinds.map((k, i) => `arrayWithConstant(length(${k}), toInt8(${i}))`).join(', ')}) AS k`,
);

function counterView(source: 'counters' | 'counters_rounded'): View {
  const rounded = source === 'counters_rounded';
  const base = view(
    'counter_deltas',
    rounded ? 'Deltas of rounded values, with their bounds' : 'Exact deltas',
    [
      head,
      ...keysOf('c'),
      'c.created_at AS created_at',
      seqOf(5),
      'c.interval_s AS interval_s',
      'c.kind AS kind',
      'c.seen AS seen',
      ...counterFields.map((f) => `c.${f.name} AS ${f.name}`),
      ...(rounded ? counterFields.map((f) => `c.${f.name}_error AS ${f.name}_error`) : []),
      position,
    ],
    `ARRAY JOIN ${source} AS c`,
  );
  return rounded ? { ...base, name: 'to_counter_deltas_rounded' } : base;
}

const prints = view(
  'session_prints',
  'Print details that moved without an event',
  [head, ...keysOf('p'), seqOf(6), ...printOf('p'), position],
  'ARRAY JOIN prints AS p',
);

const counted = [
  'ledger',
  'opened',
  'changed',
  'closed',
  'rebase',
  'keyframe',
  'prints',
  'anomalies',
  'router_events',
];
const deltas = view(
  'deltas',
  'What each event held',
  [
    head,
    seqOf(7),
    'd.piece AS piece',
    'd.pieces AS pieces',
    ...counted.map((n) => `length(d.${n}) AS ${n}_rows`),
    'length(d.counters) + length(d.counters_rounded) AS counters_rows',
    'd.loader_epoch AS loader_epoch',
    position,
  ],
  '',
);

/** Columns of a stored table that its source record holds under the same name, but for what is given otherwise. */
function entryColumns(table: string, source: string, except: readonly string[]): string[] {
  const found = [...ledgerTables, ...grouping].find((t) => t.name === table);
  return (found?.columns ?? []).flatMap((c) =>
    except.includes(c.name) ? [] : [`${source}.${c.name} AS ${c.name}`],
  );
}
const headNames = ['router', 'gop', 'at', 'captured_at', 'seq', 'kafka_partition', 'kafka_offset'];

const ledger = view(
  'snapshots',
  'The ledger entry of each event',
  [
    head,
    seqOf(7),
    ...entryColumns('snapshots', 'l', [...headNames, 'router_clock']),
    local('l.router_clock', 'router_clock'),
    position,
  ],
  'ARRAY JOIN ledger AS l',
);
const deadLetters = view(
  'dead_letters',
  'Snapshots that the processor set aside',
  [
    "'l2tp.snapshots' AS topic",
    'd.router AS router, d.at AS at, d.captured_at AS captured_at',
    'l.source_partition AS source_partition',
    'l.source_offset AS source_offset',
    'l.reason AS reason',
    'l.command AS command',
    'l.bytes AS bytes',
    position,
  ],
  "ARRAY JOIN ledger AS l\nWHERE l.outcome = 'dead_letter'",
);
const anomalies = view(
  'anomalies',
  'Anomalies',
  [
    head,
    seqOf(0),
    ...keysOf('a'),
    ...entryColumns('anomalies', 'a', [...headNames, 'tunnel_local_id', 'session_local_id', 'create_time']),
    position,
  ],
  'ARRAY JOIN anomalies AS a',
);
const routerEvents = view(
  'router_events',
  'Events of routers',
  [head, seqOf(0), ...entryColumns('router_events', 'e', headNames), position],
  'ARRAY JOIN router_events AS e',
);
const layouts = view(
  'layouts',
  'Layouts by hash',
  ['l.id AS id', 'l.definition AS definition'],
  'ARRAY JOIN layouts AS l',
);

/** As the first release had them. */
export const firstViews: readonly View[] = [
  fence,
  history,
  counterView('counters'),
  counterView('counters_rounded'),
  prints,
  ledger,
  deadLetters,
  anomalies,
  routerEvents,
  layouts,
  deltas,
];

/** Views that take many members of one tuple, by its name. */
const wide = new Map([
  [history.name, 's'],
  ['to_counter_deltas', 'c'],
  ['to_counter_deltas_rounded', 'c'],
  [ledger.name, 'l'],
]);
const headColumns = ['router', 'gop', 'at', 'captured_at', 'seq', 'kafka_partition', 'kafka_offset'];

/**
 * The same view, but for that it takes the tuple apart before it names its members. To find each of 77 members in a tuple of
 * Nullables, LowCardinalities and Maps costs the engine's analysis 50 ms of CPU, at every insert; this form 10.
 */
function apart(of: View, tuple: string): View {
  const [named = '', tail = ''] = of.select.split(`\n${from}\n`);
  const outer = named
    .replaceAll(new RegExp(`\\b${tuple}\\.(\\w+)`, 'g'), `\`${tuple}.$1\``)
    .replaceAll(/\bd\.(\w+)/g, '$1');
  const inner = [
    ...headColumns.map((name) => `d.${name} AS ${name}`),
    `untuple(${tuple}) AS ${tuple}`,
    // What stands beside the tuple in the join.
    ...[...tail.matchAll(/ AS (\w+)/g)].flatMap(([, name]) => (name === tuple ? [] : [String(name)])),
  ];
  return { ...of, select: `${outer}\nFROM (\n  SELECT ${inner.join(', ')}\n  ${from}\n${tail}\n)` };
}

export const baseViews: readonly View[] = firstViews.map((v) => {
  const tuple = wide.get(v.name);
  return tuple === undefined ? v : apart(v, tuple);
});
export const parts = { head, headColumns, seqOf, position, view, local };
