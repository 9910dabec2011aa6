/**
 * What the elements of a reply mean, for XML and JSON alike: wrappers, the listing, tunnels' tables, sessions, errors. The
 * tokenizers tell of elements and leaves with their place in the buffer; from here values go into rows, and bytes outside
 * sessions into the frame.
 */
import {
  Presence,
  fields,
  getPresence,
  indexOfField,
  rowWords,
  setPresence,
  slotOf,
} from '@sessionreel/session-model';
import type { Level } from '@sessionreel/session-model';
import { MarkupProblem, copyOf, type MarkupBuffer } from './markup-buffer.ts';
import type { Piece } from './layout.ts';
import { MarkupLayouts } from './markup-layouts.ts';
import { How, piecesOfRegion, recordWith, type LearnedRef, type Ref } from './markup-learn.ts';
import { Kind, equalBytes } from './markup-names.ts';
import { Prediction, needsMore } from './markup-predict.ts';
import { TunnelTable } from './markup-table.ts';
import { readUint } from './numbers.ts';
import type { SnapshotBuilder } from './snapshot-builder.ts';
import { readPrinted, textOf } from './values.ts';

const Zone = { outside: 0, listing: 1, session: 2, error: 3, other: 4 } as const;
const tunnelId = indexOfField('tunnel_local_id');
const durations = new Set(['up_time_s', 'idle_time_s'].map(indexOfField));
const encoder = new TextEncoder();
const secondsName = encoder.encode('seconds');
const styleName = encoder.encode('style');
// eslint-disable-next-line no-control-regex -- the pager erases its prompt by backspaces
const pager = /^[\s\x08]*(?:---\(more(?: \d+%)?\)---[\s\x08]*)+$/;
const maxDeferred = 65536;
const maxMessage = 500;
const scratch = new Uint32Array(rowWords);

/** A leaf's value: where it stands in the buffer, and its bytes without escapes. */
export interface Leaf {
  how: number;
  from: number;
  to: number;
  pad: number;
  bytes: Uint8Array;
  start: number;
  end: number;
}

/** A session whose tunnel was not known yet when its element ended: kept until its table ends. */
interface Deferred {
  readonly words: Uint32Array;
  readonly unknown: readonly (readonly [string, string])[];
  readonly body: readonly Piece[];
  readonly gap: Uint8Array;
  readonly line: number;
}

export class MarkupListing {
  /** First byte that is needed again: of the session or table head that is being read, else of the gap. */
  regionStart = 0;
  depth = 0;
  /** True when the outermost element was closed. */
  closed = false;
  /** Where a reply begins in the midst of this one, which was cut: this one ends before it. −1 when there is none. */
  abandonedAt = -1;
  /** True when the reply is malformed, or passed a limit. */
  failed = false;
  readonly layouts: MarkupLayouts;
  readonly table = new TunnelTable();
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
  #other = '';
  #message = '';
  #severity = '';
  #errorLine = 0;
  #row = 0;
  #line = 0;
  #refs: Ref[] = [];
  #unknown: [string, string][] = [];
  #secondsFrom = -1;
  #secondsTo = -1;
  #deferred: Deferred[] = [];
  #gap: Uint8Array[] = [];
  #isGapOwn = false;
  readonly #prediction: Prediction | null;
  /** How tables' heads were printed. */
  readonly #heads: Prediction | null;
  #generation = 0;
  /** White space (and, in JSON, a comma) between two sessions of a table, as it was last. */
  #between: Uint8Array = new Uint8Array(0);
  #isPredictable = true;
  /** Where a session begins that is known not to match. */
  #unmatched = -1;

