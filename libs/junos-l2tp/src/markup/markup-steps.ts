/**
 * Values of a predicted session: each kind reads the one printed form that its slot prints, and nothing else. What it does not take
 * is no error: the session is then read on the plain path.
 */
import {
  Presence,
  fields,
  getPresence,
  getRounding,
  counterOf,
  recordOfRow,
  rowWords,
  setPresence,
  setRounding,
  slotOf,
  type FieldType,
  type StringTable,
} from '@sessionreel/session-model';
import { How, piecesOfRef, type LearnedRef } from './markup-learn.ts';
import { isSlot, type Slot } from '../layout/layout.ts';
import {
  dateOfSeconds,
  dateStyles,
  durationOfSeconds,
  durationStyles,
  secondsOfDate,
  secondsOfDuration,
} from '../layout/times.ts';
import { ascii, readPrinted } from '../layout/values.ts';

export const Step = {
  decimal: 0,
  decimal64: 1,
  text: 2,
  address: 3,
  date: 4,
  duration: 5,
  /** A duration whose seconds stood in an attribute before it. */
  durationAfter: 6,
  /** A duration whose seconds stand in an attribute after it. */
  durationBefore: 7,
  seconds: 8,
  /** The seconds of a `durationBefore`. */
  secondsAfter: 9,
  /** Whatever else: the value's fields by its bytes. */
  memo: 10,
  empty: 11,
  unknown: 12,
} as const;

/** What a value that was seen before sets. */
export interface Memo {
  readonly bytes: Uint8Array;
  /** field, presence, low word, high word, rounding; again for each field. Null when the value prints otherwise. */
  readonly sets: Int32Array | null;
}

export interface ValueStep {
  readonly kind: number;
  readonly field: number;
  /** Largest value of a `decimal`. */
  readonly max: number;
  readonly style: string;
  /** White space, in bytes, between the value and the end of its leaf. */
  readonly pad: number;
  /** Pieces that print the value, as JSON: two values of one step print alike. */
  readonly signature: string;
  /** Whether an empty value, or N/A, prints by the same pieces. */
  readonly isPlain: boolean;
  /** A JSON number without quotes. */
  readonly isBare: boolean;
  /** Name and ordinal of an unknown element. */
  readonly name: string;
  readonly ordinal: number;
  /** Where in a row the value and its presence go. */
  readonly slot: number;
  readonly presenceAt: number;
  readonly presenceBit: number;
  readonly isUserName: boolean;
  last: Memo | null;
  readonly memos: Map<string, Memo>;
}

const maxMemos = 4096;
const decimalMax: Readonly<Record<string, number>> = { u16: 0xffff, u32: 0xffffffff, duration: 0xffffffff };

/** The steps of a session that was read on the plain path; null when it cannot be predicted. */
export function stepsOf(learned: readonly LearnedRef[], format: 'xml' | 'json'): ValueStep[] | null {
  const steps: ValueStep[] = [];
  // Two leaves that give one field are told apart by reading both: plain path. A duration and its seconds are the exception.
  const texts = new Set<string>();
  const seconds = new Map<number, number>(
    learned.flatMap(({ ref }, i) => (ref.how === How.seconds ? [[ref.field, i] as const] : [])),
  );
  for (const [index, one] of learned.entries()) {
    const { ref, pieces } = one;
    const isSeconds = ref.how === How.seconds;
    const names = isSeconds ? [`${ref.field} seconds`] : ref.field < 0 ? [] : namesOf(ref.field, pieces);
    if (names.some((name) => texts.has(name))) return null;
    for (const name of names) texts.add(name);
    const beside = seconds.get(ref.field) ?? -1;
    const hasText = isSeconds && texts.has(fields[ref.field]?.name ?? '');
    const kind = kindOf(one, format, beside, index, hasText);
    if (kind < 0) return null;
    steps.push(stepOf(kind, one));
  }
  return steps;
}

function namesOf(field: number, pieces: LearnedRef['pieces']): string[] {
  const slots = pieces.flatMap((piece) => (typeof piece === 'object' && isSlot(piece) ? [piece.f] : []));
  return slots.length > 0 ? slots : [fields[field]?.name ?? ''];
}

function isPlain(slot: Slot): boolean {
  return slot.p === undefined && slot.e === undefined && slot.n === undefined;
}

