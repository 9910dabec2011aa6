/** Whether a value is of its field's type, and how messages call the types. */
import { fields, type FieldType } from '@sessionreel/session-model';
import { readU64, readUint } from '../layout/numbers.ts';
import { secondsOfDate, secondsOfDuration } from '../layout/times.ts';
import { isAddress, textOf } from '../layout/values.ts';

/** The field's type in words. */
export function typeNameOf(field: number): string {
  return typeNames[fields[field]?.type ?? 'text'];
}

const typeNames: Readonly<Record<FieldType, string>> = {
  u16: 'number from 0 to 65535',
  u32: 'number from 0 to 4294967295',
  u64: 'number from 0 to 18446744073709551615',
  text: 'text',
  word: 'word',
  address: 'address',
  datetime: 'date and time',
  duration: 'duration',
};

/** Whether `bytes[start, end)` is a value of the field's type. */
export function fitsType(field: number, bytes: Uint8Array, start: number, end: number): boolean {
  switch (fields[field]?.type) {
    case 'u16':
      return readUint(bytes, start, end, 0xffff) >= 0;
    case 'u32':
      return readUint(bytes, start, end, 0xffffffff) >= 0;
    case 'u64':
      return readU64(bytes, start, end);
    case 'datetime':
      return secondsOfDate(textOf(bytes, start, end)) >= 0;
    case 'duration':
      return secondsOfDuration(textOf(bytes, start, end)) >= 0;
    case 'address':
      return isAddress(bytes, start, end);
    default:
      return true;
  }
}

/** A quotation of what was not understood, bounded. */
export function excerpt(latin1: string): string {
  const text = Buffer.from(latin1.slice(0, 60), 'latin1').toString('utf8');
  return JSON.stringify(latin1.length > 60 ? `${text}…` : text);
}
