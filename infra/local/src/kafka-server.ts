/** Apache Kafka, one KRaft node, under a process of ours: jars, formatting, topics, an orderly stop. */
import { writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { Shutdown, configure, kinds, setting, waitFor } from '@sessionreel/ops';
import { Kafka, logLevel } from 'kafkajs';
import { StartError, claimFolder } from './data-folder.ts';
import { log4jConfig, serverProperties } from './kafka-config.ts';
import { cacheFolder, kafkaJars } from './kafka-jars.ts';
import { checkJava, endOrphan, formatStorage, notePid, spawnBroker } from './kafka-java.ts';
import { topicPlans } from './kafka-topics.ts';
import { tell } from './messages.ts';
import { claimPort } from './ports.ts';
import { kafkaVersion } from './versions.ts';

const settings = configure('kafka-server', {
  dir: setting(kinds.text(), '.sessionreel/kafka', 'data folder'),
  port: setting(kinds.port(), 9092, 'port of the broker; 0 picks a free one'),
  partitions: setting(kinds.integer(1, 1_024), 4, 'partitions of each topic, when it is made'),
  heap: setting(kinds.text(), '1g', 'largest heap of the JVM'),
  cache: setting(kinds.text(), cacheFolder(), "folder that keeps Kafka's jars"),
});
const shutdown = new Shutdown({ limitMs: 15_000 });
const progress = (text: string): void => {
  tell({ type: 'progress', text });
};

async function start(): Promise<void> {
  const dir = resolve(settings.dir);
  const lock = await claimFolder(dir, 'Kafka', kafkaVersion);
  shutdown.add('lock', () => lock.release());
  checkJava();
  const properties = join(dir, 'server.properties');
  const pidFile = join(dir, 'broker.pid');
  await endOrphan(pidFile, properties);
  const jars = await kafkaJars(settings.cache, progress);
  const port = await claimPort(settings.port, 'Kafka', '--kafka-port');
  let controllerPort = port;
  // A port that was found free is free again when it has been found: the same one may be found twice.
  while (controllerPort === port) controllerPort = await claimPort(0, "Kafka's controller", '--kafka-port');
  const logFolder = join(dir, 'log');
  writeFileSync(
    properties,
    serverProperties({ port, controllerPort, logFolder, partitions: settings.partitions }),
  );
  writeFileSync(join(dir, 'log4j2.xml'), log4jConfig(join(dir, 'server.log')));
  formatStorage(jars, properties, logFolder);

  // The quick compiler only. The other one took a fifth of the CPU of the first gigabyte, and made nothing cheaper after it (measured).
  const jvm = [`-Xmx${settings.heap}`, '-XX:TieredStopAtLevel=1'];
  const broker = spawnBroker(jars, properties, join(dir, 'log4j2.xml'), jvm);
  const last: string[] = [];
  for (const stream of [broker.stdout, broker.stderr])
    if (stream !== null)
      createInterface({ input: stream }).on('line', (line) => {
        last.push(line);
        if (last.length > 10) last.shift();
        process.stderr.write(`${line}\n`);
      });
  const ended = once(broker, 'exit') as Promise<[number | null, string | null]>;
  let stopping = false;
  const how = ended.then(([status, signal]) => `Kafka ended (${signal ?? `status ${status ?? 0}`})`);
  if (broker.pid !== undefined) notePid(pidFile, broker.pid);
  shutdown.add('broker', async () => {
    stopping = true;
    broker.kill('SIGTERM');
    const timer = setTimeout(() => broker.kill('SIGKILL'), 12_000);
    await ended;
    clearTimeout(timer);
  });
  await Promise.race([
    prepare(`127.0.0.1:${port}`),
    how.then((text) => {
      throw new StartError(
        `${text} while starting; see ${join(dir, 'server.log')}${last.map((line) => `\n  ${line}`).join('')}`,
      );
    }),
  ]);
  tell({
    type: 'ready',
    address: `127.0.0.1:${port}`,
    port,
    pids: broker.pid === undefined ? [] : [broker.pid],
  });
  // A broker that dies takes this process along: whoever supervises starts both again.
  void how.then((text) => {
    if (!stopping) void shutdown.exitAfter(text, 1);
  });
}

/** Waits for the broker and makes the topics that are not there. */
async function prepare(address: string): Promise<void> {
  const kafka = new Kafka({
    clientId: 'local',
    brokers: [address],
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
    connectionTimeout: 1_000,
  });
  const admin = kafka.admin();
  await waitFor(
    'Kafka',
    async () => {
      await admin.connect();
      return (await admin.describeCluster()).brokers.length > 0;
    },
    {
      limitMs: 60_000,
      onWait: (_what, elapsed) => {
        progress(`waiting for Kafka to answer on ${address}, ${Math.round(elapsed / 1_000)} s`);
      },
    },
  );
  const there = await admin.listTopics();
  const missing = topicPlans(settings.partitions).filter((plan) => !there.includes(plan.topic));
  if (missing.length > 0)
    await waitFor(
      'Kafka to make the topics',
      () =>
        admin.createTopics({
          waitForLeaders: true,
          topics: missing.map((plan) => ({
            topic: plan.topic,
            numPartitions: plan.partitions,
            configEntries: Object.entries(plan.config).map(([name, value]) => ({ name, value })),
          })),
        }),
      { limitMs: 30_000 },
    );
  // The first to ask makes the topic of offsets, and the groups can be joined when it is loaded.
  await waitFor(
    "Kafka's group coordinator",
    async () => {
      await admin.fetchOffsets({ groupId: 'local', topics: ['l2tp.events'] });
      return true;
    },
    { limitMs: 30_000 },
  );
  await admin.disconnect();
}

shutdown.install();
try {
  await start();
} catch (error) {
  tell({ type: 'failed', text: error instanceof Error ? error.message : String(error) });
  await shutdown.exitAfter('could not start', 1);
}
