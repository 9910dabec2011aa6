/** Connections that commands make, from the same settings as every other program. */
import { connect } from 'node:net';
import type { KafkaClient, KafkaError, KafkaLog } from '@sessionreel/kafka';
import { Store, StoreError } from '@sessionreel/clickhouse';
import {
  kinds,
  loadSettings,
  maskFor,
  roles,
  setting,
  sharedSettings,
  type Mask,
  type SettingValues,
} from '@sessionreel/ops';
import type { Command } from 'commander';
import { QuestionError } from '@sessionreel/queries';
import { CliError, notReachable, wrongData, wrongUsage } from './terminal/cli-error.ts';

export const definitions = {
  kafkaBrokers: sharedSettings.kafkaBrokers,
  kafkaSsl: sharedSettings.kafkaSsl,
  kafkaSaslMechanism: sharedSettings.kafkaSaslMechanism,
  kafkaSaslUsername: sharedSettings.kafkaSaslUsername,
  kafkaSaslPassword: sharedSettings.kafkaSaslPassword,
  snapshotsTopic: sharedSettings.snapshotsTopic,
  deadLettersTopic: sharedSettings.deadLettersTopic,
  clickhouseUrl: sharedSettings.clickhouseUrl,
  clickhouseDatabase: sharedSettings.clickhouseDatabase,
  clickhouseUser: sharedSettings.clickhouseUser,
  clickhousePassword: sharedSettings.clickhousePassword,
  consoleData: sharedSettings.consoleData,
  maskRoles: sharedSettings.maskRoles,
  maskKey: sharedSettings.maskKey,
  role: setting(
    kinds.choice(roles),
    'view',
    'whose eyes reel answers for: where REEL_MASK_ROLES names it, user names of subscribers are masked',
  ),
} as const;

export type CliSettings = SettingValues<typeof definitions>;

/** Flags of `withKafka` and `withClickHouse`, as commander gives them. */
export interface ConnectionFlags {
  readonly kafkaBrokers?: string;
  readonly clickhouseUrl?: string;
}

export function withKafka(command: Command): Command {
  return command.option(
    '--kafka-brokers <list>',
    'host:port, comma-separated (REEL_KAFKA_BROKERS; 127.0.0.1:9092)',
  );
}

export function withClickHouse(command: Command): Command {
  return command.option(
    '--clickhouse-url <url>',
    'ClickHouse over HTTP (REEL_CLICKHOUSE_URL; http://127.0.0.1:8123)',
  );
}

/** @throws ConfigError (status 2) */
export function settingsOf(flags: ConnectionFlags): CliSettings {
  return loadSettings(definitions, {
    flags: { kafkaBrokers: flags.kafkaBrokers, clickhouseUrl: flags.clickhouseUrl },
  }).values;
}

/** What the person at this terminal sees of user names. */
export const maskOf = (settings: CliSettings): Mask => maskFor(settings.role, settings);

/** Commands say in their own words what went wrong. */
const silent: KafkaLog = { debug: nothing, info: nothing, warn: nothing, error: nothing };
function nothing(): void {
  // On purpose.
}

/** @throws CliError (status 3) at once when no broker takes a connection: kafkajs would try for half a minute */
export async function connectKafka(settings: CliSettings): Promise<KafkaClient> {
  const brokers = settings.kafkaBrokers;
  if (!(await Promise.all(brokers.map(answers))).includes(true)) {
    throw notReachable(`Kafka does not answer at ${brokers.join(', ')}`, kafkaHint);
  }
  // Kafka's client takes a quarter of a second to load, and most commands ask ClickHouse alone.
  const { KafkaClient, connectionOf } = await import('@sessionreel/kafka');
  return new KafkaClient({ ...connectionOf(settings), clientId: 'reel', log: silent });
}

const kafkaHint = 'Is it running (reel status, reel up)? Where it is: --kafka-brokers or REEL_KAFKA_BROKERS.';
const clickhouseHint =
  'Is it running (reel status, reel up)? Where it is: --clickhouse-url or REEL_CLICKHOUSE_URL.';

/** Whether something takes a TCP connection at `host:port`. */
async function answers(broker: string): Promise<boolean> {
  const colon = broker.lastIndexOf(':');
  const host = broker.slice(0, colon).replace(/^\[|\]$/g, '');
  const port = Number(broker.slice(colon + 1));
  if (colon < 1 || !Number.isInteger(port) || port < 1 || port > 65_535) return false;
  return await new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 3_000 });
    const done = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
    socket.once('timeout', () => done(false));
  });
}

export function openStore(settings: CliSettings): Store {
  return new Store({
    url: settings.clickhouseUrl,
    database: settings.clickhouseDatabase,
    user: settings.clickhouseUser,
    password: settings.clickhousePassword,
    application: 'reel',
  });
}

const isKafkaError = (error: unknown): error is KafkaError =>
  error instanceof Error && error.name === 'KafkaError';

/** Errors of the ports as a command tells them; anything else is given back as it is. */
export function tellable(error: unknown): unknown {
  if (isKafkaError(error)) {
    if (error.code === 'too_large')
      return wrongData(`Kafka refuses a message of this size: ${error.message}`);
    if (error.code === 'unknown_topic') {
      return new CliError(3, error.message, 'reel doctor says what is missing; reel up creates it.', {
        cause: error,
      });
    }
    return new CliError(3, error.message, kafkaHint, { cause: error });
  }
  if (error instanceof StoreError) {
    if (error.code === 'unreachable' || error.code === 'refused') {
      return new CliError(3, error.message, clickhouseHint, { cause: error });
    }
    if (error.code === 'schema') {
      return new CliError(3, error.message, 'The tables are not there: reel up or reel migrate makes them.', {
        cause: error,
      });
    }
    return new CliError(1, error.message, '', { cause: error });
  }
  if (error instanceof QuestionError) return wrongUsage(error.message);
  return error;
}
