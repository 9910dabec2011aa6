/** How sessions grow, when a limit is reached, and what happens when an LNS fails. */
import { QuestionError, type AskOptions, type QueryClient } from './client.ts';
import { defaultLimits } from './capacity.ts';
import { coverageOf, knownRouters, type Coverage, type KnownRouter } from './coverage.ts';
import {
  backTest,
  daysUntil,
  fitModel,
  type BackTest,
  type DaysUntil,
  type Predicted,
  type Sample,
} from './forecast.ts';
import type { TimeRange } from './fleet.ts';
import { routerNamed } from './limits.ts';
import { concurrency } from './series.ts';

export interface GrowthQuestion extends TimeRange {
  /** One router; else a role of the whole fleet, which counts each call once. */
  readonly router?: string | undefined;
  readonly role?: 'lac' | 'lns' | undefined;
  /** Days to tell; default 30. */
  readonly horizonDays?: number | undefined;
  /** Of the interval; default 0.9. */
  readonly confidence?: number | undefined;
}

export interface Growth {
  /** Hourly values that the model was fitted to; gaps are left out. */
  readonly seen: readonly Sample[];
  readonly predicted: readonly Predicted[];
  readonly season: 'week' | 'day' | 'none';
  readonly slopePerDay: number;
  readonly confidence: number;
  readonly backTest: BackTest | null;
  /** Of the chassis, or of all of them. */
  readonly limit: number;
  /** False when a default stands in for any of them. */
  readonly limitIsKnown: boolean;
  readonly full: DaysUntil;
  readonly coverage: Coverage;
}

const hourS = 3_600;
const leastMs = 2 * 86_400_000;

/** @throws QuestionError with less than two days of data: what comes back each day would be taken for growth */
export async function growth(client: QueryClient, question: GrowthQuestion): Promise<Growth> {
  const all = new Map((await knownRouters(client, question)).map((r) => [r.router, r]));
  const role = question.role ?? 'lns';
  const routers =
    question.router === undefined
      ? [...all.values()].filter((r) => r.role === role)
      : [routerNamed(all, question.router)];
  if (routers.length === 0) throw new QuestionError(`no router is known as ${role.toUpperCase()}`);
  const names = routers.map((r) => r.router);
  const { series } = await concurrency(client, {
    ...question,
    role: undefined,
    stepS: hourS,
    by: 'router',
    routers: names,
  });
  const seen = summed(series.map((s) => s.points.map((p) => ({ at: p.at, value: p.sessions }))));
  const span = (seen.at(-1)?.at ?? 0) - (seen[0]?.at ?? 0);
  if (span < leastMs - hourS * 1_000)
    throw new QuestionError(
      `a forecast needs two days of snapshots: what comes back each day would be taken for growth. There are ${String(Math.round(span / 3_600_000))} hours`,
    );
  const confidence = question.confidence ?? 0.9;
  const test = backTest(seen, confidence);
  const model = fitModel(seen, confidence);
  const start = (seen.at(-1)?.at ?? question.to) + hourS * 1_000;
  const hours = (question.horizonDays ?? 30) * 24;
  const { limit, known } = limitOf(routers);
  return {
    seen,
    predicted: Array.from({ length: hours }, (_, i) => model.predict(start + i * hourS * 1_000)),
    season: model.season,
    slopePerDay: model.slopePerDay,
    confidence,
    backTest: test,
    limit,
    limitIsKnown: known,
    full: daysUntil(model, start, limit),
    coverage: await coverageOf(client, { ...question, routers: names }),
  };
}

function limitOf(routers: readonly KnownRouter[]): { limit: number; known: boolean } {
  return {
    limit: routers.reduce((n, r) => n + (r.limits.chassis ?? defaultLimits.chassis), 0),
    known: routers.every((r) => r.limits.chassis !== null),
  };
}

/** Sums of several series at the times that all of them know: a sum with one missing would be a dip that never was. */
function summed(series: readonly (readonly Sample[])[]): Sample[] {
  const sums = new Map<number, { n: number; value: number }>();
  for (const own of series)
    for (const { at, value } of own) {
      const { n, value: before } = sums.get(at) ?? { n: 0, value: 0 };
      sums.set(at, { n: n + 1, value: before + value });
    }
  return [...sums]
    .filter(([, { n }]) => n === series.length)
    .map(([at, { value }]) => ({ at, value }))
    .sort((a, b) => a.at - b.at);
}

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

export interface WhatIf {
  readonly without: readonly string[];
  readonly growth: number;
  /** The fullest first; with no router taken away, every LNS. */
  readonly rows: readonly TakenOver[];
  /** Sessions of routers that name no peer in the fleet file, at their peak: nobody is known to take them. */
  readonly homeless: readonly { readonly router: string; readonly sessions: number }[];
  /** What the answer takes for granted. */
  readonly assumption: string;
  readonly coverage: Coverage;
}

const assumption =
  "each failed LNS's sessions are shared evenly by those of its peers in the fleet file that stay, hour by hour as they were seen; none is lost or gained";

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
  const rows = staying.map((name) => takenOver(routerNamed(all, name), loads, heirs));
  return {
    without: [...failed],
    growth: growthShare,
    rows: rows
      .filter((r) => r !== undefined)
      .sort((a, b) => b.after / b.limit - a.after / a.limit || (a.router < b.router ? -1 : 1)),
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
