/**
 * Traffic by user, realm and peer gateway. Counter deltas carry no names: whole hours are rolled up once they are over; what is not
 * rolled up yet, and the edges of a range, come from the deltas themselves, with the names of their sessions beside them.
 */
import { counterFields } from '@sessionreel/session-model';
import { QuestionError, asked, known, utcText, type AskOptions, type QueryClient } from './client.ts';
import { checkedRange, type TimeRange } from './fleet.ts';
import { printedRoles } from './speeds.ts';

export type TrafficName = 'user' | 'realm' | 'peer_gateway' | 'router' | 'tunnel';

type Order = 'bytes' | 'echo_timeouts';

const hourMs = 3_600_000;
const echoBit = counterFields.findIndex((f) => f.name === 'lcp_echo_req_timeout');

const nameColumns = { user: 'user_name', realm: 'realm', peer_gateway: 'peer_gateway' } as const;

/** What a user name is for its wholesaler: the part behind the last @. */
export const realmOf = (name: string): string =>
  `if(position(${name}, '@') = 0, '', arrayElement(splitByChar('@', ${name}), -1))`;

const nameOf: Readonly<Record<TrafficName, string>> = {
  user: 's.user_name',
  realm: realmOf('s.user_name'),
  peer_gateway: 's.peer_gateway',
  router: 'c.router',
  tunnel: "concat(toString(c.router), ' ', toString(c.tunnel_local_id))",
};

/** Deltas of a time with the names of their sessions, by the last image of each in the deltas' group. `router` and `at` are bare. */
const named = (where: string): string => `
  (SELECT * FROM counter_deltas WHERE ${where}) AS c
  LEFT ANY JOIN (
    SELECT router, gop, tunnel_local_id, session_local_id, ifNull(create_time, toDateTime(0, 'UTC')) AS created,
      argMax(user_name, (at, seq)) AS user_name, argMax(if(remote_name != '', remote_name, remote_ip), (at, seq)) AS peer_gateway
    FROM session_history WHERE (router, gop) IN (SELECT DISTINCT router, gop FROM counter_deltas WHERE ${where})
    GROUP BY router, gop, tunnel_local_id, session_local_id, created) AS s
  ON s.router = c.router AND s.gop = c.gop AND s.tunnel_local_id = c.tunnel_local_id
    AND s.session_local_id = c.session_local_id AND s.created = ifNull(c.create_time, toDateTime(0, 'UTC'))`;

const sums = [
  'data_rx_bytes',
  'data_tx_bytes',
  'data_rx_bytes_error',
  'data_tx_bytes_error',
  'lcp_echo_req_timeout',
];

/**
 * Rows of name, router and sums within a range, as a subquery; its parameters are those of `trafficParams`. @param open whether some of
 * it is not rolled up: without, the deltas need not be read. @param leading only users that can be among the first by this order, and those
 * without a name
 */
function trafficRows(by: TrafficName, open: boolean, leading?: Order): string {
  if (by === 'router' || by === 'tunnel') return unnamedRows(by);
  // Users are many: who is at the top is found without their names, which are text.
  const leaders =
    by === 'user' && !open && leading !== undefined
      ? `AND (user_name = '' OR cityHash64(user_name) IN (${topUsers(leading)}))`
      : '';
  const rolled = `
    SELECT toString(${nameColumns[by]}) AS name, toString(router) AS router, ${sums.join(', ')}
    FROM ${by === 'peer_gateway' ? 'traffic_by_peer_hour' : 'traffic_by_user_hour'} FINAL
    WHERE ${wholeHours} ${leaders}`;
  const where = `at >= {from:DateTime64(3, 'UTC')} AND at < {to:DateTime64(3, 'UTC')}
    AND gop <= {to:DateTime64(3, 'UTC')} AND ((router, toStartOfHour(at)) NOT IN (${rolledHours}) OR toUnixTimestamp(at) < {first_hour:UInt32} OR toUnixTimestamp(at) >= {last_hour:UInt32})`;
  const direct = `
    SELECT toString(${nameOf[by]}) AS name, toString(c.router) AS router, ${sums.map((n) => `sum(c.${n}) AS ${n}`).join(', ')}
    FROM ${named(where)} GROUP BY name, router`;
  return open ? `(${rolled} UNION ALL ${direct})` : `(${rolled})`;
}

const wholeHours =
  "hour >= toDateTime({first_hour:UInt32}, 'UTC') AND hour < toDateTime({last_hour:UInt32}, 'UTC')";

/** Hashes of the names that can be among the first. */
const topUsers = (order: Order): string => `
  SELECT cityHash64(user_name) AS hashed FROM traffic_by_user_hour FINAL WHERE ${wholeHours} AND user_name != ''
  GROUP BY hashed ORDER BY ${order === 'echo_timeouts' ? 'sum(lcp_echo_req_timeout)' : 'sum(data_rx_bytes) + sum(data_tx_bytes)'} DESC, hashed
  LIMIT {limit:UInt32} + 1`;

