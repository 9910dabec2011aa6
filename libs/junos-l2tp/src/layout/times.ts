/** Dates and durations as Junos prints them, from bytes and back. */

const monthNames = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const dayNames = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

const ctime =
  /^(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +)?([A-Z][a-z]{2}) +(\d{1,2}) (\d{1,2}):(\d\d):(\d\d)(?: [A-Z]{2,5})? (\d{4})$/;
const iso = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?: ?[A-Z]{1,5})?$/;

/**
 * `Tue Aug 24 14:38:23 2010` (day of one digit padded or not), or `2010-08-24 14:38:23 [UTC]`, as seconds since
 * 1970-01-01T00:00:00 on the same clock; −1 when it is no such date. The weekday is not checked, the date is.
 */
export function secondsOfDate(text: string): number {
  const c = ctime.exec(text);
  if (c !== null) {
    const month = monthNames.indexOf(c[1] as string);
    return month < 0
      ? -1
      : secondsOf(Number(c[6]), month, Number(c[2]), Number(c[3]), Number(c[4]), Number(c[5]));
  }
  const i = iso.exec(text);
  if (i === null) return -1;
  return secondsOf(Number(i[1]), Number(i[2]) - 1, Number(i[3]), Number(i[4]), Number(i[5]), Number(i[6]));
}

function secondsOf(year: number, month: number, day: number, h: number, m: number, s: number): number {
  if (h > 23 || m > 59 || s > 60 || day < 1) return -1;
  const days = daysSince1970(year, month, day);
  if (days < 0 || day > daysIn(year, month)) return -1;
  const seconds = days * 86400 + h * 3600 + m * 60 + s;
  return seconds > 0xffffffff ? -1 : seconds;
}

function daysIn(year: number, month: number): number {
  if (month === 1) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 3 || month === 5 || month === 8 || month === 10 ? 30 : 31;
}

/** `month` from 0. Negative before 1970 and for a month that is none. */
export function daysSince1970(year: number, month: number, day: number): number {
  if (month < 0 || month > 11) return -1;
  // Days before the month in a year that begins in March, so that the leap day comes last.
  const y = month < 2 ? year - 1 : year;
  const m = (month + 10) % 12;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * m + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146097 + dayOfEra - 719468;
}

const two = (n: number): string => (n < 10 ? `0${n}` : String(n));

/** Styles of a date: '' `Aug 1`, `p` `Aug  1`, `z` `Aug 01`, `i` `2010-08-01 …`, `I` `2010-08-01T…`, `u` `2010-08-01 … UTC`. */
export const dateStyles: readonly string[] = ['', 'p', 'z', 'i', 'I', 'u'];

export function dateOfSeconds(seconds: number, style: string): string {
  const d = new Date(seconds * 1000);
  const time = `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`;
  const year = d.getUTCFullYear();
  const day = d.getUTCDate();
  if (style === 'i' || style === 'I' || style === 'u') {
    const date = `${year}-${two(d.getUTCMonth() + 1)}-${two(day)}`;
    return `${date}${style === 'I' ? 'T' : ' '}${time}${style === 'u' ? ' UTC' : ''}`;
  }
  const padded = style === 'p' ? String(day).padStart(2) : style === 'z' ? two(day) : String(day);
  const name = dayNames[d.getUTCDay()] as string;
  return `${name} ${monthNames[d.getUTCMonth()] as string} ${padded} ${time} ${year}`;
}

const duration = /^(?:(\d{1,5})w)?(?:(\d{1,6})d)?(?: ?(\d{1,7}):(\d\d)(?::(\d\d))?)?$/;

/** `HH:MM:SS`, `1d 02:03`, `2d 02:38:51`, `3w2d 4:19:15`, or bare seconds; −1 when it is none. `HH:MM` needs days before it. */
export function secondsOfDuration(text: string): number {
  if (/^\d{1,10}$/.test(text)) return bounded(Number(text));
  const match = duration.exec(text);
  if (match === null) return -1;
  const hasDays = match[1] !== undefined || match[2] !== undefined;
  const days = Number(match[1] ?? 0) * 7 + Number(match[2] ?? 0);
  if (match[3] === undefined) return hasDays ? bounded(days * 86400) : -1;
  if (!hasDays && match[5] === undefined) return -1;
  const hours = Number(match[3]);
  const minutes = Number(match[4]);
  const seconds = Number(match[5] ?? 0);
  if (minutes > 59 || seconds > 59 || (hasDays && hours > 23)) return -1;
  return bounded(days * 86400 + hours * 3600 + minutes * 60 + seconds);
}

function bounded(seconds: number): number {
  return seconds > 0xffffffff ? -1 : seconds;
}

/**
 * Styles of a duration, letters combined. '' is `00:01:48`, `2d 02:38:51`, `3w2d 04:19:15`. `m`: no seconds from a day on;
 * `M`: none from a week on; `1`: hours not padded from a week on; `x`: nor from a day on; `h`: nor below a day; `D`: no weeks;
 * `n`: bare seconds.
 */
export const durationStyles: readonly string[] = [
  '',
  'm',
  '1',
  'M',
  'mM',
  'm1',
  'x',
  'h',
  'D',
  'Dm',
  'Dx',
  'hx1',
  'n',
];

export function durationOfSeconds(total: number, style: string): string {
  if (style === 'n') return String(total);
  const days = Math.floor(total / 86400);
  const hours = Math.floor(total / 3600) % 24;
  const minutes = two(Math.floor(total / 60) % 60);
  const seconds = two(total % 60);
  const weeks = style.includes('D') ? 0 : Math.floor(days / 7);
  const short = style.includes(days === 0 ? 'h' : weeks > 0 ? '1' : 'x');
  const clock = `${short ? hours : two(hours)}:${minutes}`;
  if (days === 0) return `${clock}:${seconds}`;
  const prefix = weeks > 0 ? `${weeks}w${days % 7}d` : `${days}d`;
  const noSeconds = style.includes(weeks > 0 ? 'M' : 'm');
  return noSeconds ? `${prefix} ${clock}` : `${prefix} ${clock}:${seconds}`;
}
