/**
 * Traffic by user, realm and peer gateway. Counter deltas carry no names: whole hours are rolled up once they are over; what is not
 * rolled up yet, and the edges of a range, come from the deltas themselves, with the names of their sessions beside them.
 */
import { counterFields } from '@sessionreel/session-model';
import { QuestionError, asked, known, type QueryClient, type QueryOptions } from '../ask/client.ts';
import { named, nameOf, range, type TrafficName } from './counted-names.ts';
import { checkedRange, type TimeRange } from '../ask/range.ts';

export * from './billing.ts';
export type { TrafficName } from './counted-names.ts';

type Order = 'bytes' | 'echo_timeouts';

const hourMs = 3_600_000;
const echoBit = counterFields.findIndex((f) => f.name === 'lcp_echo_req_timeout');

const nameColumns = { user: 'user_name', realm: 'realm', peer_gateway: 'peer_gateway' } as const;

const sums = [
  'data_rx_bytes',
  'data_tx_bytes',
  'data_rx_bytes_error',
  'data_tx_bytes_error',
  'lcp_echo_req_timeout',
];

const wholeHours =
  "hour >= toDateTime({first_hour:UInt32}, 'UTC') AND hour < toDateTime({last_hour:UInt32}, 'UTC')";

const rolledHours = `SELECT DISTINCT router, hour FROM traffic_by_peer_hour WHERE ${wholeHours}`;

/** Days are partitions of groups: without these bounds all that was ever counted would be read. */
const ofGroups = `gop BETWEEN (SELECT min(gop) FROM deltas WHERE ${range} AND counters_rows > 0) AND (SELECT max(gop) FROM deltas WHERE ${range} AND counters_rows > 0)`;

/** Events of the range that no rollup holds. */
const unrolled = `
  SELECT router, gop, at FROM deltas WHERE ${range} AND counters_rows > 0
    AND ((router, toStartOfHour(at)) NOT IN (${rolledHours}) OR toUnixTimestamp(at) < {first_hour:UInt32} OR toUnixTimestamp(at) >= {last_hour:UInt32})`;
const inEvents = `(router, at) IN (SELECT router, at FROM (${unrolled}))`;

/**
 * Rows of name, router and sums within a range, as a subquery; its parameters are those of `trafficParams`, and of users the `leaders`.
 * @param open whether some of it is not rolled up: without, the deltas need not be read
 */
function trafficRows(by: TrafficName, open: boolean): string {
  if (by === 'router' || by === 'tunnel') return unnamedRows(by);
  const leading = (name: string): string =>
    by === 'user' ? `AND (${name} = '' OR cityHash64(${name}) IN {leaders:Array(UInt64)})` : '';
  const rolled = `
    SELECT toString(${nameColumns[by]}) AS name, toString(router) AS router, ${sums.join(', ')}
    FROM ${by === 'peer_gateway' ? 'traffic_by_peer_hour' : 'traffic_by_user_hour'} FINAL
    WHERE ${wholeHours} ${leading('user_name')}`;
  const direct = `
    SELECT toString(${nameOf[by]}) AS name, toString(c.router) AS router, ${sums.map((n) => `sum(c.${n}) AS ${n}`).join(', ')}
    FROM ${named(unrolled, inEvents)} WHERE 1 ${leading('s.user_name')} GROUP BY name, router`;
  return open ? `(${rolled} UNION ALL ${direct})` : `(${rolled})`;
}

/** Their hashes travel in the address of a request. */
const mostUsers = 10_000;

/** Users are many: who is at the top is found without their names, which are text. Hashes of those that can be among the first. */
async function topUsers(
  client: QueryClient,
  order: Order,
  open: boolean,
  options: QueryOptions,
): Promise<bigint[]> {
  const measure = (of: string): string =>
    order === 'echo_timeouts' ? `${of}lcp_echo_req_timeout` : `${of}data_rx_bytes + ${of}data_tx_bytes`;
  const rolled = `SELECT cityHash64(user_name) AS hashed, ${measure('')} AS measure FROM traffic_by_user_hour FINAL WHERE ${wholeHours} AND user_name != ''`;
  const direct = `SELECT cityHash64(s.user_name) AS hashed, ${measure('c.')} AS measure FROM ${named(unrolled, inEvents)} WHERE s.user_name != ''`;
  const rows = await client.rows<{ hashed: string }>(
    `SELECT hashed FROM (${open ? `${rolled} UNION ALL ${direct}` : rolled}) GROUP BY hashed ORDER BY sum(measure) DESC, hashed LIMIT {limit:UInt32}`,
    options,
  );
  return rows.map((r) => BigInt(r.hashed));
}

/** Routers and tunnels need no names beside their deltas. */
function unnamedRows(by: 'router' | 'tunnel'): string {
  return by === 'router'
    ? `(SELECT toString(router) AS name, name AS router, data_rx_bytes, data_tx_bytes, data_rx_bytes_error, data_tx_bytes_error, lcp_echo_req_timeout
       FROM traffic_by_snapshot WHERE ${range})`
    : `(SELECT ${nameOf.tunnel} AS name, toString(c.router) AS router, ${sums.map((n) => `sum(c.${n}) AS ${n}`).join(', ')}
       FROM (SELECT * FROM counter_deltas WHERE ${range} AND ${ofGroups}) AS c
       GROUP BY name, router)`;
}

interface TrafficParams extends Readonly<Record<string, unknown>> {
  readonly first_hour: number;
  readonly last_hour: number;
}

