/** Replay: what was stored, played into an empty Sessionreel, is the same history again. */
import { migrate, Store } from '@sessionreel/clickhouse';
import { replayEvents, replaySnapshots, leftOut, type ReplayPosition } from '@sessionreel/queries';
import type { SessionDelta } from '@sessionreel/session-model';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestLog } from './events.ts';
import { Pipe, fleetOf, type SimulatedFleet } from './pipe.ts';
import { testServer, type TestServer } from './server.ts';
import { World } from './world.ts';

const start = Date.UTC(2026, 9, 24, 23);
const end = start + 2_700_000;
const zones = ['Europe/Berlin', 'UTC'];
const range = { from: start, to: end + 3_600_000 };

let server: TestServer;
let fleet: SimulatedFleet;
const copies: Store[] = [];

beforeAll(async () => {
  server = await testServer();
  fleet = await fleetOf(
    server,
    {
      seed: 77,
      routers: { count: 3, sessions: 12, formats: ['text', 'xml', 'json'], timezones: zones },
      start,
      durationMs: end - start,
      pollEveryMs: 120_000,
      polls: [
        { level: 'extensive', everyMs: 120_000 },
        { level: 'brief', everyMs: 300_000 },
      ],
      faults: 'none',
      life: { lifetimeMs: 900_000, hostileNames: 0.3, wrapShare: 0.3, flapping: 0.05 },
      printRate: 20,
      textEnds: 'mixed',
    },
    0,
    900_000,
  );
}, 120_000);
afterAll(async () => {
  for (const copy of copies) await copy.close();
  await server.stop();
}, 60_000);

/** Another, empty Sessionreel on the same server. */
async function empty(database: string): Promise<Store> {
  const settings = { ...server.settings, database };
  await migrate(settings);
  const store = new Store(settings);
  copies.push(store);
  return store;
}

/** A hash of a table's rows, whatever their order, without the columns named. */
async function hashOf(store: Store, table: string, without: readonly string[], where = '1'): Promise<string> {
  const columns = await store.rows<{ name: string }>(
    `SELECT name FROM system.columns WHERE database = currentDatabase() AND table = {table:String} ORDER BY position`,
    { params: { table } },
  );
  const names = columns.map((c) => c.name).filter((n) => !without.includes(n));
  const rows = await store.rows<{ n: string; hash: string }>(
    `SELECT count() AS n, sum(cityHash64(${names.map((n) => `toString(${n})`).join(', ')})) AS hash FROM ${table} WHERE ${where}`,
  );
  return `${rows[0]?.n ?? ''} ${rows[0]?.hash ?? ''}`;
}

const sources = ['gop', 'seq', 'kafka_partition', 'kafka_offset'];

describe('snapshots printed anew', () => {
  test('into an empty Sessionreel give its history and its traffic, hash for hash', async () => {
    const copy = await empty('again');
    const pipes = new Map<string, Pipe>();
    let snapshots = 0;
    for await (const s of replaySnapshots(server.store, range)) {
      const zone = fleetZone(s.router);
      expect(s.timeZone === '' ? 'UTC' : s.timeZone, s.router).toBe(
        zone === 'UTC' ? 'UTC' : expect.stringMatching(/^Etc\/GMT-[12]$/),
      );
      const pipe = pipes.get(s.router) ?? new Pipe(s.router, zone, 900_000);
      pipes.set(s.router, pipe);
      pipe.process(Buffer.concat([...s.pieces]), s.capturedAt, { command: s.command, complete: true });
      snapshots++;
    }
    const whole = fleet.captures.filter((c) => c.truth.ended).length;
    expect(snapshots).toBe(whole);
    expect(await leftOut(server.store, range)).toMatchObject({
      incomplete: fleet.captures.length - whole,
      late: 0,
    });
    for (const [i, pipe] of [...pipes.values()].entries()) await new TestLog(copy, i).append(pipe.deltas);
    const events = "kind != 'keyframe'";
    expect(await hashOf(copy, 'session_history', sources, events)).toBe(
      await hashOf(server.store, 'session_history', sources, events),
    );
    expect(await hashOf(copy, 'counter_deltas', sources)).toBe(
      await hashOf(server.store, 'counter_deltas', sources),
    );
  }, 240_000);

  const fleetZone = (router: string): string => fleet.zones.get(router) ?? 'UTC';

  test('go on behind any of them', async () => {
    const all: ReplayPosition[] = [];
    for await (const s of replaySnapshots(server.store, { from: start, to: start + 900_000 }))
      all.push(s.position);
    expect(all.length).toBeGreaterThan(8);
    const after = all[4] as ReplayPosition;
    const rest: ReplayPosition[] = [];
    for await (const s of replaySnapshots(server.store, { from: start, to: start + 900_000, after }))
      rest.push(s.position);
    expect(rest).toEqual(all.slice(5));
    for await (const s of replaySnapshots(server.store, { ...range, routers: ["x' OR 1=1 --"] }))
      throw new Error(`nothing should come, but ${s.router}`);
  }, 60_000);
});

describe('events', () => {
  test('are those that were written', async () => {
    const world = new World('again', 3, Date.UTC(2026, 10, 20));
    const log = new TestLog(server.store, 50);
    await log.append(Array.from({ length: 9 }, (_, n) => world.step(n === 4)).flat());
    const found: SessionDelta[] = [];
    const { deltas } = world;
    const times = { from: deltas[0]?.at ?? 0, to: deltas.at(-1)?.at ?? 0 };
    for await (const { delta } of replayEvents(server.store, { ...times, routers: ['again'] }))
      found.push(delta);
    expect(found.map((d) => [d.seq, d.at, d.gop, d.piece, d.pieces])).toEqual(
      deltas.map((d) => [d.seq, d.at, d.gop, d.piece, d.pieces]),
    );
    // Each layout is defined once, where it is first needed.
    expect(found.flatMap((d) => d.layouts.map((l) => l.definition)).sort()).toEqual(
      [...new Set(deltas.flatMap((d) => d.layouts.map((l) => l.definition)))].sort(),
    );
  }, 60_000);

  test('into an empty Sessionreel give every table as it was', async () => {
    const copy = await empty('events');
    const byRouter = new Map<string, SessionDelta[]>();
    for await (const { delta } of replayEvents(server.store, range))
      byRouter.set(delta.router, [...(byRouter.get(delta.router) ?? []), delta]);
    for (const [i, deltas] of [...byRouter.values()].entries()) await new TestLog(copy, i).append(deltas);
    const routers = `router IN (${[...fleet.pipes.keys()].map((r) => `'${r}'`).join(', ')})`;
    const kafka = ['kafka_partition', 'kafka_offset', 'loader_epoch'];
    for (const table of [
      'session_history',
      'counter_deltas',
      'session_prints',
      'snapshots',
      'deltas',
      'router_events',
      'anomalies',
      'traffic_by_snapshot',
      'session_ends',
      'connect_speeds',
      'sessions_by_user',
      'sessions_by_address',
    ])
      expect(await hashOf(copy, table, kafka), table).toBe(await hashOf(server.store, table, kafka, routers));
  }, 240_000);
});
