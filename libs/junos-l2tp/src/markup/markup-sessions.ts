/**
 * Sessions of a reply and the tables they stand in: values into rows, layouts learned and predicted, the bytes between sessions into the
 * frame. What an element means, and when it begins and ends, is markup-listing.ts's to say.
 */
import { Presence, getPresence, indexOfField, rowWords } from '@sessionreel/session-model';
import type { StringHolder } from '../envelope/string-renewal.ts';
import type { SnapshotBuilder } from '../envelope/snapshot-builder.ts';
import type { Piece } from '../layout/layout.ts';
import { textOf } from '../layout/values.ts';
import { MarkupProblem, copyOf, type MarkupBuffer } from './markup-buffer.ts';
import { MarkupFields, refOf, type Leaf } from './markup-fields.ts';
import { MarkupLayouts } from './markup-layouts.ts';
import { How, piecesOfRegion, recordWith, type LearnedRef, type Ref } from './markup-learn.ts';
import { Kind } from './markup-names.ts';
import { Prediction, needsMore } from './markup-predict.ts';
import { TunnelTable } from './markup-table.ts';

const tunnelId = indexOfField('tunnel_local_id');
const maxDeferred = 65536;
const scratch = new Uint32Array(rowWords);

/** A session whose tunnel was not known yet when its element ended: kept until its table ends. */
interface Deferred {
  readonly words: Uint32Array;
  readonly unknown: readonly (readonly [string, string])[];
  readonly body: readonly Piece[];
  readonly gap: Uint8Array;
  readonly line: number;
}

export class MarkupSessions implements StringHolder {
  /** First byte that is needed again: of the session or table head that is being read, else of the gap. */
  regionStart = 0;
  readonly layouts: MarkupLayouts;
  readonly table = new TunnelTable();
  readonly #builder: SnapshotBuilder;
  readonly #buffer: MarkupBuffer;
  readonly #format: 'xml' | 'json';
  #isInTable = false;
  #row = 0;
  #line = 0;
  #refs: Ref[] = [];
  #unknown: [string, string][] = [];
  readonly #fields: MarkupFields;
  #deferred: Deferred[] = [];
  /** True while they become rows. */
  #isSettling = false;
  /** What precedes a session that may have to be deferred. */
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
    this.#fields = new MarkupFields(builder, buffer);
    this.layouts = new MarkupLayouts(format, builder.strings, builder.limits.layouts);
    builder.holder = this;
    const tell = (name: string, raw: string): void => void builder.unknown(name, raw, this.#line);
    this.#prediction = predict ? new Prediction(format, builder.strings, tell) : null;
    this.#heads = predict ? new Prediction(format, builder.strings, () => undefined) : null;
  }

  rowsToKeep(): readonly Uint32Array[] | null {
    return this.#deferred.length > 0 || this.#isSettling ? null : [this.table.words, this.table.previous];
  }

  forgetStrings(): void {
    this.layouts.forgetIds();
    this.#prediction?.forget();
    this.#heads?.forget();
  }

  /** The element at hand has exact seconds at `[from, to)`; −1 for none. */
  noteSeconds(from: number, to: number): void {
    this.#fields.secondsFrom = from;
    this.#fields.secondsTo = to;
  }

  /** The session at hand is not one that others are predicted from. */
  spoil(): void {
    this.#isPredictable = false;
  }

