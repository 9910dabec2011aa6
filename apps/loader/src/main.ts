/** l2tp.events → ClickHouse. Everything is wired here, by hand. */
import {
  Store,
  applyRetention,
  copyFleet,
  healRange,
  insertInbox,
  isMarked,
  markServer,
  migrate,
  takeFence,
} from '@sessionreel/clickhouse';
import { GroupConsumer, KafkaAdmin, KafkaClient, KafkaProducer, connectionOf } from '@sessionreel/kafka';
import {
  Metrics,
  Shutdown,
  configure,
  createLogger,
  readFleet,
  startHealth,
  waitFor,
} from '@sessionreel/ops';
import { SchemaRegistry, learnSchemas } from '@sessionreel/session-events';
import { auditStates } from '@sessionreel/queries';
import { stateHash } from '@sessionreel/session-diff';
import { auditor } from './auditor.ts';
import { deadLetters } from './dead-letters.ts';
import { Inserter } from './inserter.ts';
import { Loader, readerOf } from './loader.ts';
import { loaderMetrics } from './metrics.ts';
import { rollups } from './rollups.ts';
import { newestCapture, newestOffset } from './shelf.ts';
import { loaderSettings } from './settings.ts';

const settings = configure('loader', loaderSettings);
const log = createLogger('loader', { format: settings.logFormat, level: settings.logLevel });
const metrics = new Metrics('loader', { runtime: true });
const counts = loaderMetrics(metrics);
const shutdown = new Shutdown({ limitMs: settings.shutdownLimit, log });
shutdown.install();

const storeSettings = {
  url: settings.clickhouseUrl,
  database: settings.clickhouseDatabase,
  user: settings.clickhouseUser,
  password: settings.clickhousePassword,
  application: 'sessionreel-loader',
};
const store = new Store(storeSettings);
const instance = settings.loaderInstance;
const clientId = instance === '' ? 'sessionreel-loader' : `sessionreel-loader-${instance}`;
const kafka = new KafkaClient({ ...connectionOf(settings), clientId, log });
const admin = new KafkaAdmin(kafka);
const producer = new KafkaProducer(kafka);
const registry =
  settings.schemaRegistryUrl === '' ? undefined : new SchemaRegistry({ url: settings.schemaRegistryUrl });

if (settings.eventSchemas !== '') learnSchemas(settings.eventSchemas);

let loaded = 0;
const setAside = deadLetters({
  producer,
  store,
  eventsTopic: settings.eventsTopic,
  dlqTopic: settings.eventsDlqTopic,
  metrics: counts,
  log,
  most: settings.loaderBreaker,
  loaded: () => loaded,
});
const inserter: Inserter = new Inserter({
  target: {
    insert: async (insert) => {
      await insertInbox(store, insert);
      loaded += insert.ranges.reduce((n, r) => n + r.messages, 0);
    },
    heal: (range, prefix, epoch) => healRange(store, range, prefix, epoch),
    mark: () => markServer(store),
    isMarked: (mark) => isMarked(store, mark),
  },
  offsets: { commit: (...given) => consumer.commit(...given) },
  setAside,
  metrics: counts,
  log,
  retryLeastMs: settings.loaderRetryLeast,
  retryMostMs: settings.loaderRetryMost,
});
const loader: Loader = new Loader({
  source: {
    pause: (partition) => {
      consumer.pause(partition);
    },
    resume: (partition, offset) => {
      consumer.resume(partition, offset);
    },
    confirmed: () => consumer.confirmed(),
    committed: () => admin.committed(settings.loaderGroup, settings.eventsTopic),
    watermarks: () => admin.watermarks(settings.eventsTopic),
  },
  shelf: {
    takeFence: (partitions) => takeFence(store, partitions, settings.loaderName),
    newestOffset: (partition) => newestOffset(store, partition),
  },
  inserter,
  setAside,
  metrics: counts,
  log,
  limits: {
    bytes: settings.loaderBatchBytes,
    messages: settings.loaderBatchMessages,
    lingerMs: settings.loaderLinger,
  },
  queueBytes: settings.loaderQueueBytes,
  read: readerOf(registry),
});
const consumer: GroupConsumer = new GroupConsumer(kafka, {
  groupId: settings.loaderGroup,
  topic: settings.eventsTopic,
  maxBytesPerPartition: 4 * 2 ** 20,
  sessionTimeoutMs: settings.loaderSessionTimeout,
  replacesPredecessor: instance !== '',
  onAssigned: (assignment) => {
    loader.assigned(assignment);
  },
  onRevoking: () => loader.revoking(),
  onBatch: (batch) => loader.take(batch),
  onFailed: (error) => {
    log.fatal({ error }, 'the consumer has failed');
    void shutdown.exitAfter('the consumer has failed', 1);
  },
});

let starting = true;
const health = await startHealth({
  port: settings.healthPort,
  host: settings.healthHost,
  metrics,
  ready: () => (starting ? ['starting'] : loader.troubles()),
});
shutdown.add('health', () => health.stop());
log.info({ health: health.address }, `health and metrics at ${health.address}`);

const patience = { limitMs: Infinity, everyMs: 500, signal: shutdown.signal };
await waitFor('ClickHouse', () => store.ping().then(() => true), {
  ...patience,
  onWait: (what, ms, reason) => {
    log.info({ waited_ms: Math.round(ms), reason }, `waiting for ${what}`);
  },
});
const { applied, version } = await migrate(storeSettings, { signal: shutdown.signal });
log.info({ applied, version }, `schema at migration ${version}`);
const retentionDays = Math.ceil(settings.retentionHistory / 86_400_000);
await applyRetention(store, retentionDays === 0 ? undefined : retentionDays);
if (settings.fleetFile !== '') await copyFleet(store, readFleet(settings.fleetFile));
await waitFor(`topic ${settings.eventsTopic}`, () => admin.partitionCount(settings.eventsTopic), {
  ...patience,
  onWait: (what, ms, reason) => {
    log.info({ waited_ms: Math.round(ms), reason }, `waiting for ${what}`);
  },
});

shutdown.add('ClickHouse', () => store.close());
shutdown.add('Kafka', async () => {
  await producer.stop();
  await admin.stop();
});
shutdown.add('consumer', () => consumer.stop());
shutdown.add('loader', () => loader.stop());
const rollingUp = rollups({
  store,
  partitions: () => consumer.owned,
  everyMs: settings.loaderRollupEvery,
  metrics: counts,
  log,
});
shutdown.add('roll-ups', () => rollingUp.stop());
const auditing = auditor({
  audit: async (salt) => {
    const newest = await newestCapture(store);
    if (newest === undefined) return { compared: 0, problems: [] };
    const from = newest - settings.loaderAuditSpan;
    return auditStates(store, { salt, from, sample: settings.loaderAuditSample, hashOf: stateHash });
  },
  everyMs: settings.loaderAuditEvery,
  metrics: counts,
  log,
});
shutdown.add('auditor', () => auditing.stop());
loader.start();
rollingUp.start();
auditing.start();
await consumer.start();
starting = false;
log.info({ topic: settings.eventsTopic, group: settings.loaderGroup }, 'loading');
