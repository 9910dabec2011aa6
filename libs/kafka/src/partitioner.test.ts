import { describe, expect, it } from 'vitest';
import { murmur2, partitionOf } from './partitioner.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('murmur2', () => {
  // From Apache Kafka's UtilsTest.testMurmur2.
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('of %s is what Java says', (text, expected) => {
    expect(murmur2(bytes(text))).toBe(expected);
  });

  it('clears the sign before it takes the remainder', () => {
    expect(partitionOf(bytes('foobar'), 16)).toBe((-790332482 & 0x7fffffff) % 16);
  });
});
