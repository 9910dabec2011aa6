/** The checks of `reel doctor`, in the order in which things depend on each other. */
import { spawnSync } from 'node:child_process';
import { existsSync, statfsSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { appliedMigrations, readMigrations, type Store } from '@sessionreel/clickhouse';
import { KafkaAdmin, TransactionalProducer } from '@sessionreel/kafka';
import { cacheFolder, kafkaVersion, remedy, topicPlans } from '@sessionreel/local';
import { connectKafka, openStore, settingsOf, tellable, type ConnectionFlags } from '../connections.ts';
import { brokerAge } from '../up/kafka-version.ts';

export interface Finding {
  readonly grade: 'good' | 'doubtful' | 'wrong';
  readonly what: string;
  readonly found: string;
  /** What to do about it. */
  readonly remedy?: string;
}

const good = (what: string, found: string): Finding => ({ grade: 'good', what, found });
const doubtful = (what: string, found: string, remedy: string): Finding => ({
  grade: 'doubtful',
  what,
  found,
  remedy,
});
const wrong = (what: string, found: string, remedy: string): Finding => ({
  grade: 'wrong',
  what,
  found,
  remedy,
});
const text = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Room below which a day of a busy fleet may not fit, bytes. */
const roomMin = 10 * 2 ** 30;
/** Clocks this far apart bend ages and "now", ms. */
const clockMaxMs = 2_000;

export async function* checkMachine(
  flags: { readonly data: string } & ConnectionFlags,
): AsyncGenerator<Finding> {
  const major = Number(process.versions.node.split('.')[0]);
  yield major >= 24
    ? good('Node', process.version)
    : wrong(
        'Node',
        `${process.version}, which cannot run TypeScript as it is`,
        'Run npx reel in the clone: it takes the pinned Node.',
      );
  yield* checkJava();
  yield checkDisk(flags.data);
  const settings = settingsOf(flags);
  const ours = [
    ['Kafka', settings.kafkaBrokers[0] ?? '127.0.0.1:9092', '--kafka-port'],
    ['ClickHouse', new URL(settings.clickhouseUrl).host, '--clickhouse-port'],
    ['the console', `127.0.0.1:${process.env['REEL_CONSOLE_PORT'] ?? '8080'}`, '--console-port'],
  ] as const;
  for (const [name, address, flag] of ours) yield await checkPort(name, address, flag);
}

function* checkJava(): Generator<Finding> {
  const asked = spawnSync('java', ['-version'], { encoding: 'utf8' });
  const version = /version "(?:1\.)?(\d+)[^"]*"/.exec(`${asked.stderr}${asked.stdout}`);
  const sentence = (what: 'java' | 'maven'): string => `Only for the Kafka of reel up: ${remedy(what)}.`;
  if (asked.status !== 0) yield doubtful('Java', 'missing', sentence('java'));
  else if (Number(version?.[1] ?? 0) < 17)
    yield doubtful('Java', `${version?.[0] ?? 'unknown'}, older than 17`, sentence('java'));
  else yield good('Java', version?.[0] ?? '');
  const jars = join(cacheFolder(), `kafka-${kafkaVersion}`);
  if (existsSync(jars)) yield good("Kafka's jars", jars);
  else if (spawnSync('mvn', ['-version']).status === 0)
    yield good("Kafka's jars", 'Maven will bring them at the first start');
  else yield doubtful("Kafka's jars", 'missing, and so is Maven, which brings them', sentence('maven'));
}

function checkDisk(data: string): Finding {
  let folder = resolve(data);
  while (!existsSync(folder)) folder = dirname(folder);
  const disk = statfsSync(folder);
  const free = disk.bavail * disk.bsize;
  const found = `${(free / 2 ** 30).toFixed(1)} GiB free at ${folder}`;
  return free >= roomMin
    ? good('Disk', found)
    : doubtful('Disk', found, 'Make room, or give reel up another folder: --data.');
}

