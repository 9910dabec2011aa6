/** Connect speeds: lines that got slower, plans as sold and as updated. Tx is towards the subscriber, whoever prints it. */
import { asked, utcText, type AskOptions, type QueryClient } from '../ask/client.ts';
import { msOf } from '../ask/columns.ts';
import { checkedRange, type TimeRange } from '../ask/range.ts';
import { dimensions, fleetState } from '../ask/fleet-state.ts';
import type { SessionKey } from '../history/history.ts';

export interface SpeedDrop extends SessionKey {
  /** ms UTC: the snapshot that showed it. */
  readonly at: number;
  readonly direction: 'tx' | 'rx';
  /** bit/s */
  readonly before: bigint;
  readonly after: bigint;
  readonly userName: string | null;
  readonly peerGateway: string;
  /** `session`: the speed was updated while it ran; `line`: the user's next session began slower. */
  readonly seenIn: 'session' | 'line';
}

/** Drops of connect speed in the range, the largest share first. Speeds of 0 (connect-speed method `none`) are no speeds. */
export async function speedDrops(
  client: QueryClient,
  question: TimeRange & { readonly limit?: number },
): Promise<SpeedDrop[]> {
  const before = (column: string, by: string): string =>
    `lagInFrame(toNullable(${column}), 1, NULL) OVER (PARTITION BY ${by} ORDER BY c.at, c.seq ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)`;
  const incarnation = 'c.router, tunnel_local_id, session_local_id, create_time';
  const line =
    "if(user_name = '', toString(cityHash64(c.router, c.seq, tunnel_local_id, session_local_id)), user_name)";
  // Few have a speed in the range; of the others what went before is not wanted.
  const within = (of: string): string =>
    `SELECT ${of} FROM connect_speeds WHERE at > {from:DateTime64(3, 'UTC')} AND at <= {to:DateTime64(3, 'UTC')}`;
  const rows = await client.rows<Record<string, string>>(
    `SELECT toString(router) AS name, tunnel, session, ${msOf('moment')} AS at_ms, d.1 AS direction, d.2 AS was, d.3 AS is, d.4 AS seen_in, user_name, peer
     FROM (
       SELECT c.router AS router, tunnel_local_id AS tunnel, session_local_id AS session, c.at AS moment, user_name, ${dimensions.peer_gateway} AS peer,
         [('tx', ${before('tx_speed', incarnation)}, tx_speed, 'session'), ('rx', ${before('rx_speed', incarnation)}, rx_speed, 'session'),
          ('tx', ${before('tx_speed', line)}, if(reason = 'opened', tx_speed, NULL), 'line'),
          ('rx', ${before('rx_speed', line)}, if(reason = 'opened', rx_speed, NULL), 'line')] AS all_drops
       FROM connect_speeds AS c WHERE c.at <= {to:DateTime64(3, 'UTC')} AND c.at > {from:DateTime64(3, 'UTC')} - INTERVAL 31 DAY
         AND ((cityHash64(router), toUInt32(tunnel_local_id) * 65536 + session_local_id) IN (${within('cityHash64(router), toUInt32(tunnel_local_id) * 65536 + session_local_id')})
           OR (user_name != '' AND cityHash64(user_name) IN (${within('cityHash64(user_name)')}))))
     ARRAY JOIN arrayFilter(x -> x.3 > 0 AND x.2 > x.3, all_drops) AS d
     WHERE moment > {from:DateTime64(3, 'UTC')}
     ORDER BY toFloat64(is) / toFloat64(was), moment, name, tunnel, session LIMIT {limit:UInt32}`,
    asked(question, { ...checkedRange(question), limit: question.limit ?? 1_000 }),
  );
  return rows.map((r) => ({
    router: r['name'] ?? '',
    tunnel: Number(r['tunnel']),
    session: Number(r['session']),
    at: Number(r['at_ms']),
    direction: r['direction'] === 'rx' ? 'rx' : 'tx',
    before: BigInt(r['was'] ?? 0),
    after: BigInt(r['is'] ?? 0),
    userName: r['user_name'] === '' ? null : (r['user_name'] ?? null),
    peerGateway: r['peer'] ?? '',
    seenIn: r['seen_in'] === 'line' ? 'line' : 'session',
  }));
}

