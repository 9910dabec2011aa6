/** Processors and loaders on topics and a database of their own, fed with a load, and what became of it. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Store, migrate, rollUp, type StoreSettings } from '@sessionreel/clickhouse';
import { KafkaAdmin, KafkaClient, readRange } from '@sessionreel/kafka';
import { createLogger, waitFor, type Logger } from '@sessionreel/ops';
import { App } from './app.ts';
import { Feeder } from './feeder.ts';
import { partitions, type InputMessage } from './input.ts';
import { Proxy } from './proxy.ts';
import type { Servers } from './servers.ts';

/** Sessions of group members end soon, so that nobody waits long for the dead. */
export const sessionTimeoutMs = 6_000;

export interface ProductOptions {
  readonly servers: Servers;
  /** Names its topics, groups and database. */
  readonly name: string;
  readonly input: readonly InputMessage[];
  /** Programs have names in their groups: after a kill they take their own places at once, without waiting for the time-out. */
  readonly instances: boolean;
}

export class Product {
  readonly servers: Servers;
  readonly name: string;
  readonly proxy: Proxy;
  readonly store: Store;
  readonly feeder: Feeder;
  readonly processors: App[] = [];
  readonly loaders: App[] = [];
  readonly #instances: boolean;
  readonly #storeSettings: StoreSettings;
  readonly #log: Logger = createLogger('chaos', { level: 'silent', format: 'json' });
  readonly #admin: KafkaAdmin;
  readonly #client: KafkaClient;
  #proxyUrl = '';
  #measuring: NodeJS.Timeout | undefined;

