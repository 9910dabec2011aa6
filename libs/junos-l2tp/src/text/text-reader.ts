/** Reads a listing printed as text: lines into sessions, sessions into rows, whatever the layout. */
import { indexOfField, lineSlot, unknownSlot } from '@sessionreel/session-model';
import { FastPath, found } from '../predict/fast-path.ts';
import { giveBack, takeLearned, type LearnedLayouts } from '../predict/learned-layouts.ts';
import { LineIndex } from '../predict/line-index.ts';
import { literal } from './line-shape.ts';
import { LineTemplates, Shapes, type LineTemplate } from './line-templates.ts';
import { windowBytes, windowStart } from '../predict/matcher.ts';
import { bodyLabels } from './labels.ts';
import { isTimestamp, mayBePager, messageOf, pagerLength, withoutLineEnd } from '../envelope/prompt.ts';
import type { BodyReader, ParseLimits } from '../envelope/reader.ts';
import type { SnapshotBuilder } from '../envelope/snapshot-builder.ts';
import { certainFields, isBlank } from './split-line.ts';
import type { StringHolder } from '../envelope/string-renewal.ts';
import { columnsOf, isTableHead, isTableRow, isTableSubhead, type Column } from './table.ts';
import { endsReply, mayBeginListing } from './text-ends.ts';
import { TextLayouts } from './text-layouts.ts';
import {
  beginsLike,
  goesOn,
  isHeaderField,
  isHeaderLine,
  isLostHeader,
  isNamed,
  isPredictable,
  readHeader,
  type TunnelHeader,
} from './tunnel-header.ts';
import { excerpt, readLines, readTableRow, type TextContext, type TextLine } from './text-lines.ts';

export interface TextOptions {
  /** Whoever took the capture vouches for its end: a last line without line end is whole. */
  readonly whole: boolean;
  /** False: every line takes the plain path. */
  readonly predict?: boolean;
  /** What was learned of other captures. Default: nothing. */
  readonly learned?: LearnedLayouts;
}

const sessionId = indexOfField('session_local_id');
const newline = 0x0a;
const noBytes = new Uint8Array();
/** Zeros behind the text in the window. */
const sentinelBytes = 64;
/** Kinds of lines that are held at a time. */
const maxTemplates = 20_000;

export class TextReader implements BodyReader, StringHolder {
  readonly #builder: SnapshotBuilder;
  readonly #limits: ParseLimits;
  readonly #options: TextOptions;
  readonly #context: TextContext;
  readonly #layouts: TextLayouts;
  /** Null when prediction is off. */
  #learned: LearnedLayouts | null = null;
  #fast: FastPath | null = null;
  /** The text at hand is copied to `#bytes[#start …]`, `#size` bytes at most. */
  readonly #bytes: Uint8Array;
  readonly #start: number;
  readonly #size: number;
  /** Bytes at its beginning that wait for more: part of a line, or of a session that is to be read at once. */
  #held = 0;
  #ended = false;
  /** The session that was predicted last ends where the text does, and may have had more to print. */
  #isCut = false;
  #lineNumber: number;
  /** True while the rest of a line that is too long is thrown away. */
  #skipping = false;
  #lineEnd = '\n';
  #header: TunnelHeader | null = null;
  /** Lines between a header and its first session. */
  #betweenLines: TextLine[] | null = null;
  #columns: Column[] | null = null;
  #tableHead = '';
  #session: TextLine[] = [];
  #sessionBytes = 0;
  #blanks: TextLine[] = [];
  /** Why nothing before the next session or header belongs to a session; '' when it does. */
  #orphaned = false;
  #firstStray: TextLine | null = null;
  #warnings = 0;

  /** Bytes of the line that ended the reply, when it began in an earlier chunk. */
  leftover: Uint8Array = noBytes;

  constructor(builder: SnapshotBuilder, limits: ParseLimits, firstLine: number, options: TextOptions) {
    this.#builder = builder;
    this.#limits = limits;
    this.#options = options;
    this.#lineNumber = firstLine;
    this.#layouts = new TextLayouts(builder, limits.layouts);
    // Lines that are longer than the matcher's memory are read without.
    const isPredicting = options.predict !== false && limits.lineBytes * 2 <= windowBytes;
    this.#learned = isPredicting ? takeLearned(options.learned) : null;
    this.#bytes =
      this.#learned?.matcher.bytes ??
      new Uint8Array(Math.max(windowBytes, limits.lineBytes * 2) + sentinelBytes);
    this.#start = this.#learned === null ? 0 : windowStart;
    this.#size = this.#learned === null ? this.#bytes.length - sentinelBytes : windowBytes;
    this.#context = {
      strings: builder.strings,
      templates: new LineTemplates(this.#learned?.shapes ?? new Shapes()),
      learned: new Map<number, Set<number>>(),
      index: null,
      problem: (line, message, loses) => builder.problem(line, message, loses),
      unknownLabels: limits.unknownLabels,
    };
    builder.holder = this;
    this.#startPredicting();
  }

