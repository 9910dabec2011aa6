import { writeRouters } from '@sessionreel/clickhouse';
import {
  busyHours,
  endsByReason,
  fleetAt,
  headroom,
  setupFailures,
  silentRouters,
  topTraffic,
  whatHappened,
} from '@sessionreel/queries';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { emptyDelta } from '@sessionreel/session-model';
import { TestLog, image, ledgerEntry } from './events.ts';
import { testServer, type TestServer } from './server.ts';
import { World, type Truth } from './world.ts';

let server: TestServer;
const start = Date.UTC(2026, 10, 20, 22);
const worlds = [41, 42].map((seed) => new World(`f${String(seed)}`, seed, start));
const outageAt = Date.UTC(2026, 10, 25, 12);

/** Forty sessions from two LACs over two cards; then all of one LAC are gone, and half of their users come back. */
function outage() {
  const session = (i: number, over = {}) =>
    image({
      tunnel: 1 + (i % 4),
      session: 100 + i,
      reason: 'first_seen',
      lastSeen: outageAt,
      values: {
        create_time: outageAt / 1_000 - 3_600,
        state: i === 39 ? 'lns-ic-idle' : 'established',
        user_name: `u${String(i)}@x`,
        remote_name: i < 20 ? 'lac-a' : 'lac-b',
        interface_name: i % 2 === 0 ? 'si-0/0/0' : 'si-1/0/0',
      },
      ...over,
    });
  const all = Array.from({ length: 40 }, (_, i) => session(i));
  const first = emptyDelta({ router: 'out', at: outageAt, seq: 1, gop: outageAt });
  first.opened = all;
  first.ledger = [
    ledgerEntry({ sessions: 40, state_hash: 'a', by_state: { established: 40 }, source_partition: 9 }),
  ];
  const second = emptyDelta({ router: 'out', at: outageAt + 60_000, seq: 2, gop: outageAt });
  second.closed = [...all.slice(0, 20), session(39)].map((s) => ({ ...s, reason: 'gone' }));
  second.ledger = [
    ledgerEntry({
      sessions: 19,
      state_hash: 'b',
      by_state: { established: 19 },
      source_partition: 9,
      source_offset: 1,
    }),
  ];
  second.router_events = [{ kind: 'mass_close', sessions: 21, detail: '21 of 40' }];
  const third = emptyDelta({ router: 'out', at: outageAt + 240_000, seq: 3, gop: outageAt });
  third.opened = all
    .slice(0, 10)
    .map((s) => ({ ...s, session_local_id: s.session_local_id + 1_000, reason: 'new' }));
  third.ledger = [
    ledgerEntry({
      sessions: 29,
      state_hash: 'c',
      by_state: { established: 29 },
      source_partition: 9,
      source_offset: 2,
    }),
  ];
  return [first, second, third];
}

beforeAll(async () => {
  server = await testServer();
  for (const [i, w] of worlds.entries()) {
    const log = new TestLog(server.store, i);
    for (let batch = 0; batch < 2; batch++)
      await log.append(Array.from({ length: 10 }, (_, n) => w.step(n === 4)).flat());
  }
  await new TestLog(server.store, 9).append(outage());
}, 60_000);
afterAll(() => server.stop(), 60_000);

test('the fleet is counted as it stood', async () => {
  const at = Math.min(...worlds.map((w) => w.truths[14]?.at ?? 0));
  const truths = worlds.map((w) => w.truths.filter((t) => t.at <= at).at(-1) as Truth);
  const byRouter = await fleetAt(server.store, { at, by: 'router' });
  expect(new Map(byRouter.map((c) => [c.name, c.sessions]))).toEqual(
    new Map(worlds.map((w, i) => [w.router, truths[i]?.records.size])),
  );
  const states = truths.flatMap((t) => [...t.records.values()].map((r) => String(r.values['state'])));
  for (const { name, sessions } of await fleetAt(server.store, { at, by: 'state' }))
    expect(states.filter((s) => s === name)).toHaveLength(sessions);
});

describe('an outage', () => {
  test('is told by what its sessions have in common', async () => {
    const found = await whatHappened(server.store, { around: outageAt + 40_000, withinS: 39 });
    expect([found.before, found.ended, found.reasons]).toEqual([40 + worldSessions(), 21, { gone: 21 }]);
    expect(found.routerEvents).toMatchObject([{ router: 'out', kind: 'mass_close' }]);
    const [best] = found.common;
    expect(best).toMatchObject({ by: 'peer_gateway', name: 'lac-a', gone: 20, before: 20, share: 1 });
    expect(best?.between).toEqual([outageAt, outageAt + 60_000]);
    expect(found.recovery.map((r) => [r.afterS, r.back])).toEqual([
      [60, 0],
      [300, 10 / 21],
      [900, 10 / 21],
    ]);
  });

  test('and a quiet time is said to be one', async () => {
    const found = await whatHappened(server.store, { around: outageAt - 86_400_000 });
    expect([found.ended, found.common, found.recovery]).toEqual([0, [], []]);
  });

  const worldSessions = (): number => worlds.reduce((n, w) => n + (w.truths.at(-1)?.records.size ?? 0), 0);
});

test('ends, failures, traffic and silence', async () => {
  const range = { from: start, to: outageAt + 600_000 };
  const ends = await endsByReason(server.store, range);
  const closed = worlds.flatMap((w) => w.deltas.flatMap((d) => d.closed));
  expect(ends.find((e) => e.reason === 'replaced')?.ends).toBe(
    closed.filter((c) => c.reason === 'replaced').length,
  );
  expect(ends.find((e) => e.reason === 'gone')?.ends).toBe(
    closed.filter((c) => c.reason === 'gone').length + 21,
  );
  expect(await setupFailures(server.store, range)).toEqual([
    { state: 'lns-ic-idle', peerGateway: 'lac-b', failures: 1 },
  ]);
  const bytes = (w: World): bigint =>
    w.deltas
      .flatMap((d) => [...d.counters, ...d.counters_rounded])
      .reduce((n, c) => BigInt.asUintN(64, n + (c.deltas['data_rx_bytes'] ?? 0n)), 0n);
  const top = await topTraffic(server.store, { ...range, by: 'router' });
  for (const w of worlds) expect(top.find((t) => t.name === w.router)?.rxBytes).toBe(bytes(w));
  const silent = await silentRouters(server.store, { at: outageAt + 600_000, afterS: 900 });
  expect(silent.map((s) => s.router).sort()).toEqual(worlds.map((w) => w.router));
});

test('busy hours and headroom rest on the ledger', async () => {
  const range = { from: outageAt - 1, to: outageAt + 3_600_000 };
  expect(await busyHours(server.store, range)).toEqual([
    {
      router: 'out',
      day: '2026-11-25',
      hour: 12,
      meanSessions: (40 + 19 + 29) / 3,
      peakSessions: 40,
      snapshots: 3,
    },
  ]);
  const before = await headroom(server.store, range);
  expect(before).toMatchObject([{ router: 'out', peakSessions: 40, limit: 512_000, limitIsKnown: false }]);
  await writeRouters(server.store, [
    {
      router: 'out',
      timeZone: 'UTC',
      release: '',
      site: 'fra',
      role: 'lns',
      platform: '',
      maxSessionsChassis: 64,
      maxSessionsInterface: null,
      maxSessionsTunnel: null,
      peers: [],
    },
  ]);
  expect(await headroom(server.store, range)).toMatchObject([
    { site: 'fra', role: 'lns', limit: 64, limitIsKnown: true, headroom: 24 },
  ]);
});
