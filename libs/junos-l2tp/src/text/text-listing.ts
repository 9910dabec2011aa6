/** The lines of a listing printed as text: which are headers of tunnels, which sessions, which neither. Sessions become rows. */
import { indexOfField, lineSlot, unknownSlot } from '@sessionreel/session-model';
import { isTimestamp, messageOf } from '../envelope/prompt.ts';
import type { ParseLimits } from '../envelope/reader.ts';
import type { SnapshotBuilder } from '../envelope/snapshot-builder.ts';
import type { FastPath } from '../predict/fast-path.ts';
import { bodyLabels } from './labels.ts';
import { literal } from './line-shape.ts';
import type { LineTemplate } from './line-templates.ts';
import { certainFields, isBlank } from './split-line.ts';
import { columnsOf, isTableHead, isTableRow, isTableSubhead, type Column } from './table.ts';
import { TextLayouts } from './text-layouts.ts';
import { excerpt } from './field-types.ts';
import { readLines, readTableRow, type TextContext, type TextLine } from './text-lines.ts';
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

const sessionId = indexOfField('session_local_id');

export class TextListing {
  readonly layouts: TextLayouts;
  /** What predicts sessions; null when nothing does. Set by the reader. */
  fast: FastPath | null = null;
  /** Of the tunnel at hand. */
  header: TunnelHeader | null = null;
  /** Nothing before the next session or header belongs to a session. */
  orphaned = false;
  /** The first line that is no listing's. */
  firstStray: TextLine | null = null;
  readonly #builder: SnapshotBuilder;
  readonly #limits: ParseLimits;
  readonly #context: TextContext;
  readonly #beforeReading: () => void;
  /** Lines between a header and its first session. */
  #between: TextLine[] | null = null;
  #columns: Column[] | null = null;
  #tableHead = '';
  #session: TextLine[] = [];
  #sessionBytes = 0;
  #blanks: TextLine[] = [];
  #warnings = 0;

  /** `beforeReading` is called before a session is read from its lines. */
  constructor(
    builder: SnapshotBuilder,
    limits: ParseLimits,
    context: TextContext,
    beforeReading: () => void,
  ) {
    this.#builder = builder;
    this.#limits = limits;
    this.#context = context;
    this.#beforeReading = beforeReading;
    this.layouts = new TextLayouts(builder, limits.layouts);
  }

  /** Lines of a session were taken that is not over yet. */
  get hasOpenSession(): boolean {
    return this.#session.length > 0;
  }

  /** Between a header and its first session: nothing is predicted there. */
  get isBetween(): boolean {
    return this.#between !== null;
  }

  /** A header was read, and nothing behind it. */
  get isBehindHeader(): boolean {
    return this.#between?.length === 0;
  }

