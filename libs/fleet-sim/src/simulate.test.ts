import { createHash } from 'node:crypto';
import { counterFields } from '@sessionreel/session-model';
import { describe, expect, it } from 'vitest';
import type { Capture } from './capture.ts';
import { simulate, type SimItem, type SimulationOptions } from './simulate.ts';
import { routerSpec } from './spec.ts';
import type { ListedSession } from './truth.ts';

const base: SimulationOptions = {
  seed: 7,
  routers: { count: 6, sessions: 40, formats: ['text'] },
  start: Date.UTC(2026, 9, 24, 22),
  durationMs: 1_800_000,
  pollEveryMs: 60_000,
  faults: 'none',
  life: { lifetimeMs: 900_000, lifetimeSigma: 0.8 },
};

function hashOf(items: Iterable<SimItem>): string {
  const hash = createHash('sha256');
  for (const item of items) {
    if (item.kind === 'capture') hash.update(item.bytes);
    hash.update(`${item.kind} ${item.at} ${item.router}`);
  }
  return hash.digest('hex');
}

function captures(options: Partial<SimulationOptions> = {}): Capture[] {
  return [...simulate({ ...base, ...options })].filter((item) => item.kind === 'capture');
}

function keyOf({ record }: ListedSession): string {
  return `${String(record.values['tunnel_local_id'])}/${String(record.values['session_local_id'])}`;
}

describe('a simulation', () => {
  it('is the same for the same seed, faults included, and another for another', () => {
    const harsh = { ...base, faults: 'harsh', partSessions: 20, printRate: 100 } as const;
    const first = hashOf(simulate(harsh));
    expect(hashOf(simulate(harsh))).toBe(first);
    expect(hashOf(simulate({ ...harsh, seed: 8 }))).not.toBe(first);
  });

  it('gives items in the order of time, but for sessions older than itself', () => {
    let last = base.start;
    for (const item of simulate({ ...base, faults: 'harsh' })) {
      if (item.kind === 'opened' && item.initial) {
        expect(item.at).toBeLessThanOrEqual(base.start);
        continue;
      }
      expect(item.at).toBeGreaterThanOrEqual(last);
      last = item.at;
    }
    expect(last).toBeGreaterThan(base.start + base.durationMs - base.pollEveryMs - 1);
  });

  it('does not change one group of routers when others are added', () => {
    const few = captures().map((c) => [c.router, c.at, c.bytes.length]);
    const routers = { count: 12, sessions: 40, formats: ['text'] } as const;
    const many = captures({ routers }).filter((c) => few.some(([router]) => router === c.router));
    expect(many.map((c) => [c.router, c.at, c.bytes.length])).toEqual(few);
  });

  it('polls every router at its interval when nothing is wrong', () => {
    const all = captures();
    for (const router of new Set(all.map((c) => c.router))) {
      const times = all.filter((c) => c.router === router).map((c) => c.capturedAt);
      expect(times).toHaveLength(30);
      for (let i = 1; i < times.length; i++) expect((times[i] ?? 0) - (times[i - 1] ?? 0)).toBe(60_000);
    }
    expect(all.every((c) => c.faults.length === 0 && c.truth.ended && c.ending === 'prompt')).toBe(true);
  });
});

describe('its truth', () => {
  it('lists no identity twice', () => {
    for (const { truth } of captures({ life: { ...base.life, idSpace: 60 } })) {
      const keys = truth.listing?.sessions.map(keyOf) ?? [];
      expect(new Set(keys).size).toBe(keys.length);
    }
  });

  it('reuses identities for other incarnations when the IDs run out', () => {
    const incarnations = new Map<string, Set<number>>();
    for (const { router, truth } of captures({
      life: { lifetimeMs: 300_000, idSpace: 60, lingerMs: 1000 },
    })) {
      for (const session of truth.listing?.sessions ?? []) {
        const key = `${router} ${keyOf(session)}`;
        incarnations.set(key, (incarnations.get(key) ?? new Set()).add(session.uid));
      }
    }
    expect([...incarnations.values()].filter((uids) => uids.size > 1).length).toBeGreaterThan(5);
  });

  it('never lets a total go down, and shows the total less what was cleared', () => {
    const seen = new Map<string, ListedSession>();
    let wraps = 0;
    const wrong: string[] = [];
    const faults = { router: { clearStatistics: 6 } };
    for (const { router, truth } of captures({ faults, life: { ...base.life, wrapShare: 0.5 } })) {
      for (const session of truth.listing?.sessions ?? []) {
        const key = `${router} ${session.uid}`;
        const before = seen.get(key);
        seen.set(key, session);
        if (before?.totals == null || session.totals === null) continue;
        for (const { name } of counterFields) {
          const delta = (session.totals[name] ?? 0n) - (before.totals[name] ?? 0n);
          if (delta < 0n) wrong.push(`${key} ${name} went down`);
          const shown = session.record.values[name];
          const shownBefore = before.record.values[name];
          const exact =
            session.record.rounding[name] === undefined && before.record.rounding[name] === undefined;
          if (typeof shown !== 'bigint' || typeof shownBefore !== 'bigint' || !exact) continue;
          if (session.epoch !== before.epoch) continue;
          if (shown < shownBefore) wraps++;
          const wrapped = shown < shownBefore ? 2n ** 32n : 0n;
          if (shown + wrapped - shownBefore !== delta) wrong.push(`${key} ${name}`);
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(wraps).toBeGreaterThan(10);
  });

  it('lists exactly those that were opened and are not gone', () => {
    const live = new Map<string, Set<number>>();
    const changedAt = new Map<number, number>();
    let listings = 0;
    for (const item of simulate({
      ...base,
      faults: { router: { reboot: 10, failover: 10, tunnelDown: 20 } },
    })) {
      const known = live.get(item.router) ?? new Set();
      live.set(item.router, known);
      if (item.kind === 'opened') known.add(item.uid);
      else if (item.kind === 'gone') known.delete(item.uid);
      if (item.kind === 'opened' || item.kind === 'gone') changedAt.set(item.uid, item.at);
      if (item.kind !== 'capture' || item.truth.listing === null) continue;
      listings++;
      const listed = new Set(item.truth.listing.sessions.map((s) => s.uid));
      const differ = [...new Set([...listed, ...known])].filter((uid) => listed.has(uid) !== known.has(uid));
      // It was delivered some 100 ms after it was printed: what differs happened in between.
      for (const uid of differ) expect(changedAt.get(uid)).toBeGreaterThanOrEqual(item.capturedAt);
    }
    expect(listings).toBeGreaterThan(150);
  });

  it('pairs the two ends of a session by crossed IDs', () => {
    const routers = [
      routerSpec({ name: 'lns', role: 'lns', sessions: 30 }),
      routerSpec({ name: 'lac', role: 'lac', sessions: 30, peers: ['lns'] }),
    ];
    const sim = simulate({ ...base, routers });
    for (const item of sim) if (item.at > base.start + 600_000) break;
    const lac = new Map(sim.truthNow('lac').map((s) => [s.uid, s.record.values]));
    expect(lac.size).toBeGreaterThan(10);
    for (const { uid, record } of sim.truthNow('lns')) {
      const other = lac.get(uid ^ 1);
      if (other === undefined) continue;
      lac.delete(uid ^ 1);
      expect(record.values['session_remote_id']).toBe(other['session_local_id']);
      expect(other['session_remote_id']).toBe(record.values['session_local_id']);
      expect(record.values['local_name']).toBe(other['remote_name']);
      expect(record.values['remote_ip']).toBe(other['local_ip']);
    }
    expect(lac.size).toBe(0);
  });
});
