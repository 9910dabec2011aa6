/**
 * Both ends of a session: a LAC and an LNS (and a tunnel switch between them, twice) list the same call. Two ends pair by their
 * crossed session ids and by crossed names or addresses; the call serial number, where it is not 0, and the create times break ties.
 */
import { asked, utcText, type AskOptions, type QueryClient } from './client.ts';
import { msOf } from './columns.ts';
import { fleetState } from './fleet.ts';
import type { SessionKey } from './history.ts';

export interface BothEndsQuestion extends AskOptions {
  /** ms UTC. */
  readonly at: number;
  /** Only ghosts of this router are listed; all are counted. */
  readonly router?: string | undefined;
  /** Most ghosts that are listed; default 1,000. */
  readonly limit?: number | undefined;
}

export interface PairedRouters {
  /** The end that called: the LAC's, or a switch's towards the LNS. `''` where neither side says who is who. */
  readonly routers: readonly [string, string];
  readonly pairs: number;
}

/** A session whose other end is not listed where it should be. */
export interface Ghost extends SessionKey {
  /** Where the other end should be listed. */
  readonly other: string;
  /**
   * `certain`: the other router's whole listing is no older than the session and no newer than its last sight here.
   * `likely`: it is newer, so that both ends may have closed in between.
   */
  readonly certainty: 'certain' | 'likely';
  readonly state: string;
  readonly userName: string | null;
  readonly createdAt: number | null;
  /** Newest snapshots of both routers (ms UTC). */
  readonly seenAt: number;
  readonly otherSeenAt: number;
}

export interface BothEnds {
  readonly at: number;
  /** Sessions listed, both ends of each counted. */
  readonly listed: number;
  readonly pairs: readonly PairedRouters[];
  /** Pairs of calls that one router switches from one tunnel into another. */
  readonly switched: number;
  /** Each call once, however many ends of it are listed; those that a router lists as ended already are none. */
  readonly subscribers: number;
  readonly ghosts: readonly Ghost[];
  readonly ghostsFound: number;
  /** Ends that say nothing about another, by why: the answer is silent about these. */
  readonly unpaired: {
    /** The other end's router is not polled, or not known by the names and addresses that are printed. */
    readonly otherUnknown: number;
    /** No name and no address is printed. */
    readonly unnamed: number;
    /** Opened after the other router's newest whole listing, or the peer has not answered yet. */
    readonly tooNew: number;
    /** The other router has no whole listing of all sessions within the last hour. */
    readonly otherStale: number;
  };
  /** Different user names, and how many sessions print none (a LAC, MX text). */
  readonly userNames: number;
  readonly withoutUserName: number;
}

const columns = `tunnel_local_id, session_local_id, session_remote_id, state, local_ip, remote_ip, local_name, remote_name,
  call_serial_number, user_name, created_at, create_time, tunnel_switch_profile_name`;

/** Live sessions, numbered by what names them. */
const live = `SELECT toString(router) AS router, (toString(router), tunnel_local_id, session_local_id) AS key,
  session_local_id AS mine, ifNull(session_remote_id, 0) AS other, toString(state) AS state, state IN ('destroyed', 'closed', 'clean-up', 'cleanup') AS ended,
  toString(local_ip) AS local_ip, toString(remote_ip) AS remote_ip, toString(local_name) AS local_name, toString(remote_name) AS remote_name,
  ifNull(call_serial_number, 0) AS serial, user_name, created_at, tunnel_switch_profile_name FROM ${fleetState(columns)}`;

