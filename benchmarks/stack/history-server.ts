/** A ClickHouse over a filled history, as a fixture; and what a question costs it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { migrate } from '@sessionreel/clickhouse';
import { startClickHouse } from '@sessionreel/local';
import type { Fixture } from '../harness/index.ts';
import { childSeconds, cpuSeconds } from './process-cpu.ts';
import { filledFolder, type FleetHistory } from './query-data.ts';

export interface HistoryServer {
  readonly url: string;
  readonly pids: readonly number[];
}

/** The data set is made when it is not there, which takes minutes, and stays. */
export async function startHistory(shape: FleetHistory): Promise<Fixture> {
  const dir = await filledFolder(shape, (text) => process.stdout.write(`${text}\n`));
  const server = await startClickHouse({ dir, port: 0 });
  await migrate({ url: server.address, database: 'sessionreel', user: 'default', password: '' });
  const value: HistoryServer = { url: server.address, pids: server.pids };
  return { value, stop: () => server.stop() };
}

/** Time, CPU and memory of one question. */
export interface Cost {
  readonly ms: number;
  /** CPU of ClickHouse, of this process and of those that it started (ms). */
  readonly cpuMs: number;
  /** By how much ClickHouse's memory grew at its peak; undefined where the system does not tell (MB). */
  readonly peakMb: number | undefined;
}

export async function costOf(server: HistoryServer, ask: () => Promise<void>): Promise<Cost> {
  const before = memoryOf(server, true);
  const others = (): number => cpuSeconds(server.pids) + childSeconds();
  const elsewhere = others();
  const used = process.cpuUsage();
  const began = performance.now();
  await ask();
  const ms = performance.now() - began;
  const { user, system } = process.cpuUsage(used);
  const peak = memoryOf(server, false);
  return {
    ms,
    cpuMs: (others() - elsewhere) * 1_000 + (user + system) / 1_000,
    peakMb: before === undefined || peak === undefined ? undefined : (peak.peak - before.now) / 1_000,
  };
}

/** Resident memory of the server, in kB, by Linux's /proc. @param reset the peak begins anew */
function memoryOf(
  { pids }: HistoryServer,
  reset: boolean,
): { readonly now: number; readonly peak: number } | undefined {
  try {
    if (reset) for (const pid of pids) writeFileSync(`/proc/${pid}/clear_refs`, '5');
    const of = (pid: number, name: string): number =>
      Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
    const sum = (name: string): number => pids.reduce((total, pid) => total + of(pid, name), 0);
    return { now: sum('VmRSS'), peak: sum('VmHWM') };
  } catch {
    return undefined;
  }
}
