/** Reads a listing printed as text, from bytes cut anywhere: sessions that are predicted at once, all else line by line. */
import { lineSlot, rowWords } from '@sessionreel/session-model';
import { mayBePager, pagerLength, withoutLineEnd } from '../envelope/prompt.ts';
import type { BodyReader, ParseLimits } from '../envelope/reader.ts';
import type { SnapshotBuilder } from '../envelope/snapshot-builder.ts';
import type { StringHolder } from '../envelope/string-renewal.ts';
import { FastPath } from '../predict/fast-path.ts';
import { found, run, type Predicted } from '../predict/found.ts';
import { giveBack, takeLearned, type LearnedLayouts } from '../predict/learned-layouts.ts';
import { LineIndex } from '../predict/line-index.ts';
import { windowBytes, windowStart } from '../predict/matcher.ts';
import { copyTunnel } from '../predict/predicted-header.ts';
import { LineTemplates, Shapes } from './line-templates.ts';
import { endsReply, mayBeginListing } from './text-ends.ts';
import { excerpt } from './field-types.ts';
import type { TextContext, TextLine } from './text-lines.ts';
import { TextListing } from './text-listing.ts';

export interface TextOptions {
  /** Whoever took the capture vouches for its end: a last line without line end is whole. */
  readonly whole: boolean;
  /** False: every line takes the plain path. */
  readonly predict?: boolean;
  /** What was learned of other captures. Default: nothing. */
  readonly learned?: LearnedLayouts;
}

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
  readonly #listing: TextListing;
  /** Null when prediction is off. */
  #learned: LearnedLayouts | null = null;
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
  /** Bytes of the line that ended the reply, when it began in an earlier chunk. */
  leftover: Uint8Array = noBytes;

  constructor(builder: SnapshotBuilder, limits: ParseLimits, firstLine: number, options: TextOptions) {
    this.#builder = builder;
    this.#limits = limits;
    this.#options = options;
    this.#lineNumber = firstLine;
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
    this.#listing = new TextListing(builder, limits, this.#context, () => {
      const isFull = this.#learned?.isFull === true || this.#context.templates.size > maxTemplates;
      if (isFull) this.#forgetLines();
    });
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
    this.#listing.fast = new FastPath(index, templates, (lines) => this.#listing.layoutOf(lines, 0));
  }

  rowsToKeep(): readonly Uint32Array[] {
    const { header } = this.#listing;
    return header === null ? [] : [header.words];
  }

  /** The lines that are known hold no ids; their order goes on to be what it was. */
  forgetStrings(): void {
    this.#listing.layouts.forget();
    this.#startPredicting();
    this.#listing.enterHeader();
  }

  /** An input of ever new lines must not fill the memory. */
  #forgetLines(): void {
    this.#context.templates.clear();
    this.#learned?.forget();
    this.#listing.layouts.forget();
    this.#startPredicting();
    // The header's templates are of a kind that is gone.
    this.#listing.fast?.leave();
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
    const listing = this.#listing;
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
      if (listing.isBehindHeader && beginsSession(bytes, at, end)) listing.enterSessions();
      const { fast } = listing;
      if (fast?.isReady === true && !listing.isBetween) {
        if (!isLast && end - at < fast.reserve) break;
        if (!listing.hasOpenSession || fast.isBoundary(at, end)) {
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
    const listing = this.#listing;
    if (listing.hasOpenSession) listing.finishSession();
    const builder = this.#builder;
    const bytes = this.#bytes;
    const { frame, words } = builder;
    const { header } = listing;
    if (header === null) return start;
    let at = start;
    while (at < end && (isLast || end - at >= fast.reserve)) {
      const row = builder.startDirtyRow();
      // The string table was emptied, and what predicts has begun anew.
      if (fast !== listing.fast) break;
      const count = fast.matchRun(at, end, isLast, builder.rowsLeft);
      if (count > 0) {
        at = this.#takeRun(fast, count, header.words);
        continue;
      }
      if (!fast.match(at, end, isLast, words, row, header.words)) break;
      if (found.gapEnd > at) frame.hold(bytes, at, found.gapEnd);
      if (found.hasHeader) {
        header.words.set(fast.header);
        frame.markHeader();
        frame.hold(bytes, found.gapEnd, found.bodyStart);
      }
      this.#lineNumber += found.lines - found.bodyLines;
      at = found.end;
      this.#isCut = this.#finishRow(row, found.bodyStart, at, found) && found.isCut;
    }
    return at;
  }

  /** Takes sessions that were matched at once; returns where those end that were taken. */
  #takeRun(fast: FastPath, count: number, tunnel: Uint32Array): number {
    const builder = this.#builder;
    const { words } = builder;
    const { runRows, runStarts } = fast;
    words.set(runRows.subarray(0, count * rowWords), builder.startDirtyRow());
    this.#isCut = false;
    for (let i = 0; i < count; i++) {
      const row = builder.startDirtyRow();
      copyTunnel(tunnel, words, row);
      const to = runStarts[i + 1] as number;
      if (this.#finishRow(row, runStarts[i] as number, to, run)) continue;
      // The rows behind it would stand elsewhere.
      fast.stopRun();
      return to;
    }
    return runStarts[count] as number;
  }

  /** Ends the row of a session that was predicted, whose body stands in the window. False when it was dropped. */
  #finishRow(row: number, from: number, to: number, { layout, bodyLines }: Predicted): boolean {
    const builder = this.#builder;
    const { frame } = builder;
    builder.words[row + lineSlot] = this.#lineNumber;
    this.#lineNumber += bodyLines;
    this.#listing.orphaned = false;
    if (builder.finishRow(layout)) return true;
    frame.unmarkHeader();
    frame.hold(this.#bytes, from, to);
    this.#listing.orphaned = true;
    return false;
  }

  end(): void {
    if (!this.#ended) this.#takeLast();
    const { frame } = this.#builder;
    const sessions = this.#builder.sessions;
    const listing = this.#listing;
    const isOpen = listing.hasOpenSession;
    listing.finishSession();
    const isCut = this.#isCut || (isOpen && this.#builder.sessions > sessions);
    if (isCut && !this.#ended && !this.#options.whole) this.#builder.markCut();
    listing.flushBetween(false);
    const rest = this.#ended ? noBytes : this.#bytes.slice(this.#start, this.#start + this.#held);
    frame.hold(rest, 0, rest.length);
    this.#held = 0;
    this.#stopPredicting();
    if (listing.isInListing) return;
    if (listing.header !== null) listing.firstStray ??= listing.header.lines[0] ?? null;
    const cut = Buffer.from(rest).toString('latin1');
    if (listing.firstStray === null && !mayBeginListing(cut))
      listing.firstStray = { content: cut, end: '', number: this.#lineNumber };
    const stray = listing.firstStray;
    if (stray !== null)
      this.#builder.refuse(stray.number, `no listing of L2TP sessions: ${excerpt(stray.content)}`);
  }

  /** What was learned serves other captures from now on. */
  #stopPredicting(): void {
    if (this.#learned !== null) giveBack(this.#learned, this.#options.learned);
    this.#learned = this.#listing.fast = this.#context.index = null;
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
    this.#listing.firstStray ??= { content: message, end: '', number: this.#lineNumber };
    this.#builder.frame.abandon();
    this.#skipping = true;
    this.#listing.finishSession();
    this.#listing.orphaned = true;
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
    this.#listing.take(line);
    return true;
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
