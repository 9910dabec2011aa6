/** What befalls a router as a whole is told once, and only when it happened. */
import type { FaultSetting, SimItem } from '@sessionreel/fleet-sim';
import { describe, expect, it } from 'vitest';
import { fleetOf } from './fleets.ts';
import { Subject } from './subject.ts';

interface Router {
  readonly subject: Subject;
  /** Troubles since the last whole listing. */
  readonly happened: Set<string>;
  /** Sessions of the last whole listing, by uid. */
  before: ReadonlySet<number>;
}

interface Listed {
  readonly router: string;
  /** Sessions of the whole listing before, and how many of them are still listed. */
  readonly before: number;
  readonly stayed: number;
  /** What happened since that listing, and which router events were told with this one. */
  readonly happened: readonly string[];
  readonly told: readonly string[];
}

function* listings(seed: number, faults: FaultSetting): Generator<Listed> {
  const routers = new Map<string, Router>();
  for (const item of fleetOf({ seed, faults, partSessions: 0 })) {
    const known = routers.get(item.router) ?? {
      subject: new Subject(item.router, { timezone: zoneOf(item) }),
      happened: new Set(),
      before: new Set<number>(),
    };
    if (item.kind !== 'capture') {
      known.happened.add(item.kind);
      continue;
    }
    routers.set(item.router, known);
    const { deltas } = known.subject.process(item);
    const { listing, ended } = item.truth;
    if (listing === null || !ended) continue;
    const told = deltas.flatMap((d) => d.router_events.map((e) => e.kind));
    const now = new Set(listing.sessions.map((s) => s.uid));
    const stayed = [...known.before].filter((uid) => now.has(uid)).length;
    yield { router: item.router, before: known.before.size, stayed, happened: [...known.happened], told };
    known.before = now;
    known.happened.clear();
  }
}

const zoneOf = (item: SimItem): string => (item.kind === 'capture' ? item.timezone : 'UTC');

const seeds = [1, 2, 3];

describe('a restart', () => {
  it('is told for every reboot, and when nothing of a router is left', () => {
    let restarts = 0;
    for (const seed of seeds) {
      for (const { router, before, stayed, happened, told } of listings(seed, { router: { reboot: 60 } })) {
        const title = `seed ${String(seed)} ${router}: ${happened.join(' ')}`;
        if (before < 3) continue;
        expect(told.includes('restart'), title).toBe(stayed === 0);
        if (!happened.includes('reboot')) continue;
        expect(stayed, title).toBe(0);
        restarts++;
      }
    }
    expect(restarts).toBeGreaterThan(2);
  });
});

describe('a clean run', () => {
  it('has no router events', () => {
    for (const seed of seeds) {
      for (const { router, before, told } of listings(seed, 'none'))
        if (before > 10) expect(told, `seed ${String(seed)} ${router}`).toEqual([]);
    }
  });
});

describe('a short listing', () => {
  it('is told as a mass close, and what comes back as a mass return', () => {
    let closes = 0;
    let returns = 0;
    for (const seed of seeds) {
      for (const { before, happened, told } of listings(seed, { router: { daemonRestart: 60 } })) {
        if (told.includes('mass_close')) closes++;
        if (told.includes('mass_return')) returns++;
        if (before > 10 && told.includes('mass_return')) expect(happened).not.toContain('reboot');
      }
    }
    expect(closes).toBeGreaterThan(2);
    expect(returns).toBeGreaterThan(2);
  });
});
