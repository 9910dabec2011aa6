/**
 * Reads the lines of one session, or of one tunnel's header, as a whole: which labels are true is only known from all of them. The
 * plain path: no layout is assumed.
 */
import {
  Presence,
  fields,
  getPresence,
  indexOfField,
  recordOfRow,
  type FieldType,
  type SessionRecord,
  type StringTable,
} from '@sessionreel/session-model';
import {
  bodyLabels,
  firstLineLabels,
  counterRows,
  freeTextFields,
  unknownField,
  type CounterRow,
} from './labels.ts';
import { guesses, piecesOfLine, slotOf, type Place } from './line-shape.ts';
import { printedWith } from '../predict/fast-step.ts';
import type { KnownLine } from '../predict/learned-layouts.ts';
import type { LineIndex } from '../predict/line-index.ts';
import type { LineTemplates, LineTemplate } from './line-templates.ts';
import { piecesOfRow } from './row-shape.ts';
import {
  certainFields,
  isBlank,
  leadingSpace,
  lineEnd,
  splitLine,
  trimmedEnd,
  type SplitContext,
} from './split-line.ts';
import { cellsOf, restOf, type Cell, type Column } from './table.ts';
import { isAddress, isNotAvailable, readPrinted, spansOf, textOf } from '../layout/values.ts';
import { readU64, readUint } from '../layout/numbers.ts';
import { secondsOfDate, secondsOfDuration } from '../layout/times.ts';

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
/** A space, a tab, a no-break space in UTF-8; and what is none. */
const gap = '(?:[ \\t]|\\xc2\\xa0)';
const solid = '[^ \\t\\xa0\\xc2]+';
const counterNames = [...counterRows.keys()].map((label) => label.replaceAll(' ', `${gap}+`)).join('|');
const counterRow = new RegExp(
  `^${gap}*(${counterNames}):?${gap}+(${solid})(?:${gap}+(${solid}))?${gap}*$`,
  'di',
);
const counterHead = new RegExp(`^${gap}*Packets${gap}+Bytes${gap}*$`, 'i');
const otherCounter = new RegExp(
  `^${gap}*([^:]*?[^:\\s\\xa0\\xc2])(${gap}+\\d${solid.slice(0, -1)}*){1,2}${gap}*$`,
  'd',
);

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