/** `secondsAt`: place of the seconds beside this duration, −1 when there are none. `hasText`: these seconds follow their text. */
function kindOf(
  { ref, pieces }: LearnedRef,
  format: 'xml' | 'json',
  secondsAt: number,
  index: number,
  hasText: boolean,
): number {
  const { how, field } = ref;
  if (how === How.nothing) return field < 0 || secondsAt >= 0 ? -1 : Step.empty;
  if (!pieces.every((piece) => typeof piece === 'string' || (isSlot(piece) && isPlain(piece)))) return -1;
  if (how === How.seconds) return hasText ? Step.secondsAfter : Step.seconds;
  if (how === How.raw && format === 'xml') return -1;
  if (field < 0) return how === How.text && ref.name !== '' ? Step.unknown : -1;
  if (pieces.length !== 1) return how === How.text ? Step.memo : -1;
  const kind = kindOfType(fields[field]?.type ?? 'text');
  if (how === How.raw) return kind === Step.decimal || kind === Step.decimal64 ? kind : -1;
  if (kind !== Step.duration || secondsAt < 0)
    return kind === Step.duration && pieceStyle(pieces) === 'n' ? -1 : kind;
  return secondsAt < index ? Step.durationAfter : Step.durationBefore;
}

function pieceStyle(pieces: LearnedRef['pieces']): string {
  const first = pieces[0];
  return first !== undefined && isSlot(first) ? (first.s ?? '') : '';
}

function kindOfType(type: FieldType): number {
  switch (type) {
    case 'u16':
    case 'u32':
      return Step.decimal;
    case 'u64':
      return Step.decimal64;
    case 'text':
      return Step.text;
    case 'address':
      return Step.address;
    case 'datetime':
      return Step.date;
    case 'duration':
      return Step.duration;
    case 'word':
      return Step.memo;
  }
}

function stepOf(kind: number, { ref, pieces }: LearnedRef): ValueStep {
  const { field } = ref;
  const f = fields[field];
  const style = pieceStyle(pieces);
  return {
    kind,
    field,
    max: decimalMax[f?.type ?? ''] ?? 0,
    style,
    pad: ref.pad,
    signature: JSON.stringify(pieces),
    isPlain: pieces.length === 1 && style === '',
    isBare: ref.how === How.raw,
    name: ref.name,
    ordinal: ref.unknown,
    slot: field < 0 ? 0 : (slotOf[field] as number),
    presenceAt: field >>> 4,
    presenceBit: field < 0 ? 0 : 1 << ((field & 15) << 1),
    isUserName: f?.name === 'user_name',
    last: null,
    memos: new Map(),
  };
}

/** Whether two steps read the same values in the same way. */
export function sameStep(a: ValueStep, b: ValueStep): boolean {
  return (
    a.kind === b.kind &&
    a.field === b.field &&
    a.pad === b.pad &&
    a.signature === b.signature &&
    a.name === b.name
  );
}

const scratch = new Uint32Array(rowWords);

/** What `bytes[from, to)` sets, by this step: read as on the plain path, once for each value. */
export function memoOf(
  step: ValueStep,
  bytes: Uint8Array,
  from: number,
  to: number,
  strings: StringTable,
  format: 'xml' | 'json',
): Memo {
  const key = ascii(bytes, from, to);
  const known = step.memos.get(key);
  if (known !== undefined) return known;
  scratch.fill(0);
  let sets: Int32Array | null = null;
  if (readPrinted(step.field, bytes, from, to, scratch, 0, strings)) {
    const ref = { field: step.field, unknown: 0, name: '', how: How.text, from, to, pad: 0 };
    const pieces = piecesOfRef(ref, bytes, recordOfRow(scratch, 0, strings), format);
    if (JSON.stringify(pieces) === step.signature) sets = setsOf(scratch);
  }
  const memo: Memo = { bytes: new Uint8Array(bytes.subarray(from, to)), sets };
  if (step.memos.size >= maxMemos) step.memos.clear();
  step.memos.set(key, memo);
  return memo;
}

function setsOf(row: Uint32Array): Int32Array {
  const sets: number[] = [];
  fields.forEach((f, field) => {
    const presence = getPresence(row, 0, field);
    if (presence === Presence.absent) return;
    const at = slotOf[field] as number;
    const counter = counterOf[field] as number;
    const rounding = counter === 255 ? 0 : getRounding(row, 0, counter);
    sets.push(field, presence, row[at] as number, f.type === 'u64' ? (row[at + 1] as number) : 0, rounding);
  });
  return Int32Array.from(sets);
}

/** Puts into a row what a memo holds. */
export function applySets(sets: Int32Array, words: Uint32Array, row: number): void {
  for (let i = 0; i < sets.length; i += 5) {
    const field = sets[i] as number;
    setPresence(words, row, field, sets[i + 1] as Presence);
    const at = row + (slotOf[field] as number);
    words[at] = sets[i + 2] as number;
    if (fields[field]?.type === 'u64') words[at + 1] = sets[i + 3] as number;
    const rounding = sets[i + 4] as number;
    if (rounding > 0) setRounding(words, row, counterOf[field] as number, rounding);
  }
}

