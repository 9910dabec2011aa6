/** What dropped around a time, and what those sessions have in common. */
import { asked, utcText, type AskOptions, type QueryClient, type QueryOptions } from '../ask/client.ts';
import { coverageOf, type Coverage } from '../ask/coverage.ts';
import type { SessionKey } from '../history/history.ts';
import { msOf } from '../ask/columns.ts';
import { dimensionColumns, dimensions, fleetState, type Dimension } from '../ask/fleet-state.ts';

export interface WhatHappenedQuestion extends AskOptions {
  readonly around: number;
  /** How far before and after (s); default 5 minutes. */
  readonly withinS?: number;
}

export interface CommonGround {
  readonly by: Dimension;
  readonly name: string;
  /** Sessions of the group that ended in the time, and that lived when it began. */
  readonly gone: number;
  readonly before: number;
  /** Share of the group that is gone, and of all others. */
  readonly share: number;
  readonly shareOfRest: number;
  /** How much of all that ended lies in this group. */
  readonly coverage: number;
  /** Snapshots between which the ends lie (ms UTC). */
  readonly between: readonly [number, number];
}

export interface Recovery {
  /** Seconds after the last of the ends. */
  readonly afterS: number;
  /** Of the sessions that ended, those whose user or line was back by then; null when nothing names them. */
  readonly back: number | null;
}

/** Who ended and has not been seen again. */
export interface NotBack extends SessionKey {
  readonly userName: string;
  readonly peerGateway: string;
  /** ms UTC */
  readonly lastSeenAt: number;
  readonly goneBy: number;
}

/** Live sessions of the routers that lost some, against those before: it needs no names. */
export interface RecoveryByCount {
  readonly afterS: number;
  /** Live sessions by those before; above 1 when more came than went; null where no snapshot came by then. */
  readonly share: number | null;
}

export interface WhatHappened {
  readonly from: number;
  readonly to: number;
  readonly before: number;
  readonly ended: number;
  readonly reasons: Readonly<Record<string, number>>;
  readonly routerEvents: readonly {
    readonly router: string;
    readonly at: number;
    readonly kind: string;
    readonly detail: string;
  }[];
  /** Groups that stand out, the most telling first. */
  readonly common: readonly CommonGround[];
  readonly recovery: readonly Recovery[];
  /** Sessions of the affected routers against the time before, after the same times. */
  readonly recoveryByCount: readonly RecoveryByCount[];
  /** Named subscribers who ended and were not back 15 minutes later; the first 100. */
  readonly notBack: readonly NotBack[];
  readonly notBackFound: number;
  /** Ends that no name goes with: whether these subscribers are back cannot be told. */
  readonly endedWithoutName: number;
  /** Sessions that changed into another state within the time, by that state. */
  readonly stateChanges: Readonly<Record<string, number>>;
  /** Ends of sessions that were never seen established, by the state in which they died. */
  readonly setupFailures: Readonly<Record<string, number>>;
  readonly coverage: Coverage;
}

const compared: readonly Dimension[] = [
  'router',
  'peer_gateway',
  'fpc',
  'interface',
  'tunnel',
  'tunnel_group',
  'site',
];
const recoveryS: readonly number[] = [60, 300, 900];

