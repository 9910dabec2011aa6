/** Times as a person types them, and as the product prints them. */
import { wrongUsage } from './cli-error.ts';

const units = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

const dateTime =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?(?:\s*([Zz]|UTC|[+-]\d\d:?\d\d))?$/;

/**
 * `2026-11-20T10:00:00Z` (RFC 3339), `2026-11-20 10:00` (in `zone`), `2026-11-20`, `-90m` (before now; s, m, h, d, w), `now`.
 * @param zone IANA name for times that name none
 * @returns ms since 1970 UTC
 * @throws CliError (status 2) that says which forms there are
 */
export function parseTime(typed: string, now: number, zone: string): number {
  const text = typed.trim();
  if (text === 'now') return now;
  const ago = /^-(\d+(?:\.\d+)?)([smhdw])$/.exec(text);
  if (ago !== null) return now - Math.round(Number(ago[1]) * units[ago[2] as keyof typeof units]);
  const match = dateTime.exec(text);
  const at = match === null ? Number.NaN : timeOf(match, zone);
  if (Number.isNaN(at)) {
    throw wrongUsage(
      `"${typed}" is not a time`,
      'Times are 2026-11-20T10:00:00Z, "2026-11-20 10:00" (local), or -90m (also s, h, d, w) before now.',
    );
  }
  return at;
}

function timeOf(match: RegExpExecArray, zone: string): number {
  const part = (i: number): number => Number(match[i] ?? 0);
  const fraction = Math.floor(Number(`0.${match[7] ?? '0'}`) * 1000);
  const wall = Date.UTC(part(1), part(2) - 1, part(3), part(4), part(5), part(6), fraction);
  const printed = new Date(wall).toISOString();
  const typed = `${String(match[1])}-${String(match[2])}-${String(match[3])}`;
  // 2026-02-30 and 25:00 come out as another day: they are mistakes.
  if (!printed.startsWith(typed) || part(4) > 23 || part(5) > 59 || part(6) > 59) return Number.NaN;
  const offset = match[8];
  if (offset === undefined) return utcOfWall(wall, zone);
  if (/^[Zz]|UTC$/.test(offset)) return wall;
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(-2));
  return offset.startsWith('-') ? wall + minutes * 60_000 : wall - minutes * 60_000;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** @throws CliError (status 2) when no zone has that name */
export function checkZone(zone: string): string {
  formatOf(zone);
  return zone;
}

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (format === undefined) {
    try {
      format = new Intl.DateTimeFormat('en-US', {
        timeZone: zone,
        hourCycle: 'h23',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      });
    } catch {
      throw wrongUsage(
        `there is no time zone "${zone}"`,
        'Time zones are names such as Europe/Berlin or UTC.',
      );
    }
    formats.set(zone, format);
  }
  return format;
}

/** Wall clock (as ms, as if it were UTC) in a zone at a moment. */
export function wallOf(at: number, zone: string): number {
  const parts: Record<string, number> = {};
  for (const { type, value } of formatOf(zone).formatToParts(at)) parts[type] = Number(value);
  const of = (name: string): number => parts[name] ?? 0;
  const seconds = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'));
  return seconds + (((at % 1000) + 1000) % 1000);
}

/**
 * The moment at which a zone's wall clock shows `wall`. In the hour that a change to winter time repeats, the first; in the one that a
 * change to summer time skips, the moment at which the clock would have shown it.
 */
export function utcOfWall(wall: number, zone: string): number {
  const offsets = [wall - 86_400_000, wall + 86_400_000].map((at) => wallOf(at, zone) - at);
  const candidates = offsets.map((offset) => wall - offset).sort((a, b) => a - b);
  return candidates.find((at) => wallOf(at, zone) === wall) ?? (candidates[1] as number);
}

/** `2026-11-20T10:00:00Z`, with milliseconds only where there are some. */
export function printTime(at: number): string {
  return new Date(at).toISOString().replace('.000Z', 'Z');
}

/** The zone of this machine, for times that a person types without one. */
export function localZone(): string {
  return process.env['TZ'] ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
}
