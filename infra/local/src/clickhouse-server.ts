/** ClickHouse as a process of its own: chDB behind ClickHouse's HTTP interface. */
import { mkdirSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { Shutdown, configure, kinds, secret, setting } from '@sessionreel/ops';
import { ChdbEngine } from './chdb-engine.ts';
import { ClickHouseHttp } from './clickhouse-http.ts';
import { StartError, claimFolder } from './data-folder.ts';
import { tell } from './messages.ts';
import { chdbVersion } from './versions.ts';

const settings = configure('clickhouse-server', {
  dir: setting(kinds.text(), '.sessionreel/clickhouse', 'data folder'),
  host: setting(kinds.text(), '127.0.0.1', 'address to listen on'),
  port: setting(kinds.port(), 8123, 'port of the HTTP interface; 0 picks a free one'),
  clickhouseUser: setting(kinds.text(), 'default', 'the one user'),
  clickhousePassword: secret('its password'),
});
const shutdown = new Shutdown({ limitMs: 10_000 });
shutdown.install();

try {
  mkdirSync(settings.dir, { recursive: true });
  const lock = await claimFolder(settings.dir, 'ClickHouse', chdbVersion());
  shutdown.add('lock', () => lock.release());
  const engine = new ChdbEngine(settings.dir);
  const http = new ClickHouseHttp(engine, {
    user: settings.clickhouseUser,
    password: settings.clickhousePassword,
  });
  await new Promise<void>((resolve, reject) => {
    http.server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new StartError(
              `port ${settings.port} for ClickHouse is taken; stop what listens there, or choose another with --clickhouse-port`,
            )
          : error,
      );
    });
    // Listening before the engine opens keeps a second start from touching the data; nobody is answered yet.
    http.server.listen(settings.port, settings.host, resolve);
  });
  await engine.open();
  shutdown.add('engine', () => {
    engine.close();
  });
  shutdown.add('HTTP', () => http.stop());
  const { port } = http.server.address() as AddressInfo;
  tell({ type: 'ready', address: `http://${settings.host}:${port}`, port, pids: [process.pid] });
} catch (error) {
  tell({ type: 'failed', text: error instanceof Error ? error.message : String(error) });
  await shutdown.exitAfter('could not start', 1);
}
