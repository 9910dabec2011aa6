/** What became of the fleet between two times, router by router. */
import { QuestionError, asked, utcText, type QueryClient } from '../ask/client.ts';
import { storedFields } from '../ask/columns.ts';
import { coverageOf, type Coverage } from '../ask/coverage.ts';
import { fleetState } from '../ask/fleet-state.ts';
import { type TimeRange } from '../ask/range.ts';

export interface RouterDifference {
  readonly router: string;
  /** Sessions listed at the one time and at the other. */
  readonly before: number;
  readonly after: number;
  readonly opened: number;
  /** Listed at both, with another value of any attribute or state. */
  readonly changed: number;
  readonly closed: number;
}

export interface FleetDiff {
  /** The most moved first; routers that were listed at neither time are left out. */
  readonly rows: readonly RouterDifference[];
  readonly coverage: Coverage;
}

const compared = storedFields.filter((f) => ['attribute', 'state', 'gauge'].includes(f.role));
/** A session as numbers, which a million of are grouped by at half the cost. */
const key = 'cityHash64(router) AS of_router, toUInt32(tunnel_local_id) * 65536 + session_local_id AS ids';
const names = compared.map((f) => f.name);

const moved = `at > {from:DateTime64(3, 'UTC')} AND at <= {to:DateTime64(3, 'UTC')}`;
const movedGroups = (which: 'min' | 'max'): string =>
  `(SELECT ${which}(gop) FROM deltas WHERE ${moved} AND opened_rows + changed_rows > 0)`;

/** Sessions that something happened to between the times: all others are as they were. */
const touched = `(cityHash64(router), toUInt32(tunnel_local_id) * 65536 + session_local_id) IN (
  SELECT ${key} FROM session_history
  WHERE kind IN ('opened', 'changed') AND ${moved} AND gop BETWEEN ${movedGroups('min')} AND ${movedGroups('max')})`;

const time = (side: 1 | 2): string => (side === 1 ? 'from' : 'to');

/** Sessions by their ids. */
const listed = (side: 1 | 2): string => `
  SELECT router, ${key}, toInt64(toUnixTimestamp(create_time)) AS created, ${side} AS side, 0 AS of_values
  FROM ${fleetState('tunnel_local_id, session_local_id, create_time', time(side))}`;

/** Those that may have changed, with a hash of what can. */
const valued = (side: 1 | 2): string => `
  SELECT router, ${key}, NULL AS created, ${side + 2} AS side, cityHash64(${names.map((n) => `ifNull(toString(${n}), '\\0')`).join(', ')}) AS of_values
  FROM ${fleetState(`tunnel_local_id, session_local_id, ${names.join(', ')}`, time(side), touched)}`;

/** @throws QuestionError when the times are reversed */
export async function diffFleet(client: QueryClient, question: TimeRange): Promise<FleetDiff> {
  if (question.from > question.to) throw new QuestionError('the first time is after the second');
  const rows = await client.rows<Record<keyof RouterDifference, string>>(
    // Two seconds of difference between create times are the router's own rounding.
    `SELECT toString(router) AS router, countIf(was) AS before, countIf(is) AS after, countIf(is AND NOT (was AND same)) AS opened,
       countIf(is AND was AND same AND old != new) AS changed, countIf(was AND NOT (is AND same)) AS closed
     FROM (
       SELECT any(router) AS router, max(side = 1) AS was, max(side = 2) AS is, maxIf(of_values, side = 3) AS old, maxIf(of_values, side = 4) AS new,
         ifNull(abs(maxIf(created, side = 1) - maxIf(created, side = 2)) <= 2, true) AS same
       FROM (${[listed(1), listed(2), valued(1), valued(2)].join(' UNION ALL ')}) GROUP BY of_router, ids)
     GROUP BY router ORDER BY opened + changed + closed DESC, router`,
    asked(question, { from: utcText(question.from), to: utcText(question.to) }),
  );
  return {
    rows: rows.map(({ router, before, after, opened, changed, closed }) => ({
      router,
      before: Number(before),
      after: Number(after),
      opened: Number(opened),
      changed: Number(changed),
      closed: Number(closed),
    })),
    coverage: await coverageOf(client, question),
  };
}
