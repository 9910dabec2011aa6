/**
 * Shows that the tests bite: puts each seeded bug into a copy of this library, runs the tests, and says which it survived.
 *
 *     npm run mutants -w @sessionreel/session-diff [-- WORD…]     those whose file or bug has one of the words
 *
 * Status 1 when one survives that is not known to, or when a bug no longer fits the source.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mutants, type Mutant } from './mutants.ts';

const library = fileURLToPath(new URL('..', import.meta.url));
const repository = fileURLToPath(new URL('../../..', import.meta.url));
const vitest = join(repository, 'node_modules/vitest/vitest.mjs');
/** Longer than any run without a bug: one that hangs is noticed too. */
const limitMs = 240_000;

const words = process.argv.slice(2);
const chosen = mutants.filter(
  ({ file, bug }) => words.length === 0 || words.some((word) => file.includes(word) || bug.includes(word)),
);

const copy = mkdtempSync(join(tmpdir(), 'mutants-'));
try {
  cpSync(join(library, 'src'), join(copy, 'src'), { recursive: true });
  for (const file of ['package.json', 'vitest.config.ts']) cpSync(join(library, file), join(copy, file));
  symlinkSync(join(repository, 'node_modules'), join(copy, 'node_modules'));
  if (!passes()) throw new Error('the tests fail without any bug');
  const survivors = chosen.filter((mutant) => !isKilled(mutant));
  const killed = chosen.length - survivors.length;
  console.log(`${killed} of ${chosen.length} killed: ${((100 * killed) / chosen.length).toFixed(1)} %`);
  for (const { file, bug } of survivors) console.log(`survived: ${file}: ${bug}`);
  process.exitCode = survivors.length === 0 ? 0 : 1;
} finally {
  rmSync(copy, { recursive: true });
}

function isKilled({ file, find, replace, bug }: Mutant): boolean {
  const path = join(copy, 'src', file);
  const source = readFileSync(path, 'utf8');
  if (source.split(find).length !== 2) throw new Error(`${file}: not there exactly once: ${find}`);
  writeFileSync(
    path,
    source.replace(find, () => replace),
  );
  const started = Date.now();
  const killed = !passes();
  writeFileSync(path, source);
  console.log(
    `${killed ? 'killed  ' : 'SURVIVED'} ${file}: ${bug} (${Math.round((Date.now() - started) / 1000)} s)`,
  );
  return killed;
}

/** The quick tests first: most bugs do not come further. */
function passes(): boolean {
  return runs('--exclude', '**/*.property.test.ts') && runs('property');
}

function runs(...which: string[]): boolean {
  const run = spawnSync(
    process.execPath,
    [vitest, 'run', '--root', copy, '--bail', '1', '--reporter', 'dot', ...which],
    { env: { ...process.env, FC_RUNS: process.env['FC_RUNS'] ?? '40' }, timeout: limitMs, stdio: 'ignore' },
  );
  return run.status === 0;
}