/** Where both print names these must cross, else the addresses. */
const candidates = `
  SELECT a.key AS a_key, b.key AS b_key, a.ended OR b.ended AS ended,
    (a.serial != 0 AND a.serial = b.serial) AS same_serial,
    abs(dateDiff('second', ifNull(a.created_at, b.created_at), ifNull(b.created_at, a.created_at))) AS apart_s
  FROM (${live}) AS a
  INNER JOIN (${live}) AS b ON a.mine = b.other AND a.other = b.mine
  WHERE a.router != b.router AND a.mine != 0 AND a.other != 0
    AND (a.serial = 0 OR b.serial = 0 OR a.serial = b.serial)
    AND if(a.local_name != '' AND a.remote_name != '' AND b.local_name != '' AND b.remote_name != '',
      a.local_name = b.remote_name AND a.remote_name = b.local_name,
      a.local_ip != '' AND a.remote_ip != '' AND a.local_ip = b.remote_ip AND a.remote_ip = b.local_ip)`;

/** Pairs of which each is the other's best; the order of candidates is the same seen from either end. */
const pairs = `
  SELECT a_key, b_key, ended FROM (
    SELECT a_key, b_key, ended,
      row_number() OVER (PARTITION BY a_key ORDER BY same_serial DESC, ifNull(apart_s, 1000000000), least(a_key, b_key), greatest(a_key, b_key)) AS of_a,
      row_number() OVER (PARTITION BY b_key ORDER BY same_serial DESC, ifNull(apart_s, 1000000000), least(a_key, b_key), greatest(a_key, b_key)) AS of_b
    FROM (${candidates}))
  WHERE of_a = 1 AND of_b = 1`;

type Row = Record<string, string | number | null>;

export async function bothEnds(client: QueryClient, question: BothEndsQuestion): Promise<BothEnds> {
  const { at } = question;
  const options = asked(question, { at: utcText(at) });
  const [sums] = await client.rows<Row>(
    `SELECT count() AS listed, countIf(NOT ended) AS alive, uniqExactIf(user_name, user_name != '') AS names, countIf(user_name = '') AS unnamed FROM (${live})`,
    options,
  );
  const paired = await client.rows<Row>(
    `SELECT a_key.1 AS a, b_key.1 AS b, count() AS n, countIf(NOT ended) AS alive FROM (${pairs}) WHERE a_key < b_key GROUP BY a, b ORDER BY n DESC, a, b`,
    options,
  );
  const switched = await switchedCalls(client, options);
  const found = await loneEnds(client, question);
  const listed = Number(sums?.['listed'] ?? 0);
  const pairsFound = paired.map((r) => ({
    routers: [String(r['a']), String(r['b'])] as const,
    pairs: Number(r['n']),
  }));
  return {
    at,
    listed,
    pairs: pairsFound,
    switched,
    subscribers: Number(sums?.['alive'] ?? 0) - paired.reduce((n, r) => n + Number(r['alive']), 0) - switched,
    ...found,
    userNames: Number(sums?.['names'] ?? 0),
    withoutUserName: Number(sums?.['unnamed'] ?? 0),
  };
}

/** A tunnel switch lists a call twice: towards the LAC and towards the LNS, by one user or serial number, at one time. */
async function switchedCalls(client: QueryClient, options: ReturnType<typeof asked>): Promise<number> {
  const rows = await client.rows<{ n: string }>(
    `SELECT count() AS n FROM (
       SELECT router, name, count() AS ends, uniqExact(tuple(local_name, remote_name, remote_ip)) AS sides, max(created_at) AS newest, min(created_at) AS oldest,
         max(tunnel_switch_profile_name != '') AS profiled
       FROM (SELECT router, if(user_name != '', user_name, toString(serial)) AS name, local_name, remote_name, remote_ip, created_at, tunnel_switch_profile_name
         FROM (${live}) WHERE user_name != '' OR serial != 0)
       GROUP BY router, name
       HAVING ends = 2 AND sides = 2 AND (profiled OR dateDiff('second', oldest, newest) <= 30)
         AND router IN (SELECT toString(router) FROM ${fleetState('tunnel_switch_profile_name, tunnel_local_id, session_local_id')} WHERE tunnel_switch_profile_name != ''))`,
    options,
  );
  return Number(rows[0]?.n ?? 0);
}

