/** One transaction: events, forwarded messages, dead letters and the input offset, all or nothing. */
import {
  chunks,
  deadLetterOf,
  originalHeaders,
  sizeOf,
  type OpenTransaction,
  type OutgoingMessage,
} from '@sessionreel/kafka';
import { forwardedHeader } from './admission.ts';
import { forwardedFrom, type Forward, type MadeEvent } from './batch-work.ts';
import type { CheckpointBook } from './checkpoint-book.ts';
import { writeProgress } from './progress.ts';
import type { Message } from '@sessionreel/kafka';
import type { Chain } from './batch-work.ts';
import type { Refusal } from './tasks.ts';

export interface Topics {
  readonly snapshots: string;
  readonly events: string;
  readonly deadLetters: string;
  readonly deadLetterPartitions: number;
  readonly groupId: string;
  /** The largest record batch that each topic takes, bytes. */
  readonly limits: { readonly snapshots: number; readonly events: number; readonly deadLetters: number };
}

export interface Work {
  readonly partition: number;
  readonly messages: readonly Message[];
  readonly bytes: number;
  /** Checkpoints first, then events in the order of the input. */
  readonly events: readonly MadeEvent[];
  readonly forwards: readonly Forward[];
  readonly deadLetters: ReadonlyMap<number, Refusal>;
  readonly chain: Chain;
}

/** An event that no topic takes: its message has to be a dead letter. */
export class EventTooLarge extends Error {
  override readonly name = 'EventTooLarge';
  readonly offset: number;
  constructor(offset: number, bytes: number, limit: number) {
    super(`its event has ${bytes} bytes and the topic takes ${limit}: send the snapshot in parts`);
    this.offset = offset;
  }
}

/** Room for what a record batch needs beside keys, values and headers. */
const overheadBytes = 1_024;
/** A router's name has at most so many. */
const routerBytes = 255;
/** What one produce request carries at most, where the topic would take more. */
const requestBytes = 4 * 2 ** 20;

/** The largest event that the topic takes, bytes. */
export function eventBytesMost(topics: Topics): number {
  return topics.limits.events - overheadBytes - routerBytes;
}

/** Sends everything and the offset; takes the events up in `book`. The caller commits. */
export async function sendWork(
  transaction: OpenTransaction,
  work: Work,
  topics: Topics,
  book: CheckpointBook,
): Promise<void> {
  await sendEvents(transaction, work, topics, book);
  await sendForwards(transaction, work, topics);
  await sendDeadLetters(transaction, work, topics);
  const last = work.messages.at(-1) as Message;
  const metadata = writeProgress({ ...work.chain, restore: book.restoreOffset });
  await transaction.sendOffset(topics.groupId, topics.snapshots, work.partition, last.offset + 1, metadata);
}

async function sendEvents(
  transaction: OpenTransaction,
  work: Work,
  topics: Topics,
  book: CheckpointBook,
): Promise<void> {
  const limit = topics.limits.events - overheadBytes;
  const times = new Map(work.messages.map((message) => [message.offset, message.timestamp]));
  const messages = work.events.map(({ entry, value }): OutgoingMessage => {
    if (value.length > eventBytesMost(topics))
      throw new EventTooLarge(entry.offset, value.length, eventBytesMost(topics));
    return {
      key: entry.router,
      value,
      headers: { kind: entry.kind },
      // Kafka's time of the cause, so that equal input gives equal messages, and lag can be measured from the beginning.
      timestamp: times.get(entry.offset) ?? work.chain.time,
    };
  });
  let index = 0;
  for (const chunk of chunks(messages, Math.min(limit, requestBytes))) {
    const first = await transaction.send(topics.events, work.partition, chunk);
    for (let i = 0; i < chunk.length; i++, index++) {
      const { entry, value } = work.events[index] as MadeEvent;
      book.logged({ ...entry, offset: first + i, bytes: value.length });
    }
  }
}

async function sendForwards(transaction: OpenTransaction, work: Work, topics: Topics): Promise<void> {
  const byPartition = Map.groupBy(work.forwards, (forward) => forward.partition);
  for (const [partition, forwards] of byPartition) {
    const messages = forwards.map(({ message }): OutgoingMessage => ({
      key: message.key,
      value: message.value,
      headers: {
        ...originalHeaders(message),
        ...triesOf(message),
        [forwardedHeader]: forwardedFrom(message),
      },
      timestamp: message.timestamp,
    }));
    for (const chunk of chunks(messages, Math.min(topics.limits.snapshots - overheadBytes, requestBytes)))
      await transaction.send(topics.snapshots, partition, chunk);
  }
}

/** The count of tries of a retried dead letter goes along: `originalHeaders` leaves it out. */
function triesOf(message: Message): Record<string, Uint8Array | string> {
  const tries = message.headers['sessionreel-tries'];
  return tries === undefined || Array.isArray(tries) ? {} : { 'sessionreel-tries': tries };
}

async function sendDeadLetters(transaction: OpenTransaction, work: Work, topics: Topics): Promise<void> {
  const limit = topics.limits.deadLetters - overheadBytes;
  const letters: OutgoingMessage[] = [];
  for (const message of work.messages) {
    const refusal = work.deadLetters.get(message.offset);
    if (refusal === undefined) continue;
    const letter = deadLetterOf(message, refusal.reason, refusal.error);
    // A message as large as its topic allows, with our headers, may be larger than the dead letters' topic allows.
    letters.push(
      sizeOf(message) + refusal.error.length + 512 > limit
        ? {
            ...letter,
            value: null,
            headers: { ...letter.headers, 'dlq-left-out': String(message.value?.length ?? 0) },
          }
        : letter,
    );
  }
  const partition = work.partition % topics.deadLetterPartitions;
  for (const chunk of chunks(letters, Math.min(limit, requestBytes)))
    await transaction.send(topics.deadLetters, partition, chunk);
}
