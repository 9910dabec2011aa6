/**
 * A capture, as bytes in chunks cut anywhere, to its snapshots: finds command lines, prompts, banners and the format of each reply,
 * and hands the reply to that format's reader. A capture may hold several commands, each a snapshot.
 */
import type { Format, Level, ParseProblem, Scope, StringTable } from '@sessionreel/session-model';
import { isEchoedCommand, parseCommand, type ParsedCommand } from './command.ts';
import type { LearnedLayouts } from '../predict/learned-layouts.ts';
import { JsonReader } from '../json/json-reader.ts';
import { isBanner, messageOf, pagerLength, promptOf, withoutLineEnd } from './prompt.ts';
import {
  defaultLimits,
  type BodyReader,
  type ParseHints,
  type ParseLimits,
  type SnapshotSink,
} from './reader.ts';
import { SnapshotBuilder } from './snapshot-builder.ts';
import { excerpt } from '../text/field-types.ts';
import { TextReader } from '../text/text-reader.ts';
import { XmlReader } from '../xml/xml-reader.ts';

export interface CaptureResult {
  /** Snapshots handed to the sink. */
  readonly snapshots: number;
  /**
   * What was no snapshot: an error reply, another command's output, nothing at all. Output of other commands beside a snapshot is
   * passed over.
   */
  readonly errors: readonly ParseProblem[];
}

export interface ParseOptions {
  /** False: every line takes the plain path. For tests and benchmarks. */
  readonly predict?: boolean;
  /**
   * Empty the string table between two batches when it holds more bytes than this: for a table of which nobody keeps ids beyond the
   * sink's `rows`. Default: never.
   */
  readonly renewStringsAbove?: number;
  /** What was learned of other captures, which makes this one quicker to read and changes nothing else. Default: nothing. */
  readonly learned?: LearnedLayouts;
}

const newline = 0x0a;

export class SnapshotParser {
  readonly #strings: StringTable;
  readonly #sink: SnapshotSink;
  readonly #hints: ParseHints;
  readonly #limits: ParseLimits;
  readonly #options: ParseOptions;
  readonly #hinted: ParsedCommand | null;
  #reader: BodyReader | null = null;
  /** The snapshot that is read, or that waits for a prompt as proof of its end. */
  #builder: SnapshotBuilder | null = null;
  #bytes = 0;
  #ordinal = 0;
  #snapshots = 0;
  #lineNumber = 1;
  /** Outside replies: a line that is not whole yet, and blank lines that may begin a reply. */
  #carry: Uint8Array = new Uint8Array();
  #blank: Uint8Array = new Uint8Array();
  #command: ParsedCommand | null = null;
  #commandLine = 0;
  #router: string | null = null;
  /** True while lines that belong to no snapshot are passed over, until the next prompt. */
  #skipping = false;
  /** True while they are the remains of a reply that was malformed, which has been told already. */
  #broken = false;
  readonly #errors: ParseProblem[] = [];
  /** Told only when the capture held no snapshot. */
  readonly #asides: ParseProblem[] = [];

  constructor(
    strings: StringTable,
    sink: SnapshotSink,
    hints: ParseHints = {},
    limits: Partial<ParseLimits> = {},
    options: ParseOptions = {},
  ) {
    this.#strings = strings;
    this.#sink = sink;
    this.#hints = hints;
    this.#limits = { ...defaultLimits, ...limits };
    this.#options = options;
    this.#hinted = hints.command === undefined || hints.command === '' ? null : parseCommand(hints.command);
    if (this.#hinted !== null && !this.#hinted.isL2tpSession) {
      this.#asides.push({ line: 0, message: `another command: ${excerpt(this.#hinted.text)}` });
      this.#skipping = true;
    }
  }

  /** Takes bytes of the capture; the chunk is the caller's again afterwards. */
  write(chunk: Uint8Array): void {
    this.#process(chunk, 0, chunk.length);
  }

