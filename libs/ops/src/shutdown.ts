import type { Logger } from './logs.ts';

export interface ShutdownOptions {
  /** How long draining may take, ms; past it the process ends with status 1. */
  readonly limitMs?: number;
  readonly log?: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly exit?: (status: number) => void;
}

/** Signals closer together than this are one request. */
const sameRequestMs = 500;

/**
 * Stops a program in order: steps run last added first, each awaited, within one limit. A step that fails is
 * logged and does not keep the others from running.
 */
export class Shutdown {
  /** Aborted at the first request to stop: hand it to loops and waits. */
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #steps: { name: string; stop: () => unknown }[] = [];
  readonly #limitMs: number;
  readonly #log: ShutdownOptions['log'];
  readonly #exit: (status: number) => void;
  #running: Promise<boolean> | undefined;

  constructor(options: ShutdownOptions = {}) {
    this.signal = this.#controller.signal;
    this.#limitMs = options.limitMs ?? 20_000;
    this.#log = options.log;
    this.#exit = options.exit ?? ((status) => process.exit(status));
  }

  add(name: string, stop: () => unknown): void {
    this.#steps.push({ name, stop });
  }

  /**
   * SIGTERM and SIGINT begin the drain, a second one ends the process at once. One Ctrl-C may come twice, from
   * the terminal and from whoever started us: what comes with the first is the first. Under a supervisor that
   * holds our stdin (REEL_SUPERVISED) the end of stdin is the same as SIGTERM, so that no process outlives
   * a supervisor that was killed.
   */
  install(): void {
    let first: number | undefined;
    for (const name of ['SIGTERM', 'SIGINT'] as const)
      process.on(name, () => {
        if (this.#running === undefined) {
          first = performance.now();
          void this.exitAfter(name, 0);
        } else if (first === undefined || performance.now() - first > sameRequestMs)
          this.#exit(name === 'SIGINT' ? 130 : 143);
      });
    whenParentEnds(() => {
      if (this.#running === undefined) void this.exitAfter('the supervisor is gone', 0);
    });
  }

  /** Drains and ends the process: status 1 when draining failed or took too long, else `status`. */
  async exitAfter(reason: string, status: number): Promise<void> {
    this.#log?.info({ reason }, 'stopping');
    const clean = await this.run();
    this.#exit(clean ? status : 1);
  }

  /** Runs the steps once, however often it is called; false when one failed or the limit passed. */
  run(): Promise<boolean> {
    this.#running ??= this.#drain();
    return this.#running;
  }

  async #drain(): Promise<boolean> {
    this.#controller.abort(new Error('stopping'));
    let clean = true;
    let current = '';
    const steps = async (): Promise<void> => {
      for (const step of this.#steps.toReversed()) {
        current = step.name;
        try {
          await step.stop();
        } catch (error) {
          clean = false;
          this.#log?.error({ error, step: step.name }, `could not stop ${step.name}`);
        }
      }
    };
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => {
        resolve('late');
      }, this.#limitMs);
    });
    const outcome = await Promise.race([steps(), limit]);
    clearTimeout(timer);
    if (outcome !== 'late') return clean;
    this.#log?.error({ step: current, limit_ms: this.#limitMs }, `${current} did not stop in time`);
    return false;
  }
}

/**
 * Calls back when the process that started this one ends, however it ended (SIGKILL too): the supervisor
 * sets REEL_SUPERVISED and keeps the other end of our stdin. Does nothing without that.
 */
export function whenParentEnds(ended: () => void, environment: NodeJS.ProcessEnv = process.env): void {
  if (environment['REEL_SUPERVISED'] !== '1') return;
  process.stdin.on('error', ended);
  process.stdin.on('close', ended);
  process.stdin.on('end', ended);
  process.stdin.resume();
  // A pipe; types allow terminals and files, which have no handle to let go of.
  if ('unref' in process.stdin) process.stdin.unref();
}
