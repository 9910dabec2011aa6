/** What commands that ask ClickHouse have in common: times, the connection, ids. */
import type { Store } from '@sessionreel/clickhouse';
import type { Mask } from '@sessionreel/ops';
import { masked } from '@sessionreel/queries';
import type { Command } from 'commander';
import { wrongUsage } from '../terminal/cli-error.ts';
import { maskOf, openStore, settingsOf, type ConnectionFlags } from '../connections.ts';
import type { Io } from '../terminal/terminal.ts';
import { localZone, parseTime, printTime } from '../terminal/times.ts';

/** An answer of ClickHouse, without the user names that this person is not to see. */
export async function asking<T>(
  flags: ConnectionFlags,
  question: (store: Store, mask: Mask) => Promise<T>,
): Promise<T> {
  const settings = settingsOf(flags);
  const mask = maskOf(settings);
  const store = openStore(settings);
  try {
    return masked(await question(store, mask), mask);
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

export interface AtFlags {
  readonly at?: string;
}

export function withAt(command: Command): Command {
  return command.option('--at <time>', 'RFC 3339, "2026-11-20 10:00" (local), or -90m; default: now');
}

/** @throws CliError (status 2), also in the future */
export function atOf(flags: AtFlags, io: Io): number {
  const now = io.now();
  const at = flags.at === undefined ? now : parseTime(flags.at, now, localZone());
  if (at > now) throw wrongUsage(`${printTime(at)} is in the future: it is ${printTime(now)}`);
  return at;
}

/** A range with both ends: by default the last day until now. @throws CliError (status 2) */
export function wholeRangeOf(flags: RangeFlags, io: Io, agoMs = 86_400_000): { from: number; to: number } {
  const { from, to = io.now() } = rangeOf(flags, io);
  const end = Math.min(to, io.now());
  return { from: from ?? end - agoMs, to: end };
}

/** `90s`, `5m`, `6h`, `7d` as seconds. @throws CliError (status 2) */
export function secondsOf(option: string, typed: string): number {
  const match = /^(\d{1,9})\s*(s|m|h|d|w)?$/.exec(typed.trim());
  const unit = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 }[match?.[2] ?? 's'] ?? 1;
  const seconds = Number(match?.[1] ?? 0) * unit;
  if (!(seconds >= 1)) throw wrongUsage(`${option} ${typed}: it wants a duration such as 90s, 5m, 6h or 7d`);
  return seconds;
}

/** @throws CliError (status 2) */
export function wholeNumber(option: string, typed: string, least: number, most = 1_000_000): number {
  const number = /^\d{1,15}$/.test(typed) ? Number(typed) : Number.NaN;
  if (!(number >= least && number <= most))
    throw wrongUsage(`${option} ${typed}: it wants a whole number from ${least} to ${most}`);
  return number;
}
