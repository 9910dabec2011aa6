/** `reel up`: the whole stack on this machine, until Ctrl-C. */
import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Store } from '@sessionreel/clickhouse';
import { KafkaClient, KafkaProducer } from '@sessionreel/kafka';
import { StartError } from '@sessionreel/local';
import {
  NotYet,
  Shutdown,
  createLogger,
  dumpSettings,
  flagName,
  loadSettings,
  lockFolder,
  waitFor,
  type Logger,
} from '@sessionreel/ops';
import { Option, type Command } from 'commander';
import { CliError } from '../terminal/cli-error.ts';
import { feedFleetOnce, feedReferences, playFleet, writeFleetFile } from './demo.ts';
import { printSummary, summarise } from './demo-summary.ts';
import { Supervisor, freePort, type Program } from './supervisor.ts';
import { processIo, type Io } from '../terminal/terminal.ts';
import { startServers, told, type Servers, type UpSettings } from './up-servers.ts';
import { upSettings } from './up-settings.ts';

interface Flags {
  readonly demo?: true;
  readonly exit?: true;
  readonly dumpConfig?: true;
  readonly [setting: string]: string | true | undefined;
}

const help = `
Starts Kafka, ClickHouse, the processor, the loader and the console, starts again what ends, and stays until Ctrl-C, which stops
all of it. A second Ctrl-C does not wait. Data stay in --data between runs. With REEL_KAFKA_BROKERS or REEL_CLICKHOUSE_URL
it uses those servers and starts none.

Status 0; 1 when a part could not be started or (--exit) a capture was lost; 2 for wrong usage.

Examples:
  $ reel up --demo
  $ reel up --demo --exit
  $ reel up --data /var/lib/sessionreel --log-format json
  $ REEL_KAFKA_BROKERS=kafka1:9092 REEL_CLICKHOUSE_URL=http://clickhouse:8123 reel up
`;

export function register(program: Command, io: Io = processIo): void {
  const command = program
    .command('up')
    .description('the whole stack on this machine, until Ctrl-C')
    .option('--demo', 'feed the reference captures and a small fleet that keeps living')
    .option(
      '--exit',
      "end when the demo's captures can be queried, and say what became of them (implies --demo)",
    )
    .option('--dump-config', 'print what is in force, and end');
  for (const [key, definition] of Object.entries(upSettings))
    if (!('secret' in definition)) command.addOption(new Option(`${flagName(key)} <value>`, definition.doc));
  command.addHelpText('after', help).action(async (flags: Flags) => await up(flags, io));
}

async function up(flags: Flags, io: Io): Promise<void> {
  const typed: Record<string, string | undefined> = {};
  for (const key of Object.keys(upSettings)) {
    const value = flags[key];
    if (typeof value === 'string') typed[key] = value;
  }
  const loaded = loadSettings(upSettings, { flags: typed });
  if (flags.dumpConfig === true) {
    io.stdout.write(dumpSettings(upSettings, loaded));
    return;
  }
  const settings = { ...loaded.values, data: resolve(loaded.values.data) };
  const demo = flags.demo === true || flags.exit === true;
  await new Up(settings, demo, flags.exit === true, io).run();
}

class Up {
  readonly #settings: UpSettings;
  readonly #demo: boolean;
  readonly #exits: boolean;
  readonly #io: Io;
  readonly #log: Logger;
  readonly #shutdown: Shutdown;
  readonly #supervisor: Supervisor;
  #servers: Servers | undefined;
  /** Resolves with the exit status when everything has stopped. */
  readonly #over = Promise.withResolvers<number>();
  #consolePort = 0;

