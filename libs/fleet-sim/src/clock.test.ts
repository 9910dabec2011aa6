import { describe, expect, it } from 'vitest';
import { localSeconds, printDateTime, printDuration, zoneOffsetS } from './clock.ts';
import { simulate } from './simulate.ts';
import { routerSpec } from './spec.ts';

describe('durations', () => {
  it('are printed as Junos does', () => {
    expect(printDuration(0)).toBe('00:00:00');
    expect(printDuration(3985)).toBe('01:06:25');
    expect(printDuration(2 * 86_400 + 9531)).toBe('2d 02:38:51');
    expect(printDuration(86_400 + 7380, 'minutes')).toBe('1d 02:03');
    expect(printDuration(23 * 86_400 + 4 * 3600 + 19 * 60 + 15)).toBe('3w2d 4:19:15');
    expect(printDuration(208 * 86_400 + 22 * 3600 + 42 * 60 + 36)).toBe('29w5d 22:42:36');
  });
});

describe('the local clock', () => {
  it('follows the zone through both changes of a year', () => {
    expect(zoneOffsetS('Europe/Berlin', Date.UTC(2026, 9, 25, 0, 59, 59))).toBe(7200);
    expect(zoneOffsetS('Europe/Berlin', Date.UTC(2026, 9, 25, 1))).toBe(3600);
    expect(zoneOffsetS('Australia/Lord_Howe', Date.UTC(2026, 9, 3, 15, 29))).toBe(37_800);
    expect(zoneOffsetS('Australia/Lord_Howe', Date.UTC(2026, 9, 3, 15, 30))).toBe(39_600);
    expect(zoneOffsetS('Asia/Kolkata', 0)).toBe(19_800);
    expect(zoneOffsetS('UTC', 0)).toBe(0);
  });

  it('is printed without its zone', () => {
    expect(printDateTime(localSeconds('Europe/Berlin', Date.UTC(2026, 9, 25, 1, 30)))).toBe(
      'Sun Oct 25 02:30:00 2026',
    );
    expect(printDateTime(Date.UTC(2011, 7, 1, 13, 27, 47) / 1000)).toBe('Mon Aug 1 13:27:47 2011');
    expect(printDateTime(Date.UTC(2011, 7, 1, 13, 27, 47) / 1000, true)).toBe('Mon Aug  1 13:27:47 2011');
  });
});

describe("a router's clock", () => {
  const run = (router: Parameters<typeof routerSpec>[0], driftPpm = 0, clockSet = 0): number[][] => {
    const sim = simulate({
      seed: 2,
      routers: [routerSpec({ sessions: 30, ...router })],
      start: Date.UTC(2026, 9, 24, 22),
      durationMs: 6 * 3_600_000,
      pollEveryMs: 300_000,
      faults: { driftPpm, router: { clockSet } },
    });
    const clocks: number[][] = [];
    for (const item of sim) {
      if (item.kind !== 'capture') continue;
      const values = item.truth.listing?.sessions.map((s) => s.record.values) ?? [];
      clocks.push(
        values.map(
          (v) => Number(v['create_time']) + Number(v['up_time_s']) - Math.floor(item.capturedAt / 1000),
        ),
      );
    }
    return clocks;
  };

  it('repeats an hour at the end of summer time, for sessions created before it as before', () => {
    const clocks = run({ name: 'r', role: 'lns', timezone: 'Europe/Berlin' });
    expect(new Set(clocks[0])).toEqual(new Set([7200]));
    // Some were created in summer and some in winter time: up times do not jump.
    expect(new Set(clocks.at(-1))).toEqual(new Set([7200, 3600]));
  });

  it('drifts, and moves for all sessions together when it is set', () => {
    const drifting = run({ name: 'r', role: 'lns' }, 400).map((c) => new Set(c));
    expect(drifting.every((c) => c.size === 1)).toBe(true);
    expect(drifting.at(-1)).not.toEqual(drifting[0]);
    const set = run({ name: 'r', role: 'lns' }, 0, 20).map((c) => new Set(c));
    expect(set.every((c) => c.size === 1)).toBe(true);
    expect(new Set(set.map((c) => [...c][0])).size).toBeGreaterThan(2);
  });
});
