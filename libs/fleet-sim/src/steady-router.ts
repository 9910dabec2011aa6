/** The router of a steady state: full of established sessions, with counters that have room to grow. */
import type { Format, Level } from '@sessionreel/session-model';
import { noFaults } from './faults.ts';
import type { PrintVariant } from './layouts.ts';
import { defaultLife } from './life.ts';
import type { Call, Node } from './model.ts';
import { mix, type Prng } from './prng.ts';
import { routerSpec } from './spec.ts';
import type { Moving } from './steady-patch.ts';
import { World } from './world.ts';

export interface SteadyOptions {
  readonly seed: string | number;
  readonly sessions: number;
  readonly variant: PrintVariant;
  readonly level: Level;
  readonly format: Format;
  readonly name?: string;
  /** Default 100; at most 65,535. */
  readonly sessionsPerTunnel?: number;
  /** First snapshot, ms UTC. */
  readonly start?: number;
  /** Between snapshots; default five minutes. */
  readonly stepMs?: number;
  /** Sessions of a part; 0, the default, prints one. */
  readonly partSessions?: number;
  /** Share of sessions with traffic since the snapshot before; default 0.9. */
  readonly activeShare?: number;
  /** Share of sessions that another has taken the place of, each snapshot; default 0. */
  readonly churn?: number;
  /** Other order of the sessions within each tunnel in every snapshot. */
  readonly shuffled?: boolean;
}

export const steadyDefaults = {
  name: 'lns1',
  sessionsPerTunnel: 100,
  start: Date.UTC(2026, 10, 20, 10),
  stepMs: 300_000,
  partSessions: 0,
  activeShare: 0.9,
  churn: 0,
  shuffled: false,
};

/** A router full of established sessions. */
export function makeRouter(options: Required<SteadyOptions>, prng: Prng): Node {
  const { name, sessions, sessionsPerTunnel, variant, format, start } = options;
  const role = variant === 'lac' ? 'lac' : 'lns';
  const platform = variant === 'lns-m' ? 'm' : 'mx';
  const release = variant === 'lns-m' ? '11.4R7' : '21.4R3';
  const spec = routerSpec({ name, role, platform, release, sessions, format, speedSources: role === 'lac' });
  const life = {
    ...defaultLife,
    onlineShare: 1,
    lifetimeMs: 12 * 3_600_000,
    flapping: 0,
    wrapShare: 0,
    tunnelsPerPeer: Math.max(1, Math.ceil(sessions / sessionsPerTunnel)),
  };
  const world = new World([spec], { start, life, faults: noFaults }, prng, () => undefined);
  const node = world.nodes.get(name);
  if (node === undefined) throw new Error(`no router ${name} was made`);
  return node;
}

export function recreated(call: Call, createdAt: number): Call {
  return { ...call, createdAt, createdRaw: createdAt, lacCreatedRaw: createdAt, sinceRaw: createdAt };
}

/** Counters that have room to grow before they become wider. */
export function firstCounts(index: number, rounded: boolean): Moving {
  const draw = mix(index + 1);
  const data = 10_000_000 + (draw % 10_000_000);
  const counts = new Float64Array([
    1000 + (draw & 1023),
    22_000 + (draw & 8191),
    1000 + (draw & 1023),
    20_000 + (draw & 8191),
    data,
    data * 1012,
    data,
    data * 417,
    ...new Array<number>(4).fill(2000 + (draw & 4095)),
  ]);
  return { counts, up: 0, rounded };
}
