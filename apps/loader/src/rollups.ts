/** Rolls finished hours up, now and then, for the partitions that this loader has. */
import { rollUp, type Store } from '@sessionreel/clickhouse';
import { pause, type Logger } from '@sessionreel/ops';
import type { LoaderMetrics } from './metrics.ts';

export interface RollupsOptions {
  readonly store: Store;
  readonly partitions: () => readonly number[];
  /** 0: never. */
  readonly everyMs: number;
  readonly metrics: LoaderMetrics;
  readonly log: Logger;
}

export class Rollups {
  readonly #o: RollupsOptions;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: RollupsOptions) {
    this.#o = options;
  }

  start(): void {
    if (this.#o.everyMs > 0) this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('the loader stops'));
    await this.#running;
  }

  async #run(): Promise<void> {
    const { everyMs, log, metrics, partitions, store } = this.#o;
    const { signal } = this.#stop;
    // The wait ends with the loader; that is no error.
    const waited = (): Promise<boolean> =>
      pause(everyMs, signal).then(
        () => true,
        () => false,
      );
    while (await waited()) {
      const began = performance.now();
      try {
        const { built } = await rollUp(store, partitions());
        metrics.rollupSeconds.observe((performance.now() - began) / 1_000);
        if (built > 0) log.info({ hours: built }, `rolled up ${built} hours`);
      } catch (error) {
        metrics.rollupFailures.inc();
        log.warn({ error }, 'roll-ups failed and will be tried again');
      }
    }
  }
}
