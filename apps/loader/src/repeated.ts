/** Something that is done now and then, beside the loading, until it is stopped. */
import { pause } from '@sessionreel/ops';

export interface RepeatedOptions {
  /** From the end of one run to the beginning of the next, ms; 0: never. */
  readonly everyMs: number;
  /** One run; ends early when the signal says so. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** A run failed: the next one comes all the same. */
  readonly failed: (error: unknown) => void;
}

export class Repeated {
  readonly #o: RepeatedOptions;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: RepeatedOptions) {
    this.#o = options;
  }

  start(): void {
    if (this.#o.everyMs > 0) this.#running ??= this.#go();
  }

  /** Waits for the run under way. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('the loader stops'));
    await this.#running;
  }

  async #go(): Promise<void> {
    const { everyMs, run, failed } = this.#o;
    const { signal } = this.#stop;
    for (;;) {
      try {
        await pause(everyMs, signal);
        await run(signal);
      } catch (error) {
        if (signal.aborted) return;
        failed(error);
      }
    }
  }
}
