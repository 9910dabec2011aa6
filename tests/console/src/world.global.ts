/** One world for all files: a real Kafka and ClickHouse, a processor and a loader as processes, and what the routers printed, loaded. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { migrate, Store } from '@sessionreel/clickhouse';
import { copyFleet } from '@sessionreel/console';
import { demoRouters, fleetYaml } from '@sessionreel/fleet-sim';
import { KafkaClient, KafkaProducer } from '@sessionreel/kafka';
import { testServers } from '@sessionreel/local';
import { waitFor } from '@sessionreel/ops';
import { outcomesOf } from '@sessionreel/queries';
import type { TestProject } from 'vitest/node';
import { feed, type Truth } from './feed.ts';

declare module 'vitest' {
  interface ProvidedContext {
    clickhouseUrl: string;
    kafkaBrokers: string;
    dir: string;
    truth: Truth;
  }
}

const root = fileURLToPath(new URL('../../..', import.meta.url));

export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const servers = await testServers();
  const settings = {
    url: servers.clickhouse.address,
    database: 'sessionreel',
    user: 'default',
    password: '',
  };
  await migrate(settings);
  const fleetFile = join(servers.dir, 'fleet.yaml');
  writeFileSync(fleetFile, fleetYaml(demoRouters));
  const env = {
    ...process.env,
    REEL_KAFKA_BROKERS: servers.kafka.address,
    REEL_CLICKHOUSE_URL: servers.clickhouse.address,
    REEL_FLEET_FILE: fleetFile,
    REEL_HEALTH_PORT: '0',
  };
  const apps = ['processor', 'loader'].map((app) => run(app, env, servers.dir));
  const store = new Store(settings);
  const stop = async (): Promise<void> => {
    for (const app of apps) app.kill('SIGTERM');
    for (const app of apps)
      if (app.exitCode === null && app.signalCode === null)
        await new Promise((resolve) => app.once('exit', resolve));
    await store.close();
    await servers.stop();
  };
  try {
    await copyFleet(store, fleetFile);
    project.provide('truth', await load(servers.kafka.address, store));
  } catch (error) {
    const logs = ['processor', 'loader'].map((app) =>
      readFileSync(join(servers.dir, `${app}.log`), 'utf8').slice(-2_000),
    );
    await stop();
    throw new Error(`the world could not be made; the programs said:\n${logs.join('\n')}`, { cause: error });
  }
  project.provide('clickhouseUrl', servers.clickhouse.address);
  project.provide('kafkaBrokers', servers.kafka.address);
  project.provide('dir', servers.dir);
  return stop;
}

function run(app: string, env: NodeJS.ProcessEnv, dir: string): ChildProcess {
  const log = createWriteStream(join(dir, `${app}.log`), { flags: 'a' });
  const child = spawn(process.execPath, [join(root, `apps/${app}/src/main.ts`)], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.pipe(log);
  child.stderr.pipe(log);
  return child;
}

const nothing = (): void => undefined;
const quiet = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/** Sends everything, and waits until all of it can be asked for. */
async function load(brokers: string, store: Store): Promise<Truth> {
  const { messages, truth } = feed();
  const producer = new KafkaProducer(
    new KafkaClient({ brokers: [brokers], clientId: 'console-test', log: quiet }),
  );
  const positions: { partition: number; offset: number }[] = [];
  for (const { router, value, headers } of messages) {
    const [at] = await producer.send('l2tp.snapshots', [{ key: router, value, headers }]);
    if (at !== undefined) positions.push({ partition: at.partition, offset: at.firstOffset });
  }
  await producer.stop();
  await waitFor('the captures', async () => (await outcomesOf(store, positions)).length >= positions.length, {
    limitMs: 180_000,
    everyMs: 300,
  });
  return truth;
}
