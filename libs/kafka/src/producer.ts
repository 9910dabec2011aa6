/** A plain producer (idempotent, acknowledged by all in-sync replicas), for captures and for retried dead letters. */
import { CompressionTypes, Partitioners, type Producer } from 'kafkajs';
import { chunks } from './chunks.ts';
import type { KafkaClient } from './client.ts';
import { kafkaErrorOf } from './errors.ts';
import { kafkajsMessageOf, type OutgoingMessage } from './message.ts';
import type { Compression } from './transactions.ts';

/** Below the default of `max.message.bytes`. A message that is larger is sent alone, and the topic's limit decides. */
const requestBytes = 900_000;

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

  /** Sends in order, in requests of a size that topics take by default; returns where the batches stand. */
  async send(topic: string, messages: readonly OutgoingMessage[]): Promise<Sent[]> {
    const sent: Sent[] = [];
    try {
      this.#producer ??= this.#connect();
      const producer = await this.#producer;
      for (const chunk of chunks(messages, requestBytes)) {
        const answers = await producer.send({
          topic,
          acks: -1,
          compression: this.#compression,
          messages: chunk.map(kafkajsMessageOf),
        });
        for (const a of answers)
          sent.push({ partition: a.partition, firstOffset: Number(a.baseOffset ?? -1) });
      }
      return sent;
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
