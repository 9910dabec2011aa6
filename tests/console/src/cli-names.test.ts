/** What `reel` tells of user names is decided by the setting that the console has. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, inject, test } from 'vitest';
import { iso } from './consoles.ts';
import { canaryUser } from './feed.ts';

const truth = inject('truth');
const reel = fileURLToPath(new URL('../../../apps/cli/src/reel.ts', import.meta.url));

const run = (words: readonly string[], env: Readonly<Record<string, string>>): Promise<string> =>
  new Promise((resolve) => {
    const options = {
      env: {
        ...process.env,
        REEL_CLICKHOUSE_URL: inject('clickhouseUrl'),
        REEL_CONSOLE_DATA: inject('dir'),
        ...env,
      },
    };
    execFile(process.execPath, [reel, ...words], options, (_, stdout, stderr) => resolve(stdout + stderr));
  });

const at = iso(truth.to + 1_000);
const from = iso(truth.from);
const commands = [
  ['show', 'services', 'l2tp', 'session', 'extensive', '--router', 'canary-lns', '--at', at],
  [
    'history',
    '--router',
    'canary-lns',
    '--tunnel',
    '62746',
    '--session',
    '56793',
    '--from',
    from,
    '--to',
    at,
    '--output',
    'json',
  ],
  ['fleet', 'top', '--by', 'user', '--from', from, '--to', at],
  ['fleet', 'both-ends', '--at', at, '--output', 'ndjson'],
] as const;

test('a role that is named sees hashes, others the names', async () => {
  let named = 0;
  for (const words of commands) {
    const plain = await run(words, { REEL_MASK_ROLES: 'view', REEL_ROLE: 'operator' });
    const masked = await run(words, { REEL_MASK_ROLES: 'view', REEL_MASK_KEY: 'k' });
    if (plain.includes(canaryUser)) {
      named++;
      expect([words[0], /user-[0-9a-f]{16}/.test(masked)]).toEqual([words[0], true]);
    }
    expect([words.join(' '), masked.includes(canaryUser)]).toEqual([words.join(' '), false]);
  }
  // It would be there.
  expect(named).toBeGreaterThanOrEqual(2);
});
