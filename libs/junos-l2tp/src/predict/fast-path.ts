/**
 * Predicts a session's lines from those of the sessions before it. Correctness never rests on it: what is not predicted to the byte is read by
 * the plain path, which teaches its lines.
 */
import { indexOfField, presenceWords, slotOf } from '@sessionreel/session-model';
import { beginsWith, blankEnd, isPromptAt } from './boundaries.ts';
import { buildProgram, type Program } from './fast-program.ts';
import { hasValues } from './fast-text.ts';
import type { KnownLine } from './known-line.ts';
import type { LineIndex } from './line-index.ts';
import type { LineTemplate, LineTemplates } from '../text/line-templates.ts';
import { LineFlag } from './matcher-records.ts';
import type { Matcher } from './matcher.ts';
import {
  addPath,
  findPath,
  neededOf,
  remember,
  type PredictedHeader,
  type PredictedPath,
} from './predicted-header.ts';

const tunnelSlots = ['tunnel_local_id', 'tunnel_interface_name', 'tunnel_group_name'].map(
  (name) => slotOf[indexOfField(name)] as number,
);
/** So much more often was a session like none of those before it than like one that only each so many is compared with them. */
const patience = 16;
/** What it counts that one was like one of those. */
const success = 4;
/** Sessions of a kind that came again soon, in a row, before they are worth a program. */
const recurrences = 3;

/** Id of the layout of a session printed by these lines. */
export type LayoutOf = (templates: readonly LineTemplate[]) => number;

/** What a successful match gives beside the row's values. */
export const found = {
  /** Where the blank lines before header or session end. */
  gapEnd: 0,
  /** Where the header ends and the session begins; the same as `gapEnd` without a header. */
  bodyStart: 0,
  hasHeader: false,
  end: 0,
  /** Nothing follows the session: no more text will come. */
  isCut: false,
  layout: 0,
  /** Lines in all, and those of the session. */
  lines: 0,
  bodyLines: 0,
};

/** What a predicted session has beside its row. */
export interface Predicted {
  readonly layout: number;
  /** Its lines, without those of a header before it. */
  readonly bodyLines: number;
}

/** Of each session of a run. */
export const run = { layout: 0, bodyLines: 0 };

/** How long not to try again what has failed: twice as long each time. */
class Patience {
  #waits = 0;
  #left = 0;

  tell(isGood: boolean): void {
    this.#waits = isGood ? 0 : Math.min(64, this.#waits * 2 + 1);
    this.#left = this.#waits;
  }

  isOver(): boolean {
    return this.#left === 0 || --this.#left === 0;
  }
}

export class FastPath {
  readonly #index: LineIndex;
  readonly #matcher: Matcher;
  readonly #templates: LineTemplates;
  readonly #layoutOf: LayoutOf;
  /** Values of a header that was matched just now, in a row's places. */
  readonly header: Uint32Array;
  #current: PredictedHeader | null = null;
  /** Sessions like the last one are tried many at a time. */
  #running: PredictedPath | null = null;
  readonly #runs = new Patience();
  #longest = 512;

  constructor(index: LineIndex, templates: LineTemplates, layoutOf: LayoutOf) {
    this.#index = index;
    this.#matcher = index.matcher;
    this.#templates = templates;
    this.#layoutOf = layoutOf;
    this.header = index.matcher.headerRow;
  }

  /** Bytes that should be at hand before a match is tried, so that chunks' ends do not send sessions the slow way. */
  get reserve(): number {
    return this.#longest;
  }

  get isReady(): boolean {
    return this.#current !== null;
  }

  get isTable(): boolean {
    return this.#current?.isTable === true;
  }

  /** Sessions of a tunnel with such a header follow. `templates`: null when the header cannot be predicted. */
  enter(templates: readonly LineTemplate[] | null, isTable: boolean): void {
    this.#running = null;
    this.#current = templates === null ? null : this.#headerOf(templates, isTable);
  }

