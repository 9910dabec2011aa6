/**
 * Prints sessions that lie in columns, byte for byte as `printPieces` prints records: each way of printing (a layout, and which of its
 * fields have a value) becomes a list of steps once, and the steps write bytes. No object and no text is made for a session.
 */
import { fieldIndex, fields, type Field, type SessionRecord } from '@sessionreel/session-model';
import { bytesOfLiteral, isGroup, isSlot, isTrim, type Layout, type Piece, type Slot } from './layout.ts';
import { printSlot } from './print.ts';
import { dateOfSeconds, durationOfSeconds } from './times.ts';

/** Values of one field by row; what stands where a way says that there is no value is not read. */
export type PrintColumn =
  | { readonly kind: 'numbers'; readonly values: ArrayLike<number> }
  | { readonly kind: 'counts'; readonly values: BigUint64Array }
  | { readonly kind: 'words'; readonly words: readonly string[]; readonly ids: ArrayLike<number> }
  | {
      readonly kind: 'texts';
      /** UTF-8. */
      readonly bytes: Buffer;
      readonly starts: ArrayLike<number>;
      readonly ends: ArrayLike<number>;
    };

/** What sessions of one way of printing have in common: a letter for each field of the catalogue, as in a presence. */
export interface FieldLetters {
  /** `.` absent, `v` value, `e` printed empty, `n` N/A. */
  readonly letters: string;
}

/** Columns by the name of the field. */
export type Columns = (field: string) => PrintColumn | undefined;

type Step = (row: number) => void;

/** Steps that write a session. */
export interface PrintProgram {
  readonly tunnel: readonly Step[];
  readonly body: readonly Step[];
}

const chunkBytes = 1 << 18;
/** What is left free before a step that writes something short. */
const shortBytes = 64;
const space = 0x20;
const zero = 0x30;

/** Where steps write; what is written is taken away in pieces. */
export class ByteOutput {
  #buffer = Buffer.allocUnsafe(chunkBytes + shortBytes);
  #at = 0;
  /** Spaces before this place are not trimmed: `Output` keeps literal bytes apart from text. */
  #floor = 0;
  readonly #whole: Uint8Array[] = [];

  /** Bytes that wait to be taken. */
  get isFull(): boolean {
    return this.#at >= chunkBytes || this.#whole.length > 0;
  }

