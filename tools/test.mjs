/** Every check and every test; the last line is `N passed, N failed`. Run by tools/bootstrap.mjs on the pinned Node. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lockFolder, waitFor } from '@sessionreel/ops';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = join(root, 'node_modules', '.bin');
// Tasks find the pinned Node and the tools first, whatever the machine has.
const env = {
  ...process.env,
  PATH: `${bin}${delimiter}${process.env.PATH ?? ''}`,
  NX_DAEMON: 'false',
  NX_NO_CLOUD: 'true',
  NX_TUI: 'false',
  // nx shares its cache between all clones on a machine; a clone's results are its own.
  NX_CACHE_DIRECTORY: join(root, '.nx', 'cache'),
  NX_WORKSPACE_DATA_DIRECTORY: join(root, '.nx', 'workspace-data'),
};

/** The checks that are not vitest's. Each that fails counts as one failure. */
const checks = [
  { name: 'formatting', command: 'prettier', args: ['--check', '--log-level', 'warn', '.'] },
  { name: 'unused code and dependencies', command: 'knip', args: ['--no-progress', '--no-config-hints'] },
  {
    name: 'lint, types and tests',
    command: 'nx',
    args: ['run-many', '-t', 'lint', 'typecheck', 'test', '--parallel=1', '--outputStyle=static'],
  },
];

// Two runs in one clone take turns: they would count each other's results. In two clones they run side by side.
await waitFor('another npm test in this folder', () => lockFolder(root, 'test'), {
  limitMs: 3_600_000,
  everyMs: 1_000,
  onWait: (what) => process.stdout.write(`waiting for ${what} to finish\n`),
});
// What was left by an earlier run must not be counted; nx brings back what its cache has.
for (const project of projects()) rmSync(join(root, project, '.vitest'), { recursive: true, force: true });

const failed = [];
for (const check of checks) {
  process.stdout.write(`\n== ${check.name}\n`);
  const began = Date.now();
  const status = await run(check.command, check.args);
  if (status !== 0) failed.push(check.name);
  process.stdout.write(
    `== ${check.name}: ${status === 0 ? 'good' : 'FAILED'}, ${Math.round((Date.now() - began) / 1000)} s\n`,
  );
}

const tests = countTests();
for (const project of tests.unknown) failed.push(`tests of ${project} (no result)`);
const testsFailed = tests.failed > 0;
if (failed.length > 0) process.stdout.write(`\nfailed: ${failed.join(', ')}\n`);
// A failed test makes its task fail as well: it is counted once.
const others = failed.filter((name) => !(testsFailed && name === checks[2].name)).length;
process.stdout.write(`\n${tests.passed} passed, ${tests.failed + others} failed\n`);
process.exitCode = failed.length > 0 || testsFailed || tests.passed === 0 ? 1 : 0;

function run(command, args) {
  return new Promise((resolve) => {
    const child = spawn(join(bin, command), args, { cwd: root, env, stdio: 'inherit' });
    child.on('error', () => resolve(1));
    child.on('exit', (status) => resolve(status ?? 1));
  });
}

/** Sums what vitest wrote for each project; nx brings these files back with a cached result. */
function countTests() {
  const sum = { passed: 0, failed: 0, unknown: [] };
  for (const project of projects()) {
    const path = join(root, project, '.vitest', 'results.json');
    if (!existsSync(path)) {
      if (hasTests(join(root, project))) sum.unknown.push(project);
      continue;
    }
    const results = JSON.parse(readFileSync(path, 'utf8'));
    sum.passed += results.numPassedTests;
    sum.failed += results.numFailedTests;
    // A file that does not even load has no test that could fail.
    if (results.numFailedTests === 0 && !results.success) sum.failed += 1;
  }
  return sum;
}

function projects() {
  const { workspaces } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return workspaces
    .flatMap((pattern) =>
      pattern.endsWith('/*')
        ? readdirSync(join(root, pattern.slice(0, -2))).map((name) => `${pattern.slice(0, -1)}${name}`)
        : [pattern],
    )
    .filter((folder) => existsSync(join(root, folder, 'package.json')));
}

function hasTests(folder) {
  return readdirSync(folder, { withFileTypes: true }).some((entry) => {
    if (entry.name === 'node_modules') return false;
    return entry.isDirectory() ? hasTests(join(folder, entry.name)) : /\.test\.tsx?$/.test(entry.name);
  });
}