/** Whole hours of a range, and its ends. */
function trafficParams(range: TimeRange): TrafficParams {
  const first = Math.ceil(range.from / hourMs) * hourMs;
  const last = Math.max(first, Math.floor(range.to / hourMs) * hourMs);
  return { ...checkedRange(range), first_hour: first / 1_000, last_hour: last / 1_000 };
}

/** Whether part of the range is in no rollup. */
async function isOpen(
  client: QueryClient,
  range: TimeRange,
  params: Readonly<Record<string, unknown>>,
): Promise<boolean> {
  if (range.from % hourMs !== 0 || range.to % hourMs !== 0) return true;
  const rows = await client.rows<{ n: string }>(
    `SELECT count() AS n FROM (
       SELECT DISTINCT router, toStartOfHour(at) AS hour FROM traffic_by_snapshot
       WHERE at >= {from:DateTime64(3, 'UTC')} AND at < {to:DateTime64(3, 'UTC')} AND (router, hour) NOT IN (${rolledHours}))`,
    asked(range, params),
  );
  return rows[0]?.n !== '0';
}

export interface NamedTraffic {
  readonly name: string;
  readonly rxBytes: bigint;
  readonly txBytes: bigint;
  /** Half-widths; 0n when exact. */
  readonly rxError: bigint;
  readonly txError: bigint;
  /** LCP echo requests that timed out. */
  readonly echoTimeouts: bigint;
  readonly routers: readonly string[];
}

export interface NamedTrafficAnswer {
  readonly rows: readonly NamedTraffic[];
  /** Of sessions whose captures print no such name. */
  readonly withoutName: { readonly rxBytes: bigint; readonly txBytes: bigint };
}

export interface NamedTrafficQuestion extends TimeRange {
  readonly by: TrafficName;
  readonly limit?: number;
  readonly order?: Order;
}

/**
 * Traffic by name from `from` (included) to `to`, the most first. Tx is the router's: on an LNS towards the subscriber.
 * @throws QuestionError for more than 10,000 users
 */
export async function namedTraffic(
  client: QueryClient,
  question: NamedTrafficQuestion,
): Promise<NamedTrafficAnswer> {
  const params = trafficParams(question);
  const by = known(nameOf, question.by);
  const open = by === 'router' || by === 'tunnel' || (await isOpen(client, question, params));
  const order = question.order === 'echo_timeouts' ? 'timeouts' : 'rx + tx';
  const limit = question.limit ?? 100;
  const options = asked(question, { ...params, limit });
  if (by === 'user' && limit > mostUsers)
    throw new QuestionError(`the first ${mostUsers.toLocaleString('en')} users can be told at a time`);
  const leaders = by === 'user' ? await topUsers(client, question.order ?? 'bytes', open, options) : [];
  const found = await client.rows<Record<string, string> & { routers: string[] }>(
    `SELECT name, sum(data_rx_bytes) AS rx, sum(data_tx_bytes) AS tx, sum(data_rx_bytes_error) AS rx_error, sum(data_tx_bytes_error) AS tx_error,
       sum(lcp_echo_req_timeout) AS timeouts, groupUniqArray(router) AS routers
     FROM ${trafficRows(by, open)} GROUP BY name ORDER BY name != '', ${order} DESC, name LIMIT {limit:UInt32} + 1`,
    { ...options, params: { ...options.params, leaders } },
  );
  const unnamed = found.find((r) => r['name'] === '');
  return {
    rows: found
      .filter((r) => r['name'] !== '')
      .slice(0, limit)
      .map((r) => ({
        name: r['name'] ?? '',
        rxBytes: BigInt(r['rx'] ?? 0),
        txBytes: BigInt(r['tx'] ?? 0),
        rxError: BigInt(r['rx_error'] ?? 0),
        txError: BigInt(r['tx_error'] ?? 0),
        echoTimeouts: BigInt(r['timeouts'] ?? 0),
        routers: r.routers.toSorted(),
      })),
    withoutName: { rxBytes: BigInt(unnamed?.['rx'] ?? 0), txBytes: BigInt(unnamed?.['tx'] ?? 0) },
  };
}

export interface EchoTimeouts {
  readonly peerGateway: string;
  readonly timeouts: bigint;
  readonly routers: readonly string[];
}

/** LCP echo requests that timed out, by peer gateway, the most first; peers without any are left out. */
export async function echoTimeouts(
  client: QueryClient,
  question: TimeRange & { readonly limit?: number },
): Promise<{
  readonly rows: readonly EchoTimeouts[];
  /** Routers whose listings in the range print the counter at all: others may have had any number. */
  readonly printing: readonly string[];
  readonly silent: readonly string[];
}> {
  const { rows } = await namedTraffic(client, { ...question, by: 'peer_gateway', order: 'echo_timeouts' });
  const bit = 1n << BigInt(echoBit);
  const printing = await client.rows<{ name: string; prints: boolean }>(
    `SELECT toString(router) AS name, bitAnd(groupBitOr(seen), ${bit}) != 0 AS prints FROM counter_deltas
     WHERE ${range} AND ${ofGroups} GROUP BY name ORDER BY name`,
    asked(question, checkedRange(question)),
  );
  return {
    rows: rows
      .filter((r) => r.echoTimeouts > 0n)
      .map((r) => ({ peerGateway: r.name, timeouts: r.echoTimeouts, routers: r.routers })),
    printing: printing.filter((p) => p.prints).map((p) => p.name),
    silent: printing.filter((p) => !p.prints).map((p) => p.name),
  };
}