  constructor({ servers, name, input, instances }: ProductOptions) {
    this.servers = servers;
    this.name = name;
    this.#instances = instances;
    this.proxy = new Proxy(() => ({ host: '127.0.0.1', port: servers.clickhousePort }));
    this.#storeSettings = {
      url: servers.clickhouseUrl,
      database: name,
      user: 'default',
      password: '',
    };
    this.store = new Store(this.#storeSettings);
    this.#client = new KafkaClient({ brokers: [servers.broker], clientId: 'chaos', log: this.#log });
    this.#admin = new KafkaAdmin(this.#client);
    this.feeder = new Feeder(this.#client, `${name}.snapshots`, input);
  }

  async start(): Promise<void> {
    const config = { 'max.message.bytes': '8000000', 'retention.ms': '-1' };
    await this.#admin.createTopics(
      ['snapshots', 'events', 'dlq', 'events.dlq'].map((topic) => ({
        topic: `${this.name}.${topic}`,
        partitions,
        config,
      })),
    );
    await migrate(this.#storeSettings);
    this.#proxyUrl = await this.proxy.start();
    this.add('processor');
    this.add('loader');
    this.#measuring = setInterval(() => {
      for (const app of this.apps) app.measure();
    }, 500);
  }

  get apps(): readonly App[] {
    return [...this.processors, ...this.loaders];
  }

  /** One more of a kind, started. */
  add(kind: App['options']['kind']): App {
    const list = kind === 'processor' ? this.processors : this.loaders;
    const name = `${kind}${list.length + 1}`;
    const app = new App({
      kind,
      name,
      environment: this.#environment(name),
      logFile: join(this.servers.dir, `${this.name}-${name}.log`),
    });
    list.push(app);
    app.start();
    return app;
  }

  /** Everything that was sent is in ClickHouse, whole, and both groups have said so. */
  async settled(limitMs: number): Promise<void> {
    await this.feeder.all();
    const groups = [
      { group: `${this.name}-processor`, topic: `${this.name}.snapshots` },
      { group: `${this.name}-loader`, topic: `${this.name}.events` },
    ];
    for (const { group, topic } of groups)
      await waitFor(`${group} to come to the end of ${topic}`, () => this.#isAtEnd(group, topic), {
        limitMs,
        everyMs: 300,
      });
  }

  async #isAtEnd(group: string, topic: string): Promise<boolean> {
    const committed = await this.#admin.committed(group, topic);
    for (const [partition, { low, high }] of await this.#admin.watermarks(topic)) {
      const { offset = low, metadata = '' } = committed.get(partition) ?? {};
      if (metadata.includes('pending')) return false;
      if (offset >= high) continue;
      // What is left may be nothing but the marks of transactions.
      const rest = readRange(this.#client, { topic, partition, from: offset });
      for await (const { messages } of rest) if (messages.length > 0) return false;
    }
    return true;
  }

  /** Rolls finished hours up, so that these tables can be compared as well. */
  async rollUp(): Promise<void> {
    const all = Array.from({ length: partitions }, (_, p) => p);
    await rollUp(this.store, all);
  }

  /** Lets all apps drain and end; gives those that did not end well. */
  async stopApps(): Promise<string[]> {
    clearInterval(this.#measuring);
    await Promise.all(this.apps.map((app) => app.stop('SIGTERM')));
    return this.apps.flatMap((app) => [...app.crashes, ...app.lateEnds]);
  }

  /** `reel audit`, as a person runs it. */
  audit(): Promise<{ status: number; text: string }> {
    const reel = fileURLToPath(new URL('../../../apps/cli/bin/reel.mjs', import.meta.url));
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [reel, 'audit', '--sample', '50'], {
        env: {
          ...process.env,
          REEL_CLICKHOUSE_URL: this.servers.clickhouseUrl,
          REEL_CLICKHOUSE_DATABASE: this.name,
          NO_COLOR: '1',
        },
      });
      let text = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
      child.on('error', reject);
      child.on('close', (status) => {
        resolve({ status: status ?? -1, text });
      });
    });
  }

  async close(): Promise<void> {
    clearInterval(this.#measuring);
    await Promise.all(this.apps.map((app) => app.stop('SIGKILL')));
    await this.feeder.stop();
    await this.proxy.stop();
    await this.store.close();
    await this.#admin.stop();
  }

  #environment(instance: string): Record<string, string> {
    const { name } = this;
    return {
      REEL_KAFKA_BROKERS: this.servers.broker,
      REEL_CLICKHOUSE_URL: this.#proxyUrl,
      REEL_CLICKHOUSE_DATABASE: name,
      REEL_HEALTH_PORT: '0',
      REEL_SNAPSHOTS_TOPIC: `${name}.snapshots`,
      REEL_EVENTS_TOPIC: `${name}.events`,
      REEL_DEAD_LETTERS_TOPIC: `${name}.dlq`,
      REEL_EVENTS_DLQ_TOPIC: `${name}.events.dlq`,
      REEL_PROCESSOR_GROUP: `${name}-processor`,
      REEL_PROCESSOR_INSTANCE: this.#instances ? `${name}-${instance}` : '',
      REEL_LOADER_GROUP: `${name}-loader`,
      REEL_LOADER_INSTANCE: this.#instances ? `${name}-${instance}` : '',
      REEL_LOADER_NAME: `${name}-${instance}`,
      REEL_SESSION_TIMEOUT: `${sessionTimeoutMs}ms`,
      REEL_LOADER_SESSION_TIMEOUT: `${sessionTimeoutMs}ms`,
      // Small batches and few bytes in memory: many transactions to interrupt.
      REEL_WORKERS: '2',
      REEL_BATCH_MESSAGES: '15',
      REEL_BATCH_LINGER: '5ms',
      REEL_QUEUE_BYTES: '8MiB',
      REEL_IN_FLIGHT_BYTES: '8MiB',
      REEL_CHECKPOINT_FLOOR: '8KiB',
      REEL_TRIM_EVENTS: 'yes',
      REEL_BREAKER_SHARE: '100',
      REEL_LOADER_BATCH_MESSAGES: '60',
      REEL_LOADER_LINGER: '50ms',
      REEL_LOADER_QUEUE_BYTES: '8MiB',
      REEL_LOADER_RETRY_MOST: '2s',
      REEL_LOADER_ROLLUP_EVERY: '5s',
    };
  }
}
