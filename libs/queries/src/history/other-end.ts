/** The other end of one session, on whatever router of the fleet. */
import { asked, utcText, type AskOptions, type QueryClient } from '../ask/client.ts';
import { fleetState } from '../ask/fleet-state.ts';
import type { SessionKey } from './history.ts';

export interface OtherEnd extends SessionKey {
  readonly state: string;
  readonly userName: string;
  /** What both ends say beside their crossed session ids: the more, the surer. */
  readonly by: readonly ('names' | 'addresses' | 'call_serial_number')[];
}

const columns = `tunnel_local_id, session_local_id, session_remote_id, state, local_ip, remote_ip, local_name, remote_name,
  call_serial_number, user_name`;

/**
 * Live sessions whose ids are those of the session crossed, and that name or address its router back; the best match first. Empty when
 * the session is not live at the time or its other end is not listed.
 */
export async function otherEndOf(
  client: QueryClient,
  question: AskOptions & SessionKey & { readonly at: number },
): Promise<OtherEnd[]> {
  const rows = await client.rows<{
    router: string;
    tunnel: number;
    session: number;
    state: string;
    user: string;
    marks: number[];
  }>(
    `SELECT b.router AS router, b.tunnel_local_id AS tunnel, b.session_local_id AS session, b.state AS state, b.user_name AS user,
       [b.remote_name != '' AND b.remote_name = a.local_name AND a.remote_name = b.local_name,
        b.remote_ip != '' AND b.remote_ip = a.local_ip AND a.remote_ip = b.local_ip,
        ifNull(b.call_serial_number != 0 AND b.call_serial_number = a.call_serial_number, 0)] AS marks
     FROM (SELECT * FROM ${fleetState(columns)} WHERE router = {router:String} AND tunnel_local_id = {tunnel:UInt16}
       AND session_local_id = {session:UInt16}) AS a
     INNER JOIN ${fleetState(columns)} AS b ON b.session_remote_id = a.session_local_id AND b.session_local_id = a.session_remote_id
     WHERE (b.router, b.tunnel_local_id, b.session_local_id) != (a.router, a.tunnel_local_id, a.session_local_id)
       AND (marks[1] OR marks[2])
     ORDER BY arraySum(marks) DESC, router, tunnel LIMIT 10`,
    asked(question, {
      router: question.router,
      tunnel: question.tunnel,
      session: question.session,
      at: utcText(question.at),
    }),
  );
  const names = ['names', 'addresses', 'call_serial_number'] as const;
  return rows.map(({ router, tunnel, session, state, user, marks }) => ({
    router,
    tunnel,
    session,
    state,
    userName: user,
    by: names.filter((_, i) => marks[i] === 1),
  }));
}
