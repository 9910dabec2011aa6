/** Sessions without traffic, and what a listing cannot tell about it. */
import { counterFields, fieldIndex } from '@sessionreel/session-model';
import { QuestionError, asked, utcText, type QueryClient } from '../ask/client.ts';
import { checkedRange, type TimeRange } from '../ask/range.ts';
import { dimensions, fleetState } from '../ask/fleet-state.ts';
import type { SessionKey } from '../history/history.ts';

export interface QuietSession extends SessionKey {
  readonly state: string;
  readonly userName: string | null;
  readonly peerGateway: string;
  readonly createdAt: number | null;
}

export interface QuietSessions {
  /** Live at the end of the range, and since before its begin. */
  readonly sessions: number;
  readonly active: number;
  /** Counters were printed at both ends of the range, exact, and did not move. */
  readonly silent: number;
  /** Counters that are printed rounded did not move by more than their rounding: silent or nearly so, nobody can tell. */
  readonly cannotTell: number;
  /** No data counters are printed (a LAC, a level below extensive). */
  readonly unknown: number;
  readonly list: readonly QuietSession[];
}

const dataCounters = counterFields
  .map((f, bit) => ({ name: f.name, bit }))
  .filter((f) => f.name.startsWith('data_'));
const dataBits = dataCounters.reduce((bits, { bit }) => bits | (1n << BigInt(bit)), 0n);
const presences = dataCounters.map(({ name }) => (fieldIndex.get(name) ?? 0) + 1);

/** The daemon may serve counters from a cache: within minutes nothing is silence. */
const shortestS = 600;

/**
 * Which sessions moved no data from `from` to `to`. @throws QuestionError when the range is shorter than ten minutes: an unchanged
 * counter is no proof within those
 */
export async function quietSessions(
  client: QueryClient,
  question: TimeRange & { readonly limit?: number },
): Promise<QuietSessions> {
  const times = checkedRange(question);
  if (question.to - question.from < shortestS * 1_000)
    throw new QuestionError(
      'counters may come from a cache of the daemon: silence needs a range of 10 minutes or more',
    );
  const printed = presences.map((i) => `substring(presence, ${i}, 1) = 'v'`).join(' OR ');
  const rounded = dataCounters.map(({ name }) => `mapContains(rounding, '${name}')`).join(' OR ');
  const moved = dataCounters.map(({ name }) => `sum(${name}) AS ${name}_sum`).join(', ');
  const total = dataCounters.map(({ name }) => `${name}_sum`).join(' + ');
  const bounds = dataCounters.map(({ name }) => `sum(${name}_error)`).join(' + ');
  const countedGroup = (which: 'min' | 'max'): string =>
    `(SELECT ${which}(gop) FROM deltas WHERE at > {from:DateTime64(3, 'UTC')} AND at <= {to:DateTime64(3, 'UTC')} AND counters_rows > 0)`;
  const columns =
    'tunnel_local_id, session_local_id, create_time, created_at, state, user_name, remote_name, remote_ip, presence, rounding';
  const verdicts = `
    SELECT toString(l.router) AS name, l.tunnel_local_id AS tunnel, l.session_local_id AS session, toString(state) AS state_now, user_name,
      ${dimensions.peer_gateway} AS peer, created_at,
      multiIf(NOT (${printed}), 'unknown', d.moved > d.bound, 'active', d.bound > 0 OR (${rounded}), 'cannot_tell', 'silent') AS verdict
    FROM ${fleetState(columns)} AS l
    LEFT ANY JOIN (
      SELECT router, tunnel_local_id, session_local_id, ifNull(create_time, toDateTime(0, 'UTC')) AS created, total_moved AS moved, bound FROM (
        SELECT router, tunnel_local_id, session_local_id, create_time, ${moved}, ${total} AS total_moved, ${bounds} AS bound
        FROM counter_deltas
        WHERE at > {from:DateTime64(3, 'UTC')} AND at <= {to:DateTime64(3, 'UTC')} AND bitAnd(seen, ${dataBits}) != 0
          AND gop BETWEEN ${countedGroup('min')} AND ${countedGroup('max')}
        GROUP BY router, tunnel_local_id, session_local_id, create_time)) AS d
    ON d.router = l.router AND d.tunnel_local_id = l.tunnel_local_id AND d.session_local_id = l.session_local_id
      AND d.created = ifNull(l.create_time, toDateTime(0, 'UTC'))
    WHERE l.state = 'established' AND ifNull(created_at, toDateTime64(0, 3, 'UTC')) <= {from:DateTime64(3, 'UTC')}`;
  const limit = Math.max(1, Math.trunc(question.limit ?? 1_000));
  const counts = await client.rows<{ verdict: string; n: string; listed: QuietRow[] }>(
    `SELECT verdict, count() AS n, groupArraySortedIf(${limit})((ifNull(toUnixTimestamp64Milli(created_at), ${unknownTime}), name, tunnel, session,
       state_now, user_name, peer), verdict = 'silent') AS listed
     FROM (${verdicts}) GROUP BY verdict`,
    asked(question, { ...times, at: utcText(question.to) }),
  );
  const count = (verdict: string): number => Number(counts.find((c) => c.verdict === verdict)?.n ?? 0);
  return {
    sessions: counts.reduce((n, c) => n + Number(c.n), 0),
    active: count('active'),
    silent: count('silent'),
    cannotTell: count('cannot_tell'),
    unknown: count('unknown'),
    list: counts.flatMap((c) => c.listed).map(quietSession),
  };
}

/** Of a create time that no router printed: after all others. */
const unknownTime = Number.MAX_SAFE_INTEGER;

/** Create time, router, tunnel, session, state, user name, peer gateway. */
type QuietRow = readonly [string, string, number, number, string, string, string];

const quietSession = ([created, router, tunnel, session, state, user, peer]: QuietRow): QuietSession => ({
  router,
  tunnel,
  session,
  state,
  userName: user === '' ? null : user,
  peerGateway: peer,
  createdAt: Number(created) === unknownTime ? null : Number(created),
});
