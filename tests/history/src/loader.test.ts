/** The loader as a process, on a real Kafka and ClickHouse, killed while it works. */
import { spawn, type ChildProcess } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { FencedError, Store, healRange, migrate } from '@sessionreel/clickhouse';
import { KafkaAdmin, KafkaClient, KafkaProducer, type OutgoingMessage } from '@sessionreel/kafka';
import { testServers, type TestServers } from '@sessionreel/local';
import { createLogger, waitFor } from '@sessionreel/ops';
import { createEventWriter, encodeEvent, takeWritten } from '@sessionreel/session-events';
import type { SessionDelta } from '@sessionreel/session-model';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { random, World } from './world.ts';

let servers: TestServers;
let store: Store;
let producer: KafkaProducer;
let admin: KafkaAdmin;
const running = new Set<ChildProcess>();

beforeAll(async () => {
  servers = await testServers();
  const kafka = new KafkaClient({
    brokers: [servers.kafka.address],
    clientId: 'test',
    log: createLogger('test', { level: 'silent' }),
  });
  producer = new KafkaProducer(kafka);
  admin = new KafkaAdmin(kafka);
  const settings = {
    url: servers.clickhouse.address,
    database: 'sessionreel',
    user: 'default',
    password: '',
  };
  // A loader that is killed while it migrates leaves a lock that the next one waits for.
  await migrate(settings);
  store = new Store(settings);
}, 120_000);

afterAll(async () => {
  for (const child of running) child.kill('SIGKILL');
  await producer.stop();
  await admin.stop();
  await store.close();
  await servers.stop();
}, 60_000);

const main = fileURLToPath(new URL('../../../apps/loader/src/main.ts', import.meta.url));

function startLoader(): ChildProcess {
  const child = spawn(process.execPath, [main], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      REEL_KAFKA_BROKERS: servers.kafka.address,
      REEL_CLICKHOUSE_URL: servers.clickhouse.address,
      REEL_LOG_FORMAT: 'json',
      REEL_LOADER_LINGER: '50ms',
      REEL_LOADER_SESSION_TIMEOUT: '6s',
    },
  });
  running.add(child);
  child.stdout.on('data', (chunk: Buffer) =>
    appendFileSync(process.env['REEL_TEST_LOG'] ?? '/dev/null', chunk),
  );
  child.on('exit', () => running.delete(child));
  return child;
}

async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode;
  child.kill(signal);
  const [status] = (await once(child, 'exit')) as [number | null];
  return status;
}

function event(delta: SessionDelta): OutgoingMessage {
  const writer = createEventWriter();
  encodeEvent(delta, writer);
  return { key: delta.router, value: takeWritten(writer) };
}

/** Rows by table and what they add up to, without where they came from. */
async function contents(): Promise<unknown> {
  const sums: Record<string, unknown> = {};
  for (const table of [
    'session_history',
    'counter_deltas',
    'session_prints',
    'snapshots',
    'traffic_by_snapshot',
    'session_ends',
    'sessions_by_address',
  ])
    sums[table] = await store.rows(
      `SELECT count() AS n, uniqExact(router, seq, at) AS events, sum(cityHash64(router, at, seq)) AS hash FROM ${table}`,
    );
  return sums;
}

const arrived = async (): Promise<number> =>
  Number((await store.rows<{ n: string }>('SELECT count() AS n FROM deltas'))[0]?.n);

/** Partitions whose newest insert is not proven in every table yet. */
const pendingPartitions = async (): Promise<number> =>
  Number(
    (
      await store.rows<{ n: string }>(
        `SELECT count() AS n FROM (SELECT kafka_partition, max(kafka_offset) AS newest FROM deltas GROUP BY kafka_partition) AS d
         LEFT JOIN (SELECT kafka_partition, max(kafka_offset) AS loaded FROM loader_progress GROUP BY kafka_partition) AS p USING kafka_partition
         WHERE loaded < newest`,
      )
    )[0]?.n,
  );

