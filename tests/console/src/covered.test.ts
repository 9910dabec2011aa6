/** Everything that libs/queries can answer, the API answers. */
import { readFileSync, readdirSync } from 'node:fs';
import * as queries from '@sessionreel/queries';
import { expect, test } from 'vitest';

const folder = new URL('../../../apps/console/src/', import.meta.url);

/** What the console's own files import of the library. */
function imported(): Set<string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  const names = files.flatMap((name) =>
    [
      ...readFileSync(new URL(name, folder), 'utf8').matchAll(
        /import \{([^}]*)\} from '@sessionreel\/queries'/g,
      ),
    ]
      .flatMap((match) => (match[1] ?? '').split(','))
      .map((one) => one.trim()),
  );
  return new Set(names);
}

/** Exports that are no questions of their own, and why. */
const parts: Readonly<Record<string, string>> = {
  auditStates: 'of reel audit: it wants the hash of a state, which is the diff’s',
  backTest: 'of growth',
  busyHours: 'busiestHours says more',
  daysUntil: 'of growth',
  fitModel: 'of growth',
  maskedReason: 'of masked',
  pointParams: 'of series',
  pointRows: 'text of a query',
  replayEvents: 'of replaySteps',
  replaySnapshots: 'of replaySteps',
  scopeText: 'of the ledger',
  spanOf: 'of the ledger',
  topTraffic: 'namedTraffic says more',
};

test('every question of the library has a route', () => {
  const known = imported();
  const questions = Object.entries(queries)
    .filter(([, value]) => typeof value === 'function')
    .map(([name]) => name);
  expect(questions.length).toBeGreaterThan(40);
  expect(questions.filter((name) => !known.has(name) && parts[name] === undefined)).toEqual([]);
  // What is called a part here and is asked all the same, or is gone, stands here in vain.
  expect(Object.keys(parts).filter((name) => known.has(name) || !questions.includes(name))).toEqual([]);
});
