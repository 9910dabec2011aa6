import { describe, expect, it } from 'vitest';
import { StateSum } from './hash.ts';

const pairs = Array.from({ length: 60 }, (_, i) => [Math.imul(i, 0x9e3779b1), i * 7919] as const);

function sumOf(given: readonly (readonly [number, number])[]): StateSum {
  const sum = new StateSum();
  for (const [a, b] of given) sum.spread(a, b, 1);
  return sum;
}

describe('the sum of hashes', () => {
  it('is one of whole numbers modulo 2^128, in any order', () => {
    const all = pairs.reduce((total, pair) => total + BigInt(`0x${sumOf([pair]).hex}`), 0n);
    const expected = BigInt.asUintN(128, all).toString(16).padStart(32, '0');
    expect(sumOf(pairs).hex).toBe(expected);
    expect(sumOf(pairs.toReversed()).hex).toBe(expected);
    expect(all).toBeGreaterThan(2n ** 128n);
  });

  it('forgets what is taken away, also across copies', () => {
    const some = sumOf(pairs.slice(0, 20));
    const more = some.copy();
    for (const [a, b] of pairs.slice(20)) more.spread(a, b, 1);
    for (const [a, b] of pairs.slice(20)) more.spread(a, b, -1);
    expect(more.hex).toBe(some.hex);
    for (const [a, b] of pairs.slice(0, 20)) more.spread(a, b, -1);
    expect(more.hex).toBe('0'.repeat(32));
  });
});
