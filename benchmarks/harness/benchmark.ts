/** What a benchmark is: a module `benchmarks/NAME.ts` whose default export is made by `benchmark()`. */
import type { Input } from './input.ts';

/** What one run of a contender gives. */
export interface Sample {
  /**
   * What was done, in the numerator of the unit of the metric `rate` (10^6 bytes for MB/s, sessions for sessions/s). Gives the metrics
   * `rate`, by the clock, and `cpu_rate`, by CPU time of the process with all its threads, the garbage collector's too.
   */
  readonly work?: number;
  /** Seconds, from a contender that times itself: another program, or only a part of its run. */
  readonly seconds?: number;
  readonly cpuSeconds?: number;
  /** Metrics that are no rate of work. */
  readonly values?: Readonly<Record<string, number>>;
  /** Hash of the result: the same in every run, so that nobody gets faster by doing something else. */
  readonly hash?: string;
}

/** A contender that is set up. */
export interface Runner {
  run(): Sample | Promise<Sample>;
  stop?(): void | Promise<void>;
}

export interface Contender<I> {
  readonly name: string;
  /** `limit`: what the machine or the platform does at most, with less work than the task. */
  readonly kind: 'ours' | 'peer' | 'limit';
  /** What it does less or more than the others, in a few words: stands in the tables. */
  readonly note?: string;
  /** Why it cannot run here, or null. Asked in the parent, before anything is set up. */
  missing?(): Promise<string | null>;
  /** Called once in a process of its own. `fixture` is what the case's fixture gave. */
  setup(input: I, fixture: unknown): Runner | Promise<Runner>;
  /** Flags of Node for its process. */
  readonly nodeFlags?: readonly string[];
  /** Fewer rounds than the others, for one that is slow. */
  readonly rounds?: number;
}

export interface Metric {
  readonly unit: string;
  /** Default `higher`. */
  readonly better?: 'higher' | 'lower';
  /** What ours is to reach. */
  readonly goal?: number;
}

/** Servers and the like that all contenders of a case share. `value` travels to their processes: plain data only. */
export interface Fixture {
  readonly value: unknown;
  stop(): Promise<void>;
}

export interface Case<I> {
  readonly name: string;
  readonly input: Input<I>;
  readonly contenders: readonly Contender<I>[];
  /** `rate` and `cpu_rate` come from `work`; others from `values`. `cpu_rate` takes the unit of `rate` when it is not given. */
  readonly metrics: Readonly<Record<string, Metric>>;
  /** All contenders that give a hash must give the same one. */
  readonly sameResult?: boolean;
  fixture?(): Promise<Fixture>;
  /** Measured rounds at most (default 7), and those before them that do not count (default 1). */
  readonly rounds?: number;
  readonly warmup?: number;
  /** A run that takes longer has failed; default 120 s. */
  readonly runLimitS?: number;
}

export interface Benchmark {
  /** One line. */
  readonly about: string;
  /** Seconds that all its cases may take together; the rounds end earlier, but not below three. Default 60. */
  readonly budgetS?: number;
  /** Runs only when it is named: its set-up takes too long for all. */
  readonly onRequest?: boolean;
  // A case's contenders and input agree with each other; a list of cases knows no common type.
  readonly cases: readonly Case<never>[];
}

export function benchmark(given: Benchmark): Benchmark {
  return given;
}

/** Types a case by its input. */
export function benchmarkCase<I>(given: Case<I>): Case<never> {
  return given as unknown as Case<never>;
}
