/** Old captures of a router that lives: they become its past, and nothing of its present moves. */
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Store, migrate } from '@sessionreel/clickhouse';
import { startClickHouse } from '@sessionreel/local';
import { audit, stateAt } from '@sessionreel/queries';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../io.fixture.ts';
import { goLive } from '../live.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'reel-import-history-'));
const captures = join(folder, 'captures');
const data = join(folder, 'data');
const now = Date.UTC(2026, 10, 20, 13);
const live = Date.UTC(2026, 10, 20, 12);
let server: Awaited<ReturnType<typeof startClickHouse>>;
let store: Store;

/** Sessions `first` to `last`, an hour old; the clock is the router's. */
const listing = (first: number, last: number, clock: string): string =>
  `user@lns1> show services l2tp session extensive\nTunnel local ID: 7\n${Array.from(
    { length: last - first + 1 },
    (_, i) => `  Session local ID: ${first + i}, Session remote ID: 9
    Interface unit: ${1073741824 + first + i}
    State: Established
    Create time: Fri Nov 20 06:00:00 2026, Up time: ${clock}
    Idle time: N/A
`,
  ).join('')}\nuser@lns1> `;

beforeAll(async () => {
  server = await startClickHouse({ dir: join(folder, 'clickhouse'), port: 0 });
  const settings = { url: server.address, database: 'sessionreel', user: 'default', password: '' };
  await migrate(settings);
  store = new Store(settings);
  await goLive(store, 'lns1', [{ text: listing(3, 9, '06:00:00'), at: live }]);
  mkdirSync(captures);
  writeFileSync(join(captures, 'b.txt'), listing(1, 4, '03:00:00'));
  writeFileSync(join(captures, 'a.txt'), listing(2, 4, '04:00:00'));
  writeFileSync(join(captures, 'c.txt'), listing(1, 3, '02:00:00'));
  writeFileSync(join(captures, 'readme.txt'), 'no capture');
}, 120_000);
afterAll(async () => {
  await store.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

const reel = (...more: string[]) =>
  run(['import', captures, '--data', data, '--clickhouse-url', server.address, ...more], { now });

const rowsOf = async (where: string): Promise<string> => {
  const counts = await store.rows<{ what: string; n: string }>(
    `SELECT 'rows' AS what, count() AS n FROM session_history WHERE ${where}
     UNION ALL SELECT 'snapshots', count() FROM snapshots WHERE ${where}
     UNION ALL SELECT 'hash', sum(cityHash64(toString(at), kind, session_local_id, seq)) FROM session_history WHERE ${where}`,
  );
  // The engine gives the three in any order.
  return counts
    .map((r) => `${r.what} ${r.n}`)
    .sort()
    .join(' ');
};
const imported = 'kafka_partition >= 60000';
const sessionsAt = async (at: number): Promise<unknown[]> =>
  (await stateAt(store, { router: 'lns1', at })).sessions.map((s) => s.record.values['session_local_id']);

describe('captures older than the live state', () => {
  let first = '';

  it('become history old to new, without Kafka, and the live state stands as it was', async () => {
    const before = await rowsOf('kafka_partition = 0');
    const { status, stdout, stderr } = await reel();
    expect([status, stderr.includes('left out')], stderr).toEqual([0, true]);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((l) => l.replace(/^lns1 {2}\S+ {2}/, ''))).toEqual([
      'extensive  3 sessions  older than its live state, history: 3 opened, 0 changed, 0 closed',
      'extensive  4 sessions  older than its live state, history: 1 opened, 0 changed, 0 closed',
      'extensive  3 sessions  older than its live state, history: 0 opened, 0 changed, 1 closed',
    ]);
    expect(await rowsOf('kafka_partition = 0')).toBe(before);
    first = await rowsOf(imported);
  }, 60_000);

  it('can be asked for at any time, up to the seam and behind it', async () => {
    const at = (hour: number, minute = 0): number => Date.UTC(2026, 10, 20, hour, minute);
    expect(await sessionsAt(at(8))).toEqual([1, 2, 3]);
    expect(await sessionsAt(at(9, 30))).toEqual([1, 2, 3, 4]);
    expect(await sessionsAt(at(11, 59))).toEqual([2, 3, 4]);
    expect(await sessionsAt(at(12))).toEqual([3, 4, 5, 6, 7, 8, 9]);
    const shown = await run(
      [
        'show',
        'services l2tp session extensive',
        '--router',
        'lns1',
        '--at',
        '2026-11-20T09:00:00Z',
        '--clickhouse-url',
        server.address,
      ],
      { now },
    );
    const printed = listing(1, 4, '03:00:00');
    expect(shown.stdout).toBe(printed.slice(printed.indexOf('\n') + 1, printed.lastIndexOf('user@')));
    expect((await audit(store, {})).problems).toEqual([]);
  }, 60_000);

  it('are not imported twice: not again, not after a stop, not by another command', async () => {
    expect((await reel()).stderr).toContain('4 files were sent before, 0 are left');
    // As if it had been stopped behind the first file, with all of it inserted, and then with some of it missing.
    const [name = ''] = readdirSync(join(data, 'imports'));
    const journal = join(data, 'imports', name);
    const lines = readFileSync(journal, 'utf8').split('\n');
    const keys = lines.filter((l) => /^[0-9a-f]/.test(l));
    writeFileSync(journal, `${[...lines.filter((l) => l.startsWith('#')), keys[0] ?? ''].join('\n')}\n`);
    const again = await reel();
    expect([again.status, again.stderr.includes('left')], again.stderr).toEqual([0, true]);
    expect(await rowsOf(imported)).toBe(first);
    const other = await run(
      ['import', captures, '--data', join(folder, 'other'), '--clickhouse-url', server.address],
      { now },
    );
    expect(
      other.stdout.split('\n').filter((l) => l.includes('an earlier import holds that time')),
    ).toHaveLength(3);
    expect(await rowsOf(imported)).toBe(first);
  }, 60_000);

  it('are healed where an insert was cut off', async () => {
    await store.command(`ALTER TABLE loader_progress DELETE WHERE ${imported}`, {
      settings: { mutations_sync: '2' },
    });
    await store.command(`DELETE FROM session_history WHERE ${imported} AND session_local_id = 4`, {
      settings: { lightweight_deletes_sync: '2' },
    });
    const [name = ''] = readdirSync(join(data, 'imports'));
    const journal = join(data, 'imports', name);
    const text = readFileSync(journal, 'utf8')
      .split('\n')
      .filter((l) => l !== '!');
    writeFileSync(journal, text.join('\n'));
    const again = await reel();
    expect(again.status, again.stderr).toBe(0);
    expect(await rowsOf(imported)).toBe(first);
  }, 60_000);
});
