/**
 * Values from bytes when their format is predicted: each scanner accepts only bytes that printing the value would give back, and
 * says −1 otherwise. What is refused here is read again by the plain path, so a refusal is never an error.
 */

/** Where the value read last ended, and the value. Module state, so that the hot path makes no object. */
export const scan = new Uint32Array(3);
/** Places in `scan`. */
export const scanEnd = 0;
export const scanLow = 1;
export const scanHigh = 2;

const space = 0x20;

/** Decimal digits without leading zeros, up to `max`. */
export function scanUint(bytes: Uint8Array, start: number, max: number): boolean {
  let at = start;
  let digit = (bytes[at] as number) - 48;
  if (!(digit >= 0 && digit <= 9)) return false;
  let value = 0;
  do {
    value = value * 10 + digit;
    digit = (bytes[++at] as number) - 48;
  } while (digit >= 0 && digit <= 9);
  if (value > max || at - start > 10 || (bytes[start] === 48 && at - start > 1)) return false;
  scan[scanEnd] = at;
  scan[scanLow] = value;
  return true;
}

/** As `scanUint` up to 10^15: what is larger takes the plain path. Low and high word. */
export function scanU64(bytes: Uint8Array, start: number): boolean {
  let at = start;
  let digit = (bytes[at] as number) - 48;
  if (!(digit >= 0 && digit <= 9)) return false;
  let value = 0;
  do {
    value = value * 10 + digit;
    digit = (bytes[++at] as number) - 48;
  } while (digit >= 0 && digit <= 9);
  if (at - start > 15 || (bytes[start] === 48 && at - start > 1)) return false;
  scan[scanEnd] = at;
  scan[scanLow] = value >>> 0;
  scan[scanHigh] = value < 4294967296 ? 0 : (value - (value >>> 0)) / 4294967296;
  return true;
}

/** Months by the sum of their letters' codes, weighted: no two share one. −1 for other sums. */
const monthOf = new Int8Array(1024).fill(-1);
const monthNames = 'JanFebMarAprMayJunJulAugSepOctNovDec';
const monthKey = (a: number, b: number, c: number): number => (a ^ (b << 1) ^ (c << 3)) & 1023;
for (let m = 0; m < 12; m++)
  monthOf[
    monthKey(monthNames.charCodeAt(m * 3), monthNames.charCodeAt(m * 3 + 1), monthNames.charCodeAt(m * 3 + 2))
  ] = m;
const dayNames = 'ThuFriSatSunMonTueWed';
const daysBefore = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
const daysIn = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = (bytes[at] as number) - 48;
  const ones = (bytes[at + 1] as number) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : 99;
}

/** `Tue Aug 24 14:38:23 2010`; a day of one digit after two spaces when `padded`, else after one. */
export function scanDate(bytes: Uint8Array, start: number, padded: boolean): boolean {
  const m0 = bytes[start + 4] as number;
  const m1 = bytes[start + 5] as number;
  const m2 = bytes[start + 6] as number;
  const month = monthOf[monthKey(m0, m1, m2)] as number;
  if (month < 0 || monthNames.charCodeAt(month * 3) !== m0) return false;
  if (monthNames.charCodeAt(month * 3 + 1) !== m1 || monthNames.charCodeAt(month * 3 + 2) !== m2)
    return false;
  if (bytes[start + 3] !== space || bytes[start + 7] !== space) return false;
  let at = start + 8;
  let day = (bytes[at] as number) - 48;
  if (day >= 1 && day <= 9) {
    const next = (bytes[++at] as number) - 48;
    if (next >= 0 && next <= 9) {
      day = day * 10 + next;
      at++;
    } else if (padded) return false;
  } else {
    if (!padded || bytes[at] !== space) return false;
    day = (bytes[at + 1] as number) - 48;
    if (!(day >= 1 && day <= 9)) return false;
    at += 2;
  }
  const hour = twoDigits(bytes, at + 1);
  const minute = twoDigits(bytes, at + 4);
  const second = twoDigits(bytes, at + 7);
  if (hour > 23 || minute > 59 || second > 59) return false;
  if (bytes[at] !== space || bytes[at + 3] !== 0x3a || bytes[at + 6] !== 0x3a || bytes[at + 9] !== space)
    return false;
  const century = twoDigits(bytes, at + 10);
  const short = twoDigits(bytes, at + 12);
  if (century > 21 || century < 19 || short > 99) return false;
  const year = century * 100 + short;
  if (year < 1970 || year > 2105 || (short === 99 && !isNinetyNine(bytes, at + 12))) return false;
  const leap = year % 4 === 0 && year !== 2100;
  if (day > (daysIn[month] as number) + (leap && month === 1 ? 1 : 0)) return false;
  // Leap days of full years since 1970; 2000 was one, 2100 is none.
  const before = Math.floor((year - 1969) / 4) - (year > 2100 ? 1 : 0);
  const days =
    (year - 1970) * 365 + before + (daysBefore[month] as number) + (leap && month > 1 ? 1 : 0) + day - 1;
  const name = (days % 7) * 3;
  for (let i = 0; i < 3; i++) if (bytes[start + i] !== dayNames.charCodeAt(name + i)) return false;
  scan[scanEnd] = at + 14;
  scan[scanLow] = days * 86400 + hour * 3600 + minute * 60 + second;
  return true;
}

