/** The processor's settings, with their defaults. */
import { availableParallelism } from 'node:os';
import { kinds, setting, sharedSettings } from '@sessionreel/ops';

const mib = 2 ** 20;

export const settings = {
  kafkaBrokers: sharedSettings.kafkaBrokers,
  kafkaSsl: sharedSettings.kafkaSsl,
  kafkaSaslMechanism: sharedSettings.kafkaSaslMechanism,
  kafkaSaslUsername: sharedSettings.kafkaSaslUsername,
  kafkaSaslPassword: sharedSettings.kafkaSaslPassword,
  snapshotsTopic: sharedSettings.snapshotsTopic,
  eventsTopic: setting(
    kinds.text(),
    'l2tp.events',
    'topic of the events; as many partitions as the captures',
  ),
  deadLettersTopic: sharedSettings.deadLettersTopic,
  processorGroup: setting(kinds.text(), 'processor', 'consumer group; transactional ids carry its name'),
  processorInstance: setting(
    kinds.text(),
    '',
    'a name that only one processor has at a time: after a kill it takes its own place in the group at once',
  ),
  loaderGroup: setting(kinds.text(), 'sessionreel-loader', "the loader's consumer group, for trimming"),
  trimEvents: setting(kinds.yes(), false, 'delete events that neither a restore nor the loader needs'),
  workers: setting(kinds.integer(1, 256), Math.max(1, availableParallelism() - 1), 'worker threads'),
  workerHeapMb: setting(kinds.integer(64), 4_096, 'heap of a worker thread, MB'),
  workerTimeout: setting(kinds.duration(), 60_000, 'after which a worker counts as hung, ms'),
  batchBytes: setting(kinds.bytes(), 8 * mib, 'captures in one transaction, bytes'),
  batchMessages: setting(kinds.integer(1), 1_000, 'captures in one transaction'),
  batchLinger: setting(kinds.duration(), 20, 'how long a batch waits to fill, ms'),
  inFlightBytes: setting(kinds.bytes(), 64 * mib, 'captures in work at once, all partitions, bytes'),
  queueBytes: setting(kinds.bytes(), 48 * mib, 'captures fetched and waiting, all partitions, bytes'),
  fetchBytes: setting(kinds.bytes(), 4 * mib, 'fetched of a partition at once, bytes'),
  expansionLimit: setting(
    kinds.bytes(),
    256 * mib,
    'what one compressed capture or batch may expand to, bytes',
  ),
  checkpointFloor: setting(
    kinds.bytes(),
    256 * 1_024,
    "a router's events that are worth a checkpoint, at least, bytes",
  ),
  eventsCompression: setting(kinds.choice(['none', 'gzip', 'zstd']), 'none', 'compression of the events'),
  schemaRegistryUrl: setting(
    kinds.text(),
    '',
    'Confluent schema registry; Avro single-object encoding when empty',
  ),
  eventSchemas: setting(
    kinds.text(),
    '',
    'folder of event schemas (.avsc) of newer releases, whose events this one is to read after going back to it',
  ),
  breakerWindow: setting(kinds.integer(1), 50, 'messages that the breaker looks back on'),
  breakerShare: setting(kinds.integer(1, 100), 50, 'per cent of them that may fail'),
  sessionTimeout: setting(kinds.duration(), 10_000, 'after which Kafka takes a silent member for dead, ms'),
  fleetFile: setting(kinds.text(), '', 'fleet.yaml: time zones of the routers; none when empty'),
  logFormat: sharedSettings.logFormat,
  logLevel: sharedSettings.logLevel,
  healthHost: sharedSettings.healthHost,
  healthPort: sharedSettings.healthPort,
  shutdownLimit: sharedSettings.shutdownLimit,
} as const;
