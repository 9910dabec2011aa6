/** Kafka clients of the benchmarks. */
import type { KafkaProducer } from '@sessionreel/kafka';
import { KafkaClient, type OutgoingMessage } from '@sessionreel/kafka';
import { createLogger } from '@sessionreel/ops';

export function kafkaClient(brokers: string): KafkaClient {
  const log = createLogger('bench', { format: 'json', level: 'silent' });
  return new KafkaClient({ brokers: [brokers], clientId: 'sessionreel-bench', log });
}

/** Sends in the given order, some at a time. */
export async function sendAll(
  producer: KafkaProducer,
  topic: string,
  messages: readonly OutgoingMessage[],
): Promise<void> {
  for (let at = 0; at < messages.length; at += 64) await producer.send(topic, messages.slice(at, at + 64));
}
