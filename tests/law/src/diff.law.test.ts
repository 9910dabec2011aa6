/** Each law on a few seeds, and on those that once found a mistake. `npm run law` tries as many as there is time for. */
import { describe, expect, it } from 'vitest';
import { laws } from './laws.ts';

const seeds = [3, 4];
/**
 * Seeds that once found a mistake. Of runs with every fault: clocks and zones set in every way, over daylight saving, behind cut and
 * filtered listings.
 */
const found: Readonly<Record<string, readonly number[]>> = {
  harsh: [
    7, 10, 13, 16, 32, 40, 68, 72, 110, 233, 283, 350, 423, 438, 583, 901, 950, 1277, 1346, 1662, 1870, 2061,
    2307,
  ],
};

describe.each(laws.map((law) => [law.name, law] as const))('%s', (name, law) => {
  it.each([...seeds, ...(found[name] ?? [])])('holds with seed %i', (seed) => {
    expect(law.broken(seed).slice(0, 8)).toEqual([]);
  });
});
