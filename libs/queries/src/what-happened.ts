/** What dropped around a time, and what those sessions have in common. */
import { asked, utcText, type AskOptions, type QueryClient } from './client.ts';
import { msOf } from './columns.ts';
import { dimensionColumns, dimensions, fleetState, type Dimension } from './fleet.ts';

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
}

const compared: readonly Dimension[] = [
  'router',
  'peer_gateway',
  'fpc',
  'interface',
  'tunnel',
  'tunnel_group',
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
  const groups = compared.map((by) => `('${by}', ${dimensions[by]})`).join(', ');
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
  return {
    from,
    to,
    before,
    ended,
    reasons: counts,
    routerEvents: routerEvents.map((e) => ({ ...e, at: Number(e.at) })),
    common: commonGround(rows, ended, before),
    recovery: ended === 0 ? [] : await recovery(client, question, from, to),
  };
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
