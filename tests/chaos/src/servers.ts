/** Kafka and ClickHouse, which can be killed, stopped and started again where they were. */
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import {
  startClickHouse,
  startKafka,
  testServers,
  type RunningServer,
  type TestServers,
} from '@sessionreel/local';
import { waitFor } from '@sessionreel/ops';

export class Servers {
  readonly #first: TestServers;
  readonly dir: string;
  #kafka: RunningServer;
  #clickhouse: RunningServer;

  private constructor(first: TestServers) {
    this.#first = first;
    this.dir = first.dir;
    this.#kafka = first.kafka;
    this.#clickhouse = first.clickhouse;
  }

  static async start(): Promise<Servers> {
    return new Servers(await testServers());
  }

  get broker(): string {
    return this.#kafka.address;
  }

  get clickhouseUrl(): string {
    return this.#clickhouse.address;
  }

  get clickhousePort(): number {
    return this.#clickhouse.port;
  }

  async killKafka(): Promise<void> {
    const { port } = this.#kafka;
    await end(this.#kafka);
    await this.#startKafka(port);
  }

  async restartKafka(): Promise<void> {
    const { port } = this.#kafka;
    await this.#kafka.stop();
    await this.#startKafka(port);
  }

  async killClickHouse(): Promise<void> {
    const { port } = this.#clickhouse;
    await end(this.#clickhouse);
    this.#clickhouse = await again(() => startClickHouse({ dir: join(this.dir, 'clickhouse'), port }));
  }

  /**
   * Lets Kafka write no file any further, as on a full disk: by the system's limit on the size of files. Once it has given up (or
   * after the limit) there is room again, and it is started. Gives whether it gave up.
   */
  async fillKafkasDisk(limitMs: number): Promise<boolean> {
    const { port, pids, ended } = this.#kafka;
    const broker = pids.at(-1) ?? 0;
    execFileSync('prlimit', ['--pid', String(broker), '--fsize=4096:unlimited']);
    const gaveUp = await Promise.race([
      ended.then(() => true),
      new Promise<false>((resolve) => setTimeout(resolve, limitMs, false)),
    ]);
    await end(this.#kafka);
    await this.#startKafka(port);
    return gaveUp;
  }

  /** With `keep`, the folder with data and logs stays. */
  async stop(keep = false): Promise<void> {
    await Promise.all([this.#kafka.stop(), this.#clickhouse.stop()]);
    if (!keep) await this.#first.stop();
  }

  async #startKafka(port: number): Promise<void> {
    this.#kafka = await again(() => startKafka({ dir: join(this.dir, 'kafka'), port, heap: '512m' }));
  }
}

/** Whether the system can limit the size of another process's files. */
export const hasQuota: boolean = spawnSync('prlimit', ['--version']).status === 0;

async function end(server: RunningServer): Promise<void> {
  for (const pid of server.pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended with the other one.
    }
  }
  await server.ended;
}

/** A port or a lock may be free only a moment after its holder was killed. */
function again(start: () => Promise<RunningServer>): Promise<RunningServer> {
  return waitFor('a server to start again', start, { limitMs: 90_000, everyMs: 500 });
}
