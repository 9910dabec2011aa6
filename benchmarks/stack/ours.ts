/** The product as a contender: processor and loader with a backlog of captures. */
import { KafkaProducer } from '@sessionreel/kafka';
import type { Contender, Runner, Sample } from '../harness/index.ts';
import { Apps, type AppsOptions } from './apps.ts';
import { kafkaClient, sendAll } from './client.ts';
import { Fleet, type FleetShape } from './fleet.ts';
import { cpuSeconds } from './process-cpu.ts';
import type { Servers } from './servers.ts';
import { Watcher } from './watcher.ts';

export interface OurOptions extends AppsOptions {
  readonly name: string;
  readonly note?: string;
  readonly polls: number;
}

const us = (what: string) => ({ unit: `µs of CPU a session, ${what}`, better: 'lower' }) as const;

/** What a run says of each part beside its rates. */
export const partMetrics = {
  us_processor: us('processor'),
  us_loader: us('loader'),
  us_kafka: us('Kafka'),
  us_clickhouse: us('ClickHouse'),
} as const;

/** Backlogs of `polls` polls, from the moment that the apps may read them until all can be queried. */
export function ourPipeline(options: OurOptions): Contender<FleetShape> {
  return {
    name: options.name,
    kind: 'ours',
    ...(options.note === undefined ? {} : { note: options.note }),
    setup: (shape, fixture) => OurPipeline.start(shape, fixture as Servers, options),
  };
}

/** The running product with a fleet that feeds it. */
export class OurPipeline implements Runner {
  readonly fleet: Fleet;
  readonly watcher: Watcher;
  readonly apps: Apps;
  readonly #servers: Servers;
  readonly #producer: KafkaProducer;
  readonly #options: OurOptions;
  #captures = 0;

  private constructor(shape: FleetShape, servers: Servers, options: OurOptions) {
    this.fleet = new Fleet(shape);
    this.watcher = new Watcher(servers.clickhouse);
    this.apps = new Apps(servers, options);
    this.#servers = servers;
    this.#producer = new KafkaProducer(kafkaClient(servers.kafka));
    this.#options = options;
  }

  /** Running, with the first snapshots in. */
  static async start(shape: FleetShape, servers: Servers, options: OurOptions): Promise<OurPipeline> {
    const made = new OurPipeline(shape, servers, options);
    await made.send(1);
    await made.caughtUp();
    return made;
  }

  async send(polls: number): Promise<{ bytes: number; sessions: number }> {
    let bytes = 0;
    let sessions = 0;
    const made = Array.from({ length: polls }, () => this.fleet.poll());
    this.apps.pause();
    for (const poll of made) {
      await sendAll(this.#producer, 'l2tp.snapshots', poll.messages);
      this.#captures += poll.messages.length;
      bytes += poll.bytes;
      sessions += poll.sessions;
    }
    this.apps.goOn();
    return { bytes, sessions };
  }

  /** So many captures were sent past `send`. */
  took(captures: number): void {
    this.#captures += captures;
  }

  caughtUp(): Promise<void> {
    return this.watcher.until(this.#captures, () => this.apps.check());
  }

  async run(): Promise<Sample> {
    const before = await this.watcher.seen();
    const { sessions, bytes } = await this.send(this.#options.polls);
    const parts = this.#cpu();
    const began = performance.now();
    await this.caughtUp();
    const seconds = (performance.now() - began) / 1000;
    const after = await this.watcher.seen();
    if (after.sessions - before.sessions !== sessions)
      throw new Error(`${after.sessions - before.sessions} sessions of ${sessions} have come out`);
    const used = Object.fromEntries(
      Object.entries(this.#cpu()).map(([name, s]) => [name, s - (parts[name] ?? 0)]),
    );
    const all = Object.values(used).reduce((sum, s) => sum + s, 0);
    const perSession = Object.entries(used).map(([name, s]) => [`us_${name}`, (s * 1e6) / sessions]);
    return {
      work: sessions,
      seconds,
      cpuSeconds: all,
      values: {
        mb_rate: bytes / 1e6 / seconds,
        ...(Object.fromEntries(perSession) as Record<string, number>),
      },
    };
  }

  async stop(): Promise<void> {
    await this.apps.stop();
    await this.#producer.stop();
    await this.watcher.stop();
  }

  #cpu(): Record<string, number> {
    return {
      processor: cpuSeconds([this.apps.pid('processor')]),
      loader: cpuSeconds([this.apps.pid('loader')]),
      kafka: cpuSeconds(this.#servers.kafkaPids),
      clickhouse: cpuSeconds(this.#servers.clickhousePids),
    };
  }
}
