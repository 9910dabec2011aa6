import type { SessionDelta } from '@sessionreel/session-model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { apacheAvro } from './apache.fixture.ts';
import { fingerprint } from './canonical.ts';
import { deltaDecoder } from './decode.ts';
import { avscType, deltas, plainOf } from './delta.fixture.ts';
import { encodeDelta } from './encode.ts';
import { currentFingerprint } from './framing.ts';
import { currentDatum, decodeDatum, readSchemaHistory, UnknownSchemaError } from './history.ts';
import { sessionDeltaSchema } from './schema.ts';
import type { Schema } from './tree.ts';
import { createEventWriter, takeWritten } from './writer.ts';

const history = readSchemaHistory();
const samples = fc.sample(deltas, { seed: 5, numRuns: 20 });

function datumOf(delta: SessionDelta): Uint8Array {
  const w = createEventWriter();
  encodeDelta(delta, w);
  return takeWritten(w);
}

describe('schemas/avro/history', () => {
  it('holds the schema that events are written with today', () => {
    expect(history.map(({ schema }) => fingerprint(schema))).toContain(currentFingerprint);
  });

  it.each(history)("$name is read by today's reader", ({ schema }) => {
    const old = avscType(schema);
    const today = avscType(sessionDeltaSchema);
    const resolver = old.createResolver(today);
    for (const delta of samples) {
      // What an old writer would have written of it, by avsc.
      const datum = old.toBuffer(old.fromBuffer(today.toBuffer(plainOf(delta)), resolver));
      const read = decodeDatum(datum, fingerprint(schema));
      expect(today.isValid(plainOf(read))).toBe(true);
      const expected = today.toBuffer(today.fromBuffer(datum, today.createResolver(old)));
      expect(today.toBuffer(plainOf(read)).equals(expected)).toBe(true);
      expect(expected.equals(currentDatum(datum, fingerprint(schema)))).toBe(true);
    }
  });

  it.each(history)('$name reads what is written today', ({ schema }) => {
    const old = avscType(schema);
    const resolver = old.createResolver(avscType(sessionDeltaSchema));
    const decode = deltaDecoder(sessionDeltaSchema, schema);
    for (const delta of samples) {
      const datum = datumOf(delta);
      const read = old.fromBuffer(Buffer.from(datum), resolver) as SessionDelta;
      expect(read.router).toBe(delta.router);
      expect(decode(datum).keyframe.length).toBe(delta.keyframe.length);
    }
  });

  const ask = apacheAvro();
  it.skipIf(ask === null).each(history)(
    '$name and today resolve for Apache Avro, both ways',
    ({ schema }) => {
      const datum = Buffer.from(datumOf(samples[7] as SessionDelta)).toString('base64');
      const [forward] = ask?.([{ datum, writer: sessionDeltaSchema, reader: schema }]) ?? [];
      expect((forward as SessionDelta).router).toBe(samples[7]?.router);
      const [backward] =
        ask?.([
          { datum, writer: schema, reader: schema },
          { datum, writer: schema, reader: sessionDeltaSchema },
        ]) ?? [];
      expect((backward as SessionDelta).router).toBe(samples[7]?.router);
    },
  );

  it('does not know a newer schema, and says so', () => {
    expect(() => currentDatum(new Uint8Array(4), '0123456789abcdef')).toThrow(UnknownSchemaError);
    expect(() => decodeDatum(new Uint8Array(4), '0123456789abcdef')).toThrow('newer release');
  });
});

/** Schemas that a later release may well have, made from today's. */
describe('a schema that has grown', () => {
  type Bag = Record<string, unknown>;
  const grown = JSON.parse(JSON.stringify(sessionDeltaSchema)) as { fields: Bag[] };
  const itemsOf = (name: string): { fields: Bag[] } => {
    const type = grown.fields.find((x) => x['name'] === name)?.['type'] as Bag;
    return type['items'] as { fields: Bag[] };
  };
  grown.fields.splice(3, 0, { name: 'release', type: 'string', default: 'none' });
  itemsOf('opened').fields.push({ name: 'colour', type: ['null', 'long'], default: null });
  itemsOf('opened').fields.splice(4, 0, {
    name: 'tags',
    type: { type: 'map', values: 'string' },
    default: {},
  });
  const kind = itemsOf('counters').fields.find((x) => x['name'] === 'kind')?.['type'] as Bag;
  kind['symbols'] = ['normal', 'epoch', 'wrap', 'glued'];
  const prints = grown.fields.findIndex((x) => x['name'] === 'prints');
  grown.fields.splice(prints, 1);

  const before = avscType(sessionDeltaSchema);
  const after = avscType(grown);

  it('reads what was written before', () => {
    const decode = deltaDecoder(sessionDeltaSchema, grown);
    const resolver = after.createResolver(before);
    for (const delta of samples) {
      const datum = Buffer.from(datumOf(delta));
      const read = decode(datum) as SessionDelta & { release: string; prints?: unknown };
      expect(read.release).toBe('none');
      expect(read.prints).toBeUndefined();
      const expected = after.fromBuffer(datum, resolver) as { opened: { colour: null; tags: object }[] };
      expect(
        read.opened.map((x) => [(x as unknown as Bag)['colour'], (x as unknown as Bag)['tags']]),
      ).toEqual(expected.opened.map((x) => [x.colour, { ...x.tags }]));
      expect(read.opened.map((x) => x.values)).toEqual(delta.opened.map((x) => x.values));
    }
  });

  it('is read by the release before it, its new enum symbol as the default', () => {
    const decode = deltaDecoder(grown, sessionDeltaSchema);
    for (const delta of samples) {
      const plain = plainOf(delta) as Record<string, Bag[]> & Bag;
      const images = ['opened', 'changed', 'closed', 'rebase', 'keyframe'];
      for (const name of images) {
        plain[name] = (plain[name] as Bag[]).map((x) => ({ ...x, colour: 7n, tags: { a: 'b' } }));
      }
      plain['counters'] = (plain['counters'] as Bag[]).map((x) => ({ ...x, kind: 'glued' }));
      const datum = after.toBuffer({ ...plain, release: '9' });
      const counters = delta.counters.map((x) => ({ ...x, kind: 'normal' }));
      expect(decode(datum)).toEqual({ ...delta, counters, prints: [] });
    }
  });

  it('that drops a field without a default can not be read', () => {
    const without = { ...grown, fields: grown.fields.filter((x) => x['name'] !== 'router') };
    expect(() => deltaDecoder(without)).toThrow('SessionDelta.router was not written');
  });
});

it('an int that became a long is read, and a long that became an int is refused', () => {
  const wide = JSON.parse(JSON.stringify(sessionDeltaSchema)) as {
    fields: { name: string; type: unknown }[];
  };
  for (const x of wide.fields) if (x.name === 'piece') x.type = 'long';
  const datum = datumOf(samples[0] as SessionDelta);
  expect(deltaDecoder(sessionDeltaSchema, wide as unknown as Schema)(datum)).toEqual(samples[0]);
  expect(() => deltaDecoder(wide as unknown as Schema)).toThrow('long can not be read as int');
});
