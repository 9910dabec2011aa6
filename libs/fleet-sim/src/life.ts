/** How subscribers live. */
import type { Prng } from './prng.ts';

export interface Life {
  /** Share of subscribers that are online at the middle of the day. */
  readonly onlineShare: number;
  /** Median of a session's lifetime, lognormal. */
  readonly lifetimeMs: number;
  readonly lifetimeSigma: number;
  /** How much calls follow the time of day, 0 … 1. */
  readonly daily: number;
  /** Share of calls that never get established. */
  readonly setupFailure: number;
  /** Share of calls whose setup takes seconds instead of tenths. */
  readonly slowSetup: number;
  /** Share of subscribers that connect for seconds, again and again. */
  readonly flapping: number;
  /** How long an LNS lists a destroyed session (`destruct-timeout`). */
  readonly lingerMs: number;
  /** Share of sessions that an LNS lists as closed, cleaning up or rejected for seconds before they are destroyed. */
  readonly slowCleanup: number;
  /** Mean time between connect-speed updates of a session; 0 for none. */
  readonly speedUpdateMs: number;
  /** Mean time between changes of a session's firewall filter, where one is printed; 0 for none. */
  readonly filterChangeMs: number;
  /** Session IDs of a tunnel are taken from 1 to this and then again from 1. */
  readonly idSpace: number;
  readonly tunnelsPerPeer: number;
  /** Share of sessions older than the simulation with 32-bit counters near their wrap and 64-bit ones in their upper half. */
  readonly wrapShare: number;
  /** Share of those whose 64-bit counters are near their wrap too. */
  readonly wrap64Share: number;
  /** Share of sessions that carry no data. */
  readonly silentShare: number;
  readonly multilinkShare: number;
  /** Share of subscribers with names that bite. */
  readonly hostileNames: number;
}

export const defaultLife: Life = {
  onlineShare: 0.8,
  lifetimeMs: 4 * 3_600_000,
  lifetimeSigma: 1.2,
  daily: 0.5,
  setupFailure: 0.01,
  slowSetup: 0.1,
  flapping: 0.005,
  lingerMs: 300_000,
  slowCleanup: 0.1,
  speedUpdateMs: 6 * 3_600_000,
  filterChangeMs: 24 * 3_600_000,
  idSpace: 65_535,
  tunnelsPerPeer: 2,
  wrapShare: 0.02,
  wrap64Share: 0,
  silentShare: 0.1,
  multilinkShare: 0.02,
  hostileNames: 0,
};

/** Calls at a local hour relative to the day's mean: least at five in the morning, most in the early evening. */
export function busyness(localHour: number, daily: number): number {
  return 1 - daily * Math.cos(((localHour - 5) / 24) * 2 * Math.PI);
}

export function lifetimeOf(life: Life, flaps: boolean, prng: Prng): number {
  if (flaps) return prng.int(3000, 60_000);
  return Math.max(1000, prng.lognormal(life.lifetimeMs, life.lifetimeSigma));
}

/** Time until the next call: short for one that flaps, else so that the share of those online comes out. */
export function pauseOf(life: Life, flaps: boolean, localHour: number, prng: Prng): number {
  if (flaps) return prng.int(2000, 20_000);
  const meanLifetime = life.lifetimeMs * Math.exp((life.lifetimeSigma * life.lifetimeSigma) / 2);
  const mean = (meanLifetime * (1 - life.onlineShare)) / life.onlineShare;
  return 1000 + prng.exponential(mean / busyness(localHour, life.daily));
}
