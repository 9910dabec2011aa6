/**
 * Reads the lines of one session, or of one tunnel's header, as a whole: which labels are true is only known from all of them. The
 * plain path: no layout is assumed.
 */
import {
  Presence,
  getPresence,
  indexOfField,
  recordOfRow,
  type SessionRecord,
  type StringTable,
} from '@sessionreel/session-model';
import { isNotAvailable, readPrinted, spansOf, textOf } from '../layout/values.ts';
import { printedWith } from '../predict/fast-step.ts';
import type { KnownLine } from '../predict/known-line.ts';
import type { LineIndex } from '../predict/line-index.ts';
import { counterLineOf, isCounterHead, otherCounterOf } from './counter-rows.ts';
import { excerpt, fitsType, typeNameOf } from './field-types.ts';
import { bodyLabels, firstLineLabels, freeTextFields, unknownField } from './labels.ts';
import { templateOf, type LinePlan } from './line-learning.ts';
import type { Place } from './line-shape.ts';
import type { LineTemplate, LineTemplates } from './line-templates.ts';
import {
  certainFields,
  isBlank,
  leadingSpace,
  lineEnd,
  splitLine,
  trimmedEnd,
  type SplitContext,
} from './split-line.ts';
import { cellsOf, restOf, type Column } from './table.ts';

/** One line in Latin-1, its line end apart. */
export interface TextLine {
  readonly content: string;
  readonly end: string;
  /** In the capture, from 1. */
  readonly number: number;
}

/** What reading lines needs and changes, for the whole capture. */
export interface TextContext {
  readonly strings: StringTable;
  readonly templates: LineTemplates;
  /** Which field followed a free text, from lines without doubt. */
  readonly learned: Map<number, Set<number>>;
  readonly problem: (line: number, message: string, loses?: boolean) => void;
  /** Lines that are known; null where every line is to be read without. */
  index: LineIndex | null;
  /** Unknown values kept for one session; what is more is told, and only printed. */
  readonly unknownLabels: number;
}

/** Where values go: a row of words. */
export interface Target {
  readonly words: Uint32Array;
  readonly row: number;
}

export interface LinesRead {
  readonly templates: readonly LineTemplate[];
  /** Lines that belong together; those after it belong to nothing that is known. */
  readonly lines: number;
  /** Unknown values, in order: as the row will hold them. */
  readonly unknown: readonly (readonly [string, string])[];
}

const tunnelId = indexOfField('tunnel_local_id');
const interfaceUnit = indexOfField('interface_unit');
/** Reads labelled lines. `inherited`: unknown values that the session has before these lines (from the tunnel's header). */
export function readLines(
  context: TextContext,
  target: Target,
  lines: readonly TextLine[],
  labels: ReadonlyMap<string, number>,
  inherited: readonly (readonly [string, string])[],
): LinesRead {
  return new LinesReader(context, target, lines, labels, inherited).read();
}

/** Reads a row of the brief table. */
export function readTableRow(
  context: TextContext,
  target: Target,
  line: TextLine,
  columns: readonly Column[],
  inherited: readonly (readonly [string, string])[],
): LinesRead {
  return new LinesReader(context, target, [line], new Map(), inherited).readRow(columns);
}

const noRecord: SessionRecord = { values: {}, rounding: {}, unknown: [] };

class LinesReader {
  readonly #context: TextContext;
  readonly #target: Target;
  readonly #lines: readonly TextLine[];
  readonly #labels: ReadonlyMap<string, number>;
  readonly #unknown: [string, string][];
  /** Raw values of the fields read, by field. */
  readonly #read = new Map<number, string>();
  readonly #printed = new Set<number>();
  /** Where the first line begins and each ends, in the matcher's memory. */
  #from = 0;
  #starts: number[] = [];
  #bytes: Uint8Array = new Uint8Array();
  #line: TextLine = { content: '', end: '', number: 0 };
  /** Number of the line at hand among the session's. */
  #at = 0;
  #inCounters = false;
  #lost = false;

