/**
 * Rolls finished hours up by user and by peer. Counter deltas carry no names, so that no view can do it; an hour of a router is built
 * whole from the base tables, and built again when an event comes late or a range was healed: the newest build counts.
 */
import { counterFields } from '@sessionreel/session-model';
import type { Store } from './client.ts';

const hourMs = 3_600_000;
/** Routers in one statement: their names travel in the address of a request. */
const routersAtOnce = 100;

export interface RollupResult {
  /** Hours of routers that were built. */
  readonly built: number;
}

interface Touched {
  readonly router: string;
  /** Seconds since 1970. */
  readonly hour: number;
  readonly first: string;
}

/** Builds what events of these partitions have touched since the last time, as far as their hours are over. */
export async function rollUp(store: Store, partitions: readonly number[]): Promise<RollupResult> {
  let built = 0;
  for (const partition of partitions) built += await rollUpPartition(store, partition);
  return { built };
}

/** What stands at this offset and behind it will be rolled up again. */
export async function rollUpFrom(store: Store, partition: number, offset: number): Promise<void> {
  const done = await progressOf(store, 'rollup_progress', partition);
  if (done === undefined || done <= offset) return;
  await store.insert('rollup_progress', [
    { kafka_partition: partition, kafka_offset: offset, built_at: await nextBuild(store) },
  ]);
}

async function rollUpPartition(store: Store, partition: number): Promise<number> {
  const loaded = await progressOf(store, 'loader_progress', partition);
  const done = await progressOf(store, 'rollup_progress', partition);
  if (loaded === undefined || (done !== undefined && done > loaded)) return 0;
  const built = await nextBuild(store);
  const params = { partition, from: done ?? 0, to: loaded };
  const range = 'kafka_partition = {partition:UInt16} AND kafka_offset BETWEEN {from:UInt64} AND {to:UInt64}';
  const touched = await store.rows<Touched>(
    `SELECT router, toUnixTimestamp(toStartOfHour(at)) AS hour, min(kafka_offset) AS first
     FROM traffic_by_snapshot WHERE ${range} GROUP BY router, hour ORDER BY hour`,
    { params },
  );
  const newest = await store.rows<{ router: string; newest: string }>(
    `SELECT router, toUnixTimestamp64Milli(max(at)) AS newest FROM deltas WHERE ${range} GROUP BY router`,
    { params },
  );
  const ends = new Map(newest.map((r) => [r.router, Number(r.newest)]));
  const end = Math.max(0, ...ends.values());
  // An hour is over when its router has gone past it, or all others have by an hour: it fell silent.
  const isOver = (t: Touched): boolean => {
    const over = t.hour * 1_000 + hourMs;
    return (ends.get(t.router) ?? 0) >= over || end >= over + hourMs;
  };
  const over = touched.filter(isOver);
  for (const [hour, group] of Map.groupBy(over, (t) => t.hour))
    for (let i = 0; i < group.length; i += routersAtOnce)
      await buildHour(
        store,
        hour,
        group.slice(i, i + routersAtOnce).map((t) => t.router),
        built,
      );
  const open = touched.filter((t) => !isOver(t)).map((t) => Number(t.first));
  await store.insert('rollup_progress', [
    { kafka_partition: partition, kafka_offset: Math.min(loaded + 1, ...open), built_at: built },
  ]);
  return over.length;
}

async function progressOf(store: Store, table: string, partition: number): Promise<number | undefined> {
  const rows = await store.rows<{ n: string; offset: string }>(
    `SELECT count() AS n, argMax(kafka_offset, ${table === 'rollup_progress' ? 'built_at' : 'kafka_offset'}) AS offset
     FROM ${table} WHERE kafka_partition = {partition:UInt16}`,
    { params: { partition } },
  );
  return rows[0] === undefined || rows[0].n === '0' ? undefined : Number(rows[0].offset);
}

/**
 * When this build is made: above all builds before, also where a clock was ahead then, since of two builds the later one counts.
 * Hours of one pass and its progress share it.
 */
async function nextBuild(store: Store): Promise<string> {
  const rows = await store.rows<{ newest: string }>(
    'SELECT toUnixTimestamp64Milli(max(built_at)) AS newest FROM rollup_progress',
  );
  const at = Math.max(Date.now(), Number(rows[0]?.newest ?? 0) + 1);
  return new Date(at).toISOString().slice(0, 23).replace('T', ' ');
}

const summed = [
  ...counterFields.filter((f) => f.name.startsWith('data_')).flatMap((f) => [f.name, `${f.name}_error`]),
  'error_tx_packets',
  'error_rx_packets',
  'lcp_echo_req_timeout',
];

/** Names stand in the last image of each incarnation in the group of the delta. */
const named = `
  FROM (SELECT * FROM counter_deltas WHERE router IN {routers:Array(String)}
    AND at >= toDateTime({hour:UInt32}, 'UTC') AND at < toDateTime({hour:UInt32} + 3600, 'UTC')
    AND gop <= toDateTime({hour:UInt32} + 3600, 'UTC')) AS c
  LEFT ANY JOIN (
    SELECT router, gop, tunnel_local_id, session_local_id, ifNull(create_time, toDateTime(0, 'UTC')) AS created,
      argMax(user_name, (at, seq)) AS user_name, argMax(if(remote_name != '', remote_name, remote_ip), (at, seq)) AS peer_gateway
    FROM session_history
    WHERE router IN {routers:Array(String)} AND gop IN (
      SELECT DISTINCT gop FROM counter_deltas WHERE router IN {routers:Array(String)}
        AND at >= toDateTime({hour:UInt32}, 'UTC') AND at < toDateTime({hour:UInt32} + 3600, 'UTC'))
    GROUP BY router, gop, tunnel_local_id, session_local_id, created) AS s
  ON s.router = c.router AND s.gop = c.gop AND s.tunnel_local_id = c.tunnel_local_id
    AND s.session_local_id = c.session_local_id AND s.created = ifNull(c.create_time, toDateTime(0, 'UTC'))`;

async function buildHour(
  store: Store,
  hour: number,
  routers: readonly string[],
  built: string,
): Promise<void> {
  const params = { hour, routers, built };
  const sums = summed.map((n) => `sum(c.${n})`).join(', ');
  const columns = `sessions, ${summed.join(', ')}, built_at`;
  const values = `uniqExact(c.tunnel_local_id, c.session_local_id, c.create_time), ${sums}, {built:DateTime64(3, 'UTC')}`;
  const hourOf = "toDateTime({hour:UInt32}, 'UTC')";
  await store.command(
    `INSERT INTO traffic_by_user_hour (hour, user_name, realm, router, ${columns})
     SELECT ${hourOf}, s.user_name AS name, if(position(name, '@') = 0, '', arrayElement(splitByChar('@', name), -1)), c.router, ${values}
     ${named} GROUP BY name, c.router`,
    { params },
  );
  await store.command(
    `INSERT INTO traffic_by_peer_hour (hour, peer_gateway, router, ${columns})
     SELECT ${hourOf}, s.peer_gateway AS peer, c.router, ${values} ${named} GROUP BY peer, c.router`,
    { params },
  );
}
