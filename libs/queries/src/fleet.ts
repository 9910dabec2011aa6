/** The fleet: counts at a time, ends, failures, traffic, routers that fell silent. Sums are always by role or said to be not. */
import { QuestionError, asked, known, utcText, type AskOptions, type QueryClient } from './client.ts';
import { msOf } from './columns.ts';

export interface TimeRange extends AskOptions {
  readonly from: number;
  readonly to: number;
}

export function checkedRange(range: TimeRange): { from: string; to: string } {
  if (range.from > range.to) throw new QuestionError('the time to begin from is after the time to end at');
  return { from: utcText(range.from), to: utcText(range.to) };
}

/** The newest counting group of every router at a time (`groupAt` for the fleet), as a subquery of router and gop. */
const groups = (time: string): string => `
  SELECT router, max(g) FROM (
    SELECT router, d.gop AS g, max(pieces) AS pieces, uniqExactIf(piece, piece > 0) AS seen FROM deltas AS d
    WHERE d.at = d.gop AND d.at <= {${time}:DateTime64(3, 'UTC')} GROUP BY router, g HAVING seen = pieces)
  GROUP BY router`;

/** Last rows of the live sessions of the fleet at a time, as a subquery. @param time name of the parameter @param where of which sessions, by their ids */
export const fleetState = (columns: string, time = 'at', where = '1'): string => `
  (SELECT router, kind, ${columns} FROM (
     SELECT router, kind, ${columns} FROM session_history
     WHERE (router, gop) IN (${groups(time)}) AND at <= {${time}:DateTime64(3, 'UTC')} AND ${where}
     ORDER BY router DESC, gop DESC, tunnel_local_id DESC, session_local_id DESC, at DESC, seq DESC
     LIMIT 1 BY router, tunnel_local_id, session_local_id)
   WHERE kind != 'closed')`;

/** A map of the fleet file's routers, as a constant of the query. */
function fleetFile(column: 'site' | 'role'): string {
  return `SELECT CAST((groupArray(toString(router)), groupArray(toString(${column}))), 'Map(String, String)') FROM routers FINAL WHERE NOT removed`;
}

/** By what sessions are counted or compared; the expressions are ours, never a person's. */
export const dimensions = {
  router: 'toString(router)',
  state: 'toString(state)',
  peer_gateway: "toString(if(remote_name != '', remote_name, remote_ip))",
  interface: "toString(if(interface_name != '', interface_name, tunnel_interface_name))",
  fpc: "extract(toString(if(interface_name != '', interface_name, tunnel_interface_name)), '^([a-z]+-\\\\d+)/')",
  tunnel: "concat(toString(router), ' ', toString(tunnel_local_id))",
  tunnel_group: 'toString(tunnel_group_name)',
  site: `(${fleetFile('site')})[toString(router)]`,
  role: `(${fleetFile('role')})[toString(router)]`,
} as const;
export type Dimension = keyof typeof dimensions;

export const dimensionColumns =
  'state, remote_name, remote_ip, interface_name, tunnel_interface_name, tunnel_local_id, session_local_id, tunnel_group_name';

export interface FleetCount {
  readonly name: string;
  readonly sessions: number;
}

/** Live sessions of the fleet at a time, by one dimension, the most first. */
export async function fleetAt(
  client: QueryClient,
  question: AskOptions & { readonly at: number; readonly by: Dimension },
): Promise<FleetCount[]> {
  const rows = await client.rows<{ name: string; sessions: string }>(
    `SELECT ${dimensions[known(dimensions, question.by)]} AS name, count() AS sessions FROM ${fleetState(dimensionColumns)}
     GROUP BY name ORDER BY sessions DESC, name`,
    asked(question, { at: utcText(question.at) }),
  );
  return rows.map((r) => ({ name: r.name, sessions: Number(r.sessions) }));
}

export interface Ends {
  readonly reason: string;
  readonly ends: number;
  /** Quantiles of the lifetimes (s) of those whose create time is known; null when of none. */
  readonly lifetimeS: { readonly p10: number; readonly p50: number; readonly p90: number } | null;
}

/** Ends by reason, with lifetimes. */
export async function endsByReason(client: QueryClient, range: TimeRange): Promise<Ends[]> {
  const rows = await client.rows<{ reason: string; ends: string; known: string; q: number[] }>(
    `SELECT reason, count() AS ends, count(lifetime_s) AS known, quantiles(0.1, 0.5, 0.9)(ifNull(lifetime_s, 0)) AS q
     FROM (SELECT * FROM session_ends WHERE at > {from:DateTime64(3, 'UTC')} AND at <= {to:DateTime64(3, 'UTC')})
     WHERE lifetime_s IS NOT NULL OR 1 GROUP BY reason ORDER BY ends DESC`,
    asked(range, checkedRange(range)),
  );
  return rows.map(({ reason, ends, known, q: [p10 = 0, p50 = 0, p90 = 0] }) => ({
    reason,
    ends: Number(ends),
    lifetimeS: known === '0' ? null : { p10, p50, p90 },
  }));
}

