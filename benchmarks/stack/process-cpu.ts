/** What processes have used of the cores, by Linux's /proc. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';

const ticksPerSecond = 100;

/** CPU seconds of a process and all its threads since it was started; 0 where there is no /proc. */
function secondsOf(pid: number): number {
  const path = `/proc/${pid}/stat`;
  if (!existsSync(path)) return 0;
  // The name, in parentheses, may hold blanks.
  const fields = readFileSync(path, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

export function cpuSeconds(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + secondsOf(pid), 0);
}

/** CPU seconds by name of thread. */
export function threadSeconds(pid: number): Map<string, number> {
  const all = new Map<string, number>();
  const folder = `/proc/${pid}/task`;
  if (!existsSync(folder)) return all;
  for (const thread of readdirSync(folder)) {
    const stat = readFileSync(`${folder}/${thread}/stat`, 'utf8');
    const name = /\((.*)\)/s.exec(stat)?.[1] ?? '';
    const fields = stat.replace(/^.*\) /s, '').split(' ');
    const used = (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
    all.set(name, (all.get(name) ?? 0) + used);
  }
  return all;
}

/** Resident memory, MB of 10^6 bytes. */
export function residentMb(pid: number): number {
  const path = `/proc/${pid}/status`;
  if (!existsSync(path)) return 0;
  const kib = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(path, 'utf8'))?.[1] ?? 0);
  return (kib * 1024) / 1e6;
}
