/** Busy hours by sessions and by traffic, of routers, sites and the fleet. */
import { asked, known, type QueryClient } from '../ask/client.ts';
import { checkedRange, type TimeRange } from '../ask/range.ts';
import { pointParams, pointRows } from '../fleet/series.ts';
import { printedRoles } from '../fleet/speeds.ts';

export type BusyGroup = 'router' | 'site' | 'fleet';
export type BusyMeasure = 'sessions' | 'traffic';

export interface BusiestHour {
  /** Router or site; '' of the fleet, and of routers without a site. */
  readonly name: string;
  /** Sums are by role: a LAC and an LNS list the same call. */
  readonly role: 'lac' | 'lns' | '';
  /** In UTC, `2026-11-20`. */
  readonly day: string;
  /** 0 to 23, UTC: the hour with the highest mean. */
  readonly hour: number;
  /** Sessions, or bit/s of both directions. */
  readonly mean: number;
  readonly peak: number;
  /** Of the whole day. */
  readonly dayPeak: number;
  readonly dayP95: number;
  /** Samples of five minutes with data, of 12 in the hour and 288 in the day: the others are gaps. */
  readonly samples: number;
  readonly daySamples: number;
}

const stepS = 300;

const traffic = `
  SELECT arrayJoin(range(toUInt64(intDiv(begin_s, ${stepS})), toUInt64(intDiv(at_s + ${stepS - 1}, ${stepS})))) AS point, router,
    bits * (least(at_s, (point + 1) * ${stepS}) - greatest(begin_s, point * ${stepS})) / length_s / ${stepS} AS number
  FROM (
    SELECT toString(router) AS router, toUnixTimestamp(at) AS at_s, greatest(1, toUInt32(round(interval_s))) AS length_s,
      at_s - length_s AS begin_s, 8 * (data_rx_bytes + data_tx_bytes) AS bits
    FROM traffic_by_snapshot WHERE at >= {from:DateTime64(3, 'UTC')} AND at <= {until:DateTime64(3, 'UTC')})`;

/** Day by day, in the order of names and days. Hours without data are no candidates. */
export async function busiestHours(
  client: QueryClient,
  question: TimeRange & { readonly by: BusyGroup; readonly measure: BusyMeasure },
): Promise<BusiestHour[]> {
  const { by, measure } = question;
  const points = measure === 'sessions' ? pointRows({ by: 'router' }) : traffic;
  const names = { router: 'toString(p.router)', site: 'toString(r.site)', fleet: "''" } as const;
  const name = names[known(names, by)];
  const bins = `
    SELECT ${name} AS name, r.role AS role, point, sum(number) AS v
    FROM (${points}) AS p LEFT ANY JOIN (${printedRoles}) AS r ON r.router = toString(p.router)
    WHERE point * ${stepS} >= {from_s:UInt32} AND point * ${stepS} < {to_s:UInt32}
    GROUP BY name, role, point`;
  const query = `
    SELECT name, role, toString(day) AS day, hours.1 AS hour, hours.2 AS mean, hours.3 AS peak, hours.4 AS n, day_peak, day_p95, day_n FROM (
      SELECT name, role, day, argMax((hour, mean, peak, n), (mean, -hour)) AS hours, max(peak) AS day_peak,
        arrayReduce('quantileExact(0.95)', groupArrayArray(vs)) AS day_p95, sum(n) AS day_n
      FROM (
        SELECT name, role, toDate(toDateTime(point * ${stepS}, 'UTC')) AS day, toHour(toDateTime(point * ${stepS}, 'UTC')) AS hour,
          avg(v) AS mean, max(v) AS peak, count() AS n, groupArray(toFloat64(v)) AS vs
        FROM (${bins}) GROUP BY name, role, day, hour)
      GROUP BY name, role, day)
    ORDER BY name, role, day`;
  const params = {
    ...pointParams({ ...question, stepS }),
    ...checkedRange(question),
    until: checkedRange({ from: question.from, to: question.to + 3_600_000 }).to,
  };
  const rows = await client.rows<Record<string, string | number>>(query, asked(question, params));
  return rows.map((r) => ({
    name: String(r['name']),
    role: String(r['role']) as BusiestHour['role'],
    day: String(r['day']),
    hour: Number(r['hour']),
    mean: Number(r['mean']),
    peak: Number(r['peak']),
    dayPeak: Number(r['day_peak']),
    dayP95: Number(r['day_p95']),
    samples: Number(r['n']),
    daySamples: Number(r['day_n']),
  }));
}
