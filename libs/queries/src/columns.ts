/** Rows of session_history as session records. */
import { binary, type BinaryColumn } from './row-binary.ts';
import {
  counterFields,
  fields,
  presenceLetters,
  type Field,
  type FieldValue,
  type SessionRecord,
} from '@sessionreel/session-model';

/** Fields with a column of their own beside the keys: all but clocks, which are computed. */
export const storedFields: readonly Field[] = fields.filter((f) => f.role !== 'clock');

const isDatetime = (f: Field): boolean => f.type === 'datetime';
/** A stored field in RowBinary; null where no session prints it. */
export function binaryOf(f: Field, printed: boolean): BinaryColumn {
  if (f.role === 'identity') return binary.u16(f.name);
  const isText = f.type === 'text' || f.type === 'word' || f.type === 'address';
  if (isText) return binary.text(printed ? f.name : "''");
  if (f.type === 'u64') return binary.maybeU64(printed ? f.name : 'NULL');
  return binary.maybeU32(printed ? columnOf(f) : 'NULL');
}
export const columnOf = (f: Field): string => (isDatetime(f) ? `toUnixTimestamp(${f.name})` : f.name);

/** UTC times as integers of milliseconds. */
export const msOf = (name: string): string => `toUnixTimestamp64Milli(${name})`;

/** What a stored value is as a field's value; the presence says whether it is one. */
export function valueOf(f: Field, stored: unknown): FieldValue {
  if (f.type === 'u64') return typeof stored === 'bigint' ? stored : BigInt(stored as string);
  if (f.type === 'text' || f.type === 'word' || f.type === 'address') return stored as string;
  return Number(stored);
}

/** A session as it was kept, before its counters and clocks are brought to a time. */
export interface KeptSession {
  readonly tunnel: number;
  readonly session: number;
  readonly values: Record<string, FieldValue>;
  readonly rounding: Record<string, bigint>;
  readonly unknown: readonly (readonly [string, string])[];
  readonly presence: string;
}

/** One step of reading a row by a presence: which column to read, and what it becomes. */
interface Step {
  readonly name: string;
  /** Index in the stored columns; -1 for what is known without. */
  readonly column: number;
  readonly field: Field;
  readonly letter: string;
}

/** Presences are few, and a row of one is read the same way each time. */
const plans = new Map<string, readonly Step[]>();

function planOf(presence: string): readonly Step[] {
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
 * N/A, until they are computed.
 */
export function keptSession(
  stored: readonly unknown[],
  presence: string,
  rounding: Readonly<Record<string, string | number>>,
  unknown: readonly { name: string; value: string }[],
): KeptSession {
  const halves: Record<string, bigint> = {};
  for (const name in rounding) halves[name] = BigInt(rounding[name] as string | number);
  return sessionOf(
    stored,
    0,
    presence,
    halves,
    unknown.length === 0 ? [] : unknown.map(({ name, value }) => [name, value] as const),
  );
}

/** As `keptSession`, of a row in which the stored fields begin at `first`. */
export function sessionOf(
  row: readonly unknown[],
  first: number,
  presence: string,
  rounding: Record<string, bigint>,
  unknown: KeptSession['unknown'],
): KeptSession {
  const values: Record<string, FieldValue> = {};
  for (const { name, column, field, letter } of planOf(presence)) {
    if (letter === 'v') values[name] = column < 0 ? null : valueOf(field, row[first + column]);
    else values[name] = letter === 'e' ? '' : null;
  }
  return {
    tunnel: Number(values['tunnel_local_id']),
    session: Number(values['session_local_id']),
    values,
    rounding,
    unknown,
    presence,
  };
}

export function recordOf(kept: KeptSession): SessionRecord {
  return { values: kept.values, rounding: kept.rounding, unknown: kept.unknown };
}

/** The presence of a field of a kept session. */
export function letterOf(presence: string, index: number): string {
  return presence[index] ?? presenceLetters[0] ?? '.';
}

export const counterNames: readonly string[] = counterFields.map((f) => f.name);
export const sessionKey = (tunnel: number, session: number): number => tunnel * 65_536 + session;
