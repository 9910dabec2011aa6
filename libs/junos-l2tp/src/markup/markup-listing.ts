/**
 * What the elements of a reply mean, for XML and JSON alike: wrappers, the listing, tunnels' tables, sessions, errors. The
 * tokenizers tell of elements and leaves with their place in the buffer; what is in sessions and tables goes on to
 * markup-sessions.ts.
 */
import { fields, indexOfField, type Level, type ParseProblem } from '@sessionreel/session-model';
import { MarkupProblem, type MarkupBuffer } from './markup-buffer.ts';
import { Kind, equalBytes } from './markup-names.ts';
import type { Leaf } from './markup-fields.ts';
import { MarkupSessions } from './markup-sessions.ts';
import type { SnapshotBuilder } from '../envelope/snapshot-builder.ts';
import { textOf } from '../layout/values.ts';
import { excerpt } from '../text/field-types.ts';

const Zone = { outside: 0, listing: 1, session: 2, error: 3, other: 4 } as const;
const durations = new Set(['up_time_s', 'idle_time_s'].map(indexOfField));
const encoder = new TextEncoder();
const secondsName = encoder.encode('seconds');
const styleName = encoder.encode('style');
// eslint-disable-next-line no-control-regex -- the pager erases its prompt by backspaces
const pager = /^[\s\x08]*(?:---\(more(?: \d+%)?\)---[\s\x08]*)+$/;
const maxMessage = 500;

export class MarkupListing {
  depth = 0;
  /** True when the outermost element was closed. */
  closed = false;
  /** Where a reply begins in the midst of this one, which was cut: this one ends before it. −1 when there is none. */
  abandonedAt = -1;
  /** True when the reply is malformed, or passed a limit. */
  failed = false;
  readonly #sessions: MarkupSessions;
  readonly #builder: SnapshotBuilder;
  readonly #buffer: MarkupBuffer;
  readonly #format: 'xml' | 'json';
  readonly #kinds: Uint16Array;
  readonly #names: string[] = [];
  #zone: number = Zone.outside;
  /** Depths of the elements that are open; 0 when not. */
  #rootDepth = 0;
  #tableDepth = 0;
  #sessionDepth = 0;
  #asideDepth = 0;
  #asideReturn: number = Zone.outside;
  #rootSeen = false;
  /** The listing was a text. */
  #hasYielded = false;
  #other = '';
  #message = '';
  #severity = '';
  #errorLine = 0;
  /** What else a reply says that may be why its listing is not whole: beside the listing, or instead of sessions. */
  #beside: ParseProblem | null = null;
  #instead: ParseProblem | null = null;

  constructor(builder: SnapshotBuilder, buffer: MarkupBuffer, format: 'xml' | 'json', predict: boolean) {
    this.#builder = builder;
    this.#buffer = buffer;
    this.#format = format;
    this.#kinds = new Uint16Array(builder.limits.xmlDepth + 2);
    this.#sessions = new MarkupSessions(builder, buffer, format, predict);
  }

