/**
 * One input partition: initialise its producer (which fences whoever had it), read the committed offset, restore its routers,
 * then batch after batch through the workers and into transactions, until it is stopped. The next batch is worked on while
 * the last one commits. After any error everything begins anew from what is committed: nothing is patched up.
 */
import {
  giveBack,
  TransactionalProducer,
  type Compression,
  type KafkaAdmin,
  type KafkaClient,
  type Message,
  type OpenTransaction,
} from '@sessionreel/kafka';
import type { Logger } from '@sessionreel/ops';
import type { BufferPool, ByteBudget, ShardPool } from '@sessionreel/workers';
import { Batcher, type TakenBatch } from './batcher.ts';
import type { Chain } from './batch-work.ts';
import type { Breaker } from './breaker.ts';
import { CheckpointBook } from './checkpoint-book.ts';
import { EventTooLarge, sendWork, type Topics } from './commit.ts';
import { BreakerTripped, StateLost, consider } from './failures.ts';
import { countCommitted, type ProcessorMetrics } from './metrics.ts';
import { noProgress, type Progress } from './progress.ts';
import { restore } from './restore.ts';
import { runBatch, type Done } from './run-batch.ts';
import { startOf, type StartPoint } from './start-point.ts';
import { Suspects } from './suspects.ts';

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
  readonly buffers: BufferPool;
  readonly feed: Feed;
  readonly budget: ByteBudget;
  /** One partition is restored after another, so that the first is there soon; a budget of one. */
  readonly turns: ByteBudget;
  readonly breaker: Breaker;
  /** Of the event schema that a registry knows by this id. */
  readonly fingerprintOf: (schemaId: number) => Promise<string>;
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

let epochs = 0;

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
  /** Since the last commit. */
  #failures = 0;

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
    const stopping = this.#stop.signal;
    while (!stopping.aborted) {
      try {
        await this.#begin();
        await this.#work();
      } catch (error) {
        await this.#consider(error);
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
      fingerprintOf: this.#context.fingerprintOf,
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
    const seconds = Math.round(performance.now() - began) / 1_000;
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
    const done = await runBatch(batch, {
      ...this.#context,
      partition: this.partition,
      epoch: this.#epoch,
      chain: this.#chain,
      deadlines: this.#deadlines,
      suspects: this.#suspects,
      checkpoint: this.#dueCheckpoints(),
    });
    this.#chain = done.chain;
    for (const [shard, deadline] of done.deadlines) this.#deadlines[shard] = deadline;
    return done;
  }

  #dueCheckpoints(): string[] {
    const due = this.#book.due().filter((router) => !this.#checkpointing.has(router));
    for (const router of due) this.#checkpointing.add(router);
    return due;
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
    // One whose checkpoint no topic takes is not asked again: it is restored from where it was.
    for (const router of done.checkpointed) this.#checkpointing.delete(router);
    const last = done.messages.at(-1) as Message;
    this.#committed = { ...done.chain, restore: restoreOffset, offset: last.offset + 1 };
    this.#committedTime = last.timestamp;
    this.#suspects.cleared(last.offset);
    this.#failures = 0;
    countCommitted(metrics, done);
    giveBack(done.messages);
  }

  /** Begins anew at once, after a while, when the group has confirmed us, or never. */
  async #consider(error: unknown): Promise<void> {
    const { log, metrics, feed } = this.#context;
    const { partition } = this;
    if (this.#stop.signal.aborted) return;
    feed.pause(partition);
    const failures = ++this.#failures;
    const { code, message, then } = consider(error);
    metrics.aborts.inc({ error: code });
    if (error instanceof BreakerTripped) this.#context.onBreaker(message);
    if (then === 'stop') return this.#halt(message);
    if (error instanceof EventTooLarge) this.#suspects.condemn(error.offset, 'too_large', message);
    metrics.restores.inc({ cause: code });
    log.warn({ partition, error: message, code, failures }, 'begins anew from what is committed');
    this.#set('waiting', message);
    if (then === 'confirm') await Promise.race([feed.confirmed(), this.#stopped()]);
    else if (then === 'wait' || failures > 3) await this.#pause(Math.min(10_000, 100 * 2 ** failures));
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
