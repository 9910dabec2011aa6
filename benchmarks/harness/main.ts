/** `npm run bench`. */
import { existsSync, globSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { pathToFileURL } from 'node:url';
import type { Benchmark } from './benchmark.ts';
import { root } from './machine.ts';
import { summarise } from './profile.ts';
import { writeReport } from './report.ts';
import { measuredNames, printChanges, writeResults } from './results.ts';
import { runBenchmark } from './run.ts';

const help = `Measures Sessionreel beside its peers. Results go to benchmarks/results/NAME.jsonl.

  npm run bench                   all benchmarks, about 15 minutes
  npm run bench -- NAME…          these
  npm run bench -- --list         which there are
  npm run bench -- --compare      the results that are there, and the change against the last committed ones
  npm run bench -- --report       tables and plots of all results, into benchmarks/README.md

  --only TEXT       cases and contenders whose name contains it; the results of the others stay
  --seconds N       what a benchmark may take, without its set-up; every contender runs three times at least
  --cpu-prof        a CPU profile of each of our contenders, in benchmarks/profiles, and where their time went; writes no results
  --dry             writes no results
  --help            this text
`;

/** What all benchmarks may take together, with their set-up left out. */
const allSeconds = 840;

const options = {
  list: { type: 'boolean' },
  compare: { type: 'boolean' },
  report: { type: 'boolean' },
  only: { type: 'string', default: '' },
  seconds: { type: 'string' },
  'cpu-prof': { type: 'boolean' },
  dry: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function wrongUsage(text: string): never {
  process.stderr.write(`bench: ${text}\n`);
  process.exit(2);
}

/** Modules beside this folder that export a benchmark. */
function names(): string[] {
  return globSync('*.ts', { cwd: join(root, 'benchmarks') })
    .filter((name) =>
      /^export default benchmark\(/m.test(readFileSync(join(root, 'benchmarks', name), 'utf8')),
    )
    .map((name) => basename(name, '.ts'))
    .sort();
}

const pathOf = (name: string): string => join(root, 'benchmarks', `${name}.ts`);

async function load(name: string): Promise<Benchmark> {
  return ((await import(pathToFileURL(pathOf(name)).href)) as { default: Benchmark }).default;
}

const named = async (name: string): Promise<{ name: string; found: Benchmark }> => ({
  name,
  found: await load(name),
});

async function list(): Promise<void> {
  for (const name of names()) {
    const { about, cases, onRequest } = await load(name);
    say(`${name.padEnd(12)} ${about}${onRequest === true ? ' (only when it is named)' : ''}`);
    for (const one of cases)
      say(`${' '.repeat(13)}${one.name}: ${one.contenders.map((c) => c.name).join(', ')}`);
  }
}

interface Wanted {
  readonly only: string;
  readonly seconds: number | undefined;
  readonly profile: boolean;
  readonly dry: boolean;
}

/** @param chosen none: all but those that run on request */
async function measure(chosen: readonly string[], wanted: Wanted): Promise<number> {
  const loaded = await Promise.all((chosen.length === 0 ? names() : chosen).map(named));
  const found = loaded.filter((one) => chosen.length > 0 || one.found.onRequest !== true);
  const asked = found.reduce((sum, { found: { budgetS = 60 } }) => sum + budgetS, 0);
  const squeeze = Math.min(1, allSeconds / asked);
  let failures = 0;
  for (const { name, found: one } of found) {
    const profiles = wanted.profile ? join(root, 'benchmarks/profiles', name) : undefined;
    if (profiles !== undefined) rmSync(profiles, { recursive: true, force: true });
    const budgetS = wanted.seconds ?? (one.budgetS ?? 60) * squeeze;
    try {
      const { results, failed } = await runBenchmark(one, {
        name,
        path: pathOf(name),
        budgetS,
        only: wanted.only,
        profiles,
        say,
      });
      if (profiles !== undefined && existsSync(profiles)) say(summarise(profiles));
      failures += failed.length;
      if (!wanted.dry && !wanted.profile)
        writeResults(name, results, wanted.only === '' && failed.length === 0);
      say(printChanges(name, results));
    } catch (error) {
      failures++;
      say(`${name}: failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    }
  }
  return failures;
}

async function main(): Promise<number> {
  let given;
  try {
    given = parseArgs({ options, allowPositionals: true });
  } catch (error) {
    wrongUsage(`${(error as Error).message}\n\n${help}`);
  }
  const { values, positionals } = given;
  if (values.help === true) return (say(help), 0);
  if (values.list === true) return (await list(), 0);
  const seconds = values.seconds === undefined ? undefined : Number(values.seconds);
  if (seconds !== undefined && !(seconds > 0)) wrongUsage('--seconds takes a number above 0');
  if (values.report === true) {
    await writeReport(async (name) => (names().includes(name) ? (await load(name)).about : ''));
    return 0;
  }
  const all = names();
  const unknown = positionals.find((name) => !all.includes(name));
  if (unknown !== undefined) wrongUsage(`there is no benchmark "${unknown}"; there are ${all.join(', ')}`);
  if (values.compare === true) {
    const measured = measuredNames().filter((name) => positionals.length === 0 || positionals.includes(name));
    for (const name of measured) say(printChanges(name));
    return 0;
  }
  const failures = await measure(positionals, {
    only: values.only,
    seconds,
    profile: values['cpu-prof'] === true,
    dry: values.dry === true,
  });
  return failures === 0 ? 0 : 1;
}

process.exitCode = await main();
