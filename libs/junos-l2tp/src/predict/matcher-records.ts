/**
 * Records of lines and programs in the matcher's memory: what wasm/matcher.as compares text with. A line is a head and its steps; a step is a
 * literal and perhaps a value behind it; a program is steps over a row of what its literals say.
 */
import { Presence, counterOf, indexOfField, roundingStart } from '@sessionreel/session-model';
import { Kind, isLiteral, printedWith, type FastLine, type Step } from './fast-step.ts';

const userName = indexOfField('user_name');
const stepBytes = 88;
const lineBytes = 112;
const programBytes = 16;
/** Presence of all fields. */
const maskBytes = 32;
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

export class MatcherRecords {
  readonly #bytes: Uint8Array;
  readonly #words: Uint32Array;
  readonly #view: DataView;
  readonly #start: number;
  readonly #end: number;
  readonly #steps: Step[] = [];
  readonly #numbers = new Map<Step, number>();
  #used: number;
  /** Of the capture at hand. */
  epoch = 0;

  /** Records stand in `buffer[start, end)`. */
  constructor(buffer: ArrayBuffer, start: number, end: number) {
    this.#bytes = new Uint8Array(buffer);
    this.#words = new Uint32Array(buffer);
    this.#view = new DataView(buffer);
    this.#start = this.#used = start;
    this.#end = end;
  }

  clear(): void {
    this.#steps.length = 0;
    this.#numbers.clear();
    this.#used = this.#start;
  }

  /** Bytes that there is room for. */
  get room(): number {
    return this.#end - this.#used;
  }

  /** The step that stands at a place. */
  stepAt(at: number): Step {
    return this.#steps[this.#words[(at + 60) >>> 2] as number] as Step;
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
    this.#words[(line + 20) >>> 2] = this.epoch;
  }

  isStranger(line: number): boolean {
    return this.#words[(line + 20) >>> 2] !== this.epoch;
  }

  /**
   * Stores a program, in its old place if it fits: stretches of bytes, between them values, over a row of what the stretches say. `needed`: see
   * `FastLine`. False when there is no room.
   */
  putProgram(
    program: { at: number; room: number },
    stretches: readonly Uint8Array[],
    reads: readonly Step[],
    base: Uint32Array,
    needed: readonly number[],
  ): boolean {
    const baseBytes = (base.length * 4 + 31) & -16;
    let size = programBytes + baseBytes + 2 * maskBytes + stretches.length * stepBytes + 64;
    for (const stretch of stretches) size += (stretch.length + 31) & -16;
    size += reads.length * 2 * textBytes;
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
    this.#putNeeded((at + 8) >>> 2, needed);
    this.#used = Math.max(end, used);
    return true;
  }

  /** The bits of presence of fields that must have a value, and behind them what they must be; where they stand goes to a word. */
  #putNeeded(word: number, needed: readonly number[]): void {
    const bits = this.#take(2 * maskBytes);
    this.#words[word] = bits;
    const values = bits + maskBytes;
    for (const field of needed) {
      const place = field >>> 4;
      const shift = (field & 15) << 1;
      const [mask, value] = [(bits >>> 2) + place, (values >>> 2) + place];
      this.#words[mask] = (this.#words[mask] as number) | (3 << shift);
      this.#words[value] = (this.#words[value] as number) | (Presence.value << shift);
    }
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
      words[step + 16] = this.epoch;
      words[step + 6] = flags | StepFlag.taught;
    }
  }

  #sizeOf(steps: readonly Step[]): number {
    let size = 64;
    for (const { literal } of steps) size += stepBytes + 2 * textBytes + literal.length + 32;
    return size;
  }

  /** Room of at least so many bytes, of which the first are taken by the caller's own. */
  #reserve(size: number): number {
    return this.#hasRoom(size) ? this.#take(lineBytes) : 0;
  }

  #hasRoom(size: number): boolean {
    return this.#used + size <= this.#end;
  }

  #take(size: number): number {
    const at = this.#used;
    this.#used += (size + 15) & -16;
    this.#bytes.fill(0, at, this.#used);
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
    this.#bytes.set(literal, copy);
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
    else if (step.kind > Kind.duration) {
      put(48, this.#take(textBytes));
      put(72, this.#take(textBytes));
    }
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