/** Whether a duration of so many seconds prints as these bytes. */
export function printsDuration(
  seconds: number,
  style: string,
  bytes: Uint8Array,
  from: number,
  to: number,
): boolean {
  if (seconds < 86400 && to - from === 8 && style === '') {
    const s = seconds % 60;
    const m = Math.floor(seconds / 60) % 60;
    const h = Math.floor(seconds / 3600);
    return (
      isTwo(bytes, from, h) && isTwo(bytes, from + 3, m) && isTwo(bytes, from + 6, s) && isColon(bytes, from)
    );
  }
  return styleOfDuration(seconds, ascii(bytes, from, to)) === style;
}

/** The style that the plain path finds; undefined when there is none. */
function styleOfDuration(seconds: number, text: string): string | undefined {
  return durationStyles.find((style) => durationOfSeconds(seconds, style) === text);
}

function isColon(bytes: Uint8Array, from: number): boolean {
  return bytes[from + 2] === 0x3a && bytes[from + 5] === 0x3a;
}

function isTwo(bytes: Uint8Array, at: number, value: number): boolean {
  const tens = Math.floor(value / 10);
  return bytes[at] === 48 + tens && bytes[at + 1] === 48 + value - tens * 10;
}

/** Two decimal digits, −1 when they are none. */
function two(bytes: Uint8Array, at: number): number {
  const a = (bytes[at] as number) - 48;
  const b = (bytes[at + 1] as number) - 48;
  return a >= 0 && a <= 9 && b >= 0 && b <= 9 ? a * 10 + b : -1;
}

/** Seconds of `HH:MM:SS` at `at`, −1 when it is none. */
function clockAt(bytes: Uint8Array, at: number): number {
  const h = two(bytes, at);
  const m = two(bytes, at + 3);
  const s = two(bytes, at + 6);
  if (h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s > 59 || !isColon(bytes, at)) return -1;
  return h * 3600 + m * 60 + s;
}

/** Seconds of a duration that prints in this style as these bytes; −1 when there are none. */
export function durationIn(style: string, bytes: Uint8Array, from: number, to: number): number {
  if (to - from === 8 && style === '') {
    const seconds = clockAt(bytes, from);
    if (seconds >= 0) return seconds;
  }
  if (to - from > 30) return -1;
  const text = ascii(bytes, from, to);
  const seconds = secondsOfDuration(text);
  return seconds >= 0 && styleOfDuration(seconds, text) === style ? seconds : -1;
}

/** Days seen before: their bytes (`Tue Aug 24 ` and the year, 15 bytes) and midnight's seconds. Direct mapped. */
const dayBytes = new Uint8Array(256 * 16);
const dayStarts = new Float64Array(256).fill(-1);

/** Seconds of a date that prints in this style as these bytes; −1 when there are none. */
export function dateIn(style: string, bytes: Uint8Array, from: number, to: number): number {
  const length = to - from;
  // `Www Mmm dd hh:mm:ss yyyy`; a style with one digit for the day, or ISO's, takes the long way.
  if (length !== 24 || (style !== '' && style !== 'p' && style !== 'z'))
    return dateSlow(style, bytes, from, to);
  const clock = clockAt(bytes, from + 11);
  if (clock < 0) return -1;
  let hash = style === '' ? 0 : style.charCodeAt(0);
  for (let i = 4; i < 10; i++) hash = (hash * 31 + (bytes[from + i] as number)) | 0;
  hash = ((hash * 31 + (bytes[to - 1] as number)) ^ (hash >>> 9)) & 255;
  const at = hash * 16;
  let same =
    (dayStarts[hash] as number) >= 0 && dayBytes[at + 15] === (style === '' ? 0 : style.charCodeAt(0));
  for (let i = 0; i < 11 && same; i++) same = dayBytes[at + i] === bytes[from + i];
  for (let i = 0; i < 4 && same; i++) same = dayBytes[at + 11 + i] === bytes[to - 4 + i];
  if (same && bytes[to - 5] === 0x20) return (dayStarts[hash] as number) + clock;
  const seconds = dateSlow(style, bytes, from, to);
  if (seconds < 0) return -1;
  dayBytes.set(bytes.subarray(from, from + 11), at);
  dayBytes.set(bytes.subarray(to - 4, to), at + 11);
  dayBytes[at + 15] = style === '' ? 0 : style.charCodeAt(0);
  dayStarts[hash] = seconds - clock;
  return seconds;
}

function dateSlow(style: string, bytes: Uint8Array, from: number, to: number): number {
  if (to - from > 40) return -1;
  const text = ascii(bytes, from, to);
  const seconds = secondsOfDate(text);
  return seconds >= 0 && dateStyles.find((s) => dateOfSeconds(seconds, s) === text) === style ? seconds : -1;
}