  constructor(settings: UpSettings, demo: boolean, exits: boolean, io: Io) {
    this.#settings = settings;
    this.#demo = demo;
    this.#exits = exits;
    this.#io = io;
    this.#log = createLogger('up', { format: settings.logFormat, level: settings.logLevel });
    this.#shutdown = new Shutdown({ limitMs: 40_000, log: this.#log, exit: (status) => this.#end(status) });
    this.#supervisor = new Supervisor({
      log: this.#log,
      logFormat: settings.logFormat,
      onHopeless: (name, how) => {
        this.#log.error(`${name} ${how}: it refuses its settings`);
        void this.#shutdown.exitAfter('a part cannot run', 1);
      },
    });
  }

  async run(): Promise<void> {
    const began = performance.now();
    const { data } = this.#settings;
    try {
      mkdirSync(data, { recursive: true });
    } catch (error) {
      throw new CliError(1, `cannot make the data folder ${data}: ${String(error)}`, 'Another one: --data.');
    }
    const lock = await lockFolder(data, 'up');
    if (lock === undefined)
      throw new CliError(
        1,
        `another reel up is running on ${data}`,
        'Stop it, or give this one another folder: --data.',
      );
    this.#shutdown.add('the lock', () => lock.release());
    this.#shutdown.install();
    process.once('SIGHUP', () => void this.#shutdown.exitAfter('SIGHUP', 0));
    // npm start's own process, which holds the other end.
    process.once('disconnect', () => void this.#shutdown.exitAfter('whoever started this is gone', 0));
    try {
      await this.#start(began);
    } catch (error) {
      if (!this.#shutdown.signal.aborted) {
        const told =
          error instanceof StartError
            ? error.message
            : error instanceof Error
              ? (error.stack ?? error.message)
              : String(error);
        this.#log.error(told);
        void this.#shutdown.exitAfter('could not start', 1);
      }
    }
    const status = await this.#over.promise;
    // What still holds the event loop (a socket of the demo) must not keep a stopped stack on the screen.
    process.exit(status);
  }

  async #start(began: number): Promise<void> {
    const { signal } = this.#shutdown;
    this.#shutdown.add('Kafka and ClickHouse', () => this.#servers?.stop());
    this.#servers = await startServers(this.#settings, this.#log, signal);
    this.#shutdown.add('the programs', () => this.#supervisor.stop(25_000));
    const programs = await this.#startPrograms(this.#servers);
    for (const program of programs)
      await waitFor(
        program.name,
        async () => {
          const reason = await program.notReady();
          if (reason !== undefined) throw new NotYet(reason);
          return true;
        },
        { limitMs: this.#settings.startLimit, everyMs: 100, signal, onWait: told(this.#log) },
      );
    this.#log.info(`everything is ready after ${((performance.now() - began) / 1_000).toFixed(1)} s`);
    if (this.#demo) await this.#feed(this.#servers, began);
    else this.#greet(this.#servers);
  }

  async #startPrograms(servers: Servers): Promise<Program[]> {
    const settings = this.#settings;
    // One that stays the same when the console is started again.
    this.#consolePort = settings.consolePort === 0 ? await freePort() : settings.consolePort;
    const fleetFile =
      settings.fleetFile !== '' ? settings.fleetFile : this.#demo ? writeFleetFile(settings.data) : '';
    const environment: Record<string, string> = {
      REEL_KAFKA_BROKERS: servers.brokers.join(','),
      REEL_CLICKHOUSE_URL: servers.clickhouseUrl,
      REEL_CLICKHOUSE_DATABASE: settings.clickhouseDatabase,
      REEL_CLICKHOUSE_USER: settings.clickhouseUser,
      REEL_CLICKHOUSE_PASSWORD: settings.clickhousePassword,
      REEL_LOG_FORMAT: settings.logFormat,
      REEL_LOG_LEVEL: settings.logLevel,
      REEL_FLEET_FILE: fleetFile,
      // One of each runs here, so that one that was killed takes its old place in the group at once.
      REEL_PROCESSOR_INSTANCE: 'up',
      REEL_LOADER_INSTANCE: 'up',
      REEL_LOADER_GROUP: process.env['REEL_LOADER_GROUP'] ?? 'sessionreel-loader',
      REEL_CONSOLE_PORT: String(this.#consolePort),
      REEL_CONSOLE_DATA: join(settings.data, 'console'),
    };
    const programs: Program[] = [];
    for (const name of ['processor', 'loader', 'console']) {
      const entry = fileURLToPath(new URL(`../../../${name}/src/main.ts`, import.meta.url));
      if (existsSync(entry)) programs.push(await this.#supervisor.start({ name, entry, environment }));
    }
    return programs;
  }

  async #feed(servers: Servers, began: number): Promise<void> {
    const { signal } = this.#shutdown;
    const client = new KafkaClient({
      brokers: servers.brokers,
      clientId: 'reel-demo',
      log: this.#log.child({}, { level: 'error' }),
    });
    const producer = new KafkaProducer(client);
    this.#shutdown.add('the demo', () => producer.stop());
    const topic = 'l2tp.snapshots';
    const sent = await feedReferences(producer, topic);
    this.#log.info(`sent the ${sent.length} reference captures`);
    if (!this.#exits) {
      this.#greet(servers);
      await playFleet(producer, topic, this.#settings.data, this.#log, signal);
      return;
    }
    sent.push(...(await feedFleetOnce(producer, topic, this.#settings.data)));
    const store = new Store({
      url: servers.clickhouseUrl,
      database: this.#settings.clickhouseDatabase,
      user: this.#settings.clickhouseUser,
      password: this.#settings.clickhousePassword,
    });
    const summary = await summarise(store, sent, began, {
      limitMs: 120_000,
      signal,
      onWait: told(this.#log),
    });
    await store.close();
    this.#io.stdout.write(
      this.#settings.logFormat === 'json'
        ? `${JSON.stringify({ process: 'up', msg: 'demo', ...summary })}\n`
        : `\n${printSummary(summary)}\n`,
    );
    await this.#shutdown.exitAfter('the demo is over', summary.lost.length === 0 ? 0 : 1);
  }

  /** Where to look, and three commands to try. */
  #greet(servers: Servers): void {
    if (this.#settings.logFormat === 'json') return;
    const lines: string[] = [''];
    const consoleEntry = fileURLToPath(new URL('../../../console/src/main.ts', import.meta.url));
    if (existsSync(consoleEntry)) lines.push(`  The console:  http://127.0.0.1:${this.#consolePort}`, '');
    lines.push('  Try in another terminal:');
    if (servers.clickhouseUrl !== 'http://127.0.0.1:8123')
      lines.push(`    export REEL_CLICKHOUSE_URL=${servers.clickhouseUrl}`);
    if (servers.brokers.join() !== '127.0.0.1:9092')
      lines.push(`    export REEL_KAFKA_BROKERS=${servers.brokers.join()}`);
    const router = this.#demo ? 'demo-lns-mx' : 'ROUTER';
    lines.push(
      `    npx reel show services l2tp session --router ${router}`,
      this.#demo
        ? '    npx reel show services l2tp session extensive --router extensive-lac'
        : '    npx reel import FILE --router ROUTER --wait',
      '    npx reel status',
      '',
      '  Ctrl-C stops everything.',
      '',
    );
    this.#io.stdout.write(lines.map((line) => `${line}\n`).join(''));
  }

  /** The last step of an orderly stop, or the whole of a hasty one. */
  #end(status: number): void {
    this.#supervisor.kill();
    this.#servers?.kill();
    this.#over.resolve(status);
  }
}
