/** A transactional producer, for one input partition: what it sends and the offsets that it read stand or fall together. */
import { CompressionTypes, Partitioners, type Producer, type Transaction } from 'kafkajs';
import type { KafkaClient } from './client.ts';
import { kafkaErrorOf, KafkaError } from './errors.ts';
import { kafkajsMessageOf, type OutgoingMessage } from './message.ts';

export type Compression = 'none' | 'gzip' | 'zstd';

const compressionTypes: Readonly<Record<Compression, CompressionTypes>> = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  zstd: CompressionTypes.ZSTD,
};

export interface TransactionalOptions {
  readonly transactionalId: string;
  /** After which the broker aborts a transaction that went silent, ms. */
  readonly timeoutMs?: number;
  readonly compression?: Compression;
}

export class TransactionalProducer {
  readonly transactionalId: string;
  readonly #client: KafkaClient;
  readonly #options: TransactionalOptions;
  #producer: Producer | undefined;

  constructor(client: KafkaClient, options: TransactionalOptions) {
    this.#client = client;
    this.#options = options;
    this.transactionalId = options.transactionalId;
  }

  /**
   * Initialises the producer: fences any other with this transactional id, and returns when its last transaction has ended,
   * one way or the other. Only what is read after this is true. May be called again, after an error.
   */
  async initialise(): Promise<void> {
    await this.stop();
    const producer = this.#client.kafka.producer({
      transactionalId: this.transactionalId,
      transactionTimeout: this.#options.timeoutMs ?? 60_000,
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
      // A transaction right after another meets CONCURRENT_TRANSACTIONS and waits one retry: let that be short.
      retry: { initialRetryTime: 2, maxRetryTime: 1_000, multiplier: 2, factor: 0.2, retries: 14 },
    });
    try {
      await producer.connect();
      // kafkajs asks for the producer id when the first transaction begins; an empty one ends without a word to Kafka.
      const first = await producer.transaction();
      await first.abort();
      this.#producer = producer;
    } catch (error) {
      await producer.disconnect().catch(() => undefined);
      throw kafkaErrorOf(error, `initialising ${this.transactionalId}`);
    }
  }

  async begin(): Promise<OpenTransaction> {
    if (this.#producer === undefined) throw new KafkaError('closed', 'the producer is not initialised');
    try {
      const transaction = await this.#producer.transaction();
      return new OpenTransaction(transaction, compressionTypes[this.#options.compression ?? 'none']);
    } catch (error) {
      throw kafkaErrorOf(error, `beginning a transaction of ${this.transactionalId}`);
    }
  }

  async stop(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    await producer?.disconnect().catch(() => undefined);
  }
}

export class OpenTransaction {
  readonly #transaction: Transaction;
  readonly #compression: CompressionTypes;

  constructor(transaction: Transaction, compression: CompressionTypes) {
    this.#transaction = transaction;
    this.#compression = compression;
  }

  /** Sends to one partition, in order, as one record batch; returns the offset of the first message. */
  async send(topic: string, partition: number, messages: readonly OutgoingMessage[]): Promise<number> {
    try {
      const [answer] = await this.#transaction.send({
        topic,
        acks: -1,
        compression: this.#compression,
        messages: messages.map((message) => kafkajsMessageOf({ ...message, partition })),
      });
      const first = Number(answer?.baseOffset ?? -1);
      if (!(first >= 0)) throw new KafkaError('protocol', `${topic} did not say where the messages stand`);
      return first;
    } catch (error) {
      throw kafkaErrorOf(error, `sending to ${topic} partition ${partition}`);
    }
  }

  async sendOffset(
    groupId: string,
    topic: string,
    partition: number,
    offset: number,
    metadata: string,
  ): Promise<void> {
    // kafkajs encodes a metadata field that its type does not show.
    const partitions = [{ partition, offset: String(offset), metadata }];
    try {
      await this.#transaction.sendOffsets({ consumerGroupId: groupId, topics: [{ topic, partitions }] });
    } catch (error) {
      throw kafkaErrorOf(error, `sending the offset of ${topic} partition ${partition}`);
    }
  }

  /** Throws `fenced` when another has taken over (nothing stands), `unknown_outcome` when it may stand or not. */
  async commit(): Promise<void> {
    try {
      await this.#transaction.commit();
    } catch (error) {
      const known = kafkaErrorOf(error, 'committing');
      throw known.code === 'fenced'
        ? known
        : new KafkaError('unknown_outcome', `the outcome is not known: ${known.message}`, error);
    }
  }

  /** Best effort: what is not aborted now is when the producer is initialised again. */
  async abort(): Promise<void> {
    await this.#transaction.abort().catch(() => undefined);
  }
}
