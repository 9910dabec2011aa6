/** A real Kafka and a real ClickHouse for a case, with everything in a temporary folder. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate } from '@sessionreel/clickhouse';
import { startClickHouse, startKafka } from '@sessionreel/local';
import type { Fixture } from '../harness/index.ts';

export interface Servers {
  readonly kafka: string;
  readonly clickhouse: string;
  readonly kafkaPids: readonly number[];
  readonly clickhousePids: readonly number[];
}

/** Only ClickHouse. */
export function startStore(): Promise<Fixture> {
  return start(false, true);
}

/** Only Kafka. */
export function startBroker(): Promise<Fixture> {
  return start(true, false);
}

export function startServers(): Promise<Fixture> {
  return start(true, true);
}

async function start(withKafka: boolean, withClickHouse: boolean): Promise<Fixture> {
  const dir = mkdtempSync(join(tmpdir(), 'reel-bench-'));
  const kafka = withKafka ? await startKafka({ dir: join(dir, 'kafka'), port: 0 }) : undefined;
  const clickhouse = withClickHouse
    ? await startClickHouse({ dir: join(dir, 'clickhouse'), port: 0 })
    : undefined;
  if (clickhouse !== undefined)
    await migrate({ url: clickhouse.address, database: 'sessionreel', user: 'default', password: '' });
  const value: Servers = {
    kafka: kafka?.address ?? '',
    clickhouse: clickhouse?.address ?? '',
    kafkaPids: kafka?.pids ?? [],
    clickhousePids: clickhouse?.pids ?? [],
  };
  return {
    value,
    async stop() {
      await Promise.all([kafka?.stop(), clickhouse?.stop()]);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
