/** Names beside counter deltas, which carry none: by the last image of each session in the deltas' group. */
export type TrafficName = 'user' | 'realm' | 'peer_gateway' | 'router' | 'tunnel';

/** Deltas and events of a range, as a condition: its begin included, its end not. */
export const range = "at >= {from:DateTime64(3, 'UTC')} AND at < {to:DateTime64(3, 'UTC')}";

/** What a user name is for its wholesaler: the part behind the last @. */
export const realmOf = (name: string): string =>
  `if(position(${name}, '@') = 0, '', arrayElement(splitByChar('@', ${name}), -1))`;

export const nameOf: Readonly<Record<TrafficName, string>> = {
  user: 's.user_name',
  realm: realmOf('s.user_name'),
  peer_gateway: 's.peer_gateway',
  router: 'c.router',
  tunnel: "concat(toString(c.router), ' ', toString(c.tunnel_local_id))",
};

/** Which incarnation a row is of, as two numbers that a join packs; the first is a hash, of a router and a group. */
const incarnation = `cityHash64(router, gop) AS of_group,
  bitShiftLeft(toUInt64(tunnel_local_id), 48) + bitShiftLeft(toUInt64(session_local_id), 32) + toUnixTimestamp(ifNull(create_time, toDateTime(0, 'UTC'))) AS of_session`;

/**
 * Deltas with the names of their sessions, by the last image of each in the deltas' group. @param events of which events, as a subquery of
 * router, gop and at @param where which deltas of their groups
 */
export const named = (events: string, where: string): string => `
  (SELECT *, ${incarnation} FROM counter_deltas WHERE (router, gop) IN (SELECT router, gop FROM (${events})) AND ${where}) AS c
  LEFT ANY JOIN (
    SELECT ${incarnation}, user_name, if(remote_name != '', remote_name, remote_ip) AS peer_gateway
    FROM session_history WHERE (router, gop) IN (SELECT router, gop FROM (${events}))
    ORDER BY router DESC, gop DESC, tunnel_local_id DESC, session_local_id DESC, at DESC, seq DESC
    LIMIT 1 BY router, gop, tunnel_local_id, session_local_id, create_time) AS s
  ON s.of_group = c.of_group AND s.of_session = c.of_session`;
