/** Numbers and times as people read them. */
import type { Value } from './api.ts';

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
export const number = (value: number | bigint): string => whole.format(value);

const rateUnits = ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s', 'Tbit/s'];
const byteUnits = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** Decimal units, three digits: `2.48 Mbit/s`. */
export const rate = (bits: number): string => scaled(bits, rateUnits);
export const bytes = (value: number | bigint): string => scaled(Number(value), byteUnits);

function scaled(value: number, units: readonly string[]): string {
  let left = Math.abs(value);
  let unit = 0;
  while (left >= 999.5 && unit < units.length - 1) {
    left /= 1_000;
    unit += 1;
  }
  const digits = unit === 0 || left >= 100 ? 0 : left >= 10 ? 1 : 2;
  return `${value < 0 ? '−' : ''}${left.toFixed(digits)} ${units[unit] ?? ''}`;
}

export function percent(share: number): string {
  if (share > 0 && share < 0.001) return '< 0.1 %';
  return `${(share * 100).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`;
}

/** `3 min`, `2 h 5 min`, `4 d 1 h`. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60)
    return seconds % 60 === 0 || minutes >= 10 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  const days = Math.floor(hours / 24);
  return hours % 24 === 0 ? `${days} d` : `${days} d ${hours % 24} h`;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string, precise: boolean): Intl.DateTimeFormat {
  const key = `${zone} ${String(precise)}`;
  let format = formats.get(key);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-CA', {
      timeZone: zone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      ...(precise ? { second: '2-digit' } : {}),
      hourCycle: 'h23',
    });
    formats.set(key, format);
  }
  return format;
}

/** `2026-11-21 09:31:43`. */
export const dateTime = (ms: number, zone: string, precise = true): string =>
  formatOf(zone, precise).format(ms).replace(', ', ' ');
export const clock = (ms: number, zone: string, precise = true): string =>
  dateTime(ms, zone, precise).slice(11);

/** The moment at which the zone's clock shows a text such as `2026-11-21T09:31`; NaN when that is none. */
export function momentIn(text: string, zone: string): number {
  const wall = Date.parse(`${text.length === 10 ? `${text}T00:00` : text}Z`);
  if (Number.isNaN(wall)) return Number.NaN;
  const shown = (at: number): number => Date.parse(`${dateTime(at, zone).replace(' ', 'T')}Z`);
  const guess = wall - (shown(wall) - wall);
  return guess - (shown(guess) - wall);
}

export const here = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Absent, empty and N/A are three values, and look like three. */
export function value(text: Value): string {
  if (text === undefined) return '(absent)';
  if (text === null) return 'N/A';
  if (text === '') return '(empty)';
  // Ids are numbers too, and are not grouped; what has a unit is.
  return typeof text === 'string' ? visible(text) : String(text);
}

/** Control and direction characters that a name may hold, as pictures of themselves. */
export const visible = (text: string): string =>
  text.replace(
    // eslint-disable-next-line no-control-regex -- they are what is looked for
    /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** Messages of commands begin in lower case; on a page they are sentences. */
export const sentence = (text: string): string =>
  `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${/[.?!]$/.test(text) ? '' : '.'}`;

/** What stands in a field of a form. */
export function fieldText(form: HTMLFormElement, name: string): string {
  const text = new FormData(form).get(name);
  return typeof text === 'string' ? text.trim() : '';
}
