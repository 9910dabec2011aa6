import { expect, test } from 'vitest';
import { shown, spread } from './statistics.ts';

test('quantiles lie between the samples', () => {
  expect(spread([30, 10, 20])).toEqual({ median: 20, p10: 12, p90: 28 });
  expect(spread([5])).toEqual({ median: 5, p10: 5, p90: 5 });
  expect(() => spread([])).toThrow('nothing');
});

test('numbers show the digits that mean something', () => {
  expect([1234567.8, 99.94, 1.234, 0.01234].map(shown)).toEqual(['1,234,568', '99.9', '1.23', '0.012']);
});
