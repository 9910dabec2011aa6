import { describe, expect, test } from 'vitest';
import { Queue, countOf, halve, isDue, type Entry, type Part } from './queue.ts';

const limits = { bytes: 10_000, messages: 100, lingerMs: 300 };
const entry = (offset: number, over: Partial<Entry> = {}): Entry => ({
  offset,
  datum: new Uint8Array(72),
  day: 1,
  timestamp: 0,
  arrived: offset,
  late: 0,
  ...over,
});

describe('the flush rule', () => {
  // Others keep coming.
  const waiting = { bytes: 100, messages: 1, oldest: 1_000, newest: 1e9, late: 0 };
  test('waits for others, but not long', () => {
    expect(isDue(waiting, limits, 1_299, 0)).toBe(false);
    expect(isDue(waiting, limits, 1_300, 0)).toBe(true);
  });
  test('waits longer while inserts are slow, three times as long as one takes, a second at most', () => {
    expect(isDue(waiting, limits, 1_500, 200)).toBe(false);
    expect(isDue(waiting, limits, 1_600, 200)).toBe(true);
    expect(isDue(waiting, limits, 2_000, 60_000)).toBe(true);
  });
  test('waits three seconds where events come late anyway, whatever an insert takes', () => {
    const late = { ...waiting, late: 4_000 };
    for (const lastInsertMs of [0, 200, 60_000]) {
      expect(isDue(late, limits, 3_999, lastInsertMs)).toBe(false);
      expect(isDue(late, limits, 4_000, lastInsertMs)).toBe(true);
    }
    // A router's clock is nobody's hurry: an event of the future is not late.
    expect(isDue({ ...waiting, late: -1e9 }, limits, 1_300, 0)).toBe(true);
  });
  test('does not wait for what does not come', () => {
    for (const late of [0, 4_000, 1e12]) {
      const rest = { ...waiting, newest: 1_100, late };
      expect(isDue(rest, limits, 1_399, 60_000)).toBe(false);
      expect(isDue(rest, limits, 1_400, 60_000)).toBe(true);
    }
  });
  test('does not wait when there is enough', () => {
    expect(isDue({ ...waiting, bytes: 10_000 }, limits, 1_000, 0)).toBe(true);
    expect(isDue({ ...waiting, messages: 100 }, limits, 1_000, 0)).toBe(true);
    const none = { bytes: 0, messages: 0, oldest: Infinity, newest: -Infinity, late: 0 };
    expect(isDue(none, limits, 1e9, 0)).toBe(false);
  });
});

describe('the queue', () => {
  test('gives ranges without gaps, from the offset after the last batch', () => {
    const queue = new Queue();
    queue.begin(3, 10);
    // 10 and 11 are markers of transactions: nobody sees them.
    for (const offset of [12, 13, 15]) queue.add(3, entry(offset));
    expect(queue.take(limits).map(({ first, last }) => [first, last])).toEqual([[10, 15]]);
    queue.add(3, entry(20));
    expect(queue.take(limits).map(({ first, last }) => [first, last])).toEqual([[16, 20]]);
    expect(queue.bytes).toBe(0);
  });

  test('takes a message once, however often it is fetched', () => {
    const queue = new Queue();
    queue.begin(0, 5);
    expect([4, 5, 5, 6, 5].map((o) => queue.add(0, entry(o)))).toEqual([false, true, false, true, false]);
    expect(queue.add(1, entry(0))).toBe(false);
  });

  test('shares a batch among partitions, and keeps within its limits', () => {
    const queue = new Queue();
    for (const p of [0, 1]) {
      queue.begin(p, 0);
      for (let o = 0; o < 100; o++) queue.add(p, entry(o));
    }
    const parts = queue.take(limits);
    expect(parts.map((p) => p.entries.length)).toEqual([25, 25]);
    expect(queue.messages).toBe(150);
    expect(queue.waiting().oldest).toBe(25);
  });

  test('takes a message that is larger than a batch, alone', () => {
    const queue = new Queue();
    queue.begin(0, 0);
    queue.add(0, entry(0, { datum: new Uint8Array(1e6) }));
    queue.add(0, entry(1));
    expect(queue.take(limits).map((p) => p.entries.length)).toEqual([1]);
  });

  test('does not reach more days than an insert may', () => {
    const queue = new Queue();
    queue.begin(0, 0);
    for (let o = 0; o < 90; o++) queue.add(0, entry(o, { day: o, datum: new Uint8Array(1) }));
    const days = (parts: Part[]) => new Set(parts.flatMap((p) => p.entries.map((e) => e.day))).size;
    expect(days(queue.take({ ...limits, bytes: 1e9 }))).toBe(60);
    expect(days(queue.take({ ...limits, bytes: 1e9 }))).toBe(30);
  });
});

test('halves cover the whole, in order, down to one message', () => {
  const part = (partition: number, first: number, entries: Entry[]): Part => ({
    partition,
    first,
    last: entries.at(-1)?.offset ?? first,
    entries,
  });
  const whole = [
    part(0, 0, [entry(0, { datum: undefined }), entry(2), entry(3, { datum: undefined }), entry(4)]),
    part(1, 7, [entry(7), entry(8), entry(9)]),
  ];
  const [left, right] = halve(whole);
  expect([countOf(left), countOf(right)]).toEqual([2, 3]);
  const [a, b] = halve(right);
  expect([countOf(a), countOf(b)]).toEqual([1, 2]);
  const covered = [...left, ...a, ...b].map(({ partition, first, last }) => [partition, first, last]);
  expect(covered).toEqual([
    [0, 0, 4],
    [1, 7, 7],
    [1, 8, 9],
  ]);
});