/** Routers and tunnels need no names beside their deltas. */
function unnamedRows(by: 'router' | 'tunnel'): string {
  const range = "at >= {from:DateTime64(3, 'UTC')} AND at < {to:DateTime64(3, 'UTC')}";
  return by === 'router'
    ? `(SELECT toString(router) AS name, name AS router, data_rx_bytes, data_tx_bytes, data_rx_bytes_error, data_tx_bytes_error, lcp_echo_req_timeout
       FROM traffic_by_snapshot WHERE ${range})`
    : `(SELECT ${nameOf.tunnel} AS name, toString(c.router) AS router, ${sums.map((n) => `sum(c.${n}) AS ${n}`).join(', ')}
       FROM (SELECT * FROM counter_deltas WHERE ${range} AND gop <= {to:DateTime64(3, 'UTC')}) AS c GROUP BY name, router)`;
}

const rolledHours = `SELECT DISTINCT router, hour FROM traffic_by_peer_hour WHERE ${wholeHours}`;

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

/** Traffic by name from `from` (included) to `to`, the most first. Tx is the router's: on an LNS towards the subscriber. */
export async function namedTraffic(
  client: QueryClient,
  question: NamedTrafficQuestion,
): Promise<NamedTrafficAnswer> {
  const params = trafficParams(question);
  const by = known(nameOf, question.by);
  const open = by === 'router' || by === 'tunnel' || (await isOpen(client, question, params));
  const rows = trafficRows(by, open, question.order ?? 'bytes');
  const order = question.order === 'echo_timeouts' ? 'timeouts' : 'rx + tx';
  const options = asked(question, { ...params, limit: question.limit ?? 100 });
  const found = await client.rows<Record<string, string> & { routers: string[] }>(
    `SELECT name, sum(data_rx_bytes) AS rx, sum(data_tx_bytes) AS tx, sum(data_rx_bytes_error) AS rx_error, sum(data_tx_bytes_error) AS tx_error,
       sum(lcp_echo_req_timeout) AS timeouts, groupUniqArray(router) AS routers
     FROM ${rows} GROUP BY name ORDER BY name = '', ${order} DESC, name LIMIT {limit:UInt32} + 1`,
    options,
  );
  const unnamed = await client.rows<Record<string, string>>(
    `SELECT sum(data_rx_bytes) AS rx, sum(data_tx_bytes) AS tx FROM ${trafficRows(by, open)} WHERE name = ''`,
    options,
  );
  return {
    rows: found
      .filter((r) => r['name'] !== '')
      .slice(0, question.limit ?? 100)
      .map((r) => ({
        name: r['name'] ?? '',
        rxBytes: BigInt(r['rx'] ?? 0),
        txBytes: BigInt(r['tx'] ?? 0),
        rxError: BigInt(r['rx_error'] ?? 0),
        txError: BigInt(r['tx_error'] ?? 0),
        echoTimeouts: BigInt(r['timeouts'] ?? 0),
        routers: r.routers.toSorted(),
      })),
    withoutName: { rxBytes: BigInt(unnamed[0]?.['rx'] ?? 0), txBytes: BigInt(unnamed[0]?.['tx'] ?? 0) },
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
     WHERE at >= {from:DateTime64(3, 'UTC')} AND at < {to:DateTime64(3, 'UTC')} GROUP BY name ORDER BY name`,
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

export interface BilledTraffic {
  readonly name: string;
  /** 95th percentile of the rates (bit/s). */
  readonly rxBps: number;
  readonly txBps: number;
  /** The larger of both: what is billed. */
  readonly billedBps: number;
  readonly rxBytes: bigint;
  readonly txBytes: bigint;
}

export interface Billing {
  readonly from: number;
  readonly to: number;
  /** Length of a sample (s). */
  readonly stepS: number;
  readonly rows: readonly BilledTraffic[];
  /** Samples that any router's deltas cover, and that the month has: the others are gaps, and are no zeros. */
  readonly samples: number;
  readonly samplesExpected: number;
  /** Share of the traffic whose interval between polls is longer than a sample: its peaks are flatter than they were. */
  readonly coarseShare: number;
  /** Bytes that carry no such name. */
  readonly withoutName: bigint;
}

/**
 * Monthly 95th percentile by realm or peer gateway, as wholesale bills it: traffic spread evenly over the interval between the two
 * snapshots that showed it, in samples of `stepS`. Of LNSs and of routers whose role is not known; a LAC counts nothing.
 * @param question.month `2026-11`, in UTC. @throws QuestionError for what is no month
 */
export async function billing(
  client: QueryClient,
  question: AskOptions & {
    readonly month: string;
    readonly by: 'realm' | 'peer_gateway';
    readonly stepS?: number;
  },
): Promise<Billing> {
  const match = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(question.month);
  if (match === null)
    throw new QuestionError(`${JSON.stringify(question.month)} is no month; it may be 2026-11`);
  const [year, month] = [Number(match[1]), Number(match[2])];
  const [from, to] = [Date.UTC(year, month - 1, 1), Date.UTC(year, month, 1)];
  const stepS = question.stepS ?? 300;
  const samples = new Samples(stepS);
  // A day at a time: the names of all sessions of a month would not fit into memory.
  for (let day = from; day < to; day += 86_400_000) {
    question.signal?.throwIfAborted();
    await addDay(client, question, day, samples);
  }
  return { from, to, stepS, ...samples.billed(from, to) };
}

async function addDay(
  client: QueryClient,
  question: AskOptions & { readonly by: 'realm' | 'peer_gateway' },
  day: number,
  samples: Samples,
): Promise<void> {
  const where = `at >= {from:DateTime64(3, 'UTC')} AND at < {to:DateTime64(3, 'UTC')} AND gop <= {to:DateTime64(3, 'UTC')}
    AND toString(router) NOT IN (SELECT router FROM (${printedRoles}) WHERE role = 'lac')`;
  const query = `
    SELECT ${nameOf[known(nameOf, question.by)]} AS name, toUnixTimestamp64Milli(c.at) AS at_ms, round(c.interval_s) AS seconds,
      sum(c.data_rx_bytes) AS rx, sum(c.data_tx_bytes) AS tx
    FROM ${named(where)} GROUP BY name, at_ms, seconds`;
  const params = { from: utcText(day), to: utcText(day + 86_400_000) };
  for await (const block of client.blocks(query, asked(question, params)))
    for (const [name, at, seconds, rx, tx] of block)
      samples.add(String(name), Number(at), Number(seconds), BigInt(rx as string), BigInt(tx as string));
}

/** Rates by name and sample. */
export class Samples {
  readonly #stepMs: number;
  readonly #bins = new Map<string, Map<number, { rx: number; tx: number }>>();
  readonly #totals = new Map<string, { rx: bigint; tx: bigint }>();
  readonly #covered = new Set<number>();
  #coarse = 0;
  #all = 0;

  constructor(stepS: number) {
    this.#stepMs = stepS * 1_000;
  }

  /** Bytes that passed in the seconds before `at` (ms). */
  add(name: string, at: number, seconds: number, rx: bigint, tx: bigint): void {
    const length = Math.max(1, seconds * 1_000);
    const begin = at - length;
    const bins = this.#bins.get(name) ?? new Map<number, { rx: number; tx: number }>();
    this.#bins.set(name, bins);
    const [last, bytes] = [Math.ceil(at / this.#stepMs), Number(rx + tx)];
    for (let bin = Math.floor(begin / this.#stepMs); bin < last; bin++) {
      const share = (Math.min(at, (bin + 1) * this.#stepMs) - Math.max(begin, bin * this.#stepMs)) / length;
      if (share <= 0) continue;
      const sample = bins.get(bin) ?? { rx: 0, tx: 0 };
      bins.set(bin, { rx: sample.rx + Number(rx) * share, tx: sample.tx + Number(tx) * share });
      this.#covered.add(bin);
    }
    const total = this.#totals.get(name) ?? { rx: 0n, tx: 0n };
    this.#totals.set(name, { rx: total.rx + rx, tx: total.tx + tx });
    this.#all += bytes;
    if (length > this.#stepMs) this.#coarse += bytes;
  }

  /** Of the samples that begin within the times. */
  billed(
    from: number,
    to: number,
  ): Pick<Billing, 'rows' | 'samples' | 'samplesExpected' | 'coarseShare' | 'withoutName'> {
    const inside = (bin: number): boolean => bin * this.#stepMs >= from && bin * this.#stepMs < to;
    const covered = [...this.#covered].filter(inside);
    const rows = [...this.#totals].map(([name, total]): BilledTraffic => {
      const bins = this.#bins.get(name);
      // Where others were heard and this one had nothing, it had nothing.
      const rates = (way: 'rx' | 'tx'): number =>
        percentile95(covered.map((bin) => ((bins?.get(bin)?.[way] ?? 0) * 8_000) / this.#stepMs));
      const [rxBps, txBps] = [rates('rx'), rates('tx')];
      return { name, rxBps, txBps, billedBps: Math.max(rxBps, txBps), rxBytes: total.rx, txBytes: total.tx };
    });
    const unnamed = this.#totals.get('');
    return {
      rows: rows
        .filter((r) => r.name !== '')
        .sort((a, b) => b.billedBps - a.billedBps || (a.name < b.name ? -1 : 1)),
      samples: covered.length,
      samplesExpected: Math.ceil((to - from) / this.#stepMs),
      coarseShare: this.#all === 0 ? 0 : this.#coarse / this.#all,
      withoutName: unnamed === undefined ? 0n : unnamed.rx + unnamed.tx,
    };
  }
}

/** The largest value when the highest twentieth is left out, as bills are made; 0 of none. */
export function percentile95(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * 0.95) - 1)] ?? 0;
}
