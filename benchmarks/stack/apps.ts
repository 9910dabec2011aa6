/** The product's processes, as they run in production: `apps/processor` and `apps/loader`. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Servers } from './servers.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface AppsOptions {
  readonly workers?: number;
}

/** One of them as a child process, on the fixture's servers. It ends when we do. */
export function startApp(
  app: 'processor' | 'loader',
  servers: Servers,
  env: Readonly<Record<string, string>> = {},
): ChildProcess {
  const child = spawn(process.execPath, [...profileFlags(app), `${root}apps/${app}/src/main.ts`], {
    // Our end of its stdin is how it learns that we have gone.
    stdio: ['pipe', 'ignore', 'pipe'],
    env: {
      ...process.env,
      REEL_KAFKA_BROKERS: servers.kafka,
      REEL_CLICKHOUSE_URL: servers.clickhouse,
      REEL_HEALTH_PORT: '0',
      REEL_LOG_LEVEL: 'warn',
      REEL_SUPERVISED: '1',
      ...env,
    },
  });
  child.stderr.on('data', (text: Buffer) => process.stderr.write(text));
  return child;
}

export class Apps {
  readonly #children = new Map<string, ChildProcess>();
  #failed = '';

  constructor(servers: Servers, options: AppsOptions = {}) {
    const env = options.workers === undefined ? {} : { REEL_WORKERS: String(options.workers) };
    for (const app of ['processor', 'loader'] as const) {
      const child = startApp(app, servers, env);
      child.once('exit', (status, signal) => {
        this.#failed = `the ${app} has ended (${signal ?? `status ${status ?? 0}`})`;
      });
      this.#children.set(app, child);
    }
  }

  pid(app: 'processor' | 'loader'): number {
    return this.#children.get(app)?.pid ?? 0;
  }

  /** Stands still while a backlog is written; not for longer than the group's session timeout. */
  pause(): void {
    for (const child of this.#children.values()) child.kill('SIGSTOP');
  }

  goOn(): void {
    for (const child of this.#children.values()) child.kill('SIGCONT');
  }

  /** Throws when one of them has ended. */
  check(): void {
    if (this.#failed !== '') throw new Error(this.#failed);
  }

  async stop(): Promise<void> {
    for (const child of this.#children.values()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    }
  }
}

/** Our own process is profiled: so are they, workers and all. */
function profileFlags(app: string): string[] {
  const dir = process.execArgv
    .find((flag) => flag.startsWith('--cpu-prof-dir='))
    ?.slice('--cpu-prof-dir='.length);
  if (dir === undefined) return [];
  mkdirSync(dir, { recursive: true });
  return ['--cpu-prof', `--cpu-prof-dir=${dir}`, `--cpu-prof-name=${app}.\${pid}.cpuprofile`];
}
