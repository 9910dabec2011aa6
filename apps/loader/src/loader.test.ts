/** Which partitions are read from where, and what an assignment that came in between does to what is under way. */
import { FencedError } from '@sessionreel/clickhouse';
import { KafkaError, type Committed, type MessageBatch } from '@sessionreel/kafka';
import { Metrics, createLogger, waitFor } from '@sessionreel/ops';
import { afterEach, describe, expect, test } from 'vitest';
import { Inserter } from './inserter.ts';
import { Loader } from './loader.ts';
import { loaderMetrics } from './metrics.ts';
import { pendingText } from './pending.ts';

/** A loader between a Kafka and a ClickHouse that are played. */
class Bench {
  readonly calls: string[] = [];
  committed = new Map<number, Committed>();
  newest: number | undefined;
  epoch = 10;
  assignment = 0;
  /** What the group's word is waited for with. */
  confirmed: Promise<void> = Promise.resolve();
  fences = 0;
  heal: () => Promise<number> = () => Promise.resolve(0);
  /** What an insert waits for. */
  insert: () => Promise<void> = () => Promise.resolve();
  readonly loader: Loader;

  constructor() {
    const metrics = loaderMetrics(new Metrics('test'));
    const log = createLogger('test', { level: 'silent' });
    const inserter = new Inserter({
      target: {
        insert: (insert) => {
          this.calls.push(`insert ${insert.ranges.map((r) => `${r.first}-${r.last}`).join(' ')}`);
          return this.insert();
        },
        heal: ({ partition, first, last }, prefix, epoch) => {
          this.calls.push(`heal ${partition}/${first}-${last} of ${prefix} by ${epoch}`);
          return this.heal();
        },
        mark: () => Promise.resolve('mark'),
        isMarked: () => Promise.resolve(true),
      },
      offsets: {
        commit: (offsets, assignment) => {
          if (assignment !== this.assignment) return Promise.reject(new KafkaError('not_assigned', 'gone'));
          for (const { partition, offset, metadata } of offsets)
            this.calls.push(`commit ${partition} at ${offset}${metadata === '' ? '' : ' pending'}`);
          return Promise.resolve();
        },
      },
      setAside: () => Promise.resolve(),
      metrics,
      log,
      retryLeastMs: 1,
      retryMostMs: 2,
    });
    this.loader = new Loader({
      source: {
        pause: () => undefined,
        resume: (partition, offset) => {
          this.calls.push(`resume ${partition} at ${String(offset)}`);
        },
        confirmed: () => this.confirmed,
        committed: () => Promise.resolve(this.committed),
        watermarks: () => Promise.resolve(new Map([[0, { low: 3, high: 50 }]])),
      },
      shelf: {
        takeFence: () => {
          this.fences++;
          return Promise.resolve(++this.epoch);
        },
        newestOffset: () => Promise.resolve(this.newest),
      },
      inserter,
      setAside: () => Promise.resolve(),
      metrics,
      log,
      limits: { bytes: 1e6, messages: 10, lingerMs: 1 },
      queueBytes: 1e6,
      read: ({ offset, timestamp }) =>
        Promise.resolve({
          kind: 'entry',
          entry: { offset, datum: new Uint8Array(4), day: 1, timestamp, arrived: performance.now(), late: 0 },
        }),
    });
    this.loader.start();
  }

  assign(): void {
    this.loader.assigned({ id: ++this.assignment, partitions: [0], continuous: false });
  }

  async called(text: string, times = 1): Promise<void> {
    await waitFor(text, () => this.calls.filter((call) => call.includes(text)).length >= times, {
      limitMs: 5_000,
      everyMs: 2,
    });
  }

  fetched(...offsets: number[]): Promise<void> {
    const messages = offsets.map((offset) => ({
      partition: 0,
      offset,
      timestamp: 0,
      key: null,
      value: new Uint8Array(4),
      headers: {},
    }));
    const batch: MessageBatch = {
      partition: 0,
      messages,
      bytes: 1,
      highWatermark: 50,
      isCurrent: () => true,
    };
    return this.loader.take(batch);
  }
}

let bench: Bench | undefined;
afterEach(() => bench?.loader.stop());

