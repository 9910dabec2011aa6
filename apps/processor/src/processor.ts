/** The processor as one object: its consumer, its partitions, its workers. `main.ts` gives it to a process, tests run it as it is. */
import {
  GroupConsumer,
  KafkaAdmin,
  type Compression,
  type KafkaClient,
  type KafkaError,
  type MessageBatch,
} from '@sessionreel/kafka';
import type { Logger } from '@sessionreel/ops';
import { UnknownSchemaError } from '@sessionreel/session-events';
import { BufferPool, ByteBudget, ShardPool } from '@sessionreel/workers';
import { Breaker } from './breaker.ts';
import type { Topics } from './commit.ts';
import type { ProcessorMetrics } from './metrics.ts';
import { PartitionTask, type PartitionContext } from './partition.ts';

export interface ProcessorOptions {
  readonly client: KafkaClient;
  readonly log: Logger;
  readonly metrics: ProcessorMetrics;
  readonly snapshotsTopic: string;
  readonly eventsTopic: string;
  readonly deadLettersTopic: string;
  readonly groupId: string;
  readonly worker: {
    readonly entry: URL;
    readonly count: number;
    readonly heapMb: number;
    readonly data: unknown;
  };
  readonly workerTimeoutMs: number;
  /** Bytes of a router's events that are worth a checkpoint, at least. */
  readonly checkpointFloor: number;
  readonly batchBytes: number;
  readonly batchMessages: number;
  readonly lingerMs: number;
  readonly inFlightBytes: number;
  readonly queueBytes: number;
  readonly fetchBytes: number;
  readonly compression: Compression;
  /** Of the event schema that a registry knows by this id, where one is used. */
  readonly fingerprintOf?: (schemaId: number) => Promise<string>;
  readonly breakerWindow: number;
  /** 0 to 1. */
  readonly breakerShare: number;
  readonly sessionTimeoutMs: number;
  /** The client id is this instance's alone: a predecessor that was killed is put out of the group at once. */
  readonly replacesPredecessor: boolean;
  /** The loader's group, where events below its offset and every restore point are to be deleted; undefined for never. */
  readonly trimFor: string | undefined;
  /** It cannot go on: the process should end with status 1. */
  onFailed(error: Error): void;
}

/** Bytes that a queue may have at least, so that one capture of the usual size fits. */
const queueFloor = 2 * 2 ** 20;
/** Of buffers that wait to be filled again, at most. */
const keptBytes = 32 * 2 ** 20;
const trimEveryMs = 60_000;

export class Processor {
  readonly #options: ProcessorOptions;
  readonly #admin: KafkaAdmin;
  readonly #pool: ShardPool;
  readonly #budget: ByteBudget;
  readonly #breaker: Breaker;
  readonly #tasks = new Map<number, PartitionTask>();
  #consumer: GroupConsumer | undefined;
  #context: PartitionContext | undefined;
  #broken = '';
  #assigned = false;
  #stopping = false;
  #trimTimer: NodeJS.Timeout | undefined;
  /** Partitions that were taken away end one after another, before they may begin again. */
  readonly #ending = new Map<number, Promise<void>>();

