/**
 * Both ends of a session: a LAC and an LNS (and a tunnel switch between them, twice) list the same call. Two ends pair by their
 * crossed session ids and by crossed names or addresses; the call serial number, where it is not 0, and the create times break ties.
 */
import { asked, utcText, type AskOptions, type QueryClient } from '../ask/client.ts';
import { fleetState } from '../ask/fleet-state.ts';
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
  call_serial_number, user_name, created_at, tunnel_switch_profile_name`;

/** Live sessions. Routers are named by a hash, and sessions by it and their ids: numbers are what grouping a million of them is quick by. */
const live = `SELECT router, cityHash64(router) AS of_router, toUInt32(tunnel_local_id) * 65536 + session_local_id AS ids, (of_router, ids) AS key,
  tunnel_local_id, session_local_id, ifNull(session_remote_id, 0) AS other, state, state IN ('destroyed', 'closed', 'clean-up', 'cleanup') AS ended,
  local_ip, remote_ip, local_name, remote_name, ifNull(call_serial_number, 0) AS serial, user_name, created_at, tunnel_switch_profile_name
  FROM ${fleetState(columns)}`;

const hashOf = (name: string): string => `if(${name} = '', 0, cityHash64(${name}))`;

/** What both ends of a call print of it, each from its own side: hashes of the two sides, by names or by addresses; 0 where not printed. */
const sidesOf = (mine: string, other: string): string =>
  `if(${mine} = 0 OR ${other} = 0, (0, 0), (cityHash64(session_local_id, ${mine}), cityHash64(other, ${other})))`;

/**
 * Both orders of each two ends that may be one call. Where both print names these must cross, else the addresses.
 * @param addresses false: every end prints names
 */
const candidates = (addresses: boolean): string => `
  SELECT order.1 AS a_key, order.2 AS b_key, a.10 OR b.10 AS ended, NOT (a.2 != 0 AND a.2 = b.2) AS by_time, ifNull(abs(a.3 - b.3), 1000000000000) AS apart_ms
  FROM (
    SELECT groupArrayIf(end, sides.1 <= sides.2) AS from_here, groupArrayIf(end, sides.1 >= sides.2) AS from_there
    FROM (
      SELECT (key, serial, toUnixTimestamp64Milli(created_at), session_local_id, other, local_name_hash, remote_name_hash, local_ip_hash, remote_ip_hash, ended) AS end,
        arrayJoin([${[sidesOf('local_name_hash', 'remote_name_hash'), ...(addresses ? [sidesOf('local_ip_hash', 'remote_ip_hash')] : [])].join(', ')}]) AS sides
      FROM (
        SELECT *, ${hashOf('local_name')} AS local_name_hash, ${hashOf('remote_name')} AS remote_name_hash,
          ${hashOf('local_ip')} AS local_ip_hash, ${hashOf('remote_ip')} AS remote_ip_hash
        FROM (${live}) WHERE session_local_id != 0 AND other != 0))
    WHERE sides.1 != 0
    GROUP BY least(sides.1, sides.2), greatest(sides.1, sides.2) HAVING notEmpty(from_here) AND notEmpty(from_there))
  ARRAY JOIN from_here AS a
  ARRAY JOIN from_there AS b
  ARRAY JOIN [(a.1, b.1), (b.1, a.1)] AS order
  WHERE a.1.1 != b.1.1 AND a.4 = b.5 AND a.5 = b.4 AND (a.2 = 0 OR b.2 = 0 OR a.2 = b.2)
    AND if(a.6 != 0 AND a.7 != 0 AND b.6 != 0 AND b.7 != 0, a.6 = b.7 AND a.7 = b.6, a.8 != 0 AND a.9 != 0 AND a.8 = b.9 AND a.9 = b.8)`;

/** Ends that are each other's best, each with its partner; the order of candidates is the same seen from either end. */
const pairs = (addresses: boolean): string => `
  SELECT pair.1 AS own, pair.2 AS partner, ended FROM (
    SELECT least(a_key, best.1) AS low, greatest(a_key, best.1) AS high, any(best.2) AS ended FROM (
      SELECT a_key, argMin((b_key, ended), (by_time, apart_ms, least(a_key, b_key), greatest(a_key, b_key))) AS best
      FROM (${candidates(addresses)}) GROUP BY a_key)
    GROUP BY low, high HAVING count() = 2)
  ARRAY JOIN [(low, high), (high, low)] AS pair`;

type Row = Record<string, string | number | null>;

export async function bothEnds(client: QueryClient, question: BothEndsQuestion): Promise<BothEnds> {
  const { at } = question;
  const options = asked(question, { at: utcText(at) });
  const [sums] = await client.rows<Row & { routers: [string, string][] }>(
    `SELECT count() AS listed, countIf(NOT ended) AS alive, uniqExactIf(cityHash64(user_name), user_name != '') AS names, countIf(user_name = '') AS unnamed,
       countIf(local_name = '' OR remote_name = '') AS by_address, countIf(tunnel_switch_profile_name != '') AS profiled,
       groupUniqArray((toString(of_router), toString(router))) AS routers
     FROM (${live})`,
    options,
  );
  const count = (name: string): number => Number(sums?.[name] ?? 0);
  const switched = count('profiled') === 0 ? 0 : await switchedCalls(client, options);
  const found = await endsByVerdict(client, question, count('by_address') > 0, new Map(sums?.routers));
  return {
    at,
    listed: count('listed'),
    pairs: found.pairs,
    switched,
    subscribers: count('alive') - found.alivePairs - switched,
    ghosts: found.ghosts,
    ghostsFound: found.ghostsFound,
    unpaired: found.unpaired,
    userNames: count('names'),
    withoutUserName: count('unnamed'),
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
         AND router IN (SELECT router FROM ${fleetState('tunnel_switch_profile_name, tunnel_local_id, session_local_id')} WHERE tunnel_switch_profile_name != ''))`,
    options,
  );
  return Number(rows[0]?.n ?? 0);
}

