/**
 * A member of a consumer group that reads one topic. Every partition starts paused after each (re)join: the owner looks at
 * what is committed, restores what it needs, and calls `resume` with the offset to go on from, so that nothing rests on the
 * offset that kafkajs fetched when it joined (it asks for no stable offsets). Offsets are never committed by kafkajs.
 */
import type { Batch, Consumer, EachBatchPayload } from 'kafkajs';
import { stickyAssigner } from './assigner.ts';
import type { KafkaClient } from './client.ts';
import { KafkaError, kafkaErrorOf } from './errors.ts';
import { handedOver } from './frame-memory.ts';
import { GroupSeat, type OffsetCommit } from './group-seat.ts';
import { messageOf, sizeOf, type Message } from './message.ts';

/** Messages of one partition, in order of offset, none of them aborted or control records. */
export interface MessageBatch {
  readonly partition: number;
  readonly messages: readonly Message[];
  /** Bytes of all messages. */
  readonly bytes: number;
  /** End of the partition when it was fetched. */
  readonly highWatermark: number;
  /** False once the consumer stops, or this partition was resumed elsewhere: what is left of the batch is to be dropped. */
  isCurrent(): boolean;
}

export interface Assignment {
  /** Counts the assignments of this member. */
  readonly id: number;
  readonly partitions: readonly number[];
  /**
   * True when this member never left the group since the last assignment: nobody else had the partitions that it had then
   * and has now. False: take nothing for granted.
   */
  readonly continuous: boolean;
}

export interface GroupConsumerOptions {
  readonly groupId: string;
  readonly topic: string;
  /** Each partition is paused when this is called; call `resume` for each. */
  onAssigned(assignment: Assignment): void;
  /** Before the group is joined anew: finish what is in flight. Bounded by `drainMs`. */
  onRevoking(): Promise<void>;
  /** Heartbeats go on while it runs; the partition's next batch comes after it. To take no more, call `pause` and return. */
  onBatch(batch: MessageBatch): Promise<void> | void;
  /** The consumer is gone for good, by an error that a retry does not help. */
  onFailed(error: KafkaError): void;
  /** 1 MiB by default: a fetch of compressed batches expands. A message that is larger still comes. */
  readonly maxBytesPerPartition?: number;
  /** How long a fetch waits for data, ms (100): the latency that a resumed partition may see. */
  readonly maxWaitMs?: number;
  readonly sessionTimeoutMs?: number;
  readonly rebalanceTimeoutMs?: number;
  readonly drainMs?: number;
  /**
   * True when the client id names this very instance (one process at a time). A member with the same client id is then our
   * predecessor that did not leave, killed most likely: it is put out of the group at once, instead of waiting for its session
   * to time out. kafkajs has no static membership, which would do this.
   */
  readonly replacesPredecessor?: boolean;
}

export class GroupConsumer {
  readonly #client: KafkaClient;
  readonly #options: GroupConsumerOptions;
  readonly #consumer: Consumer;
  #owned: readonly number[] = [];
  #assignments = 0;
  readonly #seat: GroupSeat;
  #memberId = '';
  #running = false;
  #draining: Promise<void> | undefined;
  #confirming: (() => void)[] = [];

