/**
 * Worker threads with affinity: each shard is a piscina pool of one thread, whose memory holds the state of the keys that
 * belong to it. A thread that throws, hangs or runs out of memory is replaced, and with it that state is gone: the caller is
 * told by `WorkerLost`, and everyone else by the shard's new generation.
 */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { shardOf } from './affinity.ts';

export type LossReason = 'threw' | 'timeout' | 'memory' | 'exit' | 'stopped';

/** The thread that ran a task is gone, with all that it held. */
export class WorkerLost extends Error {
  override readonly name = 'WorkerLost';
  readonly shard: number;
  readonly reason: LossReason;

  constructor(shard: number, reason: LossReason, message: string, cause?: unknown) {
    super(message, { cause });
    this.shard = shard;
    this.reason = reason;
  }
}

export interface ShardPoolOptions {
  /** The module whose default export is called with each task, in the worker. */
  readonly entry: URL;
  /** One less than there are cores by default, at least one. */
  readonly shards?: number;
  /** Handed to each worker as `workerData`; must be cloneable. */
  readonly workerData?: unknown;
  /** Heap of each worker, MB. Memory of ArrayBuffers does not count. */
  readonly heapMb?: number;
  readonly onLost?: (lost: WorkerLost) => void;
}

export interface RunOptions {
  readonly transfer?: readonly ArrayBuffer[];
  /** After which the worker counts as hung, ms from the moment that it takes the task. */
  readonly timeoutMs?: number;
  /** What the task weighs in the queue. */
  readonly bytes?: number;
}

interface Shard {
  pool: Piscina;
  generation: number;
  /** End of the queue: tasks of a shard run strictly one after another (piscina's own queue may reorder). */
  tail: Promise<unknown>;
  queuedBytes: number;
  busyMs: number;
}

export class ShardPool {
  readonly shards: number;
  readonly #options: ShardPoolOptions;
  #shards: Shard[] = [];
  #stopped = false;

  constructor(options: ShardPoolOptions) {
    this.#options = options;
    this.shards = options.shards ?? Math.max(1, availableParallelism() - 1);
  }

  start(): void {
    this.#stopped = false;
    this.#shards = Array.from({ length: this.shards }, () => ({
      pool: this.#pool(),
      generation: 1,
      tail: Promise.resolve(),
      queuedBytes: 0,
      busyMs: 0,
    }));
  }

  /** Ends the threads; what still runs is lost. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#shards.map((shard) => shard.pool.destroy()));
  }

  shardOf(key: Uint8Array): number {
    return shardOf(key, this.shards);
  }

  /** Counts the threads that a shard has had: state that was put into an earlier one is gone. */
  generation(shard: number): number {
    return this.#at(shard).generation;
  }

  /** Bytes of tasks that wait or run, over all shards. */
  get queuedBytes(): number {
    return this.#shards.reduce((sum, shard) => sum + shard.queuedBytes, 0);
  }

  /** Milliseconds that a shard has spent on tasks since it was started; 0 before that. */
  busyMs(shard: number): number {
    return this.#shards[shard]?.busyMs ?? 0;
  }

  /** Runs a task after those before it. Rejects with `WorkerLost` only. */
  run<R>(shard: number, task: unknown, options: RunOptions = {}): Promise<R> {
    const at = this.#at(shard);
    const bytes = options.bytes ?? 0;
    at.queuedBytes += bytes;
    const done = at.tail.then(() => this.#runNow<R>(shard, at, task, options));
    at.tail = done.then(
      () => undefined,
      () => undefined,
    );
    return done.finally(() => {
      at.queuedBytes -= bytes;
    });
  }

  async #runNow<R>(number: number, shard: Shard, task: unknown, options: RunOptions): Promise<R> {
    if (this.#stopped) throw new WorkerLost(number, 'stopped', 'the workers are stopped');
    const controller = new AbortController();
    const { timeoutMs } = options;
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            controller.abort();
          }, timeoutMs);
    const began = performance.now();
    try {
      return (await shard.pool.run(task, {
        transferList: [...(options.transfer ?? [])],
        signal: controller.signal,
      })) as R;
    } catch (error) {
      const lost = this.#lossOf(number, error, controller.signal.aborted ? timeoutMs : undefined);
      if (lost.reason !== 'stopped') {
        await this.#replace(shard);
        this.#options.onLost?.(lost);
      }
      throw lost;
    } finally {
      clearTimeout(timer);
      shard.busyMs += performance.now() - began;
    }
  }

  #lossOf(shard: number, error: unknown, timeoutMs: number | undefined): WorkerLost {
    if (this.#stopped) return new WorkerLost(shard, 'stopped', 'the workers are stopped', error);
    if (timeoutMs !== undefined)
      return new WorkerLost(shard, 'timeout', `worker ${shard} did not answer within ${timeoutMs} ms`, error);
    const message = error instanceof Error ? error.message : String(error);
    const code = (error as NodeJS.ErrnoException | null)?.code;
    if (code === 'ERR_WORKER_OUT_OF_MEMORY')
      return new WorkerLost(shard, 'memory', `worker ${shard} ran out of memory`, error);
    if (/^worker exited with code/.test(message))
      return new WorkerLost(shard, 'exit', `worker ${shard}: ${message}`, error);
    return new WorkerLost(shard, 'threw', `worker ${shard} threw: ${message}`, error);
  }

  /** A new pool, also where the thread lives on: after an error nobody knows what state it holds. */
  async #replace(shard: Shard): Promise<void> {
    shard.generation++;
    const old = shard.pool;
    if (!this.#stopped) shard.pool = this.#pool();
    await old.destroy().catch(() => undefined);
  }

  #pool(): Piscina {
    const { entry, heapMb, workerData } = this.#options;
    const pool = new Piscina({
      filename: fileURLToPath(entry),
      minThreads: 1,
      maxThreads: 1,
      idleTimeout: Infinity,
      concurrentTasksPerWorker: 1,
      recordTiming: false,
      workerData,
      ...(heapMb === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: heapMb } }),
    });
    // A thread that dies between tasks: the next task gets a new one, and the generation tells that the state is gone.
    pool.on('error', () => {
      const shard = this.#shards.find((one) => one.pool === pool);
      if (shard !== undefined && !this.#stopped) void this.#replace(shard);
    });
    return pool;
  }

  #at(shard: number): Shard {
    const at = this.#shards[shard];
    if (at === undefined)
      throw new RangeError(`no shard ${shard} of ${this.#shards.length}; are they started?`);
    return at;
  }
}
