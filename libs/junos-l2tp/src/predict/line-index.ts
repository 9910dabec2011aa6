/** The known lines of a capture, with those of captures before it: for matching sessions, and for the plain path. */
import { Presence, getPresence, indexOfField, rowWords, type StringTable } from '@sessionreel/session-model';
import { isLiteral, printedWith, type Step } from './fast-step.ts';
import { hasValues, textId } from './fast-text.ts';
import type { KnownLine } from './known-line.ts';
import type { LearnedLayouts } from './learned-layouts.ts';
import type { LineTemplate, LineTemplates } from '../text/line-templates.ts';
import { LineFlag } from './matcher-records.ts';
import type { IdOfText, Matcher } from './matcher.ts';
import { lineEnd } from '../text/split-line.ts';

const interfaceUnit = indexOfField('interface_unit');

/** Where the plain path wants values. */
export interface PlainValues {
  readonly words: Uint32Array;
  readonly row: number;
  /** Fields that the session printed before. */
  readonly printed: ReadonlySet<number>;
  /** Whether the session's other lines let the line be what it is. */
  readonly accepts: (known: KnownLine) => boolean;
}

export class LineIndex {
  readonly learned: LearnedLayouts;
  readonly matcher: Matcher;
  readonly strings: StringTable;
  readonly #templates: LineTemplates;
  readonly #following: Map<number, Set<number>>;
  readonly #idOf: IdOfText;

  /** `following`: what the plain path knows of what follows free texts, which matches add to. */
  constructor(
    learned: LearnedLayouts,
    templates: LineTemplates,
    strings: StringTable,
    following: Map<number, Set<number>>,
  ) {
    this.learned = learned;
    this.strings = strings;
    this.matcher = learned.matcher;
    this.#templates = templates;
    this.#following = following;
    this.#idOf = (bytes, from, to, step, marks) => textId(strings, bytes, from, to, step, marks);
    templates.onFirst = (group) => {
      for (const template of group.templates) this.#sync(template);
    };
  }

  /** Adds a line that this capture shows; null when it is beyond matching. */
  add(template: LineTemplate, isRow = false): KnownLine | null {
    const known = this.learned.store(template.shape, isRow);
    if (known === null || known.template === template) return known;
    known.template = template;
    this.matcher.records.adopt(known.at);
    this.#activate(known, template);
    return known;
  }

  /** As `add`, for a line that may stand anywhere in a session. */
  addToSessions(template: LineTemplate): KnownLine | null {
    const known = this.add(template);
    if (known !== null) this.learned.link(known);
    return known;
  }