  /** What predicts sessions begins with nothing of this capture. */
  #startPredicting(): void {
    const learned = this.#learned;
    if (learned === null) return;
    learned.matcher.beginCapture();
    const { strings, learned: following, templates } = this.#context;
    const index = new LineIndex(learned, templates, strings, following);
    this.#context.index = index;
    this.#fast = new FastPath(index, templates, (lines) => this.#layoutOf(lines, 0));
  }

  rowsToKeep(): readonly Uint32Array[] {
    return this.#header === null ? [] : [this.#header.words];
  }

  /** The lines that are known hold no ids; their order goes on to be what it was. */
  forgetStrings(): void {
    this.#layouts.forget();
    this.#startPredicting();
    this.#enterHeader();
  }

  /** An input of ever new lines must not fill the memory. */
  #forgetLines(): void {
    this.#context.templates.clear();
    this.#learned?.forget();
    this.#layouts.forget();
    this.#startPredicting();
    // The header's templates are of a kind that is gone.
    this.#fast?.leave();
  }

  /** True once a prompt or a banner ended the reply. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Line of the capture that comes next. */
  get lineNumber(): number {
    return this.#lineNumber;
  }

  write(chunk: Uint8Array, start: number, end: number): number {
    let at = start;
    while (at < end) {
      const held = this.#held;
      const taken = Math.min(end - at, this.#size - held);
      this.#bytes.set(chunk.subarray(at, at + taken), this.#start + held);
      const used = this.#consume(held + taken, false);
      if (this.#ended) {
        this.#held = 0;
        if (used >= held) return at + used - held;
        this.leftover = this.#bytes.slice(this.#start + used, this.#start + held);
        return at;
      }
      at += taken;
      this.#held = held + taken - used;
      if (used > 0) this.#bytes.copyWithin(this.#start, this.#start + used, this.#start + held + taken);
    }
    return end;
  }

  /**
   * Takes sessions and lines from the first `length` bytes of the window; returns how many. What is left is part of a line, of which more must
   * come, or of a session that had better be read at once.
   */
  #consume(length: number, isLast: boolean): number {
    const bytes = this.#bytes;
    const start = this.#start;
    const end = start + length;
    bytes.fill(0, end, end + sentinelBytes);
    let at = start;
    while (at < end) {
      if (this.#skipping) {
        const feed = bytes.indexOf(newline, at);
        if (feed < 0 || feed >= end) return length;
        this.#skipping = false;
        at = feed + 1;
        continue;
      }
      const fast = this.#fast;
      if (this.#betweenLines?.length === 0 && beginsSession(bytes, at, end)) this.#enterSessions();
      if (fast?.isReady === true && this.#betweenLines === null) {
        if (!isLast && end - at < fast.reserve) break;
        if (this.#session.length === 0 || fast.isBoundary(at, end)) {
          const to = this.#runFast(fast, at, end, isLast);
          if (to > at) {
            at = to;
            continue;
          }
        }
      }
      const feed = bytes.indexOf(newline, at);
      if (feed < 0 || feed >= end) {
        if (end - at <= this.#limits.lineBytes) break;
        this.#dropLine(`line longer than ${this.#limits.lineBytes} bytes`);
        return length;
      }
      if (!this.#take(bytes, at, feed + 1)) break;
      at = feed + 1;
    }
    return at - start;
  }

  /** Reads sessions as long as they are predicted; returns where the first that is not begins. */
  #runFast(fast: FastPath, start: number, end: number, isLast: boolean): number {
    if (this.#session.length > 0) this.#finishSession();
    const builder = this.#builder;
    const bytes = this.#bytes;
    const { frame, words } = builder;
    const header = this.#header;
    if (header === null) return start;
    let at = start;
    while (at < end && (isLast || end - at >= fast.reserve)) {
      const row = builder.startDirtyRow();
      // The string table was emptied, and what predicts has begun anew.
      if (fast !== this.#fast) break;
      if (!fast.match(at, end, isLast, words, row, header.words)) break;
      if (found.gapEnd > at) frame.hold(bytes, at, found.gapEnd);
      if (found.hasHeader) {
        header.words.set(fast.header);
        frame.markHeader();
        frame.hold(bytes, found.gapEnd, found.bodyStart);
      }
      words[row + lineSlot] = this.#lineNumber + found.lines - found.bodyLines;
      this.#lineNumber += found.lines;
      this.#orphaned = false;
      at = found.end;
      this.#isCut = found.isCut;
      if (builder.finishRow(found.layout)) continue;
      this.#isCut = false;
      frame.unmarkHeader();
      frame.hold(bytes, found.bodyStart, at);
      this.#orphaned = true;
    }
    return at;
  }

  end(): void {
    if (!this.#ended) this.#takeLast();
    const { frame } = this.#builder;
    const sessions = this.#builder.sessions;
    const isOpen = this.#session.length > 0;
    this.#finishSession();
    const isCut = this.#isCut || (isOpen && this.#builder.sessions > sessions);
    if (isCut && !this.#ended && !this.#options.whole) this.#builder.markCut();
    this.#flushBetween(false);
    const rest = this.#ended ? noBytes : this.#bytes.slice(this.#start, this.#start + this.#held);
    frame.hold(rest, 0, rest.length);
    this.#held = 0;
    this.#stopPredicting();
    if (this.#isInListing) return;
    if (this.#header !== null) this.#firstStray ??= this.#header.lines[0] ?? null;
    const cut = Buffer.from(rest).toString('latin1');
    if (this.#firstStray === null && !mayBeginListing(cut))
      this.#firstStray = { content: cut, end: '', number: this.#lineNumber };
    const stray = this.#firstStray;
    if (stray !== null)
      this.#builder.refuse(stray.number, `no listing of L2TP sessions: ${excerpt(stray.content)}`);
  }

  /** What was learned serves other captures from now on. */
  #stopPredicting(): void {
    if (this.#learned !== null) giveBack(this.#learned, this.#options.learned);
    this.#learned = this.#fast = this.#context.index = null;
  }

  /** The last line, without line end: a prompt, or whole because someone says so, or no evidence. */
  #takeLast(): void {
    const used = this.#consume(this.#held, true);
    const line = this.#bytes.slice(this.#start + used, this.#start + this.#held);
    this.#held = 0;
    if (this.#ended) {
      this.leftover = line;
      return;
    }
    if (line.length === 0) return;
    const raw = Buffer.from(line).toString('latin1');
    const text = withoutLineEnd(mayBePager(raw) ? raw.slice(pagerLength(raw)) : raw);
    if (endsReply(text)) {
      this.#ended = true;
      this.leftover = line;
    } else if (this.#options.whole) {
      const whole = Buffer.concat([line, Buffer.from(this.#lineEnd, 'latin1')]);
      this.#builder.trim = this.#lineEnd.length;
      this.#take(whole, 0, whole.length);
    } else {
      this.#bytes.set(line, this.#start);
      this.#held = line.length;
    }
  }

  #dropLine(message: string): void {
    this.#builder.problem(this.#lineNumber, message, true);
    this.#firstStray ??= { content: message, end: '', number: this.#lineNumber };
    this.#builder.frame.abandon();
    this.#skipping = true;
    this.#finishSession();
    this.#orphaned = true;
    this.#lineNumber++;
  }

  /** One line with its line end. False when the reply ended before it. */
  #take(bytes: Uint8Array, start: number, end: number): boolean {
    if (end - start > this.#limits.lineBytes) {
      this.#dropLine(`line longer than ${this.#limits.lineBytes} bytes`);
      this.#skipping = false;
      return true;
    }
    let text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
    if (mayBePager(text)) {
      text = text.slice(pagerLength(text));
      // A pager's line that was not erased, but ended by the tool that took the capture.
      if (text === '\n') {
        this.#lineNumber++;
        return true;
      }
    }
    const content = withoutLineEnd(text);
    const line: TextLine = { content, end: text.slice(content.length), number: this.#lineNumber };
    if (endsReply(content)) {
      this.#ended = true;
      return false;
    }
    this.#lineEnd = line.end;
    this.#lineNumber++;
    this.#dispatch(line);
    return true;
  }

  #dispatch(line: TextLine): void {
    const { content } = line;
    if (isBlank(content)) this.#takeBlank(line);
    else if (this.#isSessionStart(content)) this.#beginSession(line);
    else if (this.#isHeader(content)) this.#beginTunnel(line);
    else if (messageOf(content) !== null) this.#takeMessage(line);
    else if (this.#header === null && isTimestamp(content)) this.#holdLine(line);
    else if (this.#columns !== null) this.#takeRow(line);
    else if (this.#session.length > 0 && !isLostHeader(content, this.#header, this.#firstLine))
      this.#addToSession(line);
    else this.#takeBetween(line);
  }

  #isSessionStart(content: string): boolean {
    return /session local id[ \t]*:/i.test(content) && certainFields(content, bodyLabels).includes(sessionId);
  }

  #takeBlank(line: TextLine): void {
    if (this.#session.length > 0) this.#blanks.push(line);
    else if (this.#betweenLines !== null) this.#betweenLines.push(line);
    else this.#holdLine(line);
  }

  /** The line opens a tunnel, or goes on to do so. */
  #isHeader(content: string): boolean {
    const header = this.#header;
    if (isHeaderLine(content, header, this.#firstLine)) return true;
    if (!isHeaderField(content)) return false;
    return header === null || this.#goesOnHeader(content) || beginsLike(header, content, this.#firstLine);
  }

  /** Of the session that is open. */
  get #firstLine(): string | undefined {
    return this.#session[0]?.content;
  }

  /** True when the line belongs to the header before it. */
  #goesOnHeader(content: string): boolean {
    return this.#header !== null && this.#betweenLines?.length === 0 && goesOn(this.#header, content);
  }

  /** True once a tunnel's ID or a session was seen: what follows is no longer the reply to something else. */
  get #isInListing(): boolean {
    return this.#builder.sessions > 0 || isNamed(this.#header);
  }

  #beginTunnel(line: TextLine): void {
    const before = this.#goesOnHeader(line.content) ? this.#header : null;
    if (before === null) {
      this.#finishSession();
      this.#flushBetween(false);
      this.#fast?.leave();
      this.#orphaned = false;
      this.#columns = null;
      this.#builder.frame.markHeader();
    }
    this.#header = readHeader(this.#context, [...(before?.lines ?? []), line]);
    this.#holdLine(line);
    this.#betweenLines = [];
  }

  #beginSession(line: TextLine): void {
    this.#enterSessions();
    this.#addToSession(line);
  }

  /** Another session begins. */
  #enterSessions(): void {
    this.#finishSession();
    this.#orphaned = false;
    this.#columns = null;
    this.#flushBetween(true);
  }

  #addToSession(line: TextLine): void {
    for (const blank of this.#blanks) this.#session.push(blank);
    this.#blanks = [];
    this.#session.push(line);
    this.#sessionBytes += line.content.length + line.end.length;
    if (this.#sessionBytes <= this.#limits.sessionBytes) return;
    this.#builder.problem(line.number, `session longer than ${this.#limits.sessionBytes} bytes`, true);
    for (const held of this.#session) this.#holdLine(held);
    this.#session = [];
    this.#sessionBytes = 0;
    this.#orphaned = true;
  }

  /** A line between header and first session: the table's head, or what belongs nowhere. */
  #takeBetween(line: TextLine): void {
    this.#finishSession();
    if (this.#betweenLines !== null && isTableHead(line.content)) {
      this.#tableHead = line.content;
      this.#betweenLines.push(line);
    } else if (this.#betweenLines !== null && this.#tableHead !== '' && isTableSubhead(line.content)) {
      this.#columns = columnsOf(this.#tableHead, line.content);
      this.#tableHead = '';
      this.#betweenLines.push(line);
    } else this.#takeStray(line);
  }

  #takeStray(line: TextLine): void {
    this.#firstStray ??= line;
    if (!this.#orphaned && this.#isInListing)
      this.#builder.problem(line.number, `belongs to no session: ${excerpt(line.content)}`, true);
    else if (!this.#orphaned && this.#warnings === 0 && this.#firstStray === line)
      this.#builder.problem(line.number, `not understood: ${excerpt(line.content)}`);
    if (this.#header !== null && isLostHeader(line.content, this.#header, this.#firstLine))
      this.#loseHeader(this.#header);
    this.#orphaned = true;
    this.#flushBetween(false);
    this.#holdLine(line);
  }

  /** Sessions that follow have no tunnel until the next header. */
  #loseHeader(header: TunnelHeader): void {
    header.words.fill(0);
    this.#fast?.leave();
  }

  #takeRow(line: TextLine): void {
    this.#finishSession();
    if (!isTableRow(line.content, this.#columns ?? [])) {
      this.#takeStray(line);
      this.#orphaned = false;
      return;
    }
    this.#orphaned = false;
    this.#flushBetween(true);
    this.#session = [line];
    this.#finishSession();
  }

  #takeMessage(line: TextLine): void {
    const text = line.content.trim();
    const isOpen = this.#session.length > 0;
    const { sessions } = this.#builder;
    this.#finishSession();
    // The session that an error breaks off may have had more to print.
    if (isOpen && messageOf(line.content) === 'error' && this.#builder.sessions > sessions)
      this.#builder.markCut();
    this.#flushBetween(false);
    this.#holdLine(line);
    this.#firstStray ??= line;
    this.#warnings++;
    if (this.#isInListing) {
      this.#builder.problem(line.number, text);
      this.#builder.incomplete(`${messageOf(line.content) ?? 'error'} after rows`);
    } else if (messageOf(line.content) === 'error') this.#builder.refuse(line.number, text);
    else this.#builder.problem(line.number, text);
  }

  /** Ends the lines between header and first session. `regular`: a session follows, and they are what its layout prints. */
  #flushBetween(regular: boolean): void {
    const lines = this.#betweenLines;
    if (lines === null) {
      if (this.#columns === null && this.#fast?.isTable === true) this.#fast.leave();
      return;
    }
    for (const line of lines) this.#holdLine(line);
    this.#betweenLines = null;
    const header = this.#header;
    if (!regular || header === null) {
      this.#builder.frame.unmarkHeader();
      if (!regular) return;
    }
    for (const line of lines) header?.templates.push(this.#literalTemplate(line));
    this.#enterHeader();
  }

  #enterHeader(): void {
    const header = this.#header;
    if (header !== null)
      this.#fast?.enter(isPredictable(header) ? header.templates : null, this.#columns !== null);
  }

  #literalTemplate(line: TextLine): LineTemplate {
    const whole = line.content + line.end;
    const record = { values: {}, rounding: {}, unknown: [] };
    return this.#context.templates.find(`literal ${whole}`, whole, record, 0, 0, {
      builds: [() => [literal(whole)]],
      isAlone: true,
    });
  }

  #holdLine(line: TextLine): void {
    const bytes = Buffer.from(line.content + line.end, 'latin1');
    this.#builder.frame.hold(bytes, 0, bytes.length);
  }

  /** The open session, if there is one, becomes a row. */
  #finishSession(): void {
    const lines = this.#session;
    const first = lines[0];
    if (first !== undefined) {
      this.#session = [];
      this.#sessionBytes = 0;
      this.#readSession(lines, first);
    }
    for (const blank of this.#blanks) this.#holdLine(blank);
    this.#blanks = [];
  }

  #readSession(lines: readonly TextLine[], first: TextLine): void {
    const isFull = this.#learned !== null && this.#learned.isFull;
    if (isFull || this.#context.templates.size > maxTemplates) this.#forgetLines();
    const builder = this.#builder;
    const row = builder.startRow(first.number);
    const { words } = builder;
    const header = this.#header;
    if (header !== null) words.set(header.words.subarray(0, unknownSlot), row);
    words[row + lineSlot] = first.number;
    const target = { words, row };
    const inherited = header?.unknown ?? [];
    const columns = this.#columns;
    const read =
      columns === null
        ? readLines(this.#context, target, lines, bodyLabels, inherited)
        : readTableRow(this.#context, target, first, columns, inherited);
    for (const [name, raw] of read.unknown) builder.unknown(name, raw, first.number);
    const layout = this.#layoutOf(read.templates, inherited.length);
    const accepted = builder.finishRow(layout);
    if (accepted && read.lines === lines.length) this.#fast?.learn(read.templates);
    if (!accepted) builder.frame.unmarkHeader();
    const rest = accepted ? lines.slice(read.lines) : lines;
    for (const line of rest) this.#holdLine(line);
    if (rest.length > 0) this.#orphaned = true;
  }

  /** Id of the layout of a session that was printed by these lines under the current header. */
  #layoutOf(templates: readonly LineTemplate[], inherited: number): number {
    return this.#layouts.idOf(this.#header?.templates ?? [], templates, inherited);
  }
}

const beginning = Buffer.from('Session local ID:', 'latin1');

/** Whether a whole line at `at` begins a session beyond doubt. */
function beginsSession(bytes: Uint8Array, at: number, end: number): boolean {
  let from = at;
  while (bytes[from] === 0x20) from++;
  for (let i = 0; i < beginning.length; i++) if (bytes[from + i] !== beginning[i]) return false;
  const feed = bytes.indexOf(newline, from);
  return feed >= 0 && feed < end;
}
