/**
 * Growth: a straight line and a season (hour of the day or of the week), fitted to what was seen, with an interval for what may come.
 * Pure. Gaps are left out and not filled.
 */

export interface Sample {
  /** ms UTC. */
  readonly at: number;
  readonly value: number;
}

export interface Predicted extends Sample {
  /** Bounds of the prediction interval. */
  readonly low: number;
  readonly high: number;
}

/** How well the model told days that it had not seen. */
export interface BackTest {
  /** The samples from here on (ms UTC) were held out. */
  readonly from: number;
  readonly samples: number;
  readonly meanAbsoluteError: number;
  /** Of the values, 0 to 1; null where they are zero. */
  readonly meanRelativeError: number | null;
  /** Share of the samples within the interval: it should be near `confidence`. */
  readonly inside: number;
}

export interface Model {
  readonly season: 'week' | 'day' | 'none';
  readonly slopePerDay: number;
  readonly confidence: number;
  predict(at: number): Predicted;
}

const dayMs = 86_400_000;
const hourMs = 3_600_000;

/** @throws RangeError with fewer than two samples */
export function fitModel(samples: readonly Sample[], confidence = 0.9): Model {
  const first = samples[0];
  const last = samples.at(-1);
  if (first === undefined || last === undefined || samples.length < 2)
    throw new RangeError('a trend needs two samples');
  const span = last.at - first.at;
  const season = span >= 14 * dayMs ? 'week' : span >= 2 * dayMs ? 'day' : 'none';
  const bucketOf = (at: number): number => {
    const hour = Math.floor(at / hourMs);
    return season === 'week' ? hour % 168 : season === 'day' ? hour % 24 : 0;
  };
  const { slope, intercept, levels, origin } = backfit(samples, bucketOf);
  const level = (at: number): number => levels.get(bucketOf(at)) ?? 0;
  const expected = (at: number): number => intercept + (slope * (at - origin)) / dayMs + level(at);
  const residuals = samples.map((s) => ({ at: s.at, value: s.value - expected(s.at) }));
  // Each level of the season costs a degree of freedom, and is itself a mean of few: without both the interval is too narrow.
  const free = Math.max(1, samples.length - levels.size - 1);
  const variance = residuals.reduce((n, r) => n + r.value ** 2, 0) / free;
  const perLevel = samples.length / Math.max(1, levels.size);
  const spread = trendSpread(residuals, origin);
  const z = normalQuantile((1 + confidence) / 2);
  return {
    season,
    slopePerDay: slope,
    confidence,
    predict(at) {
      const half = z * Math.sqrt(variance * (1 + 1 / perLevel) + spread((at - origin) / dayMs));
      const value = expected(at);
      return {
        at,
        value: Math.max(0, value),
        low: Math.max(0, value - half),
        high: Math.max(0, value + half),
      };
    },
  };
}

/** Line and levels of the season in turns: what least squares with one dummy a bucket gives, gaps or not. */
function backfit(
  samples: readonly Sample[],
  bucketOf: (at: number) => number,
): { slope: number; intercept: number; levels: ReadonlyMap<number, number>; origin: number } {
  const origin = samples.reduce((n, s) => n + s.at, 0) / samples.length;
  const mean = samples.reduce((n, s) => n + s.value, 0) / samples.length;
  const days = samples.map((s) => (s.at - origin) / dayMs);
  const square = days.reduce((n, d) => n + d * d, 0);
  let levels = new Map<number, number>();
  let slope = 0;
  let intercept = mean;
  for (let turn = 0; turn < 50; turn++) {
    const before = slope;
    const flat = samples.map((s) => s.value - (levels.get(bucketOf(s.at)) ?? 0));
    intercept = flat.reduce((n, v) => n + v, 0) / flat.length;
    slope =
      square === 0 ? 0 : flat.reduce((n, v, i) => n + (v - intercept) * (days[i] as number), 0) / square;
    const sums = new Map<number, { n: number; sum: number }>();
    samples.forEach((s, i) => {
      const bucket = bucketOf(s.at);
      const { n, sum } = sums.get(bucket) ?? { n: 0, sum: 0 };
      sums.set(bucket, { n: n + 1, sum: sum + s.value - intercept - slope * (days[i] as number) });
    });
    levels = new Map([...sums].map(([bucket, { n, sum }]) => [bucket, sum / n]));
    if (turn > 0 && Math.abs(slope - before) <= 1e-9 * (1 + Math.abs(slope))) break;
  }
  return { slope, intercept, levels, origin };
}

