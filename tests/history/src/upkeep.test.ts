import { applyRetention, clusterStatements, rollUp, writeRouters } from '@sessionreel/clickhouse';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestLog } from './events.ts';
import { testServer, type TestServer } from './server.ts';
import { World } from './world.ts';

let server: TestServer;
const world = new World('up', 31, Date.UTC(2026, 10, 20, 22));
beforeAll(async () => {
  server = await testServer();
}, 60_000);
afterAll(() => server.stop(), 60_000);

describe('hours by user', () => {
  const mask = (n: bigint): bigint => BigInt.asUintN(64, n);
  /** Traffic by hour and user, from the events themselves. */
  function truth(): Map<string, bigint> {
    const names = new Map<string, string>();
    const sums = new Map<string, bigint>();
    for (const d of world.deltas) {
      for (const i of [...d.opened, ...d.changed, ...d.keyframe])
        names.set(
          `${String(i.tunnel_local_id)} ${String(i.session_local_id)}`,
          String(i.values['user_name']),
        );
      for (const c of [...d.counters, ...d.counters_rounded]) {
        const name = names.get(`${String(c.tunnel_local_id)} ${String(c.session_local_id)}`) ?? '?';
        const key = `${new Date(Math.floor(d.at / 3_600_000) * 3_600_000).toISOString().slice(0, 13)} ${name}`;
        sums.set(key, mask((sums.get(key) ?? 0n) + (c.deltas['data_rx_bytes'] ?? 0n)));
      }
    }
    return sums;
  }

  const stored = async (): Promise<Map<string, bigint>> => {
    const rows = await server.store.rows<{ hour: string; user: string; bytes: string }>(
      "SELECT formatDateTime(hour, '%Y-%m-%dT%H') AS hour, user_name AS user, data_rx_bytes AS bytes FROM traffic_by_user_hour FINAL",
    );
    return new Map(rows.map((r) => [`${r.hour} ${r.user}`, BigInt(r.bytes)]));
  };

  test('are built when they are over, once, however often they are built', async () => {
    const log = new TestLog(server.store, 5);
    for (let i = 0; i < 4; i++)
      await log.append(Array.from({ length: 6 }, (_, n) => world.step(n === 3)).flat());
    expect((await rollUp(server.store, [5])).built).toBeGreaterThan(1);
    const first = await stored();
    const newest = new Date(world.truths.at(-1)?.at ?? 0).toISOString().slice(0, 13);
    const over = new Map([...truth()].filter(([key]) => !key.startsWith(newest)));
    expect(first).toEqual(over);
    // Nothing new: nothing is built, and building again changes nothing.
    await rollUp(server.store, [5]);
    await server.store.command('TRUNCATE TABLE rollup_progress');
    await rollUp(server.store, [5]);
    expect(await stored()).toEqual(over);
    const peers = await server.store.rows<{ peer: string }>(
      'SELECT DISTINCT peer_gateway AS peer FROM traffic_by_peer_hour FINAL',
    );
    expect(peers).toEqual([{ peer: 'lac1' }]);
  }, 60_000);
});

test('retention is set, changed and taken away', async () => {
  const ttl = async (): Promise<string[]> =>
    (
      await server.store.rows<{ sql: string }>(
        "SELECT create_table_query AS sql FROM system.tables WHERE database = currentDatabase() AND name IN ('session_history', 'counter_deltas', 'session_prints', 'snapshots') ORDER BY name",
      )
    ).map((r) => /toIntervalDay\(\d+\)/.exec(r.sql)?.[0] ?? '');
  await applyRetention(server.store, 182);
  expect(await ttl()).toEqual(['toIntervalDay(182)', 'toIntervalDay(182)', 'toIntervalDay(182)', '']);
  await applyRetention(server.store, 36_500);
  expect((await ttl())[0]).toBe('toIntervalDay(36500)');
  await applyRetention(server.store, undefined);
  expect(await ttl()).toEqual(['', '', '', '']);
}, 60_000);

test('the fleet file is copied, and what it no longer names is marked', async () => {
  const entry = {
    timeZone: 'Europe/Berlin',
    release: '23.4R1',
    site: 'fra',
    role: 'lns' as const,
    platform: 'MX480',
    maxSessionsChassis: 64_000,
    maxSessionsInterface: null,
    maxSessionsTunnel: null,
    peers: ['lns2'],
  };
  await writeRouters(server.store, [
    { router: 'lns1', ...entry },
    { router: 'lns2', ...entry },
  ]);
  await new Promise((resolve) => setTimeout(resolve, 5));
  await writeRouters(server.store, [{ router: 'lns1', ...entry, site: 'muc' }]);
  const rows = await server.store.rows(
    'SELECT router, site, removed, max_sessions_chassis AS most FROM routers FINAL ORDER BY router',
  );
  expect(rows).toEqual([
    { router: 'lns1', site: 'muc', removed: false, most: 64_000 },
    { router: 'lns2', site: '', removed: true, most: null },
  ]);
});

test("the cluster form is accepted by the engine's parser, and has every table twice", async () => {
  const statements = clusterStatements('reel', 'sessionreel');
  for (const statement of statements) {
    const rows = await server.store
      .rows<{ ok: string }>('SELECT formatQuerySingleLine({q:String}) AS ok', { params: { q: statement } })
      .catch(() => server.store.rows<{ ok: string }>(`EXPLAIN AST ${statement}`));
    expect(rows.length, statement.slice(0, 100)).toBeGreaterThan(0);
  }
  const text = statements.join('\n');
  expect(text).toContain(
    "ReplicatedMergeTree('/clickhouse/tables/{shard}/sessionreel/session_history', '{replica}')",
  );
  expect(text).toContain("Distributed('reel', 'sessionreel', 'session_history_local', cityHash64(router))");
  expect(text).toContain('to_session_history ON CLUSTER reel TO sessionreel.session_history_local');
  expect(text).not.toMatch(/FROM (inbox|loader_fence)/);
}, 60_000);
