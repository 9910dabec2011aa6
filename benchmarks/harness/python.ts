/** Peers in Python: an environment of their own in the cache folder, packages from their registry, a program that we talk to. */
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { Contender, Runner, Sample } from './benchmark.ts';
import { root } from './machine.ts';

const run = promisify(execFile);

/**
 * A virtual environment with these packages (as pip takes them: `textfsm==1.1.3`), made when it is not there. Gives the path of its
 * interpreter, or why there is none: no Python, no network.
 */
export async function pythonWith(
  packages: readonly string[],
): Promise<{ python: string } | { missing: string }> {
  const key = createHash('sha256')
    .update([...packages].sort().join(' '))
    .digest('hex')
    .slice(0, 12);
  const home = join(root, 'node_modules/.cache/sessionreel/python', key);
  const python = join(home, 'bin/python');
  const done = join(home, 'installed');
  if (existsSync(done)) return { python };
  try {
    mkdirSync(home, { recursive: true });
    await run('python3', ['-m', 'venv', home], { timeout: 120_000 });
    const pip = [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '--timeout',
      '20',
      ...packages,
    ];
    if (packages.length > 0) await run(python, pip, { timeout: 300_000 });
    mkdirSync(done);
    return { python };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return { missing: `no Python with ${packages.join(', ')} (${text.split('\n')[0] ?? ''})` };
  }
}

/**
 * A contender written in Python. The program gets `args` and then one line `run` on stdin for each run, and answers it with one
 * line of JSON, a `Sample` that times itself (`{"work": 12.5, "seconds": 0.8, "cpuSeconds": 0.79, "hash": "…"}`). Before the first
 * it writes a line `ready`.
 */
export function pythonContender<I>(given: {
  readonly name: string;
  readonly note?: string;
  readonly packages: readonly string[];
  /** Path of the program. */
  readonly program: string;
  readonly rounds?: number;
  args(input: I, fixture: unknown): readonly string[] | Promise<readonly string[]>;
}): Contender<I> {
  return {
    name: given.name,
    kind: 'peer',
    ...(given.note === undefined ? {} : { note: given.note }),
    ...(given.rounds === undefined ? {} : { rounds: given.rounds }),
    async missing() {
      const found = await pythonWith(given.packages);
      return 'missing' in found ? found.missing : null;
    },
    async setup(input, fixture) {
      const found = await pythonWith(given.packages);
      if ('missing' in found) throw new Error(found.missing);
      return startProgram(found.python, [given.program, ...(await given.args(input, fixture))]);
    },
  };
}

async function startProgram(python: string, args: readonly string[]): Promise<Runner> {
  const child = spawn(python, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async (): Promise<string> => {
    const { done, value } = await lines.next();
    if (done === true) throw new Error(`${args[0] ?? ''} ended without an answer`);
    return value;
  };
  if ((await line()) !== 'ready') throw new Error(`${args[0] ?? ''} did not say that it is ready`);
  return {
    async run() {
      child.stdin.write('run\n');
      return JSON.parse(await line()) as Sample;
    },
    stop() {
      child.stdin.end();
    },
  };
}
