/**
 * The memory that predicted text is matched in, and the code that does it (wasm/matcher.as): a window for the text, and records of the lines
 * and programs to be matched. Only data: no input becomes code.
 */
import { counterOf, indexOfField, presenceWords, roundingStart, rowWords } from '@sessionreel/session-model';
import { Kind, isLiteral, printedWith, type FastLine, type Step } from './fast-step.ts';
import { matcherBinary } from './matcher-binary.ts';

/** Places in memory, in bytes; the same in wasm/matcher.as. */
const outAt = 3072;
const rowAt = 4096;
const headerAt = 5120;
const peekAt = 6144;
const pendingAt = 8192;
const pathAt = 12_288;
const bucketsAt = 16_384;
const bucketsEnd = 20_480;
const traceAt = bucketsEnd;
const maxTraced = 512;
export const windowStart = 32_768;
/** Bytes of text that are looked at at once. */
export const windowBytes = 1 << 18;
/** Behind the window, zeros. */
const sentinelBytes = 64;
const plainStart = windowStart + windowBytes + 4096;
/** Bytes of a session that was put together again for the plain path. */
export const plainBytes = 1 << 16;
const recordsStart = plainStart + plainBytes + 4096;
const memoryBytes = 64 * 65_536;

const userName = indexOfField('user_name');
const stepBytes = 72;
const lineBytes = 112;
const programBytes = 16;
/** Room for the text of a step read last, and for what is read beyond it. */
const textBytes = 272;
const dateBytes = 32;

const StepFlag = {
  space: 1,
  right: 2,
  padded: 4,
  column: 8,
  cell: 16,
  toEnd: 32,
  trims: 64,
  again: 128,
  free: 256,
  taught: 512,
  address: 1024,
  user: 2048,
  blank: 4096,
  styled: 8192,
  lower: 16384,
} as const;

export const LineFlag = { trims: 1, active: 2, blank: 4, begins: 8, lasting: 16, linked: 32 } as const;

interface MatcherCode {
  readonly memory: { readonly buffer: ArrayBuffer };
  init(bytesOfRow: number): void;
  beginCapture(number: number): void;
  link(line: number): void;
  matchLine(line: number, at: number, row: number): number;
  findLine(at: number, row: number): number;
  matchSession(table: number, at: number, row: number, isTable: number): number;
  matchProgram(program: number, first: number, at: number, row: number): number;
  keepText(step: number, from: number, to: number, id: number): void;
}

/** What Node knows and its types do not. */
interface WebAssemblyGlobal {
  readonly WebAssembly: {
    readonly Module: new (bytes: Uint8Array) => object;
    readonly Instance: new (module: object, imports: object) => { readonly exports: MatcherCode };
  };
}

const { WebAssembly } = globalThis as unknown as WebAssemblyGlobal;
let compiled: object | null = null;

/** The id of a text in `bytes[from, to)`; −1 when it needs a closer look. `isHostile`: its bytes may be any. */
export type IdOfText = (
  bytes: Uint8Array,
  from: number,
  to: number,
  step: Step,
  isHostile: boolean,
) => number;

export class Matcher {
  readonly code: MatcherCode;
  /** All memory. */
  readonly bytes: Uint8Array;
  readonly #words: Uint32Array;
  readonly #view: DataView;
  /** Row of the session that was matched. */
  readonly row: Uint32Array;
  /** Row of a header that was matched. */
  readonly headerRow: Uint32Array;
  /** Row of a header that was only looked at. */
  readonly peekRow: Uint32Array;
  readonly #steps: Step[] = [];
  readonly #numbers = new Map<Step, number>();
  #used = recordsStart;
  #epoch = 0;

