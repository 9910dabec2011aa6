/**
 * The dead letters as a list that people work through. Kafka can not delete one message: that a letter was retried or dropped is said
 * by a mark behind it in the same partition, and what is done up to the partition's beginning is trimmed.
 */
import type { KafkaAdmin } from './admin.ts';
import type { KafkaClient } from './client.ts';
import { readDeadLetter, retryOf, type DeadLetter } from './dead-letters.ts';
import { headerText, type Message, type OutgoingMessage } from './message.ts';
import type { KafkaProducer } from './producer.ts';
import { readRange } from './reader.ts';

/** On a mark: `<offset>` of the letter in this partition that is done with. */
export const doneHeader = 'sessionreel-dlq-done';
const actionHeader = 'sessionreel-dlq-action';

export interface Letter {
  /** `partition/offset` in the dead-letter topic. */
  readonly id: string;
  readonly partition: number;
  readonly offset: number;
  readonly router: string;
  readonly bytes: number;
  readonly letter: DeadLetter;
}

/** Both topics, and what is done with them. */
export interface DeadLetterPort {
  /** All messages of the topic's partition that are there, oldest first. */
  read(partition: number, from?: number, to?: number): AsyncIterable<Message>;
  partitions(): Promise<number>;
  send(topic: 'snapshots' | 'deadLetters', messages: readonly OutgoingMessage[]): Promise<void>;
  trim(partition: number, offset: number): Promise<void>;
}

export function kafkaDeadLetters(
  client: KafkaClient,
  admin: KafkaAdmin,
  producer: KafkaProducer,
  topics: { readonly snapshots: string; readonly deadLetters: string },
): DeadLetterPort {
  return {
    partitions: () => admin.partitionCount(topics.deadLetters),
    trim: (partition, offset) => admin.trim(topics.deadLetters, partition, offset),
    send: async (topic, messages) => {
      await producer.send(topics[topic], messages);
    },
    async *read(partition, from, to) {
      const marks = (await admin.watermarks(topics.deadLetters)).get(partition);
      const start = Math.max(from ?? 0, marks?.low ?? 0);
      const end = Math.min(to ?? Infinity, marks?.high ?? 0);
      if (start >= end) return;
      for await (const chunk of readRange(client, {
        topic: topics.deadLetters,
        partition,
        from: start,
        to: end,
      })) {
        yield* chunk.messages;
      }
    },
  };
}

interface PartitionLetters {
  readonly open: Letter[];
  /** Everything below is done with. */
  readonly doneBelow: number;
}

async function lettersOf(port: DeadLetterPort, partition: number): Promise<PartitionLetters> {
  const open = new Map<number, Letter>();
  let next = 0;
  for await (const message of port.read(partition)) {
    next = message.offset + 1;
    const done = headerText(message, doneHeader);
    if (typeof done === 'string') {
      open.delete(Number(done));
      continue;
    }
    const letter = readDeadLetter(message);
    if (letter !== undefined) open.set(message.offset, entryOf(message, letter));
  }
  const left = [...open.values()];
  return { open: left, doneBelow: left[0]?.offset ?? next };
}

function entryOf(message: Message, letter: DeadLetter): Letter {
  const { partition, offset, key, value } = message;
  return {
    id: `${partition}/${offset}`,
    partition,
    offset,
    router: key === null ? '' : Buffer.from(key).toString(),
    bytes: value?.length ?? 0,
    letter,
  };
}

/** Letters that nobody dealt with yet, oldest first by their own time. */
export async function openLetters(port: DeadLetterPort): Promise<Letter[]> {
  const count = await port.partitions();
  const lists = await Promise.all(Array.from({ length: count }, (_, i) => lettersOf(port, i)));
  return lists
    .flatMap((x) => x.open)
    .sort((a, b) => a.letter.time - b.letter.time || a.partition - b.partition || a.offset - b.offset);
}

/** There is no dead letter of that id, or not any more. */
export class NoSuchLetter extends Error {
  override readonly name = 'NoSuchLetter';
  readonly id: string;

  constructor(id: string) {
    super(`there is no dead letter ${id} (any more)`);
    this.id = id;
  }
}

/** `partition/offset`; undefined for what names none. */
function placeOf(id: string): { readonly partition: number; readonly offset: number } | undefined {
  const match = letterId.exec(id);
  return match === null ? undefined : { partition: Number(match[1]), offset: Number(match[2]) };
}

/** How a dead letter is named: `partition/offset`. */
export const letterId = /^(\d{1,9})\/(\d{1,15})$/;

/** The message of a letter, as it stands in the dead-letter topic. @throws NoSuchLetter */
export async function letterOf(port: DeadLetterPort, id: string): Promise<Message> {
  const place = placeOf(id);
  if (place === undefined || place.partition >= (await port.partitions())) throw new NoSuchLetter(id);
  const { partition, offset } = place;
  for await (const message of port.read(partition, offset, offset + 1))
    if (message.offset === offset && readDeadLetter(message) !== undefined) return message;
  throw new NoSuchLetter(id);
}

/**
 * Retries or drops letters, in the order in which their messages came. All of them are open, or nothing is done. A retry sends the message again to the captures, then marks the
 * letter: a crash between the two leaves it in the list, and sent twice it is a repeat, which changes nothing.
 * @throws NoSuchLetter
 */
export async function dealWith(
  port: DeadLetterPort,
  action: 'retry' | 'drop',
  ids: readonly string[],
): Promise<void> {
  const wanted = [...new Set(ids)];
  const partitions = new Set(wanted.map((id) => placeOf(id)?.partition ?? Infinity));
  const open = new Map<string, Letter>();
  const count = await port.partitions();
  for (const partition of partitions)
    if (partition < count)
      for (const letter of (await lettersOf(port, partition)).open) open.set(letter.id, letter);
  const letters = wanted.map((id) => {
    const letter = open.get(id);
    if (letter === undefined) throw new NoSuchLetter(id);
    return letter;
  });
  // As they came, however they were named: of two captures of a router the later one would make the earlier one stale.
  letters.sort((a, b) => a.letter.partition - b.letter.partition || a.letter.offset - b.letter.offset);
  for (const { id } of letters) {
    // One at a time: all of them at once may not fit into memory.
    const message = await letterOf(port, id);
    if (action === 'retry') await port.send('snapshots', [retryOf(message)]);
    await mark(port, message, action === 'retry' ? 'retried' : 'dropped');
  }
  await trimDone(port, partitions);
}

async function mark(port: DeadLetterPort, message: Message, action: 'retried' | 'dropped'): Promise<void> {
  const headers = { [doneHeader]: String(message.offset), [actionHeader]: action };
  await port.send('deadLetters', [{ key: message.key, value: null, partition: message.partition, headers }]);
}

/** Frees what lies below the oldest letter that is still open. Never takes an open one: what came meanwhile lies above. */
async function trimDone(port: DeadLetterPort, partitions: Iterable<number>): Promise<void> {
  for (const partition of new Set(partitions)) {
    const { doneBelow } = await lettersOf(port, partition);
    if (doneBelow > 0) await port.trim(partition, doneBelow);
  }
}
