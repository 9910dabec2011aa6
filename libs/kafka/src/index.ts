/** The port to Kafka. kafkajs stays behind it. */
import './mend-kafkajs.ts';
export * from './admin.ts';
export { assignSticky } from './assigner.ts';
export { chunks } from './chunks.ts';
export * from './client.ts';
export type { ExpansionLimits } from './codecs.ts';
export * from './consumer.ts';
export * from './dead-letters.ts';
export * from './dead-letter-list.ts';
export * from './errors.ts';
export { giveBack } from './frame-memory.ts';
export * from './message.ts';
export * from './partitioner.ts';
export * from './producer.ts';
export * from './reader.ts';
export * from './replay-sender.ts';
export { refusedHeader } from './refused.ts';
export * from './transactions.ts';
