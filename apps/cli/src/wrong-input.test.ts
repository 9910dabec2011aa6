/** Whatever is typed into whichever option: an answer that says why it is empty, or a clear sentence and status 2. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Store, migrate } from '@sessionreel/clickhouse';
import { startClickHouse } from '@sessionreel/local';
import type { Command, Option } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, type Ran } from './io.fixture.ts';
import { goLive } from './live.fixture.ts';
import { createProgram } from './main.ts';

const folder = mkdtempSync(join(tmpdir(), 'reel-wrong-'));
const hour = 3_600_000;
const begin = Date.UTC(2026, 10, 20, 8);
/** Captures every ten minutes for two hours, then nothing. */
const last = begin + 2 * hour;
const now = last + 6 * hour;
const quotes = `lns "1"'; --`;
let server: Awaited<ReturnType<typeof startClickHouse>>;
let store: Store;

const listing = (bytes: number): string =>
  `user@r> show services l2tp session extensive\nTunnel local ID: 7\n${[1, 2]
    .map(
      (id) => `  Session local ID: ${id}, Session remote ID: 9
    Interface unit: ${1073741824 + id}
    State: Established
    Interface Name: si-1/0/0
    Mode: Dedicated
    Local IP: 10.0.0.1:1701, Remote IP: 10.0.0.2:1701
    Local name: lns, Remote name: lac
    Create time: Fri Nov 20 06:00:00 2026, Up time: 02:00:00
    Idle time: N/A
    Statistics since: Fri Nov 20 06:00:00 2026
                   Packets      Bytes
      Data   Tx        100       ${bytes}
      Data   Rx        100       ${bytes}
`,
    )
    .join('')}\nuser@r> `;

