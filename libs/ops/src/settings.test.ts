import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
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

const definitions = {
  kafkaBrokers: setting(kinds.list(), ['127.0.0.1:9092'], 'brokers'),
  batchBytes: setting(kinds.bytes(), 1024, 'batch size'),
  batchAge: setting(kinds.duration(), 1000, 'batch age'),
  healthPort: setting(kinds.port(), 0, 'port'),
  clickhousePassword: secret('password'),
};

function load(environment: Record<string, string>, flags: Record<string, string> = {}) {
  return loadSettings(definitions, { environment, flags });
}

test('a key gives its variable and its flag', () => {
  expect(environmentName('kafkaBrokers')).toBe('REEL_KAFKA_BROKERS');
  expect(flagName('kafkaBrokers')).toBe('--kafka-brokers');
});

test('a flag beats the environment, the environment beats the default', () => {
  expect(load({}).values.kafkaBrokers).toEqual(['127.0.0.1:9092']);
  expect(load({ REEL_KAFKA_BROKERS: 'a:1, b:2' }).values.kafkaBrokers).toEqual(['a:1', 'b:2']);
  const both = load({ REEL_BATCH_BYTES: '1MiB' }, { batchBytes: '2MB' });
  expect(both.values.batchBytes).toBe(2_000_000);
  expect(both.origins['batchBytes']).toBe('flag');
});

test.each([
  ['250', 250],
  ['250ms', 250],
  ['1.5s', 1_500],
  ['6h', 21_600_000],
])('the duration %s is %i ms', (text, ms) => {
  expect(load({ REEL_BATCH_AGE: text }).values.batchAge).toBe(ms);
});

test('every bad value is told at once, with its name and what would do', () => {
  const attempt = () => load({ REEL_BATCH_BYTES: 'lots', REEL_HEALTH_PORT: '70000' });
  expect(attempt).toThrow(ConfigError);
  expect(attempt).toThrow('REEL_BATCH_BYTES: wants a size such as 512KiB, 8MiB or 1GiB, not "lots"');
  expect(attempt).toThrow('REEL_HEALTH_PORT: wants at most 65535, not "70000"');
});

test('a secret comes from the environment or a file, never from a flag, and is masked in the dump', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'reel-settings-')), 'password');
  writeFileSync(path, 'hunter2\n');
  const loaded = load({ REEL_CLICKHOUSE_PASSWORD_FILE: path });
  expect(loaded.values.clickhousePassword).toBe('hunter2');
  const dump = dumpSettings(definitions, loaded);
  expect(dump).toContain('REEL_CLICKHOUSE_PASSWORD=********');
  expect(dump).not.toContain('hunter2');
  expect(() => load({}, { clickhousePassword: 'x' })).toThrow('a secret is not given as a flag');
  expect(() => load({ REEL_CLICKHOUSE_PASSWORD_FILE: `${path}.gone` })).toThrow('cannot read');
});