/** Routers by the names and addresses that their own sessions print as local ones. */
const owners = `
  SELECT name, any(router) AS owner FROM (
    SELECT toString(router) AS router, toString(arrayJoin([local_name, local_ip])) AS name
    FROM (SELECT DISTINCT router, local_name, local_ip FROM ${fleetState('tunnel_local_id, session_local_id, local_name, local_ip')}))
  WHERE name != '' GROUP BY name HAVING uniqExact(router) = 1`;

/** Newest whole listing of all sessions of each router, within an hour. */
const whole = `
  SELECT toString(s.router) AS router, max(s.at) AS whole_at FROM snapshots AS s
  WHERE outcome = 'applied' AND final AND complete AND scope = '' AND s.at <= {at:DateTime64(3, 'UTC')}
    AND s.at > {at:DateTime64(3, 'UTC')} - INTERVAL 1 HOUR
  GROUP BY s.router`;

/** Every live end: paired, ended, or why it is neither. */
const verdicts = (addresses: boolean): string => `
  SELECT l.router AS router, l.tunnel_local_id AS tunnel, l.session_local_id AS session, l.of_router AS of_router, p.partner.1 AS of_partner, p.ended AS pair_ended,
    l.state AS state, l.user_name AS user_name, l.created_at AS created_at, if(n.owner != '', n.owner, i.owner) AS other, h.whole_at AS seen_at, o.whole_at AS other_at,
    multiIf(of_partner != 0, 'paired', l.ended, 'ended', l.remote_name = '' AND l.remote_ip = '', 'unnamed', other = '' OR other = l.router, 'unknown',
      o.router = '', 'stale', l.other = 0 OR l.created_at > o.whole_at OR (l.created_at IS NULL AND h.whole_at > o.whole_at), 'new',
      h.router != '' AND o.whole_at <= h.whole_at, 'certain', 'likely') AS verdict
  FROM (${live}) AS l
  LEFT ANY JOIN (${pairs(addresses)}) AS p ON p.own = l.key
  LEFT ANY JOIN (${owners}) AS n ON n.name = l.remote_name
  LEFT ANY JOIN (${owners}) AS i ON i.name = l.remote_ip
  LEFT ANY JOIN (${whole}) AS h ON h.router = l.router
  LEFT ANY JOIN (${whole}) AS o ON o.router = if(n.owner != '', n.owner, i.owner)`;

