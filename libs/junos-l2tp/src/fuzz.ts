/**
 * Fuzzes the parser for a while: `node src/fuzz.ts --minutes N [--seed S]`. Seeds are the fixtures and invented listings. Findings are
 * written to standard error with their seed and input; the number of inputs tried is printed. Status 1 when there were findings.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { check } from './fuzz-check.ts';
import { mutate, seeded } from './mutate.ts';

function argument(name: string, fallback: number): number {
  const at = process.argv.indexOf(`--${name}`);
  const value = at < 0 ? fallback : Number(process.argv[at + 1]);
  if (!Number.isFinite(value)) throw new Error(`--${name} wants a number`);
  return value;
}

const fixtures = new URL('../fixtures/', import.meta.url);
const folders = readdirSync(fixtures, { withFileTypes: true }).filter((entry) => entry.isDirectory());
const corpus = folders.flatMap(({ name }) => {
  const folder = new URL(`${name}/`, fixtures);
  return readdirSync(folder)
    .filter((file) => file.startsWith('in.'))
    .map((file) => readFileSync(new URL(file, folder)));
});

const until = Date.now() + argument('minutes', 1) * 60_000;
let seed = argument('seed', Date.now() % 1_000_000_000);
const first = seed;
let inputs = 0;
let findings = 0;
while (Date.now() < until && findings < 20) {
  const random = seeded(seed);
  const bytes = mutate(corpus[Math.floor(random() * corpus.length)] ?? Buffer.from(''), random);
  inputs++;
  let told: string | null;
  try {
    const finding = check(bytes, random);
    told = finding === null ? null : `${finding.what}: ${finding.detail}`;
  } catch (error) {
    told = error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  if (told !== null) {
    findings++;
    process.stderr.write(`seed ${seed}: ${told}\ninput (base64): ${Buffer.from(bytes).toString('base64')}\n`);
  }
  seed++;
}
process.stdout.write(`${inputs} inputs tried, ${findings} findings, seeds ${first} to ${seed - 1}\n`);
process.exitCode = findings > 0 ? 1 : 0;