export interface SpeedPlan {
  readonly role: 'lac' | 'lns' | '';
  /** Towards the subscriber, bit/s; null: not printed (before 14.1, 17.2 and 17.3, M Series, updates not enabled). */
  readonly initial: bigint | null;
  readonly current: bigint | null;
  readonly sessions: number;
}

export interface SpeedUpdates {
  readonly router: string;
  readonly peerGateway: string;
  /** Sessions that print both the initial and the current speed. */
  readonly sessions: number;
  readonly updated: number;
  /** The update says 0 although the call began with a speed. */
  readonly failed: number;
  /** Sessions that print one speed only: whether it was updated cannot be told. */
  readonly unknown: number;
}

export interface SpeedPlans {
  readonly plans: readonly SpeedPlan[];
  /** Where updates fail first: by share of failed, then of never updated. */
  readonly updates: readonly SpeedUpdates[];
  /** Sessions that print no speed at all. */
  readonly withoutSpeed: number;
}

/** Initial against updated speeds of the live sessions at a time. */
export async function speedPlans(
  client: QueryClient,
  question: AskOptions & { readonly at: number; readonly limit?: number },
): Promise<SpeedPlans> {
  const options = asked(question, { at: utcText(question.at), limit: question.limit ?? 100 });
  const live = fleetState(
    'tunnel_local_id, session_local_id, tx_speed, tx_speed_initial, remote_name, remote_ip, state',
  );
  const rows = await client.rows<{
    role: SpeedPlan['role'];
    initial: string | null;
    current: string | null;
    n: string;
  }>(
    `SELECT role, tx_speed_initial AS initial, tx_speed AS current, count() AS n
     FROM ${live} AS l LEFT ANY JOIN (${printedRoles}) AS r ON r.router = toString(l.router)
     WHERE tx_speed IS NOT NULL OR tx_speed_initial IS NOT NULL
     GROUP BY role, initial, current ORDER BY n DESC, role, initial, current LIMIT {limit:UInt32}`,
    options,
  );
  const updates = await client.rows<Record<string, string>>(
    `SELECT toString(router) AS name, ${dimensions.peer_gateway} AS peer, countIf(tx_speed IS NOT NULL AND tx_speed_initial IS NOT NULL) AS both,
       countIf(tx_speed != tx_speed_initial) AS updated, countIf(tx_speed = 0 AND tx_speed_initial > 0) AS failed,
       countIf(tx_speed IS NOT NULL AND tx_speed_initial IS NULL) AS unknown, countIf(tx_speed IS NULL AND tx_speed_initial IS NULL) AS none
     FROM ${live} GROUP BY name, peer ORDER BY failed / greatest(both, 1) DESC, updated / greatest(both, 1), name, peer`,
    options,
  );
  const speed = (text: string | null): bigint | null => (text === null ? null : BigInt(text));
  return {
    plans: rows.map((r) => ({
      role: r.role,
      initial: speed(r.initial),
      current: speed(r.current),
      sessions: Number(r.n),
    })),
    updates: updates
      .filter((r) => r['both'] !== '0' || r['unknown'] !== '0')
      .map((r) => ({
        router: r['name'] ?? '',
        peerGateway: r['peer'] ?? '',
        sessions: Number(r['both']),
        updated: Number(r['updated']) - Number(r['failed']),
        failed: Number(r['failed']),
        unknown: Number(r['unknown']),
      })),
    withoutSpeed: updates.reduce((n, r) => n + Number(r['none']), 0),
  };
}

/** Routers with their role: the fleet file's, else as they print. */
export const printedRoles = `
  SELECT router, if(max(said) != '', max(said), max(printed)) AS role, max(place) AS site FROM (
    SELECT toString(router) AS router, toString(role) AS said, '' AS printed, toString(site) AS place FROM routers FINAL WHERE NOT removed
    UNION ALL
    SELECT toString(router), '', multiIf(startsWith(toString(max(variant)), 'lns'), 'lns', max(variant) = 'lac', 'lac', ''), ''
    FROM snapshots WHERE outcome = 'applied' AND final AND variant != '' GROUP BY router)
  GROUP BY router`;
