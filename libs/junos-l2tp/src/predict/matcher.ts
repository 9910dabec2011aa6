/**
 * The memory that predicted text is matched in, and the code that does it (wasm/matcher.as): a window for the text, and records of the lines
 * and programs to be matched. Only data: no input becomes code.
 */
import { presenceWords, rowWords } from '@sessionreel/session-model';
import type { Step } from './fast-step.ts';
import { matcherBinary } from './matcher-binary.ts';
import { MatcherRecords } from './matcher-records.ts';

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
/** Sessions that are matched at once at most, and their rows. */
export const maxRun = 64;
const runAt = plainStart + plainBytes + 4096;
const startsAt = 28_672;
const recordsStart = runAt + (maxRun + 1) * rowWords * 4 + 4096 - (((maxRun + 1) * rowWords * 4) % 4096);
const memoryBytes = 64 * 65_536;

interface MatcherCode {
  readonly memory: { readonly buffer: ArrayBuffer };
  init(bytesOfRow: number): void;
  beginCapture(number: number): void;
  link(line: number): void;
  matchLine(line: number, at: number, row: number): number;
  findLine(at: number, row: number): number;
  matchSession(table: number, at: number, row: number, isTable: number): number;
  matchProgram(program: number, first: number, at: number, row: number): number;
  matchRun(
    program: number,
    first: number,
    at: number,
    last: number,
    rows: number,
    stride: number,
    count: number,
  ): number;
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

/** What the code says of a text: its bytes may be any; it is an address of IPv4; it is to be kept. The same in wasm/matcher.as. */
export const TextMark = { hostile: 1, address: 2, keep: 4 } as const;

/** The id of a text in `bytes[from, to)`; −1 when it needs a closer look. `marks` as in `TextMark`. */
export type IdOfText = (bytes: Uint8Array, from: number, to: number, step: Step, marks: number) => number;

export class Matcher {
  readonly code: MatcherCode;
  /** Lines and programs that text is compared with. */
  readonly records: MatcherRecords;
  /** All memory. */
  readonly bytes: Uint8Array;
  readonly #words: Uint32Array;
  /** Row of the session that was matched. */
  readonly row: Uint32Array;
  /** Row of a header that was matched. */
  readonly headerRow: Uint32Array;
  /** Row of a header that was only looked at. */
  readonly peekRow: Uint32Array;
  /** Rows of sessions that were matched at once, `rowWords` apart. */
  readonly runRows: Uint32Array;
  /** Where each of them begins, and behind them where the last ends. */
  readonly runStarts: Uint32Array;

  constructor() {
    if (rowWords * 4 > headerAt - rowAt - 16 || presenceWords > 8) throw new Error('a row does not fit');
    compiled ??= new WebAssembly.Module(Buffer.from(matcherBinary, 'base64'));
    this.code = new WebAssembly.Instance(compiled, {}).exports;
    const { buffer } = this.code.memory;
    this.bytes = new Uint8Array(buffer);
    this.#words = new Uint32Array(buffer);
    this.records = new MatcherRecords(buffer, recordsStart, memoryBytes - 4096);
    this.row = new Uint32Array(buffer, rowAt, rowWords);
    this.headerRow = new Uint32Array(buffer, headerAt, rowWords);
    this.peekRow = new Uint32Array(buffer, peekAt, rowWords);
    this.runRows = new Uint32Array(buffer, runAt, maxRun * rowWords);
    this.runStarts = new Uint32Array(buffer, startsAt, maxRun + 1);
    this.code.init((rowWords * 4 + 15) & -16);
  }

  /** Of the capture at hand: what was learned of texts in another is void. */
  get epoch(): number {
    return this.records.epoch;
  }

  beginCapture(): void {
    this.records.epoch = (this.records.epoch + 1) >>> 0;
    this.code.beginCapture(this.records.epoch);
  }

  /** Forgets all lines and programs. */
  clear(): void {
    this.records.clear();
    this.bytes.fill(0, bucketsAt, bucketsEnd);
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

  /** Of the lines that were matched; signed, so that it is a small integer to the engine. */
  get pathHash(): number {
    return (this.#words[(outAt >>> 2) + 6] as number) | 0;
  }

  /** Matches sessions of a program one behind the other, `most` at most; how many they are. See `matchRun` in wasm/matcher.as. */
  matchRun(program: number, first: number, start: number, last: number, most: number): number {
    return this.code.matchRun(program, first, start, last, runAt, rowWords * 4, most);
  }

  /**
   * Writes the ids of texts that were matched just now into `row`. `idOf` gives −1 for a text that needs a closer look. False then: the
   * match is void.
   */
  takeTexts(row: Uint32Array, idOf: IdOfText): boolean {
    return this.#takeTexts(row, idOf) < 0;
  }

  /** As `takeTexts`, for the rows of `count` sessions that were matched at once. How many of them stand. */
  takeRunTexts(count: number, idOf: IdOfText): number {
    const failed = this.#takeTexts(this.runRows, idOf);
    return failed < 0 ? count : failed;
  }

  /** The first session of a run of which a text needs a closer look; −1 when there is none. */
  #takeTexts(rows: Uint32Array, idOf: IdOfText): number {
    const words = this.#words;
    const count = words[(outAt >>> 2) + 1] as number;
    for (let i = 0, at = pendingAt >>> 2; i < count; i++, at += 4) {
      const stepAt = words[at] as number;
      const from = words[at + 1] as number;
      const to = words[at + 2] as number;
      const step = this.records.stepAt(stepAt);
      const marks = words[at + 3] as number;
      const id = idOf(this.bytes, from, to, step, marks);
      if (id < 0) return marks >>> 8;
      rows[(marks >>> 8) * rowWords + step.slot] = id;
      if ((marks & TextMark.keep) !== 0) this.code.keepText(stepAt, from, to, id);
    }
    return -1;
  }
}
