/** What kafkajs reaches when nothing is done with the messages. */
import { Worker } from 'node:worker_threads';
import { KafkaAdmin, KafkaProducer } from '@sessionreel/kafka';
import type { Contender } from '../harness/index.ts';
import type { BareRead, BareResult } from './bare-reader-worker.ts';
import { kafkaClient, sendAll } from './client.ts';
import { Fleet, type FleetShape } from './fleet.ts';
import type { Servers } from './servers.ts';

const readerFile = new URL('./bare-reader-worker.ts', import.meta.url);

/** Reads a topic with the same captures from its beginning to its end, in each run by a new group. */
export function bareConsumer(polls: number): Contender<FleetShape> {
  return {
    name: 'bare kafkajs consumer',
    kind: 'limit',
    note: 'the same captures, nothing done with them',
    async setup(shape, fixture) {
      const { kafka: brokers, kafkaPids } = fixture as Servers;
      const topic = 'bench.bare';
      const client = kafkaClient(brokers);
      const admin = new KafkaAdmin(client);
      await admin.createTopics([{ topic, partitions: 4, config: { 'max.message.bytes': '8388608' } }]);
      const producer = new KafkaProducer(client);
      const fleet = new Fleet(shape);
      const messages = Array.from({ length: polls }, () => fleet.poll()).flatMap((poll) => poll.messages);
      await sendAll(producer, topic, messages);
      await producer.stop();
      await admin.stop();
      let runs = 0;
      return {
        async run() {
          const groupId = `bare-${process.pid}-${runs++}`;
          const { bytes, ...read } = await readAll({
            brokers,
            topic,
            groupId,
            wanted: messages.length,
            kafkaPids,
          });
          const values = { mb_rate: bytes / 1e6 / read.seconds };
          return { ...read, values, work: shape.routers * shape.sessionsPerRouter * polls };
        },
      };
    },
  };
}

/** @throws Error when the thread that reads fails. */
function readAll(work: BareRead): Promise<BareResult> {
  return new Promise((resolve, reject) => {
    const reader = new Worker(readerFile, { workerData: work });
    reader.once('message', resolve);
    reader.once('error', reject);
  });
}
