/**
 * The questions over a filled ClickHouse: one router of 64,000 sessions among others, keyframes every six hours, counters every five
 * minutes of the large one and every hour of the rest. Cold is the first time after the caches are dropped; no query cache.
 *
 *     node benchmarks/query.ts [sessions] [days]        default: 100,000 sessions, 1 day; the goal is 1,000,000 and 7
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Store, migrate } from '@sessionreel/clickhouse';
import { startClickHouse } from '@sessionreel/local';
import { busyHours, concurrency, fleetAt, history, namedTraffic, stateAt } from '@sessionreel/queries';
import { fields } from '@sessionreel/session-model';

const [sessions = 100_000, days = 1] = process.argv.slice(2).map(Number);
const large = Math.min(64_000, sessions);
const each = 5_000;
const routers = [
  { name: 'lns0', sessions: large, pollS: 300 },
  ...Array.from({ length: Math.round((sessions - large) / each) }, (_, i) => ({
    name: `lns${String(i + 1)}`,
    sessions: each,
    pollS: 3_600,
  })),
];
const start = Date.UTC(2026, 10, 1);
const end = start + days * 86_400_000;
const gopS = 6 * 3_600;

const printed = new Set([
  ...[
    'tunnel_local_id',
    'session_local_id',
    'session_remote_id',
    'create_time',
    'interface_name',
    'interface_unit',
    'state',
    'user_name',
  ],
  ...[
    'mode',
    'local_ip',
    'remote_ip',
    'local_name',
    'remote_name',
    'tx_speed',
    'rx_speed',
    'statistics_since',
  ],
  ...['data_tx_packets', 'data_tx_bytes', 'data_rx_packets', 'data_rx_bytes'],
]);
const presence = fields.map((f) => (printed.has(f.name) ? 'v' : '.')).join('');

const settings = { max_insert_threads: '2' };

/** Everything that the loader would have written for one router. */
async function fill(store: Store, router: (typeof routers)[number]): Promise<void> {
  const { name, sessions: count, pollS } = router;
  const run = (sql: string): Promise<void> =>
    store.command(sql, {
      params: { name, count, presence, start: start / 1_000, polls: (days * 86_400) / pollS, pollS, gopS },
      settings,
    });
  const ids =
    'toUInt16(intDiv(number, 4000) + 1) AS tunnel_local_id, toUInt16(number % 4000 + 1) AS session_local_id';
  const created =
    "toDateTime({start:UInt32} - 3600, 'UTC') AS create_time, toDateTime64({start:UInt32} - 3600, 3, 'UTC') AS created_at";
  for (let gop = start; gop < end; gop += gopS * 1_000) {
    const at = `toDateTime64(${String(gop / 1_000)}, 3, 'UTC')`;
    await run(`INSERT INTO session_history (router, gop, at, captured_at, last_seen_at, seq, kind, tunnel_local_id, session_local_id, create_time,
        created_at, session_remote_id, interface_name, interface_unit, state, user_name, mode, local_ip, remote_ip, local_name, remote_name,
        tx_speed, rx_speed, statistics_since, data_tx_packets, data_tx_bytes, data_rx_packets, data_rx_bytes, rank, presence)
      SELECT {name:String}, ${at}, ${at}, ${at}, ${at}, ${String(gop / 1_000)} * 8 + 4, 'keyframe', ${ids}, ${created}, session_local_id,
        concat('si-', toString(number % 4), '/0/0'), 1073741824 + number, if(number % 50 = 0, 'destroyed', 'established'),
        concat('user', toString(number), '@isp', toString(number % 20), '.example'), 'shared', '10.0.0.1', concat('10.1.0.', toString(number % 40)),
        {name:String}, concat('lac', toString(number % 40)), 64000000, 16000000, create_time, number * 1000, number * 1000000, number * 500, number * 500000,
        number * 16, {presence:String} FROM numbers({count:UInt64})`);
    await run(`INSERT INTO deltas (router, at, gop, captured_at, seq, piece, pieces, keyframe_rows)
      SELECT {name:String}, ${at}, ${at}, ${at}, ${String(gop / 1_000)} * 8 + 7, 1, 1, {count:UInt32}`);
  }
  const at = "toDateTime64({start:UInt32} + poll * {pollS:UInt32}, 3, 'UTC') AS at";
  const group =
    "toDateTime64({start:UInt32} + intDiv(poll * {pollS:UInt32}, {gopS:UInt32}) * {gopS:UInt32}, 3, 'UTC') AS gop";
  const seq = '({start:UInt32} + poll * {pollS:UInt32}) * 8';
  await run(`INSERT INTO counter_deltas (router, gop, at, captured_at, seq, tunnel_local_id, session_local_id, create_time, created_at, interval_s, kind, seen,
      data_tx_packets, data_tx_bytes, data_rx_packets, data_rx_bytes)
    SELECT {name:String}, ${group}, ${at}, at, ${seq} + 5, ${ids}, ${created}, {pollS:UInt32}, 'normal', 15,
      rand() % 100000, rand() % 100000000, rand(1) % 50000, rand(1) % 50000000
    FROM (SELECT intDiv(n.number, {count:UInt64}) AS poll, n.number % {count:UInt64} AS number FROM numbers({count:UInt64} * {polls:UInt64}) AS n) WHERE poll > 0`);
  await run(`INSERT INTO snapshots (router, at, gop, captured_at, seq, snapshot_id, part, parts, final, outcome, format, level, variant, complete, sessions, state_hash, by_state, by_peer_gateway)
    SELECT {name:String}, ${at}, ${group}, at, ${seq} + 7, toString(poll), 1, 1, 1, 'applied', 'text', 'extensive', 'lns-mx', 1, {count:UInt64}, 'x',
      map('established', {count:UInt64} - intDiv({count:UInt64} + 49, 50), 'destroyed', intDiv({count:UInt64} + 49, 50)), map('lac1', {count:UInt64})
    FROM (SELECT number AS poll FROM numbers({polls:UInt64}))`);
  await run(`INSERT INTO traffic_by_snapshot (router, at, gop, captured_at, seq, interval_s, sessions, data_rx_bytes, data_tx_bytes)
    SELECT router, at, gop, captured_at, seq, any(interval_s), count(), sum(data_rx_bytes), sum(data_tx_bytes) FROM counter_deltas
    WHERE router = {name:String} GROUP BY router, at, gop, captured_at, seq`);
  const hours = `hour, user_name, realm, router, sessions, data_rx_bytes, data_tx_bytes, built_at`;
  await run(`INSERT INTO traffic_by_user_hour (${hours}) SELECT toStartOfHour(at), concat('user', toString((tunnel_local_id - 1) * 4000 + session_local_id - 1), '@isp.example'),
      'isp.example', router, 1, sum(data_rx_bytes), sum(data_tx_bytes), now64(3) FROM counter_deltas WHERE router = {name:String} GROUP BY 1, 2, router`);
  await run(`INSERT INTO traffic_by_peer_hour (hour, peer_gateway, router, sessions, built_at)
    SELECT DISTINCT toStartOfHour(at), 'lac1', router, 1, now64(3) FROM counter_deltas WHERE router = {name:String}`);
  await run(`INSERT INTO sessions_by_user (user_name, router, at, gop, captured_at, seq, tunnel_local_id, session_local_id, create_time, created_at)
    SELECT user_name, router, at, gop, captured_at, seq, tunnel_local_id, session_local_id, create_time, created_at FROM session_history
    WHERE router = {name:String} AND gop = toDateTime64({start:UInt32}, 3, 'UTC')`);
}

