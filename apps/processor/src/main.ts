/** The processor as a process: everything is wired here, by hand. */
import { fileURLToPath } from 'node:url';
import { KafkaClient, connectionOf, type KafkaSettings } from '@sessionreel/kafka';
import {
  ConfigError,
  Metrics,
  Shutdown,
  configure,
  createLogger,
  pause,
  readFleet,
  startHealth,
  type Fleet,
  type Logger,
  type SettingValues,
} from '@sessionreel/ops';
import { SchemaRegistry, learnSchemas } from '@sessionreel/session-events';
import { WorkerLost } from '@sessionreel/workers';
import { processorMetrics } from './metrics.ts';
import { Processor } from './processor.ts';
import { settings } from './settings.ts';
import type { WorkerData } from './worker-data.ts';

type Config = SettingValues<typeof settings>;

export async function main(args: readonly string[] = process.argv.slice(2)): Promise<void> {
  const config = configure('processor', settings, args);
  const log = createLogger('processor', { format: config.logFormat, level: config.logLevel });
  const shutdown = new Shutdown({ limitMs: config.shutdownLimit, log });
  shutdown.install();

  const fleet = fleetOf(config, log);
  const metrics = new Metrics('processor', { runtime: true });
  const client = new KafkaClient(kafkaSettings(config, log));
  let failure = '';
  if (config.eventSchemas !== '') learnSchemas(config.eventSchemas);
  const registry =
    config.schemaRegistryUrl === '' ? undefined : new SchemaRegistry({ url: config.schemaRegistryUrl });
  const schemaId = (await registry?.register(config.eventsTopic)) ?? null;
  const processor = new Processor({
    ...optionsOf(config, fleet, schemaId),
    ...(registry === undefined ? {} : { fingerprintOf: (id) => registry.fingerprintOf(id) }),
    client,
    log,
    metrics: processorMetrics(metrics),
    onFailed: (error) => {
      failure = error.message;
      log.fatal({ error }, 'the processor cannot go on');
      void shutdown.exitAfter('failed', 1);
    },
  });

  let started = false;
  const health = await startHealth({
    host: config.healthHost,
    port: config.healthPort,
    metrics,
    live: () => (failure === '' ? undefined : failure),
    ready: () => (started ? processor.notReady() : ['starting']),
  });
  metrics.gauge('up', '1 while the process runs').set(1);
  const observing = setInterval(() => {
    processor.observe();
  }, 1_000);
  shutdown.add('health', () => {
    clearInterval(observing);
    return health.stop();
  });
  shutdown.add('processor', () => processor.stop());
  log.info({ health: health.address, brokers: config.kafkaBrokers }, 'starting');

  await startWhenKafkaIsThere(processor, log, shutdown.signal);
  started = true;
  log.info({ group: config.processorGroup, workers: config.workers }, 'started');
}

/** Kafka may come up after us, and its topics after it. */
async function startWhenKafkaIsThere(processor: Processor, log: Logger, signal: AbortSignal): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await processor.start();
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof WorkerLost) throw error;
      log.warn({ tries, error: error instanceof Error ? error.message : String(error) }, 'waiting for Kafka');
      await pause(Math.min(5_000, 250 * tries), signal);
    }
  }
}

function fleetOf(config: Config, log: Logger): Fleet {
  try {
    return readFleet(config.fleetFile);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const problem of error.problems) log.fatal(problem);
    process.exit(2);
  }
}

function kafkaSettings(config: Config, log: Logger): KafkaSettings {
  const instance = config.processorInstance;
  return {
    ...connectionOf(config),
    clientId: instance === '' ? 'sessionreel-processor' : `sessionreel-processor-${instance}`,
    log,
    limits: { batchBytes: config.expansionLimit, fetchBytes: config.expansionLimit },
  };
}

function optionsOf(
  config: Config,
  fleet: Fleet,
  schemaId: number | null,
): Omit<ConstructorParameters<typeof Processor>[0], 'client' | 'log' | 'metrics' | 'onFailed'> {
  const data: WorkerData = {
    expansionLimit: config.expansionLimit,
    timezones: new Map([...fleet.routers].map(([name, router]) => [name, router.timezone])),
    eventSchemas: config.eventSchemas,
    schemaId,
  };
  return {
    snapshotsTopic: config.snapshotsTopic,
    eventsTopic: config.eventsTopic,
    deadLettersTopic: config.deadLettersTopic,
    groupId: config.processorGroup,
    worker: {
      entry: new URL('./worker.ts', import.meta.url),
      count: config.workers,
      heapMb: config.workerHeapMb,
      data,
    },
    workerTimeoutMs: config.workerTimeout,
    checkpointFloor: config.checkpointFloor,
    batchBytes: config.batchBytes,
    batchMessages: config.batchMessages,
    lingerMs: config.batchLinger,
    inFlightBytes: config.inFlightBytes,
    queueBytes: config.queueBytes,
    fetchBytes: config.fetchBytes,
    compression: config.eventsCompression,
    breakerWindow: config.breakerWindow,
    breakerShare: config.breakerShare / 100,
    sessionTimeoutMs: config.sessionTimeout,
    replacesPredecessor: config.processorInstance !== '',
    trimFor: config.trimEvents ? config.loaderGroup : undefined,
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
