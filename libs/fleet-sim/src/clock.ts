/** Time as a router prints it: local date and time without a zone, and durations. */

const formats = new Map<string, Intl.DateTimeFormat>();
const offsets = new Map<string, Map<number, number>>();
const quarterHourMs = 900_000;

/** Seconds east of UTC in a zone of the IANA database at a moment (ms UTC). Zones change on quarter hours only. */
export function zoneOffsetS(timezone: string, atMs: number): number {
  if (timezone === 'UTC') return 0;
  let known = offsets.get(timezone);
  if (known === undefined) {
    known = new Map();
    offsets.set(timezone, known);
  }
  const quarter = Math.floor(atMs / quarterHourMs);
  let offset = known.get(quarter);
  if (offset === undefined) {
    offset = readOffset(timezone, quarter * quarterHourMs);
    known.set(quarter, offset);
  }
  return offset;
}

function readOffset(timezone: string, atMs: number): number {
  let format = formats.get(timezone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: timezone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(timezone, format);
  }
  const part = new Map(format.formatToParts(atMs).map((p) => [p.type, Number(p.value)]));
  const get = (type: Intl.DateTimeFormatPartTypes): number => part.get(type) ?? 0;
  const local = Date.UTC(
    get('year'),
    get('month') - 1,
    get('day'),
    get('hour'),
    get('minute'),
    get('second'),
  );
  return (local - Math.floor(atMs / 1000) * 1000) / 1000;
}

/** Local seconds since 1970-01-01T00:00:00 of the zone's clock. */
export function localSeconds(timezone: string, atMs: number): number {
  return Math.floor(atMs / 1000) + zoneOffsetS(timezone, atMs);
}

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `Tue Aug 24 14:38:23 2010` of local seconds; `padded` writes the first nine days of a month as `Aug  1`. */
export function printDateTime(seconds: number, padded = false): string {
  const d = new Date(seconds * 1000);
  const day = padded ? String(d.getUTCDate()).padStart(2) : String(d.getUTCDate());
  const clock = `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`;
  return `${days[d.getUTCDay()] ?? ''} ${months[d.getUTCMonth()] ?? ''} ${day} ${clock} ${d.getUTCFullYear()}`;
}

/** `seconds` prints all of them; `minutes` drops the seconds from a day upwards, as some commands do (`1d 02:03`). */
export type DurationStyle = 'seconds' | 'minutes';

/** `01:06:25`, `2d 02:38:51` or `1d 02:03`, `3w2d 4:19:15` (the hour is not padded beside weeks). */
export function printDuration(seconds: number, style: DurationStyle = 'seconds'): string {
  const s = two(seconds % 60);
  const m = two(Math.floor(seconds / 60) % 60);
  const hours = Math.floor(seconds / 3600) % 24;
  const day = Math.floor(seconds / 86_400);
  if (day === 0) return `${two(hours)}:${m}:${s}`;
  if (day >= 7) return `${Math.floor(day / 7)}w${day % 7}d ${hours}:${m}:${s}`;
  return style === 'minutes' ? `${day}d ${two(hours)}:${m}` : `${day}d ${two(hours)}:${m}:${s}`;
}

/** The seconds that a printed duration stands for: `1d 02:03` has lost some. */
export function printedDurationS(seconds: number, style: DurationStyle): number {
  const inDays = seconds >= 86_400 && seconds < 7 * 86_400;
  return style === 'minutes' && inDays ? seconds - (seconds % 60) : seconds;
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}
