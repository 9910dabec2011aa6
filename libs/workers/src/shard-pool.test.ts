import { afterEach, describe, expect, it } from 'vitest';
import { ShardPool, WorkerLost, type ShardPoolOptions } from './shard-pool.ts';

const entry = new URL('../fixtures/worker.ts', import.meta.url);

let pool: ShardPool;
function started(options: Partial<ShardPoolOptions> = {}): ShardPool {
  pool = new ShardPool({ entry, shards: 1, ...options });
  pool.start();
  return pool;
}
afterEach(() => pool.stop());

const lossOf = (promise: Promise<unknown>): Promise<WorkerLost> =>
  promise.then(
    () => expect.fail('it should have been lost'),
    (error: unknown) => {
      expect(error).toBeInstanceOf(WorkerLost);
      return error as WorkerLost;
    },
  );

describe('ShardPool', () => {
  it('keeps the state of a shard in one thread, and runs its tasks in order', async () => {
    started({ shards: 2 });
    const counts = await Promise.all([0, 1, 0, 0, 1].map((shard) => pool.run(shard, { act: 'count' })));
    expect(counts).toEqual([1, 1, 2, 3, 2]);
  });

  it('hands over data, and moves buffers there and back', async () => {
    started({ workerData: { limit: 7 } });
    expect(await pool.run(0, { act: 'data' })).toEqual({ limit: 7 });
    const buffer = Uint8Array.of(1, 2, 3).buffer;
    const back = await pool.run<Uint8Array>(0, { act: 'reverse', buffer }, { transfer: [buffer] });
    expect([...back]).toEqual([3, 2, 1]);
    expect(buffer.byteLength).toBe(0);
  });

  it.each([
    ['throw', 'threw'],
    ['exit', 'exit'],
    ['hang', 'timeout'],
    ['grow', 'memory'],
  ] as const)('replaces a thread that does %s, and says so', async (act, reason) => {
    const losses: WorkerLost[] = [];
    started({ heapMb: 40, onLost: (lost) => losses.push(lost) });
    expect(await pool.run(0, { act: 'count' })).toBe(1);
    const bad = lossOf(pool.run(0, { act }, act === 'hang' ? { timeoutMs: 300 } : {}));
    const next = pool.run(0, { act: 'count' });
    expect((await bad).reason).toBe(reason);
    // The one behind it in the queue met a new thread, without the count.
    expect(await next).toBe(1);
    expect(pool.generation(0)).toBe(2);
    expect(losses.map((lost) => lost.reason)).toEqual([reason]);
  });

  it('counts the bytes that wait', async () => {
    started();
    const tasks = [1, 2, 3].map((n) => pool.run(0, { act: 'count' }, { bytes: n * 100 }));
    expect(pool.queuedBytes).toBe(600);
    await Promise.all(tasks);
    expect(pool.queuedBytes).toBe(0);
    expect(pool.busyMs(0)).toBeGreaterThan(0);
  });

  it('loses what runs when it is stopped', async () => {
    started();
    const hanging = lossOf(pool.run(0, { act: 'hang' }));
    await new Promise((resolve) => setTimeout(resolve, 100));
    await pool.stop();
    expect((await hanging).reason).toBe('stopped');
  });
});