  constructor(options: ProcessorOptions) {
    this.#options = options;
    this.#admin = new KafkaAdmin(options.client);
    this.#budget = new ByteBudget(options.inFlightBytes);
    this.#breaker = new Breaker(options.breakerWindow, options.breakerShare);
    this.#pool = new ShardPool({
      entry: options.worker.entry,
      shards: options.worker.count,
      heapMb: options.worker.heapMb,
      workerData: options.worker.data,
      onLost: (lost) => {
        options.metrics.workersLost.inc({ reason: lost.reason });
        options.log.error({ worker: lost.shard, reason: lost.reason, error: lost }, 'a worker was replaced');
      },
    });
  }

  async start(): Promise<void> {
    const options = this.#options;
    const { topics, partitions } = await this.#look();
    this.#pool.start();
    // A worker that cannot even load is no reason to condemn a message.
    await this.#pool.run(0, { kind: 'begin', partition: -1, epoch: 0 });
    const consumer = new GroupConsumer(options.client, {
      groupId: options.groupId,
      topic: options.snapshotsTopic,
      maxBytesPerPartition: options.fetchBytes,
      sessionTimeoutMs: options.sessionTimeoutMs,
      replacesPredecessor: options.replacesPredecessor,
      onAssigned: (assignment) => {
        this.#reassign(assignment.partitions, assignment.continuous);
      },
      onRevoking: () => this.#drain(),
      onBatch: (batch) => {
        this.#take(batch);
      },
      onFailed: (error: KafkaError) => {
        options.onFailed(error);
      },
    });
    this.#consumer = consumer;
    this.#context = {
      client: options.client,
      admin: this.#admin,
      pool: this.#pool,
      buffers: new BufferPool(Math.min(options.inFlightBytes, keptBytes)),
      feed: consumer,
      budget: this.#budget,
      turns: new ByteBudget(1),
      breaker: this.#breaker,
      fingerprintOf:
        options.fingerprintOf ?? ((id) => Promise.reject(new UnknownSchemaError(`of registry id ${id}`))),
      topics,
      partitions,
      log: options.log,
      metrics: options.metrics,
      limits: {
        batchBytes: options.batchBytes,
        batchMessages: options.batchMessages,
        lingerMs: options.lingerMs,
        queueBytes: Math.max(queueFloor, Math.floor(options.queueBytes / partitions)),
        workerTimeoutMs: options.workerTimeoutMs,
        checkpointFloor: options.checkpointFloor,
      },
      compression: options.compression,
      onBreaker: (why) => {
        this.#break(why);
      },
    };
    try {
      await consumer.start();
    } catch (error) {
      // So that it can be tried again.
      await consumer.stop();
      await this.#pool.stop();
      throw error;
    }
    if (options.trimFor !== undefined)
      this.#trimTimer = setInterval(() => void this.trim(options.trimFor ?? ''), trimEveryMs);
  }

  /** Finishes what is in flight, commits it, leaves the group. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#trimTimer);
    for (const partition of this.#tasks.keys()) this.#consumer?.pause(partition);
    await this.#drain();
    await this.#consumer?.stop();
    await Promise.all([...this.#tasks.values()].map((task) => task.stop()));
    await Promise.all(this.#ending.values());
    this.#tasks.clear();
    await this.#pool.stop();
    await this.#admin.stop();
  }

  /** Why it is not ready; empty when it is. */
  notReady(): string[] {
    if (this.#stopping) return ['stopping'];
    if (!this.#assigned) return ['waiting for Kafka to assign partitions'];
    const reasons = this.#broken === '' ? [] : [`the breaker is open: ${this.#broken}`];
    for (const [partition, task] of this.#tasks)
      if (task.state !== 'running') reasons.push(`partition ${partition} is ${task.state}: ${task.reason}`);
    return reasons;
  }

  /** Sets the gauges; to be called before metrics are read. */
  observe(): void {
    const { metrics } = this.#options;
    metrics.partitions.reset();
    metrics.lagOffsets.reset();
    metrics.lagSeconds.reset();
    let waiting = 0;
    for (const [partition, task] of this.#tasks) {
      metrics.partitions.inc({ state: task.state });
      metrics.lagOffsets.set({ partition }, task.lagOffsets);
      metrics.lagSeconds.set({ partition }, task.lagSeconds);
      waiting += task.queuedBytes;
    }
    metrics.queueBytes.set(waiting + this.#budget.used + this.#pool.queuedBytes);
    for (let worker = 0; worker < this.#pool.shards; worker++)
      metrics.workerBusy.set({ worker }, this.#pool.busyMs(worker) / 1_000);
  }

  async #look(): Promise<{ topics: Topics; partitions: number }> {
    const { snapshotsTopic, eventsTopic, deadLettersTopic, groupId } = this.#options;
    const names = [snapshotsTopic, eventsTopic, deadLettersTopic];
    const [snapshots = 0, events = 0, deadLetters = 0] = await Promise.all(
      names.map((topic) => this.#admin.partitionCount(topic)),
    );
    if (snapshots !== events)
      throw new Error(
        `${snapshotsTopic} has ${snapshots} partitions and ${eventsTopic} has ${events}: they must have the same number`,
      );
    const [a = 0, b = 0, c = 0] = await Promise.all(names.map((topic) => this.#admin.maxMessageBytes(topic)));
    const topics = {
      snapshots: snapshotsTopic,
      events: eventsTopic,
      deadLetters: deadLettersTopic,
      deadLetterPartitions: deadLetters,
      groupId,
      limits: { snapshots: a, events: b, deadLetters: c },
    };
    return { topics, partitions: snapshots };
  }

  #take(batch: MessageBatch): void {
    this.#tasks.get(batch.partition)?.push(batch.messages, batch.highWatermark);
  }

  #reassign(partitions: readonly number[], continuous: boolean): void {
    this.#assigned = true;
    for (const [partition, task] of this.#tasks) {
      if (partitions.includes(partition)) continue;
      this.#tasks.delete(partition);
      this.#ending.set(partition, task.stop());
    }
    for (const partition of partitions) {
      const task = this.#tasks.get(partition);
      if (task !== undefined) task.goOn(continuous);
      else this.#begin(partition);
    }
  }

  #begin(partition: number): void {
    const context = this.#context;
    if (context === undefined || this.#stopping) return;
    const task = new PartitionTask(partition, context);
    this.#tasks.set(partition, task);
    const before = this.#ending.get(partition) ?? Promise.resolve();
    void before.then(() => {
      this.#ending.delete(partition);
      if (this.#tasks.get(partition) !== task) return;
      task.start();
      if (this.#broken !== '') task.halt(this.#broken);
    });
  }

  async #drain(): Promise<void> {
    await Promise.all([...this.#tasks.values()].map((task) => task.drain()));
  }

  #break(why: string): void {
    if (this.#broken !== '') return;
    this.#broken = why;
    this.#options.metrics.breakerOpen.set(1);
    this.#options.log.fatal(
      { why },
      'most messages fail: consuming stops, so that the topic is not emptied into the dead letters. Look at them (reel dlq list), mend the cause, restart',
    );
    for (const task of this.#tasks.values()) task.halt(why);
  }

  /** Deletes events that nobody needs: below every restore point and what the loader has committed. */
  async trim(loaderGroup: string): Promise<void> {
    const { eventsTopic, log } = this.#options;
    try {
      const loaded = await this.#admin.committed(loaderGroup, eventsTopic);
      for (const [partition, task] of this.#tasks) {
        const offset = loaded.get(partition)?.offset;
        if (task.state !== 'running' || offset === undefined || task.restoreOffset < 0) continue;
        const below = Math.min(offset, task.restoreOffset);
        if (below > 0) await this.#admin.trim(eventsTopic, partition, below);
      }
    } catch (error) {
      log.warn({ error }, 'events could not be trimmed');
    }
  }
}
