/** Which session had an address at a time, and how sure that is. */
import { QuestionError, asked, utcText, type AskOptions, type QueryClient } from '../ask/client.ts';
import { history, sameAddress, type HistoryEvent, type SessionKey } from './history.ts';
import { msOf } from '../ask/columns.ts';

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
  const spans = await spansOf(client, question, question.address, new Map());
  return holdersAt(spans, question.at);
}

export interface WhoHadAnswer {
  readonly address: string;
  readonly at: number;
  readonly holders: readonly AddressHolder[];
  /** Why it could not be asked; '' when it was. */
  readonly error: string;
}

/** Many at once, answered in their order: each address is looked up once, however many times are asked of it. */
export async function* whoHadAll(
  client: QueryClient,
  questions: readonly { readonly address: string; readonly at: number }[],
  options: AskOptions = {},
): AsyncGenerator<WhoHadAnswer> {
  const spans = new Map<string, Promise<readonly Span[] | string>>();
  const newest = new Map<string, Promise<number | undefined>>();
  const look = (address: string): Promise<readonly Span[] | string> => {
    const known = spans.get(address);
    if (known !== undefined) return known;
    const asked = spansOf(client, options, address, newest).catch((error: unknown) => {
      if (error instanceof QuestionError) return error.message;
      throw error;
    });
    spans.set(address, asked);
    return asked;
  };
  for (let i = 0; i < questions.length; i += atOnce) {
    options.signal?.throwIfAborted();
    const some = questions.slice(i, i + atOnce);
    const found = await Promise.all(some.map((q) => look(q.address)));
    for (const [n, { address, at }] of some.entries()) {
      const own = found[n] ?? [];
      yield typeof own === 'string'
        ? { address, at, holders: [], error: own }
        : { address, at, holders: holdersAt(own, at), error: '' };
    }
  }
}

const atOnce = 16;

/** A time for which a session had an address: from its first sight with it to its last, and when it was seen without. */
interface Span {
  readonly first: HistoryEvent;
  readonly seenTo: number;
  readonly goneBy: number | null;
}

async function spansOf(
  client: QueryClient,
  options: AskOptions,
  address: string,
  newest: Map<string, Promise<number | undefined>>,
): Promise<Span[]> {
  const found = await history(client, { ...limitsOf(options), address });
  const byIncarnation = Map.groupBy(
    found.events,
    (e) => `${e.router} ${e.tunnel} ${e.session} ${String(e.createTime)}`,
  );
  const spans: Span[] = [];
  for (const events of byIncarnation.values()) {
    const first = events.find((e) => e.kind !== 'closed' && !lost(e, address));
    if (first === undefined) continue;
    const gone = events.find((e) => e.at >= first.at && (e.kind === 'closed' || lost(e, address)));
    const goneSeen =
      gone === undefined
        ? undefined
        : gone.kind === 'closed'
          ? gone.lastSeenAt
          : await seenBefore(client, options, gone);
    const seenTo = goneSeen ?? (await wholeOf(client, options, first.router, newest)) ?? first.at;
    spans.push({ first, seenTo: Math.max(first.at, seenTo), goneBy: gone?.at ?? null });
  }
  return spans;
}

/** Asked once for each router. */
async function wholeOf(
  client: QueryClient,
  options: AskOptions,
  router: string,
  newest: Map<string, Promise<number | undefined>>,
): Promise<number | undefined> {
  const whole = newest.get(router) ?? newestWhole(client, options, router);
  newest.set(router, whole);
  return await whole;
}

const limitsOf = ({ limits, signal }: AskOptions): AskOptions => ({
  signal,
  ...(limits === undefined ? {} : { limits }),
});

function holdersAt(spans: readonly Span[], at: number): AddressHolder[] {
  const holders = spans.flatMap(({ first, seenTo, goneBy }) => holderOf(first, seenTo, goneBy, at) ?? []);
  const order: readonly Certainty[] = ['certain', 'likely', 'unknown'];
  return holders.sort(
    (a, b) => order.indexOf(a.certainty) - order.indexOf(b.certainty) || b.seenFrom - a.seenFrom,
  );
}

/** A change by which this address went to another value. */
const lost = (event: HistoryEvent, address: string): boolean =>
  event.kind === 'changed' &&
  event.changes.some(
    (c) =>
      c.field === 'peer_ip' &&
      sameAddress(String(c.before ?? ''), address) &&
      !sameAddress(String(c.after ?? ''), address),
  );

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
