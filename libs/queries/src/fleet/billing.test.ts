import { expect, test } from 'vitest';
import { Samples, percentile95 } from './billing.ts';

test('the highest twentieth is left out', () => {
  expect(percentile95([])).toBe(0);
  expect(percentile95([7])).toBe(7);
  expect(percentile95(Array.from({ length: 100 }, (_, i) => i + 1))).toBe(95);
  expect(percentile95(Array.from({ length: 20 }, (_, i) => i + 1))).toBe(19);
});

test('bytes are spread evenly over the interval that they passed in', () => {
  const samples = new Samples(300);
  // 450 s of 300 B/s each way: the first sample is half covered.
  samples.add('a', 600_000, 450, 135_000n, 135_000n);
  samples.add('', 600_000, 300, 0n, 8n);
  const { rows, coarseShare, withoutName, ...rest } = samples.billed(0, 600_000);
  expect(rest).toEqual({ samples: 2, samplesExpected: 2 });
  expect(rows).toEqual([
    { name: 'a', rxBps: 2_400, txBps: 2_400, billedBps: 2_400, rxBytes: 135_000n, txBytes: 135_000n },
  ]);
  expect(coarseShare).toBeCloseTo(1, 4);
  expect(withoutName).toBe(8n);
});

test('a name without bytes where others had some had none; where nobody was heard is a gap', () => {
  const samples = new Samples(300);
  for (let bin = 1; bin <= 10; bin++) samples.add('busy', bin * 300_000, 300, 300n, 0n);
  samples.add('once', 300_000, 300, 30_000n, 0n);
  const found = samples.billed(0, 20 * 300_000);
  expect([found.samples, found.samplesExpected]).toEqual([10, 20]);
  expect(found.rows.map((r) => [r.name, r.rxBps])).toEqual([
    ['once', 800],
    ['busy', 8],
  ]);
});
