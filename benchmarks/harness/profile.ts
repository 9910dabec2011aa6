/** Which functions a folder of CPU profiles spent its time in. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const standstillUs = 100_000;

/** Time of its own of each function, most first; one text for each profile (a process or a worker thread). */
export function summarise(folder: string, most = 25): string {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.cpuprofile'))
    .map((name) => `${name}\n${summary(join(folder, name), most)}`)
    .join('\n');
}

function summary(path: string, most: number): string {
  const profile = JSON.parse(readFileSync(path, 'utf8')) as CpuProfile;
  const names = new Map(
    profile.nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => {
      const file = url.replace(/^.*\/(libs|apps|benchmarks|node_modules)\//, '$1/');
      return [
        id,
        `${functionName === '' ? '(anonymous)' : functionName}  ${file}${file === '' ? '' : `:${lineNumber + 1}`}`,
      ];
    }),
  );
  const own = new Map<string, number>();
  profile.samples.forEach((id, n) => {
    const us = profile.timeDeltas[n] ?? 0;
    // The process stood still, or the machine had no core for it.
    if (us > standstillUs) return;
    const name = names.get(id) ?? '';
    own.set(name, (own.get(name) ?? 0) + us);
  });
  const idle = [...own].reduce((sum, [name, us]) => (name.startsWith('(idle)') ? sum + us : sum), 0);
  const busy = [...own.values()].reduce((sum, us) => sum + us, 0) - idle;
  const lines = [...own]
    .filter(([name]) => !name.startsWith('(idle)'))
    .sort(([, a], [, b]) => b - a)
    .slice(0, most)
    .map(
      ([name, us]) =>
        `  ${((us / busy) * 100).toFixed(1).padStart(5)} %  ${(us / 1000).toFixed(0).padStart(7)} ms  ${name}`,
    );
  return [`  busy ${(busy / 1e6).toFixed(2)} s, idle ${(idle / 1e6).toFixed(2)} s`, ...lines, ''].join('\n');
}