/** A port is right when it is free, or when what we expect answers there; which of the two, later checks say. */
async function checkPort(name: string, address: string, flag: string): Promise<Finding> {
  const { hostname, port } = new URL(`tcp://${address}`);
  const taken = await new Promise<boolean>((done) => {
    const socket = connect({ host: hostname, port: Number(port), timeout: 2_000 });
    const end = (answer: boolean): void => {
      socket.destroy();
      done(answer);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
  });
  const what = `Port of ${name}`;
  if (!taken) return good(what, `${address} is free: reel up can take it (${flag})`);
  return good(what, `something answers on ${address}`);
}

export async function* checkKafka(flags: ConnectionFlags): AsyncGenerator<Finding> {
  const settings = settingsOf(flags);
  const broker = settings.kafkaBrokers[0] ?? '';
  let client;
  try {
    client = await connectKafka(settings);
  } catch (error) {
    yield wrong('Kafka', text(error), 'Start it with reel up, or say where it is: REEL_KAFKA_BROKERS.');
    return;
  }
  if (!settings.kafkaSsl)
    try {
      const { isFourOrLater } = await brokerAge(broker);
      yield isFourOrLater
        ? good('Kafka', `4 or later at ${broker}`)
        : doubtful(
            'Kafka',
            `older than 4 at ${broker}`,
            `Sessionreel is tested with ${kafkaVersion}; 3 should do.`,
          );
    } catch (error) {
      yield wrong(
        'Kafka',
        `${broker}: ${text(error)}`,
        'Is it a Kafka broker, and without TLS? REEL_KAFKA_SSL=yes for one with.',
      );
      return;
    }
  const admin = new KafkaAdmin(client);
  try {
    yield* checkTopics(admin);
    const producer = new TransactionalProducer(client, { transactionalId: 'reel-doctor' });
    try {
      await producer.initialise();
      yield good('Kafka transactions', 'work');
    } catch (error) {
      yield wrong(
        'Kafka transactions',
        text(error),
        'The processor needs them: see transaction.state.log.* of the brokers.',
      );
    } finally {
      await producer.stop();
    }
  } finally {
    await admin.stop();
  }
}

async function* checkTopics(admin: KafkaAdmin): AsyncGenerator<Finding> {
  let routed: number | undefined;
  for (const plan of topicPlans(1)) {
    const what = `Topic ${plan.topic}`;
    try {
      const partitions = await admin.partitionCount(plan.topic);
      const bytesMax = await admin.maxMessageBytes(plan.topic);
      const wanted = Number(plan.config['max.message.bytes']);
      routed ??= partitions;
      const found = `${partitions} partitions, messages of up to ${bytesMax} bytes`;
      if (plan.topic === 'l2tp.events' && partitions !== routed)
        yield wrong(
          what,
          found,
          `l2tp.snapshots has ${routed}: both must have the same number, since a router keeps its partition.`,
        );
      else if (bytesMax < wanted)
        yield doubtful(what, found, `Raise max.message.bytes to ${wanted}: a large router's table must fit.`);
      else yield good(what, found);
    } catch (error) {
      yield wrong(what, text(error), 'reel up makes it.');
    }
  }
}

export async function* checkClickHouse(flags: ConnectionFlags): AsyncGenerator<Finding> {
  const settings = settingsOf(flags);
  const elsewhere = openStore({ ...settings, clickhouseDatabase: 'default' });
  try {
    const asked = Date.now();
    const [row] = await elsewhere.rows<{ version: string; now: string }>(
      "SELECT version() AS version, toUnixTimestamp64Milli(now64(3, 'UTC')) AS now",
    );
    const answered = Date.now();
    yield good('ClickHouse', `${row?.version ?? 'unknown'} at ${settings.clickhouseUrl}`);
    // Its clock lies between the question and the answer when both clocks agree.
    const theirs = Number(row?.now ?? 0);
    const apart = theirs < asked ? theirs - asked : theirs > answered ? theirs - answered : 0;
    yield Math.abs(apart) <= clockMaxMs
      ? good(
          'Clocks',
          `ClickHouse's and this machine's agree within ${Math.max(Math.abs(apart), answered - asked)} ms`,
        )
      : wrong(
          'Clocks',
          `ClickHouse's is ${apart} ms ahead of this machine's`,
          'Let NTP set both: times are compared all over.',
        );
  } catch (error) {
    const told = tellable(error);
    yield wrong('ClickHouse', text(told), 'Start it with reel up, or say where it is: REEL_CLICKHOUSE_URL.');
    return;
  } finally {
    await elsewhere.close();
  }
  const store = openStore(settings);
  try {
    yield await checkMigrations(store);
  } finally {
    await store.close();
  }
}

async function checkMigrations(store: Store): Promise<Finding> {
  const what = 'Tables';
  const known = readMigrations();
  try {
    const applied = await appliedMigrations(store);
    const changed = known.filter((one) => (applied.get(one.version)?.hash ?? one.hash) !== one.hash);
    const missing = known.filter((one) => !applied.has(one.version));
    if (changed.length > 0)
      return wrong(
        what,
        `${changed.map((one) => one.name).join(', ')} was changed after it was applied`,
        'Put the file back, and add a new one.',
      );
    if (applied.size > known.length)
      return wrong(what, `at migration ${applied.size}, newer than this release`, 'Run a newer release.');
    if (missing.length > 0)
      return wrong(
        what,
        `${missing.length} migrations are missing`,
        'The loader applies them when it starts: reel up.',
      );
    return good(what, `at migration ${known.length}`);
  } catch (error) {
    return wrong(what, text(error), 'The loader makes them when it starts: reel up.');
  }
}
