/** What processes have used of the cores and of memory, by Linux's /proc. */
import { existsSync, readFileSync } from 'node:fs';

const ticksPerSecond = 100;

/** CPU seconds of a process and all its threads since it was started; 0 where there is no /proc. */
function secondsOf(pid: number): number {
  return timesOf(pid, [11, 12]);
}

/** Of the children of this process that have ended, with their own. */
export function childSeconds(): number {
  return timesOf(process.pid, [13, 14]);
}

function timesOf(pid: number, indexes: readonly number[]): number {
  const path = `/proc/${pid}/stat`;
  if (!existsSync(path)) return 0;
  // The name, in parentheses, may hold blanks.
  const fields = readFileSync(path, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return indexes.reduce((sum, index) => sum + Number(fields[index]), 0) / ticksPerSecond;
}

export function cpuSeconds(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + secondsOf(pid), 0);
}

/** Resident memory of a process with all its threads, in bytes; 0 where there is no /proc. */
export function residentBytes(pid: number): number {
  const path = `/proc/${pid}/status`;
  if (!existsSync(path)) return 0;
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(path, 'utf8'))?.[1] ?? 0) * 1024;
}
