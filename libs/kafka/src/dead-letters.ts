/**
 * The form of a dead letter: the message as it was (key, value, headers) with headers that say why. `dlq-tries` counts how
 * often it has failed; a retry carries `sessionreel-tries` so that the count goes on.
 */
import { headerText, type HeaderValue, type Message, type OutgoingMessage } from './message.ts';

export const triesHeader = 'sessionreel-tries';
const prefix = 'dlq-';

export interface DeadLetter {
  /** A short word for grouping: `parse`, `headers`, `too_large`, `worker`, … */
  readonly reason: string;
  /** A sentence for people. */
  readonly error: string;
  readonly partition: number;
  readonly offset: number;
  /** Kafka timestamp of the message (ms). */
  readonly time: number;
  readonly tries: number;
}

/**
 * The message for the dead-letter topic. Its own Kafka timestamp is that of the failure, because retention goes by it; the
 * original's is in a header.
 */
export function deadLetterOf(message: Message, reason: string, error: string): OutgoingMessage {
  const tries = Number(headerText(message, triesHeader) ?? 0);
  return {
    key: message.key,
    value: message.value,
    headers: {
      ...originalHeaders(message),
      [`${prefix}reason`]: reason,
      [`${prefix}error`]: error.slice(0, 4_096),
      [`${prefix}partition`]: String(message.partition),
      [`${prefix}offset`]: String(message.offset),
      [`${prefix}time`]: String(message.timestamp),
      [`${prefix}tries`]: String((Number.isSafeInteger(tries) && tries >= 0 ? tries : 0) + 1),
    },
  };
}

/** What a message of the dead-letter topic says; undefined when it is none. */
export function readDeadLetter(message: Message): DeadLetter | undefined {
  const text = (name: string): string => headerText(message, prefix + name) ?? '';
  if (headerText(message, `${prefix}reason`) === undefined) return undefined;
  return {
    reason: text('reason'),
    error: text('error'),
    partition: Number(text('partition')),
    offset: Number(text('offset')),
    time: Number(text('time')),
    tries: Number(text('tries')),
  };
}

/**
 * The original message again, to be sent to its topic. It keeps its time, by a `captured-at` where it had none: what has become
 * stale since must be seen to be stale.
 */
export function retryOf(message: Message): OutgoingMessage {
  const letter = readDeadLetter(message);
  return {
    key: message.key,
    value: message.value,
    headers: {
      ...(letter === undefined ? {} : { 'captured-at': String(letter.time) }),
      ...originalHeaders(message),
      [triesHeader]: String(letter?.tries ?? 1),
    },
  };
}

/** Headers without ours. */
export function originalHeaders(
  message: Pick<Message, 'headers'>,
): Record<string, HeaderValue | HeaderValue[]> {
  const headers: Record<string, HeaderValue | HeaderValue[]> = {};
  for (const [name, value] of Object.entries(message.headers)) {
    // A null value has no form in kafkajs's encoder but the empty one.
    if (name.startsWith(prefix) || name === triesHeader) continue;
    headers[name] = value ?? '';
  }
  return headers;
}
