/** Worker threads with affinity, over piscina. Knows nothing of what runs in them. */
export { shardOf } from './affinity.ts';
export { ByteBudget } from './budget.ts';
export { BufferPool } from './buffer-pool.ts';
export { givenToWorker, moving } from './in-worker.ts';
export { ShardPool, WorkerLost } from './shard-pool.ts';
export type { LossReason, RunOptions, ShardPoolOptions } from './shard-pool.ts';