  constructor(
    context: TextContext,
    target: Target,
    lines: readonly TextLine[],
    labels: ReadonlyMap<string, number>,
    inherited: readonly (readonly [string, string])[],
  ) {
    this.#context = context;
    this.#target = target;
    this.#lines = lines;
    this.#labels = labels;
    this.#unknown = inherited.map(([name, raw]) => [name, raw]);
  }

  read(): LinesRead {
    this.#join();
    const known = this.#lines.map((_, i) => this.#knownLine(i, null));
    const certain = this.#lines.map(
      (line, i) => known[i]?.shape.certain ?? certainFields(line.content, this.#labelsOf(i)),
    );
    const counts = new Map<number, number>();
    for (const fields of certain) for (const field of fields) counts.set(field, (counts.get(field) ?? 0) + 1);
    const plans: LinePlan[] = [];
    for (let i = 0; i < this.#lines.length; i++) {
      const own = certain[i] ?? [];
      const elsewhere = {
        has: (field: number) => (counts.get(field) ?? 0) > own.filter((f) => f === field).length,
      };
      const plan = known[i] === null ? null : this.#planKnown(i, elsewhere);
      if (plan !== null) {
        plans.push(plan);
        continue;
      }
      this.#at = i;
      this.#enter(this.#lines[i] as TextLine);
      const read = this.#planLine(elsewhere, own);
      if (this.#lost) break;
      plans.push(read);
    }
    return this.#learn(plans);
  }

  #labelsOf(line: number): ReadonlyMap<string, number> {
    const isFirst = line === 0 && this.#labels === bodyLabels;
    const hasTunnel = getPresence(this.#target.words, this.#target.row, tunnelId) !== Presence.absent;
    return isFirst && !hasTunnel ? firstLineLabels : this.#labels;
  }

  /** Puts all lines where known ones are found. */
  #join(): void {
    const { index } = this.#context;
    if (index === null || this.#labels !== bodyLabels) return;
    let at = index.matcher.putPlain(this.#lines.map((line) => line.content + line.end).join(''));
    this.#starts = at < 0 ? [] : this.#lines.map((line) => (at += line.content.length + line.end.length));
    if (at >= 0) this.#from = index.matcher.plainAt;
  }

  #knownLine(i: number, accepts: ((known: KnownLine) => boolean) | null): KnownLine | null {
    const { index } = this.#context;
    const end = this.#starts[i];
    if (index === null || end === undefined) return null;
    const start = i === 0 ? this.#from : (this.#starts[i - 1] as number);
    const { words, row } = this.#target;
    return index.find(start, end, accepts === null ? null : { words, row, printed: this.#printed, accepts });
  }

  /** Reads a known line, unless it prints what was printed before. */
  #planKnown(i: number, elsewhere: Pick<ReadonlySet<number>, 'has'>): LinePlan | null {
    const { words, row } = this.#target;
    const known = this.#knownLine(i, (line) => isSplitAlike(line, elsewhere));
    if (known === null) return null;
    for (const { field, slot } of known.line.steps) {
      if (field < 0) continue;
      for (const other of printedWith(field)) this.#read.set(other, '');
      if (field === interfaceUnit) this.#read.set(field, String(words[row + slot]));
      this.#printed.add(field);
    }
    if (known.shape.isCounterHead) this.#inCounters = true;
    return { known: known.template as LineTemplate, places: [], certain: [], unknownBase: 0, unknowns: 0 };
  }

  readRow(columns: readonly Column[]): LinesRead {
    this.#enter(this.#lines[0] as TextLine);
    const { content, number } = this.#line;
    const cells = cellsOf(content, columns);
    const base = this.#unknown.length;
    const places = cells.flatMap((cell) =>
      this.#placesOf(cell.column.field, cell.column.label, cell.start, cell.end, false),
    );
    const rest = restOf(content, cells);
    if (rest >= 0) {
      this.#context.problem(number, `more values than columns: ${excerpt(content)}`, true);
      places.push(...this.#keepUnknown('', rest, trimmedEnd(content)));
    }
    const simple = places.length === cells.length;
    return this.#learn([
      {
        places,
        certain: [],
        unknownBase: base,
        unknowns: this.#unknown.length - base,
        ...(simple ? { cells } : {}),
      },
    ]);
  }

  #enter(line: TextLine): void {
    this.#line = line;
    this.#bytes = Buffer.from(line.content, 'latin1');
  }

