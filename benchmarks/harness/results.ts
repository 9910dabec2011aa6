/** Results: one line of JSON for each case, contender and metric; git keeps those of before. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { root, type Machine } from './machine.ts';
import { shown, type Spread } from './statistics.ts';

export interface Result extends Spread {
  readonly benchmark: string;
  readonly case: string;
  readonly contender: string;
  readonly kind: 'ours' | 'peer' | 'limit';
  readonly note?: string;
  readonly metric: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  readonly goal?: number;
  readonly runs: number;
  readonly input: { readonly name: string; readonly hash: string; readonly bytes: number };
  readonly result_hash: string;
  readonly at: string;
  readonly commit: string;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
}

const folder = `${root}benchmarks/results`;
const fileOf = (name: string): string => `benchmarks/results/${name}.jsonl`;
const keyOf = (r: Result): string => [r.case, r.contender, r.metric].join(' / ');

function parseLines(text: string): Result[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Result);
}

/** Names of the benchmarks that have results. */
export function measuredNames(): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => name.slice(0, -'.jsonl'.length))
    .sort();
}

export function readResults(name: string): Result[] {
  const path = `${folder}/${name}.jsonl`;
  return existsSync(path) ? parseLines(readFileSync(path, 'utf8')) : [];
}

/** New results take the place of those of the same case, contender and metric. `whole`: nothing of before stays. */
export function writeResults(name: string, results: readonly Result[], whole: boolean): void {
  mkdirSync(folder, { recursive: true });
  const kept = new Map((whole ? [] : readResults(name)).map((r) => [keyOf(r), r]));
  for (const r of results) kept.set(keyOf(r), r);
  const digits = (_: string, value: unknown): unknown =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;
  const lines = [...kept.values()].map((r) => `${JSON.stringify(r, digits)}\n`);
  writeFileSync(`${folder}/${name}.jsonl`, lines.join(''));
}

function git(...args: string[]): string {
  try {
    return execFileSync('git', args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 2 ** 27,
    }).toString();
  } catch {
    return '';
  }
}

function committed(revision: string, name: string): Result[] {
  return parseLines(git('show', `${revision}:${fileOf(name)}`));
}

/**
 * What results are compared with: the last committed ones; when `now` are these, those of the commit before.
 */
function baseline(name: string, now: readonly Result[]): { against: string; before: readonly Result[] } {
  const [last = '', previous = ''] = git('log', '-2', '--format=%h', '--', fileOf(name)).trim().split('\n');
  const before = last === '' ? [] : committed('HEAD', name);
  const newest = before
    .map(({ at }) => at)
    .sort()
    .at(-1);
  if (newest === undefined || now.some(({ at }) => at > newest)) return { against: last, before };
  return { against: previous, before: previous === '' ? [] : committed(previous, name) };
}

/** Results as text, with the change. `now`: only these; without it, those on disk. */
export function printChanges(name: string, now: readonly Result[] = readResults(name)): string {
  const { against, before } = baseline(name, now);
  const old = new Map(before.map((r) => [keyOf(r), r]));
  const lines = now.map((r) => lineOf(r, old.get(keyOf(r))));
  const widths = [0, 1, 2, 3].map((column) => Math.max(0, ...lines.map((line) => line[column]?.length ?? 0)));
  const text = lines.map((line) =>
    line
      .map((cell, n) => (n === 2 ? cell.padStart(widths[n] ?? 0) : cell.padEnd(widths[n] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
  const title = against === '' ? name : `${name}, change against the results of ${against}`;
  return [title, ...text.map((line) => `  ${line}`), ''].join('\n');
}

function lineOf(now: Result, before: Result | undefined): string[] {
  const goal =
    now.goal === undefined || now.kind !== 'ours'
      ? ''
      : `goal ${shown(now.goal)} ${reached(now) ? '✓' : '✗'}`;
  const noise = `(${shown(now.p10)}–${shown(now.p90)})`;
  return [
    now.case,
    `${now.contender}${now.kind === 'ours' ? '' : ` [${now.kind}]`}`,
    shown(now.median),
    `${unitOf(now)} ${noise}`,
    changeOf(now, before),
    goal,
  ];
}

function unitOf(r: Result): string {
  return r.metric === 'rate' || r.metric === 'cpu_rate' ? r.unit : `${r.unit} ${r.metric}`;
}

export function reached(r: Result): boolean {
  if (r.goal === undefined) return true;
  return r.better === 'higher' ? r.median >= r.goal : r.median <= r.goal;
}

/** In per cent; marked when it is more than the spread of both. */
function changeOf(now: Result, before: Result | undefined): string {
  if (before === undefined || before.median === 0) return 'new';
  if (before.input.hash !== now.input.hash) return 'other input';
  const share = now.median / before.median - 1;
  const apart = now.p10 > before.p90 || now.p90 < before.p10;
  const word = !apart ? 'within the spread' : share > 0 === (now.better === 'higher') ? 'better' : 'worse';
  const result = before.result_hash === now.result_hash ? '' : ', other result';
  return `${share >= 0 ? '+' : ''}${(share * 100).toFixed(1)} % ${word}${result}`;
}
