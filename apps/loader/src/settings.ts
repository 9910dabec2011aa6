/** What can be set about the loader: `REEL_` and the name, or a flag. */
import { hostname } from 'node:os';
import { kinds, setting, sharedSettings, type SettingValues } from '@sessionreel/ops';

export const loaderSettings = {
  kafkaBrokers: sharedSettings.kafkaBrokers,
  kafkaSsl: sharedSettings.kafkaSsl,
  kafkaSaslMechanism: sharedSettings.kafkaSaslMechanism,
  kafkaSaslUsername: sharedSettings.kafkaSaslUsername,
  kafkaSaslPassword: sharedSettings.kafkaSaslPassword,
  clickhouseUrl: sharedSettings.clickhouseUrl,
  clickhouseDatabase: sharedSettings.clickhouseDatabase,
  clickhouseUser: sharedSettings.clickhouseUser,
  clickhousePassword: sharedSettings.clickhousePassword,
  logFormat: sharedSettings.logFormat,
  logLevel: sharedSettings.logLevel,
  healthHost: sharedSettings.healthHost,
  healthPort: sharedSettings.healthPort,
  shutdownLimit: sharedSettings.shutdownLimit,
  eventsTopic: sharedSettings.eventsTopic,
  eventsDlqTopic: setting(kinds.text(), 'l2tp.events.dlq', 'topic for events that ClickHouse refuses'),
  loaderGroup: setting(kinds.text(), 'sessionreel-loader', 'consumer group'),
  loaderInstance: setting(
    kinds.text(),
    '',
    'a name that only one loader has at a time: after a kill it takes its own place in the group at once',
  ),
  loaderName: setting(kinds.text(), `${hostname()}-${process.pid}`, 'name of this loader in the fence'),
  loaderBatchBytes: setting(kinds.bytes(), 16 * 2 ** 20, 'most bytes of events in one insert'),
  loaderBatchMessages: setting(kinds.integer(1, 100_000), 5_000, 'most events in one insert'),
  loaderLinger: setting(kinds.duration(), 300, 'how long an event waits for others, ms'),
  loaderQueueBytes: setting(
    kinds.bytes(),
    64 * 2 ** 20,
    'most bytes that wait in memory; beyond it Kafka waits',
  ),
  loaderRetryLeast: setting(kinds.duration(), 250, 'first wait after a failed insert, ms'),
  loaderRetryMost: setting(kinds.duration(), 30_000, 'longest wait between tries, ms'),
  loaderBreaker: setting(kinds.integer(1), 20, 'stop after so many dead letters with no good event between'),
  loaderSessionTimeout: setting(
    kinds.duration(),
    10_000,
    'after so long without a sign of life the group gives the partitions to others, ms',
  ),
  loaderRollupEvery: setting(
    kinds.duration(),
    60_000,
    'how often finished hours are rolled up, ms; 0: never',
  ),
  fleetFile: setting(kinds.text(), '', 'fleet.yaml: its copy in ClickHouse is joined to every question'),
  loaderAuditEvery: setting(
    kinds.duration(),
    300_000,
    'how often the states of some routers are rebuilt and compared with the ledger, ms; 0: never',
  ),
  loaderAuditSample: setting(kinds.integer(1, 1_000), 3, 'how many routers that are'),
  loaderAuditSpan: setting(
    kinds.duration(),
    86_400_000,
    'of those that were heard of in the last so long, by the newest capture, ms',
  ),
  schemaRegistryUrl: setting(
    kinds.text(),
    '',
    'Confluent schema registry, where events are framed by its ids',
  ),
  eventSchemas: setting(
    kinds.text(),
    '',
    'folder of event schemas (.avsc) of newer releases, whose events this one is to read after going back to it',
  ),
  retentionHistory: setting(
    kinds.duration(),
    0,
    'how long history is kept by the begin of its group, such as 180d; 0: for ever',
  ),
} as const;

export type LoaderSettings = SettingValues<typeof loaderSettings>;
