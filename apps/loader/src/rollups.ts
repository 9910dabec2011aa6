/** Rolls finished hours up, now and then, for the partitions that this loader has. */
import { rollUp, type Store } from '@sessionreel/clickhouse';
import type { Logger } from '@sessionreel/ops';
import type { LoaderMetrics } from './metrics.ts';
import { Repeated } from './repeated.ts';

export interface RollupsOptions {
  readonly store: Store;
  readonly partitions: () => readonly number[];
  /** 0: never. */
  readonly everyMs: number;
  readonly metrics: LoaderMetrics;
  readonly log: Logger;
}

export function rollups({ store, partitions, everyMs, metrics, log }: RollupsOptions): Repeated {
  return new Repeated({
    everyMs,
    run: async () => {
      const began = performance.now();
      const { built } = await rollUp(store, partitions());
      metrics.rollupSeconds.observe((performance.now() - began) / 1_000);
      if (built > 0) log.info({ hours: built }, `rolled up ${built} hours`);
    },
    failed: (error) => {
      metrics.rollupFailures.inc();
      log.warn({ error }, 'roll-ups failed and will be tried again');
    },
  });
}
