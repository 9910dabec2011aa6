/** The questions about a fleet, against what the simulator says happened. */
import { rollUp, writeRouters } from '@sessionreel/clickhouse';
import { routerSpec, type Capture, type ListedSession } from '@sessionreel/fleet-sim';
import {
  QuestionError,
  anomaliesIn,
  billing,
  bothEnds,
  busiestHours,
  churn,
  concurrency,
  coverageOf,
  diffFleet,
  diffStates,
  echoTimeouts,
  flapping,
  growth,
  imbalance,
  knownRouters,
  limitUses,
  namedTraffic,
  quietSessions,
  speedDrops,
  speedPlans,
  whatHappened,
  whatIf,
} from '@sessionreel/queries';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { emptyDelta } from '@sessionreel/session-model';
import { TestLog, image, ledgerEntry } from './events.ts';
import { fleetOf, type SimulatedFleet } from './pipe.ts';
import { testServer, type TestServer } from './server.ts';

let server: TestServer;
let fleet: SimulatedFleet;
const start = Date.UTC(2026, 10, 20, 8);
const hour = 3_600_000;
const end = start + 4 * hour;
const peers = ['lns-a', 'lns-b'];
const common = { sessions: 25, addresses: 'plain', peers } as const;
const specs = [
  routerSpec({
    ...common,
    name: 'lns-a',
    role: 'lns',
    platform: 'm',
    release: '11.4R7',
    site: 'fra',
    lcpEcho: true,
  }),
  routerSpec({ ...common, name: 'lns-b', role: 'lns', site: 'fra' }),
  routerSpec({ ...common, name: 'lac-1', role: 'lac', site: 'ber' }),
  routerSpec({ ...common, name: 'lac-2', role: 'lac', site: 'ber', format: 'xml' }),
];

beforeAll(async () => {
  server = await testServer();
  fleet = await fleetOf(
    server,
    {
      seed: 5,
      routers: specs,
      start,
      durationMs: end - start,
      pollEveryMs: 300_000,
      faults: 'none',
      life: { lifetimeMs: hour, flapping: 0.03, speedUpdateMs: hour, silentShare: 0.2, wrapShare: 0 },
    },
    0,
    hour,
  );
  await rollUp(server.store, [0, 1, 2, 3]);
}, 120_000);
afterAll(() => server.stop(), 60_000);

/** The newest listing of a router at a time. */
function listing(router: string, at: number): readonly ListedSession[] {
  const capture = fleet.captures.filter((c) => c.router === router && c.capturedAt <= at).at(-1);
  return capture?.truth.listing?.sessions ?? [];
}

const value = (s: ListedSession, name: string): unknown => s.record.values[name];
const key = (router: string, s: ListedSession): string =>
  `${router} ${String(value(s, 'tunnel_local_id'))} ${String(value(s, 'session_local_id'))}`;

test('routers are known by the fleet file, and by how they print', async () => {
  const roles = async () => (await knownRouters(server.store)).map((r) => [r.router, r.role, r.inFleetFile]);
  expect(await roles()).toEqual([
    ['lac-1', 'lac', false],
    ['lac-2', 'lac', false],
    ['lns-a', 'lns', false],
    ['lns-b', 'lns', false],
  ]);
});

test('what an answer rests on: snapshots, and the times without', async () => {
  const gapless = await coverageOf(server.store, { from: start, to: end });
  expect(gapless.routers.map((r) => r.snapshots)).toEqual(
    ['lac-1', 'lac-2', 'lns-a', 'lns-b'].map((r) => fleet.captures.filter((c) => c.router === r).length),
  );
  expect(gapless.routers.flatMap((r) => r.gaps)).toEqual([]);
  const later = await coverageOf(server.store, { from: start, to: end + hour, routers: ['lns-a'] });
  const newest = fleet.captures.filter((c) => c.router === 'lns-a').at(-1) as Capture;
  expect(later.routers.map((r) => r.gaps)).toEqual([[[newest.capturedAt, end + hour]]]);
  const after = await coverageOf(server.store, { from: end + hour, to: end + 2 * hour });
  expect([after.routers, after.missing]).toEqual([[], ['lac-1', 'lac-2', 'lns-a', 'lns-b']]);
});

