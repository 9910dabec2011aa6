/** A plain producer (idempotent, acknowledged by all in-sync replicas), for captures and for retried dead letters. */
import { CompressionTypes, Partitioners, type Producer } from 'kafkajs';
import type { KafkaClient } from './client.ts';
import { kafkaErrorOf } from './errors.ts';
import { kafkajsMessageOf, type OutgoingMessage } from './message.ts';
import type { Compression } from './transactions.ts';

export interface Sent {
  readonly partition: number;
  readonly firstOffset: number;
}

export class KafkaProducer {
  readonly #client: KafkaClient;
  readonly #compression: CompressionTypes;
  #producer: Promise<Producer> | undefined;

  constructor(client: KafkaClient, compression: Compression = 'none') {
    this.#client = client;
    this.#compression = {
      none: CompressionTypes.None,
      gzip: CompressionTypes.GZIP,
      zstd: CompressionTypes.ZSTD,
    }[compression];
  }

  /** Sends, and returns where the messages stand: one entry for each partition. */
  async send(topic: string, messages: readonly OutgoingMessage[]): Promise<Sent[]> {
    try {
      this.#producer ??= this.#connect();
      const answers = await (
        await this.#producer
      ).send({
        topic,
        acks: -1,
        compression: this.#compression,
        messages: messages.map(kafkajsMessageOf),
      });
      return answers.map((a) => ({ partition: a.partition, firstOffset: Number(a.baseOffset ?? -1) }));
    } catch (error) {
      throw kafkaErrorOf(error, `sending to ${topic}`);
    }
  }

  async stop(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    await (await producer?.catch(() => undefined))?.disconnect().catch(() => undefined);
  }

  async #connect(): Promise<Producer> {
    const producer = this.#client.kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    return producer;
  }
}
