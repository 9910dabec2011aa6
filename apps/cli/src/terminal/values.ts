/** Values of fields as people read them. */
import { fieldIndex, fields, isoOfLocalSeconds, type FieldValue } from '@sessionreel/session-model';
import type { FieldChange } from '@sessionreel/queries';
import type { Cell } from './output.ts';

/** Absent, empty and N/A are three values, and look like three. */
export function shownValue(name: string, value: FieldValue | undefined): string {
  if (value === undefined) return '(absent)';
  if (value === null) return 'N/A';
  if (value === '') return '(empty)';
  const field = fields[fieldIndex.get(name) ?? -1];
  if (field?.type === 'datetime') return isoOfLocalSeconds(Number(value));
  if (typeof value === 'string') return value;
  const unit = field?.unit === undefined ? '' : ` ${field.unit}`;
  return `${field?.unit === undefined ? String(value) : value.toLocaleString('en')}${unit}`;
}

/** `state: established → destroyed`. */
export function shownChange({ field, before, after }: FieldChange): string {
  return `${field}: ${shownValue(field, before)} → ${shownValue(field, after)}`;
}

/** As JSON: absent is left out, N/A null, local times ISO 8601 without a zone. */
export function jsonValue(name: string, value: FieldValue | undefined): Cell | undefined {
  if (value === undefined || value === null || typeof value === 'string') return value;
  return fields[fieldIndex.get(name) ?? -1]?.type === 'datetime' ? isoOfLocalSeconds(Number(value)) : value;
}

export function jsonValues(values: Readonly<Record<string, FieldValue>>): Record<string, Cell | undefined> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, jsonValue(name, value)]));
}

export function jsonChange({ field, before, after }: FieldChange): object {
  return { field, before: jsonValue(field, before), after: jsonValue(field, after) };
}

/** `1,234 ± 50`. */
export function shownSum(sum: bigint | undefined, error: bigint | undefined): string {
  const bound = error === undefined || error === 0n ? '' : ` ± ${error.toLocaleString('en')}`;
  return `${(sum ?? 0n).toLocaleString('en')}${bound}`;
}
