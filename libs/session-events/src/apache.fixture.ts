/** Apache Avro for Python, asked by lines of JSON: an implementation that shares nothing with ours nor with avsc. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const requirements = path('../python/requirements.txt');
const script = path('../python/read_events.py');
const cache = path('../../../node_modules/.cache/sessionreel/');

/** The venv's python, made once and kept; or why there is none. */
function python(): { command: string } | { missing: string } {
  const hash = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const venv = `${cache}avro-${hash}`;
  const command = `${venv}/bin/python`;
  if (existsSync(command)) return { command };
  mkdirSync(cache, { recursive: true });
  // Two test runs may do this at once: each makes its own, the first one to finish names it.
  const fresh = `${venv}.${process.pid}`;
  const steps: [string, string[]][] = [
    ['python3', ['-m', 'venv', fresh]],
    [`${fresh}/bin/python`, ['-m', 'pip', 'install', '--quiet', '--retries', '1', '-r', requirements]],
  ];
  for (const [program, args] of steps) {
    const run = spawnSync(program, args, { encoding: 'utf8', timeout: 90_000 });
    if (run.status !== 0) {
      rmSync(fresh, { recursive: true, force: true });
      return { missing: `${program} ${args.slice(0, 2).join(' ')}: ${run.error?.message ?? run.stderr}` };
    }
  }
  try {
    renameSync(fresh, venv);
  } catch {
    rmSync(fresh, { recursive: true, force: true });
  }
  return { command };
}

export type Ask = (questions: readonly object[]) => unknown[];

/** Null when Apache Avro can not be had here (no Python, or no way to its registry): says so on stderr. */
export function apacheAvro(): Ask | null {
  const found = python();
  if ('missing' in found) {
    process.stderr.write(
      `Apache Avro for Python is not to be had, its checks are skipped: ${found.missing}\n`,
    );
    return null;
  }
  return (questions) => {
    const run = spawnSync(found.command, [script], {
      input: questions.map((x) => `${JSON.stringify(x)}\n`).join(''),
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    if (run.status !== 0) throw new Error(run.stderr);
    return run.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
  };
}
