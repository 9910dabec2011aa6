/** Restores the routers of a partition into the workers, from the log of their own events. */
import { headerText, readRange, type KafkaClient, type Message } from '@sessionreel/kafka';
import { UnknownSchemaError, isKnownSchema, peekDelta, unframe } from '@sessionreel/session-events';
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
  /** Of the schema that a registry knows by this id, where one is used. */
  readonly fingerprintOf: (schemaId: number) => Promise<string>;
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
      const logged = await unframed(chunk.messages, options.fingerprintOf);
      for (const event of logged) {
        bytes += event.datum.length;
        note(book, event);
      }
      events += chunk.messages.length;
      const tasks = split(logged, pool, partition, epoch);
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

interface Logged {
  readonly message: Message;
  readonly router: string;
  readonly datum: Uint8Array;
  readonly fingerprint: string;
}

/** @throws UnknownSchemaError when a newer release wrote one of them: nothing is guessed. */
async function unframed(
  messages: readonly Message[],
  fingerprintOf: RestoreOptions['fingerprintOf'],
): Promise<Logged[]> {
  const logged: Logged[] = [];
  for (const message of messages) {
    if (message.value === null) continue;
    const frame = unframe(message.value);
    const fingerprint =
      frame.kind === 'single-object' ? frame.fingerprint : await fingerprintOf(frame.schemaId);
    if (!isKnownSchema(fingerprint)) throw new UnknownSchemaError(fingerprint);
    const router = Buffer.from(message.key ?? []).toString('utf8');
    logged.push({ message, router, datum: frame.datum, fingerprint });
  }
  return logged;
}

function note(book: CheckpointBook, { message, router, datum }: Logged): void {
  const { seq, piece, pieces } = peekDelta(datum);
  const { offset, value } = message;
  book.logged({ router, kind: kindOf(message), seq, piece, pieces, offset, bytes: value?.length ?? 0 });
}

function split(
  logged: readonly Logged[],
  pool: ShardPool,
  partition: number,
  epoch: number,
): Map<number, RestoreTask> {
  const byShard = Map.groupBy(logged, ({ message }) => pool.shardOf(message.key ?? new Uint8Array()));
  const tasks = new Map<number, RestoreTask>();
  for (const [shard, list] of byShard) {
    const buffer = new Uint8Array(list.reduce((sum, { datum }) => sum + datum.length, 0));
    let start = 0;
    const events = list.map(({ message, router, datum, fingerprint }): LogEntry => {
      const { length } = datum;
      buffer.set(datum, start);
      start += length;
      return { router, kind: kindOf(message), fingerprint, start: start - length, length };
    });
    tasks.set(shard, { kind: 'restore', partition, epoch, buffer: buffer.buffer, events });
  }
  return tasks;
}

function kindOf(message: Message): EventKind {
  const kind = headerText(message, 'kind');
  return kind === 'checkpoint' || kind === 'keyframe' ? kind : 'delta';
}