export async function whatHappened(
  client: QueryClient,
  question: WhatHappenedQuestion,
): Promise<WhatHappened> {
  const within = (question.withinS ?? 300) * 1_000;
  const [from, to] = [question.around - within, question.around + within];
  const options = asked(question, { at: utcText(from), from: utcText(from), to: utcText(to) });
  const endsWhere = "at > {from:DateTime64(3, 'UTC')} AND at <= {to:DateTime64(3, 'UTC')}";
  const reasons = await client.rows<{ reason: string; n: string }>(
    `SELECT reason, count() AS n FROM session_ends WHERE ${endsWhere} GROUP BY reason`,
    options,
  );
  const routerEvents = await client.rows<{ router: string; at: string; kind: string; detail: string }>(
    `SELECT e.router AS router, ${msOf('e.at')} AS at, kind, detail FROM router_events AS e
     WHERE e.at > {from:DateTime64(3, 'UTC')} AND e.at <= {to:DateTime64(3, 'UTC')} ORDER BY e.at LIMIT 1000`,
    options,
  );
  // A card of one router is not that of another.
  const own = (by: Dimension): string =>
    by === 'fpc' || by === 'interface'
      ? `if(${dimensions[by]} = '', '', concat(toString(router), ' ', ${dimensions[by]}))`
      : dimensions[by];
  const groups = compared.map((by) => `('${by}', ${own(by)})`).join(', ');
  const rows = await client.rows<Record<'by' | 'name' | 'gone' | 'before' | 'first' | 'last', string>>(
    `SELECT g.1 AS by, g.2 AS name, sum(is_end) AS gone, sum(1 - is_end) AS before,
       minIf(seen_ms, is_end = 1) AS first, maxIf(end_ms, is_end = 1) AS last
     FROM (
       SELECT arrayJoin([${groups}]) AS g, 0 AS is_end, toInt64(0) AS seen_ms, toInt64(0) AS end_ms FROM ${fleetState(dimensionColumns)}
       UNION ALL
       SELECT arrayJoin([${groups}]) AS g, 1 AS is_end, toUnixTimestamp64Milli(last_seen_at) AS seen_ms, toUnixTimestamp64Milli(at) AS end_ms
       FROM session_ends WHERE ${endsWhere})
     GROUP BY by, name`,
    options,
  );
  const counts = Object.fromEntries(reasons.map((r) => [r.reason, Number(r.n)]));
  const ended = Object.values(counts).reduce((a, b) => a + b, 0);
  const before = rows.filter((r) => r.by === 'router').reduce((n, r) => n + Number(r.before), 0);
  const affected = rows.filter((r) => r.by === 'router' && r.gone !== '0').map((r) => r.name);
  return {
    from,
    to,
    before,
    ended,
    reasons: counts,
    routerEvents: routerEvents.map((e) => ({ ...e, at: Number(e.at) })),
    common: commonGround(rows, ended, before),
    recovery: ended === 0 ? [] : await recovery(client, question, from, to),
    recoveryByCount: ended === 0 ? [] : await recoveryByCount(client, question, affected, from, to),
    ...(await absent(client, question, from, to)),
    ...(await changesOf(client, options, endsWhere)),
    coverage: await coverageOf(client, { ...question, from, to }),
  };
}

async function changesOf(
  client: QueryClient,
  options: QueryOptions,
  endsWhere: string,
): Promise<Pick<WhatHappened, 'stateChanges' | 'setupFailures'>> {
  const changes = await client.rows<{ name: string; n: string }>(
    `SELECT toString(state) AS name, count() AS n FROM session_history
     WHERE kind = 'changed' AND has(changed, 'state') AND ${endsWhere} AND gop <= {to:DateTime64(3, 'UTC')} GROUP BY name ORDER BY n DESC`,
    options,
  );
  const failures = await client.rows<{ name: string; n: string }>(
    `SELECT toString(state) AS name, count() AS n FROM session_ends
     WHERE ${endsWhere} AND state NOT IN ('established', 'destroyed', 'closed', 'clean-up', 'cleanup') GROUP BY name ORDER BY n DESC`,
    options,
  );
  const named = (rows: readonly { name: string; n: string }[]): Record<string, number> =>
    Object.fromEntries(rows.map((r) => [r.name, Number(r.n)]));
  return { stateChanges: named(changes), setupFailures: named(failures) };
}

/** Named subscribers who are in no session that was opened after their end, 15 minutes on. */
async function absent(
  client: QueryClient,
  question: AskOptions,
  from: number,
  to: number,
): Promise<Pick<WhatHappened, 'notBack' | 'notBackFound' | 'endedWithoutName'>> {
  const options = asked(question, {
    from: utcText(from),
    to: utcText(to),
    until: utcText(to + 1_000 * Math.max(...recoveryS)),
  });
  const gone = `
    SELECT user_name, max(at) AS ended, argMax((router, tunnel_local_id, session_local_id, ${dimensions.peer_gateway}, last_seen_at), at) AS last
    FROM session_ends WHERE at > {from:DateTime64(3, 'UTC')} AND at <= {to:DateTime64(3, 'UTC')} AND user_name != '' GROUP BY user_name`;
  // An end and the next opening may stand in one snapshot: the same time is back.
  const away = `
    SELECT g.user_name AS user_name, g.ended AS ended, g.last AS last FROM (${gone}) AS g
    LEFT ANY JOIN (SELECT user_name, max(at) AS newest FROM sessions_by_user
      WHERE at > {from:DateTime64(3, 'UTC')} AND at <= {until:DateTime64(3, 'UTC')} GROUP BY user_name) AS u ON u.user_name = g.user_name
    WHERE u.user_name = '' OR u.newest < g.ended`;
  const rows = await client.rows<Record<string, string>>(
    `SELECT user_name, toString(last.1) AS name, last.2 AS tunnel, last.3 AS session, last.4 AS peer, ${msOf('last.5')} AS seen, ${msOf('ended')} AS gone_by,
       count() OVER () AS found FROM (${away}) ORDER BY ended, user_name LIMIT 100`,
    options,
  );
  const unnamed = await client.rows<{ n: string }>(
    "SELECT count() AS n FROM session_ends WHERE at > {from:DateTime64(3, 'UTC')} AND at <= {to:DateTime64(3, 'UTC')} AND user_name = ''",
    options,
  );
  return {
    notBack: rows.map((r) => ({
      router: r['name'] ?? '',
      tunnel: Number(r['tunnel']),
      session: Number(r['session']),
      userName: r['user_name'] ?? '',
      peerGateway: r['peer'] ?? '',
      lastSeenAt: Number(r['seen']),
      goneBy: Number(r['gone_by']),
    })),
    notBackFound: Number(rows[0]?.['found'] ?? 0),
    endedWithoutName: Number(unnamed[0]?.n ?? 0),
  };
}