  constructor(builder: SnapshotBuilder, buffer: MarkupBuffer, format: 'xml' | 'json', predict: boolean) {
    this.#builder = builder;
    this.#buffer = buffer;
    this.#format = format;
    this.#kinds = new Uint16Array(builder.limits.xmlDepth + 2);
    this.layouts = new MarkupLayouts(format, builder.strings, builder.limits.layouts);
    const tell = (name: string, raw: string): void => void builder.unknown(name, raw, this.#line);
    this.#prediction = predict ? new Prediction(format, builder.strings, tell) : null;
    this.#heads = predict ? new Prediction(format, builder.strings, () => undefined) : null;
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
    this.#secondsFrom = -1;
    if (this.#zone === Zone.listing) this.#openInListing(kind, at);
    else if (this.#zone === Zone.outside) this.#openOutside(kind, name, at);
    else if (this.#zone === Zone.session) this.#checkNesting(kind, at);
  }

  /** An attribute of the element at hand, its local name and its value. */
  attribute(nameFrom: number, nameTo: number, from: number, to: number): void {
    const { bytes } = this.#buffer;
    const kind = this.kind;
    if (durations.has(kind - Kind.field) && equalBytes(secondsName, bytes, nameFrom, nameTo)) {
      this.#secondsFrom = from;
      this.#secondsTo = to;
    } else if (kind === Kind.root && equalBytes(styleName, bytes, nameFrom, nameTo)) {
      const style = textOf(bytes, from, to);
      if (style === 'brief' || style === 'detail' || style === 'extensive' || style === 'statistics')
        this.#builder.suggestLevel(style satisfies Level);
    }
  }

  /** Text where only elements may stand. A pager's prompt is passed over; anything else may be what is left of a session. */
  strayText(from: number, to: number): void {
    this.#isPredictable = false;
    const text = textOf(this.#buffer.bytes, from, Math.min(to, from + maxMessage));
    if (this.#zone === Zone.other || pager.test(text)) return;
    this.#builder.problem(this.#buffer.lineAt(from), 'text where only elements may stand', true);
  }

  /** The element at hand, which holds no other, has this value. Called before `close`. */
  leaf(leaf: Leaf): void {
    const kind = this.kind;
    if (this.#zone === Zone.session) {
      if (this.depth > this.#sessionDepth) this.#leafOfSession(kind, leaf);
    } else if (this.#zone === Zone.listing) this.#leafOfListing(kind, leaf);
    else if (this.#zone === Zone.error) this.#leafOfError(kind, leaf);
    else if (this.#zone === Zone.outside && kind === Kind.wrapper) this.#textOutside(leaf);
  }

  /** The element at hand ends; `at` is the offset after its last byte. */
  close(at: number): void {
    const depth = this.depth--;
    if (this.#zone === Zone.session) {
      if (depth === this.#sessionDepth) this.#closeSession(at);
    } else if (this.#zone === Zone.listing) {
      if (depth === this.#tableDepth) this.#closeTable(at);
      else if (depth === this.#rootDepth) this.#zone = Zone.outside;
    } else if (depth === this.#asideDepth) {
      if (this.#zone === Zone.error) this.#closeError();
      this.#zone = this.#asideReturn;
      this.#asideDepth = 0;
    }
    if (this.depth === 0) this.closed = true;
  }

  /** The buffer is about to forget the bytes before the offset returned, which is `at` or less. */
  settle(at: number): number {
    if (this.#zone === Zone.session || this.#isHeadPending()) return this.#bounded(at);
    this.#hold(this.regionStart, at);
    return (this.regionStart = at);
  }

  /** Offsets shrink by `by`. */
  shift(by: number): void {
    this.regionStart -= by;
    this.#unmatched -= by;
    if (this.#secondsFrom >= 0) {
      this.#secondsFrom -= by;
      this.#secondsTo -= by;
    }
    for (const ref of this.#refs) shiftRef(ref, by);
    for (const ref of this.table.refs) shiftRef(ref, by);
  }

  /** No more bytes come. `at`: the end of what belongs to the reply. */
  finish(at: number): void {
    if (at > this.regionStart) this.#hold(this.regionStart, at);
    if (this.#deferred.length > 0) this.#settleDeferred();
    else this.#releaseGap();
    const line = this.#buffer.lineAt(at);
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

  /**
   * Reads the sessions from `at` on that are printed like those before them, with what stands between them. Returns the offset after
   * the last one, `at` when there is none, or `needsMore` when the bytes end within one that may be.
   */
  predict(at: number): number {
    const prediction = this.#prediction;
    const { table } = this;
    const isReady = this.#zone === Zone.listing && !this.#isGapOwn && (this.#tableDepth === 0 || table.hasId);
    if (prediction === null || !isReady || at === this.#unmatched) return at;
    const { bytes, view, end } = this.#buffer;
    const { words } = this.#builder;
    let done = at;
    let next = at;
    for (;;) {
      this.#line = this.#buffer.lineAt(next);
      this.#row = this.#builder.startRow(this.#line);
      for (const [name, raw] of table.unknown) this.#builder.unknown(name, raw, this.#line);
      const to = prediction.match(bytes, view, next, end, words, this.#row, table.unknown.length);
      if (to < 0) {
        if (to !== needsMore) this.#unmatched = next;
        return to === needsMore && done === at ? needsMore : done;
      }
      if (to - next > this.#builder.limits.sessionBytes) return done;
      this.#takePredicted(prediction, next, to);
      done = to;
      next = this.#afterBetween(to, end);
      if (next === to) return done;
    }
  }

  #takePredicted(prediction: Prediction, at: number, to: number): void {
    const generation = this.#generation;
    const pieces = this.layouts.pieces(prediction.body);
    this.#holdBeforeSession(at);
    const body = generation === this.#generation ? prediction.body : this.layouts.part(pieces);
    const agrees = this.table.apply(this.#builder.words, this.#row);
    if (!agrees) this.#builder.frame.unmarkHeader();
    this.#buffer.skipLines(at, to, prediction.newlines);
    const isTaken = this.#finishRow(body);
    this.regionStart = isTaken ? to : at;
    if (!isTaken) this.#hold(at, to);
    this.regionStart = to;
  }

  /** The offset after what stands between two sessions, `at` when it is something else. */
  #afterBetween(at: number, end: number): number {
    const { bytes } = this.#buffer;
    const between = this.#between;
    const { length } = between;
    if (length === 0 || at + length > end) return at;
    for (let i = 0; i < length; i++) if (between[i] !== bytes[at + i]) return at;
    return at + length;
  }

  /** What stands before the session at `at` is remembered, if it is nothing but white space. */
  #rememberBetween(at: number): void {
    const { bytes } = this.#buffer;
    const from = this.regionStart;
    if (!this.table.hasRow || at <= from || at - from > 256) return;
    for (let i = from; i < at; i++) {
      const c = bytes[i] as number;
      if (c > 0x20 && (c !== 0x2c || this.#format === 'xml')) return;
    }
    this.#between = copyOf(bytes, from, at);
  }

  #isHeadPending(): boolean {
    return this.#zone === Zone.listing && this.#tableDepth > 0 && !this.table.hasRow;
  }

  #bounded(at: number): number {
    const limit = this.#builder.limits.sessionBytes;
    if (at - this.regionStart > limit)
      throw new MarkupProblem(at, `a session or the head of a tunnel is longer than ${limit} bytes`);
    return this.regionStart;
  }

  #hold(from: number, to: number): void {
    if (to <= from) return;
    if (this.#isGapOwn) this.#gap.push(copyOf(this.#buffer.bytes, from, to));
    else this.#builder.frame.hold(this.#buffer.bytes, from, to);
  }

  #openOutside(kind: number, name: string, at: number): void {
    if (kind === Kind.rpcReply || kind === Kind.wrapper || kind === Kind.aside) return;
    if (kind === Kind.root) {
      this.#zone = Zone.listing;
      this.#rootDepth = this.depth;
      this.#rootSeen = true;
      this.table.reset();
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
    if (kind === Kind.entry) this.#openSession(at);
    else if (kind === Kind.tunnelTable || kind === Kind.sessionTable) {
      if (this.#tableDepth === 0) this.#openTable(at);
      else if (kind === Kind.tunnelTable) throw new MarkupProblem(at, 'a tunnel within a tunnel');
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

  #openTable(at: number): void {
    this.#hold(this.regionStart, at);
    this.regionStart = at;
    this.#tableDepth = this.depth;
    this.table.reset();
  }

  #closeTable(at: number): void {
    this.#tableDepth = 0;
    if (this.#deferred.length > 0) {
      this.#settleDeferred();
    }
    this.#hold(this.regionStart, at);
    this.regionStart = at;
    this.table.reset();
  }

  #openSession(at: number): void {
    this.#line = this.#buffer.lineAt(at);
    this.#rememberBetween(at);
    this.#holdBeforeSession(at);
    this.#zone = Zone.session;
    this.#isPredictable = true;
    this.#sessionDepth = this.depth;
    this.regionStart = at;
    this.#refs = [];
    this.#unknown = [];
    this.#row = this.#builder.startRow(this.#line);
    for (const [name, raw] of this.table.unknown) this.#addUnknown(name, raw);
  }

  /** The gap before a session goes to the frame, the table's head as such, unless the session may have to be deferred. */
  #holdBeforeSession(at: number): void {
    const { table } = this;
    if (this.#tableDepth > 0 && !table.hasRow && table.hasId) {
      table.head = this.#headOf(at);
      this.#builder.frame.markHeader();
    } else if (this.#tableDepth > 0 && !table.hasId) this.#isGapOwn = true;
    this.#hold(this.regionStart, at);
    if (this.#tableDepth > 0) table.hasRow = true;
  }

  /** Index of the pieces that print the table's head, which ends at `at`. */
  #headOf(at: number): number {
    const { table } = this;
    const { bytes, view } = this.#buffer;
    const from = this.regionStart;
    scratch.fill(0);
    if (this.#heads !== null && this.#heads.match(bytes, view, from, at, scratch, 0, 0) === at)
      return this.#heads.body;
    const record = recordWith(table.words, 0, this.#builder.strings, table.unknown);
    const { pieces, learned } = piecesOfRegion(table.refs, bytes, from, at, record, this.#format);
    const head = this.layouts.part(pieces);
    this.#checkGeneration();
    if (learned.every(({ ref }) => ref.field >= 0)) this.#heads?.learn(learned, bytes, from, at, head);
    return head;
  }

  /** What was learned before the layouts were forgotten names parts that are gone: true when that has happened. */
  #checkGeneration(): boolean {
    if (this.#generation === this.layouts.generation) return false;
    this.#generation = this.layouts.generation;
    this.#prediction?.forget();
    this.#heads?.forget();
    return true;
  }

  #closeSession(at: number): void {
    const { words, strings } = this.#builder;
    const { bytes } = this.#buffer;
    const row = this.#row;
    this.#zone = Zone.listing;
    this.#sessionDepth = 0;
    this.#bounded(at);
    const isFirst = this.table.head !== 0 && this.#tableDepth > 0;
    const agrees = this.table.apply(words, row);
    const record = recordWith(words, row, strings, this.#unknown);
    this.#refs.sort((a, b) => a.from - b.from);
    const { pieces, learned } = piecesOfRegion(this.#refs, bytes, this.regionStart, at, record, this.#format);
    const head = this.layouts.pieces(this.table.head);
    let body = this.layouts.part(pieces);
    if (this.#checkGeneration()) {
      this.table.head = this.layouts.part(head);
      body = this.layouts.part(pieces);
    }
    const hasId = getPresence(words, row, tunnelId) === Presence.value;
    if (this.#isGapOwn && (this.#deferred.length > 0 || !hasId)) this.#defer(pieces);
    else {
      this.#releaseGap();
      if (!agrees && isFirst) this.#builder.frame.unmarkHeader();
      if (!this.#finishRow(body)) this.#hold(this.regionStart, at);
      else if (this.#isPredictable) this.#learn(learned, body, at);
    }
    this.regionStart = at;
  }

  #learn(learned: readonly LearnedRef[], body: number, at: number): void {
    this.#prediction?.learn(learned, this.#buffer.bytes, this.regionStart, at, body);
  }

  /** Finishes the row with the layout of this body; false when the builder drops it. */
  #finishRow(body: number): boolean {
    const { table } = this;
    const changed = table.enter(this.#builder.words, this.#row);
    // Without a head of its own, a session of another tunnel stands there as if its head were empty.
    const hasHead = table.head !== 0;
    if (!hasHead && changed) this.#builder.frame.markHeader();
    const done = this.#builder.finishRow(this.layouts.id(table.head, body));
    if (!done) this.#builder.frame.unmarkHeader();
    return done;
  }

  #defer(body: readonly Piece[]): void {
    if (this.#deferred.length >= maxDeferred)
      throw new MarkupProblem(
        this.regionStart,
        `more than ${maxDeferred} sessions before the ID of their tunnel`,
      );
    const { words } = this.#builder;
    this.#deferred.push({
      words: words.slice(this.#row, this.#row + rowWords),
      unknown: this.#unknown,
      body,
      gap: Buffer.concat(this.#gap),
      line: this.#line,
    });
    this.#gap = [];
  }

  #releaseGap(): void {
    if (!this.#isGapOwn) return;
    this.#isGapOwn = false;
    for (const gap of this.#gap) this.#builder.frame.hold(gap, 0, gap.length);
    this.#gap = [];
  }

  /** The table ended, or the reply did: its sessions get the tunnel's fields that followed them. */
  #settleDeferred(): void {
    const rows = this.#deferred;
    const rest = this.#gap;
    this.#deferred = [];
    this.#gap = [];
    this.#isGapOwn = false;
    this.table.head = 0;
    for (const { words, unknown, body, gap, line } of rows) {
      this.#builder.frame.hold(gap, 0, gap.length);
      this.#line = line;
      this.#row = this.#builder.startRow(line);
      this.#builder.words.set(words, this.#row);
      this.table.apply(this.#builder.words, this.#row);
      for (const [name, raw] of [...unknown, ...this.table.unknown]) this.#builder.unknown(name, raw, line);
      // Its bytes are no longer there to be held instead.
      const part = this.layouts.part(body);
      this.#checkGeneration();
      if (!this.#finishRow(part)) this.#builder.frame.abandon();
    }
    for (const gap of rest) this.#builder.frame.hold(gap, 0, gap.length);
  }

  #leafOfSession(kind: number, leaf: Leaf): void {
    const { words } = this.#builder;
    const field = kind - Kind.field;
    if (leaf.how === How.literal) this.#isPredictable = false;
    if (field >= 0 && this.#readField(field, leaf, words, this.#row, this.#refs)) return;
    const name = this.#names[this.depth] as string;
    const ordinal = this.#addUnknown(name, textOf(leaf.bytes, leaf.start, leaf.end));
    if (ordinal >= 0) this.#refs.push(refOf(-1, ordinal, leaf, name));
    // A known element whose value is none of its type: the next one's may be.
    if (field >= 0 || ordinal < 0) this.#isPredictable = false;
  }

  #leafOfListing(kind: number, leaf: Leaf): void {
    if (kind < Kind.field && kind !== Kind.unknown) return;
    const { table } = this;
    const field = kind - Kind.field;
    const isLate = table.hasRow && this.#deferred.length === 0 && this.#tableDepth > 0;
    if (isLate) {
      const tag = this.#names[this.depth] as string;
      const message = `${tag} after the sessions of its tunnel is not read`;
      if (field >= 0) this.#builder.problem(this.#buffer.lineAt(leaf.from), message);
      return;
    }
    const refs = this.#tableDepth > 0 ? table.refs : [];
    if (field >= 0 && this.#readField(field, leaf, table.words, 0, refs)) return table.add(field);
    if (table.unknown.length >= this.#builder.limits.unknownLabels) return;
    const raw = textOf(leaf.bytes, leaf.start, leaf.end);
    const ordinal = table.unknown.push([this.#names[this.depth] as string, raw]) - 1;
    refs.push(refOf(-1, ordinal, leaf));
  }

  /** Reads a field's value, and the exact seconds beside a duration. False when it is no value of the field's type. */
  #readField(field: number, leaf: Leaf, words: Uint32Array, row: number, refs: Ref[]): boolean {
    const seconds =
      this.#secondsFrom < 0
        ? -1
        : readUint(this.#buffer.bytes, this.#secondsFrom, this.#secondsTo, 0xffffffff);
    const { strings } = this.#builder;
    const isRead = readPrinted(field, leaf.bytes, leaf.start, leaf.end, words, row, strings);
    if (!isRead && seconds < 0) return false;
    if (seconds >= 0) {
      const isBeside = getPresence(words, row, field) === Presence.notAvailable;
      if (!isBeside) {
        words[row + (slotOf[field] as number)] = seconds;
        setPresence(words, row, field, Presence.value);
      }
      refs.push({
        field,
        unknown: 0,
        name: '',
        how: How.seconds,
        from: this.#secondsFrom,
        to: this.#secondsTo,
        pad: 0,
      });
    }
    refs.push(refOf(field, 0, leaf));
    return true;
  }

  #addUnknown(name: string, raw: string): number {
    const ordinal = this.#builder.unknown(name, raw, this.#line);
    if (ordinal >= 0) this.#unknown.push([name, raw]);
    return ordinal;
  }

  #leafOfError(kind: number, leaf: Leaf): void {
    const text = textOf(leaf.bytes, leaf.start, Math.min(leaf.end, leaf.start + maxMessage)).trim();
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

  #textOutside(leaf: Leaf): void {
    const text = textOf(leaf.bytes, leaf.start, Math.min(leaf.end, leaf.start + maxMessage)).trim();
    if (text === '' || this.#other !== '') return;
    this.#errorLine = this.#buffer.lineAt(leaf.from);
    if (/^(error|syntax error|unknown command)/i.test(text)) this.#message = text;
    else this.#other = text;
  }
}

function refOf(field: number, unknown: number, leaf: Leaf, name = ''): Ref {
  const { how, from, to, pad } = leaf;
  return { field, unknown, name, how, from, to, pad };
}

function shiftRef(ref: Ref, by: number): void {
  const moved = ref as { from: number; to: number };
  moved.from -= by;
  moved.to -= by;
}
