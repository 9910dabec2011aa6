import {
  audit,
  concurrency,
  diffStates,
  history,
  whoHad,
  whoHadAll,
  QuestionError,
} from '@sessionreel/queries';
import { emptyDelta, type SessionRecord } from '@sessionreel/session-model';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestLog, image, ledgerEntry } from './events.ts';
import { testServer, type TestServer } from './server.ts';
import { World, hashOf, type Truth } from './world.ts';

let server: TestServer;
const worlds = [11, 12].map((seed) => new World(`r${String(seed)}`, seed, Date.UTC(2026, 10, 20, 22)));
const [world, other] = worlds as [World, World];

beforeAll(async () => {
  server = await testServer();
  for (const [i, w] of worlds.entries()) {
    const log = new TestLog(server.store, i);
    for (let batch = 0; batch < 3; batch++)
      await log.append(Array.from({ length: 8 }, (_, n) => w.step(n === 4 && batch > 0)).flat());
  }
}, 60_000);
afterAll(() => server.stop(), 60_000);

const recordsHash = (sessions: readonly SessionRecord[]): string => hashOf(sessions.map((s) => s.values));

describe('history', () => {
  test('of a session has every event of it, in order, with what changed', async () => {
    const images = world.deltas.flatMap((d) =>
      (['closed', 'opened', 'changed'] as const).flatMap((kind) =>
        d[kind].map((image) => ({ at: d.at, kind, image })),
      ),
    );
    const busiest = [
      ...Map.groupBy(
        images,
        (e) => `${String(e.image.tunnel_local_id)} ${String(e.image.session_local_id)}`,
      ).values(),
    ].sort((a, b) => b.length - a.length)[0];
    const key = busiest?.[0]?.image;
    if (busiest === undefined || key === undefined) throw new Error('no session');
    const found = await history(server.store, {
      session: { router: world.router, tunnel: key.tunnel_local_id, session: key.session_local_id },
    });
    expect(found.events.map((e) => [e.at, e.kind, e.reason])).toEqual(
      busiest.map((e) => [e.at, e.kind, e.image.reason]),
    );
    for (const event of found.events.filter((e) => e.kind === 'changed'))
      expect(event.changes).toEqual([
        event.values['state'] === 'destroyed'
          ? { field: 'state', before: 'established', after: 'destroyed' }
          : { field: 'state', before: 'destroyed', after: 'established' },
      ]);
    const sum = (name: string) =>
      world.deltas
        .flatMap((d) => [...d.counters, ...d.counters_rounded])
        .filter(
          (c) => c.tunnel_local_id === key.tunnel_local_id && c.session_local_id === key.session_local_id,
        )
        .reduce((total, c) => BigInt.asUintN(64, total + (c.deltas[name] ?? 0n)), 0n);
    const traffic = found.traffic.reduce(
      (total, t) => BigInt.asUintN(64, total + (t.sums['data_rx_bytes'] ?? 0n)),
      0n,
    );
    expect(traffic).toBe(sum('data_rx_bytes'));
    expect(found.vouchers).toEqual([
      {
        router: world.router,
        snapshots: world.truths.length,
        first: world.truths[0]?.at,
        last: world.truths.at(-1)?.at,
      },
    ]);
  });

  test('of a user or an address follows it through its sessions', async () => {
    const opened = world.deltas.flatMap((d) => d.opened).find((o) => o.values['user_name'] !== '');
    const user = String(opened?.values['user_name']);
    const mine = (await history(server.store, { user })).events;
    expect(mine.length).toBeGreaterThan(0);
    for (const e of mine) expect(e.values['user_name']).toBe(user);
    const address = String(opened?.values['peer_ip']);
    const held = (await history(server.store, { address: `::ffff:${address}` })).events;
    expect(held.length).toBeGreaterThanOrEqual(mine.length > 0 ? 1 : 0);
  });

  test('says what it cannot be asked', async () => {
    await expect(history(server.store, { address: "1.2.3.4' OR 1=1 --" })).rejects.toBeInstanceOf(
      QuestionError,
    );
    await expect(history(server.store, { user: 'x', from: 2, to: 1 })).rejects.toBeInstanceOf(QuestionError);
    expect(await history(server.store, { user: "'; DROP TABLE session_history; --" })).toMatchObject({
      events: [],
      traffic: [],
      vouchers: [],
    });
  });
});

