/**
 * Fuzzes the parser for a while: `node src/fuzz.ts [--minutes N] [--seed S]`. Text, XML and JSON in turn: their fixtures and listings
 * made of them, mutated. Findings are written to standard error and, as captures that can become fixtures, into a folder of the
 * system's for temporary files; the number of inputs tried is printed. Status 1 when there were findings, 2 for wrong usage.
 */
import { mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { check } from './testing/fuzz-check.ts';
import { fuzzMarkup } from './testing/markup-fuzz.ts';
import { multiplied, mutate, repeated, seeded } from './testing/mutate.ts';

interface Finding {
  readonly format: string;
  readonly seed: number;
  readonly problem: string;
  readonly input: Uint8Array;
}

const maxFindings = 20;
const fixtures = new URL('../fixtures/', import.meta.url);
const folders = readdirSync(fixtures, { withFileTypes: true }).filter((entry) => entry.isDirectory());
const corpus = folders.flatMap(({ name }) => {
  const folder = new URL(`${name}/`, fixtures);
  return readdirSync(folder)
    .filter((file) => file.startsWith('in.'))
    .map((file) => readFileSync(new URL(file, folder)));
});

function enlarged(picked: Uint8Array, random: () => number): Uint8Array {
  const text = Buffer.from(picked).toString('latin1');
  const how = random();
  return how < 0.3 ? picked : how < 0.6 ? repeated(text, random) : multiplied(text, random);
}

/** One capture, its envelope included; a text may hold its sessions several times, so that prediction has something to predict. */
function fuzzCapture(seed: number): Finding[] {
  const random = seeded(seed);
  const picked = corpus[Math.floor(random() * corpus.length)] ?? Buffer.from('');
  const whole = enlarged(picked, random);
  const input = mutate(whole, random);
  let problem: string | null;
  try {
    const finding = check(input, random);
    problem = finding === null ? null : `${finding.what}: ${finding.detail}`;
  } catch (error) {
    problem = error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  return problem === null ? [] : [{ format: 'capture', seed, problem, input }];
}

/** Writes the finding down; returns where. */
function keep(finding: Finding, folder: string): string {
  const file = join(folder, `${finding.format}-${finding.seed}.in`);
  writeFileSync(file, finding.input);
  return file;
}

function numberOf(name: string, text: string | undefined, fallback: number): number {
  const value = text === undefined ? fallback : Number(text);
  if (Number.isFinite(value) && value >= 0) return value;
  process.stderr.write(`--${name} wants a number\n`);
  process.exit(2);
}

function main(): void {
  const { values } = parseArgs({ options: { minutes: { type: 'string' }, seed: { type: 'string' } } });
  const until = Date.now() + numberOf('minutes', values.minutes, 1) * 60_000;
  const first = Math.floor(numberOf('seed', values.seed, Date.now() % 1_000_000_000));
  const findings: Finding[] = [];
  let seed = first;
  let folder = '';
  do {
    for (const finding of [...fuzzCapture(seed), ...fuzzMarkup(1, seed)]) {
      findings.push(finding);
      if (folder === '') folder = mkdtempSync(join(tmpdir(), 'sessionreel-fuzz-'));
      process.stderr.write(`seed ${seed}: ${finding.problem}\ninput: ${keep(finding, folder)}\n`);
    }
    seed++;
  } while (Date.now() < until && findings.length < maxFindings);
  const inputs = 2 * (seed - first);
  process.stdout.write(
    `${inputs} inputs tried, ${findings.length} findings, seeds ${first} to ${seed - 1}\n`,
  );
  process.exitCode = findings.length > 0 ? 1 : 0;
}

main();