test('the difference of the fleet is that of its routers', async () => {
  const [from, to] = [start + 1.5 * hour, end];
  const { rows, coverage } = await diffFleet(server.store, { from, to });
  for (const { name } of specs) {
    const diff = await diffStates(server.store, { router: name, from, to });
    const [opened, changed, closed] = [diff.opened.length, diff.changed.length, diff.closed.length];
    const after = opened + changed + diff.unchanged;
    expect(rows.find((r) => r.router === name)).toEqual({
      router: name,
      opened,
      changed,
      closed,
      after,
      before: after - opened + closed,
    });
  }
  expect(coverage.routers.map((r) => r.router)).toEqual(specs.map((s) => s.name).sort());
  await expect(diffFleet(server.store, { from: to, to: from })).rejects.toBeInstanceOf(QuestionError);
});

describe('both ends', () => {
  test.each([0.5, 2, 3.9])('are paired as they belong together, %s h on', async (hours) => {
    const at = start + hours * hour;
    const lists = specs.map((s) => ({ router: s.name, sessions: listing(s.name, at) }));
    const where = new Map(lists.flatMap(({ router, sessions }) => sessions.map((s) => [s.uid, router])));
    const answered = (s: ListedSession): boolean => value(s, 'session_remote_id') !== 0;
    const expected = new Map<string, number>();
    for (const { router, sessions } of lists)
      for (const s of sessions.filter(answered)) {
        const other = where.get(s.uid ^ 1);
        if (other === undefined || router > other) continue;
        expected.set(`${router} ${other}`, (expected.get(`${router} ${other}`) ?? 0) + 1);
      }
    const found = await bothEnds(server.store, { at });
    expect(new Map(found.pairs.map((p) => [p.routers.join(' '), p.pairs]))).toEqual(expected);
    expect(found.listed).toBe(where.size);
    const alive = lists.flatMap((l) => l.sessions).filter((s) => !ended(s));
    expect(found.subscribers).toBe(new Set(alive.map((s) => s.uid >> 1)).size);
    expect(found.ghosts.filter((g) => g.certainty === 'certain')).toEqual([]);
  });

  const ended = (s: ListedSession): boolean =>
    ['destroyed', 'closed', 'clean-up', 'cleanup'].includes(String(value(s, 'state')).toLowerCase());

  test('are followed through a tunnel switch, which lists each call twice', async () => {
    // Before all others: nobody else is listed then.
    const at = Date.UTC(2026, 10, 10);
    const end = (
      [tunnel, session, remote]: readonly [number, number, number],
      serial: number,
      names: readonly [string, string],
      profile: string,
    ) =>
      image({
        tunnel,
        session,
        reason: 'first_seen',
        values: {
          create_time: at / 1_000 - 600,
          session_remote_id: remote,
          call_serial_number: serial,
          state: 'established',
          local_name: names[0],
          remote_name: names[1],
          ...(profile === '' ? {} : { tunnel_switch_profile_name: profile }),
        },
      });
    const listed = {
      'sw-lac': [
        end([1, 1, 21], 1_001, ['x-lac', 'x-sw'], ''),
        end([1, 2, 22], 1_002, ['x-lac', 'x-sw'], ''),
      ],
      'sw-switch': [
        end([7, 21, 1], 1_001, ['x-sw', 'x-lac'], 'to-core'),
        end([7, 22, 2], 1_002, ['x-sw', 'x-lac'], 'to-core'),
        end([8, 31, 41], 1_001, ['x-sw', 'x-lns'], ''),
        end([8, 32, 42], 1_002, ['x-sw', 'x-lns'], ''),
      ],
      // The second call's last end is not there.
      'sw-lns': [end([9, 41, 31], 1_001, ['x-lns', 'x-sw'], '')],
    };
    for (const [n, [router, opened]] of Object.entries(listed).entries()) {
      const delta = emptyDelta({ router, at: at + n, seq: 1, gop: at + n });
      delta.opened = opened;
      delta.ledger = [ledgerEntry({ state_hash: 'a', source_partition: 80 + n })];
      // Gone before the others come: they are to be counted without these.
      const end = emptyDelta({ router, at: at + hour, seq: 2, gop: at + n });
      end.closed = opened.map((x) => ({ ...x, reason: 'gone' }));
      end.ledger = [ledgerEntry({ state_hash: 'b', source_partition: 80 + n })];
      await new TestLog(server.store, 80 + n).append([delta, end]);
    }
    const found = await bothEnds(server.store, { at: at + 1_000 });
    expect(found.pairs).toEqual([
      { routers: ['sw-lac', 'sw-switch'], pairs: 2 },
      { routers: ['sw-lns', 'sw-switch'], pairs: 1 },
    ]);
    expect([found.listed, found.switched, found.subscribers]).toEqual([7, 2, 2]);
    expect(found.ghosts.map((g) => [g.router, g.tunnel, g.session, g.other])).toEqual([
      ['sw-switch', 8, 32, 'sw-lns'],
    ]);
  });

  test('of which one is missing are ghosts, as far as both were listed', async () => {
    const at = Date.UTC(2026, 10, 22);
    const session = (id: number, remote: number, local: string, peer: string) =>
      image({
        tunnel: 1,
        session: id,
        reason: 'first_seen',
        values: {
          create_time: at / 1_000 - hour / 1_000,
          session_remote_id: remote,
          state: 'established',
          local_name: local,
          remote_name: peer,
        },
      });
    const lac = emptyDelta({ router: 'ghost-lac', at: at, seq: 1, gop: at });
    lac.opened = [
      session(1, 11, 'g-lac', 'g-lns'),
      session(2, 12, 'g-lac', 'g-lns'),
      session(3, 0, 'g-lac', 'g-lns'),
    ];
    lac.ledger = [ledgerEntry({ state_hash: 'a', source_partition: 90, variant: 'lac' })];
    const lns = emptyDelta({ router: 'ghost-lns', at: at - 60_000, seq: 1, gop: at - 60_000 });
    lns.opened = [
      session(11, 1, 'g-lns', 'g-lac'),
      session(13, 7, 'g-lns', 'g-lac'),
      session(14, 8, 'g-lns', 'elsewhere'),
    ];
    lns.ledger = [ledgerEntry({ state_hash: 'a', source_partition: 91 })];
    await new TestLog(server.store, 90).append([lac]);
    await new TestLog(server.store, 91).append([lns]);
    const found = await bothEnds(server.store, { at: at + 1_000, router: 'ghost-lac' });
    expect(found.pairs).toContainEqual({ routers: ['ghost-lac', 'ghost-lns'], pairs: 1 });
    // The LNS was whole before the LAC was last seen: it should have listed it.
    expect(found.ghosts.map((g) => [g.router, g.session, g.other, g.certainty])).toEqual([
      ['ghost-lac', 2, 'ghost-lns', 'certain'],
    ]);
    expect(found.ghostsFound).toBe(2);
    const all = await bothEnds(server.store, { at: at + 1_000 });
    expect(all.ghosts.map((g) => [g.router, g.session, g.certainty])).toEqual([
      ['ghost-lac', 2, 'certain'],
      ['ghost-lns', 13, 'likely'],
    ]);
    expect(all.unpaired.otherUnknown).toBeGreaterThanOrEqual(1);
    expect(all.unpaired.tooNew).toBeGreaterThanOrEqual(1);
  });
});

