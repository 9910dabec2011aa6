/**
 * One input partition: initialise its producer (which fences whoever had it), read the committed offset, restore its routers,
 * then batch after batch through the workers and into transactions, until it is stopped. The next batch is worked on while
 * the last one commits. After any error everything begins anew from what is committed: nothing is patched up.
 */
import {
  KafkaError,
  TransactionalProducer,
  type Compression,
  type KafkaAdmin,
  type KafkaClient,
  type Message,
  type OpenTransaction,
} from '@sessionreel/kafka';
import type { Logger } from '@sessionreel/ops';
import { WorkerLost, type ByteBudget, type ShardPool } from '@sessionreel/workers';
import { Batcher, type TakenBatch } from './batcher.ts';
import { inOrder, outcomesInOrder, prepare, type Chain } from './batch-work.ts';
import type { Breaker } from './breaker.ts';
import { CheckpointBook } from './checkpoint-book.ts';
import { EventTooLarge, sendWork, type Topics, type Work } from './commit.ts';
import type { ProcessorMetrics } from './metrics.ts';
import { noProgress, type Progress } from './progress.ts';
import { RestoreInterrupted, restore } from './restore.ts';
import { NoWayToRestore, startOf, type StartPoint } from './start-point.ts';
import { Suspects } from './suspects.ts';
import { isItem, type CheckpointTask, type EventsResult, type Outcome } from './tasks.ts';

/** The consumer, as far as a partition needs it. */
export interface Feed {
  pause(partition: number): void;
  resume(partition: number, offset?: number): void;
  confirmed(): Promise<void>;
}

export interface PartitionContext {
  readonly client: KafkaClient;
  readonly admin: KafkaAdmin;
  readonly pool: ShardPool;
  readonly feed: Feed;
  readonly budget: ByteBudget;
  /** One partition is restored after another, so that the first is there soon; a budget of one. */
  readonly turns: ByteBudget;
  readonly breaker: Breaker;
  readonly topics: Topics;
  /** Partitions of the input topic. */
  readonly partitions: number;
  readonly log: Logger;
  readonly metrics: ProcessorMetrics;
  readonly limits: {
    readonly batchBytes: number;
    readonly batchMessages: number;
    readonly lingerMs: number;
    readonly queueBytes: number;
    readonly workerTimeoutMs: number;
    readonly checkpointFloor: number;
  };
  readonly compression: Compression;
  /** Most messages fail: everything is to stop. */
  onBreaker(why: string): void;
}

export type PartitionState = 'starting' | 'restoring' | 'running' | 'waiting' | 'stopped';

/** The batch would trip the breaker. */
class BreakerTripped extends Error {
  override readonly name = 'BreakerTripped';
}

/** A worker does not hold the state that the batch was for. */
class StateLost extends Error {
  override readonly name = 'StateLost';
}

let epochs = 0;

interface Done extends Work {
  readonly outcomes: readonly Outcome[];
  readonly results: readonly EventsResult[];
  readonly checkpointed: readonly string[];
}

export class PartitionTask {
  readonly partition: number;
  state: PartitionState = 'starting';
  /** Why it does not run; '' when it does. */
  reason = 'starting';
  readonly #context: PartitionContext;
  readonly #producer: TransactionalProducer;
  readonly #batcher: Batcher;
  readonly #suspects = new Suspects();
  readonly #stop = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  #epoch = 0;
  #chain: Chain = noProgress;
  #committed: Progress & { offset: number } = { ...noProgress, offset: 0 };
  #book = new CheckpointBook();
  #deadlines: (number | null)[] = [];
  /** Routers whose checkpoint is written by a transaction that has not committed yet. */
  readonly #checkpointing = new Set<string>();
  #highWatermark = 0;
  #committedTime = 0;