test('every event stands there once, whenever the loader is killed', async () => {
  const next = random(5);
  const worlds = ['a', 'b', 'c', 'd'].map((name, i) => new World(name, i + 1, Date.UTC(2026, 10, 20)));
  const truth = { opened: 0, counters: 0, messages: 0, prints: 0, history: 0 };
  let loader = startLoader();
  for (let round = 0; round < 8; round++) {
    const deltas = worlds.flatMap((w) => [0, 1, 2].flatMap((i) => w.step(i === 2 && round % 3 === 2)));
    for (const d of deltas) {
      truth.messages++;
      truth.opened += d.opened.length;
      truth.counters += d.counters.length + d.counters_rounded.length;
      truth.prints += d.prints.length;
      truth.history +=
        d.opened.length + d.changed.length + d.closed.length + d.rebase.length + d.keyframe.length;
    }
    await producer.send('l2tp.events', [
      ...deltas.map(event),
      { key: 'a', value: new Uint8Array([1, 2, 3]), headers: { kind: 'checkpoint' } },
    ]);
    await new Promise((resolve) => setTimeout(resolve, 200 + next() * 1_500));
    if (round % 2 === 1) {
      await kill(loader, 'SIGKILL');
      loader = startLoader();
    }
  }
  await waitFor(
    'all events',
    async () => (await arrived()) >= truth.messages && (await pendingPartitions()) === 0,
    {
      limitMs: 60_000,
    },
  );
  const rows = await store.rows<Record<string, string>>(`SELECT
    (SELECT count() FROM deltas) AS messages, (SELECT countIf(kind = 'opened') FROM session_history) AS opened,
    (SELECT count() FROM counter_deltas) AS counters, (SELECT count() FROM session_prints) AS prints,
    (SELECT count() FROM session_history) AS history`);
  expect(Object.fromEntries(Object.entries(rows[0] ?? {}).map(([k, v]) => [k, Number(v)]))).toEqual(truth);

  // Stopped in order it leaves nothing pending, and a start over changes nothing.
  expect(await kill(loader, 'SIGTERM')).toBe(0);
  const before = await contents();
  const committed = await admin.committed('sessionreel-loader', 'l2tp.events');
  expect([...committed.values()].map((c) => c.metadata).filter((m) => m !== '')).toEqual([]);
  loader = startLoader();
  await producer.send('l2tp.events', [
    { key: 'a', value: null },
    { key: 'a', value: new Uint8Array([9, 9]) },
  ]);
  await waitFor(
    'two dead letters',
    async () => {
      const found = await store.rows<{ n: string }>(
        "SELECT count() AS n FROM dead_letters WHERE topic = 'l2tp.events'",
      );
      return found[0]?.n === '2';
    },
    { limitMs: 60_000 },
  );
  expect(await contents()).toEqual(before);

  // One that has framing and head of an event, and ends in the middle: only ClickHouse sees that. Its neighbours arrive.
  const good = worlds.flatMap((w) => w.step());
  const [broken] = worlds[0]?.step() ?? [];
  if (broken === undefined) return expect.fail('no event');
  const bytes = event(broken).value ?? new Uint8Array();
  const messages = good.map(event);
  messages.splice(2, 0, { key: 'a', value: bytes.subarray(0, Math.floor(bytes.length * 0.7)) });
  await producer.send('l2tp.events', messages);
  await waitFor(
    'its neighbours',
    async () => (await arrived()) === truth.messages + good.length && (await pendingPartitions()) === 0,
    { limitMs: 60_000 },
  );
  const letters = await store.rows<{ reason: string }>(
    "SELECT reason FROM dead_letters WHERE topic = 'l2tp.events' AND startsWith(reason, 'bad_data')",
  );
  expect(letters).toHaveLength(1);
  const ends = await admin.watermarks('l2tp.events.dlq');
  expect([...ends.values()].reduce((sum, { high }) => sum + high, 0)).toBe(3);

  // A loader that lost its partitions and does not know it yet must not remove what its successor wrote.
  const held = await contents();
  await expect(healRange(store, { partition: 0, first: 0, last: 1e6 }, 'nobody', 1)).rejects.toBeInstanceOf(
    FencedError,
  );
  expect(await contents()).toEqual(held);
  expect(await kill(loader, 'SIGTERM')).toBe(0);
  const [epoch] = await store.rows<{ epoch: string }>('SELECT max(epoch) AS epoch FROM loader_fence');
  expect(
    await healRange(store, { partition: 0, first: 0, last: 1e6 }, 'nobody', Number(epoch?.epoch)),
  ).toBeGreaterThan(0);
  expect(await store.rows('SELECT count() AS n FROM session_history WHERE kafka_partition = 0')).toEqual([
    { n: '0' },
  ]);
}, 300_000);