  get #formatName(): string {
    return this.#format === 'xml' ? 'XML' : 'JSON';
  }

  get kind(): number {
    return this.#kinds[this.depth] as number;
  }

  /** Whether white space around a value of the element at hand is never part of it. */
  get trims(): boolean {
    const kind = this.kind;
    return kind < Kind.field ? kind !== Kind.unknown : fields[kind - Kind.field]?.type !== 'text';
  }

  /** An element begins at `at`. `name`: its local name, for unknown fields and messages. */
  open(kind: number, name: string, at: number): void {
    if (++this.depth > this.#builder.limits.xmlDepth)
      throw new MarkupProblem(at, `nested deeper than ${this.#builder.limits.xmlDepth}`);
    this.#kinds[this.depth] = kind;
    this.#names[this.depth] = name;
    this.#sessions.noteSeconds(-1, -1);
    if (this.#zone === Zone.listing) this.#openInListing(kind, at);
    else if (this.#zone === Zone.outside) this.#openOutside(kind, name, at);
    else if (this.#zone === Zone.session) this.#checkNesting(kind, at);
  }

  /** An attribute of the element at hand, its local name and its value. */
  attribute(nameFrom: number, nameTo: number, from: number, to: number): void {
    const { bytes } = this.#buffer;
    const kind = this.kind;
    if (durations.has(kind - Kind.field) && equalBytes(secondsName, bytes, nameFrom, nameTo))
      this.#sessions.noteSeconds(from, to);
    else if (kind === Kind.root && equalBytes(styleName, bytes, nameFrom, nameTo)) {
      const style = textOf(bytes, from, to);
      if (style === 'brief' || style === 'detail' || style === 'extensive' || style === 'statistics')
        this.#builder.suggestLevel(style satisfies Level);
    }
  }

  /** True where a text is a reply of its own: in `<output>`, before any listing. */
  get isInOutput(): boolean {
    return this.kind === Kind.wrapper && this.mayHoldOutput(this.#names[this.depth] as string);
  }

  /** True where a text in an element of this name would be such a reply. */
  mayHoldOutput(name: string): boolean {
    return name === 'output' && this.#zone === Zone.outside && !this.#rootSeen && this.#other === '';
  }

  /** Text where only elements may stand. A pager's prompt is passed over; anything else may be what is left of a session. */
  strayText(from: number, to: number): void {
    this.#sessions.spoil();
    const text = textOf(this.#buffer.bytes, from, Math.min(to, from + maxMessage));
    if (this.#zone === Zone.other || pager.test(text)) return;
    this.#builder.problem(this.#buffer.lineAt(from), 'text where only elements may stand', true);
  }

  /** The element at hand, which holds no other, has this value. Called before `close`. */
  leaf(leaf: Leaf): void {
    const kind = this.kind;
    const name = this.#names[this.depth] as string;
    if (this.#zone === Zone.session) {
      if (this.depth > this.#sessionDepth) this.#sessions.leafOfSession(kind, name, leaf);
    } else if (this.#zone === Zone.listing) {
      if (this.depth === this.#rootDepth + 1) this.#leafOfRoot(kind, name, leaf);
      this.#sessions.leafOfTable(kind, name, leaf);
    } else if (this.#zone === Zone.error) this.#leafOfError(kind, leaf);
    else if (this.#zone === Zone.outside && kind === Kind.wrapper) this.#textOutside(leaf);
  }

  /** The element at hand ends; `at` is the offset after its last byte. */
  close(at: number): void {
    const depth = this.depth--;
    if (this.#zone === Zone.session) {
      if (depth === this.#sessionDepth) {
        this.#zone = Zone.listing;
        this.#sessionDepth = 0;
        this.#sessions.closeSession(at);
      }
    } else if (this.#zone === Zone.listing) {
      if (depth === this.#tableDepth) {
        this.#sessions.closeTable(at);
        this.#tableDepth = 0;
      } else if (depth === this.#rootDepth) this.#zone = Zone.outside;
    } else if (depth === this.#asideDepth) {
      if (this.#zone === Zone.error) this.#closeError();
      this.#zone = this.#asideReturn;
      this.#asideDepth = 0;
    }
    if (this.depth === 0) this.closed = true;
  }

  /** As `MarkupSessions.predict`. */
  predict(at: number): number {
    return this.#zone === Zone.listing ? this.#sessions.predict(at) : at;
  }

  /** The buffer is about to forget the bytes before the offset returned, which is `at` or less. */
  settle(at: number): number {
    const sessions = this.#sessions;
    const isHead = this.#zone === Zone.listing && sessions.isHeadPending;
    if (this.#zone === Zone.session || isHead) return sessions.bounded(at);
    sessions.hold(sessions.regionStart, at);
    return (sessions.regionStart = at);
  }

  /** Offsets shrink by `by`. */
  shift(by: number): void {
    this.#sessions.shift(by);
  }

  /** A text takes over at `at`, which only the closing of the reply ends. */
  yieldTo(at: number): void {
    this.#sessions.hold(this.#sessions.regionStart, at);
    this.#sessions.regionStart = Infinity;
    this.#rootSeen = true;
    this.#hasYielded = true;
  }

  /** No more bytes come. `at`: the end of what belongs to the reply. */
  finish(at: number): void {
    this.#sessions.finish(at);
    const line = this.#buffer.lineAt(at);
    for (const said of [this.#beside, this.#builder.sessions === 0 ? this.#instead : null])
      if (this.#rootSeen && said !== null) this.#builder.problem(said.line, said.message, true);
    if (!this.#rootSeen) this.#builder.refuse(this.#errorLine || line, this.#refusal());
    else if (this.closed) this.#builder.close();
    else this.#builder.incomplete(`cut: the ${this.#formatName} is not closed`);
  }

  /** The reply cannot be read on from here. */
  fail(problem: MarkupProblem): void {
    if (this.abandonedAt >= 0) return;
    this.failed = true;
    const line = this.#buffer.lineAt(problem.at);
    this.#builder.problem(line, problem.message, true);
    if (!this.#rootSeen) this.#builder.refuse(line, `malformed ${this.#formatName}: ${problem.message}`);
  }

  #refusal(): string {
    if (this.#message !== '') return `the router replied with an error: ${this.#message}`;
    if (this.#other !== '') return `not a listing of L2TP sessions: ${this.#other}`;
    const what = 'without service-l2tp-session-information';
    return this.closed ? `the reply ends ${what}` : `the reply is cut ${what}`;
  }

  #openOutside(kind: number, name: string, at: number): void {
    if (kind === Kind.rpcReply || kind === Kind.wrapper || kind === Kind.aside) return;
    if (kind === Kind.root && this.#hasYielded) this.#tellAnother(at);
    if (kind === Kind.root) {
      this.#zone = Zone.listing;
      this.#rootDepth = this.depth;
      this.#rootSeen = true;
      this.#sessions.table.reset();
      return;
    }
    // In `<cli>` and the like nothing is meant for us.
    if (this.depth > 1 && this.#kinds[this.depth - 1] === Kind.aside) return;
    this.#openAside(kind, at);
    if (this.#zone !== Zone.other || this.#other !== '') return;
    this.#other = name;
    this.#errorLine = this.#buffer.lineAt(at);
  }

  #openAside(kind: number, at: number): void {
    this.#asideReturn = this.#zone;
    this.#asideDepth = this.depth;
    this.#zone = kind === Kind.error || kind === Kind.warning ? Zone.error : Zone.other;
    if (this.#zone === Zone.error) {
      this.#errorLine = this.#buffer.lineAt(at);
      this.#severity = kind === Kind.warning ? 'warning' : 'error';
      this.#message = '';
    }
  }

  #openInListing(kind: number, at: number): void {
    if (kind === Kind.entry) {
      this.#sessions.openSession(at);
      this.#zone = Zone.session;
      this.#sessionDepth = this.depth;
    } else if (kind === Kind.tunnelTable || kind === Kind.sessionTable) {
      if (this.#tableDepth === 0) {
        this.#sessions.openTable(at);
        this.#tableDepth = this.depth;
      } else if (kind === Kind.tunnelTable) throw new MarkupProblem(at, 'a tunnel within a tunnel');
    } else if (kind === Kind.error || kind === Kind.warning) this.#openAside(kind, at);
    else this.#checkNesting(kind, at);
  }

  #checkNesting(kind: number, at: number): void {
    if (kind === Kind.rpcReply || kind === Kind.root) {
      this.depth--;
      this.abandonedAt = at;
      throw new MarkupProblem(at, 'the reply was cut: another begins within it');
    }
    if (this.#zone === Zone.session && kind >= Kind.tunnelTable && kind <= Kind.entry)
      throw new MarkupProblem(at, 'a session within a session');
  }

  /** An element beside the tunnels: what the router has to say, or what newer releases print. */
  #leafOfRoot(kind: number, name: string, leaf: Leaf): void {
    const text = messageIn(leaf);
    if (text === '' || (kind !== Kind.message && kind !== Kind.unknown)) return;
    const line = this.#buffer.lineAt(leaf.from);
    if (kind === Kind.message) this.#builder.problem(line, excerpt(text), true);
    else this.#instead ??= { line, message: `${name} and no session: ${excerpt(text)}` };
  }

  #leafOfError(kind: number, leaf: Leaf): void {
    const text = messageIn(leaf);
    if (kind === Kind.severity) this.#severity = text.toLowerCase();
    else if (kind === Kind.message || this.depth === this.#asideDepth) this.#message = text;
  }

  #closeError(): void {
    const isWarning = this.#severity === 'warning';
    const text = this.#message === '' ? 'without a message' : this.#message;
    const message = isWarning ? `warning: ${text}` : `error: ${text}`;
    if (isWarning) this.#message = '';
    this.#builder.problem(this.#errorLine, message, !isWarning);
    if (isWarning && this.#builder.sessions > 0) this.#builder.incomplete('warning after rows');
    if (!isWarning && this.#message === '') this.#message = text;
  }

  #tellAnother(at: number): void {
    const line = this.#buffer.lineAt(at);
    this.#builder.problem(line, 'more than one reply, or an error, behind the text', true);
  }

  #textOutside(leaf: Leaf): void {
    const text = messageIn(leaf);
    if (text === '' || this.#other !== '') return;
    if (this.#hasYielded) return this.#tellAnother(leaf.from);
    const line = this.#buffer.lineAt(leaf.from);
    this.#beside ??= { line, message: `beside the listing: ${excerpt(text)}` };
    this.#errorLine = this.#buffer.lineAt(leaf.from);
    if (/^(error|syntax error|unknown command)/i.test(text)) this.#message = text;
    else this.#other = text;
  }
}

function messageIn({ bytes, start, end }: Leaf): string {
  return textOf(bytes, start, Math.min(end, start + maxMessage)).trim();
}
