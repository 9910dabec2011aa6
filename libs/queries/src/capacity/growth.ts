/** How sessions grow, and when a limit is reached. */
import { QuestionError, type QueryClient } from '../ask/client.ts';
import { defaultLimits } from '../ask/default-limits.ts';
import { coverageOf, knownRouters, type Coverage, type KnownRouter } from '../ask/coverage.ts';
import {
  backTest,
  daysUntil,
  fitModel,
  type BackTest,
  type DaysUntil,
  type Predicted,
  type Sample,
} from './forecast.ts';
import type { TimeRange } from '../ask/range.ts';
import { routerNamed } from './limits.ts';
import { concurrency } from '../fleet/series.ts';

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
