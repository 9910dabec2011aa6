import { waitFor } from '@sessionreel/ops';
import { expect, test } from 'vitest';
import { Repeated } from './repeated.ts';

const soon = { limitMs: 5_000, everyMs: 1 };

test('goes on after a run that failed, and one at a time', async () => {
  let runs = 0;
  let under = 0;
  const failures: unknown[] = [];
  const repeated = new Repeated({
    everyMs: 1,
    run: async () => {
      expect(++under).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 3));
      under--;
      if (++runs === 2) throw new Error('the second');
    },
    failed: (error) => failures.push(error),
  });
  repeated.start();
  repeated.start();
  await waitFor('runs', () => runs >= 4, soon);
  await repeated.stop();
  expect(failures).toEqual([new Error('the second')]);
  const then = runs;
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(runs).toBe(then);
});

test('waits for the run under way when it is stopped, and tells it', async () => {
  let ended = '';
  const repeated = new Repeated({
    everyMs: 1,
    run: (signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          ended = 'told';
          setTimeout(() => {
            ended = 'ended';
            resolve();
          }, 5);
        });
        ended = 'running';
      }),
    failed: () => expect.fail('a stop is no failure'),
  });
  repeated.start();
  await waitFor('a run', () => ended === 'running', soon);
  await repeated.stop();
  expect(ended).toBe('ended');
});

test('never runs when its interval is 0', async () => {
  const repeated = new Repeated({
    everyMs: 0,
    run: () => expect.fail('it ran'),
    failed: () => expect.fail('it ran'),
  });
  repeated.start();
  await new Promise((resolve) => setTimeout(resolve, 10));
  await repeated.stop();
});
