import { describe, expect, test } from 'vitest';
import { listingClock } from './clocks.ts';

describe('the clock of a listing', () => {
  test('goes by stretches of ranks', () => {
    const clock = listingClock([{ routerClock: 1_000, clockSteps: [10, 0, 500, 2, 900, 3] }]);
    expect([0, 10, 499, 500, 899, 900, 9_999].map((r) => clock.at(r))).toEqual([
      1_000, 1_000, 1_000, 1_002, 1_002, 1_003, 1_003,
    ]);
  });
  test('takes the stretches of all parts together', () => {
    const clock = listingClock([
      { routerClock: 2_000, clockSteps: [0, 0] },
      { routerClock: null, clockSteps: [] },
      { routerClock: 2_060, clockSteps: [700, 1] },
    ]);
    expect([5, 700].map((r) => clock.at(r))).toEqual([2_000, 2_061]);
  });
  test('is unknown where nothing was printed, and moves on by a shift', () => {
    expect(listingClock([]).at(0)).toBeNull();
    expect(listingClock([{ routerClock: 5, clockSteps: [] }], 60).at(0)).toBe(65);
  });
});
