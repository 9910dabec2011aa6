/**
 * Six places of kafkajs 2.2.4 that are put right here. To be imported before kafkajs is (index.ts does so first): its modules
 * take these functions up when they are loaded.
 *
 * 1. After every answer it sets a timer to look for requests that a throttled broker has held back, also when none is: with a
 *    delay of minus the time since 1970, which Node takes as 1 ms (and, since Node 24, warns of). The timer sets the next one,
 *    so that every idle connection wakes the process a thousand times a second (kafkajs #1751). It is set only when something
 *    waits.
 * 2. It appends the records of a batch with `push(...records)`: some 100,000 records in one batch are more arguments than the
 *    stack holds, and such a batch, which any producer can make, would stop its consumer for good.
 * 3. It sends a heartbeat when the wall clock has gone past the last one by the interval. When the clock is set back, by an hour, it
 *    sends none for an hour: the group gives the partitions away, and this member never hears of it.
 * 4. A member that the coordinator no longer knows forgets its id and joins anew. When that fails, because the broker goes away just then,
 *    it tries again to fetch, not to join; and a member without an id sends no heartbeat, so that nobody tells it. It would go on for
 *    ever with partitions that others have. Without an id a heartbeat now fails as the coordinator's answer would: it joins.
 * 5. Its checksum of a record batch takes a byte at a time; ours takes eight.
 * 6. It copies every answer, for the empty rest of the one before.
 */
import { createRequire } from 'node:module';
import { crc32c } from './crc32c.ts';
import { decoded } from './frame-memory.ts';

interface RequestQueue {
  readonly pending: readonly unknown[];
  scheduleCheckPendingRequests(): void;
}

interface Decoder {
  readInt32(): number;
  canReadBytes(count: number): boolean;
  readBytes(count: number): Buffer;
}

const require = createRequire(import.meta.url);

interface ConsumerGroup {
  readonly memberId: string | null;
  lastRequest: number;
  heartbeat(options: { interval: number }): Promise<void>;
}

// First: what the others load takes the checksum up.
mendChecksums();
mendTimers();
mendDecoding();
// Before what uses it is loaded.
mendFilter();
mendHeartbeats();
mendConcatenation();

interface Connection {
  bytesBuffered: number;
  chunks: Buffer[];
  processData(data: Buffer): void;
}

interface FetchedRecord {
  readonly offset: string;
  readonly key: Uint8Array | null;
  readonly isControlRecord: boolean;
  readonly batchContext: { readonly producerId: string; readonly inTransaction: boolean };
}

/** kafkajs/src/consumer/filterAbortedMessages.js, but for the `while`. Control records are left in, as there. */
function mendFilter(): void {
  const path = 'kafkajs/src/consumer/filterAbortedMessages';
  const filter = (answer: {
    messages: FetchedRecord[];
    abortedTransactions?: { firstOffset: string; producerId: string }[] | null;
  }): FetchedRecord[] => {
    const waiting = [...(answer.abortedTransactions ?? [])].sort(
      (a, b) => Number(a.firstOffset) - Number(b.firstOffset),
    );
    if (waiting.length === 0) return answer.messages;
    const aborted = new Set<string>();
    return answer.messages.filter(({ offset, isControlRecord, batchContext }) => {
      while (waiting[0] !== undefined && Number(waiting[0].firstOffset) <= Number(offset))
        aborted.add((waiting.shift() as { producerId: string }).producerId);
      if (isControlRecord) aborted.delete(batchContext.producerId);
      return isControlRecord || !batchContext.inTransaction || !aborted.has(batchContext.producerId);
    });
  };
  require(path);
  const cached = require.cache[require.resolve(path)];
  if (cached !== undefined) cached.exports = filter;
}

/** UNKNOWN_MEMBER_ID. */
const unknownMember = 25;

function mendHeartbeats(): void {
  const { createErrorFromCode } = require('kafkajs/src/protocol/error') as {
    createErrorFromCode: (code: number) => Error;
  };
  const { prototype } = require('kafkajs/src/consumer/consumerGroup') as { prototype: ConsumerGroup };
  // Called below with its own `this`.
  // eslint-disable-next-line @typescript-eslint/unbound-method
  const heartbeat = prototype.heartbeat;
  prototype.heartbeat = function (this: ConsumerGroup, options): Promise<void> {
    if (this.memberId === null) return Promise.reject(createErrorFromCode(unknownMember));
    if (this.lastRequest > Date.now()) this.lastRequest = 0;
    return heartbeat.call(this, options);
  };
}

/** An empty rest of the answer before is no piece of this one: with it there were two, to be copied into one. */
function mendConcatenation(): void {
  const { prototype } = require('kafkajs/src/network/connection') as { prototype: Connection };
  // Called below with its own `this`.
  // eslint-disable-next-line @typescript-eslint/unbound-method
  const process = prototype.processData;
  prototype.processData = function (this: Connection, data): void {
    if (this.bytesBuffered === 0) this.chunks = [];
    process.call(this, data);
  };
}

function mendChecksums(): void {
  const path = 'kafkajs/src/protocol/recordBatch/crc32C';
  require(path);
  const cached = require.cache[require.resolve(path)];
  if (cached !== undefined) cached.exports = crc32c;
}

function mendTimers(): void {
  const { prototype } = require('kafkajs/src/network/requestQueue') as { prototype: RequestQueue };
  // Called below with its own `this`.
  // eslint-disable-next-line @typescript-eslint/unbound-method
  const schedule = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function (this: RequestQueue): void {
    if (this.pending.length > 0) schedule.call(this);
  };
}

/** kafkajs/src/protocol/requests/fetch/v4/decodeMessages.js, but for the `push`. */
function mendDecoding(): void {
  const path = 'kafkajs/src/protocol/requests/fetch/v4/decodeMessages';
  const DecoderOf = require('kafkajs/src/protocol/decoder') as new (buffer: Buffer) => Decoder;
  const decodeBatch = require('kafkajs/src/protocol/recordBatch/v0/decoder') as (
    decoder: Decoder,
  ) => Promise<{ records: unknown[] }>;
  const original = require(path) as (decoder: Decoder) => Promise<unknown[]>;
  const batchOverhead = 49;
  const magicAt = 16;
  const decodeMessages = async (decoder: Decoder): Promise<unknown[]> => {
    const size = decoder.readInt32();
    if (size <= 0 || !decoder.canReadBytes(size)) return [];
    const bytes = decoder.readBytes(size);
    const batches = new DecoderOf(bytes);
    // Message sets of before Kafka 0.11; no broker of today keeps them.
    if (bytes.readInt8(magicAt) !== 2) return original(new DecoderOf(withSize(bytes)));
    const all: unknown[] = [];
    while (batches.canReadBytes(batchOverhead)) {
      try {
        for (const record of (await decodeBatch(batches)).records) all.push(record);
      } catch (error) {
        // The last batch of an answer may be cut: it comes whole with the next one.
        if ((error as Error).name === 'KafkaJSPartialMessageError') break;
        throw error;
      }
    }
    decoded(all, bytes);
    return all;
  };
  const cached = require.cache[require.resolve(path)];
  if (cached !== undefined) cached.exports = decodeMessages;
}

function withSize(bytes: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeInt32BE(bytes.length);
  return Buffer.concat([size, bytes]);
}
