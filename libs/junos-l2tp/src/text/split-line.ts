/**
 * Finds labels and values of one line of text. Lines are Latin-1 strings here, a character a byte, so that places in the string
 * are places in the bytes and no byte is lost, whatever it means.
 */
import { indexOfField } from '@sessionreel/session-model';
import { freeTextFields, referenceNext, unknownField } from './labels.ts';

/** A label with its value, whitespace around the value left out. */
export interface Segment {
  /** Index in the catalogue, or `unknownField`. */
  readonly field: number;
  readonly label: string;
  readonly labelStart: number;
  /** After the label's colon. */
  readonly colon: number;
  readonly start: number;
  readonly end: number;
}

interface Candidate {
  readonly field: number;
  readonly label: string;
  readonly labelStart: number;
  readonly colon: number;
  /** Set apart by one space only: a label just when what stands before it cannot hold it. */
  readonly weak: boolean;
}

/** What is known about a session's other lines and about earlier sessions. */
export interface SplitContext {
  readonly labels: ReadonlyMap<string, number>;
  /** Fields that other lines of the session print beyond doubt: each is printed once. */
  readonly certain: Pick<ReadonlySet<number>, 'has'>;
  /** Which fields followed a free text in lines without doubt: −2 is the line's end. Overrides the reference outputs. */
  readonly learned: ReadonlyMap<number, ReadonlySet<number>>;
  /** Whether `line[start, end)` is a value of the field's type, or empty. */
  readonly fits: (field: number, start: number, end: number) => boolean;
}

export const lineEnd = -2;
const userName = indexOfField('user_name');
const labelBytes = 64;

/** Bytes of whitespace at a place: 2 for a no-break space in UTF-8, 0 for what is none. */
function spaceAt(text: string, at: number): number {
  const c = text.charCodeAt(at);
  if (c === 0x20 || (c >= 0x09 && c <= 0x0d && c !== 0x0a)) return 1;
  return c === 0xc2 && text.charCodeAt(at + 1) === 0xa0 ? 2 : 0;
}

export function isBlank(line: string): boolean {
  return leadingSpace(line) === line.length;
}

/** Length of the whitespace that the string begins with: spaces, tabs, no-break spaces. */
export function leadingSpace(text: string): number {
  let at = 0;
  for (let width = spaceAt(text, 0); width > 0; width = spaceAt(text, at)) at += width;
  return at;
}

/** Where the whitespace at the end begins. */
export function trimmedEnd(text: string): number {
  let at = text.length;
  while (at > 0) {
    if (spaceAt(text, at - 1) === 1) at--;
    else if (at > 1 && spaceAt(text, at - 2) === 2) at -= 2;
    else break;
  }
  return at;
}

