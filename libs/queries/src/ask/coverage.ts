/** What an answer rests on: snapshots by router, and the times in which a router was not heard. */
import { asked, utcText, type AskOptions, type QueryClient } from './client.ts';
import { msOf } from './columns.ts';
import { checkedRange, type TimeRange } from './range.ts';

export interface RouterCoverage {
  readonly router: string;
  readonly snapshots: number;
  /** Of these, listings that were not provably whole: they close nothing. */
  readonly incomplete: number;
  /** Of these, with a filter: they say nothing about other sessions. */
  readonly filtered: number;
  /** ms UTC. */
  readonly first: number;
  readonly last: number;
  /** Times within the range, longer than the limit, in which no snapshot came (ms UTC). */
  readonly gaps: readonly (readonly [number, number])[];
}

export interface Coverage {
  readonly from: number;
  readonly to: number;
  readonly routers: readonly RouterCoverage[];
  /** Routers with history before the range and nothing in it: about them the answer says nothing. */
  readonly missing: readonly string[];
}

export interface CoverageQuestion extends TimeRange {
  readonly routers?: readonly string[] | undefined;
  /** From how long on silence is a gap (s); default 15 minutes. */
  readonly gapAfterS?: number | undefined;
}

/** Silence that is a gap (s). */
const defaultGapS = 900;

/** Over which snapshots a range is known, and where data is missing. @throws QuestionError when the range is reversed */
export async function coverageOf(client: QueryClient, question: CoverageQuestion): Promise<Coverage> {
  const gapAfterS = question.gapAfterS ?? defaultGapS;
  const only = question.routers === undefined ? '' : 'AND s.router IN {routers:Array(String)}';
  const params = {
    ...checkedRange(question),
    gap: gapAfterS * 1_000,
    from_ms: question.from,
    to_ms: question.to,
    ...(question.routers === undefined ? {} : { routers: question.routers }),
  };
  const asking = client.rows<Record<string, string> & { times: string[][] }>(
    `SELECT router, countIf(inside) AS n, countIf(inside AND NOT complete) AS incomplete, countIf(inside AND scope != '') AS filtered,
       minIf(ms, inside) AS first, maxIf(ms, inside) AS last, max(ms) AS newest,
       groupArrayIf(1000)([toString(greatest(before, {from_ms:Int64})), toString(ms)], inside AND before > 0 AND ms - greatest(before, {from_ms:Int64}) > {gap:Int64}) AS times
     FROM (
       SELECT s.router AS router, complete, scope, ${msOf('s.at')} AS ms, s.at >= {from:DateTime64(3, 'UTC')} AS inside,
         lagInFrame(${msOf('s.at')}, 1, 0) OVER (PARTITION BY s.router ORDER BY s.at, s.seq ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS before
       FROM snapshots AS s
       WHERE outcome = 'applied' AND final AND s.at <= {to:DateTime64(3, 'UTC')} ${only}
         AND s.at >= {from:DateTime64(3, 'UTC')} - INTERVAL 1 DAY)
     GROUP BY router ORDER BY router`,
    asked(question, params),
  );
  const [rows, known] = await Promise.all([
    asking,
    // Before everything there is nothing to be missing.
    question.from <= 0
      ? []
      : client.rows<{ router: string }>(
          `SELECT DISTINCT s.router AS router FROM snapshots AS s WHERE outcome = 'applied' AND s.at < {from:DateTime64(3, 'UTC')} ${only} ORDER BY router`,
          asked(question, params),
        ),
  ]);
  const heard = rows.filter((r) => r['n'] !== '0');
  const names = new Set(heard.map((r) => r['router']));
  return {
    from: question.from,
    to: question.to,
    routers: heard.map((r) => coverageRow(r, question.to, gapAfterS)),
    missing: known.map((k) => k.router).filter((k) => !names.has(k)),
  };
}

/** From when on a router that was not heard is missing at a moment (ms). */
const forgottenMs = 86_400_000;
/** Of the whole fleet those are told of that were heard within so many days: what it costs must not grow with the age of the ledger. */
const rememberedDays = 30;

/**
 * On which snapshot of each router the answer about a moment rests: the newest before it. One that was silent for longer than the limit
 * has a gap until the moment, one without any snapshot for a day is missing.
 */
