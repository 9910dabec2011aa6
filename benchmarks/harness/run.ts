/** One benchmark: all contenders of a case set up, then run in turn, round by round, so that a noisy machine hurts all of them. */
import { mkdirSync } from 'node:fs';
import type { Benchmark, Case, Contender, Metric } from './benchmark.ts';
import { ContenderProcess, type TimedSample } from './contender-process.ts';
import type { InputFacts } from './input.ts';
import { commit, machine, versions } from './machine.ts';
import type { Result } from './results.ts';
import { spread } from './statistics.ts';

export interface RunOptions {
  readonly name: string;
  readonly path: string;
  readonly budgetS: number;
  /** Only cases and contenders whose name contains it; '' for all. */
  readonly only: string;
  /** Folder for CPU profiles; none when undefined. */
  readonly profiles?: string | undefined;
  say(text: string): void;
}

interface Running {
  readonly contender: Contender<never>;
  readonly process: ContenderProcess;
  readonly samples: TimedSample[];
  failed: string;
}

const leastRounds = 3;

/** Measures all cases; those that fail are told, and named. */
export async function runBenchmark(
  found: Benchmark,
  options: RunOptions,
): Promise<{ results: Result[]; failed: string[] }> {
  const results: Result[] = [];
  const where = { commit: commit(), machine: machine(), versions: versions() };
  const cases = found.cases.filter(
    (one) =>
      one.name.includes(options.only) || one.contenders.some(({ name }) => name.includes(options.only)),
  );
  const until = Date.now() + options.budgetS * 1000;
  const failed: string[] = [];
  for (const [index, one] of cases.entries()) {
    const budgetMs = Math.max(0, until - Date.now()) / (cases.length - index);
    options.say(`${options.name}: ${one.name}`);
    try {
      const made = await measureCase(one, budgetMs, options);
      results.push(...made.map((result) => ({ ...result, ...where })));
    } catch (error) {
      // The other cases are measured all the same.
      options.say(`  failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      failed.push(one.name);
    }
  }
  return { results, failed };
}

async function measureCase(
  one: Case<never>,
  budgetMs: number,
  options: RunOptions,
): Promise<Omit<Result, 'commit' | 'machine' | 'versions'>[]> {
  const facts = await one.input.prepare();
  const fixture = await one.fixture?.();
  try {
    return resultsOf(options, one, facts, await runCase(one, fixture?.value, budgetMs, options));
  } finally {
    await fixture?.stop();
  }
}

async function runCase(
  one: Case<never>,
  fixture: unknown,
  budgetMs: number,
  options: RunOptions,
): Promise<Running[]> {
  const running: Running[] = [];
  try {
    for (const contender of one.contenders) {
      if (!one.name.includes(options.only) && !contender.name.includes(options.only)) continue;
      const missing = await contender.missing?.();
      if (typeof missing === 'string') options.say(`  ${contender.name}: skipped, ${missing}`);
      else {
        const process = await started(one, contender, fixture, options);
        if (process !== null) running.push({ contender, process, samples: [], failed: '' });
      }
    }
    await rounds(one, running, budgetMs, options);
    if (one.sameResult === true) checkSame(one, running);
  } finally {
    for (const { process } of running) await process.stop();
  }
  return running;
}

async function started(
  one: Case<never>,
  contender: Contender<never>,
  fixture: unknown,
  options: RunOptions,
): Promise<ContenderProcess | null> {
  const flags = [...(contender.nodeFlags ?? [])];
  if (options.profiles !== undefined && contender.kind === 'ours') {
    mkdirSync(options.profiles, { recursive: true });
    flags.push('--cpu-prof', `--cpu-prof-dir=${options.profiles}`, '--cpu-prof-interval=500');
  }
  try {
    const limitS = one.runLimitS ?? 120;
    return await ContenderProcess.start({
      path: options.path,
      caseName: one.name,
      contender: contender.name,
      fixture,
      flags,
      limitS,
    });
  } catch (error) {
    if (contender.kind === 'ours') throw error;
    options.say(`  ${contender.name}: skipped, ${(error as Error).message}`);
    return null;
  }
}

async function rounds(
  one: Case<never>,
  running: readonly Running[],
  budgetMs: number,
  options: RunOptions,
): Promise<void> {
  const warmup = one.warmup ?? 1;
  const most = warmup + (one.rounds ?? 7);
  const began = Date.now();
  for (let round = 0; round < most; round++) {
    if (round >= warmup + leastRounds && (Date.now() - began) * (1 + 1 / round) > budgetMs) break;
    // The order turns around, so that nobody always runs after the same other.
    const turn = round % 2 === 0 ? running : [...running].reverse();
    for (const each of turn) {
      if (each.failed !== '' || each.samples.length >= (each.contender.rounds ?? Infinity)) continue;
      try {
        const sample = await each.process.run();
        const [first] = each.samples;
        if (first?.hash !== undefined && first.hash !== sample.hash)
          throw new Error(`gives another result in round ${round}: ${sample.hash ?? ''} after ${first.hash}`);
        if (round >= warmup || (each.contender.rounds ?? Infinity) < leastRounds) each.samples.push(sample);
      } catch (error) {
        each.failed = (error as Error).message;
        options.say(`  ${each.contender.name}: ${each.failed}`);
        if (each.contender.kind === 'ours') throw error;
      }
    }
  }
}

function checkSame(one: Case<never>, running: readonly Running[]): void {
  const hashes = running.flatMap(({ contender, samples }) => {
    const hash = samples[0]?.hash;
    return hash === undefined ? [] : [{ name: contender.name, hash }];
  });
  const [first] = hashes;
  const other = hashes.find(({ hash }) => hash !== first?.hash);
  if (other !== undefined)
    throw new Error(
      `${one.name}: ${other.name} gives ${other.hash}, and ${first?.name ?? ''} ${first?.hash ?? ''}: they do not do the same`,
    );
}

/** Values of all samples by metric. */
function series(samples: readonly TimedSample[]): Map<string, number[]> {
  const all = new Map<string, number[]>();
  const add = (metric: string, value: number): void => {
    const values = all.get(metric);
    if (values === undefined) all.set(metric, [value]);
    else values.push(value);
  };
  for (const { work, seconds, cpuSeconds, values } of samples) {
    if (work !== undefined) {
      add('rate', work / seconds);
      if (cpuSeconds > 0) add('cpu_rate', work / cpuSeconds);
    }
    for (const [metric, value] of Object.entries(values ?? {})) add(metric, value);
  }
  return all;
}

function resultsOf(
  options: RunOptions,
  one: Case<never>,
  facts: InputFacts,
  running: readonly Running[],
): Omit<Result, 'commit' | 'machine' | 'versions'>[] {
  const at = new Date().toISOString().slice(0, 19) + 'Z';
  return running.flatMap(({ contender, samples }) =>
    [...series(samples)].map(([metric, values]) => {
      const {
        unit,
        better = 'higher',
        goal,
      }: Metric = one.metrics[metric] ??
      (metric === 'cpu_rate' ? { unit: `${one.metrics['rate']?.unit ?? ''} of CPU time` } : { unit: '' });
      const { median, p10, p90 } = spread(values);
      return {
        benchmark: options.name,
        case: one.name,
        contender: contender.name,
        kind: contender.kind,
        ...(contender.note === undefined ? {} : { note: contender.note }),
        metric,
        unit,
        better,
        ...(goal === undefined ? {} : { goal }),
        median,
        p10,
        p90,
        runs: values.length,
        input: { name: one.input.name, ...facts },
        result_hash: samples[0]?.hash ?? '',
        at,
      };
    }),
  );
}
