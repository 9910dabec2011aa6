/** The fleet of the demo: two LNSs, two LACs, a few hundred sessions, polled every ten seconds. */
import type { Simulation, SimulationOptions } from './simulate.ts';
import { simulate } from './simulate.ts';
import { routerSpec, type RouterSpec } from './spec.ts';

export const demoRouters: readonly RouterSpec[] = [
  routerSpec({
    name: 'demo-lns-mx',
    role: 'lns',
    release: '17.4R1',
    timezone: 'Europe/Berlin',
    site: 'Frankfurt',
    sessions: 160,
    limits: { chassis: 512_000, interface: 250, tunnel: 120 },
    peers: ['demo-lns-m'],
    group: 'demo',
  }),
  routerSpec({
    name: 'demo-lns-m',
    role: 'lns',
    platform: 'm',
    release: '11.4R7',
    timezone: 'Europe/Berlin',
    site: 'Hamburg',
    sessions: 120,
    limits: { chassis: 8000, interface: 8000, tunnel: 8000 },
    peers: ['demo-lns-mx'],
    group: 'demo',
  }),
  routerSpec({
    name: 'demo-lac-north',
    role: 'lac',
    release: '16.2R1',
    timezone: 'Europe/Berlin',
    site: 'Hamburg',
    sessions: 110,
    peers: ['demo-lns-m', 'demo-lns-mx'],
    speedSources: true,
    group: 'demo',
  }),
  routerSpec({
    name: 'demo-lac-south',
    role: 'lac',
    release: '12.3R6',
    timezone: 'Europe/Berlin',
    site: 'Munich',
    sessions: 90,
    peers: ['demo-lns-mx', 'demo-lns-m'],
    group: 'demo',
  }),
];

/**
 * The demo's simulation: lively enough that every minute shows something, with a tunnel that goes down or a failover every few
 * minutes. Polls come every ten seconds of simulated time; whoever plays it waits in between.
 */
export function demoFleet(options: {
  start: number;
  durationMs: number;
  seed?: string | number;
}): Simulation {
  return simulate({ ...demoOptions, seed: 'demo', ...options });
}

const demoOptions: Omit<SimulationOptions, 'seed' | 'start' | 'durationMs'> = {
  routers: demoRouters,
  pollEveryMs: 10_000,
  faults: {
    capture: { duplicate: 0.005, late: 0.005, cut: 0.005 },
    router: { tunnelDown: 60, failover: 12, clearStatistics: 12, daemonRestart: 4 },
  },
  life: {
    lifetimeMs: 25 * 60_000,
    lifetimeSigma: 0.9,
    setupFailure: 0.04,
    slowSetup: 0.3,
    flapping: 0.01,
    lingerMs: 60_000,
    speedUpdateMs: 20 * 60_000,
    filterChangeMs: 60 * 60_000,
  },
};
