/** The whole product on free ports: Kafka, ClickHouse, a processor and a loader as processes of their own, and the command line. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { migrate } from '@sessionreel/clickhouse';
import { testServers, type TestServers } from '@sessionreel/local';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const pinned = join(root, 'node_modules/node/bin/node');

export interface Finished {
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export class Stack {
  readonly servers: TestServers;
  readonly #env: NodeJS.ProcessEnv;
  readonly #apps: ChildProcess[] = [];

  private constructor(servers: TestServers) {
    this.servers = servers;
    this.#env = {
      ...process.env,
      REEL_KAFKA_BROKERS: servers.kafka.address,
      REEL_CLICKHOUSE_URL: servers.clickhouse.address,
      REEL_HEALTH_PORT: '0',
      NO_COLOR: '1',
    };
    // A task runner may ask for colours: Node warns when it is asked for both.
    delete this.#env['FORCE_COLOR'];
  }

  /** With processor and loader, unless told otherwise. */
  static async start(apps: readonly ('processor' | 'loader')[] = ['processor', 'loader']): Promise<Stack> {
    const servers = await testServers();
    await migrate({
      url: servers.clickhouse.address,
      database: 'sessionreel',
      user: 'default',
      password: '',
    });
    const stack = new Stack(servers);
    for (const app of apps) stack.run(app);
    return stack;
  }

  /** Starts one of the apps; what it says goes to a file beside the servers' data. */
  run(app: 'processor' | 'loader', env: Readonly<Record<string, string>> = {}): ChildProcess {
    const log = createWriteStream(join(this.servers.dir, `${app}.log`), { flags: 'a' });
    const child = spawn(pinned, [join(root, `apps/${app}/src/main.ts`)], {
      env: { ...this.#env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.pipe(log);
    child.stderr.pipe(log);
    this.#apps.push(child);
    return child;
  }

  /** Runs `reel` to its end. */
  reel(args: readonly string[], input?: Uint8Array): Promise<Finished> {
    return new Promise((resolve, reject) => {
      const child = spawn(pinned, [join(root, 'apps/cli/bin/reel.mjs'), ...args], { env: this.#env });
      const out: Buffer[] = [];
      let stderr = '';
      child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
      child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
      child.on('error', reject);
      child.on('close', (status) => resolve({ status: status ?? -1, stdout: Buffer.concat(out), stderr }));
      child.stdin.end(input);
    });
  }

  /** Rows of a query, as objects. */
  async rows(query: string): Promise<Record<string, unknown>[]> {
    const url = new URL(this.servers.clickhouse.address);
    url.searchParams.set('database', 'sessionreel');
    url.searchParams.set('default_format', 'JSONEachRow');
    const response = await fetch(url, { method: 'POST', body: query });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  async stop(): Promise<void> {
    for (const app of this.#apps) app.kill('SIGTERM');
    for (const app of this.#apps)
      if (app.exitCode === null && app.signalCode === null)
        await new Promise((resolve) => app.once('exit', resolve));
    await this.servers.stop();
  }
}