describe('traffic by name', () => {
  /** Sums by name from the events, with the last name of each session. */
  function truth(by: (values: Readonly<Record<string, unknown>>) => string, from: number, to: number) {
    const sums = new Map<string, bigint>();
    for (const pipe of fleet.pipes.values()) {
      const names = new Map<string, string>();
      for (const d of pipe.deltas) {
        for (const i of [...d.opened, ...d.changed, ...d.keyframe, ...d.rebase])
          names.set(`${String(i.tunnel_local_id)} ${String(i.session_local_id)}`, by(i.values));
        if (d.at < from || d.at >= to) continue;
        for (const c of [...d.counters, ...d.counters_rounded]) {
          const name = names.get(`${String(c.tunnel_local_id)} ${String(c.session_local_id)}`) ?? '?';
          sums.set(name, (sums.get(name) ?? 0n) + (c.deltas['data_rx_bytes'] ?? 0n));
        }
      }
    }
    return sums;
  }
  const realm = (v: Readonly<Record<string, unknown>>): string =>
    /@([^@]*)$/.exec(String(v['user_name']))?.[1] ?? '';
  const peer = (v: Readonly<Record<string, unknown>>): string => String(v['remote_name']);

  test.each([
    ['whole hours', start + hour, start + 3 * hour],
    ['parts of hours', start + hour / 2, start + 2.75 * hour],
    ['an hour that is not over', end - hour / 4, end],
  ])('is that of the events: %s', async (_, from, to) => {
    for (const [by, of] of [
      ['realm', realm],
      ['peer_gateway', peer],
    ] as const) {
      const expected = truth(of, from, to);
      const found = await namedTraffic(server.store, { from, to, by });
      const named = [...expected].filter(([name, sum]) => name !== '' && sum > 0n);
      expect(new Map(found.rows.filter((r) => r.rxBytes > 0n).map((r) => [r.name, r.rxBytes]))).toEqual(
        new Map(named),
      );
      expect(found.withoutName.rxBytes).toBe(expected.get('') ?? 0n);
    }
  });

  test('is billed by the 95th percentile of five minutes', async () => {
    const found = await billing(server.store, { month: '2026-11', by: 'peer_gateway' });
    const sums = truth(peer, start, end);
    for (const row of found.rows) expect(row.rxBytes).toBe(sums.get(row.name));
    // Polls of every five minutes: no sample is made of a longer interval, and a rate is never above the largest delta's.
    expect([found.stepS, found.samplesExpected]).toEqual([300, 30 * 288]);
    expect(found.samples).toBeGreaterThanOrEqual(4 * 12 - 2);
    expect(found.samples).toBeLessThanOrEqual(4 * 12 + 1);
    const [top] = found.rows;
    const mean = (Number(top?.txBytes ?? 0n) * 8) / (found.samples * 300);
    expect(top?.txBps).toBeGreaterThan(mean);
    await expect(billing(server.store, { month: "2026-13'; --", by: 'realm' })).rejects.toBeInstanceOf(
      QuestionError,
    );
  });

  test('echo timeouts are told of those that print them', async () => {
    const found = await echoTimeouts(server.store, { from: start, to: end });
    expect(found.printing).toEqual(['lns-a']);
    expect(found.silent).toEqual(['lns-b']);
    const sum = [...fleet.pipes.values()]
      .flatMap((p) => p.deltas.flatMap((d) => [...d.counters, ...d.counters_rounded]))
      .reduce((n, c) => n + (c.deltas['lcp_echo_req_timeout'] ?? 0n), 0n);
    expect(found.rows.reduce((n, r) => n + r.timeouts, 0n)).toBe(sum);
  });
});

