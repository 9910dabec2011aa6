/** The parent's side of a contender's process. */
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Sample } from './benchmark.ts';
import type { FromChild, ToChild } from './child.ts';

export type TimedSample = Sample & { readonly seconds: number; readonly cpuSeconds: number };

export interface ContenderOptions {
  readonly path: string;
  readonly caseName: string;
  readonly contender: string;
  readonly fixture: unknown;
  readonly flags: readonly string[];
  readonly limitS: number;
}

export class ContenderProcess {
  readonly #child: ChildProcess;
  readonly #limitS: number;
  readonly #ended: Promise<void>;
  #settle: ((message: FromChild) => void) | undefined;

  private constructor(options: ContenderOptions) {
    const { path, caseName, contender, fixture, flags, limitS } = options;
    this.#limitS = limitS;
    this.#child = fork(
      fileURLToPath(new URL('./child.ts', import.meta.url)),
      [path, caseName, contender, JSON.stringify(fixture ?? null)],
      {
        execArgv: ['--expose-gc', ...flags],
        serialization: 'advanced',
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      },
    );
    this.#child.on('message', (message) => this.#settle?.(message as FromChild));
    this.#ended = new Promise((resolve) => {
      this.#child.once('exit', (status, signal) => {
        this.#settle?.({ failed: `its process ended (${signal ?? `status ${status ?? 0}`})` });
        resolve();
      });
    });
  }

  static async start(options: ContenderOptions): Promise<ContenderProcess> {
    const made = new ContenderProcess(options);
    try {
      await made.#answer();
      return made;
    } catch (error) {
      await made.stop();
      throw error;
    }
  }

  async run(): Promise<TimedSample> {
    const answer = this.#answer();
    this.#child.send({ run: true } satisfies ToChild);
    const message = await answer;
    if (!('sample' in message)) throw new Error('no sample');
    return message.sample;
  }

  /** Ends it in order, so that profiles are written; after 20 s without. */
  async stop(): Promise<void> {
    if (this.#child.connected) this.#child.send({ stop: true } satisfies ToChild, () => undefined);
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 20_000);
    await this.#ended;
    clearTimeout(timer);
  }

  async #answer(): Promise<FromChild> {
    let timer: NodeJS.Timeout | undefined;
    const message = await new Promise<FromChild>((resolve) => {
      this.#settle = resolve;
      timer = setTimeout(() => {
        this.#child.kill('SIGKILL');
        resolve({ failed: `took longer than ${this.#limitS} s` });
      }, this.#limitS * 1000);
    });
    clearTimeout(timer);
    this.#settle = undefined;
    if ('failed' in message) throw new Error(message.failed);
    return message;
  }
}
