/** One search for whatever a person has in hand: a user name, an address, an id, a serial number, a router, a peer. */
import { asked, utcText, type AskOptions, type QueryClient } from '../ask/client.ts';
import { dimensionColumns, fleetState } from '../ask/fleet-state.ts';
import { msOf } from '../ask/columns.ts';

export interface FindQuestion extends AskOptions {
  readonly text: string;
  /** Live sessions are those of this time (ms UTC); names and addresses are found at any time before. */
  readonly at: number;
  readonly limit: number;
}

export type FoundBy =
  | 'router'
  | 'user_name'
  | 'address'
  | 'peer_gateway'
  | 'tunnel'
  | 'session'
  | 'call_serial_number'
  | 'interface_unit';

export interface Found {
  readonly by: FoundBy;
  /** What matched, as it stands in the data. */
  readonly match: string;
  readonly router: string;
  /** Null for a router, or a whole tunnel. */
  readonly tunnel: number | null;
  readonly session: number | null;
  /** When it was last told of (ms UTC). */
  readonly at: number;
  /** Sessions that the hit stands for. */
  readonly sessions: number;
}

type Row = Record<'match' | 'router' | 'at' | 'sessions', string> & {
  tunnel: number | null;
  session: number | null;
};

/** Exact matches first, by kind. User names match by their beginning, routers and peers by any part. */
export async function find(client: QueryClient, question: FindQuestion): Promise<Found[]> {
  const text = question.text.trim();
  if (text === '') return [];
  const options = asked(question, { text, at: utcText(question.at), limit: question.limit });
  const ask = async (
    by: FoundBy,
    query: string,
    params: Readonly<Record<string, unknown>> = {},
  ): Promise<Found[]> => {
    const rows = await client.rows<Row>(query, { ...options, params: { ...options.params, ...params } });
    return rows.map((r) => ({ ...r, by, at: Number(r.at), sessions: Number(r.sessions) }));
  };
  const found = [
    ask('router', routerQuery),
    ask('user_name', userQuery),
    ...(/^[0-9a-f:.]+$/i.test(text) && /[.:]/.test(text) ? [ask('address', addressQuery)] : []),
    ask('peer_gateway', peerQuery),
  ];
  const pair = /^(\d{1,5})\s*[/: ]\s*(\d{1,5})$/.exec(text);
  if (pair !== null && Number(pair[1]) < 65_536 && Number(pair[2]) < 65_536)
    found.push(
      ask('session', liveQuery('tunnel_local_id = {tunnel:UInt16} AND session_local_id = {session:UInt16}'), {
        tunnel: Number(pair[1]),
        session: Number(pair[2]),
      }),
    );
  const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (number <= 0xffff_ffff) {
    if (number < 65_536) {
      found.push(ask('tunnel', tunnelQuery, { number }));
      found.push(ask('session', liveQuery('session_local_id = {number:UInt32}'), { number }));
    }
    found.push(ask('call_serial_number', liveQuery('call_serial_number = {number:UInt32}'), { number }));
    found.push(ask('interface_unit', liveQuery('interface_unit = {number:UInt32}'), { number }));
  }
  return (await Promise.all(found)).flat();
}

const routerQuery = `
  SELECT toString(s.router) AS match, s.router AS router, NULL AS tunnel, NULL AS session, ${msOf('max(s.at)')} AS at,
    argMaxIf(arraySum(mapValues(by_state)), (s.at, s.seq), state_hash != '') AS sessions
  FROM snapshots AS s WHERE outcome = 'applied' AND final AND positionCaseInsensitiveUTF8(toString(s.router), {text:String}) > 0
  GROUP BY s.router ORDER BY s.router != {text:String}, s.router LIMIT {limit:UInt32}`;

const userQuery = `
  SELECT u.user_name AS match, u.router AS router, tunnel_local_id AS tunnel, session_local_id AS session, ${msOf('max(u.at)')} AS at, 1 AS sessions
  FROM sessions_by_user AS u
  WHERE startsWith(u.user_name, {text:String}) AND u.at <= {at:DateTime64(3, 'UTC')}
  GROUP BY match, router, tunnel, session ORDER BY match != {text:String}, at DESC, match LIMIT {limit:UInt32}`;

const addressQuery = `
  SELECT {text:String} AS match, u.router AS router, tunnel_local_id AS tunnel, session_local_id AS session, ${msOf('max(u.at)')} AS at, 1 AS sessions
  FROM sessions_by_address AS u
  WHERE u.address = toIPv6OrDefault({text:String}) AND toIPv6OrNull({text:String}) IS NOT NULL AND u.at <= {at:DateTime64(3, 'UTC')}
  GROUP BY router, tunnel, session ORDER BY at DESC LIMIT {limit:UInt32}`;

const peerQuery = `
  SELECT if(remote_name != '', remote_name, remote_ip) AS match, router, NULL AS tunnel, NULL AS session, toUnixTimestamp64Milli({at:DateTime64(3, 'UTC')}) AS at,
    count() AS sessions
  FROM ${fleetState(dimensionColumns)}
  WHERE positionCaseInsensitiveUTF8(toString(remote_name), {text:String}) > 0 OR remote_ip = {text:String}
  GROUP BY match, router ORDER BY match != {text:String}, sessions DESC, router LIMIT {limit:UInt32}`;

const tunnelQuery = `
  SELECT toString(tunnel_local_id) AS match, router, tunnel_local_id AS tunnel, NULL AS session, toUnixTimestamp64Milli({at:DateTime64(3, 'UTC')}) AS at,
    count() AS sessions
  FROM ${fleetState(dimensionColumns)} WHERE tunnel_local_id = {number:UInt32}
  GROUP BY router, tunnel_local_id ORDER BY router LIMIT {limit:UInt32}`;

/** Conditions are ours; what was typed is a parameter. */
const liveQuery = (condition: string): string => `
  SELECT {text:String} AS match, router, tunnel_local_id AS tunnel, session_local_id AS session,
    toUnixTimestamp64Milli({at:DateTime64(3, 'UTC')}) AS at, 1 AS sessions
  FROM ${fleetState(`${dimensionColumns}, call_serial_number, interface_unit`)} WHERE ${condition}
  ORDER BY router, tunnel, session LIMIT {limit:UInt32}`;
