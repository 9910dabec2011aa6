/** Concurrent sessions over time, from the ledger: history is never scanned for it. */
import { QuestionError, asked, utcText, type AskOptions, type QueryClient } from './client.ts';

export type SeriesDimension =
  'fleet' | 'router' | 'state' | 'peer_gateway' | 'tunnel_group' | 'site' | 'role';

export interface SeriesQuestion extends AskOptions {
  readonly from: number;
  readonly to: number;
  /** Distance of the points (s). */
  readonly stepS: number;
  readonly by: SeriesDimension;
  /** Only these; default: all. */
  readonly routers?: readonly string[];
  /** A router whose newest snapshot is older counts as missing (s); default 15 minutes. */
  readonly staleAfterS?: number;
}

export interface SeriesPoint {
  /** ms UTC. */
  readonly at: number;
  readonly sessions: number;
  /** Routers that the value rests on. */
  readonly routers: number;
}

export interface Series {
  readonly name: string;
  /** Only points with data: a time without is a gap, not a zero. */
  readonly points: readonly SeriesPoint[];
}

export interface ConcurrencySeries {
  readonly series: readonly Series[];
  /** Routers that had data at each point of the fleet: where fewer than before, some are missing. */
  readonly coverage: readonly { readonly at: number; readonly routers: number }[];
  readonly stepS: number;
}

const mostPoints = 20_000;

/** Names and numbers of one ledger entry by the dimension, as two arrays. */
function valuesOf(by: SeriesDimension): { readonly names: string; readonly numbers: string } {
  const total = '[arraySum(mapValues(by_state))]';
  switch (by) {
    case 'state':
      return { names: 'mapKeys(by_state)', numbers: 'mapValues(by_state)' };
    case 'peer_gateway':
      return { names: 'mapKeys(by_peer_gateway)', numbers: 'mapValues(by_peer_gateway)' };
    case 'tunnel_group':
      return { names: 'mapKeys(by_tunnel_group)', numbers: 'mapValues(by_tunnel_group)' };
    case 'router':
      return { names: '[toString(router)]', numbers: total };
    case 'site':
    case 'role':
      return { names: `[toString(fleet_${by})]`, numbers: total };
    default:
      return { names: "['']", numbers: total };
  }
}

export async function concurrency(client: QueryClient, question: SeriesQuestion): Promise<ConcurrencySeries> {
  const { from, to, stepS, by } = question;
  if (from > to) throw new QuestionError('the time to begin from is after the time to end at');
  if (!(stepS >= 1) || (to - from) / 1_000 / stepS > mostPoints)
    throw new QuestionError(`that would be more than ${mostPoints} points: take a longer step`);
  const { names, numbers } = valuesOf(by);
  const fleet = by === 'site' || by === 'role';
  const onlyRouters = question.routers === undefined ? '' : 'AND router IN {routers:Array(String)}';
  // Each entry holds from its time until the next one, or until it is stale; it counts at every point in between.
  const query = `
    SELECT point, name, sum(number) AS sessions, uniqExact(router) AS routers
    FROM (
      SELECT router, arrayJoin(range(first, last)) AS point, names, numbers FROM (
        SELECT router, names, numbers,
          toUInt64(intDiv(at_s + {step:UInt32} - 1, {step:UInt32})) AS first,
          toUInt64(intDiv(least(if(next_s = 0, at_s + {stale:UInt32}, next_s), at_s + {stale:UInt32}, {to_s:UInt32} + 1) + {step:UInt32} - 1, {step:UInt32})) AS last
        FROM (
          SELECT router, toUnixTimestamp(at) AS at_s,
            leadInFrame(toUnixTimestamp(at), 1, 0) OVER (PARTITION BY router ORDER BY at, seq ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS next_s,
            ${names} AS names, ${numbers} AS numbers
          FROM ${fleet ? fleetSnapshots : 'snapshots'}
          WHERE outcome = 'applied' AND final AND state_hash != '' ${onlyRouters}
            AND at BETWEEN {start:DateTime64(3, 'UTC')} AND {to:DateTime64(3, 'UTC')}))
      WHERE last > first)
    ARRAY JOIN names AS name, numbers AS number
    WHERE point * {step:UInt32} >= {from_s:UInt32}
    GROUP BY point, name
    ORDER BY name, point`;
  const stale = Math.max(1, Math.round(question.staleAfterS ?? 900));
  const params = {
    step: Math.round(stepS),
    stale,
    from_s: Math.floor(from / 1_000),
    to_s: Math.floor(to / 1_000),
    start: utcText(from - stale * 1_000),
    to: utcText(to),
    ...(question.routers === undefined ? {} : { routers: question.routers }),
  };
  const rows = await client.rows<{ point: string; name: string; sessions: string; routers: string }>(
    query,
    asked(question, params),
  );
  return gathered(rows, Math.round(stepS));
}

const fleetSnapshots = `(SELECT s.*, r.site AS fleet_site, r.role AS fleet_role FROM snapshots AS s
  LEFT ANY JOIN (SELECT router, site, role FROM routers FINAL) AS r ON r.router = s.router)`;

function gathered(
  rows: readonly { point: string; name: string; sessions: string; routers: string }[],
  stepS: number,
): ConcurrencySeries {
  const series = new Map<string, SeriesPoint[]>();
  const coverage = new Map<number, number>();
  for (const row of rows) {
    const at = Number(row.point) * stepS * 1_000;
    const points = series.get(row.name) ?? [];
    points.push({ at, sessions: Number(row.sessions), routers: Number(row.routers) });
    series.set(row.name, points);
    coverage.set(at, Math.max(coverage.get(at) ?? 0, Number(row.routers)));
  }
  return {
    series: [...series].map(([name, points]) => ({ name, points })),
    coverage: [...coverage].sort(([a], [b]) => a - b).map(([at, routers]) => ({ at, routers })),
    stepS,
  };
}