/** `twoDigits` says 99 for what are no digits. */
function isNinetyNine(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 57 && bytes[at + 1] === 57;
}

/** How durations are printed: the letters of times.ts, as bits. */
export const DurationStyle = { m: 1, M: 2, one: 4, x: 8, h: 16, D: 32, n: 64 } as const;

/** Letters of `durationStyles` as bits of `DurationStyle`. */
export function durationBits(style: string): number {
  let bits = 0;
  for (const letter of style)
    bits |= letter === '1' ? DurationStyle.one : DurationStyle[letter as 'm' | 'M' | 'x' | 'h' | 'D' | 'n'];
  return bits;
}

/** `HH:MM:SS`, `2d 02:38:51`, `3w2d 4:19:15` … by the style's bits. */
export function scanDuration(bytes: Uint8Array, start: number, style: number): boolean {
  if ((style & DurationStyle.n) !== 0) {
    return scanUint(bytes, start, 0xffffffff);
  }
  if (bytes[start + 2] === 0x3a || bytes[start + 1] === 0x3a)
    return scanClock(bytes, start, (style & DurationStyle.h) !== 0, true, 0);
  let at = start;
  let weeks = 0;
  if (!scanUint(bytes, at, 99999)) return false;
  let days = scan[scanLow] as number;
  at = scan[scanEnd] as number;
  if (bytes[at] === 0x77) {
    if ((style & DurationStyle.D) !== 0 || days === 0) return false;
    weeks = days;
    if (!scanUint(bytes, at + 1, 6)) return false;
    days = scan[scanLow] as number;
    at = scan[scanEnd] as number;
  } else if ((style & DurationStyle.D) === 0 && days > 6) return false;
  if (weeks + days === 0 || bytes[at] !== 0x64 || bytes[at + 1] !== space) return false;
  const short = (style & (weeks > 0 ? DurationStyle.one : DurationStyle.x)) !== 0;
  const seconds = (style & (weeks > 0 ? DurationStyle.M : DurationStyle.m)) === 0;
  return scanClock(bytes, at + 2, short, seconds, (weeks * 7 + days) * 86400);
}

/** `HH:MM:SS` below 24 hours, or `HH:MM`, added to `base`. */
function scanClock(
  bytes: Uint8Array,
  start: number,
  short: boolean,
  seconds: boolean,
  base: number,
): boolean {
  let at = start;
  let hour: number;
  if (bytes[at + 1] === 0x3a) {
    hour = (bytes[at] as number) - 48;
    if (!short || !(hour >= 0 && hour <= 9)) return false;
    at += 1;
  } else {
    hour = twoDigits(bytes, at);
    if (short && hour < 10) return false;
    at += 2;
  }
  const minute = twoDigits(bytes, at + 1);
  if (hour > 23 || minute > 59 || bytes[at] !== 0x3a) return false;
  scan[scanLow] = base + hour * 3600 + minute * 60;
  scan[scanEnd] = at + 3;
  if (!seconds) return bytes[at + 3] !== 0x3a;
  const second = twoDigits(bytes, at + 4);
  if (second > 59 || bytes[at + 3] !== 0x3a) return false;
  scan[scanLow] = scan[scanLow] + second;
  scan[scanEnd] = at + 6;
  return true;
}
