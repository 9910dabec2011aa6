/** Concurrent sessions over time, from the ledger: history is never scanned for it. */
import { QuestionError, asked, utcText, type AskOptions, type QueryClient } from '../ask/client.ts';
import { printedRoles } from './speeds.ts';

export type SeriesDimension =
  'fleet' | 'router' | 'state' | 'peer_gateway' | 'tunnel_group' | 'site' | 'role' | 'site_role';

export interface SeriesQuestion extends AskOptions {
  readonly from: number;
  readonly to: number;
  /** Distance of the points (s). */
  readonly stepS: number;
  readonly by: SeriesDimension;
  /** Only these; default: all. */
  readonly routers?: readonly string[];
  /** Only routers of this role (the fleet file's, else as they print): a sum over both roles counts every call twice. */
  readonly role?: 'lac' | 'lns' | undefined;
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
  readonly heard: readonly { readonly at: number; readonly routers: number }[];
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
    case 'site_role':
      return { names: "[trimBoth(concat(toString(fleet_site), ' ', toString(fleet_role)))]", numbers: total };
    default:
      return { names: "['']", numbers: total };
  }
}

export async function concurrency(client: QueryClient, question: SeriesQuestion): Promise<ConcurrencySeries> {
  const { from, to, stepS } = question;
  if (from > to) throw new QuestionError('the time to begin from is after the time to end at');
  if (!(stepS >= 1) || (to - from) / 1_000 / stepS > mostPoints)
    throw new QuestionError(`that would be more than ${mostPoints} points: take a longer step`);
  const query = `
    SELECT point, name, sum(number) AS sessions, uniqExact(router) AS routers
    FROM (${pointRows(question)})
    GROUP BY point, name
    ORDER BY name, point`;
  const params = pointParams(question);
  const rows = await client.rows<{ point: string; name: string; sessions: string; routers: string }>(
    query,
    asked(question, params),
  );
  return gathered(rows, Math.round(stepS), ['router', 'site', 'role', 'site_role'].includes(question.by));
}

/**
 * Rows of point (in steps since 1970), router, name and number, as a query; `pointParams` are its parameters. Each entry of the ledger
 * holds from its time until the next one, or until it is stale; it counts at every point in between.
 */
export function pointRows(question: Pick<SeriesQuestion, 'by' | 'routers' | 'role'>): string {
  const { by } = question;
  const { names, numbers } = valuesOf(by);
  const fleet = by === 'site' || by === 'role' || by === 'site_role' || question.role !== undefined;
  const onlyRouters = question.routers === undefined ? '' : 'AND router IN {routers:Array(String)}';
  const onlyRole = question.role === undefined ? '' : 'AND fleet_role = {role:String}';
  return `
    SELECT point, router, name, number FROM (
      SELECT router, arrayJoin(range(first, last)) AS point, names, numbers FROM (
        SELECT router, names, numbers,
          toUInt64(intDiv(at_s + {step:UInt32} - 1, {step:UInt32})) AS first,
          toUInt64(intDiv(least(if(next_s = 0, at_s + {stale:UInt32}, next_s), at_s + {stale:UInt32}, {to_s:UInt32} + 1) + {step:UInt32} - 1, {step:UInt32})) AS last
        FROM (
          SELECT router, toUnixTimestamp(at) AS at_s,
            leadInFrame(toUnixTimestamp(at), 1, 0) OVER (PARTITION BY router ORDER BY at, seq ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS next_s,
            ${names} AS names, ${numbers} AS numbers
          FROM ${fleet ? fleetSnapshots : 'snapshots'}
          WHERE outcome = 'applied' AND final AND state_hash != '' ${onlyRouters} ${onlyRole}
            AND at BETWEEN {start:DateTime64(3, 'UTC')} AND {to:DateTime64(3, 'UTC')}))
      WHERE last > first)
    ARRAY JOIN names AS name, numbers AS number
    WHERE point * {step:UInt32} >= {from_s:UInt32}`;
}

export function pointParams(question: Omit<SeriesQuestion, 'by'>): Readonly<Record<string, unknown>> {
  const stale = Math.max(1, Math.round(question.staleAfterS ?? 900));
  return {
    step: Math.round(question.stepS),
    stale,
    from_s: Math.floor(question.from / 1_000),
    to_s: Math.floor(question.to / 1_000),
    start: utcText(question.from - stale * 1_000),
    to: utcText(question.to),
    ...(question.routers === undefined ? {} : { routers: question.routers }),
    ...(question.role === undefined ? {} : { role: question.role }),
  };
}

const fleetSnapshots = `(SELECT s.*, r.site AS fleet_site, r.role AS fleet_role FROM snapshots AS s
  LEFT ANY JOIN (${printedRoles}) AS r ON r.router = toString(s.router))`;

function gathered(
  rows: readonly { point: string; name: string; sessions: string; routers: string }[],
  stepS: number,
  /** Each router belongs to one series only. */
  apart: boolean,
): ConcurrencySeries {
  const series = new Map<string, SeriesPoint[]>();
  const heard = new Map<number, number>();
  for (const row of rows) {
    const at = Number(row.point) * stepS * 1_000;
    const points = series.get(row.name) ?? [];
    points.push({ at, sessions: Number(row.sessions), routers: Number(row.routers) });
    series.set(row.name, points);
    const [known, own] = [heard.get(at) ?? 0, Number(row.routers)];
    heard.set(at, apart ? known + own : Math.max(known, own));
  }
  return {
    series: [...series].map(([name, points]) => ({ name, points })),
    heard: [...heard].sort(([a], [b]) => a - b).map(([at, routers]) => ({ at, routers })),
    stepS,
  };
}
