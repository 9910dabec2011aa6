/** The connection to a Kafka cluster: settings in, kafkajs clients out. Nothing outside this library sees kafkajs. */
import './mend-kafkajs.ts';
import { Kafka, logLevel, type KafkaConfig, type logCreator } from 'kafkajs';
import { installCodecs, type ExpansionLimits } from './codecs.ts';
import { framedSocket } from './frames.ts';
import { countBuffersWithHeap } from './garbage.ts';

/** What a logger must offer (pino does). */
export interface KafkaLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface KafkaSettings {
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** True for the system's authorities, or PEM texts. */
  readonly ssl?: boolean | { readonly ca?: string; readonly cert?: string; readonly key?: string };
  readonly sasl?: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    readonly password: string;
  };
  readonly log: KafkaLog;
  readonly limits?: Partial<ExpansionLimits>;
  readonly requestTimeoutMs?: number;
}

/** The settings of programs that say where Kafka is, and who they are there. */
export interface ConnectionSettings {
  readonly kafkaBrokers: readonly string[];
  readonly kafkaSsl: boolean;
  readonly kafkaSaslMechanism: 'none' | 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly kafkaSaslUsername: string;
  readonly kafkaSaslPassword: string;
}

export function connectionOf(settings: ConnectionSettings): Pick<KafkaSettings, 'brokers' | 'ssl' | 'sasl'> {
  const { kafkaBrokers: brokers, kafkaSsl: ssl, kafkaSaslMechanism: mechanism } = settings;
  if (mechanism === 'none') return { brokers, ssl };
  const { kafkaSaslUsername: username, kafkaSaslPassword: password } = settings;
  return { brokers, ssl, sasl: { mechanism, username, password } };
}

export class KafkaClient {
  readonly settings: KafkaSettings;
  readonly log: KafkaLog;
  /** For this library's own files only. */
  readonly kafka: Kafka;

  constructor(settings: KafkaSettings) {
    this.settings = settings;
    this.log = settings.log;
    installCodecs(settings.limits);
    countBuffersWithHeap();
    this.kafka = new Kafka(configOf(settings));
  }
}

function configOf(settings: KafkaSettings): KafkaConfig {
  const config: KafkaConfig = {
    brokers: [...settings.brokers],
    clientId: settings.clientId,
    connectionTimeout: 5_000,
    requestTimeout: settings.requestTimeoutMs ?? 30_000,
    retry: { initialRetryTime: 100, maxRetryTime: 5_000, retries: 8 },
    logLevel: logLevel.INFO,
    logCreator: logCreatorOf(settings.log),
    socketFactory: framedSocket,
  };
  if (settings.ssl !== undefined && settings.ssl !== false)
    config.ssl = settings.ssl === true ? true : { ...settings.ssl };
  // kafkajs's type is a union by mechanism; ours has the one shape that the three share.
  if (settings.sasl !== undefined) config.sasl = { ...settings.sasl } as NonNullable<KafkaConfig['sasl']>;
  return config;
}

/**
 * kafkajs's log lines into ours. Its INFO is our debug: joins and pauses are told by our own lines. So are the errors of single
 * requests: they are retried, or come back to the caller as a `KafkaError`.
 */
function logCreatorOf(log: KafkaLog): logCreator {
  return () =>
    ({ namespace, level, log: { message, ...fields } }) => {
      const line = { kafkajs: namespace, ...fields, timestamp: undefined, logger: undefined };
      const told = namespace === 'Connection' || namespace === 'Producer' || namespace === 'BrokerPool';
      // Its stacks lead through kafkajs only; the message says what happened.
      if (level === logLevel.ERROR && !told) log.warn({ ...line, stack: undefined }, message);
      else log.debug(line, message);
    };
}
