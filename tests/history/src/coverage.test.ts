/** Every answer says over which snapshots it was computed, and where data is missing. */
import * as queries from '@sessionreel/queries';
import { QuestionError, type Coverage } from '@sessionreel/queries';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestLog } from './events.ts';
import { testServer, type TestServer } from './server.ts';
import { World } from './world.ts';

const hour = 3_600_000;
const begin = Date.UTC(2026, 10, 20);
let server: TestServer;
/** Heard until the end; silent since hours before it; silent since before the range. */
const heard = new World('heard', 3, begin + 40 * hour);
const silent = new World('silent', 4, begin + 36 * hour);
const gone = new World('gone', 5, begin);
let [from, to] = [0, 0];

beforeAll(async () => {
  server = await testServer();
  for (const [i, world] of [heard, silent, gone].entries())
    await new TestLog(server.store, i).append(Array.from({ length: 12 }, () => world.step()).flat());
  from = begin + 35 * hour;
  to = lastOf(heard);
}, 120_000);
afterAll(() => server.stop(), 60_000);

const lastOf = (world: World): number => world.truths.at(-1)?.at ?? 0;

interface Of {
  readonly from: number;
  readonly to: number;
  readonly at: number;
  readonly router: string;
}
type Ask = (of: Of) => Promise<unknown> | AsyncIterable<unknown>;

const ask = (): typeof server.store => server.store;
const key = (): { readonly tunnel: number; readonly session: number } => {
  const [tunnel = 0, session = 0] = ([...(heard.truths.at(-1)?.records.keys() ?? [])][0] ?? '')
    .split(' ')
    .map(Number);
  return { tunnel, session };
};
const range = ({ from: a, to: b }: Of) => ({ from: a, to: b });

/** About the whole fleet, of a range. */
const ofRange: Readonly<Record<string, Ask>> = {
  anomalies: (of) => queries.anomalies(ask(), { ...range(of), limit: 10 }),
  anomaliesIn: (of) => queries.anomaliesIn(ask(), range(of)),
  audit: (of) => queries.audit(ask(), range(of)),
  auditStates: (of) => queries.auditStates(ask(), { ...range(of), hashOf: () => '' }),
  busiestHours: (of) => queries.busiestHours(ask(), { ...range(of), by: 'fleet', measure: 'sessions' }),
  busyHours: (of) => queries.busyHours(ask(), range(of)),
  churn: (of) => queries.churn(ask(), { ...range(of), stepS: 3_600 }),
  concurrency: (of) => queries.concurrency(ask(), { ...range(of), stepS: 3_600, by: 'fleet' }),
  coverageOf: async (of) => ({ coverage: await queries.coverageOf(ask(), range(of)) }),
  deadLetters: (of) => queries.deadLetters(ask(), { ...range(of), limit: 10 }),
  diffFleet: (of) => queries.diffFleet(ask(), range(of)),
  echoTimeouts: (of) => queries.echoTimeouts(ask(), range(of)),
  endsByReason: (of) => queries.endsByReason(ask(), range(of)),
  flapping: (of) => queries.flapping(ask(), range(of)),
  headroom: (of) => queries.headroom(ask(), range(of)),
  leftOut: (of) => queries.leftOut(ask(), range(of)),
  ledgerEntries: (of) => queries.ledgerEntries(ask(), { ...range(of), limit: 10 }),
  limitUses: (of) => queries.limitUses(ask(), range(of)),
  namedTraffic: (of) => queries.namedTraffic(ask(), { ...range(of), by: 'user' }),
  quietSessions: (of) => queries.quietSessions(ask(), range(of)),
  routerHappenings: (of) => queries.routerHappenings(ask(), { ...range(of), limit: 10 }),
  sessionHappenings: (of) => queries.sessionHappenings(ask(), { ...range(of), limit: 10 }),
  setupFailures: (of) => queries.setupFailures(ask(), range(of)),
  speedDrops: (of) => queries.speedDrops(ask(), range(of)),
  topTraffic: (of) => queries.topTraffic(ask(), { ...range(of), by: 'router' }),
  trafficOverTime: (of) => queries.trafficOverTime(ask(), { ...range(of), stepS: 3_600, by: 'router' }),
  whatIf: (of) => queries.whatIf(ask(), { ...range(of), without: [], growth: 0.1 }),
};

/** About the whole fleet, of a moment. */
const ofMoment: Readonly<Record<string, Ask>> = {
  bothEnds: ({ at }) => queries.bothEnds(ask(), { at }),
  find: ({ at }) => queries.find(ask(), { at, text: 'heard', limit: 3 }),
  fleetAt: ({ at }) => queries.fleetAt(ask(), { at, by: 'state' }),
  imbalance: ({ at }) => queries.imbalance(ask(), { at }),
  pipelineAt: ({ at }) => queries.pipelineAt(ask(), { at }),
  routersAt: ({ at }) => queries.routersAt(ask(), { at }),
  silentRouters: ({ at }) => queries.silentRouters(ask(), { at, afterS: 900 }),
  speedPlans: ({ at }) => queries.speedPlans(ask(), { at }),
  whoHad: ({ at }) => queries.whoHad(ask(), { at, address: '10.0.0.1' }),
  otherEndOf: ({ at }) => queries.otherEndOf(ask(), { at, router: 'heard', ...key() }),
};

