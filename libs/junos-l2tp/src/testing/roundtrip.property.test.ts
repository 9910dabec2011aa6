import fc from 'fast-check';
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { inventedListing } from './invented.ts';
import { parseCapture, printAgain, type ParsedCapture } from './parse-capture.ts';

const fixtures = new URL('../../fixtures/', import.meta.url);
const samples = readdirSync(fixtures)
  .filter((name) => /^\d\d-/.test(name))
  .map((name) => ({ name, bytes: readFileSync(new URL(`${name}/in.txt`, fixtures)) }));

const plain = (values: object): string =>
  JSON.stringify(values, (_, v: unknown) => (typeof v === 'bigint' ? String(v) : v));
const seen = (capture: ParsedCapture): string => plain(capture);

function chunksAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const sorted = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
  return sorted.slice(1).map((end, i) => bytes.slice(sorted[i], end));
}

describe('the reference outputs', { timeout: 60_000 }, () => {
  it.each(samples)('$name is printed again, byte for byte', ({ bytes }) => {
    const { snapshots } = parseCapture([bytes]);
    const again = printAgain(snapshots[0] as (typeof snapshots)[0]);
    expect(Buffer.from(again).toString()).toBe(bytes.subarray(bytes.indexOf(10) + 1).toString());
  });

  it.each(samples)('$name reads the same, cut at every byte', ({ bytes }) => {
    const whole = seen(parseCapture([bytes]));
    for (let cut = 1; cut < bytes.length; cut++)
      expect(seen(parseCapture(chunksAt(bytes, [cut])))).toBe(whole);
    expect(seen(parseCapture(chunksAt(bytes, [...bytes.keys()].slice(1))))).toBe(whole);
  });
});

describe('invented layouts', { timeout: 60_000 }, () => {
  it('are read, whatever their lines', () => {
    fc.assert(
      fc.property(inventedListing, ({ text, sessions }) => {
        const { snapshots } = parseCapture([Buffer.from(text)], { complete: true });
        const [snapshot] = snapshots;
        expect(snapshot?.facts.errors).toEqual([]);
        const read = snapshot?.sessions.map(({ record }) => record.values) ?? [];
        const sorted = (v: object): string =>
          plain(Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1)))).replace(
            /"(\d+)"/g,
            '$1',
          );
        expect(read.map(sorted)).toEqual(sessions.map(sorted));
      }),
      { numRuns: 150 },
    );
  });

  it('are printed again, byte for byte, and read the same however they are cut', () => {
    fc.assert(
      fc.property(
        inventedListing,
        fc.boolean(),
        fc.array(fc.nat(), { maxLength: 6 }),
        ({ text }, isWhole, at) => {
          const bytes = Buffer.from(isWhole ? text : text.trimEnd());
          const hints = { complete: isWhole };
          const capture = parseCapture([bytes], hints);
          expect(capture.snapshots.length).toBe(1);
          const [snapshot] = capture.snapshots;
          if (snapshot === undefined) return;
          expect(Buffer.from(printAgain(snapshot)).toString()).toBe(bytes.toString());
          const cuts = at.map((n) => n % bytes.length);
          expect(seen(parseCapture(chunksAt(bytes, cuts), hints))).toBe(seen(capture));
        },
      ),
      { numRuns: 150 },
    );
  });
});
