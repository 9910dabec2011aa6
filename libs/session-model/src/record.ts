/** A session as an object: for people, tests, JSON and rendering. Never on the hot path. */
import { counterFields, fields, type Field } from './catalogue.ts';
import {
  Presence,
  counterOf,
  getPresence,
  getRounding,
  getU64,
  halfWidth,
  setPresence,
  setRounding,
  setU64,
  slotOf,
  unknownSlot,
} from './row.ts';
import type { StringTable } from './strings.ts';

/** `undefined` (left out) is absent, `null` is N/A, '' is printed empty. Datetimes are local seconds since 1970. */
export type FieldValue = number | bigint | string | null;

export interface SessionRecord {
  readonly values: Readonly<Record<string, FieldValue>>;
  /** Half-widths of rounded counters, by field name. */
  readonly rounding: Readonly<Record<string, bigint>>;
  /** Values of unknown labels, in printed order. */
  readonly unknown: readonly (readonly [name: string, raw: string])[];
}

export function recordOfRow(words: Uint32Array, row: number, strings: StringTable): SessionRecord {
  const values: Record<string, FieldValue> = {};
  const rounding: Record<string, bigint> = {};
  fields.forEach((f, index) => {
    const presence = getPresence(words, row, index);
    if (presence === Presence.absent) return;
    if (presence === Presence.empty) values[f.name] = '';
    else if (presence === Presence.notAvailable) values[f.name] = null;
    else values[f.name] = readValue(f, words, row + (slotOf[index] as number), strings);
  });
  for (const f of counterFields) {
    const counter = counterFields.indexOf(f);
    const n = getRounding(words, row, counter);
    if (n > 0) rounding[f.name] = halfWidth(n);
  }
  const unknownId = words[row + unknownSlot] as number;
  const unknown = unknownId === 0 ? [] : (JSON.parse(strings.text(unknownId)) as [string, string][]);
  return { values, rounding, unknown };
}

function readValue(f: Field, words: Uint32Array, at: number, strings: StringTable): FieldValue {
  switch (f.type) {
    case 'u64':
      return getU64(words, at);
    case 'text':
    case 'word':
    case 'address':
      return strings.text(words[at] as number);
    default:
      return words[at] as number;
  }
}

/** The inverse of `recordOfRow`, without layout and line. `row` must hold zeros. */
export function rowOfRecord(
  record: SessionRecord,
  words: Uint32Array,
  row: number,
  strings: StringTable,
): void {
  fields.forEach((f, index) => {
    const value = record.values[f.name];
    if (value === undefined) return;
    if (value === null) return setPresence(words, row, index, Presence.notAvailable);
    if (value === '') return setPresence(words, row, index, Presence.empty);
    setPresence(words, row, index, Presence.value);
    const at = row + (slotOf[index] as number);
    if (f.type === 'u64') setU64(words, at, BigInt(value));
    else if (typeof value === 'string') words[at] = strings.internText(value);
    else words[at] = Number(value);
    const half = record.rounding[f.name];
    if (half !== undefined && half > 0n)
      setRounding(words, row, counterOf[index] as number, String(half).length);
  });
  if (record.unknown.length > 0)
    words[row + unknownSlot] = strings.internText(JSON.stringify(record.unknown));
}

/** Local seconds since 1970 as ISO 8601 without a zone: `2010-08-24T14:38:23`. */
export function isoOfLocalSeconds(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 19);
}

/**
 * The JSON form of a record (the contract of `reel parse`): integers exact, times ISO 8601 without a zone, N/A null,
 * printed empty '', absent left out, `<name>_error` beside a rounded number. Field order is the catalogue's.
 */
export function jsonOfRecord(record: SessionRecord): string {
  const parts: string[] = [];
  for (const f of fields) {
    const value = record.values[f.name];
    if (value === undefined) continue;
    parts.push(`${JSON.stringify(f.name)}:${jsonOfValue(f, value)}`);
    const half = record.rounding[f.name];
    if (half !== undefined) parts.push(`${JSON.stringify(`${f.name}_error`)}:${String(half)}`);
  }
  return parts.join(',');
}

function jsonOfValue(f: Field, value: FieldValue): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return JSON.stringify(value);
  if (f.type === 'datetime') return JSON.stringify(isoOfLocalSeconds(Number(value)));
  return String(value);
}