  /** The capture is over. To be called once. */
  end(): CaptureResult {
    const line = this.#carry;
    this.#carry = new Uint8Array();
    if (line.length > 0 && this.#reader === null) this.#takeLine(line);
    const seen = this.#hints.complete === true;
    // What a reader hands back may hold further replies.
    while (this.#reader !== null || this.#carry.length > 0) {
      this.#closeReply();
      const rest = this.#carry;
      this.#carry = new Uint8Array();
      if (rest.length > 0 && this.#reader === null) this.#takeLine(rest);
      else if (rest.length > 0) this.#process(rest, 0, rest.length);
    }
    this.#finishSnapshot(seen);
    const errors = this.#snapshots > 0 ? this.#errors : [...this.#errors, ...this.#asides];
    if (this.#snapshots === 0 && errors.length === 0)
      errors.push({ line: 1, message: 'the capture is empty' });
    return { snapshots: this.#snapshots, errors: errors.slice(0, this.#limits.errors) };
  }

  #process(bytes: Uint8Array, start: number, end: number): void {
    let at = start;
    while (at < end) {
      if (this.#reader === null) at = this.#takeBetween(bytes, at, end);
      else {
        const to = this.#reader.write(bytes, at, end);
        this.#bytes += to - at;
        const stuck = to === at && !this.#reader.ended;
        at = to;
        if (this.#reader.ended || at < end) this.#closeReply();
        if (stuck) this.#skipping = true;
      }
    }
  }

  /** Bytes outside replies: one line, or the first bytes of markup. Returns how far they were taken. */
  #takeBetween(bytes: Uint8Array, start: number, end: number): number {
    const feed = bytes.indexOf(newline, start);
    const to = feed < 0 || feed >= end ? end : feed + 1;
    const whole = to > start && bytes[to - 1] === newline;
    const line =
      this.#carry.length === 0
        ? new Uint8Array(bytes.subarray(start, to))
        : concat(this.#carry, bytes, start, to);
    this.#carry = new Uint8Array();
    if (whole || line.length > this.#limits.lineBytes || (!this.#skipping && markupOf(line) !== null))
      this.#takeLine(line);
    else this.#carry = line;
    return to;
  }

  /** A line outside replies, with its line end unless it is the last, or the beginning of one that is markup or too long. */
  #takeLine(line: Uint8Array): void {
    const raw = withoutLineEnd(latin1(line));
    const text = raw.slice(pagerLength(raw));
    const ended = line[line.length - 1] === newline;
    const prompt = promptOf(text);
    if (prompt !== null) {
      this.#takePrompt(prompt.command, prompt.host);
    } else if (/^[ \t\r]*$/.test(text)) {
      this.#blank = concat(this.#blank, line, 0, line.length);
      if (this.#blank.length > this.#limits.lineBytes) this.#blank = new Uint8Array();
    } else if (isBanner(text) || text === ']]>]]>') this.#blank = new Uint8Array();
    else if (!this.#takeEchoedCommand(text)) {
      if (this.#skipping) this.#aside(text);
      else return this.#beginReply(line);
    }
    if (ended) this.#lineNumber++;
  }

  #takePrompt(command: string, host: string): void {
    // Typed ahead, it is echoed once as it comes and once more behind the prompt: the first is no command that printed nothing.
    const isEcho =
      this.#builder === null && this.#command?.text === command && this.#commandLine === this.#lineNumber - 1;
    if (!isEcho || command === '') this.#finishSnapshot(true);
    this.#blank = new Uint8Array();
    this.#router = host;
    this.#setCommand(command === '' ? null : parseCommand(command));
  }

  /** `show services l2tp session …` alone on a line: a command whose prompt was left out. */
  #takeEchoedCommand(text: string): boolean {
    if (!isEchoedCommand(text)) return false;
    this.#finishSnapshot(false);
    this.#setCommand(parseCommand(text));
    return true;
  }

  #setCommand(command: ParsedCommand | null): void {
    this.#command = command;
    this.#commandLine = this.#lineNumber;
    this.#broken = false;
    this.#skipping = command !== null && !command.isL2tpSession;
    if (command !== null && this.#skipping)
      this.#asides.push({ line: this.#lineNumber, message: `another command: ${excerpt(command.text)}` });
  }

  /** Output of another command, or what follows a reply that broke off. */
  #aside(text: string): void {
    if (this.#broken) return;
    if (this.#asides.length >= this.#limits.errors) return;
    if (messageOf(text) === 'error') this.#asides.push({ line: this.#lineNumber, message: text.trim() });
    else if (this.#command === null)
      this.#asides.push({ line: this.#lineNumber, message: `not understood: ${excerpt(text)}` });
  }

  #beginReply(line: Uint8Array): void {
    // Another reply without a prompt between: nothing proves the end of the one before.
    if (this.#builder !== null) this.#finishSnapshot(false);
    const bytes = concat(this.#blank, line, 0, line.length);
    const firstLine = this.#lineNumber - countNewlines(this.#blank);
    this.#blank = new Uint8Array();
    this.#openReply(this.#hints.format ?? markupOf(line) ?? 'text', firstLine);
    this.#process(bytes, 0, bytes.length);
  }

  #openReply(format: Format, firstLine: number): void {
    const { level, scope, text } = this.#origin();
    const ordinal = this.#ordinal++;
    const origin = { ordinal, format, level, scope, command: text, router: this.#router };
    const builder = new SnapshotBuilder(this.#strings, this.#sink, this.#limits, origin);
    builder.renewAbove = this.#options.renewStringsAbove ?? Infinity;
    this.#builder = builder;
    this.#bytes = 0;
    const whole = this.#hints.complete === true;
    if (format === 'xml')
      this.#reader = new XmlReader(builder, this.#limits, firstLine, this.#options.predict);
    else if (format === 'json')
      this.#reader = new JsonReader(builder, this.#limits, firstLine, this.#options.predict);
    else this.#reader = new TextReader(builder, this.#limits, firstLine, { whole, ...this.#options });
  }

  /**
   * Level and scope: of the `command` header for the capture's first snapshot, else of the echoed command. A filter of either
   * filters.
   */
  #origin(): { level: Level | null; scope: Scope; text: string } {
    const echoed = this.#command;
    const hinted = this.#ordinal === 0 ? this.#hinted : null;
    const command = hinted ?? echoed;
    if (command === null) return { level: null, scope: {}, text: '' };
    return { level: command.level, scope: { ...echoed?.scope, ...command.scope }, text: command.text };
  }

  /** The reader is done; the snapshot waits for its prompt. */
  #closeReply(): void {
    const reader = this.#reader;
    const builder = this.#builder;
    if (reader === null || builder === null) return;
    reader.end();
    this.#reader = null;
    this.#lineNumber = reader.lineNumber;
    const refused = builder.refused;
    if (refused !== null && builder.sessions === 0) {
      (this.#command !== null || this.#hinted !== null ? this.#errors : this.#asides).push(refused);
      this.#builder = null;
      this.#command = null;
      this.#ordinal--;
    }
    if (reader.failed === true) this.#skipping = this.#broken = true;
    const { leftover } = reader;
    this.#bytes -= leftover.length;
    this.#process(leftover, 0, leftover.length);
  }

  /** Hands the facts of the snapshot to the sink, when there is one. `seen`: a prompt, or someone, proves its end. */
  #finishSnapshot(seen: boolean): void {
    // A command that printed nothing: an empty listing.
    if (this.#builder === null && this.#command?.isL2tpSession === true) this.#openEmpty();
    const builder = this.#builder;
    if (builder === null) return;
    const dropping = this.#command?.dropping || (this.#ordinal === 1 ? this.#hinted?.dropping : '') || '';
    builder.finish({ seen, reason: dropping === '' ? '' : `filtered by | ${dropping}`, bytes: this.#bytes });
    this.#snapshots++;
    this.#builder = null;
    this.#reader = null;
    this.#command = null;
  }

  #openEmpty(): void {
    this.#openReply('text', this.#commandLine + 1);
    const reader = this.#reader as BodyReader;
    this.#bytes = this.#blank.length;
    reader.write(this.#blank, 0, this.#blank.length);
    reader.end();
    this.#blank = new Uint8Array();
  }
}

/** XML or JSON by the first bytes of a line; null when they are neither, or too few to tell. */
function markupOf(line: Uint8Array): Format | null {
  let at = 0;
  if (line[0] === 0xef && line[1] === 0xbb && line[2] === 0xbf) at = 3;
  while (isSpace(line[at])) at++;
  const first = line[at];
  if (first === 0x3c) return 'xml';
  if (first === 0x23) return /^#\d+\n|^##\n/.test(latin1(line.subarray(at, at + 16))) ? 'xml' : null;
  const next = line[at + 1];
  if (first === 0x7b && (isSpace(next) || next === 0x22 || next === 0x7d)) return 'json';
  if (first === 0x5b && (isSpace(next) || next === 0x7b || next === 0x5d)) return 'json';
  return null;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

function countNewlines(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) if (byte === newline) count++;
  return count;
}

function concat(a: Uint8Array, b: Uint8Array, start: number, end: number): Uint8Array {
  const joined = new Uint8Array(a.length + end - start);
  joined.set(a);
  joined.set(b.subarray(start, end), a.length);
  return joined;
}
