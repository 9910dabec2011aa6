/** Captures read one after another with what the others taught: each says what it says alone, layouts included. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inventedListing } from '../testing/invented.ts';
import { LearnedLayouts } from './learned-layouts.ts';
import { mutate, repeated, seeded } from '../testing/mutate.ts';
import { referenceTexts } from '../layout/reference-texts.ts';
import { parseCapture } from '../testing/parse-capture.ts';

const plain = (value: unknown): string =>
  JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? String(v) : v));

const samples = Object.values(referenceTexts);

/** A sample, or one with more sessions, or with something wrong. */
const reference = fc.tuple(fc.nat(samples.length - 1), fc.nat(), fc.nat(2)).map(([at, seed, kind]) => {
  const text = samples[at] ?? '';
  const random = seeded(seed);
  if (kind === 0) return Buffer.from(text);
  const several = repeated(Buffer.from(text).toString('latin1'), random);
  return kind === 1 ? several : mutate(several, random);
});
const invented = inventedListing.map(({ text }) => Buffer.from(text));

describe('captures read with what others taught', { timeout: 60_000 }, () => {
  it('say the same', () => {
    const learned = new LearnedLayouts();
    fc.assert(
      fc.property(
        fc.array(fc.oneof(reference, invented), { minLength: 1, maxLength: 5 }),
        fc.boolean(),
        (captures, complete) => {
          for (const bytes of captures) {
            const taught = parseCapture([bytes], { complete }, {}, { learned });
            expect(plain(taught)).toBe(plain(parseCapture([bytes], { complete }, {}, { predict: false })));
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it('may be read at the same time', () => {
    const learned = new LearnedLayouts();
    const text = Buffer.from(samples[7] ?? '');
    const alone = plain(parseCapture([text]));
    const inner: string[] = [];
    const outer = parseCapture(
      (function* () {
        yield text.subarray(0, 400);
        inner.push(plain(parseCapture([text], {}, {}, { learned })));
        yield text.subarray(400);
      })(),
      {},
      {},
      { learned },
    );
    expect([plain(outer), ...inner]).toEqual([alone, alone]);
  });

  it('are bounded in what they leave', () => {
    const learned = new LearnedLayouts();
    const room = learned.matcher.records.room;
    for (let n = 0; n < 300; n++) {
      let text = 'Tunnel local ID: 1\n';
      for (let i = 1; i <= 20; i++)
        text += `  Session local ID: ${i}, Session remote ID: 1\n${' '.repeat(3 + (n % 200))}State: Established\n${' '.repeat(n)}Mode: Shared, Local ${'x'.repeat(n)}: 1\n`;
      parseCapture([Buffer.from(text)], {}, {}, { learned });
    }
    expect(learned.matcher.records.room).toBeGreaterThan(room / 8);
    expect(learned.shapes.size).toBeLessThan(25_000);
  });
});
