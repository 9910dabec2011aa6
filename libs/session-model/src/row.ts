/**
 * A session as words: the form in which the parser hands sessions to the diff, without an object or a string for each.
 *
 * A row is `rowWords` unsigned 32-bit words: presence (2 bits a field), rounding (4 bits a counter), one word for each value
 * (two for a u64: low, high), then what printing needs. Texts are ids of a `StringTable`.
 */
import { counterFields, fields } from './catalogue.ts';

/** Four states of a field, which are never confused: not printed, printed with a value, printed empty, printed as N/A. */
export const Presence = { absent: 0, value: 1, empty: 2, notAvailable: 3 } as const;
export type Presence = (typeof Presence)[keyof typeof Presence];

/** One letter for each presence, in a `presence` string by the catalogue's order. */
export const presenceLetters = '.ven';

export const presenceWords = Math.ceil(fields.length / 16);
export const roundingStart = presenceWords;
export const roundingWords = Math.ceil(counterFields.length / 8);

/** First word of each field's value, by the field's index. */
export const slotOf: Uint16Array = new Uint16Array(fields.length);
let next = roundingStart + roundingWords;
fields.forEach((f, index) => {
  slotOf[index] = next;
  next += f.type === 'u64' ? 2 : 1;
});

/** Id of the interned `Layout` (string table: its JSON), 0 when unknown. */
export const layoutSlot = next++;
/** Id of the interned unknown fields (string table: JSON array of [name, raw value]), 0 when there are none. */
export const unknownSlot = next++;
/** Line (text) or element (XML, JSON) number at which the session starts, from 1: for messages only. */
export const lineSlot = next++;
/**
 * Set in `lineSlot` beside the line number: the reply broke off within this session, its last. Its identity stands; a field that it
 * does not print says nothing.
 */
export const cutFlag = 0x8000_0000;
export const rowWords: number = next;

/** Counter number (its place among `counterFields`) by field index; 255 for other fields. */
export const counterOf: Uint8Array = new Uint8Array(fields.length).fill(255);
{
  let n = 0;
  fields.forEach((f, index) => {
    if (f.role === 'counter') counterOf[index] = n++;
  });
}

export function getPresence(words: Uint32Array, row: number, fieldIndex: number): Presence {
  return (((words[row + (fieldIndex >>> 4)] as number) >>> ((fieldIndex & 15) << 1)) & 3) as Presence;
}

export function setPresence(words: Uint32Array, row: number, fieldIndex: number, presence: Presence): void {
  const at = row + (fieldIndex >>> 4);
  const shift = (fieldIndex & 15) << 1;
  words[at] = ((words[at] as number) & ~(3 << shift)) | (presence << shift);
}

/** Rounding of a counter: 0 exact, else n ≥ 1 for a half-width of 5 × 10^(n-1) (`29.0k` is n = 2: ± 50). */
export function getRounding(words: Uint32Array, row: number, counter: number): number {
  return ((words[row + roundingStart + (counter >>> 3)] as number) >>> ((counter & 7) << 2)) & 15;
}

export function setRounding(words: Uint32Array, row: number, counter: number, rounding: number): void {
  const at = row + roundingStart + (counter >>> 3);
  const shift = (counter & 7) << 2;
  words[at] = ((words[at] as number) & ~(15 << shift)) | (rounding << shift);
}

/** Half-width of the interval that a rounded number stands for. */
export function halfWidth(rounding: number): bigint {
  return rounding === 0 ? 0n : 5n * 10n ** BigInt(rounding - 1);
}

export function getU64(words: Uint32Array, at: number): bigint {
  return (BigInt(words[at + 1] as number) << 32n) | BigInt(words[at] as number);
}

export function setU64(words: Uint32Array, at: number, value: bigint): void {
  words[at] = Number(value & 0xffffffffn);
  words[at + 1] = Number((value >> 32n) & 0xffffffffn);
}
