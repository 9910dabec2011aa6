/** What kafkajs reaches when nothing is done with the messages. */
import kafkajs from 'kafkajs';
import { KafkaAdmin, KafkaProducer } from '@sessionreel/kafka';
import type { Contender } from '../harness/index.ts';
import { kafkaClient, sendAll } from './client.ts';
import { Fleet, type FleetShape } from './fleet.ts';
import { cpuSeconds } from './process-cpu.ts';
import type { Servers } from './servers.ts';

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
          const read = await readAll(
            brokers,
            topic,
            `bare-${process.pid}-${runs++}`,
            messages.length,
            kafkaPids,
          );
          return { ...read, work: shape.routers * shape.sessionsPerRouter * polls };
        },
      };
    },
  };
}

async function readAll(
  brokers: string,
  topic: string,
  groupId: string,
  wanted: number,
  kafkaPids: readonly number[],
): Promise<{ seconds: number; cpuSeconds: number; values: Record<string, number> }> {
  const kafka = new kafkajs.Kafka({
    brokers: [brokers],
    clientId: 'bare',
    logLevel: kafkajs.logLevel.NOTHING,
  });
  const consumer = kafka.consumer({ groupId, maxBytesPerPartition: 4 * 2 ** 20 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  let began = 0;
  let used = process.cpuUsage();
  let usedByKafka = 0;
  let bytes = 0;
  let count = 0;
  await new Promise<void>((resolve, reject) => {
    consumer.on('consumer.group_join', () => {
      // From here on it reads: what joining takes is nobody's throughput.
      began = performance.now();
      used = process.cpuUsage();
      usedByKafka = cpuSeconds(kafkaPids);
    });
    consumer.on('consumer.crash', ({ payload }) => reject(payload.error));
    consumer
      .run({
        eachBatch: ({ batch }) => {
          for (const { value } of batch.messages) {
            count++;
            bytes += value?.length ?? 0;
          }
          if (count >= wanted) resolve();
          return Promise.resolve();
        },
      })
      .catch(reject);
  });
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(used);
  const cpu = (user + system) / 1e6 + cpuSeconds(kafkaPids) - usedByKafka;
  await consumer.disconnect();
  return { seconds, cpuSeconds: cpu, values: { mb_rate: bytes / 1e6 / seconds } };
}
