/** Kafka and ClickHouse under `reel up`: those that run elsewhere, or our own, kept running. */
import { join } from 'node:path';
import { migrate, type StoreSettings } from '@sessionreel/clickhouse';
import { KafkaAdmin, KafkaClient } from '@sessionreel/kafka';
import { startClickHouse, startKafka, topicPlans, type RunningServer } from '@sessionreel/local';
import { pause, waitFor, type Logger, type SettingValues } from '@sessionreel/ops';
import type { upSettings } from './up-settings.ts';

export type UpSettings = SettingValues<typeof upSettings>;

export interface Servers {
  readonly brokers: readonly string[];
  readonly clickhouseUrl: string;
  stop(): Promise<void>;
  /** At once, by force. */
  kill(): void;
}

/** Starts what does not run elsewhere, and prepares topics and tables. Throws when that is impossible. */
export async function startServers(settings: UpSettings, log: Logger, signal: AbortSignal): Promise<Servers> {
  const kept: KeptServer[] = [];
  const keep = async (
    name: string,
    port: number,
    start: (port: number) => Promise<RunningServer>,
  ): Promise<string> => {
    const server = new KeptServer(name, start, log, signal);
    kept.push(server);
    return await server.start(port);
  };
  const onProgress = (text: string): void => log.info(text);
  const servers = {
    stop: async () => {
      await Promise.all(kept.map((server) => server.stop()));
    },
    kill: () => {
      for (const server of kept) server.kill();
    },
  };
  const ownKafka = settings.kafkaBrokers.length === 0;
  const ownClickHouse = settings.clickhouseUrl === '';
  log.info(
    `waiting for ${ownKafka ? 'Kafka' : settings.kafkaBrokers.join(',')} and ${ownClickHouse ? 'ClickHouse' : settings.clickhouseUrl}`,
  );
  const started = await Promise.allSettled([
    ownKafka
      ? keep('Kafka', settings.kafkaPort, (port) =>
          startKafka({
            dir: join(settings.data, 'kafka'),
            port,
            partitions: settings.partitions,
            onProgress,
            signal,
          }),
        )
      : prepareTopics(settings, log, signal),
    ownClickHouse
      ? keep('ClickHouse', settings.clickhousePort, (port) =>
          startClickHouse({
            dir: join(settings.data, 'clickhouse'),
            port,
            user: settings.clickhouseUser,
            password: settings.clickhousePassword,
            onProgress,
            signal,
          }),
        )
      : settings.clickhouseUrl,
  ]);
  const [kafka, clickhouse] = started;
  if (kafka.status === 'rejected' || clickhouse.status === 'rejected') {
    await servers.stop();
    throw (started.find((one) => one.status === 'rejected') as PromiseRejectedResult).reason;
  }
  try {
    await prepareTables({ ...settings, clickhouseUrl: clickhouse.value }, log, signal);
  } catch (error) {
    await servers.stop();
    throw error;
  }
  return { ...servers, brokers: kafka.value.split(','), clickhouseUrl: clickhouse.value };
}

/** A server of ours that is started again, on the same port, when it ends. */
class KeptServer {
  readonly #name: string;
  readonly #start: (port: number) => Promise<RunningServer>;
  readonly #log: Logger;
  readonly #signal: AbortSignal;
  #running: RunningServer | undefined;
  #stopped = false;

  constructor(
    name: string,
    start: (port: number) => Promise<RunningServer>,
    log: Logger,
    signal: AbortSignal,
  ) {
    this.#name = name;
    this.#start = start;
    this.#log = log;
    this.#signal = signal;
  }

  async start(port: number): Promise<string> {
    const began = performance.now();
    const server = await this.#start(port);
    this.#running = server;
    const seconds = ((performance.now() - began) / 1_000).toFixed(1);
    this.#log.info(
      { address: server.address },
      `${this.#name} is ready on ${server.address} after ${seconds} s`,
    );
    void server.ended.then((how) => this.#again(server.port, `${this.#name} ${how}`));
    return server.address;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running?.stop();
  }

  kill(): void {
    this.#stopped = true;
    for (const pid of this.#running?.pids ?? [])
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended already.
      }
  }

  async #again(port: number, how: string): Promise<void> {
    for (let wait = 500; !this.#stopped && !this.#signal.aborted; wait = Math.min(wait * 2, 30_000)) {
      this.#log.warn({ wait_ms: wait }, `${how}; starting it again`);
      try {
        await pause(wait, this.#signal);
        await this.start(port);
        return;
      } catch (error) {
        how = `${this.#name} cannot start: ${error instanceof Error ? error.message : String(error)}`;
      }
    }
  }
}

/** A Kafka that is not ours: waits until it answers, and makes the topics that are not there. */
async function prepareTopics(settings: UpSettings, log: Logger, signal: AbortSignal): Promise<string> {
  const brokers = settings.kafkaBrokers;
  const client = new KafkaClient({ brokers, clientId: 'reel-up', log: log.child({}, { level: 'error' }) });
  const admin = new KafkaAdmin(client);
  try {
    await waitFor(
      `Kafka at ${brokers.join(', ')}`,
      async () => {
        // -1: as many replicas as the cluster makes by default.
        await admin.createTopics(
          topicPlans(settings.partitions).map((plan) => ({ ...plan, replication: -1 })),
        );
        return true;
      },
      { limitMs: settings.startLimit, everyMs: 1_000, signal, onWait: told(log) },
    );
    return brokers.join(',');
  } finally {
    await admin.stop();
  }
}

async function prepareTables(settings: UpSettings, log: Logger, signal: AbortSignal): Promise<void> {
  const store: StoreSettings = {
    url: settings.clickhouseUrl,
    database: settings.clickhouseDatabase,
    user: settings.clickhouseUser,
    password: settings.clickhousePassword,
    application: 'reel-up',
  };
  await waitFor(
    `ClickHouse at ${settings.clickhouseUrl}`,
    async () =>
      (await fetch(new URL('/ping', settings.clickhouseUrl), { signal: AbortSignal.timeout(2_000) })).ok,
    { limitMs: settings.startLimit, everyMs: 500, signal, onWait: told(log) },
  );
  const { applied, version } = await migrate(store, {
    signal,
    onWait: (what) => log.info(`waiting for ${what}`),
  });
  log.info(
    { applied },
    `tables are at migration ${version}${applied.length === 0 ? '' : `, ${applied.length} applied now`}`,
  );
}

/** `waitFor`'s progress as log lines. */
export function told(log: Logger): (what: string, elapsedMs: number, reason: string) => void {
  return (what, elapsedMs, reason) => {
    log.info({ waited_ms: Math.round(elapsedMs) }, `waiting for ${what}: ${reason}`);
  };
}
