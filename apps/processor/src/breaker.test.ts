import { describe, expect, it } from 'vitest';
import { Breaker } from './breaker.ts';

const bad = (n: number): boolean[] => new Array<boolean>(n).fill(true);
const good = (n: number): boolean[] => new Array<boolean>(n).fill(false);

describe('Breaker', () => {
  it('does not trip before a window was seen', () => {
    const breaker = new Breaker(10, 0.5);
    expect(breaker.admit(bad(9))).toBeDefined();
    expect(breaker.admit(bad(1))).toBeUndefined();
  });
  it('looks back on the last window only', () => {
    const breaker = new Breaker(10, 0.5);
    breaker.admit(good(5));
    breaker.admit(bad(5));
    expect(breaker.admit(good(100))).toBeDefined();
    expect(breaker.admit(bad(5))).toBeDefined();
    expect(breaker.admit(bad(1))).toBeUndefined();
  });
  it('trips in the middle of a batch', () => {
    expect(new Breaker(10, 0.5).admit([...good(10), ...bad(6), ...good(100)])).toBeUndefined();
  });
  it('takes back what did not commit', () => {
    const breaker = new Breaker(10, 0.5);
    breaker.admit(good(5));
    const undo = breaker.admit(bad(5));
    expect(breaker.admit(bad(1))).toBeUndefined();
    undo?.();
    expect(breaker.admit(bad(5))).toBeDefined();
  });
});
