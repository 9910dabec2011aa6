import type { SessionDelta } from '@sessionreel/session-model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { apacheAvro } from './apache.fixture.ts';
import { canonicalForm, fingerprintBytes } from './canonical.ts';
import { deltas, plainOf, withoutLogicalTypes } from './delta.fixture.ts';
import { encodeDelta } from './encode.ts';
import { ocfOf, outerSchema } from './ocf.ts';
import { sessionDeltaSchema } from './schema.ts';
import type { Schema } from './tree.ts';
import { createEventWriter, takeWritten } from './writer.ts';

const ask = apacheAvro();

const samples = fc.sample(deltas, { seed: 20260817, numRuns: 60 });

function datumOf(delta: SessionDelta): Uint8Array {
  const w = createEventWriter();
  encodeDelta(delta, w);
  return takeWritten(w);
}

/** As read_events.py prints: integers as strings, bytes in hexadecimal. */
function printed(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (Buffer.isBuffer(value)) return value.toString('hex');
  if (Array.isArray(value)) return value.map(printed);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([k, x]) => [k, printed(x)]));
  }
  // The only JavaScript numbers of a plain record are ints and doubles; the doubles are those with a field of their own.
  return value;
}

const doubles = new Set(['interval_s']);
const withIntsAsText = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (key, x: unknown) => (typeof x === 'number' && !doubles.has(key) ? String(x) : x)),
  );

describe.skipIf(ask === null)('Apache Avro for Python', () => {
  it('reads the records of an object container file as they were meant', { timeout: 60_000 }, () => {
    const messages = samples.map((x, i) => ({ partition: i % 7, offset: 2 ** 40 + i, datum: datumOf(x) }));
    const [records] = ask?.([{ ocf: Buffer.from(ocfOf(messages, 12)).toString('base64') }]) ?? [];
    const expected = samples.map((x, i) => ({
      kafka_partition: String(i % 7),
      kafka_offset: String(2 ** 40 + i),
      loader_epoch: '12',
      ...(withIntsAsText(printed(plainOf(x))) as object),
    }));
    expect(records).toEqual(expected);
  });

  // It prints a logical type as {"type":"long"}; the specification, Java and fastavro print "long".
  it('finds the same canonical form and fingerprint', () => {
    const schemas: Schema[] = [
      'int',
      {
        type: 'record',
        name: 'a.b.C',
        doc: 'x',
        fields: [{ name: 'd', type: ['null', 'long'], default: null }],
      },
      { type: 'enum', name: 'E', namespace: 'n', symbols: ['X', 'Y'], default: 'X' },
      { type: 'map', values: { type: 'array', items: { type: 'bytes' } } },
      sessionDeltaSchema,
      outerSchema,
    ];
    const answers = ask?.(schemas.map((schema) => ({ schema: withoutLogicalTypes(schema) }))) as {
      canonical: string;
      fingerprint: string;
    }[];
    schemas.forEach((schema, i) => {
      expect(answers[i]?.canonical).toBe(canonicalForm(schema));
      expect(answers[i]?.fingerprint).toBe(Buffer.from(fingerprintBytes(schema)).toString('hex'));
    });
  });
});