describe('speeds', () => {
  test('that went down while a session ran', async () => {
    const expected = new Set<string>();
    const last = new Map<number, unknown>();
    for (const capture of fleet.captures)
      for (const s of capture.truth.listing?.sessions ?? []) {
        const [before, now] = [last.get(s.uid), value(s, 'tx_speed')];
        last.set(s.uid, now);
        if (typeof before === 'bigint' && typeof now === 'bigint' && now > 0n && now < before)
          expected.add(
            `${key(capture.router, s)} ${String(capture.capturedAt)} ${String(before)} ${String(now)}`,
          );
      }
    const drops = await speedDrops(server.store, { from: start, to: end });
    const found = drops
      .filter((d) => d.seenIn === 'session' && d.direction === 'tx')
      .map(
        (d) =>
          `${d.router} ${String(d.tunnel)} ${String(d.session)} ${String(d.at)} ${String(d.before)} ${String(d.after)}`,
      );
    expect(expected.size).toBeGreaterThan(0);
    expect(new Set(found)).toEqual(expected);
  });

  test('as sold and as updated', async () => {
    const at = end - hour;
    const { plans, updates } = await speedPlans(server.store, { at });
    const all = specs.flatMap((s) => listing(s.name, at).map((session) => ({ router: s.name, session })));
    expect(plans.reduce((n, p) => n + p.sessions, 0)).toBe(all.length);
    const both = all.filter(({ session }) => value(session, 'tx_speed_initial') !== undefined);
    expect(updates.reduce((n, u) => n + u.sessions, 0)).toBe(both.length);
    const moved = both.filter(
      ({ session }) => value(session, 'tx_speed_initial') !== value(session, 'tx_speed'),
    );
    expect(updates.reduce((n, u) => n + u.updated + u.failed, 0)).toBe(moved.length);
  });
});

