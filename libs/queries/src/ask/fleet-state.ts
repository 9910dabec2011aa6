/** Sessions of the fleet at a time, and by what they are counted: pieces of queries. */

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
