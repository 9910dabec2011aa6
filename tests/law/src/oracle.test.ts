/** The oracle is silent about a right diff, and finds every mistake in a wrong one. */
import { describe, expect, it } from 'vitest';
import { capturesOf } from './fleets.ts';
import { mistakes, NaiveDiff, type Mistake } from './naive.ts';
import { Oracle } from './oracle.ts';

function problemsOf(seed: number, faults: 'none' | 'oracle', mistake: Mistake | null): string[] {
  const fewIds = mistake === 'takes reuse for the same session' || faults === 'none';
  const routers = new Map<string, { diff: NaiveDiff; oracle: Oracle }>();
  for (const capture of capturesOf({ seed, faults: faults === 'none' ? 'none' : someFaults, fewIds })) {
    const known = routers.get(capture.router) ?? {
      diff: new NaiveDiff(mistake),
      oracle: new Oracle({ mixedLevels: false, steadyClocks: true }),
    };
    routers.set(capture.router, known);
    known.oracle.judge(capture, known.diff.apply(capture));
  }
  return [...routers.values()].flatMap(({ oracle }) => oracle.problems);
}

/** What the naive diff can stand. */
const someFaults = {
  capture: {
    cut: 0.05,
    late: 0.05,
    duplicate: 0.05,
    missed: 0.05,
    garbage: 0.05,
    filtered: 0.05,
    open: 0.05,
  },
  router: { clearStatistics: 30, tunnelDown: 20, failover: 10, daemonRestart: 10 },
};

describe('the oracle', () => {
  it.each([1, 2])('has nothing against a right diff of a clean run, seed %i', (seed) => {
    expect(problemsOf(seed, 'none', null).slice(0, 5)).toEqual([]);
  });

  it.each([1, 2])('has nothing against a right diff of a run with faults, seed %i', (seed) => {
    expect(problemsOf(seed, 'oracle', null).slice(0, 5)).toEqual([]);
  });

  it.each(mistakes)('finds a diff that %s', (mistake) => {
    expect([1, 2, 3, 4].some((seed) => problemsOf(seed, 'oracle', mistake).length > 0)).toBe(true);
  });
});