test('sessions without traffic are those that counted nothing, where that can be told', async () => {
  const [from, to] = [start + hour, start + 2 * hour];
  const found = await quietSessions(server.store, { from, to });
  const before = new Map(specs.flatMap((s) => listing(s.name, from).map((x) => [x.uid, x])));
  let unknown = 0;
  const silent: string[] = [];
  for (const { name } of specs)
    for (const s of listing(name, to)) {
      const old = before.get(s.uid);
      if (s.createdAt > from || value(s, 'state') !== 'established') continue;
      if (s.totals === null) unknown++;
      else if (
        old?.totals != null &&
        Object.entries(s.totals).every(([n, v]) => !n.startsWith('data_') || v === old.totals?.[n])
      )
        silent.push(key(name, s));
    }
  expect(found.unknown).toBe(unknown);
  expect(found.active + found.silent + found.cannotTell + found.unknown).toBe(found.sessions);
  const quiet = found.list.map((q) => `${q.router} ${String(q.tunnel)} ${String(q.session)}`);
  expect(quiet.length).toBeGreaterThan(0);
  for (const one of quiet) expect(silent).toContain(one);
  expect(quiet.length + found.cannotTell).toBeGreaterThanOrEqual(silent.length);
  await expect(quietSessions(server.store, { from, to: from + 60_000 })).rejects.toBeInstanceOf(
    QuestionError,
  );
});

describe('what comes and goes', () => {
  test('adds up to the events', async () => {
    const points = await churn(server.store, { from: start, to: end + 1, stepS: 1_800 });
    for (const [name, pipe] of fleet.pipes) {
      const own = points.filter((p) => p.router === name);
      const opened = pipe.deltas.reduce((n, d) => n + d.opened.length, 0);
      expect(own.reduce((n, p) => n + p.opened, 0)).toBe(opened);
      expect(own.reduce((n, p) => n + p.closed, 0)).toBe(
        pipe.deltas.reduce((n, d) => n + d.closed.length, 0),
      );
    }
    const found = await anomaliesIn(server.store, { from: 0, to: end + hour });
    const anomalies = [...fleet.pipes.values()].flatMap((p) => p.deltas.flatMap((d) => d.anomalies));
    expect(found.reduce((n, a) => n + a.count, 0)).toBe(anomalies.length);
  });

  test('again and again is flapping: subscribers by name, tunnels by most of their sessions at once', async () => {
    const ends = new Map<string, number>();
    for (const pipe of fleet.pipes.values())
      for (const c of pipe.deltas.flatMap((d) => d.closed))
        ends.set(String(c.values['user_name']), (ends.get(String(c.values['user_name'])) ?? 0) + 1);
    const found = await flapping(server.store, { from: start - 1, to: end, least: 4, limit: 1_000 });
    expect(found.endsWithoutName).toBe(ends.get('') ?? 0);
    expect(new Map(found.subscribers.map((s) => [s.userName, s.ends]))).toEqual(
      new Map([...ends].filter(([name, n]) => name !== '' && n >= 4)),
    );
    await new TestLog(server.store, 92).append(flappingTunnel());
    const base = Date.UTC(2026, 10, 23);
    const range = { from: base - 1, to: base + hour, least: 2 };
    expect((await flapping(server.store, range)).tunnels).toMatchObject([
      { router: 'flap', tunnel: 7, flaps: 3, sessions: 9, peerGateway: 'p' },
    ]);
  });

  /** Tunnel 7 loses its three sessions three times; of tunnel 8's nine, three go each time and come back. */
  function flappingTunnel() {
    const base = Date.UTC(2026, 10, 23);
    const session = (tunnel: number, id: number) =>
      image({ tunnel, session: id, reason: 'new', values: { state: 'established', remote_name: 'p' } });
    const mine = (shift: number) => [1, 2, 3].map((i) => session(7, 10 * shift + i));
    const others = Array.from({ length: 9 }, (_, i) => session(8, i + 1));
    return Array.from({ length: 7 }, (_, n) => {
      const delta = emptyDelta({ router: 'flap', at: base + n * 60_000, seq: n + 1, gop: base });
      delta.ledger = [ledgerEntry({ source_partition: 92, source_offset: n, state_hash: 'x' })];
      if (n % 2 === 0) delta.opened = [...mine(n), ...(n === 0 ? others : others.slice(0, 3))];
      else delta.closed = [...mine(n - 1), ...others.slice(0, 3)].map((s) => ({ ...s, reason: 'gone' }));
      return delta;
    });
  }
});

