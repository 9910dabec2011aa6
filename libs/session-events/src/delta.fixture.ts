/** Random deltas for property tests, and the plain Avro record that a delta stands for, for other implementations. */
import { counterFields, fields, type FieldValue, type SessionDelta } from '@sessionreel/session-model';
import avro from 'avsc';
import fc from 'fast-check';
import { imageFields, sessionDeltaSchema } from './schema.ts';
import { groupOf } from './shape.ts';
import { treeOf, type Schema, type Tree } from './tree.ts';

const text = fc.oneof(
  fc.constantFrom(
    '',
    'established',
    'user@realm.example',
    'ü\u00a0, State: x',
    '__proto__',
    '\u0000\u001b[31m',
  ),
  fc.string({ unit: 'binary', maxLength: 90 }),
  fc.string({ maxLength: 200 }),
);
const u64 = fc.oneof(
  fc.bigInt({ min: 0n, max: 130n }),
  fc.bigInt({ min: 0n, max: 0xffffffffffffffffn }),
  fc.constantFrom(0xffffffffffffffffn, 1n << 63n, (1n << 63n) - 1n, 1n << 32n, 0xffffffffn, 1n << 53n),
);
const ms = fc.oneof(fc.integer({ min: 0, max: 4102444800000 }), fc.constantFrom(0, -1, -1893456000000));
const count = fc.oneof(fc.nat(200), fc.nat(), fc.maxSafeInteger());
const optional = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(of, { nil: null });
const id = fc.nat(65535);
const counts = fc.dictionary(text, count, { maxKeys: 4 });

const letters = fc.string({
  unit: fc.constantFrom('.', 'v', 'e', 'n'),
  minLength: fields.length,
  maxLength: fields.length,
});

const values = fc.record(
  Object.fromEntries(
    imageFields.map((f): [string, fc.Arbitrary<FieldValue>] => {
      if (f.type === 'text' || f.type === 'word' || f.type === 'address') return [f.name, text];
      if (f.type === 'u64') return [f.name, optional(u64)];
      if (f.type === 'datetime') return [f.name, optional(ms)];
      return [f.name, optional(fc.nat(0xffffffff))];
    }),
  ),
  { noNullPrototype: true },
);

const keys = { tunnel_local_id: id, session_local_id: id };
const image = fc.record({
  ...keys,
  reason: fc.constantFrom('', 'new', 'first_seen', 'gone'),
  changed: fc.subarray(
    imageFields.map((f) => f.name),
    { maxLength: 5 },
  ),
  last_seen_at: ms,
  created_at: optional(ms),
  idle_since: optional(ms),
  clock_offset_s: fc.integer({ min: -100000, max: 100000 }),
  layout: u64,
  rank: fc.maxSafeInteger(),
  presence: letters,
  rounding: fc.dictionary(fc.constantFrom(...counterFields.map((f) => f.name)), count, { maxKeys: 3 }),
  unknown: fc.array(fc.record({ name: text, value: text }), { maxLength: 3 }),
  values,
});

const perCounter = (suffix: string): fc.Arbitrary<Record<string, bigint>> =>
  fc.record(Object.fromEntries(counterFields.map((f) => [`${f.name}${suffix}`, u64])), {
    noNullPrototype: true,
  });
const counterKeys = {
  ...keys,
  create_time: optional(ms),
  created_at: optional(ms),
  interval_s: fc.double({ noNaN: true }),
  kind: fc.constantFrom('normal' as const, 'epoch' as const, 'wrap' as const),
  seen: fc.nat((1 << counterFields.length) - 1),
  deltas: perCounter(''),
};

const ledger = fc.record({
  snapshot_id: text,
  source_partition: fc.nat(1000),
  source_offset: count,
  previous_source_offset: fc.oneof(fc.constant(-1), count),
  ordinal: fc.nat(10),
  part: fc.nat(100),
  parts: fc.nat(100),
  final: fc.boolean(),
  outcome: fc.constantFrom('applied' as const, 'stale' as const, 'dead_letter' as const),
  reason: text,
  format: fc.constantFrom('text', 'xml', 'json'),
  level: text,
  scope: text,
  variant: text,
  command: text,
  complete: fc.boolean(),
  router_clock: optional(ms),
  clock_steps: fc.array(fc.maxSafeInteger(), { maxLength: 4 }),
  bytes: count,
  sessions: count,
  opened: count,
  changed: count,
  closed: count,
  counters: count,
  anomalies: count,
  unknown_fields: count,
  errors: count,
  state_hash: text,
  by_state: counts,
  by_peer_gateway: counts,
  by_tunnel_group: counts,
  document: u64,
});

