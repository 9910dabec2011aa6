/** Restores the routers of a partition into the workers, from the log of their own events. */
import { headerText, readRange, type KafkaClient, type Message } from '@sessionreel/kafka';
import { peekDelta, unframe } from '@sessionreel/session-events';
import type { ShardPool } from '@sessionreel/workers';
import { CheckpointBook } from './checkpoint-book.ts';
import type { DoneResult, EventKind, LogEntry, RestoreTask } from './tasks.ts';

export interface RestoreOptions {
  readonly client: KafkaClient;
  readonly pool: ShardPool;
  readonly topic: string;
  readonly partition: number;
  readonly epoch: number;
  /** Offset to begin at; -1 for none. */
  readonly from: number;
  readonly timeoutMs: number;
  readonly checkpointFloor: number;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, of: number, bytes: number) => void;
}

export interface Restored {
  readonly book: CheckpointBook;
  readonly deadlines: (number | null)[];
  readonly sessions: number;
  readonly events: number;
  readonly bytes: number;
}

/** The workers no longer hold what a restore was filling: it must be begun again. */
export class RestoreInterrupted extends Error {
  override readonly name = 'RestoreInterrupted';
}

/** What may lie in the workers' queues while the next events are read, bytes. */
const aheadBytes = 32 * 2 ** 20;

export async function restore(options: RestoreOptions): Promise<Restored> {
  const { pool, partition, epoch } = options;
  const book = new CheckpointBook(options.checkpointFloor);
  const latest: DoneResult[] = Array.from({ length: pool.shards }, () => ({
    lost: false,
    sessions: 0,
    nextDeadline: null,
  }));
  const run = async (
    shard: number,
    task: RestoreTask | { kind: 'begin' },
    moved: ArrayBuffer[],
  ): Promise<void> => {
    const result = await pool.run<DoneResult>(
      shard,
      { partition, epoch, ...task },
      { transfer: moved, timeoutMs: options.timeoutMs, bytes: moved[0]?.byteLength ?? 0 },
    );
    if (result.lost) throw new RestoreInterrupted(`worker ${shard} was replaced during the restore`);
    latest[shard] = result;
  };
  await Promise.all(Array.from({ length: pool.shards }, (_, shard) => run(shard, { kind: 'begin' }, [])));
  let events = 0;
  let bytes = 0;
  if (options.from >= 0) {
    let ahead: Promise<unknown> = Promise.resolve();
    const range = readRange(options.client, {
      topic: options.topic,
      partition,
      from: options.from,
      maxBytes: aheadBytes / 4,
      signal: options.signal,
    });
    for await (const chunk of range) {
      for (const message of chunk.messages) {
        bytes += message.value?.length ?? 0;
        note(book, message);
      }
      events += chunk.messages.length;
      const tasks = split(chunk.messages, pool, partition, epoch);
      // One chunk in work while the next is read: bounded, and both busy.
      await ahead;
      ahead = Promise.all([...tasks].map(([shard, task]) => run(shard, task, [task.buffer])));
      ahead.catch(() => undefined);
      options.onProgress(chunk.next, chunk.end, bytes);
    }
    await ahead;
  }
  return {
    book,
    deadlines: latest.map((result) => result.nextDeadline),
    sessions: latest.reduce((sum, result) => sum + result.sessions, 0),
    events,
    bytes,
  };
}

function note(book: CheckpointBook, message: Message): void {
  if (message.value === null) return;
  const { seq, piece, pieces } = peekDelta(unframe(message.value).datum);
  book.logged({
    router: routerOf(message),
    kind: kindOf(message),
    seq,
    piece,
    pieces,
    offset: message.offset,
    bytes: message.value.length,
  });
}

function split(
  messages: readonly Message[],
  pool: ShardPool,
  partition: number,
  epoch: number,
): Map<number, RestoreTask> {
  const byShard = Map.groupBy(
    messages.filter((message) => message.value !== null),
    (message) => pool.shardOf(message.key ?? new Uint8Array()),
  );
  const tasks = new Map<number, RestoreTask>();
  for (const [shard, list] of byShard) {
    const buffer = new Uint8Array(list.reduce((sum, message) => sum + (message.value?.length ?? 0), 0));
    let start = 0;
    const events = list.map((message): LogEntry => {
      const value = message.value as Uint8Array;
      buffer.set(value, start);
      start += value.length;
      return {
        router: routerOf(message),
        kind: kindOf(message),
        start: start - value.length,
        length: value.length,
      };
    });
    tasks.set(shard, { kind: 'restore', partition, epoch, buffer: buffer.buffer, events });
  }
  return tasks;
}

const routerOf = (message: Message): string => Buffer.from(message.key ?? []).toString('utf8');

function kindOf(message: Message): EventKind {
  const kind = headerText(message, 'kind');
  return kind === 'checkpoint' || kind === 'keyframe' ? kind : 'delta';
}