  #planLine(elsewhere: Pick<ReadonlySet<number>, 'has'>, certain: readonly number[]): LinePlan {
    const { content } = this.#line;
    const unknownBase = this.#unknown.length;
    const places = this.#placesOfLine(content, elsewhere);
    return { places, certain, unknownBase, unknowns: this.#unknown.length - unknownBase };
  }

  #placesOfLine(content: string, elsewhere: Pick<ReadonlySet<number>, 'has'>): Place[] {
    if (isBlank(content)) return [];
    if (isCounterHead(content)) {
      this.#inCounters = true;
      return [];
    }
    const counters = this.#counterPlaces(content);
    if (counters !== null) return counters;
    const split: SplitContext = {
      labels: this.#labelsOf(this.#at),
      certain: elsewhere,
      learned: this.#context.learned,
      fits: (field, start, end) => this.#fits(field, start, end),
    };
    const segments = splitLine(content, split);
    if (segments.length === 0) return this.#unlabelled(content);
    if (this.#isRepeated(segments)) return [];
    const places: Place[] = [];
    segments.forEach((s, i) => {
      this.#learnNext(content, s, segments[i + 1]?.field ?? lineEnd);
      const first = s.field === unknownField ? s : segments.find(({ field }) => field === s.field);
      const isOther =
        first !== undefined && content.slice(first.start, first.end) !== content.slice(s.start, s.end);
      places.push(
        ...(isOther ? this.#otherValue(s) : this.#placesOf(s.field, s.label, s.start, s.end, true)),
      );
    });
    return places;
  }

  /** A label that the line has printed already, with another value. */
  #otherValue({ label, start, end }: { label: string; start: number; end: number }): Place[] {
    this.#context.problem(this.#line.number, `${label} is printed twice, with different values`, true);
    return this.#keepUnknown(label, start, end);
  }