/** Routers by the names and addresses that their own sessions print as local ones. */
const owners = `
  SELECT name, any(router) AS owner FROM (
    SELECT router, arrayJoin([local_name, local_ip]) AS name FROM (${live}))
  WHERE name != '' GROUP BY name HAVING uniqExact(router) = 1`;

/** Newest whole listing of all sessions of each router, within an hour. */
const whole = `
  SELECT toString(s.router) AS router, max(s.at) AS whole_at FROM snapshots AS s
  WHERE outcome = 'applied' AND final AND complete AND scope = '' AND s.at <= {at:DateTime64(3, 'UTC')}
    AND s.at > {at:DateTime64(3, 'UTC')} - INTERVAL 1 HOUR
  GROUP BY s.router`;

async function loneEnds(
  client: QueryClient,
  question: BothEndsQuestion,
): Promise<Pick<BothEnds, 'ghosts' | 'ghostsFound' | 'unpaired'>> {
  const only = question.router === undefined ? '1' : 'router = {router:String}';
  const limit = question.limit ?? 1_000;
  const lone = `
    SELECT l.router AS router, l.key.2 AS tunnel, l.key.3 AS session, l.state AS state, l.user_name AS user_name, l.created_at AS created_at,
      if(n.owner != '', n.owner, i.owner) AS other, h.whole_at AS seen_at, o.whole_at AS other_at,
      multiIf(l.remote_name = '' AND l.remote_ip = '', 'unnamed', other = '' OR other = l.router, 'unknown',
        o.router = '', 'stale', l.other = 0 OR l.created_at > o.whole_at OR (l.created_at IS NULL AND h.whole_at > o.whole_at), 'new',
        h.router != '' AND o.whole_at <= h.whole_at, 'certain', 'likely') AS verdict
    FROM (${live}) AS l
    LEFT ANY JOIN (${owners}) AS n ON n.name = l.remote_name
    LEFT ANY JOIN (${owners}) AS i ON i.name = l.remote_ip
    LEFT ANY JOIN (${whole}) AS h ON h.router = l.router
    LEFT ANY JOIN (${whole}) AS o ON o.router = if(n.owner != '', n.owner, i.owner)
    WHERE NOT l.ended AND l.key NOT IN (SELECT a_key FROM (${pairs}))`;
  const options = asked(question, { at: utcText(question.at), router: question.router ?? '', limit });
  const counts = await client.rows<{ verdict: string; n: string; mine: string }>(
    `SELECT verdict, count() AS n, countIf(${only}) AS mine FROM (${lone}) GROUP BY verdict`,
    options,
  );
  const rows = await client.rows<Row>(
    `SELECT router, tunnel, session, state, user_name, ${msOf('created_at')} AS created, other, verdict,
       ${msOf('seen_at')} AS seen, ${msOf('other_at')} AS other_seen
     FROM (${lone}) WHERE verdict IN ('certain', 'likely') AND ${only}
     ORDER BY verdict, created_at, router, tunnel, session LIMIT {limit:UInt32}`,
    options,
  );
  const count = (verdict: string): number => Number(counts.find((c) => c.verdict === verdict)?.n ?? 0);
  return {
    ghosts: rows.map(ghostOf),
    ghostsFound: count('certain') + count('likely'),
    unpaired: {
      otherUnknown: count('unknown'),
      unnamed: count('unnamed'),
      tooNew: count('new'),
      otherStale: count('stale'),
    },
  };
}

function ghostOf(row: Row): Ghost {
  return {
    router: String(row['router']),
    tunnel: Number(row['tunnel']),
    session: Number(row['session']),
    other: String(row['other']),
    certainty: row['verdict'] === 'certain' ? 'certain' : 'likely',
    state: String(row['state']),
    userName: row['user_name'] === '' ? null : String(row['user_name']),
    createdAt: row['created'] === null ? null : Number(row['created']),
    seenAt: Number(row['seen']),
    otherSeenAt: Number(row['other_seen']),
  };
}
