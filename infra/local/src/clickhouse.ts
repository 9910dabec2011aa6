import { startServer } from './start-server.ts';
import type { RunningServer, StartOptions } from './start-server.ts';

export interface ClickHouseOptions extends StartOptions {
  readonly user?: string;
  readonly password?: string;
}

/** Starts ClickHouse (chDB behind ClickHouse's HTTP interface) in a process of its own. Throws `StartError`. */
export function startClickHouse(options: ClickHouseOptions): Promise<RunningServer> {
  return startServer(
    './clickhouse-server.ts',
    ['--dir', options.dir, '--port', String(options.port)],
    options,
    {
      // The engine's queries hold a thread each, and files and compression need some too.
      UV_THREADPOOL_SIZE: '24',
      REEL_CLICKHOUSE_USER: options.user ?? 'default',
      REEL_CLICKHOUSE_PASSWORD: options.password ?? '',
    },
  );
}