/** From the ledger: the last count before the time, and the last one by each of the times after it. */
async function recoveryByCount(
  client: QueryClient,
  question: AskOptions,
  routers: readonly string[],
  from: number,
  to: number,
): Promise<RecoveryByCount[]> {
  const live = async (after: number, at: number): Promise<Map<string, number>> => {
    const rows = await client.rows<{ name: string; n: string }>(
      `SELECT toString(s.router) AS name, argMax(arraySum(mapValues(by_state)), (s.at, s.seq)) AS n FROM snapshots AS s
       WHERE s.router IN {routers:Array(String)} AND outcome = 'applied' AND final AND state_hash != ''
         AND s.at > {after:DateTime64(3, 'UTC')} AND s.at <= {at:DateTime64(3, 'UTC')} GROUP BY name`,
      asked(question, { routers, after: utcText(after), at: utcText(at) }),
    );
    return new Map(rows.map((r) => [r.name, Number(r.n)]));
  };
  const before = await live(from - 86_400_000, from);
  const total = [...before.values()].reduce((a, b) => a + b, 0);
  const shares: RecoveryByCount[] = [];
  for (const afterS of recoveryS) {
    const then = await live(to, to + afterS * 1_000);
    const heard = total > 0 && [...before.keys()].every((name) => then.has(name));
    const now = [...before.keys()].reduce((n, name) => n + (then.get(name) ?? 0), 0);
    shares.push({ afterS, share: heard ? now / total : null });
  }
  return shares;
}

/** A group stands out by how much larger its share is than that of the rest, and by how much of all it explains. */
function commonGround(
  rows: readonly Readonly<Record<'by' | 'name' | 'gone' | 'before' | 'first' | 'last', string>>[],
  ended: number,
  before: number,
): CommonGround[] {
  const found = rows.flatMap((r): CommonGround[] => {
    const [gone, lived] = [Number(r.gone), Number(r.before)];
    if (gone === 0 || r.name === '') return [];
    // Sessions that came and went within the time were not there before.
    const share = Math.min(1, gone / Math.max(gone, lived));
    const shareOfRest = Math.min(1, (ended - gone) / Math.max(1, before - lived));
    return [
      {
        by: r.by as Dimension,
        name: r.name,
        gone,
        before: lived,
        share,
        shareOfRest,
        coverage: gone / ended,
        between: [Number(r.first), Number(r.last)],
      },
    ];
  });
  const score = (g: CommonGround): number => Math.max(0, g.share - g.shareOfRest) * g.coverage;
  return found
    .filter((g) => g.share > g.shareOfRest)
    .sort((a, b) => score(b) - score(a) || b.gone - a.gone)
    .slice(0, 50);
}

/** By user name where there is one: a session that comes back has other ids. */
async function recovery(
  client: QueryClient,
  question: AskOptions,
  from: number,
  to: number,
): Promise<Recovery[]> {
  const rows = await client.rows<{ named: string; waits: number[] }>(
    `SELECT count() AS named, groupArray(wait) AS waits FROM (
       SELECT e.user_name AS user_name, minIf(dateDiff('second', e.ended, u.at), u.at > e.ended) AS wait, countIf(u.at > e.ended) AS n
       FROM (SELECT user_name, max(at) AS ended FROM session_ends
         WHERE at > {from:DateTime64(3, 'UTC')} AND at <= {to:DateTime64(3, 'UTC')} AND user_name != '' GROUP BY user_name) AS e
       LEFT JOIN (SELECT user_name, at FROM sessions_by_user
         WHERE at > {from:DateTime64(3, 'UTC')} AND at <= {until:DateTime64(3, 'UTC')}) AS u ON u.user_name = e.user_name
       GROUP BY e.user_name)
     WHERE n > 0 OR 1`,
    asked(question, {
      from: utcText(from),
      to: utcText(to),
      until: utcText(to + 1_000 * Math.max(...recoveryS)),
    }),
  );
  const { named = '0', waits = [] } = rows[0] ?? {};
  const total = Number(named);
  return recoveryS.map((afterS) => ({
    afterS,
    back: total === 0 ? null : waits.filter((w) => w > 0 && w <= afterS).length / total,
  }));
}