const few = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(of, { maxLength: 3, size: 'max' });

/** Any delta, with bigints unsigned. */
export const deltas: fc.Arbitrary<SessionDelta> = fc.record(
  {
    router: text,
    at: ms,
    captured_at: ms,
    seq: count,
    gop: ms,
    piece: fc.nat(1000),
    pieces: fc.nat(1000),
    ledger: few(ledger),
    opened: few(image),
    changed: few(image),
    closed: few(image),
    rebase: few(image),
    keyframe: few(image),
    counters: few(fc.record(counterKeys)),
    counters_rounded: few(fc.record({ ...counterKeys, errors: perCounter('_error') })),
    prints: few(
      fc.record({
        ...keys,
        create_time: optional(ms),
        layout: u64,
        rank: fc.maxSafeInteger(),
        idle_since: optional(ms),
        clock_offset_s: fc.integer({ min: -1000, max: 1000 }),
      }),
    ),
    anomalies: few(
      fc.record({ ...keys, create_time: optional(ms), kind: text, field: text, before: text, after: text }),
    ),
    router_events: few(fc.record({ kind: text, sessions: count, detail: text })),
    layouts: few(fc.record({ id: u64, definition: text })),
    router_state: fc.uint8Array({ maxLength: 100 }),
  },
  { noNullPrototype: true },
);

/** avsc with longs as bigints: the second implementation in this process. */
export function avscType(schema: Schema): avro.Type {
  const long = avro.types.LongType.__with({
    fromBuffer: (b: Buffer) => b.readBigInt64LE(),
    toBuffer: (n: bigint) => {
      const b = Buffer.alloc(8);
      b.writeBigInt64LE(n);
      return b;
    },
    fromJSON: BigInt,
    toJSON: Number,
    isValid: (n: unknown) => typeof n === 'bigint',
    compare: (a: bigint, b: bigint) => Number(a > b) - Number(a < b),
  });
  return avro.Type.forSchema(withoutLogicalTypes(schema) as avro.Schema, { registry: { long } });
}

/** avsc looks into its registry for bare names only. */
export function withoutLogicalTypes(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutLogicalTypes);
  if (typeof schema !== 'object' || schema === null) return schema;
  if ('logicalType' in schema && 'type' in schema) return schema.type;
  return Object.fromEntries(Object.entries(schema).map(([k, x]) => [k, withoutLogicalTypes(x)]));
}

/** A delta as a plain Avro record of today's schema: groups dissolved, longs signed bigints, bytes a Buffer. */
export function plainOf(delta: SessionDelta): Record<string, unknown> {
  return plain(treeOf(sessionDeltaSchema), delta) as Record<string, unknown>;
}

function plain(tree: Tree, value: unknown): unknown {
  switch (tree.kind) {
    case 'long':
      return BigInt.asIntN(64, BigInt(value as number | bigint));
    case 'bytes':
      return Buffer.from(value as Uint8Array);
    case 'union':
      return value === null ? null : plain(tree.branches[1] as Tree, value);
    case 'array':
      return (value as unknown[]).map((x) => plain(tree.items, x));
    case 'map':
      return Object.fromEntries(
        Object.entries(value as Record<string, unknown>).map(([k, x]) => [k, plain(tree.values, x)]),
      );
    case 'record': {
      const bag = value as Record<string, Record<string, unknown>>;
      return Object.fromEntries(
        tree.fields.map((f) => {
          const group = groupOf(tree.name, f.name);
          return [f.name, plain(f.type, group === null ? bag[f.name] : bag[group]?.[f.name])];
        }),
      );
    }
    default:
      return value;
  }
}
