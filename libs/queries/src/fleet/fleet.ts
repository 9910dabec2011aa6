/** The fleet: counts at a time, ends, failures, traffic, routers that fell silent. Sums are always by role or said to be not. */
import { asked, known, utcText, type AskOptions, type QueryClient } from '../ask/client.ts';
import { msOf } from '../ask/columns.ts';
import { dimensionColumns, dimensions, fleetState, type Dimension } from '../ask/fleet-state.ts';
import { checkedRange, type TimeRange } from '../ask/range.ts';

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
