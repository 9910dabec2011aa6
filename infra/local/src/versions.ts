import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** The Apache Kafka that pom.xml names. */
export const kafkaVersion = '4.3.1';

/** chDB's version without its last number: what wrote a data folder. */
export function chdbVersion(): string {
  const path = createRequire(import.meta.url).resolve('chdb/package.json');
  const { version } = JSON.parse(readFileSync(path, 'utf8')) as { version: string };
  return `chDB ${version.split('.').slice(0, 2).join('.')}`;
}