  #sync(template: LineTemplate): void {
    for (const known of this.learned.of(template.shape))
      if (known.template === template) this.#activate(known, template);
  }

  #activate(known: KnownLine, template: LineTemplate): void {
    const flags = this.matcher.records.flagsOf(known.at) & ~LineFlag.active;
    const isFirst = template.group.templates[0] === template;
    this.matcher.records.setFlags(known.at, isFirst ? flags | LineFlag.active : flags);
  }

  /** Whether the line belongs to this capture and would be tried first. */
  isActive(known: KnownLine): boolean {
    const { matcher } = this;
    return (
      !matcher.records.isStranger(known.at) && (matcher.records.flagsOf(known.at) & LineFlag.active) !== 0
    );
  }

  /**
   * Makes lines of other captures that matched just now this capture's own. False when it would have learned something else of one of them: then
   * none of them is tried again.
   */
  adopt(lines: readonly KnownLine[]): boolean {
    const strangers = lines.filter((line) => this.matcher.records.isStranger(line.at));
    let isAdopted = true;
    for (const known of strangers) {
      if (!this.matcher.records.isStranger(known.at)) continue;
      const template = this.#isSplitAlike(known) ? this.#templates.adopt(known.shape) : null;
      if (template === null) isAdopted = false;
      else this.add(template);
    }
    if (isAdopted) return true;
    for (const known of strangers) {
      if (!this.matcher.records.isStranger(known.at)) continue;
      this.matcher.records.adopt(known.at);
      this.matcher.records.setFlags(known.at, this.matcher.records.flagsOf(known.at) & ~LineFlag.active);
    }
    return false;
  }

  /** Whether this capture's lines would have the labels behind free texts where this line has them: see `nextLabel` in split-line.ts. */
  #isSplitAlike({ line: { steps } }: KnownLine): boolean {
    return steps.every((step, i) => {
      if (!step.free || step.next === lineEnd) return true;
      if (this.#following.get(step.field)?.has(step.next) === false) return false;
      return !steps.slice(i).some(({ field }) => field === interfaceUnit);
    });
  }

  /** Whether the plain path, by what it knows of what follows free texts, would end those of the row where these lines do. */
  agrees(lines: readonly KnownLine[], row: Uint32Array): boolean {
    return lines.every(({ line: { steps } }) =>
      steps.every(
        (step) =>
          !step.free ||
          step.next === lineEnd ||
          !isPrinted(step, row) ||
          this.#following.get(step.field)?.has(step.next) !== false,
      ),
    );
  }

  /** Ids of the texts that were matched last go to `row`. False when one needs a closer look. */
  takeTexts(row: Uint32Array): boolean {
    return this.matcher.takeTexts(row, this.#idOf);
  }

  /** As `takeTexts`, for sessions that were matched at once: how many of them stand. */
  takeRunTexts(count: number): number {
    return this.matcher.takeRunTexts(count, this.#idOf);
  }

  /** The plain path is told what follows the free texts of these lines, of which `row` holds the values. */
  teach(lines: readonly KnownLine[], row: Uint32Array): void {
    for (const { at, line } of lines) {
      if (!line.steps.some((step) => step.free)) continue;
      for (const step of line.steps) {
        if (!step.free || !isPrinted(step, row)) continue;
        const known = this.#following.get(step.field);
        if (known === undefined) this.#following.set(step.field, new Set([step.next]));
        else known.add(step.next);
      }
      this.matcher.records.teach(at, row);
    }
  }

  /**
   * The known line that is all of the text between two places, for the plain path: which it is, where that is all that is asked for, or
   * its values, too. Null when there is none; the row is as before then.
   */
  find(start: number, end: number, values: PlainValues | null): KnownLine | null {
    const { matcher } = this;
    if (values === null) matcher.row.fill(0);
    else matcher.row.set(values.words.subarray(values.row, values.row + rowWords));
    const to = matcher.code.findLine(start, matcher.rowAt);
    if (to !== end) return null;
    const known = this.learned.lineAt(matcher.foundLine);
    if (known === undefined || (values === null && matcher.strangers > 0)) return null;
    if (values === null) return known;
    const { printed, words, row } = values;
    // A unit that was printed but could not be read is in no row.
    const hasUnit = getPresence(words, row, interfaceUnit) === Presence.value;
    const isRepeated = (step: Step): boolean =>
      printedWith(step.field).some((field) => printed.has(field)) &&
      !(step.field === interfaceUnit && hasUnit);
    if (known.line.steps.some((step) => !isLiteral(step) && isRepeated(step))) return null;
    if (!hasValues(matcher.row, known.line.needed) || !values.accepts(known)) return null;
    if (matcher.hasFreeText && !this.agrees([known], matcher.row)) return null;
    if (matcher.strangers > 0 && !this.adopt([known])) return null;
    if (!this.takeTexts(matcher.row)) return null;
    if (matcher.hasFreeText) this.teach([known], matcher.row);
    values.words.set(matcher.row, values.row);
    return known;
  }
}

/** Whether the row holds a value, or N/A. */
function isPrinted(step: Step, row: Uint32Array): boolean {
  return (((row[step.presenceAt] as number) >>> step.presenceShift) & 1) === 1;
}
