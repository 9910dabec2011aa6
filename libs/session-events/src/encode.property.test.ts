import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeDelta } from './decode.ts';
import { avscType, deltas, plainOf } from './delta.fixture.ts';
import { encodeDelta } from './encode.ts';
import { sessionDeltaSchema } from './schema.ts';
import { createEventWriter, takeWritten, written } from './writer.ts';

const avsc = avscType(sessionDeltaSchema);

describe('the encoder', () => {
  it('writes the bytes that avsc writes', () => {
    const w = createEventWriter(16);
    fc.assert(
      fc.property(deltas, (delta) => {
        w.at = 0;
        encodeDelta(delta, w);
        expect(Buffer.from(written(w)).equals(avsc.toBuffer(plainOf(delta)))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('the decoder', () => {
  it('reads what avsc wrote', () => {
    fc.assert(
      fc.property(deltas, (delta) => {
        expect(decodeDelta(avsc.toBuffer(plainOf(delta)))).toEqual(delta);
      }),
      { numRuns: 300 },
    );
  });

  it('refuses bytes cut short or with more after them', () => {
    const w = createEventWriter();
    fc.assert(
      fc.property(deltas, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (delta, part) => {
        w.at = 0;
        encodeDelta(delta, w);
        const whole = takeWritten(w);
        expect(() => decodeDelta(whole.subarray(0, Math.floor(whole.length * part)))).toThrow(
          /datum|long|branch|symbol/,
        );
        expect(() => decodeDelta(Buffer.concat([whole, Buffer.of(0)]))).toThrow('1 bytes after');
      }),
      { numRuns: 200 },
    );
  });

  it('never hangs and throws only its own error on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        try {
          decodeDelta(bytes);
        } catch (error) {
          expect((error as Error).name).toBe('AvroDataError');
        }
      }),
      { numRuns: 2000 },
    );
  });
});