const isWord = /^[A-Za-z][\w ./()&#+-]*$/;

function candidatesOf(line: string, labels: ReadonlyMap<string, number>): Candidate[] {
  const found: Candidate[] = [];
  for (let colon = line.indexOf(':'); colon >= 0; colon = line.indexOf(':', colon + 1)) {
    const from = separatorBefore(line, colon);
    if (from < 0) continue;
    const labelStart = from + leadingSpace(line.slice(from, colon));
    const label = line.slice(labelStart, trimmedEnd(line.slice(0, colon)));
    const field = labels.get(label.toLowerCase());
    if (field !== undefined) found.push({ field, label, labelStart, colon: colon + 1, weak: false });
    else if (
      !pushWeak(found, label, labelStart, colon, labels) &&
      line[from - 1] !== ':' &&
      isWord.test(label)
    ) {
      const next = line[colon + 1];
      const ended = next === undefined || next === ',' || leadingSpace(line.slice(colon + 1, colon + 3)) > 0;
      if (ended) found.push({ field: unknownField, label, labelStart, colon: colon + 1, weak: false });
    }
  }
  return found;
}

/** A known label behind one space: `State: Established Mode: shared`. */
function pushWeak(
  found: Candidate[],
  label: string,
  start: number,
  colon: number,
  labels: ReadonlyMap<string, number>,
): boolean {
  for (let space = label.indexOf(' '); space >= 0; space = label.indexOf(' ', space + 1)) {
    const word = label.slice(space + 1);
    const field = labels.get(word.toLowerCase());
    if (field === undefined) continue;
    if (found.length === 0) return false;
    found.push({ field, label: word, labelStart: start + space + 1, colon: colon + 1, weak: true });
    return true;
  }
  return false;
}

/** Where a label that ends at `colon` could begin: after a comma, a tab, two spaces, a label's colon, or at the line's start. */
function separatorBefore(line: string, colon: number): number {
  for (let i = colon - 1; i >= Math.max(0, colon - labelBytes); i--) {
    const c = line.charCodeAt(i);
    if (c === 0x2c || c === 0x09 || (c === 0xa0 && line.charCodeAt(i - 1) === 0xc2)) return i + 1;
    if (c === 0x20 && line.charCodeAt(i - 1) === 0x20) return i + 1;
    if (c === 0x3a) return line.charCodeAt(i + 1) === 0x20 && hasSpaceAfter(line, i + 2, colon) ? i + 1 : -1;
  }
  return colon <= labelBytes ? 0 : -1;
}

/** Between a label's colon and the next colon there is a value, a space, and then perhaps a label. */
function hasSpaceAfter(line: string, from: number, colon: number): boolean {
  const space = line.indexOf(' ', from);
  return space >= 0 && space < colon;
}

/** The label at the line's start, when there is one. */
export function firstLabel(line: string, labels: ReadonlyMap<string, number>): Candidate | null {
  const colon = line.indexOf(':');
  if (colon < 0) return null;
  const first = candidatesOf(line.slice(0, colon + 2), labels)[0];
  return first !== undefined && first.labelStart === leadingSpace(line) ? first : null;
}

/**
 * Fields that the line prints beyond doubt: the label at its start, and those behind values that cannot hold a label.
 */
export function certainFields(line: string, labels: ReadonlyMap<string, number>): number[] {
  const certain: number[] = [];
  for (const candidate of candidatesOf(line, labels)) {
    if (certain.length === 0 && candidate.labelStart !== leadingSpace(line)) return certain;
    if (candidate.weak) continue;
    certain.push(candidate.field);
    if (freeTextFields.has(candidate.field)) break;
  }
  return certain.filter((field) => field !== unknownField);
}

/** The line's labels and values, in order; none when it begins with no label. Behind the last value there is only whitespace. */
export function splitLine(line: string, context: SplitContext): Segment[] {
  const candidates = candidatesOf(line, context.labels);
  const first = candidates[0];
  if (first === undefined || first.labelStart !== leadingSpace(line)) return [];
  const chosen: Candidate[] = [first];
  let at = 0;
  for (;;) {
    const next = nextLabel(line, candidates, at, context);
    if (next < 0) break;
    chosen.push(candidates[next] as Candidate);
    at = next;
  }
  return chosen.map((c, i) =>
    segmentOf(line, c, chosen[i + 1]?.labelStart ?? line.length, i + 1 < chosen.length),
  );
}

/** The value of a label whose successor begins at `next`: without the comma between them and without space. */
function segmentOf(line: string, c: Candidate, next: number, hasNext: boolean): Segment {
  let value = line.slice(c.colon, next);
  if (hasNext) {
    const end = trimmedEnd(value);
    if (value[end - 1] === ',') value = value.slice(0, end - 1);
  }
  const end = trimmedEnd(value);
  const start = Math.min(leadingSpace(value), end);
  const { field, label, labelStart, colon } = c;
  return { field, label, labelStart, colon, start: colon + start, end: colon + end };
}

/** Place of the label that truly follows candidate `at`; −1 when its value goes on to the line's end. */
function nextLabel(
  line: string,
  candidates: readonly Candidate[],
  at: number,
  context: SplitContext,
): number {
  const current = candidates[at] as Candidate;
  if (at + 1 >= candidates.length) return -1;
  const free = freeTextFields.has(current.field);
  const following = candidates[at + 1] as Candidate;
  // `Username:, Assigned IP address:`: what is printed empty holds nothing.
  const isEmpty = line[current.colon] === ',' && !following.weak;
  if (!free || isEmpty) {
    for (let i = at + 1; i < candidates.length; i++)
      if (
        !(candidates[i] as Candidate).weak ||
        (current.field !== unknownField && fitsBetween(line, current, candidates[i] as Candidate, context))
      )
        return i;
    return -1;
  }
  const learned = context.learned.get(current.field);
  const expected = learned ?? referenceNext.get(current.field) ?? [];
  for (let i = candidates.length - 1; i > at; i--) {
    const c = candidates[i] as Candidate;
    for (const field of expected)
      if (
        c.field === field &&
        !c.weak &&
        !context.certain.has(field) &&
        fitsToNext(line, candidates, i, context)
      )
        return i;
  }
  if (learned?.has(lineEnd) === true) return -1;
  return lastDistinct(line, candidates, at, context);
}

function fitsBetween(line: string, from: Candidate, to: Candidate, context: SplitContext): boolean {
  const { start, end } = segmentOf(line, from, to.labelStart, true);
  return start < end && context.fits(from.field, start, end);
}

function fitsToNext(
  line: string,
  candidates: readonly Candidate[],
  at: number,
  context: SplitContext,
): boolean {
  const next = candidates.slice(at + 1).find((other) => !other.weak);
  return fitsUpTo(line, candidates[at] as Candidate, next, context);
}

/** Whether the value between a label and the next is the field's. */
function fitsUpTo(line: string, c: Candidate, next: Candidate | undefined, context: SplitContext): boolean {
  if (freeTextFields.has(c.field)) return true;
  const { start, end } = segmentOf(line, c, next?.labelStart ?? line.length, next !== undefined);
  return context.fits(c.field, start, end);
}

/**
 * No line like this is known: from the line's end backwards, labels are taken as true when each is of another field, is printed
 * nowhere else in the session and has a value that fits. What stands before them is the free text. A label that is not true belongs to
 * the value before it; but behind a user name, which a subscriber chose, it and all before it are part of the name, and so is a label that
 * nobody knows.
 */
function lastDistinct(
  line: string,
  candidates: readonly Candidate[],
  at: number,
  context: SplitContext,
): number {
  const current = (candidates[at] as Candidate).field;
  const taken = new Set<number>([current]);
  const isHostile = current === userName;
  let next = -1;
  for (let i = candidates.length - 1; i > at; i--) {
    const c = candidates[i] as Candidate;
    if (c.weak) continue;
    const isUnknown = c.field === unknownField;
    if (taken.has(c.field) || (isUnknown && isHostile)) break;
    const after = next < 0 ? undefined : candidates[next];
    if (context.certain.has(c.field) || !fitsUpTo(line, c, after, context)) {
      if (isHostile) break;
      continue;
    }
    if (!isUnknown) taken.add(c.field);
    next = i;
  }
  return next;
}
