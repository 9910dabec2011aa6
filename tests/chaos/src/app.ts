/** A processor or loader as a process: killed, stopped, woken up, and started again whenever it has ended. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, readFileSync, type WriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = new URL('../../../', import.meta.url);
const disturb = fileURLToPath(new URL('../fixtures/disturb.mjs', import.meta.url));

export interface AppOptions {
  readonly kind: 'processor' | 'loader';
  readonly name: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly logFile: string;
}

export class App {
  readonly options: AppOptions;
  /** Ends that nobody here asked for, with what was said last. */
  readonly crashes: string[] = [];
  /** Drains that did not end with status 0. */
  readonly lateEnds: string[] = [];
  /** The most memory that any of its processes held, bytes. */
  peakBytes = 0;
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  #expected = false;
  #draining = false;
  #stopped = false;
  #frozen = false;
  readonly #log: WriteStream;
  #watching: { text: string; told: () => void }[] = [];

  constructor(options: AppOptions) {
    this.options = options;
    this.#log = createWriteStream(options.logFile, { flags: 'a' });
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  get frozen(): boolean {
    return this.#frozen;
  }

  start(): void {
    if (this.#child !== undefined) return;
    this.#expected = false;
    this.#draining = false;
    this.#frozen = false;
    const entry = fileURLToPath(new URL(`apps/${this.options.kind}/src/main.ts`, root));
    const child = spawn(process.execPath, ['--import', disturb, entry], {
      stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, ...this.options.environment, REEL_SUPERVISED: '1', REEL_LOG_FORMAT: 'json' },
    });
    this.#child = child;
    child.stdin?.on('error', () => undefined);
    child.on('error', () => undefined);
    let last = '';
    for (const stream of [child.stdout, child.stderr])
      if (stream !== null)
        createInterface({ input: stream }).on('line', (line) => {
          last = line;
          this.#log.write(`${line}\n`);
          this.#watching = this.#watching.filter(({ text, told }) => {
            if (!line.includes(text)) return true;
            told();
            return false;
          });
        });
    this.#ended = new Promise((resolve) => {
      child.once('exit', (status, signal) => {
        this.#child = undefined;
        const how = signal ?? `status ${status ?? 0}`;
        this.#log.write(`{"ended":"${how}"}\n`);
        if (this.#draining && status !== null && status !== 0)
          this.lateEnds.push(`${this.options.name} drained with ${how}`);
        if (!this.#expected) {
          this.crashes.push(`${this.options.name} ended by itself (${how}): ${last.slice(0, 500)}`);
          if (!this.#stopped)
            setTimeout(() => {
              if (!this.#stopped) this.start();
            }, 300);
        }
        resolve();
      });
    });
  }

  /** Ends it with a signal that it cannot catch, or lets it drain; resolves when it has ended. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.measure();
    this.#expected = true;
    this.#draining = signal === 'SIGTERM';
    this.#child?.kill(signal);
    await this.#ended;
  }

  /** It ends itself by SIGKILL at its next commit; gives whether one came within the limit (else it is killed where it is). */
  async endInCommit(moment: 'before' | 'sent' | 'answered', ms: number, limitMs: number): Promise<boolean> {
    this.measure();
    this.#expected = true;
    if (this.#child?.connected === true) this.#child.send({ kind: 'commit', moment, ms });
    const came = await Promise.race([
      this.#ended.then(() => true),
      new Promise<false>((resolve) => setTimeout(resolve, limitMs, false)),
    ]);
    if (!came) await this.end('SIGKILL');
    return came;
  }

  /** For good. */
  async stop(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.#stopped = true;
    this.wake();
    await this.end(signal);
    await new Promise((resolve) => this.#log.end(resolve));
  }

  freeze(): void {
    this.#frozen = true;
    this.#child?.kill('SIGSTOP');
  }

  wake(): void {
    this.#frozen = false;
    this.#child?.kill('SIGCONT');
  }

  /** Ends one of its worker threads: 0 ≤ unit < 1 says which. */
  endThread(unit: number): void {
    if (this.#child?.connected === true) this.#child.send({ kind: 'thread', unit });
  }

  /** Its clock runs so many milliseconds ahead from now on. */
  setClock(offset: number): void {
    if (this.#child?.connected === true) this.#child.send({ kind: 'clock', offset });
  }

  /** Resolves when it next logs a line with this text, or after the limit. */
  logs(text: string, limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, limitMs);
      this.#watching.push({
        text,
        told: () => {
          clearTimeout(timer);
          resolve();
        },
      });
    });
  }

  /** Takes note of the memory that it holds; Linux only. */
  measure(): void {
    try {
      const status = readFileSync(`/proc/${String(this.#child?.pid)}/status`, 'utf8');
      const peak = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1_024;
      this.peakBytes = Math.max(this.peakBytes, peak);
    } catch {
      // It has just ended, or this is no Linux.
    }
  }
}
