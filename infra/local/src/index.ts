/** A real Kafka and a real ClickHouse on this machine, without containers. */
export { startClickHouse } from './clickhouse.ts';
export type { ClickHouseOptions } from './clickhouse.ts';
export { StartError } from './data-folder.ts';
export { startKafka } from './kafka.ts';
export type { KafkaOptions } from './kafka.ts';
export { cacheFolder, remedy } from './kafka-jars.ts';
export { messageBytesMax, topicPlans } from './kafka-topics.ts';
export type { TopicPlan } from './kafka-topics.ts';
export type { RunningServer, StartOptions } from './start-server.ts';
export { testServers } from './test-servers.ts';
export type { TestServers } from './test-servers.ts';
export { chdbVersion, kafkaVersion } from './versions.ts';
