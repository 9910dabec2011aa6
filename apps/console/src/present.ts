/** Answers of the questions as the API gives them: names in snake case, times in RFC 3339, integers exact. */
import type { Mask } from '@sessionreel/ops';
import { masked } from '@sessionreel/queries';
import {
  fieldIndex,
  fields,
  isoOfLocalSeconds,
  type FieldValue,
  type SessionRecord,
} from '@sessionreel/session-model';

/** Members that hold ms UTC, wherever they stand. */
const times: ReadonlySet<string> = new Set([
  'at',
  'from',
  'to',
  'first',
  'last',
  'newest',
  'capturedAt',
  'createdAt',
  'changedAt',
  'lastSeenAt',
  'seenFrom',
  'seenTo',
  'goneBy',
  'between',
]);

export const iso = (ms: number): string =>
  new Date(Math.min(Math.max(ms, -62_167_219_200_000), 253_402_300_799_999)).toISOString();

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/**
 * A question's answer for the API, without the user names that the mask hides. Values of sessions (`values`, `before` and `after` of a
 * field) become JSON by the catalogue.
 */
export const present = (value: unknown, mask: Mask): unknown => shaped(masked(value, mask));

function shaped(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shaped);
  if (value === null || typeof value !== 'object') return value;
  const object = value as Readonly<Record<string, unknown>>;
  const entries = Object.entries(object).flatMap(([name, member]): [string, unknown][] => {
    if (member === undefined) return [];
    if (name === 'values') return [['values', valuesOf(member as Record<string, FieldValue>)]];
    if ((name === 'before' || name === 'after') && typeof object['field'] === 'string')
      return [[name, fieldJson(object['field'], member as FieldValue)]];
    if (times.has(name) && typeof member === 'number') return [[snake(name), iso(member)]];
    if (name === 'between' && Array.isArray(member)) return [[name, member.map((ms) => iso(Number(ms)))]];
    if (name === 'createTime')
      return [['create_time', typeof member === 'number' ? isoOfLocalSeconds(member) : null]];
    return [[snake(name), shaped(member)]];
  });
  return Object.fromEntries(entries);
}

/** As JSON: absent is left out, N/A null, the router's local times ISO 8601 without a zone. */
function fieldJson(name: string, value: FieldValue): FieldValue {
  if (value === null || typeof value === 'string') return value;
  return fields[fieldIndex.get(name) ?? -1]?.type === 'datetime' ? isoOfLocalSeconds(Number(value)) : value;
}

export function valuesOf(values: Readonly<Record<string, FieldValue>>): Record<string, FieldValue> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, fieldJson(name, value)]));
}

/** A record flat, as `reel parse` prints it: `<name>_error` beside a rounded number, `unknown_fields`. */
export function recordJson(record: SessionRecord): Record<string, unknown> {
  const flat: Record<string, unknown> = valuesOf(record.values);
  for (const [name, half] of Object.entries(record.rounding)) flat[`${name}_error`] = half;
  if (record.unknown.length > 0) flat['unknown_fields'] = Object.fromEntries(record.unknown);
  return flat;
}

/** JSON with integers of any size as they are. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, replacer);
}

export function replacer(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? rawJson(value.toString()) : value;
}

/** `JSON.rawJSON` of ECMAScript 2026, which the types do not know yet. */
const { rawJSON: rawJson } = JSON as unknown as { readonly rawJSON: (text: string) => unknown };