const at = end - 10 * 60_000;
const hour = Math.floor(at / 3_600_000) * 3_600_000;
const questions: readonly (readonly [string, number, (store: Store) => Promise<unknown>])[] = [
  [
    'state of the large router at T',
    200,
    async (s) => (await stateAt(s, { router: 'lns0', at })).sessions.length,
  ],
  ['the fleet by state at T', 1_000, async (s) => (await fleetAt(s, { at, by: 'state' })).length],
  [
    'history of a session',
    200,
    async (s) => (await history(s, { session: { router: 'lns0', tunnel: 3, session: 77 } })).traffic.length,
  ],
  ['a subscriber', 200, async (s) => (await history(s, { user: 'user777@isp17.example' })).traffic.length],
  [
    'series of the fleet',
    100,
    async (s) =>
      (await concurrency(s, { from: start, to: end, stepS: 3_600, by: 'fleet' })).series[0]?.points.length,
  ],
  [
    'top 100 users of an hour',
    200,
    async (s) => (await namedTraffic(s, { from: hour - 3_600_000, to: hour, by: 'user' })).rows.length,
  ],
  ['busy hours', 100, async (s) => (await busyHours(s, { from: start, to: end })).length],
];

async function measure(store: Store): Promise<void> {
  for (const [name, goalMs, ask] of questions) {
    for (const cache of ['MARK', 'UNCOMPRESSED', 'QUERY CONDITION'])
      await store.command(`SYSTEM DROP ${cache} CACHE`).catch(() => undefined);
    const times: number[] = [];
    let answer: unknown;
    for (let i = 0; i < 6; i++) {
      const began = performance.now();
      answer = await ask(store);
      times.push(performance.now() - began);
    }
    const [cold = 0, ...warm] = times;
    const median = warm.toSorted((a, b) => a - b)[Math.floor(warm.length / 2)] ?? 0;
    console.log(
      JSON.stringify({
        question: name,
        cold_ms: Math.round(cold),
        warm_ms: Math.round(median),
        goal_ms: goalMs,
        answer,
      }),
    );
  }
}

const dir = mkdtempSync(join(tmpdir(), 'reel-query-'));
const server = await startClickHouse({ dir, port: 0 });
const connection = { url: server.address, database: 'sessionreel', user: 'default', password: '' };
await migrate(connection);
const store = new Store({ ...connection, requestTimeoutMs: 3_600_000 });
try {
  const began = performance.now();
  for (const router of routers) await fill(store, router);
  const rows = await store.rows<{ name: string; rows: string; bytes: string }>(
    "SELECT name, total_rows AS rows, total_bytes AS bytes FROM system.tables WHERE database = currentDatabase() AND name IN ('session_history', 'counter_deltas')",
  );
  const tables = Object.fromEntries(
    rows.map((r) => [r.name, { rows: Number(r.rows), bytes: Number(r.bytes) }]),
  );
  console.log(
    JSON.stringify({
      routers: routers.length,
      sessions,
      days,
      filled_s: Math.round((performance.now() - began) / 1_000),
      tables,
    }),
  );
  await measure(store);
} finally {
  await store.close();
  await server.stop();
  rmSync(dir, { recursive: true, force: true });
}
