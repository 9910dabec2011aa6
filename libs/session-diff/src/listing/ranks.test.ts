import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assignRanks, fillGaps } from './ranks.ts';

/** Ranks that mostly rise, with new sessions (0) between them, close together or far apart. */
const listings = fc
  .array(fc.oneof(fc.constant(0), fc.integer({ min: -1, max: 3 }), fc.integer({ min: 1, max: 10_000 })), {
    maxLength: 20,
  })
  .map((steps) => {
    let rank = 0;
    return steps.map((step) => (step === 0 ? 0 : Math.max(1, (rank += step))));
  });

const isRising = (ranks: Float64Array): boolean =>
  ranks.every((rank, i) => rank > (i === 0 ? 0 : (ranks[i - 1] as number)));

describe('ranks of new sessions', () => {
  it('are those of the long way wherever there is room', () => {
    fc.assert(
      fc.property(listings, (ranks) => {
        const filled = Float64Array.from(ranks);
        const places = fillGaps(filled);
        if (places === null) expect(filled).toEqual(Float64Array.from(ranks));
        else {
          expect(filled).toEqual(assignRanks(ranks) ?? Float64Array.from(ranks));
          expect(isRising(filled)).toBe(true);
          expect(places).toEqual(ranks.flatMap((rank, i) => (rank === 0 ? [i] : [])));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('are left to the long way where there is none, or where ranks fall', () => {
    for (const ranks of [
      [1, 0, 2],
      [5, 0, 0, 7],
      [0, 1],
      [9, 8],
      [3, 3],
    ])
      expect(fillGaps(Float64Array.from(ranks)), ranks.join()).toBeNull();
    expect(fillGaps(Float64Array.of(4, 0, 8))).toEqual([1]);
    for (const ranks of [
      [3, 3],
      [9, 8],
      [1, 0, 2],
    ])
      expect(isRising(assignRanks(ranks) ?? Float64Array.of(0)), ranks.join()).toBe(true);
  });
});