describe('capacity', () => {
  beforeAll(async () => {
    await writeRouters(
      server.store,
      specs.map((s) => ({
        router: s.name,
        timeZone: s.timezone,
        release: s.release,
        site: s.site,
        role: s.role,
        platform: s.platform,
        maxSessionsChassis: s.name === 'lns-b' ? 40 : null,
        maxSessionsInterface: s.name === 'lns-a' ? 20 : null,
        maxSessionsTunnel: null,
        peers: s.role === 'lns' ? s.peers.filter((p) => p !== s.name) : [],
      })),
    );
  });

  test('busy hours of sites and the fleet are sums by role at each moment', async () => {
    const range = { from: start, to: end };
    const found = await busiestHours(server.store, { ...range, by: 'site', measure: 'sessions' });
    expect(found.map((h) => [h.name, h.role])).toEqual([
      ['ber', 'lac'],
      ['fra', 'lns'],
    ]);
    const fra = await concurrency(server.store, { ...range, stepS: 300, by: 'site' });
    const points = fra.series.find((s) => s.name === 'fra')?.points.filter((p) => p.at < end) ?? [];
    const hours = Map.groupBy(points, (p) => new Date(p.at).getUTCHours());
    const means = [...hours].map(
      ([h, own]) => [h, own.reduce((n, p) => n + p.sessions, 0) / own.length] as const,
    );
    const [busiest] = means.toSorted((a, b) => b[1] - a[1]);
    const row = found.find((h) => h.name === 'fra');
    expect([row?.hour, row?.mean, row?.dayPeak]).toEqual([
      busiest?.[0],
      busiest?.[1],
      Math.max(...points.map((p) => p.sessions)),
    ]);
    const traffic = await busiestHours(server.store, { ...range, by: 'fleet', measure: 'traffic' });
    expect(traffic.map((t) => t.role)).toEqual(['lns']);
    const bits = [...fleet.pipes.values()]
      .flatMap((p) => p.deltas.flatMap((d) => [...d.counters, ...d.counters_rounded]))
      .reduce(
        (n, c) => n + Number((c.deltas['data_rx_bytes'] ?? 0n) + (c.deltas['data_tx_bytes'] ?? 0n)) * 8,
        0,
      );
    // All bits lie in the day, and the busiest hour has more than the mean of all.
    expect(traffic[0]?.mean).toBeGreaterThan(bits / ((end - start) / 1_000) - 1);
  });

  test('headroom knows chassis, interfaces and tunnels, and which limits are defaults', async () => {
    const { rows, countedAt, withoutInterface } = await limitUses(server.store, { from: start, to: end });
    const counts = fleet.captures
      .filter((c) => c.router === 'lns-b')
      .map((c) => c.truth.listing?.sessions.length ?? 0);
    expect(rows.find((r) => r.kind === 'chassis' && r.router === 'lns-b')).toMatchObject({
      peak: Math.max(...counts),
      limit: 40,
      limitIsKnown: true,
      headroom: 40 - Math.max(...counts),
      site: 'fra',
    });
    const peaks = new Map<string, number>();
    for (const at of countedAt)
      for (const s of listing('lns-a', at)) {
        const name = String(value(s, 'tunnel_interface_name'));
        peaks.set(`${name} ${String(at)}`, (peaks.get(`${name} ${String(at)}`) ?? 0) + 1);
      }
    for (const r of rows.filter((x) => x.kind === 'interface' && x.router === 'lns-a')) {
      const own = [...peaks].filter(([k]) => k.startsWith(`${r.name} `)).map(([, n]) => n);
      expect([r.peak, r.limit, r.limitIsKnown]).toEqual([Math.max(...own), 20, true]);
    }
    expect(rows.find((r) => r.kind === 'tunnel')).toMatchObject({ limit: 65_535, limitIsKnown: false });
    // A LAC's extensive text prints pp0 or nothing: no service interface.
    const lacs = ['lac-1', 'lac-2'].reduce((n, r) => n + listing(r, countedAt.at(-1) ?? 0).length, 0);
    expect(withoutInterface).toBe(lacs);
  });

  test('imbalance is the fullest by the mean', async () => {
    const found = await imbalance(server.store, { at: end });
    const site = found.find((i) => i.of === 'lnss' && i.name === 'fra');
    const [a, b] = peers.map((r) => listing(r, end).length) as [number, number];
    expect(site?.ratio).toBeCloseTo(Math.max(a, b) / ((a + b) / 2), 10);
  });

  test('an LNS that fails leaves its sessions to its peers, hour by hour', async () => {
    const range = { from: start, to: end };
    const found = await whatIf(server.store, { ...range, without: ['lns-a'], growth: 0.2 });
    const { series } = await concurrency(server.store, {
      ...range,
      stepS: 3_600,
      by: 'router',
      routers: peers,
    });
    const at = (name: string, when: number) =>
      series.find((s) => s.name === name)?.points.find((p) => p.at === when)?.sessions ?? 0;
    const [row] = found.rows;
    expect(row?.router).toBe('lns-b');
    const when = row?.worstAt ?? 0;
    expect(row?.after).toBe(Math.round(1.2 * (at('lns-a', when) + at('lns-b', when))));
    const sums = series[0]?.points.map((p) => 1.2 * (at('lns-a', p.at) + at('lns-b', p.at))) ?? [];
    expect(row?.hoursExceeded).toBe(sums.filter((s) => s > 40).length);
    expect(found.homeless).toEqual([]);
    // At that hour: the sessions of both, spread over the interfaces that lns-b uses; tunnels of the same LAC together.
    const [gone, stays] = ['lns-a', 'lns-b'].map((r) => listing(r, when)) as [
      readonly ListedSession[],
      readonly ListedSession[],
    ];
    const through = (s: ListedSession): string =>
      String(value(s, 'tunnel_interface_name') ?? value(s, 'interface_name'));
    const interfaces = new Set(stays.map(through));
    const ofB = found.parts.filter((p) => p.kind === 'interface');
    expect(new Set(ofB.map((p) => p.name))).toEqual(interfaces);
    for (const p of ofB) {
      const before = stays.filter((s) => through(s) === p.name).length;
      expect([p.router, p.limitIsKnown, p.before]).toEqual(['lns-b', false, Math.round(1.2 * before)]);
      expect(p.after).toBe(Math.round(1.2 * (before + gone.length / interfaces.size)));
      expect(p.exceeded).toBe(false);
    }
    const tunnels = found.parts.filter((p) => p.kind === 'tunnel');
    expect(tunnels.reduce((n, p) => n + p.after, 0)).toBeCloseTo(1.2 * (gone.length + stays.length), -1);
    const lac = await whatIf(server.store, { ...range, without: ['lns-a', 'lns-b'] });
    expect(lac.homeless.map((h) => h.router)).toEqual(peers);
    await expect(whatIf(server.store, { ...range, without: ["x' OR 1=1"] })).rejects.toBeInstanceOf(
      QuestionError,
    );
  });

  test('a forecast wants more than a morning', async () => {
    await expect(growth(server.store, { from: start, to: end })).rejects.toThrow('two days');
  });
});