describe('an assignment', () => {
  test('without anything committed begins at the beginning', async () => {
    bench = new Bench();
    bench.assign();
    await bench.called('resume 0 at 3');
    expect(bench.calls).toEqual(['resume 0 at 3']);
  });

  test('heals what was under way, in the name of who began it, with its own epoch', async () => {
    bench = new Bench();
    const metadata = pendingText({ first: 20, last: 24, attempt: 1, epoch: 7 });
    bench.committed.set(0, { offset: 20, metadata });
    bench.assign();
    await bench.called('resume 0 at 20');
    expect(bench.calls).toEqual(['heal 0/20-24 of reel-loader-e7- by 11', 'resume 0 at 20']);
  });

  test('whose offset is lost goes back as far as a batch may reach, and removes what stands there', async () => {
    bench = new Bench();
    bench.newest = 40;
    bench.assign();
    await bench.called('resume 0 at 3');
    expect(bench.calls[0]).toBe('heal 0/3-40 of reel-loader-e11- by 11');
  });

  test('from which another fenced it is begun again only when the group says that it is a member', async () => {
    bench = new Bench();
    const metadata = pendingText({ first: 20, last: 24, attempt: 1, epoch: 7 });
    bench.committed.set(0, { offset: 20, metadata });
    const { promise, resolve } = Promise.withResolvers<undefined>();
    bench.confirmed = promise;
    bench.heal = () => Promise.reject(new FencedError([0]));
    bench.assign();
    await bench.called('heal');
    // Longer than the wait before any other second try.
    await new Promise((done) => setTimeout(done, 1_500));
    expect(bench.fences).toBe(1);
    bench.heal = () => Promise.resolve(1);
    resolve(undefined);
    await bench.called('resume 0 at 20');
    expect(bench.fences).toBe(2);
  });

  test('that comes while it waits for the group is taken up at once', async () => {
    bench = new Bench();
    const metadata = pendingText({ first: 20, last: 24, attempt: 1, epoch: 7 });
    bench.committed.set(0, { offset: 20, metadata });
    bench.confirmed = new Promise(() => undefined);
    bench.heal = () => Promise.reject(new FencedError([0]));
    bench.assign();
    await bench.called('heal');
    bench.heal = () => Promise.resolve(1);
    bench.assign();
    await bench.called('resume 0 at 20');
  });

  test('stops where ClickHouse is ahead of Kafka', async () => {
    bench = new Bench();
    bench.newest = 90;
    bench.assign();
    const { loader } = bench;
    await waitFor('the trouble', () => loader.troubles().some((t) => t.includes('another Kafka')), {
      limitMs: 5_000,
    });
    expect(bench.calls).toEqual([]);
  });
});

describe('a batch', () => {
  test('that is under way when others had the partition in between does not set the offset back', async () => {
    bench = new Bench();
    bench.committed.set(0, { offset: 5, metadata: '' });
    bench.assign();
    await bench.called('resume 0 at 5');
    let finish = (): void => undefined;
    bench.insert = () =>
      new Promise((resolve) => {
        finish = resolve;
      });
    await bench.fetched(5, 6);
    await bench.called('insert 5-6');
    // It slept here; another one loaded and committed up to 40; now the group gives it the partition again.
    bench.committed.set(0, { offset: 40, metadata: '' });
    bench.assign();
    finish();
    await bench.called('resume 0 at 40');
    expect(bench.calls).not.toContain('commit 0 at 7');
  });

  test('ends before the partitions go', async () => {
    bench = new Bench();
    bench.committed.set(0, { offset: 5, metadata: '' });
    bench.assign();
    await bench.called('resume 0 at 5');
    let finish = (): void => undefined;
    bench.insert = () =>
      new Promise((resolve) => {
        finish = resolve;
      });
    await bench.fetched(5, 6);
    await bench.called('insert 5-6');
    let drained = false;
    const revoked = bench.loader.revoking().then(() => {
      drained = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(drained).toBe(false);
    finish();
    await revoked;
    expect(bench.calls.at(-1)).toBe('commit 0 at 7');
  });
});

test('readiness says what it waits for', async () => {
  bench = new Bench();
  expect(bench.loader.troubles()).toEqual(['partitions are not assigned or not healed yet']);
  bench.assign();
  const { loader } = bench;
  await waitFor('readiness', () => loader.troubles().length === 0, { limitMs: 5_000 });
  bench.committed.set(0, { offset: 1, metadata: 'not ours' });
  bench.assign();
  expect(loader.troubles()).not.toEqual([]);
});