  #headerOf(templates: readonly LineTemplate[], isTable: boolean): PredictedHeader | null {
    const { headers } = this.#index.learned;
    const key = `${isTable ? 'table' : 'lines'} ${templates.map((t) => t.shape.id).join(' ')}`;
    const lines = templates.map((template) => this.#index.add(template)).filter((line) => line !== null);
    let header = headers.get(key);
    if (header === undefined) {
      const table = lines.length === templates.length ? this.#matcher.records.addTable() : 0;
      const epoch = this.#matcher.epoch;
      header =
        table === 0
          ? null
          : {
              lines,
              isTable,
              table,
              first: null,
              paths: new Map(),
              recent: [],
              misses: 0,
              sessions: 0,
              epoch,
            };
      headers.set(key, header);
    }
    if (header !== null && header.epoch !== this.#matcher.epoch) {
      header.epoch = this.#matcher.epoch;
      header.first = null;
      header.recent.length = 0;
      header.misses = 0;
    }
    return header;
  }

  /** No header is in force that can be predicted. */
  leave(): void {
    this.#running = null;
    this.#current = null;
  }

  /** Remembers the lines of a session that the plain path read. */
  learn(templates: readonly LineTemplate[]): void {
    const header = this.#current;
    if (header === null) return;
    for (const [i, template] of templates.entries()) {
      if (!header.isTable) {
        const known = this.#index.addToSessions(template);
        // Only a line that begins with a session's ID begins a session wherever it stands.
        if (i === 0) header.first = known !== null && this.#begins(known) ? known : null;
      } else {
        const known = this.#index.add(template, true);
        if (known !== null) this.#matcher.records.addFollower(header.table, known.at);
      }
    }
  }

  #begins(known: KnownLine): boolean {
    return (this.#matcher.records.flagsOf(known.at) & LineFlag.begins) !== 0;
  }

  /** Whether a predicted session or header begins here, perhaps behind blank lines: the session that the plain path reads ends. */
  isBoundary(at: number, end: number): boolean {
    return this.#current !== null && this.#endsAt(this.#current, at, end, false);
  }

