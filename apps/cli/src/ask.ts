/** What commands that ask ClickHouse have in common: times, the connection, ids. */
import type { Store } from '@sessionreel/clickhouse';
import type { Command } from 'commander';
import { wrongUsage } from './cli-error.ts';
import { openStore, settingsOf, type ConnectionFlags } from './connections.ts';
import type { Io } from './terminal.ts';
import { localZone, parseTime } from './times.ts';

export async function asking<T>(flags: ConnectionFlags, question: (store: Store) => Promise<T>): Promise<T> {
  const store = openStore(settingsOf(flags));
  try {
    return await question(store);
  } finally {
    await store.close();
  }
}

export interface RangeFlags {
  readonly from?: string;
  readonly to?: string;
}

export function withRange(command: Command): Command {
  return command
    .option('--from <time>', 'RFC 3339, "2026-11-20 10:00" (local), or -90m')
    .option('--to <time>', 'default: now');
}

/** @throws CliError (status 2), also when the range is reversed or empty */
export function rangeOf(flags: RangeFlags, io: Io): { from?: number; to?: number } {
  const now = io.now();
  const time = (typed: string | undefined): number | undefined =>
    typed === undefined ? undefined : parseTime(typed, now, localZone());
  const from = time(flags.from);
  const to = time(flags.to);
  if (from !== undefined && from > now) throw wrongUsage('--from is in the future');
  if (from !== undefined && from >= (to ?? now)) throw wrongUsage('--from must be before --to');
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}

/** A tunnel's or session's id. @throws CliError (status 2) */
export function idOf(option: string, typed: string): number {
  const id = /^\d{1,5}$/.test(typed) ? Number(typed) : Number.NaN;
  if (!(id <= 65_535)) throw wrongUsage(`${option} ${typed}: ids are whole numbers from 0 to 65535`);
  return id;
}