  /** Offsets shrink by `by`. */
  shift(by: number): void {
    this.regionStart -= by;
    this.#unmatched -= by;
    this.#fields.shift(by);
    for (const ref of this.#refs) shiftRef(ref, by);
    for (const ref of this.table.refs) shiftRef(ref, by);
  }

  /** No more bytes come. `at`: the end of what belongs to the reply. */
  finish(at: number): void {
    if (at > this.regionStart) this.hold(this.regionStart, at);
    if (this.#deferred.length > 0) this.#settleDeferred();
    else this.#releaseGap();
  }

  /** The start of what is being read, which must not be longer than a session may be. */
  bounded(at: number): number {
    const limit = this.#builder.limits.sessionBytes;
    if (at - this.regionStart > limit)
      throw new MarkupProblem(at, `a session or the head of a tunnel is longer than ${limit} bytes`);
    return this.regionStart;
  }

  /** True while a table is open whose sessions are still to come: its head is needed whole. */
  get isHeadPending(): boolean {
    return this.#isInTable && !this.table.hasRow;
  }

  /** Bytes outside sessions, which go to the frame. */
  hold(from: number, to: number): void {
    if (to <= from) return;
    if (this.#isGapOwn) this.#gap.push(copyOf(this.#buffer.bytes, from, to));
    else this.#builder.frame.hold(this.#buffer.bytes, from, to);
  }

  openTable(at: number): void {
    this.hold(this.regionStart, at);
    this.regionStart = at;
    this.#isInTable = true;
    this.#fields.isRepeated = false;
    this.table.reset();
  }

  closeTable(at: number): void {
    this.#isInTable = false;
    if (this.#deferred.length > 0) this.#settleDeferred();
    this.hold(this.regionStart, at);
    this.regionStart = at;
    this.table.reset();
  }

  /**
   * Reads the sessions from `at` on that are printed like those before them, with what stands between them. Returns the offset after
   * the last one, `at` when there is none, or `needsMore` when the bytes end within one that may be.
   */
  predict(at: number): number {
    const prediction = this.#prediction;
    const { table } = this;
    const isReady = !this.#isGapOwn && (!this.#isInTable || table.hasId);
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
    if (!isTaken) this.hold(at, to);
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

  openSession(at: number): void {
    this.#line = this.#buffer.lineAt(at);
    this.#rememberBetween(at);
    this.#holdBeforeSession(at);
    this.#isPredictable = true;
    this.#fields.isRepeated = false;
    this.regionStart = at;
    this.#refs = [];
    this.#unknown = [];
    this.#row = this.#builder.startRow(this.#line);
    for (const [name, raw] of this.table.unknown) this.#addUnknown(name, raw);
  }

  /** The gap before a session goes to the frame, the table's head as such, unless the session may have to be deferred. */
  #holdBeforeSession(at: number): void {
    const { table } = this;
    if (this.#isInTable && !table.hasRow && table.hasId) {
      table.head = this.#headOf(at);
      this.#builder.frame.markHeader();
    } else if (this.#isInTable && !table.hasId) this.#isGapOwn = true;
    this.hold(this.regionStart, at);
    if (this.#isInTable) table.hasRow = true;
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
    const isRegular = !this.#fields.isRepeated && learned.every(({ ref }) => ref.field >= 0);
    if (isRegular) this.#heads?.learn(learned, bytes, from, at, head);
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

  closeSession(at: number): void {
    const { words, strings } = this.#builder;
    const { bytes } = this.#buffer;
    const row = this.#row;
    this.bounded(at);
    const isFirst = this.table.head !== 0 && this.#isInTable;
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
      if (!this.#finishRow(body)) this.hold(this.regionStart, at);
      else if (this.#isPredictable && !this.#fields.isRepeated) this.#learn(learned, body, at);
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
    this.#isSettling = true;
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
    this.#isSettling = false;
  }

  leafOfSession(kind: number, name: string, leaf: Leaf): void {
    const { words } = this.#builder;
    const field = kind - Kind.field;
    if (leaf.how === How.literal) this.#isPredictable = false;
    if (field >= 0 && this.#fields.take(field, name, leaf, words, this.#row, this.#refs)) return;
    const ordinal = this.#addUnknown(name, textOf(leaf.bytes, leaf.start, leaf.end));
    if (ordinal >= 0) this.#refs.push(refOf(-1, ordinal, leaf, name));
    // A known element whose value is none of its type: the next one's may be.
    if (field >= 0 || ordinal < 0) this.#isPredictable = false;
  }

  leafOfTable(kind: number, tag: string, leaf: Leaf): void {
    if (kind < Kind.field && kind !== Kind.unknown) return;
    const { table } = this;
    const field = kind - Kind.field;
    const isLate = table.hasRow && this.#deferred.length === 0 && this.#isInTable;
    if (isLate) {
      const message = `${tag} after the sessions of its tunnel is not read`;
      if (field >= 0) this.#builder.problem(this.#buffer.lineAt(leaf.from), message);
      return;
    }
    // Outside of a table each stands for the sessions behind it.
    const isRead =
      field >= 0 &&
      (this.#isInTable
        ? this.#fields.take(field, tag, leaf, table.words, 0, table.refs)
        : this.#fields.read(field, leaf, table.words, 0, []));
    if (isRead) return table.add(field);
    if (table.unknown.length >= this.#builder.limits.unknownLabels) return;
    const raw = textOf(leaf.bytes, leaf.start, leaf.end);
    const ordinal = table.unknown.push([tag, raw]) - 1;
    if (this.#isInTable) table.refs.push(refOf(-1, ordinal, leaf));
  }

  #addUnknown(name: string, raw: string): number {
    const ordinal = this.#builder.unknown(name, raw, this.#line);
    if (ordinal >= 0) this.#unknown.push([name, raw]);
    return ordinal;
  }
}

function shiftRef(ref: Ref, by: number): void {
  const moved = ref as { from: number; to: number };
  moved.from -= by;
  moved.to -= by;
}