test('the difference of two times is that of the truths', async () => {
  const [before, after] = [world.truths[5] as Truth, world.truths[17] as Truth];
  const diff = await diffStates(server.store, { router: world.router, from: before.at, to: after.at });
  const created = (t: Truth, key: string) => t.records.get(key)?.values['create_time'];
  const same = [...after.records.keys()].filter(
    (k) => created(before, k) === created(after, k) && before.records.has(k),
  );
  const moved = same.filter(
    (k) => before.records.get(k)?.values['state'] !== after.records.get(k)?.values['state'],
  );
  expect(diff.opened.length).toBe(after.records.size - same.length);
  expect(diff.closed.length).toBe(before.records.size - same.length);
  expect(diff.changed.length).toBe(moved.length);
  expect(diff.unchanged).toBe(same.length - moved.length);
});

describe('the fleet over time', () => {
  test('counts what stood at each point, and leaves gaps where nothing is known', async () => {
    const from = world.truths[0]?.at ?? 0;
    const to = (world.truths.at(-1)?.at ?? 0) + 7_200_000;
    const { series, heard } = await concurrency(server.store, {
      from,
      to,
      stepS: 60,
      by: 'router',
      staleAfterS: 900,
    });
    for (const w of worlds) {
      const points = series.find((s) => s.name === w.router)?.points ?? [];
      expect(points.length).toBeGreaterThan(20);
      for (const { at, sessions } of points) {
        const truth = w.truths.filter((t) => Math.floor(t.at / 1_000) * 1_000 <= at).at(-1) as Truth;
        expect(sessions).toBe(truth.records.size);
        expect(at - truth.at).toBeLessThanOrEqual(900_000);
      }
    }
    expect(Math.max(...heard.map((c) => c.at))).toBeLessThan(to - 3_600_000);
  });

  test('by state adds up to the fleet', async () => {
    const range = { from: world.truths[3]?.at ?? 0, to: world.truths[20]?.at ?? 0, stepS: 300 };
    const fleet = await concurrency(server.store, { ...range, by: 'fleet' });
    const byState = await concurrency(server.store, { ...range, by: 'state' });
    const sums = new Map<number, number>();
    for (const s of byState.series)
      for (const p of s.points) sums.set(p.at, (sums.get(p.at) ?? 0) + p.sessions);
    for (const p of fleet.series[0]?.points ?? []) expect(sums.get(p.at)).toBe(p.sessions);
    const site = await concurrency(server.store, { ...range, by: 'site' });
    expect(site.series[0]?.points).toEqual(fleet.series[0]?.points);
  });

  test('refuses what would never end', async () => {
    await expect(
      concurrency(server.store, { from: 0, to: 10 ** 12, stepS: 1, by: 'fleet' }),
    ).rejects.toBeInstanceOf(QuestionError);
  });
});

test('who had an address is known for the time that it was seen', async () => {
  const truth = world.truths[7] as Truth;
  for (const [, { values }] of [...truth.records].slice(0, 5)) {
    const holders = await whoHad(server.store, { address: String(values['peer_ip']), at: truth.at });
    const sure = holders.filter((h) => h.certainty === 'certain' && h.router === world.router);
    expect(sure).toContainEqual(
      expect.objectContaining({ tunnel: values['tunnel_local_id'], session: values['session_local_id'] }),
    );
  }
  expect(await whoHad(server.store, { address: '192.0.2.1', at: truth.at })).toEqual([]);
  const first = [...truth.records.values()][0]?.values['peer_ip'];
  expect(await whoHad(server.store, { address: String(first), at: 0 })).toEqual([]);
});