export interface SetupFailures {
  /** State in which they died. */
  readonly state: string;
  readonly peerGateway: string;
  readonly failures: number;
}

/** Sessions that ended without ever having been seen established, by where they died. */
export async function setupFailures(client: QueryClient, range: TimeRange): Promise<SetupFailures[]> {
  const rows = await client.rows<{ state: string; peer: string; failures: string }>(
    `SELECT toString(e.state) AS state, ${dimensions.peer_gateway} AS peer, count() AS failures FROM session_ends AS e
     WHERE e.at > {from:DateTime64(3, 'UTC')} AND e.at <= {to:DateTime64(3, 'UTC')}
       AND e.state NOT IN ('established', 'destroyed', 'closed', 'clean-up', 'cleanup')
     GROUP BY state, peer ORDER BY failures DESC, state, peer LIMIT 1000`,
    asked(range, checkedRange(range)),
  );
  return rows.map((r) => ({ state: r.state, peerGateway: r.peer, failures: Number(r.failures) }));
}

export interface TrafficShare {
  readonly name: string;
  readonly rxBytes: bigint;
  readonly txBytes: bigint;
  /** Half-widths of both; 0n when exact. */
  readonly rxError: bigint;
  readonly txError: bigint;
}

/**
 * Most traffic by user, peer gateway or router. Users and peers by whole hours that are rolled up; a router's Rx and Tx are its own,
 * so that those of LACs and LNSs must not be added up.
 */
export async function topTraffic(
  client: QueryClient,
  question: TimeRange & {
    readonly by: 'user' | 'realm' | 'peer_gateway' | 'router';
    readonly limit?: number;
  },
): Promise<TrafficShare[]> {
  const { by } = question;
  const times = checkedRange(question);
  const columns = {
    user: 'user_name',
    realm: 'realm',
    peer_gateway: 'peer_gateway',
    router: 'router',
  } as const;
  const column = columns[known(columns, by)];
  const source =
    by === 'router'
      ? "traffic_by_snapshot AS t WHERE t.at > {from:DateTime64(3, 'UTC')} AND t.at <= {to:DateTime64(3, 'UTC')}"
      : `${by === 'peer_gateway' ? 'traffic_by_peer_hour' : 'traffic_by_user_hour'} AS t FINAL
         WHERE t.hour >= {from:DateTime64(3, 'UTC')} AND t.hour < {to:DateTime64(3, 'UTC')} AND t.${column} != ''`;
  const rows = await client.rows<Record<'name' | 'rx' | 'tx' | 'rx_error' | 'tx_error', string>>(
    `SELECT toString(t.${column}) AS name, sum(t.data_rx_bytes) AS rx, sum(t.data_tx_bytes) AS tx,
       sum(t.data_rx_bytes_error) AS rx_error, sum(t.data_tx_bytes_error) AS tx_error
     FROM ${source} GROUP BY name ORDER BY rx + tx DESC, name LIMIT {limit:UInt32}`,
    asked(question, { ...times, limit: question.limit ?? 100 }),
  );
  return rows.map((r) => ({
    name: r.name,
    rxBytes: BigInt(r.rx),
    txBytes: BigInt(r.tx),
    rxError: BigInt(r.rx_error),
    txError: BigInt(r.tx_error),
  }));
}

export interface SilentRouter {
  readonly router: string;
  /** Newest applied snapshot (ms UTC). */
  readonly newest: number;
  readonly silentS: number;
}

/** Routers whose newest snapshot is older than a limit at a time, the longest silent first. */
export async function silentRouters(
  client: QueryClient,
  question: AskOptions & { readonly at: number; readonly afterS: number },
): Promise<SilentRouter[]> {
  const rows = await client.rows<{ router: string; newest: string }>(
    `SELECT s.router AS router, ${msOf('max(s.at)')} AS newest FROM snapshots AS s
     WHERE outcome = 'applied' AND s.at <= {at:DateTime64(3, 'UTC')}
     GROUP BY s.router HAVING newest < {before:Int64} ORDER BY newest`,
    asked(question, { at: utcText(question.at), before: question.at - question.afterS * 1_000 }),
  );
  return rows.map((r) => ({
    router: r.router,
    newest: Number(r.newest),
    silentS: (question.at - Number(r.newest)) / 1_000,
  }));
}
