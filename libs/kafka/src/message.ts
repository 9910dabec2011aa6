/** Messages as the rest of the product sees them. */
import type { IHeaders, KafkaMessage } from 'kafkajs';

export type HeaderValue = Uint8Array | string;

/** A consumed message. Bytes are views into what was fetched: copy what must outlive the batch. */
export interface Message {
  readonly partition: number;
  readonly offset: number;
  /** Kafka's timestamp (ms). */
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: IHeaders;
}

/** A message to be sent. Without a partition the key decides (murmur2). */
export interface OutgoingMessage {
  readonly key: Uint8Array | string | null;
  readonly value: Uint8Array | null;
  readonly headers?: Readonly<Record<string, HeaderValue | readonly HeaderValue[] | undefined>>;
  readonly partition?: number;
  /** Kafka timestamp (ms); now when left out. */
  readonly timestamp?: number;
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** The last value of a header, as bytes; undefined when it is not there. */
export function headerBytes(message: Pick<Message, 'headers'>, name: string): Uint8Array | undefined {
  if (!Object.hasOwn(message.headers, name)) return undefined;
  const value = message.headers[name];
  const last = Array.isArray(value) ? value.at(-1) : value;
  if (last === undefined) return undefined;
  return typeof last === 'string' ? Buffer.from(last) : last;
}

/** The last value of a header as text; undefined when it is not there, null when it is not UTF-8. */
export function headerText(message: Pick<Message, 'headers'>, name: string): string | null | undefined {
  const bytes = headerBytes(message, name);
  if (bytes === undefined) return undefined;
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

/** Bytes of key, value and headers: what a queue counts. */
export function sizeOf(message: Message): number {
  let size = (message.key?.length ?? 0) + (message.value?.length ?? 0) + 64;
  for (const [name, value] of Object.entries(message.headers)) {
    for (const one of Array.isArray(value) ? value : [value])
      size += name.length + (one === undefined ? 0 : one.length);
  }
  return size;
}

export function messageOf(partition: number, message: KafkaMessage): Message {
  return {
    partition,
    offset: Number(message.offset),
    timestamp: Number(message.timestamp),
    key: message.key,
    value: message.value,
    headers: message.headers ?? {},
  };
}

/** Our outgoing message in kafkajs's words. */
export function kafkajsMessageOf(message: OutgoingMessage): {
  key: Buffer | null;
  value: Buffer | null;
  headers?: IHeaders;
  partition?: number;
  timestamp?: string;
} {
  const out: ReturnType<typeof kafkajsMessageOf> = {
    key: message.key === null ? null : bufferOf(message.key),
    value: message.value === null ? null : bufferOf(message.value),
  };
  if (message.partition !== undefined) out.partition = message.partition;
  if (message.timestamp !== undefined) out.timestamp = String(message.timestamp);
  if (message.headers !== undefined) {
    out.headers = {};
    for (const [name, value] of Object.entries(message.headers)) {
      if (value === undefined) continue;
      out.headers[name] =
        typeof value === 'string' || value instanceof Uint8Array ? bufferOf(value) : value.map(bufferOf);
    }
  }
  return out;
}

function bufferOf(bytes: Uint8Array | string): Buffer {
  if (typeof bytes === 'string') return Buffer.from(bytes);
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