  constructor() {
    if (rowWords * 4 > headerAt - rowAt - 16 || presenceWords > 8) throw new Error('a row does not fit');
    compiled ??= new WebAssembly.Module(Buffer.from(matcherBinary, 'base64'));
    this.code = new WebAssembly.Instance(compiled, {}).exports;
    const { buffer } = this.code.memory;
    this.bytes = new Uint8Array(buffer);
    this.#words = new Uint32Array(buffer);
    this.#view = new DataView(buffer);
    this.row = new Uint32Array(buffer, rowAt, rowWords);
    this.headerRow = new Uint32Array(buffer, headerAt, rowWords);
    this.peekRow = new Uint32Array(buffer, peekAt, rowWords);
    this.code.init((rowWords * 4 + 15) & -16);
  }

  /** Of the capture at hand: what was learned of texts in another is void. */
  get epoch(): number {
    return this.#epoch;
  }

  beginCapture(): void {
    this.#epoch = (this.#epoch + 1) >>> 0;
    this.code.beginCapture(this.#epoch);
  }

  /** Forgets all lines and programs. */
  clear(): void {
    this.#steps.length = 0;
    this.#numbers.clear();
    this.#used = recordsStart;
    this.bytes.fill(0, bucketsAt, bucketsEnd);
  }

  /** Bytes of records that there is room for. */
  get room(): number {
    return memoryBytes - this.#used;
  }

  /** Ends the text in the window at `end`. */
  seal(end: number): void {
    this.bytes.fill(0, end, end + sentinelBytes);
  }

  /** Puts a text beside the window; returns where it begins, −1 when it is too long. */
  putPlain(text: string): number {
    if (text.length > plainBytes) return -1;
    for (let i = 0; i < text.length; i++) this.bytes[plainStart + i] = text.charCodeAt(i);
    this.seal(plainStart + text.length);
    return plainStart;
  }

  /** Where that text begins. */
  get plainAt(): number {
    return plainStart;
  }

  /** Where a session's or header's row stands, for the code. */
  get rowAt(): number {
    return rowAt;
  }

  get headerAt(): number {
    return headerAt;
  }

  get peekAt(): number {
    return peekAt;
  }

  /** Beginnings and ends of the session's values, in order; null unless there are so many. */
  places(count: number): Uint32Array | null {
    if (this.#words[(outAt >>> 2) + 7] !== count || count > maxTraced) return null;
    return this.#words.subarray(traceAt >>> 2, (traceAt >>> 2) + 2 * count);
  }

  /** Whether the session that was matched last is followed by another that begins like it. */
  get isProven(): boolean {
    return this.#words[outAt >>> 2] === 1;
  }

  get pathLength(): number {
    return this.#words[(outAt >>> 2) + 2] as number;
  }

  /** Line `i` of the session that was matched. */
  pathLine(i: number): number {
    return this.#words[(pathAt >>> 2) + i] as number;
  }

  /** Whether the session that was matched is of these lines. */
  isPath(lines: Uint32Array): boolean {
    if (this.pathLength !== lines.length) return false;
    for (let i = 0, at = pathAt >>> 2; i < lines.length; i++, at++)
      if (this.#words[at] !== lines[i]) return false;
    return true;
  }

  get foundLine(): number {
    return this.#words[(outAt >>> 2) + 2] as number;
  }

  /** Whether a text was matched of which the plain path may not know yet what follows it. */
  get hasFreeText(): boolean {
    return this.#words[(outAt >>> 2) + 3] !== 0;
  }

  /** Lines of other captures in the session that was matched. */
  get strangers(): number {
    return this.#words[(outAt >>> 2) + 4] as number;
  }

  get pathHash(): number {
    return this.#words[(outAt >>> 2) + 6] as number;
  }

  /**
   * Writes the ids of texts that were matched just now into `row`. `idOf` gives −1 for a text that needs a closer look. False then: the
   * match is void.
   */
  takeTexts(row: Uint32Array, idOf: IdOfText): boolean {
    const words = this.#words;
    const count = words[(outAt >>> 2) + 1] as number;
    for (let i = 0, at = pendingAt >>> 2; i < count; i++, at += 4) {
      const stepAt = words[at] as number;
      const from = words[at + 1] as number;
      const to = words[at + 2] as number;
      const step = this.#steps[words[(stepAt + 60) >>> 2] as number] as Step;
      const id = idOf(this.bytes, from, to, step, words[at + 3] === 1);
      if (id < 0) return false;
      row[step.slot] = id;
      this.code.keepText(stepAt, from, to, id);
    }
    return true;
  }

  /** Stores a line's steps; 0 when there is no room. `flags` as in `LineFlag`. */
  addLine(line: FastLine, flags: number): number {
    const at = this.#reserve(lineBytes + this.#sizeOf(line.steps));
    if (at === 0) return 0;
    const count = this.#putSteps(line.steps, at + lineBytes);
    this.#words[at >>> 2] = count;
    this.setFlags(at, flags | (line.trims ? LineFlag.trims : 0));
    for (const step of line.steps) {
      if (isLiteral(step) || step.again) continue;
      for (const field of printedWith(step.field)) {
        const mask = (at + 32 + (field >>> 4) * 4) >>> 2;
        this.#words[mask] = (this.#words[mask] as number) | (3 << ((field & 15) << 1));
      }
    }
    return at;
  }

  /** A list of lines that may begin a session. 0 when there is no room. */
  addTable(): number {
    return this.#reserve(lineBytes);
  }

  /** A table's row that may come. */
  addFollower(table: number, line: number): void {
    const at = (table + 64) >>> 2;
    const count = Math.min(7, this.#words[at] as number);
    for (let i = count; i > 0; i--) this.#words[at + 1 + i] = this.#words[at + i] as number;
    this.#words[at + 1] = line;
    this.#words[at] = count + 1;
  }

  /** The line's form where what it prints was printed before. */
  setAgain(line: number, again: number): void {
    this.#words[(line + 16) >>> 2] = again;
  }

  flagsOf(line: number): number {
    return this.#words[(line + 4) >>> 2] as number;
  }

  setFlags(line: number, flags: number): void {
    this.#words[(line + 4) >>> 2] = flags;
  }

  /** The line belongs to the capture at hand. */
  adopt(line: number): void {
    this.#words[(line + 20) >>> 2] = this.#epoch;
  }

  isStranger(line: number): boolean {
    return this.#words[(line + 20) >>> 2] !== this.#epoch;
  }

  /**
   * Stores a program, in its old place if it fits: stretches of bytes, between them values, over a row of what the stretches say. False when
   * there is no room.
   */
  putProgram(
    program: { at: number; room: number },
    stretches: readonly Uint8Array[],
    reads: readonly Step[],
    base: Uint32Array,
  ): boolean {
    const baseBytes = (base.length * 4 + 31) & -16;
    let size = programBytes + baseBytes + stretches.length * stepBytes + 64;
    for (const stretch of stretches) size += (stretch.length + 31) & -16;
    size += reads.length * textBytes;
    const used = this.#used;
    if (program.room < size) {
      // Further values may turn out to differ.
      const room = size + (size >> 1);
      if (!this.#hasRoom(room)) return false;
      program.at = this.#take(room);
      program.room = room;
    }
    const { at } = program;
    const end = this.#used;
    this.#used = at;
    this.#take(programBytes + stretches.length * stepBytes);
    this.#words[at >>> 2] = stretches.length;
    stretches.forEach((stretch, i) => {
      const step = at + programBytes + i * stepBytes;
      this.#putLiteral(step, stretch);
      const read = reads[i];
      if (read !== undefined) this.#putValue(step, read);
    });
    const baseAt = this.#take(baseBytes);
    this.#words.set(base, baseAt >>> 2);
    this.#words[(at + 4) >>> 2] = baseAt;
    this.#used = Math.max(end, used);
    return true;
  }

  /** Tells of a line, or a program, that it is known what follows the free texts that the row says are not empty. */
  teach(at: number, row: Uint32Array, isProgram = false): void {
    const words = this.#words;
    const count = words[at >>> 2] as number;
    let step = (at + (isProgram ? programBytes : lineBytes)) >>> 2;
    for (let i = 0; i < count; i++, step += stepBytes >>> 2) {
      const flags = words[step + 6] as number;
      if ((flags & StepFlag.free) === 0) continue;
      const presence = row[(words[step + 4] as number) >>> 2] as number;
      // A value or N/A.
      if (((presence >>> (words[step + 5] as number)) & 1) === 0) continue;
      words[step + 16] = this.#epoch;
      words[step + 6] = flags | StepFlag.taught;
    }
  }

  #sizeOf(steps: readonly Step[]): number {
    let size = 64;
    for (const { literal } of steps) size += stepBytes + textBytes + literal.length + 32;
    return size;
  }

  /** Room of at least so many bytes, of which the first are taken by the caller's own. */
  #reserve(size: number): number {
    return this.#hasRoom(size) ? this.#take(lineBytes) : 0;
  }

  #hasRoom(size: number): boolean {
    return this.#used + size <= memoryBytes - 4096;
  }

  #take(size: number): number {
    const at = this.#used;
    this.#used += (size + 15) & -16;
    this.bytes.fill(0, at, this.#used);
    return at;
  }

  /** Literals and the values behind them, one record each. How many there are. */
  #putSteps(steps: readonly Step[], first: number): number {
    let count = 0;
    for (let i = 0; i < steps.length; i++, count++)
      if (isLiteral(steps[i] as Step) && isValue(steps[i + 1])) i++;
    this.#used = Math.max(this.#used, first);
    this.#take(count * stepBytes);
    let at = first;
    for (let i = 0; i < steps.length; i++, at += stepBytes) {
      let step = steps[i] as Step;
      if (isLiteral(step)) {
        this.#putLiteral(at, step.literal);
        if (!isValue(steps[i + 1])) continue;
        step = steps[++i] as Step;
      }
      this.#putValue(at, step);
    }
    return count;
  }

  #numberOf(step: Step): number {
    let number = this.#numbers.get(step);
    if (number === undefined) this.#numbers.set(step, (number = this.#steps.push(step) - 1));
    return number;
  }