  /**
   * True when a field is printed that the session has printed already: then the line that begins another session is missing, and
   * nothing from here on belongs to this one. Only `Interface unit` is printed twice, by LACs.
   */
  #isRepeated(segments: readonly { field: number; label: string; start: number; end: number }[]): boolean {
    for (const { field, label, start, end } of segments) {
      if (field === unknownField) continue;
      const before = this.#read.get(field);
      if (before === undefined) continue;
      if (field === interfaceUnit && before === this.#line.content.slice(start, end)) continue;
      this.#context.problem(
        this.#line.number,
        `${label} is printed twice: the line that begins a session is missing`,
        true,
      );
      this.#lost = true;
      return true;
    }
    return false;
  }

  #unlabelled(content: string): Place[] {
    const start = leadingSpace(content);
    const end = trimmedEnd(content);
    this.#context.problem(this.#line.number, `not understood: ${excerpt(content)}`);
    return this.#keepUnknown('', start, end);
  }

  #counterPlaces(content: string): Place[] | null {
    const row = counterLineOf(content);
    if (row === null) return this.#inCounters ? this.#unknownCounter(content) : null;
    if (this.#isRepeated(row.values)) return [];
    const places = row.values.flatMap((v) => this.#placesOf(v.field, v.label, v.start, v.end, false));
    if (row.rest === null) return places;
    return [...places, ...this.#keepUnknown(`${row.label} bytes`, row.rest.start, row.rest.end)];
  }

  /** A row of the counters' table that the catalogue does not know: `Foo Tx   4   88`. */
  #unknownCounter(content: string): Place[] | null {
    const row = otherCounterOf(content);
    if (row === null) return null;
    const start = row.end + leadingSpace(content.slice(row.end));
    return this.#keepUnknown(row.label, start, trimmedEnd(content));
  }

  /** Reads one printed value; where its parts stand. A value that does not fit its field is told, and kept as unknown. */
  #placesOf(field: number, label: string, start: number, end: number, composite: boolean): Place[] {
    if (field === unknownField) return this.#keepUnknown(label, start, end);
    const raw = this.#line.content.slice(start, end);
    if (this.#read.has(field)) return [{ field, unknown: 0, start, end }];
    this.#read.set(field, raw);
    this.#printed.add(field);
    const { words, row } = this.#target;
    if (!readPrinted(field, this.#bytes, start, end, words, row, this.#context.strings)) {
      this.#context.problem(this.#line.number, `${label}: ${excerpt(raw)} is no ${typeNameOf(field)}`);
      return this.#keepUnknown(label, start, end);
    }
    const spans = composite ? spansOf(field, this.#bytes, start, end) : [{ field, start, end }];
    return spans.map((span, i) => {
      const place: Place = { field: span.field, unknown: 0, start: span.start, end: span.end };
      if (span.field === field) return place;
      const isBefore = spans[i + 1]?.field === field;
      if (isBefore) return { ...place, group: { from: start, to: spans[i + 1]?.start ?? end } };
      const previous = spans[i - 1];
      return previous === undefined ? place : { ...place, group: { from: previous.end, to: span.end } };
    });
  }

  #keepUnknown(name: string, start: number, end: number): Place[] {
    const raw = textOf(this.#bytes, start, end);
    const label = Buffer.from(name, 'latin1').toString('utf8');
    if (this.#unknown.length >= this.#context.unknownLabels) {
      this.#context.problem(
        this.#line.number,
        `more than ${this.#context.unknownLabels} unknown labels in a session`,
      );
      return [];
    }
    this.#unknown.push([label, raw]);
    return [{ field: -1, unknown: this.#unknown.length - 1, start, end }];
  }

  #learnNext(content: string, segment: { field: number; start: number; end: number }, next: number): void {
    if (!freeTextFields.has(segment.field) || segment.start === segment.end) return;
    if (content.slice(segment.start, segment.end).includes(':')) return;
    const known = this.#context.learned.get(segment.field);
    if (known === undefined) this.#context.learned.set(segment.field, new Set([next]));
    else known.add(next);
  }

  #fits(field: number, start: number, end: number): boolean {
    if (field === unknownField || start >= end || isNotAvailable(this.#bytes, start, end)) return true;
    return spansOf(field, this.#bytes, start, end).every((span) =>
      fitsType(span.field, this.#bytes, span.start, span.end),
    );
  }

  #learn(plans: readonly LinePlan[]): LinesRead {
    const { words, row } = this.#target;
    const isKnown = plans.every((plan) => plan.known !== undefined);
    const values = isKnown ? noRecord : recordOfRow(words, row, this.#context.strings);
    const record: SessionRecord = { ...values, unknown: this.#unknown };
    const templates = plans.map(
      (plan, i) =>
        plan.known ?? templateOf(this.#context.templates, plan, this.#lines[i] as TextLine, record),
    );
    return { templates, lines: plans.length, unknown: this.#unknown };
  }
}

/** Whether the labels behind a known line's free text are true in this session: none is printed by other lines. */
function isSplitAlike({ line: { steps } }: KnownLine, elsewhere: Pick<ReadonlySet<number>, 'has'>): boolean {
  const free = steps.findIndex((step) => step.free && step.next !== lineEnd);
  if (free < 0) return true;
  return !steps.slice(free + 1).some(({ field }) => printedWith(field).some((f) => elsewhere.has(f)));
}
