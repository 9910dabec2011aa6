/** What happens when an LNS fails or is drained, and when everything grows: who takes over, and which limits that exceeds. */
import { QuestionError, asked, utcText, type AskOptions, type QueryClient } from '../ask/client.ts';
import { defaultLimits } from '../ask/default-limits.ts';
import { coverageOf, knownRouters, type Coverage, type KnownRouter } from '../ask/coverage.ts';
import { dimensionColumns, dimensions, fleetState } from '../ask/fleet-state.ts';
import { type TimeRange } from '../ask/range.ts';
import { interfaceName, routerNamed } from './limits.ts';
import { concurrency } from '../fleet/series.ts';

const hourS = 3_600;

export interface WhatIfQuestion extends TimeRange {
  /** These LNSs fail, or are drained: it is the same to those that take over. */
  readonly without: readonly string[];
  /** Growth before it happens: 0.2 is a fifth more everywhere. */
  readonly growth?: number | undefined;
}

export interface TakenOver {
  readonly router: string;
  readonly site: string;
  /** At the hour at which it is fullest with what it takes over (ms UTC). */
  readonly worstAt: number;
  readonly before: number;
  readonly taken: number;
  readonly after: number;
  readonly limit: number;
  readonly limitIsKnown: boolean;
  readonly exceeded: boolean;
  /** Hours of the range in which the limit would have been exceeded. */
  readonly hoursExceeded: number;
  /** First of these (ms UTC); null when there are none. */
  readonly exceededFrom: number | null;
}

/** A service interface or a tunnel with what comes to it. */
export interface TakenPart {
  readonly kind: 'interface' | 'tunnel';
  readonly router: string;
  /** Of the interface; id of the tunnel and its peer; a tunnel that is not there yet has its peer alone. */
  readonly name: string;
  /** ms UTC. */
  readonly at: number;
  readonly before: number;
  readonly taken: number;
  readonly after: number;
  readonly limit: number;
  readonly limitIsKnown: boolean;
  readonly exceeded: boolean;
}

export interface WhatIf {
  readonly without: readonly string[];
  readonly growth: number;
  /** The fullest first; with no router taken away, every LNS. */
  readonly rows: readonly TakenOver[];
  /** Service interfaces and tunnels of these routers at their worst hours, the fullest first. */
  readonly parts: readonly TakenPart[];
  /** Sessions of routers that name no peer in the fleet file, at their peak: nobody is known to take them. */
  readonly homeless: readonly { readonly router: string; readonly sessions: number }[];
  /** What the answer takes for granted. */
  readonly assumption: string;
  readonly coverage: Coverage;
}

const assumption =
  "each failed LNS's sessions are shared evenly by those of its peers in the fleet file that stay, hour by hour as they were seen; none is lost or gained. They spread evenly over the service interfaces in use there, and come through the tunnel of their LAC that is there, its fullest, or through a new one";

/** @throws QuestionError for a router that is not known, or when nothing is left to be asked */
export async function whatIf(client: QueryClient, question: WhatIfQuestion): Promise<WhatIf> {
  const growthShare = question.growth ?? 0;
  if (!(growthShare > -1))
    throw new QuestionError('growth is a share above -1, such as 0.2 for a fifth more');
  const all = new Map((await knownRouters(client, question)).map((r) => [r.router, r]));
  const failed = new Set(question.without.map((name) => routerNamed(all, name).router));
  const heirs = new Map([...failed].map((name) => [name, heirsOf(all, name, failed)]));
  const lnss = [...all.values()]
    .filter((r) => r.role === 'lns' && !failed.has(r.router))
    .map((r) => r.router);
  const asked = new Set([...failed, ...[...heirs.values()].flat(), ...(failed.size === 0 ? lnss : [])]);
  const options: AskOptions = question;
  const { series } = await concurrency(client, {
    ...question,
    stepS: hourS,
    by: 'router',
    routers: [...asked],
  });
  const loads = new Map(
    series.map((s) => [s.name, new Map(s.points.map((p) => [p.at, p.sessions * (1 + growthShare)]))]),
  );
  const staying = failed.size === 0 ? lnss : [...new Set([...heirs.values()].flat())];
  const rows = staying
    .map((name) => takenOver(routerNamed(all, name), loads, heirs))
    .filter((r) => r !== undefined)
    .sort(fuller);
  return {
    without: [...failed],
    growth: growthShare,
    rows,
    parts: await partsOf(client, question, rows, all, heirs),
    homeless: [...failed]
      .filter((name) => heirs.get(name)?.length === 0)
      .map((router) => ({
        router,
        sessions: Math.round(Math.max(0, ...(loads.get(router)?.values() ?? []))),
      })),
    assumption,
    coverage: await coverageOf(client, {
      ...options,
      from: question.from,
      to: question.to,
      routers: [...asked],
    }),
  };
}

/** Fullest first. */
const fuller = (
  a: { readonly after: number; readonly limit: number; readonly router: string },
  b: { readonly after: number; readonly limit: number; readonly router: string },
): number => b.after / b.limit - a.after / a.limit || (a.router < b.router ? -1 : 1);

/** Peers that stay and are known; those that only the file's list of peers names have no load to compare. */
function heirsOf(all: ReadonlyMap<string, KnownRouter>, name: string, failed: ReadonlySet<string>): string[] {
  return [...new Set(all.get(name)?.peers ?? [])].filter((p) => all.has(p) && !failed.has(p));
}