  copy(bytes: Uint8Array): void {
    const { length } = bytes;
    if (this.#at + length > this.#buffer.length) this.#make(length);
    const buffer = this.#buffer;
    let at = this.#at;
    // Below this a loop is quicker than the call.
    if (length < 48) for (let i = 0; i < length; i++) buffer[at++] = bytes[i] as number;
    else {
      buffer.set(bytes, at);
      at += length;
    }
    this.#at = at;
  }

  /** Literal bytes: spaces in them stay. */
  keep(bytes: Uint8Array): void {
    this.copy(bytes);
    this.#floor = this.#at;
  }

  /** Bytes of a text that is plain ASCII and needs no escape. False, and nothing written, when it is not. */
  plain(bytes: Uint8Array, start: number, end: number, isSpecial: Uint8Array): boolean {
    let at = this.room(end - start);
    const buffer = this.#buffer;
    for (let i = start; i < end; i++) {
      const byte = bytes[i] as number;
      if (isSpecial[byte] !== 0) return false;
      buffer[at++] = byte;
    }
    this.#at = at;
    return true;
  }

  text(text: string): void {
    if (this.#at + text.length * 3 > this.#buffer.length) this.#make(text.length * 3);
    this.#at += this.#buffer.write(text, this.#at, 'utf8');
  }

  spaces(count: number): void {
    if (count <= 0) return;
    if (this.#at + count > this.#buffer.length) this.#make(count);
    this.#buffer.fill(space, this.#at, this.#at + count);
    this.#at += count;
  }

  /** An integer from 0 to 2^53, padded with spaces to a width. */
  number(value: number, width: number, isRight: boolean): void {
    if (this.#at + shortBytes + width > this.#buffer.length) this.#make(shortBytes + width);
    let digits = 1;
    for (let limit = 10; digits < 16 && value >= limit; limit *= 10) digits++;
    const padding = width > digits ? width - digits : 0;
    const buffer = this.#buffer;
    const start = this.#at;
    const end = start + padding + digits;
    if (padding > 0 && isRight) buffer.fill(space, start, start + padding);
    let at = isRight ? end : start + digits;
    if (padding > 0 && !isRight) buffer.fill(space, at, end);
    let rest = value;
    // Integers of 32 bits divide faster.
    while (rest > 0x7fff_ffff) {
      const next = Math.floor(rest / 10);
      buffer[--at] = zero + (rest - next * 10);
      rest = next;
    }
    let low = rest | 0;
    do {
      const next = (low / 10) | 0;
      buffer[--at] = zero + low - next * 10;
      low = next;
    } while (low > 0);
    this.#at = end;
  }

  /** Two digits and what stands behind them. */
  twoDigits(value: number, at: number): void {
    this.#buffer[at] = zero + ((value / 10) | 0);
    this.#buffer[at + 1] = zero + (value % 10);
  }

  get at(): number {
    return this.#at;
  }

  /** Makes room for so many bytes, which will stand here. */
  room(length: number): number {
    if (this.#at + length > this.#buffer.length) this.#make(length);
    return this.#at;
  }

  /** Takes back what was written behind a place that `room` gave. */
  back(at: number): void {
    this.#at = at;
  }

  trimSpaces(): void {
    while (this.#at > this.#floor && this.#buffer[this.#at - 1] === space) this.#at--;
  }

  /** What was written since the last call. */
  take(): Uint8Array {
    const last = this.#buffer.subarray(0, this.#at);
    const pieces = [...this.#whole, last];
    this.#whole.length = 0;
    this.#buffer = Buffer.allocUnsafe(chunkBytes + shortBytes);
    this.#at = 0;
    this.#floor = 0;
    return pieces.length === 1 ? last : Buffer.concat(pieces);
  }

  /** Room for so many bytes. What stands on the last line moves on, since it may be trimmed. */
  #make(length: number): void {
    const written = this.#buffer.subarray(0, this.#at);
    const line = Math.max(this.#floor, written.lastIndexOf(0x0a) + 1);
    if (line > 0) this.#whole.push(written.subarray(0, line));
    const rest = written.subarray(line);
    this.#buffer = Buffer.allocUnsafe(Math.max(chunkBytes, rest.length + length) + shortBytes);
    this.#buffer.set(rest);
    this.#at = rest.length;
    this.#floor = 0;
  }
}

/** Bytes that are not copied as they are, by how a text is escaped: all that is not ASCII, and what an escape may change. */
function specials(escape: Slot['x']): Uint8Array {
  const isSpecial = new Uint8Array(256);
  isSpecial.fill(1, 128);
  if (escape === undefined) return isSpecial;
  isSpecial.fill(1, 0, 33);
  isSpecial[127] = 1;
  for (const c of escape === 'xml' ? '&<>' : '"\\') isSpecial[c.charCodeAt(0)] = 1;
  return isSpecial;
}
const specialsOf = { text: specials(undefined), xml: specials('xml'), json: specials('json') };

const bare = (values: SessionRecord['values']): SessionRecord => ({ values, rounding: {}, unknown: [] });

/** Makes programs for one listing. */
export class PrintCompiler {
  readonly #columns: Columns;
  readonly #out: ByteOutput;

  constructor(columns: Columns, out: ByteOutput) {
    this.#columns = columns;
    this.#out = out;
  }

  /** Null for a layout with values that no column holds: those of unknown labels. */
  compile(layout: Layout, way: FieldLetters): PrintProgram | null {
    const tunnel = this.#stepsOf(layout.tunnel, way);
    const body = this.#stepsOf(layout.body, way);
    return tunnel === null || body === null ? null : { tunnel, body };
  }

  #stepsOf(pieces: readonly Piece[], way: FieldLetters): Step[] | null {
    const steps: Step[] = [];
    let literal = '';
    const out = this.#out;
    const flush = (): void => {
      if (literal === '') return;
      const bytes = Buffer.from(literal);
      steps.push(() => out.copy(bytes));
      literal = '';
    };
    const add = (list: readonly Piece[]): boolean => {
      for (const piece of list) {
        if (typeof piece === 'string') literal += piece;
        else if (isGroup(piece)) {
          if (isWhole(piece.g, way) && !add(piece.g)) return false;
        } else if (isTrim(piece)) {
          flush();
          steps.push(() => out.trimSpaces());
        } else if (isSlot(piece)) {
          if (piece.f === '') return false;
          const fixed = fixedText(piece, way);
          if (typeof fixed === 'string') literal += fixed;
          else if (fixed === null) {
            const slot = this.#isNumber(piece) ? unprefixed(piece) : piece;
            // A number is never empty: what stands before it always does.
            if (slot !== piece) literal += piece.b ?? '';
            flush();
            steps.push(this.#step(slot));
          } else {
            flush();
            steps.push(() => out.keep(fixed));
          }
        } else {
          flush();
          const bytes = bytesOfLiteral(piece);
          steps.push(() => out.keep(bytes));
        }
      }
      return true;
    };
    if (!add(pieces)) return null;
    flush();
    return steps;
  }

  #isNumber(slot: Slot): boolean {
    const kind = this.#columns(slot.f)?.kind;
    return slot.p === undefined && (kind === 'numbers' || kind === 'counts');
  }

  /** Writes the value of a field. */
  #step(slot: Slot): Step {
    const column = this.#columns(slot.f);
    const field = fields[fieldIndex.get(slot.f) ?? -1];
    if (column === undefined || field === undefined) throw new Error(`there is no column ${slot.f}`);
    switch (column.kind) {
      case 'words':
        return this.#word(slot, column.words, column.ids);
      case 'texts':
        return this.#text(slot, field, column.bytes, column.starts, column.ends);
      case 'counts':
        return this.#count(slot, column.values);
      default:
        return this.#number(slot, field, column.values);
    }
  }

  /** As `printSlot` prints a value. */
  #slow(slot: Slot, value: string | number | bigint): void {
    const printed = printSlot(slot, bare({ [slot.f]: value }));
    if (typeof printed === 'string') this.#out.text(printed);
    else this.#out.keep(printed);
  }

  /** Each word is printed once. */
  #word(slot: Slot, words: readonly string[], ids: ArrayLike<number>): Step {
    const out = this.#out;
    const printed: (Uint8Array | undefined)[] = [];
    const literal: boolean[] = [];
    return (row) => {
      const id = ids[row] as number;
      let bytes = printed[id];
      if (bytes === undefined) {
        const text = printSlot(slot, bare({ [slot.f]: words[id] as string }));
        literal[id] = typeof text !== 'string';
        printed[id] = bytes = typeof text === 'string' ? Buffer.from(text) : text;
      }
      if (literal[id] === true) out.keep(bytes);
      else out.copy(bytes);
    };
  }

  #text(slot: Slot, field: Field, bytes: Buffer, starts: ArrayLike<number>, ends: ArrayLike<number>): Step {
    const out = this.#out;
    const isSpecial = specialsOf[slot.x ?? 'text'];
    const before = Buffer.from(slot.b ?? '');
    const width = slot.w ?? 0;
    // A word is kept in lower case, and printed in a style.
    const isSimple = slot.p === undefined && slot.r !== 1 && field.type !== 'word';
    return (row) => {
      const start = starts[row] as number;
      const end = ends[row] as number;
      if (isSimple && end > start) {
        // Room for both, so that both can be taken back.
        const at = out.room(before.length + end - start);
        if (before.length > 0) out.copy(before);
        if (out.plain(bytes, start, end, isSpecial)) {
          out.spaces(width - (end - start));
          return;
        }
        out.back(at);
      }
      this.#slow(slot, bytes.toString('utf8', start, end));
    };
  }

  #count(slot: Slot, values: BigUint64Array): Step {
    const out = this.#out;
    const halves = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
    const isSimple = slot.p === undefined && slot.b === undefined;
    const width = slot.w ?? 0;
    const isRight = slot.r === 1;
    return (row) => {
      const high = halves[row * 2 + 1] as number;
      if (isSimple && high < 0x20_0000)
        out.number(high * 0x1_0000_0000 + (halves[row * 2] as number), width, isRight);
      else this.#slow(slot, values[row] as bigint);
    };
  }

  #number(slot: Slot, field: Field, values: ArrayLike<number>): Step {
    const out = this.#out;
    const isSimple = slot.p === undefined && slot.b === undefined;
    const isBare = field.type === 'duration' ? slot.s === 'n' : field.type !== 'datetime';
    if (isSimple && isBare) {
      const width = slot.w ?? 0;
      const isRight = slot.r === 1;
      return (row) => out.number(values[row] as number, width, isRight);
    }
    // Dates and durations are of digits, letters, colons and spaces: nothing in them is escaped.
    if (isSimple && slot.w === undefined && field.type === 'datetime')
      return this.#date(slot.s ?? '', values);
    if (isSimple && slot.w === undefined && field.type === 'duration')
      return this.#duration(slot.s ?? '', values);
    return (row) => this.#slow(slot, values[row] as number);
  }

