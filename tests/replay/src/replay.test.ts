/** `reel replay` over a real Kafka: killed and run again, each message stands once, and is what came in. */
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Store, migrate } from '@sessionreel/clickhouse';
import { headersOf, simulate, type Capture } from '@sessionreel/fleet-sim';
import {
  KafkaAdmin,
  KafkaClient,
  KafkaProducer,
  headerText,
  readRange,
  type KafkaLog,
  type Message,
} from '@sessionreel/kafka';
import { testServers, type TestServers } from '@sessionreel/local';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const pinned = join(root, 'node_modules/node/bin/node');
const nothing = (): void => undefined;
const log: KafkaLog = { debug: nothing, info: nothing, warn: nothing, error: nothing };

let servers: TestServers;
let kafka: KafkaClient;
let admin: KafkaAdmin;
let store: Store;
const apps: ChildProcess[] = [];
const captures: Capture[] = [];
/** A fleet of yesterday: the processor takes nothing from the future. */
const start = Math.floor(Date.now() / 3_600_000) * 3_600_000 - 86_400_000;

function environment(): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    REEL_KAFKA_BROKERS: servers.kafka.address,
    REEL_CLICKHOUSE_URL: servers.clickhouse.address,
    REEL_HEALTH_PORT: '0',
    NO_COLOR: '1',
  };
  delete env['FORCE_COLOR'];
  return env;
}

beforeAll(async () => {
  servers = await testServers({ partitions: 2 });
  const settings = {
    url: servers.clickhouse.address,
    database: 'sessionreel',
    user: 'default',
    password: '',
  };
  await migrate(settings);
  store = new Store(settings);
  kafka = new KafkaClient({ brokers: [servers.kafka.address], clientId: 'test', log });
  admin = new KafkaAdmin(kafka);
  for (const app of ['processor', 'loader'])
    apps.push(
      spawn(pinned, [join(root, `apps/${app}/src/main.ts`)], { env: environment(), stdio: 'ignore' }),
    );
  await feed();
}, 300_000);

afterAll(async () => {
  for (const app of apps) app.kill('SIGTERM');
  for (const app of apps)
    if (app.exitCode === null && app.signalCode === null)
      await new Promise((resolve) => app.once('exit', resolve));
  await admin.stop();
  await store.close();
  await servers.stop();
}, 120_000);

/** Captures of a small fleet go in; waits until all of them can be queried. */
async function feed(): Promise<void> {
  const sim = simulate({
    seed: 3,
    routers: { count: 2, sessions: 8, formats: ['text', 'json'], timezones: ['UTC'] },
    start,
    durationMs: 1_800_000,
    pollEveryMs: 60_000,
    faults: 'none',
  });
  for (const item of sim) if (item.kind === 'capture') captures.push(item);
  const producer = new KafkaProducer(kafka);
  for (const capture of captures)
    await producer.send('l2tp.snapshots', [
      { key: capture.router, value: capture.bytes, headers: headersOf(capture) },
    ]);
  await producer.stop();
  const deadline = Date.now() + 200_000;
  for (;;) {
    const rows = await store.rows<{ n: string }>(
      "SELECT count() AS n FROM snapshots WHERE outcome = 'applied' AND kafka_offset <= (SELECT max(kafka_offset) FROM loader_progress)",
    );
    if (Number(rows[0]?.n) >= captures.length) return;
    if (Date.now() > deadline)
      throw new Error(`${rows[0]?.n ?? '0'} of ${String(captures.length)} captures arrived`);
    await sleep(500);
  }
}

interface Ran {
  readonly status: number | null;
  readonly out: string;
}

function reel(args: readonly string[], killAfter?: (out: string) => Promise<boolean>): Promise<Ran> {
  return new Promise((resolve) => {
    // The entry itself, so that a kill reaches it and not a parent of its.
    const child = spawn(pinned, [join(root, 'apps/cli/src/reel.ts'), ...args], { env: environment() });
    let out = '';
    const add = (chunk: Buffer): void => {
      out += chunk.toString();
    };
    child.stdout.on('data', add);
    child.stderr.on('data', add);
    const watch = async (): Promise<void> => {
      while (child.exitCode === null && child.signalCode === null) {
        await sleep(200);
        if ((await killAfter?.(out)) === true) child.kill('SIGKILL');
      }
    };
    if (killAfter !== undefined) void watch();
    child.on('close', (status) => {
      resolve({ status, out });
    });
  });
}

async function messagesIn(topic: string): Promise<Message[]> {
  const found: Message[] = [];
  for (const partition of [0, 1])
    for await (const chunk of readRange(kafka, { topic, partition, from: 0 }))
      found.push(
        ...chunk.messages.map((m) => ({ ...m, value: m.value === null ? null : Buffer.from(m.value) })),
      );
  return found;
}

const nameOf = (m: Message): string => `${String(m.key)} ${String(headerText(m, 'captured-at'))}`;

test('a replay that is killed goes on where it was, and sends what came in', async () => {
  const topic = 'replayed';
  await admin.createTopics([{ topic, partitions: 2 }]);
  const range = ['--from', new Date(start).toISOString(), '--to', new Date(start + 3_600_000).toISOString()];
  // Half an hour in a minute: it pauses, commits what it has, and is killed in between, twice.
  const command = ['replay', ...range, '--topic', topic];
  for (const least of [8, 20]) {
    const killed = await reel(
      [...command, '--speed', '30'],
      async () => (await messagesIn(topic)).length >= least,
    );
    expect(killed.status, killed.out).toBeNull();
  }
  const resumed = await reel(command);
  expect(resumed.status, resumed.out).toBe(0);
  expect(resumed.out).toContain('goes on behind');
  const found = await messagesIn(topic);
  const sent = new Map(captures.map((c) => [`${c.router} ${new Date(c.capturedAt).toISOString()}`, c]));
  expect(found.map(nameOf).sort()).toEqual([...sent.keys()].sort());
  for (const message of found) {
    const capture = sent.get(nameOf(message)) as Capture;
    // The router's own words; what stood around them, the prompts, was the terminal's.
    const value = message.value?.toString() ?? '';
    expect(value.length, nameOf(message)).toBeGreaterThan(500);
    expect(Buffer.from(capture.bytes).toString(), nameOf(message)).toContain(value);
  }
  // In the order of time, each router's own.
  for (const own of Map.groupBy(found, (m) => String(m.key)).values())
    expect(own.map(nameOf)).toEqual(own.map(nameOf).toSorted());
  const again = await reel(command);
  expect([again.status, again.out.includes('were sent before')]).toEqual([0, true]);
  expect((await messagesIn(topic)).length).toBe(found.length);
}, 280_000);

test('what cannot be replayed is said', async () => {
  const range = ['--from', new Date(start).toISOString(), '--to', new Date(start + 3_600_000).toISOString()];
  const cases: [string[], number, string][] = [
    [['replay', ...range, '--topic', 'nowhere'], 3, 'nowhere'],
    [['replay', ...range, '--topic', 'replayed', '--speed', '0'], 2, '--speed'],
    [['replay', '--from', '-1h', '--to', '-2h', '--topic', 'replayed'], 2, 'before'],
    [['replay', ...range, '--topic', 'replayed', '--router', "x' OR 1=1"], 1, 'nothing to replay'],
  ];
  for (const [args, status, words] of cases) {
    const ran = await reel(args);
    expect([ran.status, ran.out.includes(words)], ran.out).toEqual([status, true]);
  }
}, 120_000);
