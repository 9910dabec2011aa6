import { describe, expect, it } from 'vitest';
import { fingerprintBytes } from './canonical.ts';
import { currentFingerprint, unframe, writeFraming } from './framing.ts';
import { decodeEvent, UnknownSchemaError } from './history.ts';
import { sessionDeltaSchema } from './schema.ts';
import { createEventWriter, written } from './writer.ts';

describe('single-object encoding', () => {
  it('is C3 01 and the fingerprint, little endian', () => {
    const w = createEventWriter();
    writeFraming(w);
    expect([...written(w)]).toEqual([0xc3, 0x01, ...fingerprintBytes(sessionDeltaSchema)]);
    expect(unframe(Buffer.concat([written(w), Buffer.from('datum')]))).toEqual({
      kind: 'single-object',
      fingerprint: currentFingerprint,
      datum: Buffer.from('datum'),
    });
  });
});

describe("Confluent's framing", () => {
  it('is 0 and the id, big endian', () => {
    const w = createEventWriter();
    writeFraming(w, { schemaId: 0x01020304 });
    expect([...written(w)]).toEqual([0, 1, 2, 3, 4]);
    expect(unframe(Uint8Array.of(0, 1, 2, 3, 4, 9))).toEqual({
      kind: 'confluent',
      schemaId: 0x01020304,
      datum: Uint8Array.of(9),
    });
  });

  it('of an id that nobody asked the registry about is an unknown schema', () => {
    expect(() => decodeEvent(Uint8Array.of(0, 0, 0, 0, 7, 1))).toThrow(UnknownSchemaError);
  });
});

it.each([[''], ['c3'], ['c301aabb'], ['{"router":"x"}']])('%j is framed in neither way', (text) => {
  const bytes = text.startsWith('c3') ? Buffer.from(text, 'hex') : Buffer.from(text);
  expect(() => unframe(bytes)).toThrow('framed neither');
});