export async function coverageAt(
  client: QueryClient,
  question: AskOptions & { readonly at: number; readonly routers?: readonly string[] | undefined },
): Promise<Coverage> {
  const { at, routers } = question;
  const rows = await client.rows<{ router: string; newest: string; complete: boolean; scope: string }>(
    `SELECT s.router AS router, ${msOf('max(s.at)')} AS newest, argMax(complete, (s.at, s.seq)) AS complete, argMax(scope, (s.at, s.seq)) AS scope
     FROM snapshots AS s
     WHERE outcome = 'applied' AND final AND s.at <= {at:DateTime64(3, 'UTC')} ${routers === undefined ? `AND s.at > {at:DateTime64(3, 'UTC')} - INTERVAL ${rememberedDays} DAY` : 'AND s.router IN {routers:Array(String)}'}
     GROUP BY router ORDER BY router`,
    asked(question, { at: utcText(at), ...(routers === undefined ? {} : { routers }) }),
  );
  const heard = rows.filter((r) => at - Number(r.newest) <= forgottenMs);
  return {
    from: at,
    to: at,
    routers: heard.flatMap(
      ({ router, newest, ...r }) => coverageOfSnapshot({ ...r, at: Number(newest) }, router, at).routers,
    ),
    missing: rows.filter((r) => !heard.includes(r)).map((r) => r.router),
  };
}

/** As `coverageAt` has it, of one router whose newest snapshot is at hand. */
export function coverageOfSnapshot(
  { at: last, complete, scope }: { readonly at: number; readonly complete: boolean; readonly scope: string },
  router: string,
  at: number,
): Coverage {
  const gaps = at - last > defaultGapS * 1_000 ? [[last, at] as const] : [];
  const counts = { snapshots: 1, incomplete: complete ? 0 : 1, filtered: scope === '' ? 0 : 1 };
  return { from: at, to: at, routers: [{ router, ...counts, first: last, last, gaps }], missing: [] };
}

function coverageRow(
  row: Readonly<Record<string, string>> & { times: string[][] },
  to: number,
  gapAfterS: number,
): RouterCoverage {
  const last = Number(row['last']);
  const gaps = row.times.map(([a, b]) => [Number(a), Number(b)] as const);
  return {
    router: row['router'] ?? '',
    snapshots: Number(row['n']),
    incomplete: Number(row['incomplete']),
    filtered: Number(row['filtered']),
    first: Number(row['first']),
    last,
    gaps: to - last > gapAfterS * 1_000 ? [...gaps, [last, to]] : gaps,
  };
}

/** What is known of a router without its captures. */
export interface KnownRouter {
  readonly router: string;
  readonly site: string;
  /** The fleet file's, else as its captures print; '' when neither says. */
  readonly role: 'lac' | 'lns' | '';
  readonly platform: string;
  readonly release: string;
  /** The fleet file's; null where a default applies. */
  readonly limits: {
    readonly chassis: number | null;
    readonly interface: number | null;
    readonly tunnel: number | null;
  };
  readonly peers: readonly string[];
  readonly inFleetFile: boolean;
}

interface KnownRow {
  router: string;
  site: string;
  role: 'lac' | 'lns' | '';
  platform: string;
  release: string;
  chassis: number | null;
  interface: number | null;
  tunnel: number | null;
  peers: string[];
  listed: boolean;
}

/** Every router of the fleet file or with history, by name. */
export async function knownRouters(client: QueryClient, options: AskOptions = {}): Promise<KnownRouter[]> {
  const rows = await client.rows<KnownRow>(
    `SELECT router, max(site) AS site, if(max(said) != '', max(said), max(printed)) AS role, max(platform) AS platform, max(release) AS release,
       max(chassis) AS chassis, max(interface) AS interface, max(tunnel) AS tunnel, arrayFlatten(groupArray(peers)) AS peers, CAST(max(listed), 'Bool') AS listed
     FROM (
       SELECT toString(router) AS router, toString(site) AS site, toString(role) AS said, '' AS printed, toString(platform) AS platform,
         toString(release) AS release, max_sessions_chassis AS chassis, max_sessions_interface AS interface,
         max_sessions_tunnel AS tunnel, peers, 1 AS listed
       FROM routers FINAL WHERE NOT removed
       UNION ALL
       SELECT toString(router), '', '', ${printedRole('argMax(variant, seq)')}, '', '', NULL, NULL, NULL, [], 0
       FROM snapshots WHERE outcome = 'applied' AND final AND variant != '' GROUP BY router)
     GROUP BY router ORDER BY router`,
    asked(options, {}),
  );
  return rows.map(({ chassis, interface: one, tunnel, listed, ...row }) => ({
    router: row.router,
    site: row.site,
    role: row.role,
    platform: row.platform,
    release: row.release,
    peers: row.peers,
    limits: { chassis, interface: one, tunnel },
    inFleetFile: listed,
  }));
}

/** A variant's role: `lns-m` and `lns-mx` are LNSs. */
const printedRole = (variant: string): string =>
  `multiIf(startsWith(toString(${variant}), 'lns'), 'lns', toString(${variant}) = 'lac', 'lac', '')`;