  constructor(client: KafkaClient, options: GroupConsumerOptions) {
    this.#client = client;
    this.#options = options;
    this.#seat = new GroupSeat({
      groupId: options.groupId,
      topic: options.topic,
      log: client.log,
      beforeJoin: () => this.#draining,
    });
    const sticky = stickyAssigner(options.topic, () => this.#owned);
    this.#consumer = client.kafka.consumer({
      groupId: options.groupId,
      partitionAssigners: [
        (config) => {
          this.#seat.hook(config.cluster);
          return sticky(config);
        },
      ],
      maxBytesPerPartition: options.maxBytesPerPartition ?? 2 ** 20,
      maxBytes: 64 * 2 ** 20,
      maxWaitTimeInMs: options.maxWaitMs ?? 100,
      sessionTimeout: options.sessionTimeoutMs ?? 30_000,
      rebalanceTimeout: options.rebalanceTimeoutMs ?? 60_000,
      heartbeatInterval: Math.min(3_000, (options.sessionTimeoutMs ?? 30_000) / 4),
      allowAutoTopicCreation: false,
      retry: {
        initialRetryTime: 100,
        maxRetryTime: 3_000,
        retries: 10,
        restartOnFailure: () => Promise.resolve(true),
      },
    });
  }

  /** Partitions that this member has now. */
  get owned(): readonly number[] {
    return this.#owned;
  }

  async start(): Promise<void> {
    const { topic } = this.#options;
    const consumer = this.#consumer;
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      const partitions = [...(payload.memberAssignment[topic] ?? [])].sort((a, b) => a - b);
      this.#joined(payload.memberId, partitions);
    });
    consumer.on(consumer.events.REBALANCING, () => {
      this.#drain();
    });
    consumer.on(consumer.events.HEARTBEAT, () => {
      this.#confirm();
    });
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      this.#memberId = '';
      if (!payload.restart) this.#options.onFailed(kafkaErrorOf(payload.error, `consuming ${topic}`));
    });
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
      if (this.#options.replacesPredecessor === true) await this.#seat.putOut(this.#client.settings.clientId);
      this.#running = true;
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        eachBatch: (payload) => this.#eachBatch(payload),
      });
    } catch (error) {
      throw kafkaErrorOf(error, `consuming ${topic}`);
    }
  }

  /**
   * Resolves when the coordinator has next said that this member belongs to the group, by a heartbeat or a join. Whoever was
   * fenced waits for it before taking the partition back: it may be another's by now.
   */
  confirmed(): Promise<void> {
    return new Promise((resolve) => {
      this.#confirming.push(resolve);
    });
  }

  #confirm(): void {
    const waiting = this.#confirming;
    this.#confirming = [];
    for (const resolve of waiting) resolve();
  }

  /** Leaves the group. Drain before. */
  async stop(): Promise<void> {
    this.#running = false;
    await this.#consumer.disconnect().catch((error: unknown) => {
      this.#client.log.debug({ error }, 'the consumer did not disconnect in order');
    });
    this.#owned = [];
  }

  pause(partition: number): void {
    if (this.#running) this.#consumer.pause([{ topic: this.#options.topic, partitions: [partition] }]);
  }

  /** Goes on after a `pause`; with an offset, from there. */
  resume(partition: number, offset?: number): void {
    if (!this.#running || !this.#owned.includes(partition)) return;
    const { topic } = this.#options;
    if (offset !== undefined) this.#consumer.seek({ topic, partition, offset: String(offset) });
    this.#consumer.resume([{ topic, partitions: [partition] }]);
  }

  /**
   * Commits offsets by the group's own means (not in a transaction), in one request, fenced by member and generation. Refused for
   * partitions that this member does not have. With the id of an assignment it is refused once there is a newer one too: a member
   * that slept, lost the partition and was given it again would set back what others have committed in between. When it is refused,
   * some of them may have been committed.
   */
  async commit(offsets: readonly OffsetCommit[], assignment?: number): Promise<void> {
    if (!this.#running) throw new KafkaError('closed', 'the consumer is stopped');
    const others = offsets.filter(({ partition }) => !this.#owned.includes(partition));
    if (others.length > 0 || (assignment ?? this.#assignments) !== this.#assignments)
      throw new KafkaError(
        'not_assigned',
        `partition ${(others[0] ?? offsets[0])?.partition ?? -1} is not this member's (any more)`,
      );
    await this.#seat.commit(offsets);
  }

  #joined(memberId: string, partitions: readonly number[]): void {
    const { topic } = this.#options;
    const continuous = this.#memberId === memberId;
    this.#memberId = memberId;
    this.#seat.take();
    this.#owned = partitions;
    this.#draining = undefined;
    if (partitions.length > 0) this.#consumer.pause([{ topic, partitions: [...partitions] }]);
    this.#client.log.info({ partitions, continuous }, `has ${partitions.length} partitions of ${topic}`);
    this.#options.onAssigned({ id: ++this.#assignments, partitions, continuous });
    this.#confirm();
  }

  #drain(): void {
    const limit = this.#options.drainMs ?? 15_000;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, limit);
    });
    this.#draining ??= Promise.race([this.#options.onRevoking(), late])
      .catch((error: unknown) => this.#client.log.warn({ error }, 'draining failed'))
      .finally(() => {
        clearTimeout(timer);
      });
  }

  async #eachBatch(payload: EachBatchPayload): Promise<void> {
    const last = payload.batch.messages.at(-1);
    const isCurrent = (): boolean => this.#running && payload.isRunning() && !payload.isStale();
    if (last === undefined || !isCurrent()) return;
    const batch = batchOf(payload.batch, isCurrent);
    handedOver(recordsOf(payload.batch), batch.messages);
    const working = Promise.resolve(this.#options.onBatch(batch));
    const rebalance = await heartbeatWhile(working, () => payload.heartbeat());
    if (!payload.isStale()) payload.resolveOffset(last.offset);
    if (rebalance !== undefined) throw rebalance;
  }
}

/** Waits for `working`, with heartbeats; an error of a heartbeat (a rebalance) is handed back only when the work is done. */
async function heartbeatWhile(
  working: Promise<void>,
  heartbeat: () => Promise<void>,
): Promise<Error | undefined> {
  const done = working.then(() => true);
  let failed: Error | undefined;
  for (;;) {
    let timer: NodeJS.Timeout | undefined;
    const tick = new Promise<false>((resolve) => {
      timer = setTimeout(resolve, 1_000, false);
    });
    const finished = await Promise.race([done, tick]);
    clearTimeout(timer);
    if (finished) return failed;
    if (failed === undefined) {
      try {
        await heartbeat();
      } catch (error) {
        failed = error instanceof Error ? error : new Error(String(error));
      }
    }
  }
}

/** As they were read out of the answer; kafkajs's type does not show them. */
function recordsOf(batch: Batch): readonly unknown[] {
  return (batch as Batch & { readonly rawMessages: readonly unknown[] }).rawMessages;
}

function batchOf(batch: Batch, isCurrent: () => boolean): MessageBatch {
  const messages = batch.messages.map((message) => messageOf(batch.partition, message));
  return {
    partition: batch.partition,
    messages,
    bytes: messages.reduce((sum, message) => sum + sizeOf(message), 0),
    highWatermark: Number(batch.highWatermark),
    isCurrent,
  };
}
