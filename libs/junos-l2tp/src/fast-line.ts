/**
 * Matches a line against the steps of one that is known, and reads its values on the way. What does not match, or could mean
 * something else, is left to the plain path: a match must be exactly what the plain path would read.
 */
import {
  Presence,
  counterOf,
  fields,
  setRounding,
  type Field,
  type StringTable,
} from '@sessionreel/session-model';
import { scan, scanDate, scanDuration, scanEnd, scanHigh, scanLow, scanU64, scanUint } from './fast-scan.ts';
import { Kind, userName, type FastLine, type Step } from './fast-step.ts';
import { printUnpatched } from './print.ts';
import { ascii, isAddress } from './values.ts';

const space = 0x20;
const comma = 0x2c;
const colon = 0x3a;

/** Whether a free text was read that is not empty and of which the plain path may not know yet what follows it. */
const matched = { freeText: false };

/** Says so, once. */
export function takeFreeText(): boolean {
  const was = matched.freeText;
  matched.freeText = false;
  return was;
}

/** Of `matchLine`: the line begins otherwise, and no value was read. */
export const nothingRead = -2;

/**
 * Matches a line at `start`. Returns where it ends, `nothingRead` or −1 when it does not match. Values go to `words` at `row`, whose bits
 * were 0.
 */
export function matchLine(
  line: FastLine,
  bytes: Uint8Array,
  view: DataView,
  start: number,
  end: number,
  words: Uint32Array,
  row: number,
  strings: StringTable,
): number {
  const { steps } = line;
  let at = start;
  for (let i = 0; i < steps.length; i++) {
    let step = steps[i] as Step;
    if (line.trims && isEnd(bytes[at] as number) && i > 0 && i < steps.length - 1) {
      if (bytes[at - 1] === space) return -1;
      for (; i < steps.length - 1; i++) if (!setBlank(steps[i] as Step, words, row)) return -1;
      step = steps[i] as Step;
    }
    if (step.kind === Kind.literal) {
      const { literal, words: eights } = step;
      const no = i === 0 ? nothingRead : -1;
      if (at + literal.length > end) return no;
      const whole = eights.length;
      for (let k = 0; k < whole; k++, at += 8) if (view.getFloat64(at, true) !== eights[k]) return no;
      for (let k = whole << 3; k < literal.length; k++, at++) if (bytes[at] !== literal[k]) return no;
    } else {
      at = matchStep(step, bytes, at, end, words, row, strings);
      if (at < 0) return -1;
    }
  }
  return at;
}

/** Matches one value; returns where it ends, −1 when it is not printed so. */
export function matchStep(
  step: Step,
  bytes: Uint8Array,
  start: number,
  end: number,
  words: Uint32Array,
  row: number,
  strings: StringTable,
): number {
  let at = start;
  if (step.hasSpace) {
    if (bytes[at] !== space)
      return bytes[at] === step.stop && step.width === 0 && step.stop !== space
        ? setEmpty(step, words, row, at)
        : -1;
    at++;
  }
  const padFrom = at;
  if (step.isCell && step.inColumn && bytes[at] === space && isBlankCell(step, bytes, at))
    return setEmpty(step, words, row, at + step.width);
  if (step.right) while (bytes[at] === space) at++;
  const from = at;
  const to = scanValue(step, bytes, from, end, words, row, strings);
  if (to < 0) return -1;
  at = to;
  if (step.width > 0) {
    const missing = Math.max(0, step.width - (to - from));
    if (step.right) {
      if (from - padFrom !== missing) return -1;
    } else {
      if (step.trims && isEnd(bytes[at] as number)) return at;
      for (let k = 0; k < missing; k++, at++) if (bytes[at] !== space) return -1;
    }
  } else if (step.right) return -1;
  return at;
}

/** A cell of a table's row with nothing in it. */
function isBlankCell(step: Step, bytes: Uint8Array, at: number): boolean {
  for (let k = 0; k < step.width; k++) if (bytes[at + k] !== space) return false;
  return step.width > 0;
}

function isEnd(byte: number): boolean {
  return byte === 0x0a || byte === 0x0d;
}

/** A cell that is missing at the line's end: printed empty. A literal there must have been nothing but spaces. */
function setBlank(step: Step, words: Uint32Array, row: number): boolean {
  if (step.kind === Kind.literal) return step.literal.every((byte) => byte === space);
  return setEmpty(step, words, row, 0) >= 0;
}