test('what happened says who is not back, and what changed', async () => {
  const around = start + 2 * hour;
  const found = await whatHappened(server.store, { around, withinS: 900 });
  const [from, to] = [around - 900_000, around + 900_000];
  const deltas = [...fleet.pipes.values()].flatMap((p) => p.deltas);
  const within = deltas.filter((d) => d.at > from && d.at <= to);
  expect(found.ended).toBe(within.reduce((n, d) => n + d.closed.length, 0));
  expect(found.endedWithoutName).toBe(
    within.flatMap((d) => d.closed).filter((c) => c.values['user_name'] === '').length,
  );
  const endings = new Map(within.flatMap((d) => d.closed.map((c) => [String(c.values['user_name']), d.at])));
  endings.delete('');
  const opened = deltas
    .filter((d) => d.at > from && d.at <= to + 900_000)
    .flatMap((d) => d.opened.map((o) => ({ user: String(o.values['user_name']), at: d.at })));
  const away = [...endings].filter(([user, at]) => !opened.some((o) => o.user === user && o.at >= at));
  expect(found.notBack.map((n) => n.userName).sort()).toEqual(away.map(([user]) => user).sort());
  expect(found.notBackFound).toBe(away.length);
  expect(found.coverage.routers.length).toBe(4);
  expect(found.recoveryByCount.at(-1)?.share).toBeGreaterThan(0.5);
});
