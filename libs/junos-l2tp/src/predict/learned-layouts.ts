/**
 * What was learned of lines, kept from capture to capture: how they are printed, and what a session of such lines is compared with. Nothing that
 * a capture says depends on it. A line that another capture showed is taken only where this one would have learned the very same of it; else
 * it is read as if nothing were known.
 */
import { indexOfField } from '@sessionreel/session-model';
import { compileLine } from './fast-step.ts';
import { Shapes, type Shape } from '../text/line-templates.ts';
import type { KnownLine } from './known-line.ts';
import { LineFlag } from './matcher-records.ts';
import { Matcher } from './matcher.ts';
import type { PredictedHeader } from './predicted-header.ts';

/** LACs print it twice. */
const interfaceUnit = new Set([indexOfField('interface_unit')]);
const nothing: ReadonlySet<number> = new Set();
/** Shapes, and headers, that are kept. */
const maxShapes = 20_000;
const maxHeaders = 256;
/** Lines that begin alike. */
const maxAlike = 32;
/** Bytes of layouts that are kept. */
const maxLayoutBytes = 4 << 20;
/** Memory that should be free when a capture begins. */
const spareBytes = 1 << 20;

export class LearnedLayouts {
  readonly matcher = new Matcher();
  readonly shapes = new Shapes();
  readonly headers = new Map<string, PredictedHeader | null>();
  readonly #lines = new Map<number, KnownLine>();
  readonly #byShape = new Map<Shape, KnownLine | null>();
  readonly #rows = new Map<Shape, KnownLine | null>();
  readonly #alike = new Map<string, number>();
  #layoutBytes = 0;
  #isTaken = false;

  /** Begins a capture. False when another is being read with this. */
  take(): boolean {
    if (this.#isTaken) return false;
    this.#isTaken = true;
    if (this.isFull || this.matcher.records.room < spareBytes) this.forget();
    this.matcher.beginCapture();
    return true;
  }

  /** The capture is read. */
  release(): void {
    this.#isTaken = false;
  }

  get isFull(): boolean {
    return this.shapes.size > maxShapes || this.headers.size > maxHeaders;
  }

  forget(): void {
    this.matcher.clear();
    this.shapes.clear();
    this.headers.clear();
    this.#lines.clear();
    this.#byShape.clear();
    this.#rows.clear();
    this.#alike.clear();
    this.#layoutBytes = 0;
  }

  /** A copy of a layout's text for captures to come; null when there are enough of them. */
  keepLayout(text: Uint8Array): Uint8Array | null {
    if (this.#layoutBytes + text.length > maxLayoutBytes) return null;
    this.#layoutBytes += text.length;
    return text.slice();
  }

  lineAt(at: number): KnownLine | undefined {
    return this.#lines.get(at);
  }

  /** The line of a shape as one of a session, a header, or a table's row; null when it is beyond matching, or there is no room. */
  store(shape: Shape, isRow = false): KnownLine | null {
    const stored = isRow ? this.#rows : this.#byShape;
    let known = stored.get(shape);
    if (known === undefined) stored.set(shape, (known = this.#add(shape, isRow)));
    return known;
  }

  /** The lines that are stored of a shape. */
  of(shape: Shape): KnownLine[] {
    return [this.#byShape.get(shape), this.#rows.get(shape)].filter((known) => known != null);
  }

  /** The line of a session, to be found by how it begins. */
  link(known: KnownLine): void {
    const flags = this.matcher.records.flagsOf(known.at);
    if ((flags & LineFlag.linked) !== 0) return;
    const first = known.line.steps[0]?.literal ?? new Uint8Array();
    if (first.length === 0) return;
    const begin = Buffer.from(first).toString('latin1');
    const alike = (this.#alike.get(begin) ?? 0) + 1;
    if (alike > maxAlike) return;
    this.#alike.set(begin, alike);
    this.matcher.records.setFlags(known.at, flags | LineFlag.linked);
    this.matcher.code.link(known.at);
  }

  #add(shape: Shape, isRow: boolean): KnownLine | null {
    if (shape.unknowns > 0) return null;
    const line = compileLine(shape.pieces, nothing, isRow);
    if (line === null || line.steps.length === 0) return null;
    const at = this.matcher.records.addLine(line, flagsOf(shape, isRow));
    if (at === 0) return null;
    const known: KnownLine = { at, shape, line, template: null };
    this.#lines.set(at, known);
    if (!isRow && line.steps.some((step) => interfaceUnit.has(step.field))) this.#addAgain(known);
    return known;
  }

  #addAgain({ at, shape }: KnownLine): void {
    const again = compileLine(shape.pieces, interfaceUnit);
    const stored = again === null ? 0 : this.matcher.records.addLine(again, 0);
    if (stored !== 0) this.matcher.records.setAgain(at, stored);
  }
}

function flagsOf({ pieces, isGuessed }: Shape, isRow: boolean): number {
  const isBlank =
    pieces.length < 2 &&
    pieces.every((piece) => typeof piece === 'string' && /^[ \t\r\n\v\f\u00a0]*$/.test(piece));
  const begins = typeof pieces[0] === 'string' && /^[ \t]*session local id:$/i.test(pieces[0]);
  return (
    (isBlank ? LineFlag.blank : 0) |
    (begins ? LineFlag.begins : 0) |
    (isGuessed && !isRow ? LineFlag.lasting : 0)
  );
}

const spares: LearnedLayouts[] = [];
const maxSpares = 2;

/** Of `kept`, or, where it is none or busy, something that has learned nothing. To be given back. */
export function takeLearned(kept: LearnedLayouts | undefined): LearnedLayouts {
  if (kept?.take() === true) return kept;
  const spare = spares.pop() ?? new LearnedLayouts();
  spare.forget();
  spare.take();
  return spare;
}

export function giveBack(learned: LearnedLayouts, kept: LearnedLayouts | undefined): void {
  learned.release();
  if (learned !== kept && spares.length < maxSpares) spares.push(learned);
}
