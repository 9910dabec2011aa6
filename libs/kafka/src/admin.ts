/** Questions to the cluster, and the few things that are changed by hand: topics and trimming. */
import kafkajs, { type Admin, type ITopicConfig } from 'kafkajs';
import type { KafkaClient } from './client.ts';
import { KafkaError, kafkaErrorOf } from './errors.ts';

export interface Committed {
  /** Next offset to read; undefined when the group never committed one. */
  readonly offset: number | undefined;
  readonly metadata: string;
}

export interface Watermarks {
  readonly low: number;
  readonly high: number;
}

export interface TopicSpec {
  readonly topic: string;
  readonly partitions: number;
  readonly replication?: number;
  readonly config?: Readonly<Record<string, string>>;
}

export class KafkaAdmin {
  readonly #client: KafkaClient;
  #connection: Connection | undefined;

  constructor(client: KafkaClient) {
    this.#client = client;
  }

  /** What a group has committed of a topic, by partition. */
  async committed(groupId: string, topic: string): Promise<Map<number, Committed>> {
    const answers = await this.#ask('reading offsets', (admin) =>
      admin.fetchOffsets({ groupId, topics: [topic] }),
    );
    const partitions = answers.find((answer) => answer.topic === topic)?.partitions ?? [];
    return new Map(
      partitions.map((p) => {
        const offset = Number(p.offset);
        return [p.partition, { offset: offset < 0 ? undefined : offset, metadata: p.metadata ?? '' }];
      }),
    );
  }

  async watermarks(topic: string): Promise<Map<number, Watermarks>> {
    const answers = await this.#ask(`reading the ends of ${topic}`, (admin) =>
      admin.fetchTopicOffsets(topic),
    );
    return new Map(answers.map((p) => [p.partition, { low: Number(p.low), high: Number(p.high) }]));
  }

  /**
   * What a group has still to take of a topic: for each partition the offsets from `from` up to `end`. Markers of transactions have
   * offsets too, so that a range need not hold a message.
   */
  async waiting(groupId: string, topic: string): Promise<{ partition: number; from: number; end: number }[]> {
    const committed = await this.committed(groupId, topic);
    const ends = await this.watermarks(topic);
    return [...ends].map(([partition, { low, high }]) => ({
      partition,
      from: Math.max(committed.get(partition)?.offset ?? low, low),
      end: high,
    }));
  }

  async partitionCount(topic: string): Promise<number> {
    const { topics } = await this.#ask(`looking at ${topic}`, (admin) =>
      admin.fetchTopicMetadata({ topics: [topic] }),
    );
    const count = topics[0]?.partitions.length ?? 0;
    if (count === 0) throw new KafkaError('unknown_topic', `there is no topic ${topic}`);
    return count;
  }

  /** The largest record batch that a topic takes, bytes (`max.message.bytes`). */
  async maxMessageBytes(topic: string): Promise<number> {
    const { resources } = await this.#ask(`reading the configuration of ${topic}`, (admin) =>
      admin.describeConfigs({
        includeSynonyms: false,
        resources: [
          { type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configNames: ['max.message.bytes'] },
        ],
      }),
    );
    const value = Number(resources[0]?.configEntries[0]?.configValue);
    return Number.isSafeInteger(value) && value > 0 ? value : 1_048_588;
  }

  /** Creates what is not there; leaves what is. */
  async createTopics(specs: readonly TopicSpec[]): Promise<void> {
    const existing = await this.#ask('listing topics', (admin) => admin.listTopics());
    const missing = specs.filter((spec) => !existing.includes(spec.topic));
    if (missing.length === 0) return;
    const topics = missing.map((spec): ITopicConfig => ({
      topic: spec.topic,
      numPartitions: spec.partitions,
      replicationFactor: spec.replication ?? 1,
      configEntries: Object.entries(spec.config ?? {}).map(([name, value]) => ({ name, value })),
    }));
    // kafkajs's own wait gives up at the first answer of a broker that has not heard of the topic yet.
    await this.#ask('creating topics', (admin) => admin.createTopics({ topics, waitForLeaders: false }));
    for (const { topic, partitions } of missing) await this.#hasLeaders(topic, partitions);
  }

  async #hasLeaders(topic: string, partitions: number): Promise<void> {
    const until = performance.now() + 20_000;
    for (;;) {
      try {
        const metadata = await this.#ask(`looking at ${topic}`, (admin) =>
          admin.fetchTopicMetadata({ topics: [topic] }),
        );
        const led = metadata.topics[0]?.partitions.filter((p) => p.leader >= 0 && p.partitionErrorCode === 0);
        if ((led?.length ?? 0) >= partitions) return;
      } catch (error) {
        if (performance.now() > until) throw error;
      }
      if (performance.now() > until)
        throw new KafkaError('timeout', `${topic} was created, but has no leaders yet`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Deletes what stands below `offset` in one partition, for good. */
  async trim(topic: string, partition: number, offset: number): Promise<void> {
    await this.#ask(`trimming ${topic} partition ${partition}`, (admin) =>
      admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(offset) }] }),
    );
  }

  async stop(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    if (connection !== undefined) await close(connection);
  }

  async #ask<T>(doing: string, question: (admin: Admin) => Promise<T>): Promise<T> {
    const connection = (this.#connection ??= { admin: this.#connect(), users: 0 });
    connection.users++;
    try {
      return await question(await connection.admin);
    } catch (error) {
      // The next question connects anew: a cluster that was restarted may be elsewhere.
      if (this.#connection === connection) this.#connection = undefined;
      throw kafkaErrorOf(error, doing);
    } finally {
      connection.users--;
      // Others may still be asking on it.
      if (connection !== this.#connection && connection.users === 0) await close(connection);
    }
  }

  async #connect(): Promise<Admin> {
    const admin = this.#client.kafka.admin();
    await admin.connect();
    return admin;
  }
}

interface Connection {
  readonly admin: Promise<Admin>;
  /** Questions that are being asked on it. */
  users: number;
}

async function close({ admin }: Connection): Promise<void> {
  const opened = await admin.catch(() => undefined);
  await opened?.disconnect().catch(() => undefined);
}
