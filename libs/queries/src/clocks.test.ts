import { fields, type FieldValue } from '@sessionreel/session-model';
import { describe, expect, test } from 'vitest';
import { addClocks, listingClock } from './clocks.ts';

const presence = (letters: Readonly<Record<string, string>>): string =>
  fields.map((f) => letters[f.name] ?? '.').join('');

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

describe('up and idle times', () => {
  const clock = listingClock([{ routerClock: 10_000, clockSteps: [] }]);
  const details = { layout: 0n, rank: 1, idleSince: 9_990, clockOffset: 2 };
  const of = (letters: Record<string, string>, over = {}): Record<string, FieldValue> => {
    const values: Record<string, FieldValue> = { create_time: 4_000 };
    addClocks(values, presence(letters), { ...details, ...over }, clock);
    return values;
  };
  test('come back as printed', () => {
    expect(of({ up_time_s: 'v', idle_time_s: 'v' })).toMatchObject({ up_time_s: 6_002, idle_time_s: 12 });
  });
  test('are zero for a session that was active', () => {
    expect(of({ idle_time_s: 'v' }, { idleSince: null })).toMatchObject({ idle_time_s: 0 });
  });
  test('are absent, empty or N/A as they were printed', () => {
    expect(of({ up_time_s: 'e', idle_time_s: 'n' })).toEqual({
      create_time: 4_000,
      up_time_s: '',
      idle_time_s: null,
    });
    expect(of({})).toEqual({ create_time: 4_000 });
  });
});
