import { expect, test } from 'vitest';
import { NotYet, WaitTimeout, sleepUntil, waitFor } from './wait.ts';

test('waits through errors and falsy answers', async () => {
  let calls = 0;
  const value = await waitFor(
    'a thing',
    () => {
      calls += 1;
      if (calls === 1) throw new NotYet('starting');
      return calls > 2 ? 'there' : undefined;
    },
    { limitMs: 1_000, everyMs: 1 },
  );
  expect({ value, calls }).toEqual({ value: 'there', calls: 3 });
});

test('a timeout says what was waited for and what was seen last', async () => {
  const waiting = waitFor(
    'Kafka',
    () => {
      throw new NotYet('connection refused');
    },
    { limitMs: 10, everyMs: 1 },
  );
  await expect(waiting).rejects.toThrow(WaitTimeout);
  await expect(waiting).rejects.toThrow(/Kafka.*connection refused/);
});

test('an abort ends a wait with its own reason', async () => {
  const controller = new AbortController();
  const waiting = waitFor('nothing', () => false, {
    limitMs: 10_000,
    everyMs: 5_000,
    signal: controller.signal,
  });
  controller.abort(new Error('stopping'));
  await expect(waiting).rejects.toThrow('stopping');
});

test('a past time does not sleep', async () => {
  const began = performance.now();
  await sleepUntil(Date.now() - 5_000);
  expect(performance.now() - began).toBeLessThan(50);
});
