/**
 * Values of the catalogue's types, from bytes into a row's words. Every format reads through here, so that `N/A`, the printed
 * empty and the absent stay three things whatever carried them.
 */
import { isIPv6 } from 'node:net';
import {
  Presence,
  counterOf,
  fields,
  indexOfField,
  setPresence,
  setRounding,
  slotOf,
  type FieldType,
  type StringTable,
} from '@sessionreel/session-model';
import { number, readCounter, readU64, readUint } from './numbers.ts';
import { secondsOfDate, secondsOfDuration } from './times.ts';

/** A piece of a printed value that is a field of its own; what stands between spans is literal. */
export interface Span {
  readonly field: number;
  readonly start: number;
  readonly end: number;
}

const types: readonly FieldType[] = fields.map((f) => f.type);
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lossy = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

/** Latin-1 text of short ASCII values. */
export function ascii(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i] as number);
  return text;
}

/** The text of bytes; what is no UTF-8 becomes U+FFFD, as the row's text does. */
export function textOf(bytes: Uint8Array, start: number, end: number): string {
  return lossy.decode(bytes.subarray(start, end));
}

export function isUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    if ((bytes[i] as number) < 0x80) continue;
    try {
      utf8.decode(bytes.subarray(start, end));
      return true;
    } catch {
      return false;
    }
  }
  return true;
}

/** `N/A`, `n/a`, `NA` is text. */
export function isNotAvailable(bytes: Uint8Array, start: number, end: number): boolean {
  return (
    end - start === 3 &&
    bytes[start + 1] === 0x2f &&
    ((bytes[start] as number) | 32) === 0x6e &&
    ((bytes[start + 2] as number) | 32) === 0x61
  );
}

function isIPv4At(bytes: Uint8Array, start: number, end: number): boolean {
  let part = 0;
  let digits = 0;
  let dots = 0;
  for (let i = start; i < end; i++) {
    const c = bytes[i] as number;
    if (c === 0x2e) {
      if (digits === 0 || ++dots > 3) return false;
      part = 0;
      digits = 0;
    } else {
      if (c < 48 || c > 57 || ++digits > 3) return false;
      part = part * 10 + c - 48;
      if (part > 255) return false;
    }
  }
  return dots === 3 && digits > 0;
}

/** An IPv4 or IPv6 address (with a zone perhaps), and nothing else. */
export function isAddress(bytes: Uint8Array, start: number, end: number): boolean {
  if (isIPv4At(bytes, start, end)) return true;
  return end - start >= 2 && end - start <= 64 && isIPv6(ascii(bytes, start, end));
}

/**
 * Reads one simple value (no port, no `initial`) of a field into the row. Bytes are as decoded from the format's escapes, without
 * the space around them. Empty is printed empty, `N/A` is N/A. False when the bytes are no value of the field's type; the row is
 * then as before.
 */
export function readValue(
  field: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  words: Uint32Array,
  row: number,
  strings: StringTable,
): boolean {
  if (start >= end) {
    setPresence(words, row, field, Presence.empty);
    return true;
  }
  const type = types[field] as FieldType;
  // A subscriber may call himself N/A: that is a name. No other text field can be chosen so.
  if (isNotAvailable(bytes, start, end) && field !== userName) {
    setPresence(words, row, field, Presence.notAvailable);
    return true;
  }
  const at = row + (slotOf[field] as number);
  if (type === 'u64') {
    if (!(counterOf[field] === 255 ? readU64(bytes, start, end) : readCounter(bytes, start, end)))
      return false;
    words[at] = number.low;
    words[at + 1] = number.high;
    if (number.rounding > 0) setRounding(words, row, counterOf[field] as number, number.rounding);
  } else {
    const value = readWord(type, bytes, start, end, strings);
    if (value < 0) return false;
    words[at] = value;
  }
  setPresence(words, row, field, Presence.value);
  return true;
}

const userName = indexOfField('user_name');

/** The word of a value that takes one; −1 when the bytes are none. */
function readWord(
  type: FieldType,
  bytes: Uint8Array,
  start: number,
  end: number,
  strings: StringTable,
): number {
  switch (type) {
    case 'u16':
      return readUint(bytes, start, end, 0xffff);
    case 'u32':
      return readUint(bytes, start, end, 0xffffffff);
    case 'datetime':
      return end - start > 40 ? -1 : secondsOfDate(ascii(bytes, start, end));
    case 'duration':
      return end - start > 30 ? -1 : secondsOfDuration(ascii(bytes, start, end));
    case 'address':
      return isAddress(bytes, start, end) ? strings.intern(bytes, start, end) : -1;
    case 'word':
      return strings.internText(textOf(bytes, start, end).toLowerCase());
    default:
      return internUtf8(bytes, start, end, strings);
  }
}

