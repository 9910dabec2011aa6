/** Rows of session_history as session records. */
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
export const columnOf = (f: Field): string => (isDatetime(f) ? `toUnixTimestamp(${f.name})` : f.name);

/** UTC times as integers of milliseconds. */
export const msOf = (name: string): string => `toUnixTimestamp64Milli(${name})`;

/** What a stored value is as a field's value; the presence says whether it is one. */
export function valueOf(f: Field, stored: unknown): FieldValue {
  if (f.type === 'u64') return BigInt(stored as string);
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

/** Fields by presence: absent ones are left out, N/A is null, printed empty ''. */
export function keptSession(
  stored: readonly unknown[],
  presence: string,
  rounding: Readonly<Record<string, string | number>>,
  unknown: readonly { name: string; value: string }[],
): KeptSession {
  const values: Record<string, FieldValue> = {};
  let column = 0;
  fields.forEach((f, index) => {
    const value = f.role === 'clock' ? undefined : stored[column++];
    if (f.role === 'clock') return;
    const letter = f.role === 'identity' ? 'v' : (presence[index] ?? '.');
    if (letter === 'v') values[f.name] = valueOf(f, value);
    else if (letter === 'e') values[f.name] = '';
    else if (letter === 'n') values[f.name] = null;
  });
  return {
    tunnel: Number(values['tunnel_local_id']),
    session: Number(values['session_local_id']),
    values,
    rounding: Object.fromEntries(Object.entries(rounding).map(([name, half]) => [name, BigInt(half)])),
    unknown: unknown.map(({ name, value }) => [name, value] as const),
    presence,
  };
}

export function recordOf(kept: KeptSession): SessionRecord {
  // In the catalogue's order, in which records are printed and compared.
  const values: Record<string, FieldValue> = {};
  for (const f of fields) {
    const value = kept.values[f.name];
    if (value !== undefined) values[f.name] = value;
  }
  return { values, rounding: kept.rounding, unknown: kept.unknown };
}

/** The presence of a field of a kept session. */
export function letterOf(presence: string, index: number): string {
  return presence[index] ?? presenceLetters[0] ?? '.';
}

export const counterNames: readonly string[] = counterFields.map((f) => f.name);
export const sessionKey = (tunnel: number, session: number): number => tunnel * 65_536 + session;
