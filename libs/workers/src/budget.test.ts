import { describe, expect, it } from 'vitest';
import { shardOf } from './affinity.ts';
import { ByteBudget } from './budget.ts';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('ByteBudget', () => {
  it('admits up to the limit, the rest in order', async () => {
    const budget = new ByteBudget(100);
    const admitted: string[] = [];
    const ask = (name: string, bytes: number): Promise<() => void> =>
      budget.acquire(bytes).then((release) => {
        admitted.push(name);
        return release;
      });
    const releaseA = await ask('a', 60);
    void ask('b', 50);
    // It would fit, but b asked first.
    const c = ask('c', 10);
    await settled();
    expect(admitted).toEqual(['a']);
    expect(budget.waiting).toBe(60);
    releaseA();
    releaseA();
    await c;
    expect(admitted).toEqual(['a', 'b', 'c']);
    expect(budget.used).toBe(60);
  });

  it('admits what is larger than the limit, alone', async () => {
    const budget = new ByteBudget(100);
    const release = await budget.acquire(1_000);
    let second = false;
    void budget.acquire(1).then(() => (second = true));
    await settled();
    expect(second).toBe(false);
    release();
    await settled();
    expect(second).toBe(true);
  });
});

describe('shardOf', () => {
  it('spreads names that differ little', () => {
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 4_000; i++) {
      const shard = shardOf(new TextEncoder().encode(`lns${i}.example.net`), 4);
      counts[shard] = (counts[shard] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });
});
