import { partitionOf, type Message } from '@sessionreel/kafka';
import { shardOf } from '@sessionreel/workers';
import { describe, expect, it } from 'vitest';
import { inOrder, prepare, type BatchContext } from './batch-work.ts';
import { isItem, type EventEntry, type EventsResult } from './tasks.ts';

function context(change: Partial<BatchContext> = {}): BatchContext {
  const shards = change.shards ?? 3;
  return {
    partition: 0,
    epoch: 1,
    partitions: 1,
    shards,
    shardOf: (key) => shardOf(key, shards),
    condemned: new Map(),
    deadlines: [],
    buffers: { take: (bytes) => new ArrayBuffer(bytes) },
    ...change,
  };
}

const message = (offset: number, router: string, timestamp: number, partition = 0): Message => ({
  partition,
  offset,
  timestamp,
  key: Buffer.from(router),
  value: Buffer.from(`value ${offset}`),
  headers: {},
});

describe('prepare', () => {
  it('gives each shard its messages in order, with their bytes, and the time of all', () => {
    const messages = ['a', 'b', 'c', 'd', 'a', 'b'].map((router, i) => message(10 + i, router, 1_000 + i));
    const prepared = prepare(messages, { source: 4, time: 500 }, context());
    expect(prepared.chain).toEqual({ source: 15, time: 1_005 });
    const items = [...prepared.tasks.values()].flatMap((task) =>
      task.steps.filter(isItem).map((item) => ({
        ...item,
        text: Buffer.from(task.buffer, item.start, item.length).toString(),
      })),
    );
    expect(items).toHaveLength(6);
    for (const item of items) {
      expect(item.text).toBe(`value ${item.offset}`);
      expect(item.previous).toBe(item.offset === 10 ? 4 : item.offset - 1);
    }
    for (const [shard, task] of prepared.tasks) {
      expect(task.steps.map((step) => step.offset)).toEqual([10, 11, 12, 13, 14, 15]);
      for (const item of task.steps.filter(isItem)) expect(shardOf(Buffer.from(item.router), 3)).toBe(shard);
    }
  });

  it('never lets time go back', () => {
    const prepared = prepare(
      [message(0, 'a', 900), message(1, 'a', 100)],
      { source: -1, time: 0 },
      context(),
    );
    const steps = [...prepared.tasks.values()].flatMap((task) => task.steps);
    expect(steps.map((step) => step.time)).toEqual([900, 900]);
    expect(steps.filter(isItem).map((item) => item.timestamp)).toEqual([900, 100]);
  });

  it('leaves forwarded messages out of the chain', () => {
    const partition = partitionOf(Buffer.from('a'), 2);
    const foreign =
      ['b', 'c', 'd', 'e'].find((name) => partitionOf(Buffer.from(name), 2) !== partition) ?? '';
    const messages = [
      message(0, 'a', 1, partition),
      message(1, foreign, 2, partition),
      message(2, 'a', 3, partition),
    ];
    const prepared = prepare(
      messages,
      { source: -1, time: 0 },
      context({ partition, partitions: 2, shards: 1 }),
    );
    expect(prepared.forwards.map((forward) => forward.message.offset)).toEqual([1]);
    const items = [...prepared.tasks.values()].flatMap((task) => task.steps.filter(isItem));
    expect(items.map((item) => [item.offset, item.previous])).toEqual([
      [0, -1],
      [2, 0],
    ]);
  });

  it('wakes a shard without messages when something of it is due', () => {
    const quiet = [0, 1, 2].find((shard) => shard !== shardOf(Buffer.from('a'), 3)) ?? 0;
    const deadlines = [0, 1, 2].map((shard) => (shard === quiet ? 1_500 : null));
    const early = prepare([message(0, 'a', 1_000)], { source: -1, time: 0 }, context({ deadlines }));
    expect(early.tasks.has(quiet)).toBe(false);
    const late = prepare([message(0, 'a', 2_000)], { source: -1, time: 0 }, context({ deadlines }));
    expect(late.tasks.get(quiet)?.steps).toEqual([{ offset: 0, time: 2_000 }]);
  });

  it('does not hand a condemned message to a worker', () => {
    const refusal = { reason: 'worker_timeout', error: 'it hung' };
    const prepared = prepare(
      [message(0, 'a', 1)],
      { source: -1, time: 0 },
      context({ condemned: new Map([[0, refusal]]) }),
    );
    expect(prepared.refusals.get(0)).toEqual(refusal);
    const [task] = prepared.tasks.values();
    expect(task?.steps[0]).toMatchObject({ work: { refusal }, length: 0 });
  });
});

describe('inOrder', () => {
  it('orders by source offset, deadlines first, whatever the shards', () => {
    const entry = (offset: number, phase: 0 | 1, router: string, seq = 1): EventEntry => ({
      offset,
      phase,
      router,
      kind: 'delta',
      seq,
      piece: 0,
      pieces: 0,
      start: 0,
      length: 1,
    });
    const result = (...entries: EventEntry[]): EventsResult => ({
      lost: false,
      buffer: new ArrayBuffer(1),
      entries,
      outcomes: [],
      sessions: [],
      nextDeadline: null,
      counts: {},
    });
    const events = inOrder([
      result(entry(5, 0, 'z'), entry(7, 1, 'z')),
      result(entry(-1, 1, 'c'), entry(5, 0, 'b'), entry(5, 1, 'a', 1), entry(5, 1, 'a', 2)),
    ]);
    expect(events.map(({ entry: e }) => `${e.offset} ${e.phase} ${e.router}${e.seq}`)).toEqual([
      '-1 1 c1',
      '5 0 b1',
      '5 0 z1',
      '5 1 a1',
      '5 1 a2',
      '7 1 z1',
    ]);
  });
});