  /** One line, its line end included. */
  take(line: TextLine): void {
    const { content } = line;
    if (isBlank(content)) this.#takeBlank(line);
    else if (this.#isSessionStart(content)) this.#beginSession(line);
    else if (this.#isHeader(content)) this.#beginTunnel(line);
    else if (messageOf(content) !== null) this.#takeMessage(line);
    else if (this.header === null && isTimestamp(content)) this.#holdLine(line);
    else if (this.#columns !== null) this.#takeRow(line);
    else if (this.#session.length > 0 && !isLostHeader(content, this.header, this.#firstLine))
      this.#addToSession(line);
    else this.#takeBetween(line);
  }

  #isSessionStart(content: string): boolean {
    return /session local id[ \t]*:/i.test(content) && certainFields(content, bodyLabels).includes(sessionId);
  }

  #takeBlank(line: TextLine): void {
    if (this.#session.length > 0) this.#blanks.push(line);
    else if (this.#between !== null) this.#between.push(line);
    else this.#holdLine(line);
  }

  /** The line opens a tunnel, or goes on to do so. */
  #isHeader(content: string): boolean {
    const header = this.header;
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
    return this.header !== null && this.#between?.length === 0 && goesOn(this.header, content);
  }

  /** True once a tunnel's ID or a session was seen: what follows is no longer the reply to something else. */
  get isInListing(): boolean {
    return this.#builder.sessions > 0 || isNamed(this.header);
  }

  #beginTunnel(line: TextLine): void {
    const before = this.#goesOnHeader(line.content) ? this.header : null;
    if (before === null) {
      this.finishSession();
      this.flushBetween(false);
      this.fast?.leave();
      this.orphaned = false;
      this.#columns = null;
      this.#builder.frame.markHeader();
    }
    this.header = readHeader(this.#context, [...(before?.lines ?? []), line]);
    this.#holdLine(line);
    this.#between = [];
  }

  #beginSession(line: TextLine): void {
    this.enterSessions();
    this.#addToSession(line);
  }

  /** Another session begins. */
  enterSessions(): void {
    this.finishSession();
    this.orphaned = false;
    this.#columns = null;
    this.flushBetween(true);
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
    this.orphaned = true;
  }

  /** A line between header and first session: the table's head, or what belongs nowhere. */
  #takeBetween(line: TextLine): void {
    this.finishSession();
    if (this.#between !== null && isTableHead(line.content)) {
      this.#tableHead = line.content;
      this.#between.push(line);
    } else if (this.#between !== null && this.#tableHead !== '' && isTableSubhead(line.content)) {
      this.#columns = columnsOf(this.#tableHead, line.content);
      this.#tableHead = '';
      this.#between.push(line);
    } else this.#takeStray(line);
  }

  #takeStray(line: TextLine): void {
    this.firstStray ??= line;
    if (!this.isInListing && /\bsh?o?w? +ser\w* +l2\w* +se\w* +\S/i.test(line.content))
      this.#builder.problem(line.number, `a command that is not understood: ${excerpt(line.content)}`, true);
    else if (!this.orphaned && this.isInListing)
      this.#builder.problem(line.number, `belongs to no session: ${excerpt(line.content)}`, true);
    else if (!this.orphaned && this.#warnings === 0 && this.firstStray === line)
      this.#builder.problem(line.number, `not understood: ${excerpt(line.content)}`);
    if (this.header !== null && isLostHeader(line.content, this.header, this.#firstLine))
      this.#loseHeader(this.header);
    this.orphaned = true;
    this.flushBetween(false);
    this.#holdLine(line);
  }

  /** Sessions that follow have no tunnel until the next header. */
  #loseHeader(header: TunnelHeader): void {
    header.words.fill(0);
    this.fast?.leave();
  }

  #takeRow(line: TextLine): void {
    this.finishSession();
    if (!isTableRow(line.content, this.#columns ?? [])) {
      this.#takeStray(line);
      this.orphaned = false;
      return;
    }
    this.orphaned = false;
    this.flushBetween(true);
    this.#session = [line];
    this.finishSession();
  }

  #takeMessage(line: TextLine): void {
    const text = line.content.trim();
    const isOpen = this.#session.length > 0;
    const { sessions } = this.#builder;
    this.finishSession();
    // The session that an error breaks off may have had more to print.
    if (isOpen && messageOf(line.content) === 'error' && this.#builder.sessions > sessions)
      this.#builder.markCut();
    this.flushBetween(false);
    this.#holdLine(line);
    this.firstStray ??= line;
    this.#warnings++;
    if (this.isInListing) {
      this.#builder.problem(line.number, text);
      this.#builder.incomplete(`${messageOf(line.content) ?? 'error'} after rows`);
    } else if (messageOf(line.content) === 'error') this.#builder.refuse(line.number, text);
    else this.#builder.problem(line.number, text);
  }

  /** Ends the lines between header and first session. `regular`: a session follows, and they are what its layout prints. */
  flushBetween(regular: boolean): void {
    const lines = this.#between;
    if (lines === null) {
      if (this.#columns === null && this.fast?.isTable === true) this.fast.leave();
      return;
    }
    for (const line of lines) this.#holdLine(line);
    this.#between = null;
    const header = this.header;
    if (!regular || header === null) {
      this.#builder.frame.unmarkHeader();
      if (!regular) return;
    }
    for (const line of lines) header?.templates.push(this.#literalTemplate(line));
    this.enterHeader();
  }

  enterHeader(): void {
    const header = this.header;
    if (header !== null)
      this.fast?.enter(isPredictable(header) ? header.templates : null, this.#columns !== null);
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
  finishSession(): void {
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
    this.#beforeReading();
    const builder = this.#builder;
    const row = builder.startRow(first.number);
    const { words } = builder;
    const header = this.header;
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
    const layout = this.layoutOf(read.templates, inherited.length);
    const accepted = builder.finishRow(layout);
    if (accepted && read.lines === lines.length) this.fast?.learn(read.templates);
    if (!accepted) builder.frame.unmarkHeader();
    const rest = accepted ? lines.slice(read.lines) : lines;
    for (const line of rest) this.#holdLine(line);
    if (rest.length > 0) this.orphaned = true;
  }

  /** Id of the layout of a session that was printed by these lines under the current header. */
  layoutOf(templates: readonly LineTemplate[], inherited: number): number {
    return this.layouts.idOf(this.header?.templates ?? [], templates, inherited);
  }
}
