/** The Avro schema of `SessionDelta`, built from the catalogue: `schemas/avro/session-delta.avsc` is its committed form. */
import { counterFields, fields, type Field } from '@sessionreel/session-model';
import type { Schema } from './tree.ts';

interface AvroField {
  name: string;
  type: Schema;
  doc: string;
  default?: unknown;
}

const namespace = 'net.sessionreel.events';
const utc = { type: 'long', logicalType: 'timestamp-millis' };
const local = { type: 'long', logicalType: 'local-timestamp-millis' };

const f = (name: string, type: Schema, doc: string, fallback?: unknown): AvroField =>
  fallback === undefined ? { name, type, doc } : { name, type, doc, default: fallback };
const record = (name: string, doc: string, of: AvroField[]): Schema => ({
  type: 'record',
  name,
  namespace,
  doc,
  fields: of,
});
const array = (items: Schema): Schema => ({ type: 'array', items });
const counts = { type: 'map', values: 'long' };

/** Fields that an image carries by name: all but identity (keys of their own) and clocks (kept as what they derive from). */
export const imageFields: readonly Field[] = fields.filter(
  (x) => x.role !== 'identity' && x.role !== 'clock',
);

function valueField(x: Field): AvroField {
  const doc = x.unit === undefined ? x.doc : `${x.doc} (${x.unit})`;
  switch (x.type) {
    case 'text':
    case 'word':
    case 'address':
      return f(x.name, 'string', doc, '');
    case 'datetime':
      return f(x.name, ['null', local], doc, null);
    case 'u64':
      return f(x.name, ['null', 'long'], `${doc}; two's complement`, null);
    default:
      return f(x.name, ['null', 'long'], doc, null);
  }
}

const keys: AvroField[] = [
  f('tunnel_local_id', 'int', 'Tunnel ID that the router chose'),
  f('session_local_id', 'int', 'Session ID that the router chose'),
];

const image = record('SessionImage', 'A session whole', [
  ...keys,
  f('reason', 'string', 'Why the event', ''),
  f('changed', array('string'), 'Names of the fields that changed', []),
  f('last_seen_at', utc, 'When a snapshot last showed it'),
  f('created_at', ['null', utc], 'Create time as UTC', null),
  f('idle_since', ['null', local], "By the router's clock", null),
  f('clock_offset_s', 'int', "Create time + up time less the router's clock of the snapshot (s)", 0),
  f('layout', 'long', 'Hash of the layout definition that prints it', 0),
  f('rank', 'long', 'Sparse place in the listing', 0),
  f('presence', 'string', 'A letter a field: . absent, v value, e empty, n N/A', ''),
  f('rounding', counts, 'Half-widths of rounded absolute counters', {}),
  f(
    'unknown',
    array(
      record('UnknownField', 'A label that the catalogue does not know', [
        f('name', 'string', 'Label or tag'),
        f('value', 'string', 'As printed'),
      ]),
    ),
    'Unknown fields, kept',
    [],
  ),
  ...imageFields.map(valueField),
]);

const counterKeys: AvroField[] = [
  ...keys,
  f('create_time', ['null', local], 'Incarnation', null),
  f('created_at', ['null', utc], 'Create time as UTC', null),
  f('interval_s', 'double', 'Since the values that the delta starts from (s)', 0),
  f(
    'kind',
    { type: 'enum', name: 'CounterKind', namespace, symbols: ['normal', 'epoch', 'wrap'], default: 'normal' },
    'How the delta came about',
  ),
  f('seen', 'long', 'Bit i: counter i was printed', 0),
];
const deltas = counterFields.map((x) =>
  f(x.name, 'long', `${x.doc} since then (${x.unit ?? ''}); two's complement`, 0),
);
const errors = counterFields.map((x) => f(`${x.name}_error`, 'long', `Half-width of ${x.name}`, 0));

const print = record('SessionPrint', 'How a session is printed, when only that moved', [
  ...keys,
  f('create_time', ['null', local], 'Incarnation', null),
  f('layout', 'long', 'Hash of the layout definition', 0),
  f('rank', 'long', 'Sparse place in the listing', 0),
  f('idle_since', ['null', local], "By the router's clock", null),
  f('clock_offset_s', 'int', "Less the router's clock of the snapshot (s)", 0),
]);

const anomaly = record('Anomaly', 'What cannot be, but was printed', [
  ...keys,
  f('create_time', ['null', local], 'Incarnation', null),
  f('kind', 'string', 'counter_decreased, …'),
  f('field', 'string', 'Which field', ''),
  f('before', 'string', 'Value before', ''),
  f('after', 'string', 'Value after', ''),
]);

