/** Programs of ours as processes of their own: started again when they end, stopped with us however we end. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { pause, type Logger } from '@sessionreel/ops';

export interface ProgramSpec {
  /** As it stands in the logs. */
  readonly name: string;
  /** The TypeScript file that is run. */
  readonly entry: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface SupervisorOptions {
  readonly log: Logger;
  readonly logFormat: 'json' | 'pretty';
  /** Called when a program can never run: it refuses its settings (status 2). */
  readonly onHopeless: (name: string, how: string) => void;
}

/** Waits between restarts: the first, doubled each time up to the last; from the start after a run this long. */
const waitMs = { first: 500, last: 30_000, afterRun: 60_000 };

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #programs: Program[] = [];

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  async start(spec: ProgramSpec): Promise<Program> {
    const program = new Program(spec, this.#options);
    this.#programs.push(program);
    await program.start();
    return program;
  }

  /** All at once, each within the limit and then by force. */
  async stop(limitMs: number): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.stop(limitMs)));
  }

  /** At once, by force. */
  kill(): void {
    for (const program of this.#programs) program.kill();
  }
}

export class Program {
  readonly name: string;
  readonly #spec: ProgramSpec;
  readonly #options: SupervisorOptions;
  readonly #stopping = new AbortController();
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  #healthPort = 0;
  #waitMs = waitMs.first;

  constructor(spec: ProgramSpec, options: SupervisorOptions) {
    this.name = spec.name;
    this.#spec = spec;
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async start(): Promise<void> {
    this.#healthPort = await freePort();
    if (this.#stopping.signal.aborted) return;
    const began = Date.now();
    const child = spawn(process.execPath, [this.#spec.entry], {
      // Our end of its stdin is how it learns that we have gone.
      stdio: ['pipe', 'pipe', 'pipe'],
      // Ctrl-C is for us; we then stop the programs in order.
      detached: true,
      env: {
        ...process.env,
        ...this.#spec.environment,
        REEL_HEALTH_PORT: String(this.#healthPort),
        REEL_SUPERVISED: '1',
      },
    });
    this.#child = child;
    child.stdin.on('error', () => undefined);
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on('line', (line) => this.#pass(line));
    this.#ended = new Promise((resolve) => {
      child.once('error', (error) => {
        this.#options.log.error({ error }, `${this.name} cannot be started`);
        resolve();
      });
      child.once('exit', (status, signal) => {
        resolve();
        if (!this.#stopping.signal.aborted) void this.#again(began, status, signal);
      });
    });
  }

  /** Why it is not ready, as its own /ready says; undefined when it is. */
  async notReady(): Promise<string | undefined> {
    try {
      const response = await fetch(`http://127.0.0.1:${this.#healthPort}/ready`, {
        signal: AbortSignal.timeout(2_000),
      });
      if (response.ok) return undefined;
      const { reasons } = (await response.json()) as { reasons?: string[] };
      return reasons?.join('; ') ?? `status ${response.status}`;
    } catch {
      return 'it does not answer yet';
    }
  }

  async stop(limitMs: number): Promise<void> {
    this.#stopping.abort(new Error('stopping'));
    this.#child?.kill('SIGTERM');
    const timer = setTimeout(() => this.kill(), limitMs);
    await this.#ended;
    clearTimeout(timer);
  }

  kill(): void {
    this.#stopping.abort(new Error('stopping'));
    this.#child?.kill('SIGKILL');
  }

  async #again(began: number, status: number | null, signal: string | null): Promise<void> {
    const how = signal === null ? `ended with status ${status ?? 0}` : `was ended by ${signal}`;
    if (status === 2) {
      this.#options.onHopeless(this.name, how);
      return;
    }
    if (Date.now() - began > waitMs.afterRun) this.#waitMs = waitMs.first;
    const wait = this.#waitMs;
    this.#waitMs = Math.min(wait * 2, waitMs.last);
    this.#options.log.warn({ program: this.name, wait_ms: wait }, `${this.name} ${how}; starting it again`);
    try {
      await pause(wait, this.#stopping.signal);
      await this.start();
    } catch (error) {
      if (!this.#stopping.signal.aborted)
        this.#options.log.error({ error }, `${this.name} cannot be started again`);
    }
  }

  /** Its log lines (and the indented lines of their errors) are ours already; what else it prints gets its name. */
  #pass(line: string): void {
    const own =
      this.#options.logFormat === 'json' ? line.startsWith('{') : /^(?:\[\d\d:\d\d| {4})/.test(line);
    if (own) process.stdout.write(`${line}\n`);
    else if (this.#options.logFormat === 'json')
      process.stdout.write(
        `${JSON.stringify({ level: 'error', time: new Date().toISOString(), process: this.name, msg: line })}\n`,
      );
    else process.stdout.write(`${this.name}: ${line}\n`);
  }
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => {
        resolve(port);
      });
    });
  });
}