test('many are answered as each is', async () => {
  const questions = world.truths
    .slice(5, 8)
    .flatMap((t) =>
      [...t.records.values()].slice(0, 4).map((r) => ({ address: String(r.values['peer_ip']), at: t.at })),
    );
  let i = 0;
  for await (const { holders, error, ...asked } of whoHadAll(server.store, [
    ...questions,
    { address: 'x', at: 0 },
  ])) {
    const question = questions[i++];
    if (question === undefined) expect(error).toContain('is not an IPv4');
    else expect([asked, holders]).toEqual([question, await whoHad(server.store, question)]);
  }
  expect(i).toBe(questions.length + 1);
}, 60_000);

describe('the audit', () => {
  const ask = () => audit(server.store, { hashOf: recordsHash });

  test('finds nothing where all is well', async () => {
    const report = await ask();
    expect(report.problems).toEqual([]);
    expect(report.statesCompared).toBe(2);
    expect(report.accounts.map((a) => [a.partition, a.messages, a.applied])).toEqual(
      worlds.map((w, i) => [11 + i, w.truths.length, w.truths.length]),
    );
  });

  test('finds a lost row, a lost event, a double, and a state that differs', async () => {
    const run = (sql: string) => server.store.command(sql, { settings: { lightweight_deletes_sync: '2' } });
    const at = other.truths[4]?.at ?? 0;
    await run(
      `DELETE FROM counter_deltas WHERE router = 'r12' AND at = fromUnixTimestamp64Milli(${String(at)})`,
    );
    expect((await ask()).problems).toEqual([expect.objectContaining({ kind: 'rows_missing', where: 'r12' })]);
    await run("DELETE FROM deltas WHERE router = 'r12' AND intDiv(seq, 8) = 3");
    await run("DELETE FROM snapshots WHERE router = 'r11' AND source_offset = 2");
    await run("INSERT INTO deltas SELECT * FROM deltas WHERE router = 'r11' AND intDiv(seq, 8) = 5");
    await run(
      "DELETE FROM session_history WHERE router = 'r11' AND kind = 'keyframe' AND gop = (SELECT max(gop) FROM session_history WHERE router = 'r11') AND session_local_id % 2 = 0",
    );
    const kinds = new Set((await ask()).problems.map((p) => `${p.kind} ${p.where}`));
    for (const expected of [
      'rows_double r12',
      'missing_event r12',
      'broken_chain l2tp.snapshots partition 11',
      'double_event l2tp.events partition 0',
      'state_differs r11',
    ])
      expect([...kinds]).toContain(expected);
  });
});

test('an address that moves within a session belongs to it while it has it', async () => {
  const base = Date.UTC(2026, 10, 24);
  const session = (ip: string, changed: string[] = []) =>
    image({
      tunnel: 1,
      session: 1,
      reason: '',
      changed,
      lastSeen: base,
      values: { create_time: base / 1_000, peer_ip: ip },
    });
  const deltas = [0, 1, 2].map((n) => {
    const delta = emptyDelta({ router: 'moves', at: base + n * 60_000, seq: n + 1, gop: base });
    delta.ledger = [ledgerEntry({ source_partition: 60, source_offset: n, state_hash: 'x' })];
    return delta;
  });
  const [first, second, third] = deltas as [(typeof deltas)[0], (typeof deltas)[0], (typeof deltas)[0]];
  first.opened = [{ ...session('10.0.0.1'), reason: 'new' }];
  second.changed = [session('10.0.0.2', ['peer_ip'])];
  third.closed = [{ ...session('10.0.0.2'), reason: 'gone', last_seen_at: base + 60_000 }];
  await new TestLog(server.store, 60).append(deltas);
  const had = async (address: string, at: number) =>
    (await whoHad(server.store, { address, at: base + at })).map((h) => h.certainty);
  expect(await had('10.0.0.1', 0)).toEqual(['certain']);
  expect(await had('10.0.0.1', 30_000)).toEqual(['unknown']);
  expect(await had('10.0.0.1', 60_000)).toEqual([]);
  expect(await had('10.0.0.2', 60_000)).toEqual(['certain']);
  expect(await had('10.0.0.2', 90_000)).toEqual(['unknown']);
  expect(await had('10.0.0.2', 120_000)).toEqual([]);
}, 60_000);