const routerEvent = record('RouterEvent', 'What happened to the router as a whole', [
  f('kind', 'string', 'restart, mass_close, mass_return, clock_set, part_missing, …'),
  f('sessions', 'long', 'How many sessions it concerns', 0),
  f('detail', 'string', 'In words', ''),
]);

const ledger = record('LedgerEntry', 'What became of one source message (or of one part of a snapshot)', [
  f('snapshot_id', 'string', 'Of the snapshot'),
  f('source_partition', 'int', 'Of l2tp.snapshots'),
  f('source_offset', 'long', 'In that partition'),
  f('previous_source_offset', 'long', 'Of the entry before; -1 for the first', -1),
  f('ordinal', 'int', 'Which snapshot of the message, from 0', 0),
  f('part', 'int', 'Part, from 1', 1),
  f('parts', 'int', 'Of how many', 1),
  f('final', 'boolean', 'Finishes its snapshot', true),
  f(
    'outcome',
    {
      type: 'enum',
      name: 'Outcome',
      namespace,
      symbols: ['applied', 'stale', 'dead_letter'],
      default: 'applied',
    },
    'What became of it',
  ),
  f('reason', 'string', 'Why stale, dead-lettered or incomplete', ''),
  f('format', 'string', 'text, xml, json', ''),
  f('level', 'string', 'brief, detail, extensive, statistics', ''),
  f('scope', 'string', 'Filters; empty for all sessions', ''),
  f('variant', 'string', 'lns-m, lns-mx, lac', ''),
  f('command', 'string', 'As typed', ''),
  f('complete', 'boolean', 'Provably whole', false),
  f('router_clock', ['null', local], "The router's clock", null),
  f('clock_steps', array('long'), 'Pairs of first rank and seconds after router_clock', []),
  f('bytes', 'long', 'Of the capture', 0),
  f('sessions', 'long', 'Sessions listed', 0),
  f('opened', 'long', 'Opened', 0),
  f('changed', 'long', 'Changed', 0),
  f('closed', 'long', 'Closed', 0),
  f('counters', 'long', 'Counter deltas', 0),
  f('anomalies', 'long', 'Anomalies', 0),
  f('unknown_fields', 'long', 'Values of unknown labels', 0),
  f('errors', 'long', 'Lines or elements in error', 0),
  f('state_hash', 'string', '32 hex digits on final entries', ''),
  f('by_state', counts, 'Live sessions by state', {}),
  f('by_peer_gateway', counts, 'Live sessions by peer gateway', {}),
  f('by_tunnel_group', counts, 'Live sessions by tunnel group', {}),
  f('document', 'long', 'Layout of the frame around the listing', 0),
]);

export const sessionDeltaSchema: Schema = record('SessionDelta', 'What one snapshot part did to one router', [
  f('router', 'string', 'Name of the router'),
  f('at', utc, "Never goes back in a router's log"),
  f('captured_at', utc, 'When the capture was taken'),
  f('seq', 'long', "Number in the router's log, from 1"),
  f('gop', utc, "The at of the group's keyframe"),
  f('piece', 'int', 'Piece of a keyframe or checkpoint, from 1', 0),
  f('pieces', 'int', 'Of how many', 0),
  f('ledger', array(ledger), 'One entry, or none', []),
  f('opened', array(image), 'Sessions that opened', []),
  f('changed', array(`${namespace}.SessionImage`), 'Sessions that changed, after', []),
  f('closed', array(`${namespace}.SessionImage`), 'Sessions that closed, as last known', []),
  f('rebase', array(`${namespace}.SessionImage`), 'New absolute counters without a delta', []),
  f('keyframe', array(`${namespace}.SessionImage`), 'The state', []),
  f(
    'counters',
    array(record('CounterDelta', 'Traffic, exact', [...counterKeys, ...deltas])),
    'Counter deltas',
    [],
  ),
  f(
    'counters_rounded',
    array(
      record('RoundedCounterDelta', 'Traffic, with error bounds', [
        ...counterKeys.map((x) => (x.name === 'kind' ? { ...x, type: `${namespace}.CounterKind` } : x)),
        ...deltas,
        ...errors,
      ]),
    ),
    'Counter deltas of rounded values',
    [],
  ),
  f('prints', array(print), 'Print details that moved', []),
  f('anomalies', array(anomaly), 'Anomalies', []),
  f('router_events', array(routerEvent), 'Events of the router', []),
  f(
    'layouts',
    array(
      record('LayoutDefinition', 'How something is printed', [
        f('id', 'long', 'Its hash'),
        f('definition', 'string', 'JSON'),
      ]),
    ),
    'Layouts defined here',
    [],
  ),
  f('router_state', 'bytes', 'Restore-only state', ''),
]);
