/** What people and programs may put into any parameter: it is looked for, or refused in a sentence, and never obeyed. */
import {
  QuestionError,
  anomaliesIn,
  audit,
  billing,
  bothEnds,
  boundTo,
  busiestHours,
  churn,
  concurrency,
  coverageOf,
  diffStates,
  fleetAt,
  growth,
  history,
  namedTraffic,
  replayEvents,
  replaySnapshots,
  stateAt,
  whatIf,
  whoHad,
} from '@sessionreel/queries';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestLog } from './events.ts';
import { testServer, type TestServer } from './server.ts';
import { World } from './world.ts';

let server: TestServer;
const world = new World("lns'1", 5, Date.UTC(2026, 10, 20));
let newest = 0;

beforeAll(async () => {
  server = await testServer();
  await new TestLog(server.store, 1).append(Array.from({ length: 5 }, () => world.step()).flat());
  newest = world.truths.at(-1)?.at ?? 0;
}, 120_000);
afterAll(() => server.stop(), 60_000);

const hostile = [
  "'; DROP TABLE session_history; --",
  "x' OR 1=1 --",
  'x" UNION ALL SELECT * FROM snapshots --',
  '\\',
  "\\'",
  '`; SYSTEM SHUTDOWN; `',
  '{router:String}',
  '%',
  'a\0b\u001b[2J\u202e',
  '',
  'constructor',
  '__proto__',
  'ü😀'.repeat(200),
];

const hour = 3_600_000;
const at = (): number => newest;
const range = (): { from: number; to: number } => ({ from: newest - 24 * hour, to: newest });

