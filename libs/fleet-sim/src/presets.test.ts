import { fleetRouter, parseFleet } from '@sessionreel/ops';
import { describe, expect, it } from 'vitest';
import { demoFleet, demoRouters } from './demo.ts';
import { fleetYaml } from './fleet-yaml.ts';
import { TruthHistory } from './history.ts';
import { simulate } from './simulate.ts';
import { makeFleet, routerSpec, speedForm } from './spec.ts';

const start = Date.UTC(2026, 10, 20, 19);

describe('the demo', () => {
  it('is alive: sessions open, change and close within ten minutes', () => {
    const kinds = new Map<string, number>();
    const routers = new Map<string, number>();
    const sim = demoFleet({ start, durationMs: 600_000 });
    for (const item of sim) {
      kinds.set(item.kind, (kinds.get(item.kind) ?? 0) + 1);
      if (item.kind === 'capture') routers.set(item.router, item.truth.listing?.sessions.length ?? 0);
    }
    expect([...routers.keys()].sort()).toEqual(demoRouters.map((r) => r.name).sort());
    const sessions = [...routers.values()].reduce((a, b) => a + b);
    expect(sessions).toBeGreaterThan(200);
    expect(sessions).toBeLessThan(1000);
    for (const kind of ['opened', 'state', 'changed', 'closed', 'gone'])
      expect(kinds.get(kind)).toBeGreaterThan(20);
    expect(kinds.get('capture')).toBeGreaterThanOrEqual(4 * 59);
  });
});

describe('the fleet file', () => {
  it('says of each router what no output prints', () => {
    const lns = { name: 'lns: "1"', role: 'lns', site: 'a', peers: ['b'], timezone: 'Asia/Kolkata' } as const;
    expect(fleetYaml([routerSpec(lns), routerSpec({ name: 'lac', role: 'lac', peers: ['b'] })]))
      .toBe(`routers:
  "lns: \\"1\\"":
    timezone: "Asia/Kolkata"
    release: "17.4R1"
    site: "a"
    role: lns
    platform: mx
    limits: { chassis: 512000, interface: 64000, tunnel: 65535 }
    peers: ["b"]
  "lac":
    timezone: "UTC"
    release: "17.4R1"
    site: "lab"
    role: lac
    platform: mx
    limits: { chassis: 512000, interface: 64000, tunnel: 65535 }
`);
    expect(fleetYaml([])).toBe('routers: {}\n');
  });

  it('is read by those who read fleet files', () => {
    const routers = makeFleet({ count: 12 }, 'x');
    const fleet = parseFleet(fleetYaml(routers));
    expect([...fleet.routers.keys()]).toEqual(routers.map((r) => r.name));
    for (const { name, timezone, release, site, role, platform, limits, peers } of routers) {
      const takesOver = role === 'lns' ? peers : [];
      expect(fleetRouter(fleet, name)).toEqual({
        timezone,
        release,
        site,
        role,
        platform,
        limits,
        peers: takesOver,
      });
    }
  });
});

describe('a made-up fleet', () => {
  it('has as many routers as asked for, of the kinds asked for', () => {
    const all = makeFleet({ count: 100 }, 'x');
    expect(new Set(all.map((r) => r.name)).size).toBe(100);
    expect(new Set(all.map((r) => `${r.role} ${r.platform}`))).toEqual(
      new Set(['lns mx', 'lns m', 'lac mx']),
    );
    expect(
      makeFleet({ count: 9, mix: { lnsMx: 0, lnsM: 0, lac: 1 } }, 'x').every((r) => r.role === 'lac'),
    ).toBe(true);
  });

  it('prints speeds by release', () => {
    const form = (release: string, speedUpdates = true): string =>
      speedForm(routerSpec({ name: 'r', role: 'lns', release, speedUpdates }));
    expect(
      ['12.3R6', '13.3R1', '14.1R2', '16.2R1', '17.1R1', '17.2R1', '17.3R3', '17.4R1', '23.1R1'].map((r) =>
        form(r),
      ),
    ).toEqual(['initial', 'initial', 'both', 'both', 'both', 'current', 'current', 'both', 'both']);
    expect(form('17.4R1', false)).toBe('initial');
  });
});

describe('history', () => {
  it('knows who was listed at any time that has passed', () => {
    const routers = [routerSpec({ name: 'lns', role: 'lns', sessions: 60 })];
    const life = { lifetimeMs: 300_000, lingerMs: 30_000 };
    const sim = simulate({
      seed: 5,
      routers,
      start,
      durationMs: 1_800_000,
      pollEveryMs: 30_000,
      faults: 'none',
      life,
    });
    const history = new TruthHistory();
    const listings: { at: number; uids: number[] }[] = [];
    for (const item of sim) {
      history.add(item);
      if (item.kind !== 'capture' || item.truth.listing === null) continue;
      listings.push({ at: item.capturedAt, uids: item.truth.listing.sessions.map((s) => s.uid) });
    }
    expect(listings).toHaveLength(60);
    for (const { at, uids } of listings) {
      const live = history.liveAt('lns', at).map((l) => l.uid);
      expect(live.toSorted((a, b) => a - b)).toEqual(uids.toSorted((a, b) => a - b));
    }
    const ended = history.lifetimes('lns').filter((l) => l.reason === 'hung_up' && l.goneAt !== null);
    expect(ended.length).toBeGreaterThan(20);
    for (const l of ended) expect((l.goneAt ?? 0) - (l.closedAt ?? 0)).toBe(30_000);
  });
});
