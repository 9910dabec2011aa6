/** The bounded share of `npm run chaos`: a fixed seed, so that a second try repeats the first. */
import { expect, test } from 'vitest';
import { chaos } from './run.ts';

test('nothing is lost and nothing doubled, whatever is killed', { timeout: 600_000 }, async () => {
  const report = await chaos({
    seed: 'test',
    kills: 6,
    routers: 4,
    sessions: 8,
    hours: 7,
    tell: (line) => {
      console.info(line);
    },
  });
  expect(report.problems).toEqual([]);
  expect(report.kills).toBeGreaterThanOrEqual(6);
});
