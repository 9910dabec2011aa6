/** Where and with what was measured. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memory_gb: number;
  /** Processes that ran or waited in the last minute, when the benchmark began: above the cores, the clock tells less than CPU time. */
  readonly load: number;
}

export function machine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? '',
    cores: availableParallelism(),
    memory_gb: Math.round(totalmem() / 2 ** 30),
    load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
  };
}

/** Node, and those of our dependencies whose speed is measured too. */
export function versions(): Record<string, string> {
  const found: Record<string, string> = { node: process.versions.node, v8: process.versions.v8 };
  for (const name of ['kafkajs', 'chdb', '@clickhouse/client', 'piscina']) {
    try {
      const text = readFileSync(`${root}/node_modules/${name}/package.json`, 'utf8');
      found[name] = (JSON.parse(text) as { version: string }).version;
    } catch {
      // Not installed here: nothing that was measured used it.
    }
  }
  return found;
}

/** The commit, with `+` when the sources of apps or libs have changed since. Empty outside a clone. */
export function commit(): string {
  try {
    const git = (...args: string[]): string =>
      execFileSync('git', args, { cwd: root, stdio: 'pipe' }).toString().trim();
    return (
      git('rev-parse', '--short=12', 'HEAD') +
      (git('status', '--porcelain', 'apps', 'libs') === '' ? '' : '+')
    );
  } catch {
    return '';
  }
}
