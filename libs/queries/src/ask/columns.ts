/** Rows of session_history as session records. */
import {
  counterFields,
  fields,
  presenceLetters,
  type Field,
  type FieldValue,
} from '@sessionreel/session-model';

/** Fields with a column of their own beside the keys: all but clocks, which are computed. */
export const storedFields: readonly Field[] = fields.filter((f) => f.role !== 'clock');

const isDatetime = (f: Field): boolean => f.type === 'datetime';
export const columnOf = (f: Field): string => (isDatetime(f) ? `toUnixTimestamp(${f.name})` : f.name);

/** UTC times as integers of milliseconds. */
export const msOf = (name: string): string => `toUnixTimestamp64Milli(${name})`;

/** What a stored value is as a field's value; the presence says whether it is one. */
export function valueOf(f: Field, stored: unknown): FieldValue {
  if (f.type === 'u64') return BigInt(stored as string);
  if (f.type === 'text' || f.type === 'word' || f.type === 'address') return stored as string;
  return Number(stored);
}

/** A session as a row of history keeps it: its counters and clocks are those of the row. */
export interface KeptSession {
  readonly tunnel: number;
  readonly session: number;
  readonly values: Record<string, FieldValue>;
}

/** One step of reading a row by its letters: which column to read, and what it becomes. */
interface Step {
  readonly name: string;
  /** Index in the stored columns; -1 for what is known without. */
  readonly column: number;
  readonly field: Field;
  readonly letter: string;
}

/** Letters of rows are few, and a row of one kind is read the same way each time. */
const plans = new Map<string, readonly Step[]>();

/** The fields that are there by a presence, in the catalogue's order. */
export function planOf(presence: string): readonly Step[] {
  let plan = plans.get(presence);
  if (plan === undefined) {
    const steps: Step[] = [];
    let column = 0;
    fields.forEach((field, index) => {
      const own = field.role === 'clock' ? -1 : column++;
      const letter = field.role === 'identity' ? 'v' : letterOf(presence, index);
      if (letter !== '.') steps.push({ name: field.name, column: own, field, letter });
    });
    plan = steps;
    if (plans.size > 10_000) plans.clear();
    plans.set(presence, plan);
  }
  return plan;
}

/**
 * Fields by presence: absent ones are left out, N/A is null, printed empty ''. In the catalogue's order; clocks hold their place, as
 * N/A. @param stored values of `storedFields`
 */
export function keptSession(stored: readonly unknown[], presence: string): KeptSession {
  const values: Record<string, FieldValue> = {};
  for (const { name, column, field, letter } of planOf(presence)) {
    if (letter === 'v') values[name] = column < 0 ? null : valueOf(field, stored[column]);
    else values[name] = letter === 'e' ? '' : null;
  }
  return {
    tunnel: Number(values['tunnel_local_id']),
    session: Number(values['session_local_id']),
    values,
  };
}

/** The letter of a field in a presence. */
export function letterOf(presence: string, index: number): string {
  return presence[index] ?? presenceLetters[0] ?? '.';
}

export const counterNames: readonly string[] = counterFields.map((f) => f.name);
export const sessionKey = (tunnel: number, session: number): number => tunnel * 65_536 + session;
