import { describe, expect, test } from 'vitest';
import { backTest, daysUntil, fitModel, normalQuantile, type Sample } from './forecast.ts';

const hour = 3_600_000;
const start = Date.UTC(2026, 9, 5);

/** A seeded noise of a normal kind. */
function noise(seed: number): () => number {
  let a = seed;
  const unit = (): number => {
    a = (Math.imul(a, 1_103_515_245) + 12_345) >>> 0;
    return (a + 0.5) / 2 ** 32;
  };
  return () => normalQuantile(unit());
}

/** Grows by 24 a day, with an evening's peak and quieter weekends. */
function world(days: number, sigma: number, seed = 1): Sample[] {
  const next = noise(seed);
  return Array.from({ length: days * 24 }, (_, i) => {
    const at = start + i * hour;
    const weekend = [0, 6].includes(new Date(at).getUTCDay()) ? -100 : 0;
    const value = 1_000 + i + 200 * Math.sin((2 * Math.PI * (i % 24)) / 24) + weekend + sigma * next();
    return { at, value };
  });
}

describe('a trend with its season', () => {
  test('is found exactly where there is no noise', () => {
    const samples = world(28, 0);
    const model = fitModel(samples);
    expect(model.season).toBe('week');
    expect(model.slopePerDay).toBeCloseTo(24, 3);
    for (const day of [28, 35, 60]) {
      const at = start + day * 24 * hour + 18 * hour;
      const i = day * 24 + 18;
      const weekend = [0, 6].includes(new Date(at).getUTCDay()) ? -100 : 0;
      const expected = 1_000 + i + 200 * Math.sin((2 * Math.PI * 18) / 24) + weekend;
      expect(model.predict(at).value).toBeCloseTo(expected, 0);
    }
  });

  test('is the same with gaps: a gap is no zero', () => {
    const samples = world(28, 5);
    const holes = samples.filter((_, i) => i % 50 > 12);
    expect(fitModel(holes).slopePerDay).toBeCloseTo(fitModel(samples).slopePerDay, 0);
  });

  test('has an interval that holds about as often as it says, and widens', () => {
    const samples = world(42, 30, 7);
    const model = fitModel(samples.slice(0, 28 * 24), 0.9);
    const unseen = samples.slice(28 * 24);
    const inside = unseen.filter((s) => {
      const p = model.predict(s.at);
      return s.value >= p.low && s.value <= p.high;
    }).length;
    expect(inside / unseen.length).toBeGreaterThan(0.8);
    const width = (at: number): number => model.predict(at).high - model.predict(at).low;
    expect(width(start + 365 * 24 * hour)).toBeGreaterThan(width(start + 29 * 24 * hour));
  });

  test('takes the day where weeks are not known, and a line of less', () => {
    expect(fitModel(world(5, 1)).season).toBe('day');
    expect(fitModel(world(1, 1)).season).toBe('none');
    expect(() => fitModel([{ at: 1, value: 1 }])).toThrow(RangeError);
  });
});

test('the back-test holds out what it judges by', () => {
  const good = backTest(world(28, 10));
  expect(good?.meanRelativeError).toBeLessThan(0.03);
  expect(good?.inside).toBeGreaterThan(0.75);
  // A break that nothing announced: the error must say so.
  const broken = world(28, 10).map((s, i) => (i > 24 * 24 ? { ...s, value: s.value / 2 } : s));
  expect(backTest(broken)?.meanRelativeError).toBeGreaterThan(0.3);
  expect(backTest(world(2, 1))).toBeNull();
});

test('days until a limit, by the line and by both bounds', () => {
  const samples = world(28, 10);
  const model = fitModel(samples);
  const from = start + 28 * 24 * hour;
  const { days, earliest, latest } = daysUntil(model, from, 3_000);
  // 1000 + 672 now, 200 more at the peak, 24 a day.
  expect(days).toBeGreaterThanOrEqual(45);
  expect(days).toBeLessThanOrEqual(49);
  expect(earliest).toBeLessThanOrEqual(days ?? 0);
  expect(latest).toBeGreaterThanOrEqual(days ?? 0);
  expect(daysUntil(model, from, 10 ** 9)).toEqual({ days: null, earliest: null, latest: null });
});

test('quantiles of the normal distribution', () => {
  for (const [p, z] of [
    [0.5, 0],
    [0.975, 1.959964],
    [0.95, 1.644854],
    [0.01, -2.326348],
    [0.999, 3.090232],
  ] as const)
    expect(normalQuantile(p)).toBeCloseTo(z, 5);
});