type Ask = (text: string) => Promise<unknown>;
async function drained(items: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Every question with every text that it takes. A choice of words is typed, but programs are not always. */
const questions: readonly (readonly [string, Ask])[] = [
  ['state: router', (x) => stateAt(server.store, { router: x, at: at() })],
  [
    'state: user',
    (x) =>
      stateAt(server.store, { router: world.router, at: at(), scope: { user: x } }).then((s) => s.sessions),
  ],
  [
    'state: peer',
    (x) =>
      stateAt(server.store, { router: world.router, at: at(), scope: { 'peer-gateway-name': x } }).then(
        (s) => s.sessions,
      ),
  ],
  [
    'state: id',
    (x) => stateAt(server.store, { router: world.router, at: at(), scope: { 'local-tunnel-id': x } }),
  ],
  ['state: filter', (x) => stateAt(server.store, { router: world.router, at: at(), scope: { [x]: 'x' } })],
  ['history: user', (x) => history(server.store, { user: x }).then((h) => h.events)],
  ['history: address', (x) => history(server.store, { address: x })],
  [
    'history: router',
    (x) => history(server.store, { session: { router: x, tunnel: 1, session: 1 } }).then((h) => h.events),
  ],
  ['who-had', (x) => whoHad(server.store, { address: x, at: at() })],
  ['diff: router', (x) => diffStates(server.store, { router: x, ...range() })],
  [
    'anomalies: router',
    (x) => (x === '' ? Promise.resolve([]) : anomaliesIn(server.store, { ...range(), router: x })),
  ],
  ['both ends: router', (x) => bothEnds(server.store, { at: at(), router: x }).then((b) => b.ghosts)],
  ['coverage: routers', (x) => coverageOf(server.store, { ...range(), routers: [x] }).then((c) => c.routers)],
  [
    'series: routers',
    (x) =>
      concurrency(server.store, { ...range(), stepS: 3_600, by: 'router', routers: [x] }).then(
        (s) => s.series,
      ),
  ],
  [
    'series: role',
    (x) =>
      concurrency(server.store, { ...range(), stepS: 3_600, by: 'router', role: x as 'lac' }).then(
        (s) => s.series,
      ),
  ],
  ['fleet: by', (x) => fleetAt(server.store, { at: at(), by: x as 'state' })],
  ['traffic: by', (x) => namedTraffic(server.store, { ...range(), by: x as 'user' })],
  ['billing: month', (x) => billing(server.store, { month: x, by: 'realm' })],
  [
    'busy hours: by',
    (x) => busiestHours(server.store, { ...range(), by: x as 'router', measure: 'sessions' }),
  ],
  ['growth: router', (x) => growth(server.store, { ...range(), router: x })],
  ['what if: without', (x) => whatIf(server.store, { ...range(), without: [x] })],
  ['replay: snapshots', (x) => drained(replaySnapshots(server.store, { ...range(), routers: [x] }))],
  ['replay: events', (x) => drained(replayEvents(server.store, { ...range(), routers: [x] }))],
  // A router's name is no longer than 255 bytes.
  ['bounds', (x) => fleetAt(boundTo(server.store, [x.slice(0, 60)]), { at: at(), by: 'router' })],
];

async function counts(): Promise<unknown> {
  return await server.store.rows(
    'SELECT name, total_rows FROM system.tables WHERE database = currentDatabase() ORDER BY name',
  );
}

test.each(questions)(
  '%s',
  async (_, ask) => {
    const before = await counts();
    for (const text of hostile) {
      try {
        expect(await ask(text), JSON.stringify(text)).toEqual([]);
      } catch (error) {
        expect(error, `${JSON.stringify(text)}: ${String(error)}`).toBeInstanceOf(QuestionError);
        expect((error as Error).message.length).toBeGreaterThan(10);
      }
    }
    expect(await counts()).toEqual(before);
  },
  120_000,
);

describe('many and long names', () => {
  test('of those that a person may see', async () => {
    const others = Array.from({ length: 2_000 }, (_, i) => `${'x'.repeat(40)}'${String(i)}`);
    const bound = boundTo(server.store, [...others, world.router]);
    expect(await fleetAt(bound, { at: at(), by: 'router' })).toMatchObject([{ name: world.router }]);
    expect((await stateAt(bound, { router: world.router, at: at() })).consistent).toBe(true);
    await expect(
      stateAt(boundTo(server.store, others), { router: world.router, at: at() }),
    ).rejects.toBeInstanceOf(QuestionError);
  });

  test('of subscribers and routers are asked for, or refused in a sentence', async () => {
    expect((await history(server.store, { user: 'é'.repeat(50_000) })).events).toEqual([]);
    const routers = Array.from({ length: 5_000 }, (_, i) => `router ${String(i)}`);
    const { series } = await concurrency(server.store, { ...range(), stepS: 60, by: 'router', routers });
    expect(series).toEqual([]);
    await expect(history(server.store, { user: 'x'.repeat(2_000_000) })).rejects.toThrow(/too long/);
  });
});

describe('names with quotes are names', () => {
  test('of a router', async () => {
    const state = await stateAt(server.store, { router: world.router, at: at() });
    expect(state.sessions.length).toBe(world.truths.at(-1)?.records.size);
    expect(await fleetAt(boundTo(server.store, [world.router]), { at: at(), by: 'router' })).toMatchObject([
      { name: world.router },
    ]);
  });

  test('of a subscriber', async () => {
    const user = String(
      [...(world.truths.at(-1)?.records.values() ?? [])]
        .map((r) => r.values['user_name'])
        .find((u) => u !== undefined),
    );
    expect(user).toContain(`'"\\`);
    const { events } = await history(server.store, { user });
    expect(events.length).toBeGreaterThan(0);
    const { sessions } = await stateAt(server.store, { router: world.router, at: at(), scope: { user } });
    expect(sessions.map((s) => s.record.values['user_name'])).toEqual([user]);
  });
});

describe('times', () => {
  const first = (): number => world.truths[0]?.at ?? 0;

  test('before all history, not at all, and reversed are refused in a sentence', async () => {
    const refused: [() => Promise<unknown>, RegExp][] = [
      [
        () => stateAt(server.store, { router: world.router, at: first() - 1 }),
        /history of lns'1 begins at 2026-11-20/,
      ],
      [() => stateAt(server.store, { router: 'nobody', at: at() }), /no history of a router named "nobody"/],
      [() => stateAt(server.store, { router: world.router, at: Number.NaN }), /not a time/],
      [() => diffStates(server.store, { router: world.router, from: at(), to: first() }), /after the second/],
      [() => churn(server.store, { from: at(), to: first(), stepS: 60 }), /after the time to end/],
      [() => churn(server.store, { from: 0, to: at(), stepS: 1 }), /longer step/],
      [() => concurrency(server.store, { from: 0, to: 1, stepS: 0, by: 'router' }), /longer step/],
      [() => history(server.store, { session: { router: 'x', tunnel: 65_536, session: 1 } }), /no id/],
      [() => history(server.store, { session: { router: 'x', tunnel: 1.5, session: 1 } }), /no id/],
      [() => whatIf(server.store, { from: first(), to: at(), without: [], growth: -2 }), /above -1/],
    ];
    for (const [ask, words] of refused) {
      const said: unknown = await ask().catch((error: unknown) => error);
      expect(said).toBeInstanceOf(QuestionError);
      expect((said as Error).message).toMatch(words);
    }
  });

  test('in a gap say as of when, and an empty range is empty with nothing to rest on', async () => {
    const later = await stateAt(server.store, { router: world.router, at: at() + 10 * hour });
    expect([later.asOf.at, later.at]).toEqual([at(), at() + 10 * hour]);
    const far = await coverageOf(server.store, { from: at() + hour, to: at() + 2 * hour });
    expect([far.routers, far.missing]).toEqual([[], [world.router]]);
    const { rows } = await namedTraffic(server.store, { from: at() + hour, to: at() + 2 * hour, by: 'user' });
    expect(rows).toEqual([]);
    const { series } = await concurrency(server.store, {
      from: at() + 2 * hour,
      to: at() + 3 * hour,
      stepS: 60,
      by: 'router',
    });
    expect(series).toEqual([]);
    expect((await audit(server.store, { from: at() + hour, to: at() + 2 * hour })).problems).toEqual([]);
  });
});
