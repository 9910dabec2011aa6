/** A ClickHouse for one test file, in a folder of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Store, migrate, type StoreSettings } from '@sessionreel/clickhouse';
import { startClickHouse } from '@sessionreel/local';

export interface TestServer {
  readonly settings: StoreSettings;
  readonly store: Store;
  stop(): Promise<void>;
}

export async function testServer(options: { migrated?: boolean } = {}): Promise<TestServer> {
  const dir = mkdtempSync(join(tmpdir(), 'sessionreel-history-'));
  const server = await startClickHouse({ dir, port: 0 });
  const settings: StoreSettings = {
    url: server.address,
    database: 'sessionreel',
    user: 'default',
    password: '',
  };
  if (options.migrated !== false) await migrate(settings);
  const store = new Store(settings);
  return {
    settings,
    store,
    stop: async () => {
      await store.close();
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