  #putLiteral(at: number, literal: Uint8Array): void {
    const copy = this.#take(literal.length + 16);
    this.bytes.set(literal, copy);
    const view = this.#view;
    view.setUint32(at + 4, copy, true);
    view.setUint32(at + 8, literal.length, true);
    if (literal.every((byte) => byte === 0x20)) view.setUint32(at + 24, StepFlag.blank, true);
  }

  #putValue(at: number, step: Step): void {
    const view = this.#view;
    const put = (member: number, value: number): void => {
      view.setUint32(at + member, value, true);
    };
    put(0, step.kind);
    put(12, step.slot * 4);
    put(16, step.presenceAt * 4);
    put(20, step.presenceShift);
    put(24, flagsOf(step) | view.getUint32(at + 24, true));
    put(28, step.width);
    put(32, step.kind === Kind.duration ? step.styleBits : step.max);
    put(36, step.stop);
    if (step.kind === Kind.counter) {
      const counter = counterOf[step.field] as number;
      put(40, (roundingStart + (counter >>> 3)) * 4);
      put(44, (counter & 7) << 2);
    }
    if (step.kind === Kind.date) put(48, this.#take(dateBytes));
    else if (step.kind > Kind.duration) put(48, this.#take(textBytes));
    put(60, this.#numberOf(step));
  }
}

function isValue(step: Step | undefined): boolean {
  return step !== undefined && !isLiteral(step);
}

function flagsOf(step: Step): number {
  const { space, right, padded, column, cell, toEnd, trims, again, free, address, user, styled, lower } =
    StepFlag;
  return (
    (step.hasSpace ? space : 0) |
    (step.right ? right : 0) |
    (step.padded ? padded : 0) |
    (step.inColumn ? column : 0) |
    (step.isCell ? cell : 0) |
    (step.toEnd ? toEnd : 0) |
    (step.trims ? trims : 0) |
    (step.again ? again : 0) |
    (step.free ? free : 0) |
    (step.kind === Kind.address ? address : 0) |
    (step.field === userName ? user : 0) |
    (step.kind === Kind.word && step.style === 'l' ? lower : step.style !== '' ? styled : 0)
  );
}