/** Variance of the line itself by days from its middle; hours of one day err together, so that days count and not hours. */
function trendSpread(residuals: readonly Sample[], origin: number): (days: number) => number {
  const byDay = Map.groupBy(residuals, (r) => Math.floor(r.at / dayMs));
  const days = [...byDay].map(([day, own]) => ({
    day: (day * dayMs + dayMs / 2 - origin) / dayMs,
    value: own.reduce((n, r) => n + r.value, 0) / own.length,
  }));
  const variance = deviation(days.map((d) => d.value)) ** 2;
  const square = days.reduce((n, d) => n + d.day * d.day, 0);
  return (at) => variance * (1 / days.length + (square === 0 ? 0 : (at * at) / square));
}

function deviation(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const mean = values.reduce((n, v) => n + v, 0) / values.length;
  return Math.sqrt(values.reduce((n, v) => n + (v - mean) ** 2, 0) / (values.length - 1));
}

/** Acklam's rational approximation, right to 1e-9 between 0.02425 and 0.97575; beyond it the tails' own. */
export function normalQuantile(p: number): number {
  const tail = (q: number): number =>
    (((((-7.784894002430293e-3 * q - 0.3223964580411365) * q - 2.400758277161838) * q - 2.549732539343734) *
      q +
      4.374664141464968) *
      q +
      2.938163982698783) /
    ((((7.784695709041462e-3 * q + 0.3224671290700398) * q + 2.445134137142996) * q + 3.754408661907416) * q +
      1);
  if (p < 0.02425) return tail(Math.sqrt(-2 * Math.log(p)));
  if (p > 1 - 0.02425) return -tail(Math.sqrt(-2 * Math.log(1 - p)));
  const q = p - 0.5;
  const r = q * q;
  return (
    ((((((-39.69683028665376 * r + 220.9460984245205) * r - 275.9285104469687) * r + 138.357751867269) * r -
      30.66479806614716) *
      r +
      2.506628277459239) *
      q) /
    (((((-54.47609879822406 * r + 161.5858368580409) * r - 155.6989798598866) * r + 66.80131188771972) * r -
      13.28068155288572) *
      r +
      1)
  );
}

/** Holds the last fifth out (a day to a week) and tells it from the rest; null where there are fewer than three days. */
export function backTest(samples: readonly Sample[], confidence = 0.9): BackTest | null {
  const first = samples[0]?.at ?? 0;
  const last = samples.at(-1)?.at ?? 0;
  if (last - first < 3 * dayMs) return null;
  const held = Math.min(7 * dayMs, Math.max(dayMs, (last - first) / 5));
  const from = last - held;
  const known = samples.filter((s) => s.at < from);
  const unseen = samples.filter((s) => s.at >= from);
  if (known.length < 2 || unseen.length === 0) return null;
  const model = fitModel(known, confidence);
  const told = unseen.map((s) => ({ s, p: model.predict(s.at) }));
  const error = told.reduce((n, { s, p }) => n + Math.abs(s.value - p.value), 0) / told.length;
  const size = unseen.reduce((n, s) => n + Math.abs(s.value), 0) / unseen.length;
  return {
    from,
    samples: unseen.length,
    meanAbsoluteError: error,
    meanRelativeError: size === 0 ? null : error / size,
    inside: told.filter(({ s, p }) => s.value >= p.low && s.value <= p.high).length / told.length,
  };
}

/** Days until a limit is reached; null: not within `horizonDays`. */
export interface DaysUntil {
  readonly days: number | null;
  /** By the upper and the lower bound of the interval. */
  readonly earliest: number | null;
  readonly latest: number | null;
}

export function daysUntil(model: Model, from: number, limit: number, horizonDays = 1_825): DaysUntil {
  const first = (bound: (p: Predicted) => number): number | null => {
    for (let day = 0; day < horizonDays; day++)
      for (let hour = 0; hour < 24; hour++)
        if (bound(model.predict(from + day * dayMs + hour * hourMs)) >= limit) return day;
    return null;
  };
  return { days: first((p) => p.value), earliest: first((p) => p.high), latest: first((p) => p.low) };
}