  constructor(partition: number, context: PartitionContext) {
    this.partition = partition;
    this.#context = context;
    const { limits, topics, feed } = context;
    this.#batcher = new Batcher({
      ...limits,
      onFull: () => {
        feed.pause(partition);
      },
      onRoom: () => {
        feed.resume(partition);
      },
    });
    this.#producer = new TransactionalProducer(context.client, {
      transactionalId: `sessionreel-${topics.groupId}-${partition}`,
      compression: context.compression,
    });
  }

  get restoreOffset(): number {
    return this.#committed.restore;
  }

  get queuedBytes(): number {
    return this.#batcher.bytes;
  }

  get lagOffsets(): number {
    return Math.max(0, this.#highWatermark - this.#committed.offset);
  }

  /** Age of the last committed message while more wait (s). */
  get lagSeconds(): number {
    if (this.lagOffsets === 0 || this.#committedTime === 0) return 0;
    return Math.max(0, (Date.now() - this.#committedTime) / 1_000);
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** Takes fetched messages. */
  push(messages: readonly Message[], highWatermark: number): void {
    this.#highWatermark = highWatermark;
    this.#batcher.push(messages);
  }

  /** Finishes what is in flight and takes no more until `goOn`. */
  drain(): Promise<void> {
    return this.#batcher.drain();
  }

  /** After a rebalance that left the partition here. When others may have had it in between, everything begins anew. */
  goOn(continuous: boolean): void {
    if (!continuous) this.#batcher.fail(new StateLost('the group was left and joined again'));
    this.#batcher.open();
    const next = this.#batcher.next;
    if (continuous && next !== undefined) this.#context.feed.resume(this.partition, next);
  }

  /** Takes no more, for good: a person has to look. */
  halt(reason: string): void {
    this.#batcher.fail(new BreakerTripped(reason));
  }

  /** Ends it; what is in flight is given up (drain before, to keep it). */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#batcher.fail(new StateLost('stopping'));
    await this.#loop;
  }

  async #run(): Promise<void> {
    let failures = 0;
    const stopping = this.#stop.signal;
    while (!stopping.aborted) {
      try {
        await this.#begin();
        failures = 0;
        await this.#work();
      } catch (error) {
        failures++;
        await this.#consider(error, failures);
      }
    }
    this.#set('stopped', 'not assigned');
    this.#batcher.close();
    await this.#producer.stop();
    const { pool } = this.#context;
    // Nobody waits for these: a worker that is gone holds nothing anyway.
    for (let shard = 0; shard < pool.shards; shard++)
      pool.run(shard, { kind: 'drop', partition: this.partition, epoch: this.#epoch }).catch(() => undefined);
  }

  /** Order matters here: first fence, then read, then seek. */
  async #begin(): Promise<void> {
    const { feed, log, metrics } = this.#context;
    const { partition } = this;
    feed.pause(partition);
    this.#batcher.close();
    this.#checkpointing.clear();
    this.#set('starting', 'initialising its producer');
    await this.#producer.initialise();
    const start = await startOf({ ...this.#context, partition });
    if (start.lost > 0) {
      metrics.lostMessages.inc(start.lost);
      log.error(
        { partition, lost: start.lost, from: start.offset },
        'messages were deleted by retention before they were read',
      );
    }
    this.#set('restoring', 'waits for its turn to be restored');
    const done = start.progress.restore < 0 ? (): void => undefined : await this.#context.turns.acquire(1);
    try {
      await this.#restore(start);
    } finally {
      done();
    }
    this.#chain = start.progress;
    this.#committed = { ...start.progress, offset: start.offset };
    this.#stop.signal.throwIfAborted();
    this.#set('running', '');
    this.#batcher.begin(start.offset);
    feed.resume(partition, start.offset);
  }

  async #restore(start: StartPoint): Promise<void> {
    const { log, topics, metrics, pool } = this.#context;
    const { partition } = this;
    this.#stop.signal.throwIfAborted();
    this.#set('restoring', 'restoring its routers');
    this.#epoch = ++epochs;
    const began = performance.now();
    let told = began;
    const restored = await restore({
      client: this.#context.client,
      pool,
      topic: topics.events,
      partition,
      epoch: this.#epoch,
      from: start.progress.restore,
      timeoutMs: this.#context.limits.workerTimeoutMs,
      checkpointFloor: this.#context.limits.checkpointFloor,
      signal: this.#stop.signal,
      onProgress: (done, of, bytes) => {
        if (performance.now() - told < 1_000) return;
        told = performance.now();
        log.info({ partition, offset: done, end: of, bytes }, 'restoring');
      },
    });
    const seconds = (performance.now() - began) / 1_000;
    metrics.restoreSeconds.observe(seconds);
    const { sessions, events, bytes } = restored;
    log.info({ partition, offset: start.offset, sessions, events, bytes, seconds }, 'restored');
    this.#book = restored.book;
    this.#deadlines = restored.deadlines;
  }

  /** Until it fails or is stopped. At most one batch commits while another is worked on. */
  async #work(): Promise<void> {
    let committing: Promise<void> = Promise.resolve();
    try {
      for (;;) {
        const batch = await this.#batcher.take(this.#suspects);
        const release = await this.#context.budget.acquire(batch.bytes);
        const finish = (): void => {
          release();
          this.#batcher.done(batch);
        };
        let done: Done;
        try {
          done = await this.#process(batch);
          await committing;
        } catch (error) {
          finish();
          throw error;
        }
        committing = this.#commit(done).finally(finish);
        committing.catch((error: unknown) => {
          this.#batcher.fail(error);
        });
      }
    } finally {
      await committing.catch(() => undefined);
    }
  }

  async #process(batch: TakenBatch): Promise<Done> {
    const { pool, limits } = this.#context;
    const prepared = prepare(batch.messages, this.#chain, {
      partition: this.partition,
      epoch: this.#epoch,
      partitions: this.#context.partitions,
      shards: pool.shards,
      shardOf: (key) => pool.shardOf(key),
      condemned: this.#suspects.condemned,
      deadlines: this.#deadlines,
    });
    // In each shard's queue the checkpoint comes before the batch: it is the state at the beginning of this transaction.
    const checkpoints = this.#checkpointTasks();
    const run = (shard: number, task: object, buffer?: ArrayBuffer): Promise<EventsResult> =>
      pool.run<EventsResult>(shard, task, {
        timeoutMs: limits.workerTimeoutMs,
        bytes: buffer?.byteLength ?? 0,
        transfer: buffer === undefined ? [] : [buffer],
      });
    const running = [
      ...[...checkpoints].map(([shard, task]) => ({ shard, result: run(shard, task) })),
      ...[...prepared.tasks].map(([shard, task]) => ({ shard, result: run(shard, task, task.buffer) })),
    ];
    const settled = await Promise.allSettled(running.map((one) => one.result));
    const results: EventsResult[] = [];
    let failure: unknown;
    settled.forEach((outcome, i) => {
      const shard = running[i]?.shard ?? 0;
      if (outcome.status === 'fulfilled') {
        results.push(outcome.value);
        if (outcome.value.lost) failure ??= new StateLost(`worker ${shard} was replaced`);
        return;
      }
      failure ??= outcome.reason;
      // A thread that only checkpointed says nothing of the messages.
      if (
        outcome.reason instanceof WorkerLost &&
        outcome.reason.reason !== 'stopped' &&
        i >= checkpoints.size
      )
        this.#suspects.suspect(
          (prepared.tasks.get(shard)?.steps ?? []).filter(isItem),
          batch.messages.length === 1,
          outcome.reason,
        );
    });
    if (failure !== undefined)
      throw failure instanceof Error ? failure : new Error('a worker failed', { cause: failure });
    this.#chain = prepared.chain;
    const made = results.slice(checkpoints.size);
    [...prepared.tasks.keys()].forEach((shard, i) => {
      this.#deadlines[shard] = made[i]?.nextDeadline ?? null;
    });
    const outcomes = outcomesInOrder(made);
    const deadLetters = new Map(prepared.refusals);
    for (const { offset, refusal } of outcomes) if (refusal !== undefined) deadLetters.set(offset, refusal);
    return {
      partition: this.partition,
      messages: batch.messages,
      bytes: batch.bytes,
      events: inOrder(results),
      forwards: prepared.forwards,
      deadLetters,
      chain: prepared.chain,
      outcomes,
      results: made,
      checkpointed: [...checkpoints.values()].flatMap((task) => task.routers),
    };
  }

  #checkpointTasks(): Map<number, CheckpointTask> {
    const { pool } = this.#context;
    const due = this.#book.due().filter((router) => !this.#checkpointing.has(router));
    for (const router of due) this.#checkpointing.add(router);
    const byShard = Map.groupBy(due, (router) => pool.shardOf(Buffer.from(router)));
    return new Map(
      [...byShard].map(([shard, routers]) => [
        shard,
        { kind: 'checkpoint', partition: this.partition, epoch: this.#epoch, routers },
      ]),
    );
  }

  async #commit(done: Done): Promise<void> {
    const { breaker, topics, metrics } = this.#context;
    const failed = done.outcomes.map((outcome) => outcome.outcome === 'dead_letter');
    const undo = breaker.admit(failed);
    if (undo === undefined) throw new BreakerTripped(breaker.description);
    const began = performance.now();
    for (const result of done.results)
      for (const [router, sessions] of result.sessions) this.#book.sessions(router, sessions);
    let transaction: OpenTransaction | undefined;
    try {
      transaction = await this.#producer.begin();
      await sendWork(transaction, done, topics, this.#book);
      await transaction.commit();
    } catch (error) {
      undo();
      await transaction?.abort();
      throw error;
    }
    const restoreOffset = this.#book.restoreOffset;
    metrics.transactionSeconds.observe((performance.now() - began) / 1_000);
    for (const router of done.checkpointed) this.#checkpointing.delete(router);
    const last = done.messages.at(-1) as Message;
    this.#committed = { ...done.chain, restore: restoreOffset, offset: last.offset + 1 };
    this.#committedTime = last.timestamp;
    this.#suspects.cleared(last.offset);
    this.#count(done);
  }

  #count(done: Done): void {
    const { metrics } = this.#context;
    metrics.batchMessages.observe(done.messages.length);
    metrics.batchBytes.observe(done.bytes);
    metrics.bytes.inc(done.bytes);
    metrics.forwarded.inc(done.forwards.length);
    for (const { outcome } of done.outcomes) metrics.messages.inc({ outcome });
    for (const { reason } of done.deadLetters.values()) metrics.deadLetters.inc({ reason });
    for (const { entry, value } of done.events) {
      metrics.events.inc({ kind: entry.kind });
      metrics.eventBytes.inc(value.length);
    }
    for (const { counts } of done.results) {
      metrics.sessions.inc(counts['sessions'] ?? 0);
      metrics.anomalies.inc(counts['anomalies'] ?? 0);
      metrics.unknownFields.inc(counts['unknown_fields'] ?? 0);
      for (const kind of ['opened', 'changed', 'closed', 'counters'])
        metrics.changes.inc({ kind }, counts[kind] ?? 0);
    }
  }

  /** What an error means: begin anew at once, after a while, when the group has confirmed us, or never. */
  async #consider(error: unknown, failures: number): Promise<void> {
    const { log, metrics, feed } = this.#context;
    const { partition } = this;
    if (this.#stop.signal.aborted) return;
    feed.pause(partition);
    const message = error instanceof Error ? error.message : String(error);
    const name = error instanceof KafkaError ? error.code : error instanceof Error ? error.name : 'unknown';
    metrics.aborts.inc({ error: name });
    if (error instanceof NoWayToRestore) return this.#halt(message);
    if (error instanceof BreakerTripped) {
      this.#context.onBreaker(message);
      return this.#halt(message);
    }
    if (error instanceof EventTooLarge) this.#suspects.condemn(error.offset, 'too_large', error.message);
    const atOnce =
      error instanceof EventTooLarge ||
      error instanceof StateLost ||
      error instanceof RestoreInterrupted ||
      error instanceof WorkerLost;
    metrics.restores.inc({ cause: name });
    log.warn({ partition, error: message, code: name, failures }, 'begins anew from what is committed');
    this.#set('waiting', message);
    if (error instanceof KafkaError && error.code === 'fenced')
      await Promise.race([feed.confirmed(), this.#stopped()]);
    else if (!atOnce || failures > 3) await this.#pause(Math.min(10_000, 100 * 2 ** failures));
  }

  async #halt(reason: string): Promise<void> {
    this.#set('stopped', reason);
    this.#batcher.close();
    this.#context.log.error({ partition: this.partition, reason }, 'the partition is stopped');
    await this.#stopped();
  }

  #stopped(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#stop.signal.aborted) resolve();
      else
        this.#stop.signal.addEventListener('abort', () => {
          resolve();
        });
    });
  }

  async #pause(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms * (0.5 + Math.random()));
    });
    await Promise.race([over, this.#stopped()]);
    clearTimeout(timer);
  }

  #set(state: PartitionState, reason: string): void {
    this.state = state;
    this.reason = reason;
  }
}
