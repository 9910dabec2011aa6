import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startClickHouse } from './clickhouse.ts';
import { startKafka } from './kafka.ts';
import type { RunningServer } from './start-server.ts';

export interface TestServers {
  readonly kafka: RunningServer;
  readonly clickhouse: RunningServer;
  /** The folder of both; gone after `stop`. */
  readonly dir: string;
  stop(): Promise<void>;
}

/**
 * A Kafka and a ClickHouse of a test's own, on free ports, with data in a temporary folder: about 5 s (more
 * when Kafka has to be downloaded first). Call `stop` in afterAll.
 */
export async function testServers(options: { partitions?: number } = {}): Promise<TestServers> {
  const dir = mkdtempSync(join(tmpdir(), 'reel-test-'));
  const started = await Promise.allSettled([
    startKafka({ dir: join(dir, 'kafka'), port: 0, heap: '512m', ...options }),
    startClickHouse({ dir: join(dir, 'clickhouse'), port: 0 }),
  ]);
  const stop = async (): Promise<void> => {
    await Promise.all(
      started.map(async (one) => (one.status === 'fulfilled' ? one.value.stop() : undefined)),
    );
    rmSync(dir, { recursive: true, force: true });
  };
  const [kafka, clickhouse] = started;
  if (kafka.status === 'fulfilled' && clickhouse.status === 'fulfilled')
    return { kafka: kafka.value, clickhouse: clickhouse.value, dir, stop };
  await stop();
  throw kafka.status === 'rejected'
    ? kafka.reason
    : clickhouse.status === 'rejected'
      ? clickhouse.reason
      : undefined;
}
