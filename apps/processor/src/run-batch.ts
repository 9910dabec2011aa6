/** A batch through the workers. */
import type { Logger } from '@sessionreel/ops';
import { WorkerLost, type BufferPool, type ShardPool } from '@sessionreel/workers';
import type { TakenBatch } from './batcher.ts';
import {
  inOrder,
  outcomesInOrder,
  prepare,
  type Chain,
  type MadeEvent,
  type Prepared,
} from './batch-work.ts';
import { eventBytesMost, type Topics, type Work } from './commit.ts';
import { StateLost } from './failures.ts';
import type { Suspects } from './suspects.ts';
import { isItem, type CheckpointTask, type EventsResult, type Outcome } from './tasks.ts';

/** What a batch came to, ready to be committed. */
export interface Done extends Work {
  readonly outcomes: readonly Outcome[];
  readonly results: readonly EventsResult[];
  /** Routers whose checkpoint is among the events. */
  readonly checkpointed: readonly string[];
  readonly deadlines: ReadonlyMap<number, number | null>;
}

export interface RunContext {
  readonly pool: ShardPool;
  readonly buffers: BufferPool;
  readonly log: Logger;
  readonly topics: Topics;
  readonly limits: { readonly workerTimeoutMs: number };
  /** Partitions of the input topic. */
  readonly partitions: number;
  readonly partition: number;
  readonly epoch: number;
  readonly chain: Chain;
  readonly deadlines: readonly (number | null)[];
  readonly suspects: Suspects;
  /** Routers that are to write a checkpoint before the batch. */
  readonly checkpoint: readonly string[];
}

interface Running {
  readonly shard: number;
  readonly result: Promise<EventsResult>;
}

/** Throws `WorkerLost` or `StateLost`; the messages of a lost worker are suspects then. */
export async function runBatch(batch: TakenBatch, context: RunContext): Promise<Done> {
  const { pool, suspects } = context;
  const prepared = prepare(batch.messages, context.chain, {
    ...context,
    shards: pool.shards,
    shardOf: (key) => pool.shardOf(key),
    condemned: suspects.condemned,
  });
  // In each shard's queue the checkpoint comes before the batch: it is the state at the beginning of this transaction.
  const checkpoints = checkpointTasks(context).map(([shard, task]) => run(context, shard, task));
  const processes = [...prepared.tasks].map(([shard, task]) => run(context, shard, task, task.buffer));
  const settled = await Promise.allSettled(processes.map((one) => one.result));
  const saved = await Promise.allSettled(checkpoints.map((one) => one.result));
  settled.forEach((outcome, i) => {
    if (outcome.status === 'fulfilled' && outcome.value.input !== undefined)
      context.buffers.give(outcome.value.input);
    if (outcome.status === 'rejected')
      suspect(suspects, outcome.reason, batch, prepared, processes[i]?.shard ?? 0);
  });
  const written = writable(resultsOf(saved), context);
  return doneOf(batch, prepared, written, resultsOf(settled), context);
}

function run(context: RunContext, shard: number, task: object, buffer?: ArrayBuffer): Running {
  const result = context.pool.run<EventsResult>(shard, task, {
    timeoutMs: context.limits.workerTimeoutMs,
    bytes: buffer?.byteLength ?? 0,
    transfer: buffer === undefined ? [] : [buffer],
  });
  return { shard, result };
}

function checkpointTasks({ pool, partition, epoch, checkpoint }: RunContext): [number, CheckpointTask][] {
  const byShard = Map.groupBy(checkpoint, (router) => pool.shardOf(Buffer.from(router)));
  return [...byShard].map(([shard, routers]) => [shard, { kind: 'checkpoint', partition, epoch, routers }]);
}

/** A thread that only checkpointed says nothing of the messages; one that had them in work does. */
function suspect(
  suspects: Suspects,
  reason: unknown,
  batch: TakenBatch,
  prepared: Prepared,
  shard: number,
): void {
  if (!(reason instanceof WorkerLost) || reason.reason === 'stopped') return;
  const items = (prepared.tasks.get(shard)?.steps ?? []).filter(isItem);
  suspects.suspect(items, batch.messages.length === 1, reason);
}

function resultsOf(settled: readonly PromiseSettledResult<EventsResult>[]): EventsResult[] {
  return settled.map((outcome) => {
    if (outcome.status === 'rejected')
      throw outcome.reason instanceof Error ? outcome.reason : new Error('a worker failed');
    if (outcome.value.lost) throw new StateLost('a worker was replaced');
    return outcome.value;
  });
}

/** Leaves out checkpoints with a piece that the topic does not take: those routers are restored from where they were. */
function writable(results: readonly EventsResult[], { log, topics, partition }: RunContext): EventsResult[] {
  const limit = eventBytesMost(topics);
  const tooLarge = new Set(
    results
      .flatMap((result) => result.entries)
      .filter((e) => e.length > limit)
      .map((e) => e.router),
  );
  for (const router of tooLarge)
    log.error(
      { partition, router, limit },
      'a checkpoint is larger than its topic takes; restores grow longer',
    );
  return results.map((result) => ({
    ...result,
    entries: result.entries.filter((entry) => !tooLarge.has(entry.router)),
  }));
}

function doneOf(
  batch: TakenBatch,
  prepared: Prepared,
  checkpoints: readonly EventsResult[],
  results: readonly EventsResult[],
  { partition }: RunContext,
): Done {
  const outcomes = outcomesInOrder(results);
  const deadLetters = new Map(prepared.refusals);
  for (const { offset, refusal } of outcomes) if (refusal !== undefined) deadLetters.set(offset, refusal);
  const saved: MadeEvent[] = inOrder(checkpoints);
  return {
    partition,
    messages: batch.messages,
    bytes: batch.bytes,
    events: [...saved, ...inOrder(results)],
    forwards: prepared.forwards,
    deadLetters,
    chain: prepared.chain,
    outcomes,
    results,
    checkpointed: [...new Set(saved.map(({ entry }) => entry.router))],
    deadlines: new Map(
      [...prepared.tasks.keys()].map((shard, i) => [shard, results[i]?.nextDeadline ?? null]),
    ),
  };
}