/** About one router. */
const ofRouter: Readonly<Record<string, Ask>> = {
  diffStates: (of) =>
    queries.diffStates(ask(), { router: of.router, from: lastOf(silent) - hour, to: of.to }),
  history: (of) => queries.history(ask(), { ...range(of), session: { router: of.router, ...key() } }),
  sessionTraffic: (of) => queries.sessionTraffic(ask(), { ...range(of), router: of.router, ...key() }),
  sessionsAt: ({ router, at }) => queries.sessionsAt(ask(), { router, at, fields: [] }),
  stateAt: ({ router, at }) => queries.stateAt(ask(), { router, at }),
  stateColumns: ({ router, at }) => queries.stateColumns(ask(), { router, at }),
  tunnelsAt: ({ router, at }) => queries.tunnelsAt(ask(), { router, at }),
};

/** Exports that answer nothing about a time, and why. */
const others: Readonly<Record<string, string>> = {
  billing: 'of a month: below',
  growth: 'wants days: below',
  whatHappened: 'around a moment: below',
  whoHadAll: 'each of its rows names the snapshots between which it holds',
  replayEvents: 'gives history itself, leftOut what is not in it',
  replaySnapshots: 'as replayEvents',
  replaySteps: 'as replayEvents',
  newsBetween: 'what came in, by offsets',
  progress: 'how far the loader is',
  outcomesOf: 'what became of messages',
  dataVersion: 'a mark',
  knownRouters: 'the fleet file',
  routersOfSites: 'the fleet file',
  spanOf: 'is a coverage itself',
};

const helpers = new Set([
  ...['QuestionError', 'backTest', 'boundTo', 'daysUntil', 'fitModel', 'masked'],
  ...['maskedCommand', 'maskedNames', 'maskedReason', 'piecesOf', 'pointParams', 'pointRows', 'scopeText'],
]);

test('there is no question that is not held to it', () => {
  const known = new Set([ofRange, ofMoment, ofRouter, others].flatMap((of) => Object.keys(of)));
  const questions = Object.entries(queries)
    .filter(([name, value]) => typeof value === 'function' && !helpers.has(name))
    .map(([name]) => name);
  expect(questions.filter((name) => !known.has(name))).toEqual([]);
  expect([...known].filter((name) => !questions.includes(name))).toEqual([]);
});

async function coverageIn(answer: ReturnType<Ask>): Promise<Coverage> {
  if (Symbol.asyncIterator in answer) {
    for await (const block of answer) return (block as { coverage: Coverage }).coverage;
    throw new Error('no block');
  }
  return ((await answer) as { coverage: Coverage }).coverage;
}

const routersOf = ({ routers }: Coverage) => routers.map((r) => r.router);
const gapsOf = ({ routers }: Coverage, name: string) => routers.find((r) => r.router === name)?.gaps;

describe('what an answer rests on', () => {
  test.each(Object.entries(ofRange))('of a range: %s', async (_, one) => {
    const coverage = await coverageIn(one({ from, to, at: to, router: '' }));
    expect([coverage.from, coverage.to]).toEqual([from, to]);
    expect(routersOf(coverage)).toEqual(['heard', 'silent']);
    expect(coverage.routers.map((r) => [r.snapshots, r.first, r.last])).toEqual(
      [heard, silent].map((w) => [w.truths.length, w.truths[0]?.at, lastOf(w)]),
    );
    expect(gapsOf(coverage, 'silent')?.at(-1)).toEqual([lastOf(silent), to]);
    expect(gapsOf(coverage, 'heard')?.at(-1)?.[1]).not.toBe(to);
    expect(coverage.missing).toEqual(['gone']);
  });

  test.each(Object.entries(ofMoment))('of a moment: %s', async (_, one) => {
    const coverage = await coverageIn(one({ from, to, at: to, router: '' }));
    expect([coverage.from, coverage.to]).toEqual([to, to]);
    if (routersOf(coverage).length > 1) {
      expect(routersOf(coverage)).toEqual(['heard', 'silent']);
      expect(gapsOf(coverage, 'silent')).toEqual([[lastOf(silent), to]]);
      expect(coverage.missing).toEqual(['gone']);
    }
    expect(gapsOf(coverage, 'heard')).toEqual([]);
    expect(coverage.routers.every((r) => r.snapshots === 1 && r.first === r.last)).toBe(true);
  });

  test.each(Object.entries(ofRouter))('of one router: %s', async (_, one) => {
    const coverage = await coverageIn(one({ from, to, at: to, router: 'silent' }));
    expect(routersOf(coverage)).toEqual(['silent']);
    expect(coverage.routers[0]?.last).toBe(lastOf(silent));
    expect(coverage.routers[0]?.gaps.at(-1)).toEqual([lastOf(silent), to]);
    expect(coverage.missing).toEqual([]);
  });

  test('of a month, and around a moment', async () => {
    const bill = await queries.billing(ask(), { month: '2026-11', by: 'realm' });
    expect([bill.coverage.from, bill.coverage.to]).toEqual([Date.UTC(2026, 10), Date.UTC(2026, 11)]);
    expect(routersOf(bill.coverage)).toEqual(['gone', 'heard', 'silent']);
    const { coverage } = await queries.whatHappened(ask(), { around: to - hour, withinS: 600 });
    expect(routersOf(coverage)).toContain('heard');
  });

  test('is not told of what can not be asked', async () => {
    const reversed = range({ from: to, to: from, at: 0, router: '' });
    for (const one of Object.values(ofRange))
      await expect(Promise.resolve(one({ ...reversed, at: 0, router: '' }))).rejects.toThrow(QuestionError);
  });
});