  /**
   * Matches blank lines, perhaps a tunnel's header, and a session at `start`. True when all of it is as predicted and what follows
   * proves the session's end; `found` then says where. What the row held is overwritten; its tunnel is copied from `tunnel` unless there
   * is a header. `isLast`: no more text comes behind `end`.
   */
  match(
    start: number,
    end: number,
    isLast: boolean,
    words: Uint32Array,
    row: number,
    tunnel: Uint32Array,
  ): boolean {
    const header = this.#current;
    if (header === null) return false;
    const { bytes } = this.#matcher;
    let at = start;
    let lines = 0;
    for (let next = blankEnd(bytes, at); next > at; next = blankEnd(bytes, at)) {
      at = next;
      lines++;
    }
    found.gapEnd = at;
    found.hasHeader = false;
    found.bodyStart = at;
    found.lines = lines;
    // A line that is the header's to its end is no session's.
    if (isOpening(header, bytes, at) && this.#matchHeader(header, at)) {
      found.hasHeader = true;
      at = found.bodyStart;
    }
    found.isCut = false;
    this.#running = null;
    if (!this.#matchRecent(header, at, end, isLast) && !this.#matchLines(header, at, end, isLast))
      return false;
    words.set(this.#matcher.row, row);
    copyTunnel(found.hasHeader ? this.header : tunnel, words, row);
    const length = (found.end - start) * 2;
    if (length > this.#longest) this.#longest = Math.min(length, 1 << 16);
    return true;
  }

  /**
   * Matches sessions one behind the other that are like the one before them in all but their values: nothing stands between them, and what
   * follows proves the end of each. How many they are, `most` at most; `run` says what they are.
   */
  matchRun(start: number, end: number, isLast: boolean, most: number): number {
    const header = this.#current;
    const path = this.#running;
    if (header === null || path?.program == null || !this.#isValid(path)) return 0;
    if (!isApart(header, path.program)) return 0;
    const first = header.isTable ? 0 : (path.lines[0] as KnownLine).at;
    const last = isLast ? end : end - this.reserve;
    const matched = this.#matcher.matchRun(path.program.at, first, start, last, most);
    const count = this.#index.takeRunTexts(matched);
    this.#runs.tell(count > 0);
    if (count < most) this.#running = null;
    run.layout = this.#layout(path);
    run.bodyLines = path.lines.length;
    return count;
  }

  /** A session of the run was dropped: those behind it will be matched again, and had better not be many. */
  stopRun(): void {
    this.#running = null;
    this.#runs.tell(false);
  }

  /** Rows of the sessions that were matched at once. */
  get runRows(): Uint32Array {
    return this.#matcher.runRows;
  }

  /** Where each of them begins, and behind them where the last ends. */
  get runStarts(): Uint32Array {
    return this.#matcher.runStarts;
  }

  /** Tries the sessions seen last as one. */
  #matchRecent(header: PredictedHeader, at: number, end: number, isLast: boolean): boolean {
    const { recent } = header;
    const matcher = this.#matcher;
    const { code } = matcher;
    const isTried = header.misses < patience || header.sessions % patience === 0;
    for (let i = 0; isTried && i < recent.length; i++) {
      const path = recent[i] as PredictedPath;
      if (path.program === null || !this.#isValid(path)) continue;
      const first = header.isTable ? 0 : (path.lines[0] as KnownLine).at;
      const to = code.matchProgram(path.program.at, first, at, matcher.rowAt);
      if (to === 0 || to > end) continue;
      const { isProven, hasFreeText } = matcher;
      if (hasFreeText && !this.#index.agrees(path.lines, matcher.row)) continue;
      if (!this.#index.takeTexts(matcher.row)) continue;
      if (!isProven && !header.isTable && !this.#endsAt(header, to, end, isLast)) continue;
      if (hasFreeText) {
        this.#index.teach(path.lines, matcher.row);
        matcher.records.teach(path.program.at, matcher.row, true);
      }
      if (i > 0) remember(header, path);
      header.misses = Math.max(0, header.misses - success);
      this.#running = this.#runs.isOver() ? path : null;
      found.end = to;
      found.layout = this.#layout(path);
      found.bodyLines = path.lines.length;
      found.lines += found.bodyLines;
      return true;
    }
    if (header.misses < 2 * patience) header.misses++;
    return false;
  }

  /** Whether each of the path's lines would still be tried first: another could read the same bytes otherwise. */
  #isValid(path: PredictedPath): boolean {
    if (path.programEpoch !== this.#matcher.epoch) return false;
    if (path.version === this.#templates.version) return true;
    if (!path.lines.every((line) => this.#index.isActive(line))) return false;
    path.version = this.#templates.version;
    return true;
  }

  #matchHeader(header: PredictedHeader, start: number): boolean {
    const { code, headerAt, headerRow } = this.#matcher;
    headerRow.fill(0);
    let at = start;
    for (const known of header.lines) {
      if (!this.#index.isActive(known)) return false;
      at = code.matchLine(known.at, at, headerAt);
      if (at === 0 || !this.#index.takeTexts(headerRow)) return false;
      if (this.#matcher.hasFreeText) this.#index.teach([known], headerRow);
    }
    found.lines += header.lines.length;
    found.bodyStart = at;
    return true;
  }

  /** Matches known lines in any order. */
  #matchLines(header: PredictedHeader, start: number, end: number, isLast: boolean): boolean {
    const matcher = this.#matcher;
    const { row } = matcher;
    const to = matcher.code.matchSession(header.table, start, matcher.rowAt, header.isTable ? 1 : 0);
    if (to === 0 || to > end) return false;
    const { isProven, strangers, hasFreeText } = matcher;
    const known = findPath(header, matcher);
    const lines = known?.lines ?? this.#pathLines();
    if (!hasValues(row, known?.needed ?? neededOf(lines))) return false;
    if (hasFreeText && !this.#index.agrees(lines, row)) return false;
    if (!this.#index.takeTexts(row)) return false;
    const path = known ?? addPath(header, matcher, lines);
    const isWanted = this.#isWanted(header, path);
    // Before anything else is matched: where the values stand is known until then.
    if (isWanted) path.program = buildProgram(matcher, lines, start, to, row, path.program);
    if (isWanted) path.programEpoch = -1;
    // Only all of a session's lines tell whether labels behind free texts are true.
    if (!isProven && !this.#endsAt(header, to, end, isLast)) return false;
    if (strangers > 0 && !this.#index.adopt(lines)) return false;
    if (hasFreeText) this.#index.teach(lines, row);
    header.first = lines[0] ?? null;
    const { epoch } = matcher;
    if (path.epoch !== epoch) {
      path.epoch = epoch;
      path.layout = 0;
    }
    if (isWanted) {
      path.version = this.#templates.version;
      path.programEpoch = epoch;
    }
    if (isWanted || (path.program !== null && !header.recent.includes(path) && this.#isValid(path)))
      remember(header, path);
    found.end = to;
    found.layout = this.#layout(path);
    found.bodyLines = lines.length;
    found.lines += lines.length;
    return true;
  }

  /** The lines of the session that was matched last. */
  #pathLines(): KnownLine[] {
    return Array.from(
      { length: this.#matcher.pathLength },
      (_, i) => this.#index.learned.lineAt(this.#matcher.pathLine(i)) as KnownLine,
    );
  }

  #layout(path: PredictedPath): number {
    if (path.layout !== 0) return path.layout;
    const { strings, learned } = this.#index;
    const text = path.layoutText;
    if (text !== null) return (path.layout = strings.intern(text, 0, text.length));
    path.layout = this.#layoutOf(path.lines.map((line) => line.template as LineTemplate));
    path.layoutText = learned.keepLayout(strings.view(path.layout));
    return path.layout;
  }

  /**
   * Whether to work out how sessions like the one that was just matched are read at once: not for each of many kinds that come by
   * turns.
   */
  #isWanted(header: PredictedHeader, path: PredictedPath): boolean {
    const isKnown = path.program !== null && this.#isValid(path);
    path.recurred = header.sessions - path.seen <= patience / 2 ? path.recurred + 1 : 0;
    path.seen = header.sessions++;
    if (isKnown && !header.recent.includes(path)) return false;
    return header.misses < patience || path.recurred >= recurrences;
  }

  /** True when a session, a header or a prompt follows, perhaps behind blank lines: no further line can belong to the session before. */
  #endsAt(header: PredictedHeader, start: number, end: number, isLast: boolean): boolean {
    const matcher = this.#matcher;
    const { bytes } = matcher;
    let at = start;
    for (let next = blankEnd(bytes, at); next > at; next = blankEnd(bytes, at)) at = next;
    if (!header.isTable && beginsWith(bytes, at, header.first?.line.steps[0]?.literal)) return true;
    if (isPromptAt(bytes, at, end, isLast)) return true;
    if (isLast && start === end) return (found.isCut = true);
    const opening = header.lines[0];
    if (opening === undefined || !isOpening(header, bytes, at)) return false;
    const { code, peekAt, peekRow } = matcher;
    for (let i = 0; i < presenceWords; i++) peekRow[i] = 0;
    return code.matchLine(opening.at, at, peekAt) > 0 && this.#index.takeTexts(peekRow);
  }
}

function isOpening(header: PredictedHeader, bytes: Uint8Array, at: number): boolean {
  return beginsWith(bytes, at, header.lines[0]?.line.steps[0]?.literal);
}

/** Whether no session of the program begins as the header does. */
function isApart(header: PredictedHeader, { begin }: Program): boolean {
  const opening = header.lines[0]?.line.steps[0]?.literal;
  if (opening === undefined) return true;
  const length = Math.min(opening.length, begin.length);
  for (let i = 0; i < length; i++) if (opening[i] !== begin[i]) return true;
  return false;
}

export function copyTunnel(from: Uint32Array, words: Uint32Array, row: number): void {
  // The tunnel's fields are among the first 16, so that their presence stands in the first word.
  words[row] = (words[row] as number) | (from[0] as number);
  for (let i = 0; i < tunnelSlots.length; i++) {
    const slot = tunnelSlots[i] as number;
    words[row + slot] = from[slot] as number;
  }
}