beforeAll(async () => {
  server = await startClickHouse({ dir: join(folder, 'clickhouse'), port: 0 });
  const settings = { url: server.address, database: 'sessionreel', user: 'default', password: '' };
  await migrate(settings);
  store = new Store(settings);
  const captures = Array.from({ length: 13 }, (_, i) => ({
    text: listing(1_000 * (i + 1)),
    at: begin + i * 600_000,
  }));
  await goLive(store, 'lns1', captures, 0);
  await goLive(store, quotes, captures, 1);
}, 120_000);
afterAll(async () => {
  await store.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

const at = (ms: number): string => new Date(ms).toISOString();

/** Every command that asks of history, as it is rightly asked; by its path. */
const right: Readonly<Record<string, readonly string[]>> = {
  show: ['services', 'l2tp', 'session', '--router', 'lns1', '--at', at(last)],
  history: ['--router', 'lns1', '--tunnel', '7', '--session', '1', '--from', at(begin), '--to', at(now)],
  diff: ['--router', 'lns1', '--from', at(begin), '--to', at(now)],
  'what-happened': ['--around', at(last), '--within', '5m'],
  'who-had': ['100.64.0.1', '--at', at(last)],
  'fleet sessions': ['--at', at(last)],
  'fleet series': ['--step', '10m', '--from', at(begin), '--to', at(now)],
  'fleet churn': ['--step', '10m', '--from', at(begin), '--to', at(now)],
  'fleet ends': ['--from', at(begin), '--to', at(now)],
  'fleet top': ['--by', 'router', '--limit', '5', '--from', at(begin), '--to', at(now)],
  'fleet billing': ['--month', '2026-11', '--by', 'realm'],
  'fleet echo': ['--from', at(begin), '--to', at(now)],
  'fleet silent': ['--limit', '5', '--from', at(begin), '--to', at(now)],
  'fleet both-ends': ['--at', at(last)],
  'fleet speed-drops': ['--limit', '5', '--from', at(begin), '--to', at(now)],
  'fleet speed-plans': ['--at', at(last)],
  'fleet failures': ['--from', at(begin), '--to', at(now)],
  'fleet flaps': ['--least', '3', '--from', at(begin), '--to', at(now)],
  'fleet anomalies': ['--router', 'lns1', '--from', at(begin), '--to', at(now)],
  'fleet stale': ['--after', '15m', '--at', at(now)],
  'capacity busy-hour': ['--from', at(begin), '--to', at(now)],
  'capacity headroom': ['--limit', '5', '--from', at(begin), '--to', at(now)],
  'capacity imbalance': ['--at', at(last)],
  'capacity what-if': ['--growth', '20', '--from', at(begin), '--to', at(now)],
  audit: ['--sample', '2', '--from', at(begin), '--to', at(now)],
};

/** Commands of which the table is not, and why. */
const others: Readonly<Record<string, string>> = {
  up: 'starts servers',
  parse: 'files: parse.test.ts',
  import: 'files: import.test.ts',
  'capacity forecast': 'wants days of history: below',
  replay: 'wants Kafka: below',
  'dlq list': 'Kafka: dlq.test.ts',
  'dlq show': 'Kafka: dlq.test.ts',
  'dlq retry': 'Kafka: dlq.test.ts',
  'dlq drop': 'Kafka: dlq.test.ts',
  'token create': 'token.test.ts',
  'token list': 'token.test.ts',
  'token revoke': 'token.test.ts',
  status: 'asks nothing of a time',
  doctor: 'asks nothing of a time',
  migrate: 'asks nothing of a time',
  'fleet-file check': 'a file',
  complete: 'a shell',
};

const hostile = [
  "'; DROP TABLE session_history; --",
  "x' OR 1=1 --",
  '{router:String}',
  '\\',
  '%',
  '`',
  'ü😀',
];
const times = ['soon', '', '2026-02-30', '2026-11-20 25:00', '-5', '-90x', 'now()', ...hostile];
const ids = ['-1', '65536', '70000', '1e3', '0x10', 'abc', '', ' ', '1;2', ...hostile];
const numbers = ['-1', '0', '1.5', 'abc', '', '1e400', '99999999999999999999', ...hostile];
const durations = ['0', '0s', '-5m', '5 parsecs', '', 'm', '99999999999999h', ...hostile];
const names = ['nobody', '', ' ', 'a\u001b[2Jb', 'x'.repeat(300), 'constructor', '__proto__', ...hostile];
const choices = ['', 'none', 'constructor', ...hostile];

/** What is wrong in an option, by its name. */
const wrong: Readonly<Record<string, readonly string[]>> = {
  '--at': times,
  '--from': times,
  '--to': times,
  '--around': times,
  '--month': ['2026-13', '2026', 'november', '2026-11-20', '', ...hostile],
  '--router': names,
  '--tunnel': ids,
  '--session': ids,
  '--user': names.filter((name) => name !== ''),
  '--ip': ['300.1.1.1', '1.2.3', '::g', '', ...hostile],
  '--limit': numbers,
  '--least': numbers,
  '--sample': numbers.filter((n) => n !== '0'),
  '--growth': ['-100', 'abc', '', '1e400', ...hostile],
  '--without': names,
  '--step': durations,
  '--within': durations,
  '--after': durations,
  '--by': choices,
  '--of': choices,
  '--display': choices,
  '--output': choices,
};
/** Options that say where things are. */
const places = new Set(['--clickhouse-url', '--file', '--version', '--help']);

const reel = (path: string, args: readonly string[], terminal = false): Promise<Ran> =>
  run([...path.split(' '), ...args, '--clickhouse-url', server.address], { now, terminal });

/** Arguments with an option put in place of its right value. */
function withOption(args: readonly string[], option: string, value: string): string[] {
  const place = args.indexOf(option);
  const rest = place < 0 ? [...args] : args.toSpliced(place, 2);
  return [...rest, `${option}=${value}`];
}

/** A sentence for people: no stack, no query, nothing of the server's. */
function isClear({ status, stdout, stderr }: Ran): void {
  expect([0, 2], stderr).toContain(status);
  expect(stderr).not.toMatch(/ {4}at |Exception|Code: \d|SELECT|undefined|NaN|\[object/);
  expect(stderr.trim()).not.toBe('');
  if (status === 2) expect(stdout).toBe('');
  // Controls that somebody typed do not come back as controls.
  // eslint-disable-next-line no-control-regex -- controls are what is looked for
  expect(stderr).not.toMatch(/[\u0000-\u0008\u000b-\u001f]/);
}

const leaves: { path: string; options: readonly Option[] }[] = [];
function gather(command: Command, path: readonly string[]): void {
  if (command.commands.length === 0) leaves.push({ path: path.join(' '), options: command.options });
  for (const one of command.commands) gather(one, [...path, one.name()]);
}
gather(await createProgram(), []);

it('holds every command and option', () => {
  expect(leaves.map((leaf) => leaf.path).toSorted()).toEqual(
    [...Object.keys(right), ...Object.keys(others)].toSorted(),
  );
  const options = leaves
    .filter(({ path }) => right[path] !== undefined)
    .flatMap((leaf) => leaf.options.map((o) => o.long ?? ''));
  expect(options.filter((name) => wrong[name] === undefined && !places.has(name))).toEqual([]);
});

const cases = leaves.flatMap(({ path, options }) => {
  const args = right[path];
  return args === undefined ? [] : [{ path, args, options: options.map((o) => o.long ?? '') }];
});

describe.each(cases)('reel $path', ({ path, args, options }) => {
  it('answers when it is rightly asked', async () => {
    const ran = await reel(path, args);
    expect([ran.status, ran.stderr]).toEqual([0, expect.any(String) as string]);
  });

  const tried = options.filter((name) => wrong[name] !== undefined);
  it.each(tried)(
    'takes nothing wrong in %s',
    async (option) => {
      const subject = ['--user', '--ip'].includes(option) ? args.slice(6) : args;
      for (const value of wrong[option] ?? []) {
        const ran = await reel(path, withOption(subject, option, value), true);
        try {
          isClear(ran);
        } catch (error) {
          throw new Error(`${option}=${JSON.stringify(value)}: ${ran.status} ${ran.stdout} ${ran.stderr}`, {
            cause: error,
          });
        }
      }
    },
    60_000,
  );

  const ranged = options.includes('--from') ? [path] : [];
  it.each(ranged)('%s wants a range that goes forward, and was', async () => {
    const range = (from: number, to: number) =>
      reel(path, withOption(withOption(args, '--from', at(from)), '--to', at(to)));
    expect((await range(last, begin)).stderr).toContain('--from must be before --to');
    expect((await range(last, last)).status).toBe(2);
    expect((await range(now + hour, now + 2 * hour)).stderr).toContain('in the future');
    const before = await range(begin - 48 * hour, begin - 24 * hour);
    isClear(before);
    expect(before.stderr).toMatch(/no snapshot|begins at|nothing/);
    isClear(await range(last + hour, last + 2 * hour));
  });

  const moments = options.filter((name) => name === '--at' || name === '--around').slice(0, 1);
  it.each(moments)('wants a time that was in %s', async (option) => {
    const ask = (ms: number) => reel(path, withOption(args, option, at(ms)));
    const future = await ask(now + hour);
    expect([future.status, future.stderr]).toEqual([2, expect.stringContaining('in the future') as string]);
    const before = await ask(begin - 24 * hour);
    isClear(before);
    expect(before.stderr).toMatch(/no snapshot|begins at|no session|nothing/);
    isClear(await ask(last + 3 * hour));
  });
});

describe('what an empty answer says', () => {
  it('of a time in a gap: as of when the last state is known', async () => {
    const shown = await reel('show', withOption(right['show'] ?? [], '--at', at(last + 3 * hour)));
    expect(shown.status).toBe(0);
    expect(shown.stderr).toContain('as of 2026-11-20T10:00:00Z, the last snapshot before');
  });

  it('of a filter that nothing fits: whether such a value is printed at all', async () => {
    const show = (...filter: string[]) =>
      reel('show', ['services', 'l2tp', 'session', ...filter, '--router', 'lns1', '--at', at(last)]);
    const peer = await show('peer-gateway-name', 'nobody');
    expect(peer.stderr).toContain('none of its 2 sessions fits: peer-gateway-name nobody');
    const user = await show('user', 'anna');
    expect(user.stderr).toContain('its listings print no user name');
    const fits = await show('peer-gateway-name', 'lac');
    expect(fits.stderr).toBe('');
  });

  it('of what nobody knows: which part of it', async () => {
    const ask = (...args: string[]) => reel('history', args);
    const session = ['--tunnel', '7', '--session', '99'];
    expect((await ask('--router', 'nobody', ...session)).stderr).toContain(
      'there is no history of a router named "nobody"',
    );
    expect((await ask('--router', 'lns1', ...session)).stderr).toContain(
      'nothing is known of it in that time',
    );
    expect((await ask('--user', 'anna')).stderr).toContain('no capture that is known prints that name');
    expect((await ask('--ip', '100.64.0.1')).stderr).toContain(
      'no capture that is known prints that address',
    );
  });

  it('of a router whose name holds quotes: itself', async () => {
    const ran = await reel('show', withOption(right['show'] ?? [], '--router', quotes));
    expect([ran.status, ran.stderr]).toEqual([0, '']);
    expect(ran.stdout).toContain('Tunnel local ID: 7');
  });
});

it.each([
  [['capacity', 'forecast', '--from', at(begin), '--to', at(now)], 'days'],
  [['capacity', 'forecast', '--days', '0'], '--days'],
  [['capacity', 'forecast', '--router', 'nobody'], 'nobody'],
  [['replay', '--from', at(last), '--to', at(begin), '--topic', 't'], '--from must be before --to'],
  [['replay', '--from', at(last), '--to', at(now + hour), '--topic', 't'], 'in the future'],
  [['replay', '--from', at(begin), '--to', at(last), '--topic', 't', '--speed', '0'], '--speed 0'],
  [['replay', '--from', at(begin), '--to', at(last)], '--topic'],
  [['fleet', 'nothing'], 'nothing'],
  [['shwo'], 'shwo'],
])('%j is refused in a sentence', async (args, sentence) => {
  const ran = await run([...args, ...(args.length > 2 ? ['--clickhouse-url', server.address] : [])], { now });
  expect([ran.status, ran.stderr]).toEqual([2, expect.stringContaining(sentence) as string]);
});

it('leaves the tables as they were', async () => {
  const rows = await store.rows<{ n: string }>('SELECT count() AS n FROM session_history');
  expect(rows[0]?.n).toBe('4');
});
