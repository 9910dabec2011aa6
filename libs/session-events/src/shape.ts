/**
 * Where the object form (`SessionDelta` of session-model) differs from the Avro record: which fields lie together in an inner
 * object, and which longs are bigints.
 */
import { counterFields, fields } from '@sessionreel/session-model';

export type Group = 'values' | 'deltas' | 'errors';

const u64 = new Set(fields.filter((x) => x.type === 'u64').map((x) => x.name));
const inImage = new Set(fields.filter((x) => x.role !== 'identity' && x.role !== 'clock').map((x) => x.name));
const counters = new Set(counterFields.map((x) => x.name));
const counterErrors = new Set(counterFields.map((x) => `${x.name}_error`));

const simpleName = (record: string): string => record.slice(record.lastIndexOf('.') + 1);

/** The inner object that holds a field of a record, null when it is the record's own. */
export function groupOf(record: string, field: string): Group | null {
  switch (simpleName(record)) {
    case 'SessionImage':
      return inImage.has(field) ? 'values' : null;
    case 'RoundedCounterDelta':
    case 'CounterDelta':
      return counters.has(field) ? 'deltas' : counterErrors.has(field) ? 'errors' : null;
    default:
      return null;
  }
}

/** The inner objects of a record. */
export function groupsOf(record: string): readonly Group[] {
  switch (simpleName(record)) {
    case 'SessionImage':
      return ['values'];
    case 'CounterDelta':
      return ['deltas'];
    case 'RoundedCounterDelta':
      return ['deltas', 'errors'];
    default:
      return [];
  }
}

/** Whether a long is an unsigned 64-bit value (a bigint in the object form) and not a safe integer. */
export function isBig(record: string, field: string): boolean {
  switch (simpleName(record)) {
    case 'SessionImage':
      return field === 'layout' || u64.has(field);
    case 'CounterDelta':
    case 'RoundedCounterDelta':
      return groupOf(record, field) !== null;
    case 'SessionPrint':
      return field === 'layout';
    case 'LedgerEntry':
      return field === 'document';
    case 'LayoutDefinition':
      return field === 'id';
    default:
      return false;
  }
}
