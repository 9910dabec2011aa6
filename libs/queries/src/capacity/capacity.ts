/** Busy hours, peaks and headroom, from the ledger. */
import { asked, type QueryClient } from '../ask/client.ts';
import { defaultLimits } from '../ask/default-limits.ts';
import { checkedRange, type TimeRange } from '../ask/range.ts';

export interface BusyHour {
  readonly router: string;
  /** Day in UTC, `2026-11-20`. */
  readonly day: string;
  /** Hour of the day (UTC), 0 to 23, with the most sessions on average. */
  readonly hour: number;
  readonly meanSessions: number;
  readonly peakSessions: number;
  /** Snapshots of that hour: how much the answer rests on. */
  readonly snapshots: number;
}

/** The busy hour of each router and day. Hours without snapshots are no candidates. */
export async function busyHours(client: QueryClient, range: TimeRange): Promise<BusyHour[]> {
  const rows = await client.rows<Record<string, string | number>>(
    `SELECT router, day, hour, mean, peak, n FROM (
       SELECT router, toDate(at) AS day, toHour(at) AS hour, avg(live) AS mean, max(live) AS peak, count() AS n FROM (
         SELECT s.router AS router, s.at AS at, arraySum(mapValues(by_state)) AS live FROM snapshots AS s
         WHERE outcome = 'applied' AND final AND state_hash != ''
           AND s.at > {from:DateTime64(3, 'UTC')} AND s.at <= {to:DateTime64(3, 'UTC')})
       GROUP BY router, day, hour)
     ORDER BY router, day, mean DESC, hour LIMIT 1 BY router, day`,
    asked(range, checkedRange(range)),
  );
  return rows.map((r) => ({
    router: String(r['router']),
    day: String(r['day']),
    hour: Number(r['hour']),
    meanSessions: Number(r['mean']),
    peakSessions: Number(r['peak']),
    snapshots: Number(r['n']),
  }));
}

export interface Headroom {
  readonly router: string;
  readonly site: string;
  readonly role: string;
  readonly peakSessions: number;
  /** 95th percentile of the snapshots' counts. */
  readonly p95Sessions: number;
  readonly limit: number;
  /** False when the fleet file says nothing and the default stands in. */
  readonly limitIsKnown: boolean;
  readonly headroom: number;
}

/** Peak and 95th percentile against the chassis limit, the fullest first. */
export async function headroom(client: QueryClient, range: TimeRange): Promise<Headroom[]> {
  const rows = await client.rows<Record<string, string | number | null>>(
    `SELECT l.router AS router, r.site AS site, r.role AS role, max(live) AS peak, quantile(0.95)(live) AS p95,
       any(r.max_sessions_chassis) AS most
     FROM (SELECT s.router AS router, arraySum(mapValues(by_state)) AS live FROM snapshots AS s
       WHERE outcome = 'applied' AND final AND state_hash != ''
         AND s.at > {from:DateTime64(3, 'UTC')} AND s.at <= {to:DateTime64(3, 'UTC')}) AS l
     LEFT ANY JOIN (SELECT router, site, role, max_sessions_chassis FROM routers FINAL WHERE NOT removed) AS r ON r.router = l.router
     GROUP BY l.router, r.site, r.role`,
    asked(range, checkedRange(range)),
  );
  return rows
    .map((r): Headroom => {
      const most = r['most'] ?? null;
      const limit = most === null ? defaultLimits.chassis : Number(most);
      const peak = Number(r['peak']);
      return {
        router: String(r['router']),
        site: String(r['site']),
        role: String(r['role']),
        peakSessions: peak,
        p95Sessions: Number(r['p95']),
        limit,
        limitIsKnown: most !== null,
        headroom: limit - peak,
      };
    })
    .sort((a, b) => b.peakSessions / b.limit - a.peakSessions / a.limit);
}
