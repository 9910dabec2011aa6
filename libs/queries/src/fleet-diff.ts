/** What became of the fleet between two times, router by router. */
import { QuestionError, asked, utcText, type QueryClient } from './client.ts';
import { storedFields } from './columns.ts';
import { coverageOf, type Coverage } from './coverage.ts';
import { fleetState, type TimeRange } from './fleet.ts';

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
const keys = 'router, tunnel_local_id, session_local_id';
const names = compared.map((f) => f.name);

/** Sessions by their ids, with a hash of what can change. */
const side = (number: 1 | 2): string => `
  SELECT ${keys}, toInt64(toUnixTimestamp(create_time)) AS created, ${number} AS side,
    cityHash64(${names.map((n) => `ifNull(toString(${n}), '\\0')`).join(', ')}) AS of_values
  FROM ${fleetState(`tunnel_local_id, session_local_id, create_time, ${names.join(', ')}`, number === 1 ? 'from' : 'to')}`;

/** @throws QuestionError when the times are reversed */
export async function diffFleet(client: QueryClient, question: TimeRange): Promise<FleetDiff> {
  if (question.from > question.to) throw new QuestionError('the first time is after the second');
  const rows = await client.rows<Record<keyof RouterDifference, string>>(
    // Two seconds of difference between create times are the router's own rounding.
    `SELECT toString(router) AS router, countIf(was) AS before, countIf(is) AS after, countIf(is AND NOT (was AND same)) AS opened,
       countIf(is AND was AND same AND old != new) AS changed, countIf(was AND NOT (is AND same)) AS closed
     FROM (
       SELECT router, max(side = 1) AS was, max(side = 2) AS is, maxIf(of_values, side = 1) AS old, maxIf(of_values, side = 2) AS new,
         ifNull(abs(maxIf(created, side = 1) - maxIf(created, side = 2)) <= 2, true) AS same
       FROM (${side(1)} UNION ALL ${side(2)}) GROUP BY ${keys})
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