/** Of a create time that no router printed: after all others. */
const unknownTime = Number.MAX_SAFE_INTEGER;

/** Verdict, create time, router, tunnel, session, state, user name, the other router, newest listings of both. */
type GhostRow = readonly [string, string, string, number, number, string, string, string, string, string];

type VerdictGroup = Record<'verdict' | 'of_router' | 'of_partner' | 'n' | 'alive', string> & {
  readonly ghosts: readonly GhostRow[];
};

/** @param names of routers by their hashes */
async function endsByVerdict(
  client: QueryClient,
  question: BothEndsQuestion,
  addresses: boolean,
  names: ReadonlyMap<string, string>,
): Promise<
  Pick<BothEnds, 'pairs' | 'ghosts' | 'ghostsFound' | 'unpaired'> & { readonly alivePairs: number }
> {
  const only = question.router === undefined ? '1' : 'router = {router:String}';
  const limit = Math.max(1, Math.trunc(question.limit ?? 1_000));
  const groups = await client.rows<VerdictGroup>(
    `SELECT verdict, toString(of_router) AS of_router, toString(of_partner) AS of_partner, count() AS n, countIf(NOT pair_ended) AS alive,
       groupArraySortedIf(${limit})((verdict, ifNull(toUnixTimestamp64Milli(created_at), ${unknownTime}), toString(router), tunnel, session, toString(state),
         user_name, other, toUnixTimestamp64Milli(seen_at), toUnixTimestamp64Milli(other_at)), verdict IN ('certain', 'likely') AND ${only}) AS ghosts
     FROM (${verdicts(addresses)}) GROUP BY verdict, of_router, of_partner`,
    asked(question, { at: utcText(question.at), router: question.router ?? '' }),
  );
  const count = (verdict: string): number =>
    groups.reduce((n, g) => n + (g.verdict === verdict ? Number(g.n) : 0), 0);
  const paired = groups.filter((g) => g.verdict === 'paired');
  const nameOf = (hash: string): string => names.get(hash) ?? '';
  // Each pair stands there twice, seen from either end.
  const seenOnce = paired
    .map((g) => ({ routers: [nameOf(g.of_router), nameOf(g.of_partner)] as const, pairs: Number(g.n) }))
    .filter(({ routers: [a, b] }) => a < b)
    .sort((a, b) => b.pairs - a.pairs || (a.routers < b.routers ? -1 : 1));
  return {
    pairs: seenOnce,
    alivePairs: paired.reduce((n, g) => n + Number(g.alive), 0) / 2,
    ghosts: groups
      .flatMap((g) => g.ghosts)
      .sort(compareGhosts)
      .slice(0, limit)
      .map(ghostOf),
    ghostsFound: count('certain') + count('likely'),
    unpaired: {
      otherUnknown: count('unknown'),
      unnamed: count('unnamed'),
      tooNew: count('new'),
      otherStale: count('stale'),
    },
  };
}

/** Certain ones first, then those that have been there longest. */
function compareGhosts(a: GhostRow, b: GhostRow): number {
  const before = (x: string | number, y: string | number): number => (x < y ? -1 : x > y ? 1 : 0);
  return (
    before(a[0], b[0]) ||
    Number(a[1]) - Number(b[1]) ||
    before(a[2], b[2]) ||
    before(a[3], b[3]) ||
    before(a[4], b[4])
  );
}

function ghostOf([
  verdict,
  created,
  router,
  tunnel,
  session,
  state,
  user,
  other,
  seen,
  otherSeen,
]: GhostRow): Ghost {
  return {
    router,
    tunnel,
    session,
    other,
    certainty: verdict === 'certain' ? 'certain' : 'likely',
    state,
    userName: user === '' ? null : user,
    createdAt: Number(created) === unknownTime ? null : Number(created),
    seenAt: Number(seen),
    otherSeenAt: Number(otherSeen),
  };
}
