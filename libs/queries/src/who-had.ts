/** Which session had an address at a time, and how sure that is. */
import { asked, utcText, type AskOptions, type QueryClient } from './client.ts';
import { history, type HistoryEvent, type SessionKey } from './history.ts';
import { msOf } from './columns.ts';

export interface WhoHadQuestion extends AskOptions {
  readonly address: string;
  /** ms UTC. */
  readonly at: number;
}

/**
 * - `certain`: seen with the address before and after (or at) the time
 * - `likely`: it had begun by its create time, but no snapshot had shown it yet; or nothing has been heard since it was last seen
 * - `unknown`: it ended between its last sight and the snapshot that no longer showed it, and the time lies between
 */
export type Certainty = 'certain' | 'likely' | 'unknown';

export interface AddressHolder extends SessionKey {
  readonly certainty: Certainty;
  readonly userName: string | null;
  readonly createdAt: number | null;
  /** The snapshots between which the answer holds (ms UTC). */
  readonly seenFrom: number;
  readonly seenTo: number;
  /** When a snapshot no longer showed it so; null while it lasts. */
  readonly goneBy: number | null;
}

/** Holders, the surest first; empty when none is known. @throws QuestionError when that is no address */
export async function whoHad(client: QueryClient, question: WhoHadQuestion): Promise<AddressHolder[]> {
  const { address, at } = question;
  const found = await history(client, { ...question, address });
  const byIncarnation = Map.groupBy(
    found.events,
    (e) => `${e.router} ${e.tunnel} ${e.session} ${String(e.createTime)}`,
  );
  const holders: AddressHolder[] = [];
  for (const events of byIncarnation.values()) {
    const first = events[0];
    if (first === undefined) continue;
    const gone = events.find((e) => e.kind === 'closed' || (e.kind === 'changed' && lost(e)));
    const goneSeen =
      gone === undefined
        ? undefined
        : gone.kind === 'closed'
          ? gone.lastSeenAt
          : await seenBefore(client, question, gone);
    const seenTo = goneSeen ?? (await newestWhole(client, question, first.router)) ?? first.at;
    const holder = holderOf(first, Math.max(first.at, seenTo), gone?.at ?? null, at);
    if (holder !== undefined) holders.push(holder);
  }
  const order: readonly Certainty[] = ['certain', 'likely', 'unknown'];
  return holders.sort(
    (a, b) => order.indexOf(a.certainty) - order.indexOf(b.certainty) || b.seenFrom - a.seenFrom,
  );
}

/** A change by which the address went to another value. */
const lost = (event: HistoryEvent): boolean =>
  event.changes.some((c) => c.field === 'peer_ip' && c.before !== undefined && c.before !== '');

function holderOf(
  first: HistoryEvent,
  seenTo: number,
  goneBy: number | null,
  at: number,
): AddressHolder | undefined {
  const began = Math.min(first.createdAt ?? first.at, first.at);
  if (at < began || (goneBy !== null && at >= goneBy)) return undefined;
  const certainty: Certainty =
    at >= first.at && at <= seenTo ? 'certain' : at < first.at || goneBy === null ? 'likely' : 'unknown';
  const user = first.values['user_name'];
  return {
    router: first.router,
    tunnel: first.tunnel,
    session: first.session,
    certainty,
    userName: typeof user === 'string' && user !== '' ? user : null,
    createdAt: first.createdAt,
    seenFrom: first.at,
    seenTo,
    goneBy,
  };
}

/** The snapshot before a change: until then the old value was seen. */
async function seenBefore(client: QueryClient, options: AskOptions, event: HistoryEvent): Promise<number> {
  const rows = await client.rows<{ n: string; at: string }>(
    `SELECT count() AS n, ${msOf('max(s.at)')} AS at FROM snapshots AS s
     WHERE router = {router:String} AND outcome = 'applied' AND final AND scope = '' AND complete AND s.at < {at:DateTime64(3, 'UTC')}`,
    asked(options, { router: event.router, at: utcText(event.at) }),
  );
  return rows[0] === undefined || rows[0].n === '0' ? event.at : Number(rows[0].at);
}

/** The newest whole snapshot of a router: it shows every session that has not closed. */
async function newestWhole(
  client: QueryClient,
  options: AskOptions,
  router: string,
): Promise<number | undefined> {
  const rows = await client.rows<{ n: string; at: string }>(
    `SELECT count() AS n, ${msOf('max(s.at)')} AS at FROM snapshots AS s
     WHERE router = {router:String} AND outcome = 'applied' AND final AND scope = '' AND complete`,
    asked(options, { router }),
  );
  return rows[0] === undefined || rows[0].n === '0' ? undefined : Number(rows[0].at);
}