function takenOver(
  router: KnownRouter,
  loads: ReadonlyMap<string, ReadonlyMap<number, number>>,
  heirs: ReadonlyMap<string, readonly string[]>,
): TakenOver | undefined {
  const own = loads.get(router.router);
  if (own === undefined) return undefined;
  const givers = [...heirs].filter(([, to]) => to.includes(router.router));
  const limit = router.limits.chassis ?? defaultLimits.chassis;
  const hours = [...own].map(([at, before]) => {
    const taken = givers.reduce((n, [from, to]) => n + (loads.get(from)?.get(at) ?? 0) / to.length, 0);
    return { at, before, taken, after: before + taken };
  });
  const [worst] = hours.toSorted((a, b) => b.after - a.after || a.at - b.at);
  if (worst === undefined) return undefined;
  const over = hours.filter((h) => h.after > limit).sort((a, b) => a.at - b.at);
  return {
    router: router.router,
    site: router.site,
    worstAt: worst.at,
    before: Math.round(worst.before),
    taken: Math.round(worst.taken),
    after: Math.round(worst.after),
    limit,
    limitIsKnown: router.limits.chassis !== null,
    exceeded: over.length > 0,
    hoursExceeded: over.length,
    exceededFrom: over[0]?.at ?? null,
  };
}

/** Routers whose interfaces and tunnels are looked at: the fullest, each at its own worst hour. */
const mostRouters = 24;
const mostParts = 1_000;

async function partsOf(
  client: QueryClient,
  question: WhatIfQuestion,
  rows: readonly TakenOver[],
  all: ReadonlyMap<string, KnownRouter>,
  heirs: ReadonlyMap<string, readonly string[]>,
): Promise<TakenPart[]> {
  const parts: TakenPart[] = [];
  for (const [at, own] of Map.groupBy(rows.slice(0, mostRouters), (r) => r.worstAt)) {
    const givers = [...heirs]
      .filter(([, to]) => own.some((r) => to.includes(r.router)))
      .map(([from]) => from);
    const counts = await countsAt(client, question, Math.min(at, question.to), [
      ...own.map((r) => r.router),
      ...givers,
    ]);
    for (const { router } of own)
      parts.push(...partsWith(routerNamed(all, router), at, counts, heirs, 1 + (question.growth ?? 0)));
  }
  return parts.sort(fuller).slice(0, mostParts);
}

/** Sessions of a router by what they come through. */
interface PathCount {
  readonly router: string;
  /** '' where its captures print no service interface. */
  readonly interface: string;
  readonly tunnel: number;
  readonly peer: string;
  readonly sessions: number;
}

async function countsAt(
  client: QueryClient,
  options: AskOptions,
  at: number,
  routers: readonly string[],
): Promise<PathCount[]> {
  const rows = await client.rows<{
    router: string;
    interface: string;
    tunnel: number;
    peer: string;
    n: string;
  }>(
    `SELECT toString(router) AS router, ${interfaceName} AS interface, tunnel_local_id AS tunnel, ${dimensions.peer_gateway} AS peer, count() AS n
     FROM ${fleetState(dimensionColumns)} WHERE router IN {routers:Array(String)}
     GROUP BY router, interface, tunnel, peer LIMIT 200000`,
    asked(options, { at: utcText(at), routers }),
  );
  return rows.map(({ n, ...row }) => ({ ...row, sessions: Number(n) }));
}

function partsWith(
  router: KnownRouter,
  at: number,
  counts: readonly PathCount[],
  heirs: ReadonlyMap<string, readonly string[]>,
  factor: number,
): TakenPart[] {
  const own = counts.filter((c) => c.router === router.router);
  const comes = new Map<string, number>();
  for (const [from, to] of heirs)
    if (to.includes(router.router))
      for (const c of counts)
        if (c.router === from) comes.set(c.peer, (comes.get(c.peer) ?? 0) + c.sessions / to.length);
  const part = (kind: TakenPart['kind'], name: string, sessions: number, more: number): TakenPart => {
    const said = router.limits[kind];
    const limit = said ?? defaultLimits[kind];
    const [before, taken] = [sessions * factor, more * factor];
    return {
      kind,
      router: router.router,
      name,
      at,
      before: Math.round(before),
      taken: Math.round(taken),
      after: Math.round(before + taken),
      limit,
      limitIsKnown: said !== null,
      exceeded: before + taken > limit,
    };
  };
  const all = [...comes.values()].reduce((a, b) => a + b, 0);
  const interfaces = totals(own.filter((c) => c.interface !== '').map((c) => [c.interface, c.sessions]));
  const tunnels = totals(own.map((c) => [`${String(c.tunnel)} ${c.peer}`, c.sessions]));
  const fullest = new Map<string, string>();
  for (const [name, sessions] of tunnels) {
    const peer = peerOf(name);
    if (sessions > (tunnels.get(fullest.get(peer) ?? '') ?? -1)) fullest.set(peer, name);
  }
  return [
    ...[...interfaces].map(([name, n]) => part('interface', name, n, all / interfaces.size)),
    ...[...tunnels].map(([name, n]) =>
      part('tunnel', name, n, fullest.get(peerOf(name)) === name ? (comes.get(peerOf(name)) ?? 0) : 0),
    ),
    ...[...comes].filter(([peer]) => !fullest.has(peer)).map(([peer, n]) => part('tunnel', peer, 0, n)),
  ];
}

const peerOf = (tunnel: string): string => tunnel.slice(tunnel.indexOf(' ') + 1);

function totals(counts: readonly (readonly [string, number])[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const [name, n] of counts) sums.set(name, (sums.get(name) ?? 0) + n);
  return sums;
}
