import avro from 'avsc';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { canonicalForm } from './canonical.ts';
import { deltas } from './delta.fixture.ts';
import { encodeDelta } from './encode.ts';
import { ocfOf, outerSchema, type OcfMessage } from './ocf.ts';
import { peekDelta } from './peek.ts';
import { createEventWriter, takeWritten } from './writer.ts';

const samples = fc.sample(deltas, { seed: 11, numRuns: 10 });
const messages = samples.map((delta, i): OcfMessage => {
  const w = createEventWriter();
  encodeDelta(delta, w);
  return { partition: i, offset: 1000 + i, datum: takeWritten(w) };
});

/** Header fields by avsc's own definition of a container file. */
function read(file: Uint8Array): {
  schema: unknown;
  codec: string;
  count: number;
  data: Buffer;
  sync: Buffer;
} {
  const header = avro.streams.BlockDecoder.defaultCodecs();
  expect(Object.keys(header)).toContain('null');
  const type = avro.Type.forSchema({
    type: 'record',
    name: 'Header',
    fields: [
      { name: 'magic', type: { type: 'fixed', name: 'Magic', size: 4 } },
      { name: 'meta', type: { type: 'map', values: 'bytes' } },
      { name: 'sync', type: { type: 'fixed', name: 'Sync', size: 16 } },
      { name: 'count', type: 'long' },
      { name: 'data', type: 'bytes' },
      { name: 'again', type: 'Sync' },
    ],
  });
  const value = type.fromBuffer(Buffer.from(file)) as {
    magic: Buffer;
    meta: Record<string, Buffer>;
    sync: Buffer;
    count: number;
    data: Buffer;
    again: Buffer;
  };
  expect(value.magic.toString('latin1')).toBe('Obj\u0001');
  expect(value.again.equals(value.sync)).toBe(true);
  return {
    schema: JSON.parse(String(value.meta['avro.schema'])),
    codec: String(value.meta['avro.codec']),
    count: value.count,
    data: value.data,
    sync: value.sync,
  };
}

it('is a container file of one block whose records are three longs and the datum', () => {
  const file = read(ocfOf(messages, 3));
  expect(file.schema).toEqual(outerSchema);
  expect(file.codec).toBe('null');
  expect(file.count).toBe(messages.length);
  const expected = messages.map((x, i) =>
    Buffer.concat([
      avro.Type.forSchema('long').toBuffer(x.partition),
      avro.Type.forSchema('long').toBuffer(1000 + i),
      Buffer.of(6),
      x.datum,
    ]),
  );
  expect(file.data.equals(Buffer.concat(expected))).toBe(true);
});

it('has the same bytes for the same batch, in every process', () => {
  expect(Buffer.from(ocfOf(messages, 3)).equals(ocfOf(messages, 3))).toBe(true);
  expect(read(ocfOf(messages, 3)).sync).toEqual(read(ocfOf(messages.slice(1), 9)).sync);
});

it('of no message is a file of no block', () => {
  expect(avro.Type.forSchema(JSON.parse(canonicalForm(outerSchema)) as avro.Schema)).toBeDefined();
  expect(ocfOf([], 1).length).toBeLessThan(ocfOf(messages.slice(0, 1), 1).length);
});

it('peekDelta reads the leading fields alone', () => {
  samples.forEach((delta, i) => {
    const { router, at, captured_at, seq, gop, piece, pieces } = delta;
    expect(peekDelta(messages[i]?.datum ?? new Uint8Array())).toEqual({
      router,
      at,
      captured_at,
      seq,
      gop,
      piece,
      pieces,
    });
  });
});
