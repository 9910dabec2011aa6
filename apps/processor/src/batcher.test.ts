import type { Message } from '@sessionreel/kafka';
import { WorkerLost } from '@sessionreel/workers';
import { describe, expect, it } from 'vitest';
import { Batcher } from './batcher.ts';
import { Suspects } from './suspects.ts';

const message = (offset: number, bytes = 36): Message => ({
  partition: 0,
  offset,
  timestamp: 0,
  key: null,
  value: Buffer.alloc(bytes),
  headers: {},
});
const range = (from: number, to: number): Message[] =>
  Array.from({ length: to - from }, (_, i) => message(from + i));
const offsets = (batch: { messages: readonly Message[] }): number[] => batch.messages.map((m) => m.offset);

function batcher(change: object = {}): { batcher: Batcher; calls: string[] } {
  const calls: string[] = [];
  const made = new Batcher({
    batchBytes: 1_000,
    batchMessages: 5,
    lingerMs: 0,
    queueBytes: 1_000,
    onFull: () => calls.push('full'),
    onRoom: () => calls.push('room'),
    ...change,
  });
  return { batcher: made, calls };
}

describe('Batcher', () => {
  it('takes in nothing before it begins, and nothing twice', async () => {
    const { batcher: b } = batcher();
    b.push(range(0, 3));
    b.begin(2);
    b.push(range(0, 4));
    b.push(range(1, 6));
    expect(offsets(await b.take(new Suspects()))).toEqual([2, 3, 4, 5]);
    expect(b.next).toBe(6);
  });

  it('cuts by number and by bytes; what is larger than a batch stands alone', async () => {
    const { batcher: b } = batcher({ queueBytes: 1e9 });
    b.begin(0);
    b.push([...range(0, 6), message(6, 5_000), message(7)]);
    const suspects = new Suspects();
    expect(offsets(await b.take(suspects))).toEqual([0, 1, 2, 3, 4]);
    expect(offsets(await b.take(suspects))).toEqual([5]);
    expect(offsets(await b.take(suspects))).toEqual([6]);
    expect(offsets(await b.take(suspects))).toEqual([7]);
  });

  it('pauses when it is full, and goes on at half', async () => {
    const { batcher: b, calls } = batcher();
    b.begin(0);
    b.push(range(0, 12));
    expect(calls).toEqual(['full']);
    await b.take(new Suspects());
    expect(calls).toEqual(['full']);
    await b.take(new Suspects());
    expect(calls).toEqual(['full', 'room']);
  });

  it('gives suspects out alone', async () => {
    const { batcher: b } = batcher();
    const suspects = new Suspects();
    suspects.suspect([message(1)], false, new WorkerLost(0, 'threw', 'x'));
    b.begin(0);
    b.push(range(0, 4));
    expect(offsets(await b.take(suspects))).toEqual([0]);
    expect(offsets(await b.take(suspects))).toEqual([1]);
    expect(offsets(await b.take(suspects))).toEqual([2, 3]);
  });

  it('drains: no new batch, and it waits for those that are out', async () => {
    const { batcher: b } = batcher();
    b.begin(0);
    b.push(range(0, 7));
    const first = await b.take(new Suspects());
    let drained = false;
    const draining = b.drain().then(() => (drained = true));
    const second = b.take(new Suspects());
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(drained).toBe(false);
    b.done(first);
    await draining;
    b.open();
    expect(offsets(await second)).toEqual([5, 6]);
  });

  it('waits for more up to the linger, and throws what it is failed with', async () => {
    const { batcher: b } = batcher({ lingerMs: 30 });
    b.begin(0);
    b.push(range(0, 1));
    setTimeout(() => b.push(range(1, 3)), 5);
    expect(offsets(await b.take(new Suspects()))).toEqual([0, 1, 2]);
    const waiting = b.take(new Suspects());
    b.fail(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
  });
});

describe('Suspects', () => {
  it('condemns what fails alone, after it failed among others', () => {
    const suspects = new Suspects();
    const lost = new WorkerLost(0, 'memory', 'out of memory');
    suspects.suspect([message(1), message(2)], false, lost);
    expect(suspects.condemned.size).toBe(0);
    suspects.suspect([message(2)], true, lost);
    expect([...suspects.condemned]).toEqual([[2, { reason: 'worker_memory', error: 'out of memory' }]]);
    expect(suspects.isSuspect(1)).toBe(true);
    suspects.cleared(2);
    expect(suspects.isSuspect(1)).toBe(false);
    expect(suspects.condemned.size).toBe(0);
  });
});
