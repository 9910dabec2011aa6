import { expect, it } from 'vitest';
import { BufferPool } from './buffer-pool.ts';

const mib = 2 ** 20;

it('gives a buffer again that fits, and no other', () => {
  const pool = new BufferPool(32 * mib);
  const first = pool.take(3 * mib);
  expect(first.byteLength).toBeGreaterThanOrEqual(3 * mib);
  pool.give(first);
  expect(pool.bytes).toBe(first.byteLength);
  expect(pool.take(4 * mib)).not.toBe(first);
  expect(pool.take(mib / 2)).not.toBe(first);
  expect(pool.take(2 * mib)).toBe(first);
  expect(pool.bytes).toBe(0);
  expect(pool.take(2 * mib)).not.toBe(first);
});

it('takes the smallest that fits', () => {
  const pool = new BufferPool(32 * mib);
  const [large, small] = [pool.take(8 * mib), pool.take(4 * mib)];
  pool.give(large);
  pool.give(small);
  expect(pool.take(3 * mib)).toBe(small);
  expect(pool.take(3 * mib)).toBe(large);
});

it('keeps no more than its limit, and nothing that is small or was moved away', () => {
  const pool = new BufferPool(8 * mib);
  const buffers = [3, 3, 3].map((n) => new ArrayBuffer(n * mib));
  for (const buffer of buffers) pool.give(buffer);
  expect(pool.bytes).toBe(6 * mib);
  expect([pool.take(3 * mib), pool.take(3 * mib)]).toEqual(expect.arrayContaining(buffers.slice(1)));
  pool.give(new ArrayBuffer(9 * mib));
  pool.give(new ArrayBuffer(100));
  const moved = new ArrayBuffer(mib);
  structuredClone(moved, { transfer: [moved] });
  pool.give(moved);
  expect(pool.bytes).toBe(0);
  expect(pool.take(100).byteLength).toBe(100);
});
