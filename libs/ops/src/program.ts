import { parseArgs } from 'node:util';
import {
  ConfigError,
  dumpSettings,
  environmentName,
  flagName,
  kinds,
  loadSettings,
  secret,
  setting,
} from './settings.ts';
import { roles } from './roles.ts';
import type { SettingDefinitions, SettingValues } from './settings.ts';

/** The settings that more than one program has; one definition, so that names and defaults cannot drift. */
export const sharedSettings = {
  kafkaBrokers: setting(
    kinds.list(),
    ['127.0.0.1:9092'],
    'Kafka brokers to begin with, host:port, comma-separated',
  ),
  kafkaSsl: setting(kinds.yes(), false, 'TLS to Kafka'),
  kafkaSaslMechanism: setting(
    kinds.choice(['none', 'plain', 'scram-sha-256', 'scram-sha-512']),
    'none',
    'how to log in to Kafka',
  ),
  kafkaSaslUsername: setting(kinds.text(), '', 'user at Kafka'),
  kafkaSaslPassword: secret('password at Kafka'),
  snapshotsTopic: setting(kinds.text(), 'l2tp.snapshots', 'topic of the captures'),
  eventsTopic: setting(kinds.text(), 'l2tp.events', 'topic of the events'),
  deadLettersTopic: setting(kinds.text(), 'l2tp.snapshots.dlq', 'topic of captures that could not be used'),
  clickhouseUrl: setting(kinds.url(), 'http://127.0.0.1:8123', 'ClickHouse over HTTP'),
  clickhouseDatabase: setting(kinds.text(), 'sessionreel', 'ClickHouse database'),
  clickhouseUser: setting(kinds.text(), 'default', 'ClickHouse user'),
  clickhousePassword: secret('ClickHouse password'),
  logFormat: setting(
    kinds.choice(['json', 'pretty']),
    'pretty',
    'json: one JSON object a line; pretty: for people',
  ),
  logLevel: setting(
    kinds.choice(['trace', 'debug', 'info', 'warn', 'error']),
    'info',
    'least level that is logged',
  ),
  healthHost: setting(kinds.text(), '127.0.0.1', 'address that /live, /ready and /metrics listen on'),
  healthPort: setting(kinds.port(), 0, 'port of /live, /ready and /metrics; 0 picks a free one'),
  shutdownLimit: setting(kinds.duration(), 20_000, 'how long a stopping program may drain, ms'),
  consoleData: setting(
    kinds.text(),
    '.sessionreel/console',
    'folder of hashed tokens, the audit log and the key that masks user names',
  ),
  maskRoles: setting(
    kinds.choices(roles),
    [],
    'roles that see user names of subscribers masked, of view,operator,admin',
  ),
  maskKey: secret('key that user names are masked with; one is made and kept in the console data folder'),
} as const;

/**
 * Reads a program's settings from its command line and environment. `--help` and `--dump-config` print and
 * end the program with status 0; a bad setting prints every problem and ends it with status 2.
 */
export function configure<const D extends SettingDefinitions>(
  name: string,
  definitions: D,
  args: readonly string[] = process.argv.slice(2),
): SettingValues<D> {
  try {
    const { values: typed } = parseArgs({ args: [...args], options: optionsOf(definitions) });
    if (typed['help'] === true) {
      process.stdout.write(usage(name, definitions));
      process.exit(0);
    }
    const flags: Record<string, string | undefined> = {};
    for (const key of Object.keys(definitions)) {
      const value = typed[flagName(key).slice(2)];
      if (typeof value === 'string') flags[key] = value;
    }
    const loaded = loadSettings(definitions, { flags });
    if (typed['dump-config'] === true) {
      process.stdout.write(dumpSettings(definitions, loaded));
      process.exit(0);
    }
    return loaded.values;
  } catch (error) {
    if (!(error instanceof ConfigError) && !isUsageError(error)) throw error;
    process.stderr.write(`${name}: ${error.message}\nSee ${name} --help.\n`);
    process.exit(2);
  }
}

function optionsOf(definitions: SettingDefinitions): Record<string, { type: 'string' | 'boolean' }> {
  const options: Record<string, { type: 'string' | 'boolean' }> = {
    help: { type: 'boolean' },
    'dump-config': { type: 'boolean' },
  };
  for (const key of Object.keys(definitions)) options[flagName(key).slice(2)] = { type: 'string' };
  return options;
}

function isUsageError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}

function usage(name: string, definitions: SettingDefinitions): string {
  const lines = Object.entries(definitions).map(([key, definition]) => {
    const value = definition.default;
    const shown = Array.isArray(value) ? value.join(',') : String(value);
    const flag = definition.secret === true ? '(no flag)' : `${flagName(key)} VALUE`;
    return `  ${flag.padEnd(28)} ${definition.doc}; ${environmentName(key)}${shown === '' ? '' : `, default ${shown}`}\n`;
  });
  return `${name} [--setting VALUE]... [--dump-config] [--help]\n\n${lines.join('')}`;
}
