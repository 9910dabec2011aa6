/**
 * A thread that reads a topic with kafkajs as it comes from the registry, and does nothing with the messages. A thread of its own, since
 * what `libs/kafka` mends in kafkajs holds for all of a thread: the bare consumer must not run the quicker for it.
 */
import kafkajs from 'kafkajs';
import { parentPort, workerData } from 'node:worker_threads';
import { cpuSeconds } from './process-cpu.ts';

export interface BareRead {
  readonly brokers: string;
  readonly topic: string;
  readonly groupId: string;
  /** Messages after which it has read all. */
  readonly wanted: number;
  readonly kafkaPids: readonly number[];
}

export interface BareResult {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly bytes: number;
}

async function readAll({ brokers, topic, groupId, wanted, kafkaPids }: BareRead): Promise<BareResult> {
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
  return { seconds, cpuSeconds: cpu, bytes };
}

parentPort?.postMessage(await readAll(workerData as BareRead));
