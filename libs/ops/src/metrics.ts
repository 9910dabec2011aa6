import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

export type { Counter, Gauge, Histogram } from 'prom-client';

/**
 * A program's metrics. Names are `reel_<program>_<what>_<unit>`, so only `<what>_<unit>` is given; every
 * metric needs a help text, and labels are declared with it.
 */
export class Metrics {
  readonly registry = new Registry();
  readonly #prefix: string;

  /** With `runtime`, Node's own metrics (memory, event loop, collector) are kept too. */
  constructor(program: string, options: { runtime?: boolean } = {}) {
    this.#prefix = `reel_${program}_`;
    if (options.runtime === true) collectDefaultMetrics({ register: this.registry });
  }

  counter<L extends string = never>(name: string, help: string, labels: readonly L[] = []): Counter<L> {
    return new Counter({
      name: this.#prefix + name,
      help,
      labelNames: [...labels],
      registers: [this.registry],
    });
  }

  gauge<L extends string = never>(name: string, help: string, labels: readonly L[] = []): Gauge<L> {
    return new Gauge({
      name: this.#prefix + name,
      help,
      labelNames: [...labels],
      registers: [this.registry],
    });
  }

  /** `buckets` are upper bounds in the unit of the name, ascending. */
  histogram<L extends string = never>(
    name: string,
    help: string,
    buckets: readonly number[],
    labels: readonly L[] = [],
  ): Histogram<L> {
    return new Histogram({
      name: this.#prefix + name,
      help,
      buckets: [...buckets],
      labelNames: [...labels],
      registers: [this.registry],
    });
  }

  /** The Prometheus text format. */
  text(): Promise<string> {
    return this.registry.metrics();
  }
}
