/** Texts that were matched: their ids, where the plain path would read the same from their bytes. */
import { fields, getPresence, Presence, type Field, type StringTable } from '@sessionreel/session-model';
import { Kind, type Step } from './fast-step.ts';
import { TextMark } from './matcher.ts';
import { printUnpatched } from '../layout/print.ts';
import { ascii, isAddress, isUtf8 } from '../layout/values.ts';

const colon = 0x3a;

/** The id of `bytes[from, to)`, −1 when the plain path must look at it. `marks` as in `TextMark`. */
export function textId(
  strings: StringTable,
  bytes: Uint8Array,
  from: number,
  to: number,
  step: Step,
  marks: number,
): number {
  if ((marks & TextMark.hostile) !== 0 && !isUtf8(bytes, from, to)) return -1;
  if (step.kind === Kind.text || (marks & TextMark.address) !== 0) return strings.intern(bytes, from, to);
  if (step.kind === Kind.address) {
    // Before a port: `::1:5` could be an address, too.
    const isDoubtful = step.stop === colon && bytes.subarray(from, to).includes(colon);
    return isDoubtful || !isAddress(bytes, from, to) ? -1 : strings.intern(bytes, from, to);
  }
  const raw = ascii(bytes, from, to);
  const word = raw.toLowerCase();
  const { name } = fields[step.field] as Field;
  const record = { values: { [name]: word }, rounding: {}, unknown: [] };
  return printUnpatched({ f: name, s: step.style }, record) === raw ? strings.internText(word) : -1;
}

/** Whether a row has a value for each of the fields: not nothing, nor an empty one. */
export function hasValues(row: Uint32Array, needed: readonly number[]): boolean {
  for (const field of needed) if (getPresence(row, 0, field) !== Presence.value) return false;
  return true;
}
