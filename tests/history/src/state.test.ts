import { stateAt, QuestionError, type RouterStateAt } from '@sessionreel/queries';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestLog } from './events.ts';
import { testServer, type TestServer } from './server.ts';
import { World, type Truth } from './world.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
}, 60_000);
afterAll(() => server.stop(), 60_000);

const start = Date.UTC(2026, 10, 20, 23, 0, 0, 123);

function compare(state: RouterStateAt, truth: Truth): void {
  const found = new Map(
    state.sessions.map((s) => [
      `${String(s.record.values['tunnel_local_id'])} ${String(s.record.values['session_local_id'])}`,
      { values: s.record.values, rounding: s.record.rounding, rank: s.rank },
    ]),
  );
  expect(found).toEqual(truth.records);
  expect(state.consistent).toBe(true);
}

describe.each([1, 2, 3])('a router that ages, seed %i', (seed) => {
  const world = new World(`r${String(seed)}`, seed, start);
  beforeAll(async () => {
    const log = new TestLog(server.store, seed);
    for (let batch = 0; batch < 8; batch++)
      await log.append([0, 1, 2, 3].flatMap((i) => world.step(i === 2 && batch % 2 === 1)));
  }, 60_000);

  test('is the same at every snapshot, and until the next', async () => {
    for (const [i, truth] of world.truths.entries()) {
      compare(await stateAt(server.store, { router: world.router, at: truth.at }), truth);
      const next = world.truths[i + 1];
      if (next !== undefined && i % 5 === 0)
        compare(await stateAt(server.store, { router: world.router, at: next.at - 1 }), truth);
    }
  }, 120_000);

  test('comes with the frame, the layouts and the snapshot it rests on', async () => {
    const last = world.truths.at(-1) as Truth;
    const state = await stateAt(server.store, { router: world.router, at: last.at + 86_400_000 });
    expect(state.asOf.at).toBe(last.at);
    expect(state.document).toBe('{"frame":1}');
    expect(new Set(state.sessions.map((s) => s.layout))).toEqual(new Set(['{"body":1}']));
    const ranks = state.sessions.map((s) => s.rank);
    expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
  });

  test('is filtered as the command filters', async () => {
    const last = world.truths.at(-1) as Truth;
    const key = [...last.records.keys()][0] as string;
    const [tunnel, session] = key.split(' ') as [string, string];
    const at = last.at;
    const one = await stateAt(server.store, {
      router: world.router,
      at,
      scope: { 'local-session-id': session, 'local-tunnel-id': tunnel },
    });
    expect(one.sessions.map((s) => s.record.values)).toEqual([last.records.get(key)?.values]);
    const peers = await stateAt(server.store, {
      router: world.router,
      at,
      scope: { 'peer-gateway-name': 'lac1' },
    });
    expect(peers.sessions).toHaveLength(last.records.size);
    const none = await stateAt(server.store, {
      router: world.router,
      at,
      scope: { 'peer-gateway-name': "x' OR 1" },
    });
    expect(none.sessions).toEqual([]);
  });
});

test('a keyframe counts only once all of its pieces are there', async () => {
  const world = new World('pieces', 9, start);
  const log = new TestLog(server.store, 40);
  await log.append(world.step());
  const [delta, first, second] = world.step(true);
  if (delta === undefined || first === undefined || second === undefined) throw new Error('no keyframe');
  await log.append([delta, first]);
  const truth = world.truths[1] as Truth;
  const before = await stateAt(server.store, { router: 'pieces', at: truth.at });
  compare(before, truth);
  await log.append([second]);
  compare(await stateAt(server.store, { router: 'pieces', at: truth.at }), truth);
});

test('what cannot be answered is said', async () => {
  const ask = (router: string, at: number) => stateAt(server.store, { router, at });
  await expect(ask("no'such", start)).rejects.toThrow('there is no history of a router named "no\'such"');
  await expect(ask('r1', 0)).rejects.toThrow('begins at');
  await expect(ask('r1', -(10 ** 15))).rejects.toBeInstanceOf(QuestionError);
  await expect(
    stateAt(server.store, { router: 'r1', at: Date.now(), scope: { 'local-session-id': '70000' } }),
  ).rejects.toThrow('from 0 to 65535');
});
