import { expect, test, vi } from 'vitest';
import { Shutdown } from './shutdown.ts';

test('steps run last added first, and one that fails does not keep the others from running', async () => {
  const order: string[] = [];
  const statuses: number[] = [];
  const shutdown = new Shutdown({ exit: (status) => void statuses.push(status) });
  shutdown.add('first', () => order.push('first'));
  shutdown.add('broken', () => {
    throw new Error('no');
  });
  shutdown.add('last', () => order.push('last'));
  await shutdown.exitAfter('test', 0);
  expect(order).toEqual(['last', 'first']);
  expect(statuses).toEqual([1]);
  expect(shutdown.signal.aborted).toBe(true);
});

test('a step that hangs is given up at the limit', async () => {
  const shutdown = new Shutdown({ limitMs: 20, exit: () => undefined });
  shutdown.add('stuck', () => new Promise(() => undefined));
  expect(await shutdown.run()).toBe(false);
});

test('a clean drain keeps the status and runs once', async () => {
  let runs = 0;
  const statuses: number[] = [];
  const shutdown = new Shutdown({ exit: (status) => void statuses.push(status) });
  shutdown.add('step', () => {
    runs += 1;
  });
  await Promise.all([shutdown.exitAfter('a', 0), shutdown.run()]);
  expect({ runs, statuses }).toEqual({ runs: 1, statuses: [0] });
});

test('one Ctrl-C that comes twice is one; a later one does not wait', async () => {
  vi.useFakeTimers();
  const before = process.listeners('SIGINT');
  const statuses: number[] = [];
  const shutdown = new Shutdown({ exit: (status) => void statuses.push(status) });
  shutdown.add('slow', () => new Promise(() => undefined));
  shutdown.install();
  try {
    process.emit('SIGINT');
    await vi.advanceTimersByTimeAsync(100);
    process.emit('SIGINT');
    expect({ statuses, stopping: shutdown.signal.aborted }).toEqual({ statuses: [], stopping: true });
    await vi.advanceTimersByTimeAsync(1_000);
    process.emit('SIGINT');
    expect(statuses).toEqual([130]);
  } finally {
    vi.useRealTimers();
    for (const name of ['SIGINT', 'SIGTERM'] as const)
      for (const one of process.listeners(name)) if (!before.includes(one)) process.off(name, one);
  }
});