interface LinePlan {
  /** The line's template, where it was known at once. */
  readonly known?: LineTemplate;
  readonly certain: readonly number[];
  readonly places: readonly Place[];
  readonly unknownBase: number;
  readonly unknowns: number;
  readonly cells?: readonly Cell[];
}

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
    const known = this.#lines.map((_, i) => this.#knownLine(i, false));
    const certain = this.#lines.map(
      (line, i) => known[i]?.shape.certain ?? certainFields(line.content, this.#labelsOf(i)),
    );
    const counts = new Map<number, number>();
    for (const fields of certain) for (const field of fields) counts.set(field, (counts.get(field) ?? 0) + 1);
    const plans: LinePlan[] = [];
    for (let i = 0; i < this.#lines.length; i++) {
      const plan = known[i] === null ? null : this.#planKnown(i);
      if (plan !== null) {
        plans.push(plan);
        continue;
      }
      this.#at = i;
      this.#enter(this.#lines[i] as TextLine);
      const own = certain[i] ?? [];
      const elsewhere = {
        has: (field: number) => (counts.get(field) ?? 0) > own.filter((f) => f === field).length,
      };
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

  #knownLine(i: number, withValues: boolean): KnownLine | null {
    const { index } = this.#context;
    const end = this.#starts[i];
    if (index === null || end === undefined) return null;
    const start = i === 0 ? this.#from : (this.#starts[i - 1] as number);
    const { words, row } = this.#target;
    return index.find(start, end, withValues ? { words, row, printed: this.#printed } : null);
  }

  /** Reads a known line, unless it prints what was printed before. */
  #planKnown(i: number): LinePlan | null {
    const { words, row } = this.#target;
    const known = this.#knownLine(i, true);
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
    if (counterHead.test(content)) {
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
    const match = counterRow.exec(content);
    if (match === null) return this.#inCounters ? this.#unknownCounter(content) : null;
    const [, [start, end] = [0, 0], second] = (match.indices as RegExpIndicesArray).slice(1);
    const label = match[1] as string;
    const row = counterRows.get(label.toLowerCase().replace(/(?:[ \t]|\xc2\xa0)+/g, ' ')) as CounterRow;
    const values = [{ field: row.fields[0] as number, label, start, end }];
    const [from, to] = second ?? [0, 0];
    if (from < to && row.fields[1] !== undefined)
      values.push({ field: row.fields[1], label, start: from, end: to });
    if (this.#isRepeated(values)) return [];
    const places = values.flatMap((v) => this.#placesOf(v.field, v.label, v.start, v.end, false));
    if (from === to || row.fields[1] !== undefined) return places;
    return [...places, ...this.#keepUnknown(`${label} bytes`, from, to)];
  }

  /** A row of the counters' table that the catalogue does not know: `Foo Tx   4   88`. */
  #unknownCounter(content: string): Place[] | null {
    const match = otherCounter.exec(content);
    if (match === null) return null;
    const start = (match.indices as RegExpIndicesArray)[1]?.[1] ?? 0;
    return this.#keepUnknown(
      match[1] as string,
      start + leadingSpace(content.slice(start)),
      trimmedEnd(content),
    );
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
      this.#context.problem(
        this.#line.number,
        `${label}: ${excerpt(raw)} is no ${typeNames[fields[field]?.type ?? 'text']}`,
      );
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
      (plan, i) => plan.known ?? this.#templateOf(plan, this.#lines[i] as TextLine, record),
    );
    return { templates, lines: plans.length, unknown: this.#unknown };
  }

  #templateOf(plan: LinePlan, line: TextLine, record: SessionRecord): LineTemplate {
    const whole = line.content + line.end;
    const places = plan.places.map((p) =>
      p.field < 0 ? { ...p, unknown: p.unknown - plan.unknownBase } : p,
    );
    const relative = { ...record, unknown: record.unknown.slice(plan.unknownBase) };
    const builds = guesses.map((guess) => () => piecesOfLine(whole, places, relative, guess));
    const { cells } = plan;
    if (cells !== undefined)
      builds.unshift(() =>
        piecesOfRow(line.content, line.end, cells, (i) =>
          slotOf(whole, places[i] as Place, '', '', relative, 'exact'),
        ),
      );
    return this.#context.templates.find(
      keyOf(whole, places, cells),
      whole,
      record,
      plan.unknownBase,
      plan.unknowns,
      { builds, isAlone: cells === undefined },
      { certain: plan.certain, isCounterHead: counterHead.test(line.content) },
    );
  }
}

/** Labels, separators and fields of a line, without values and the spaces around them. */
function keyOf(line: string, places: readonly Place[], cells: readonly Cell[] | undefined): string {
  if (cells !== undefined) return `row ${cells.map((c) => `${c.column.label}@${c.column.start}`).join(' ')}`;
  let key = '';
  let at = 0;
  for (const place of places) {
    key += `${line.slice(at, place.start).replace(/ +$/, '')}\u{0}${place.field} `;
    at = place.end;
  }
  return key + line.slice(at);
}

const typeNames: Readonly<Record<FieldType, string>> = {
  u16: 'number from 0 to 65535',
  u32: 'number from 0 to 4294967295',
  u64: 'number from 0 to 18446744073709551615',
  text: 'text',
  word: 'word',
  address: 'address',
  datetime: 'date and time',
  duration: 'duration',
};

function fitsType(field: number, bytes: Uint8Array, start: number, end: number): boolean {
  switch (fields[field]?.type) {
    case 'u16':
      return readUint(bytes, start, end, 0xffff) >= 0;
    case 'u32':
      return readUint(bytes, start, end, 0xffffffff) >= 0;
    case 'u64':
      return readU64(bytes, start, end);
    case 'datetime':
      return secondsOfDate(textOf(bytes, start, end)) >= 0;
    case 'duration':
      return secondsOfDuration(textOf(bytes, start, end)) >= 0;
    case 'address':
      return isAddress(bytes, start, end);
    default:
      return true;
  }
}

/** A quotation of what was not understood, bounded. */
export function excerpt(latin1: string): string {
  const text = Buffer.from(latin1.slice(0, 60), 'latin1').toString('utf8');
  return JSON.stringify(latin1.length > 60 ? `${text}…` : text);
}