/** Interned as UTF-8: what is none becomes U+FFFD, and the layout keeps the bytes. */
export function internUtf8(bytes: Uint8Array, start: number, end: number, strings: StringTable): number {
  if (isUtf8(bytes, start, end)) return strings.intern(bytes, start, end);
  const clean = encoder.encode(textOf(bytes, start, end));
  return strings.intern(clean, 0, clean.length);
}

interface Composite {
  readonly kind: 'address' | 'speed';
  /** Port or prefix length; the current speed's initial one. */
  readonly second: number;
  readonly source: number;
}

const composites = new Map<number, Composite>();
for (const [name, second] of [
  ['local_ip', 'local_port'],
  ['remote_ip', 'remote_port'],
  ['peer_ip', 'peer_prefix_length'],
] as const)
  composites.set(indexOfField(name), { kind: 'address', second: indexOfField(second), source: -1 });
for (const name of ['tx_speed', 'rx_speed'])
  composites.set(indexOfField(name), {
    kind: 'speed',
    second: indexOfField(`${name}_initial`),
    source: indexOfField(`${name}_source`),
  });

/** True for a field whose printed value may carry other fields. */
export function isComposite(field: number): boolean {
  return composites.has(field);
}

/**
 * Where the fields of one printed value stand: `10.0.0.1:1701`, `[2001:db8::1]:1701`, `10.1.2.3/32`, `initial 64000, Update 256000`,
 * `256000, source ancp`, both together. A value that is none of these is one span, and `readValue` judges it.
 */
export function spansOf(field: number, bytes: Uint8Array, start: number, end: number): Span[] {
  const composite = composites.get(field);
  if (composite === undefined || start >= end) return [{ field, start, end }];
  if (end - start > 256) return [{ field, start, end }];
  return composite.kind === 'speed'
    ? spansOfSpeed(field, composite, bytes, start, end)
    : spansOfAddress(field, composite, bytes, start, end);
}

const speed = /^(?:(initial\s+)(\d+)(?:(\s*,\s*update\s+)(\d+))?|(\d+))?(?:(\s*,\s*source\s+)(\S.*))?$/i;

function spansOfSpeed(
  field: number,
  composite: Composite,
  bytes: Uint8Array,
  start: number,
  end: number,
): Span[] {
  const match = speed.exec(ascii(bytes, start, end));
  if (match === null) return [{ field, start, end }];
  const spans: Span[] = [];
  let at = start;
  const take = (literal: string | undefined, value: string | undefined, of: number): void => {
    if (value === undefined) return;
    at += literal?.length ?? 0;
    spans.push({ field: of, start: at, end: at + value.length });
    at += value.length;
  };
  take(match[1], match[2], composite.second);
  take(match[3], match[4], field);
  take(undefined, match[5], field);
  take(match[6], match[7], composite.source);
  return spans;
}

function spansOfAddress(
  field: number,
  composite: Composite,
  bytes: Uint8Array,
  start: number,
  end: number,
): Span[] {
  const whole = [{ field, start, end }];
  if (isAddress(bytes, start, end)) return whole;
  const isPrefix = fields[field]?.name === 'peer_ip';
  const cut = bytes.subarray(start, end).lastIndexOf(isPrefix ? 0x2f : 0x3a) + start;
  if (cut < start || readUint(bytes, cut + 1, end, isPrefix ? 128 : 65535) < 0) return whole;
  const bracketed = bytes[start] === 0x5b && bytes[cut - 1] === 0x5d;
  const inner = bracketed ? { field, start: start + 1, end: cut - 1 } : { field, start, end: cut };
  if (!isAddress(bytes, inner.start, inner.end)) return whole;
  return [inner, { field: composite.second, start: cut + 1, end }];
}

/**
 * Reads a printed value with the fields that share it (see `spansOf`). False when part of it is no value of its type; what was
 * read of it is then absent again.
 */
export function readPrinted(
  field: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  words: Uint32Array,
  row: number,
  strings: StringTable,
): boolean {
  const spans = spansOf(field, bytes, start, end);
  for (const span of spans) {
    if (readValue(span.field, bytes, span.start, span.end, words, row, strings)) continue;
    for (const read of spans) setPresence(words, row, read.field, Presence.absent);
    return false;
  }
  return true;
}
