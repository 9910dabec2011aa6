import { FencedError, StoreError, type InboxInsert, type StoreErrorCode } from '@sessionreel/clickhouse';
import { Metrics, createLogger } from '@sessionreel/ops';
import { describe, expect, test } from 'vitest';
import { Inserter } from './inserter.ts';
import { loaderMetrics } from './metrics.ts';
import type { Entry, Part } from './queue.ts';

const entry = (offset: number): Entry => ({
  offset,
  datum: new Uint8Array(10),
  day: 1,
  timestamp: 0,
  arrived: 0,
  late: 0,
});
const part = (partition: number, first: number, last: number): Part => ({
  partition,
  first,
  last,
  entries: Array.from({ length: last - first + 1 }, (_, i) => entry(first + i)),
});

/** Plays ClickHouse and Kafka, and writes down what is asked of them. */
function bench(
  answer: (insert: InboxInsert, n: number) => StoreErrorCode | 'fenced' | undefined,
  marked = () => true,
) {
  const calls: string[] = [];
  const tokens: string[] = [];
  const aside: number[] = [];
  let n = 0;
  const inserter = new Inserter({
    target: {
      insert: (insert) => {
        tokens.push(insert.token);
        calls.push(`insert ${insert.ranges.map((r) => `${r.partition}/${r.first}-${r.last}`).join(' ')}`);
        const error = answer(insert, n++);
        if (error === 'fenced') return Promise.reject(new FencedError([0]));
        return error === undefined ? Promise.resolve() : Promise.reject(new StoreError(error, 'as told'));
      },
      heal: ({ partition, first, last }) => {
        calls.push(`heal ${partition}/${first}-${last}`);
        return Promise.resolve(0);
      },
      mark: () => Promise.resolve('mark'),
      isMarked: () => Promise.resolve(marked()),
    },
    offsets: {
      commit: (offsets) => {
        for (const { partition, offset, metadata } of offsets) {
          const range = /"first":(\d+),"last":(\d+)/.exec(metadata);
          calls.push(
            `commit ${partition} at ${offset}${range === null ? '' : ` pending ${range[1] ?? ''}-${range[2] ?? ''}`}`,
          );
        }
        return Promise.resolve();
      },
    },
    setAside: (_, { offset }) => {
      aside.push(offset);
      return Promise.resolve();
    },
    metrics: loaderMetrics(new Metrics('test')),
    log: createLogger('test', { level: 'silent' }),
    retryLeastMs: 1,
    retryMostMs: 4,
  });
  return { inserter, calls, tokens, aside };
}
const never = new AbortController().signal;

describe('a batch', () => {
  test('is announced before it is inserted, and committed after', async () => {
    const { inserter, calls } = bench(() => undefined);
    await inserter.begin(7, 1);
    await inserter.load([part(0, 5, 9), part(1, 0, 0)], never);
    expect(calls).toEqual([
      'commit 0 at 5 pending 5-9',
      'commit 1 at 0 pending 0-0',
      'insert 0/5-9 1/0-0',
      'commit 0 at 10',
      'commit 1 at 1',
    ]);
  });

  test('of checkpoints alone only moves the offset', async () => {
    const { inserter, calls } = bench(() => undefined);
    await inserter.load([{ ...part(0, 5, 6), entries: [{ ...entry(5), datum: undefined }] }], never);
    expect(calls).toEqual(['commit 0 at 7']);
  });

  test('is tried again under the same token while the server keeps running', async () => {
    const { inserter, tokens, calls } = bench((_, n) => (n < 2 ? 'unreachable' : undefined));
    await inserter.load([part(0, 1, 2)], never);
    expect(new Set(tokens).size).toBe(1);
    expect(tokens).toHaveLength(3);
    expect(calls.filter((c) => c.startsWith('heal'))).toEqual([]);
  });

  test('is healed and gets another token after the server restarted', async () => {
    let restarted = true;
    const { inserter, tokens, calls } = bench(
      (_, n) => (n === 0 ? 'unreachable' : undefined),
      () => !restarted || (restarted = false),
    );
    await inserter.load([part(0, 1, 2)], never);
    expect(tokens[0]).not.toBe(tokens[1]);
    expect(calls).toEqual([
      'commit 0 at 1 pending 1-2',
      'insert 0/1-2',
      'heal 0/1-2',
      'commit 0 at 1 pending 1-2',
      'insert 0/1-2',
      'commit 0 at 3',
    ]);
  });

  test('that arrived in part is healed', async () => {
    const { inserter, calls } = bench((_, n) => (n === 0 ? 'incomplete' : undefined));
    await inserter.load([part(0, 1, 2)], never);
    expect(calls).toContain('heal 0/1-2');
  });

  test('with a bad message loses only that one', async () => {
    const bad = (i: InboxInsert) => i.ranges.some((r) => r.partition === 1 && r.first <= 13 && r.last >= 13);
    const { inserter, calls, aside } = bench((insert) => (bad(insert) ? 'bad_data' : undefined));
    await inserter.load([part(0, 1, 3), part(1, 10, 14)], never);
    expect(aside).toEqual([13]);
    const done = calls.filter((c) => c.startsWith('insert')).map((c) => c.slice(7));
    expect(done).toContain('0/1-3 1/10-10');
    expect(done).toContain('1/14-14');
    expect(calls.slice(-2)).toEqual(['commit 0 at 4', 'commit 1 at 15']);
  });

  test('that takes too much memory is halved, never set aside', async () => {
    const { inserter, aside } = bench((i) => ((i.ranges[0]?.messages ?? 0) > 1 ? 'memory' : undefined));
    await inserter.load([part(0, 0, 3)], never);
    expect(aside).toEqual([]);
  });

  test('behind a fence is given up at once', async () => {
    const { inserter, calls } = bench(() => 'fenced');
    await expect(inserter.load([part(0, 0, 3)], never)).rejects.toBeInstanceOf(FencedError);
    expect(calls).toEqual(['commit 0 at 0 pending 0-3', 'insert 0/0-3']);
  });

  test('ends its tries when the partitions go', async () => {
    const stop = new AbortController();
    const { inserter } = bench((_, n) => {
      if (n === 3) stop.abort(new Error('gone'));
      return 'busy';
    });
    await expect(inserter.load([part(0, 0, 3)], stop.signal)).rejects.toThrow('gone');
    expect(inserter.trouble).toContain('busy');
  });
});