function setEmpty(step: Step, words: Uint32Array, row: number, at: number): number {
  if (step.again) return -1;
  setPresenceAt(step, words, row, Presence.empty);
  return at;
}

function setPresenceAt(step: Step, words: Uint32Array, row: number, presence: number): void {
  const index = row + step.presenceAt;
  words[index] = (words[index] as number) | (presence << step.presenceShift);
}

/** Reads the value at `from`; returns its end, −1 when it is not printed so. */
function scanValue(
  step: Step,
  bytes: Uint8Array,
  from: number,
  end: number,
  words: Uint32Array,
  row: number,
  strings: StringTable,
): number {
  const slot = row + step.slot;
  switch (step.kind) {
    case Kind.u32:
      if (!scanUint(bytes, from, step.max)) return notAvailable(step, bytes, from, words, row);
      if (step.again)
        return (words[slot] as number) === (scan[scanLow] as number) && hasValue(step, words, row)
          ? (scan[scanEnd] as number)
          : -1;
      words[slot] = scan[scanLow] as number;
      break;
    case Kind.u64:
    case Kind.counter:
      if (!scanU64(bytes, from)) return notAvailable(step, bytes, from, words, row);
      if (step.kind === Kind.counter && isUnit(bytes[scan[scanEnd] as number] as number))
        return scanRounded(step, bytes, from, words, row);
      words[slot] = scan[scanLow] as number;
      words[slot + 1] = scan[scanHigh] as number;
      break;
    case Kind.date:
      if (!scanDate(bytes, from, step.padded)) return notAvailable(step, bytes, from, words, row);
      words[slot] = scan[scanLow] as number;
      break;
    case Kind.duration:
      if (!scanDuration(bytes, from, step.styleBits)) return notAvailable(step, bytes, from, words, row);
      words[slot] = scan[scanLow] as number;
      break;
    default:
      return scanText(step, bytes, from, end, words, row, strings);
  }
  setPresenceAt(step, words, row, Presence.value);
  return scan[scanEnd] as number;
}

export function hasValue(step: Step, words: Uint32Array, row: number): boolean {
  return (((words[row + step.presenceAt] as number) >>> step.presenceShift) & 3) === Presence.value;
}

function notAvailable(step: Step, bytes: Uint8Array, from: number, words: Uint32Array, row: number): number {
  if (bytes[from] !== 0x4e || bytes[from + 1] !== 0x2f || bytes[from + 2] !== 0x41 || step.again) return -1;
  setPresenceAt(step, words, row, Presence.notAvailable);
  return from + 3;
}

function isUnit(byte: number): boolean {
  return byte === 0x2e || byte === 0x6b || byte === 0x6d || byte === 0x67 || byte === 0x74;
}

/** `29.0k`, where no other unit would be printed for it. */
function scanRounded(step: Step, bytes: Uint8Array, from: number, words: Uint32Array, row: number): number {
  let digits = 0;
  let decimals = -1;
  let at = from;
  for (; ; at++) {
    const c = bytes[at] as number;
    if (c >= 48 && c <= 57) digits = digits * 10 + c - 48;
    else if (c !== 0x2e || decimals >= 0) break;
    if (decimals >= 0 || c === 0x2e) decimals++;
  }
  const zeros = zerosOf(bytes[at] as number);
  const whole = decimals < 0 ? at - from : at - from - decimals - 1;
  const rounding = zeros - Math.max(0, decimals);
  if (zeros === 0 || rounding < 1 || at - from > 14 || decimals === 0 || whole < 1 || whole > 3) return -1;
  if (bytes[from] === 48 && (whole > 1 || zeros !== 3)) return -1;
  const value = digits * 10 ** rounding;
  if (value > Number.MAX_SAFE_INTEGER) return -1;
  words[row + step.slot] = value >>> 0;
  words[row + step.slot + 1] = (value - (value >>> 0)) / 4294967296;
  setRoundingOf(step.field, words, row, rounding);
  setPresenceAt(step, words, row, Presence.value);
  return at + 1;
}

function zerosOf(unit: number): number {
  return unit === 0x6b ? 3 : unit === 0x6d ? 6 : unit === 0x67 ? 9 : unit === 0x74 ? 12 : 0;
}