  /** Dates of one day differ in the time alone. */
  #date(style: string, values: ArrayLike<number>): Step {
    const out = this.#out;
    const days = new Map<number, Timed>();
    return (row) => {
      const seconds = values[row] as number;
      const day = Math.floor(seconds / 86_400);
      let known = days.get(day);
      if (known === undefined) {
        const text = dateOfSeconds(day * 86_400, style);
        days.set(day, (known = { bytes: Buffer.from(text), time: text.indexOf('00:00:00') }));
      }
      const at = out.room(known.bytes.length) + known.time;
      out.copy(known.bytes);
      const rest = seconds - day * 86_400;
      out.twoDigits((rest / 3_600) | 0, at);
      out.twoDigits(((rest / 60) | 0) % 60, at + 3);
      out.twoDigits(rest % 60, at + 6);
    };
  }

  /** Durations of one hour differ in minutes and seconds. */
  #duration(style: string, values: ArrayLike<number>): Step {
    const out = this.#out;
    const hours = new Map<number, Timed & { readonly hasSeconds: boolean }>();
    return (row) => {
      const seconds = values[row] as number;
      const hour = Math.floor(seconds / 3_600);
      let known = hours.get(hour);
      if (known === undefined) {
        const text = durationOfSeconds(hour * 3_600, style);
        const hasSeconds = text.endsWith(':00:00');
        known = { bytes: Buffer.from(text), time: text.length - (hasSeconds ? 5 : 2), hasSeconds };
        hours.set(hour, known);
      }
      const at = out.room(known.bytes.length) + known.time;
      out.copy(known.bytes);
      const rest = seconds - hour * 3_600;
      out.twoDigits((rest / 60) | 0, at);
      if (known.hasSeconds) out.twoDigits(rest % 60, at + 3);
    };
  }
}

/** A text of which the digits behind a place are another's. */
interface Timed {
  readonly bytes: Uint8Array;
  readonly time: number;
}

const unprefixed = (slot: Slot): Slot => {
  const { b, ...rest } = slot;
  return b === undefined ? slot : rest;
};

const letterOf = (way: FieldLetters, name: string): string => way.letters[fieldIndex.get(name) ?? -1] ?? '.';

/** What is printed of a field without a value: the same for all sessions. Null where there is a value. */
function fixedText(slot: Slot, way: FieldLetters): string | Uint8Array | null {
  const letter = letterOf(way, slot.f);
  if (letter === 'v') return null;
  return printSlot(slot, bare(letter === '.' ? {} : { [slot.f]: letter === 'e' ? '' : null }));
}

function isWhole(pieces: readonly Piece[], way: FieldLetters): boolean {
  return pieces.every((piece) => !isSlot(piece) || letterOf(way, piece.f) !== '.');
}
