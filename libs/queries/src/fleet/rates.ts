/** Traffic over time, from the roll-up by snapshot: each delta is spread over the interval that it took. */
import { QuestionError, asked, utcText, type AskOptions, type QueryClient } from '../ask/client.ts';

export interface RateQuestion extends AskOptions {
  readonly from: number;
  readonly to: number;
  readonly stepS: number;
  /** LACs and LNSs count the same bytes: they are never added up. */
  readonly by: 'role' | 'router' | 'site_role';
  readonly routers?: readonly string[];
}

export interface RatePoint {
  /** Begin of the step (ms UTC). */
  readonly at: number;
  /** Mean rates of the step (bit/s), by the printing router's own Rx and Tx. */
  readonly rx: number;
  readonly tx: number;
  /** Half-widths, where numbers were rounded. */
  readonly rxError: number;
  readonly txError: number;
  /** Whether counters were cleared in it: then it is a lower bound. */
  readonly lowerBound: boolean;
}

export interface RateSeries {
  readonly name: string;
  readonly points: readonly RatePoint[];
}

const mostPoints = 20_000;

/** Only steps with data: one without is a gap, not a zero. */
export async function trafficOverTime(client: QueryClient, question: RateQuestion): Promise<RateSeries[]> {
  const { from, to, by } = question;
  const step = Math.round(question.stepS);
  if (from > to) throw new QuestionError('the time to begin from is after the time to end at');
  if (!(step >= 1) || (to - from) / 1_000 / step > mostPoints)
    throw new QuestionError(`that would be more than ${mostPoints} points: take a longer step`);
  const name = {
    role: "if(r.role = '', 'unknown', toString(r.role))",
    router: 'toString(t.router)',
    site_role: "concat(if(r.site = '', 'unknown', toString(r.site)), ' ', toString(r.role))",
  }[by];
  const rows = await client.rows<
    Record<'name' | 'point', string> & Record<'rx' | 'tx' | 'rx_error' | 'tx_error' | 'bounds', number>
  >(
    `SELECT name, point, sum(rx * share) AS rx, sum(tx * share) AS tx, sum(rxe * share) AS rx_error, sum(txe * share) AS tx_error,
       toUInt32(sum(bounds)) AS bounds
     FROM (
       SELECT name, rx, tx, rxe, txe, bounds, arrayJoin(range(intDiv(begin_ms, {step_ms:Int64}), intDiv(end_ms - 1, {step_ms:Int64}) + 1)) AS point,
         (least(end_ms, (point + 1) * {step_ms:Int64}) - greatest(begin_ms, point * {step_ms:Int64})) / (end_ms - begin_ms) AS share
       FROM (
         SELECT ${name} AS name, toFloat64(t.data_rx_bytes) AS rx, toFloat64(t.data_tx_bytes) AS tx,
           toFloat64(t.data_rx_bytes_error) AS rxe, toFloat64(t.data_tx_bytes_error) AS txe, t.lower_bounds AS bounds,
           toUnixTimestamp64Milli(t.at) AS end_ms, end_ms - greatest(toInt64(1), toInt64(t.interval_s * 1000)) AS begin_ms
         FROM traffic_by_snapshot AS t
         LEFT ANY JOIN (SELECT router, site, role FROM routers FINAL WHERE NOT removed) AS r ON r.router = t.router
         WHERE t.at > {from:DateTime64(3, 'UTC')} AND t.at <= {until:DateTime64(3, 'UTC')} AND t.sessions > 0
           AND t.interval_s <= {longest_s:Float64}
           ${question.routers === undefined ? '' : 'AND t.router IN {routers:Array(String)}'}))
     WHERE point * {step_ms:Int64} >= {from_ms:Int64} AND point * {step_ms:Int64} < {to_ms:Int64}
     GROUP BY name, point ORDER BY name, point`,
    asked(question, {
      from: utcText(from),
      // What was counted up to the end is told by a snapshot after it.
      until: utcText(to + 3_600_000),
      step_ms: step * 1_000,
      longest_s: 86_400,
      from_ms: from,
      to_ms: to,
      ...(question.routers === undefined ? {} : { routers: question.routers }),
    }),
  );
  const series = new Map<string, RatePoint[]>();
  for (const row of rows) {
    const points = series.get(row.name) ?? [];
    const rate = (bytes: number): number => (bytes * 8) / step;
    points.push({
      at: Number(row.point) * step * 1_000,
      rx: rate(row.rx),
      tx: rate(row.tx),
      rxError: rate(row.rx_error),
      txError: rate(row.tx_error),
      lowerBound: row.bounds > 0,
    });
    series.set(row.name, points);
  }
  return [...series].map(([n, points]) => ({ name: n, points }));
}

/** Traffic of one session over time: its deltas as they are. */
export interface SessionDeltaPoint {
  /** End of the interval (ms UTC). */
  readonly at: number;
  readonly intervalS: number;
  readonly kind: 'normal' | 'epoch' | 'wrap';
  readonly rxBytes: bigint;
  readonly txBytes: bigint;
  readonly rxPackets: bigint;
  readonly txPackets: bigint;
  readonly rxError: bigint;
  readonly txError: bigint;
}

export async function sessionTraffic(
  client: QueryClient,
  question: AskOptions & {
    readonly router: string;
    readonly tunnel: number;
    readonly session: number;
    readonly from: number;
    readonly to: number;
  },
): Promise<SessionDeltaPoint[]> {
  const rows = await client.rows<Record<string, string | number>>(
    `SELECT toUnixTimestamp64Milli(c.at) AS at, interval_s, toString(kind) AS kind, data_rx_bytes, data_tx_bytes, data_rx_packets,
       data_tx_packets, data_rx_bytes_error, data_tx_bytes_error
     FROM counter_deltas AS c
     WHERE router = {router:String} AND tunnel_local_id = {tunnel:UInt16} AND session_local_id = {session:UInt16}
       AND c.at > {from:DateTime64(3, 'UTC')} AND c.at <= {to:DateTime64(3, 'UTC')}
     ORDER BY c.at, c.seq LIMIT 100000`,
    asked(question, {
      router: question.router,
      tunnel: question.tunnel,
      session: question.session,
      from: utcText(question.from),
      to: utcText(question.to),
    }),
  );
  const big = (row: Record<string, string | number>, column: string): bigint => BigInt(row[column] ?? 0);
  return rows.map((r) => ({
    at: Number(r['at']),
    intervalS: Number(r['interval_s']),
    kind: r['kind'] as SessionDeltaPoint['kind'],
    rxBytes: big(r, 'data_rx_bytes'),
    txBytes: big(r, 'data_tx_bytes'),
    rxPackets: big(r, 'data_rx_packets'),
    txPackets: big(r, 'data_tx_packets'),
    rxError: big(r, 'data_rx_bytes_error'),
    txError: big(r, 'data_tx_bytes_error'),
  }));
}