function setRoundingOf(field: number, words: Uint32Array, row: number, rounding: number): void {
  setRounding(words, row, counterOf[field] as number, rounding);
}

function scanText(
  step: Step,
  bytes: Uint8Array,
  from: number,
  end: number,
  words: Uint32Array,
  row: number,
  strings: StringTable,
): number {
  const { last, stop, lastLength: length } = step;
  if (step.again) return -1;
  let same = length > 0 && from + length < end;
  for (let i = 0; same && i < length; i++) if (bytes[from + i] !== last[i]) same = false;
  const { inColumn } = step;
  if (same) {
    const next = bytes[from + length] as number;
    if (next === (inColumn ? space : stop) || next === 0x0a || next === 0x0d) {
      words[row + step.slot] = step.lastId;
      setPresenceAt(step, words, row, Presence.value);
      if (step.free && !step.taught) matched.freeText = true;
      return from + length;
    }
  }
  return scanNewText(step, bytes, from, end, words, row, strings, inColumn);
}

function scanNewText(
  step: Step,
  bytes: Uint8Array,
  from: number,
  end: number,
  words: Uint32Array,
  row: number,
  strings: StringTable,
  inColumn: boolean,
): number {
  const isAddressStep = step.kind === Kind.address;
  let to = from;
  for (; ; to++) {
    if (to >= end) return -1;
    const c = bytes[to] as number;
    if (c === 0x0a || c === 0x0d) break;
    if (!step.toEnd && (c === step.stop || c === comma)) break;
    if (c === space && (inColumn || to === from)) break;
    // A colon could be a label's, and what is no ASCII needs a closer look.
    if (c < space || c >= 0x80 || (c === colon && !isAddressStep && !step.toEnd)) return -1;
  }
  if (to === from || bytes[to - 1] === space || to - from > 255) return -1;
  // Digits may be the number of a column before, which the plain path can tell.
  if (step.isCell && beginsWithNumber(bytes, from, to)) return -1;
  if (to - from === 3 && step.field !== userName && notAvailable(step, bytes, from, words, row) > 0)
    return to;
  const id = isAddressStep
    ? addressId(bytes, from, to, step, strings)
    : textId(bytes, from, to, step, strings);
  if (id < 0) return -1;
  if (to - from > step.last.length) step.last = new Uint8Array(256);
  for (let i = from, k = 0; i < to; i++, k++) step.last[k] = bytes[i] as number;
  step.lastLength = to - from;
  step.lastId = id;
  words[row + step.slot] = id;
  setPresenceAt(step, words, row, Presence.value);
  if (step.free && !step.taught) matched.freeText = true;
  return to;
}

function beginsWithNumber(bytes: Uint8Array, from: number, to: number): boolean {
  let at = from;
  while (at < to && (bytes[at] as number) >= 48 && (bytes[at] as number) <= 57) at++;
  return at > from && (at === to || bytes[at] === space);
}

function addressId(bytes: Uint8Array, from: number, to: number, step: Step, strings: StringTable): number {
  // Before a port: `::1:5` could be an address, too.
  if (!isAddress(bytes, from, to) || (step.stop === colon && bytes.subarray(from, to).includes(colon)))
    return -1;
  return strings.intern(bytes, from, to);
}

function textId(bytes: Uint8Array, from: number, to: number, step: Step, strings: StringTable): number {
  // `n/a` in any case is N/A for the plain path.
  if (to - from === 3 && bytes[from + 1] === 0x2f && step.field !== userName) return -1;
  if (step.kind !== Kind.word) return strings.intern(bytes, from, to);
  const raw = ascii(bytes, from, to);
  const word = raw.toLowerCase();
  const { name } = fields[step.field] as Field;
  const printed = printUnpatched(
    { f: name, s: step.style },
    { values: { [name]: word }, rounding: {}, unknown: [] },
  );
  return printed === raw ? strings.internText(word) : -1;
}

/** Takes back the values of a line that did not match. */
export function clearLine(line: FastLine, words: Uint32Array, row: number): void {
  for (const step of line.steps) {
    if (step.kind === Kind.literal || step.again) continue;
    const index = row + step.presenceAt;
    words[index] = (words[index] as number) & ~(3 << step.presenceShift);
    if (step.kind === Kind.counter) setRoundingOf(step.field, words, row, 0);
  }
}
