/**
 * Predicts a session's lines from those of the sessions before it. Correctness never rests on it: what is not predicted to the byte is read by
 * the plain path, which teaches its lines.
 */
import { presenceWords } from '@sessionreel/session-model';
import type { LineTemplate, LineTemplates } from '../text/line-templates.ts';
import { beginsWith, blankEnd, isPromptAt } from './boundaries.ts';
import { buildProgram } from './fast-program.ts';
import { hasValues } from './fast-text.ts';
import { found } from './found.ts';
import type { KnownLine } from './known-line.ts';
import { KnownPaths, headerOf, type LayoutOf } from './known-paths.ts';
import type { LineIndex } from './line-index.ts';
import { LineFlag } from './matcher-records.ts';
import type { Matcher } from './matcher.ts';
import {
  addPath,
  copyTunnel,
  findPath,
  isOpening,
  neededOf,
  patience,
  remember,
  type PredictedHeader,
  type PredictedPath,
} from './predicted-header.ts';
import { SessionRun } from './session-run.ts';

/** What it counts that one was like one of those. */
const success = 4;

export class FastPath {
  readonly #index: LineIndex;
  readonly #matcher: Matcher;
  readonly #paths: KnownPaths;
  readonly #run: SessionRun;
  /** Values of a header that was matched just now, in a row's places. */
  readonly header: Uint32Array;
  #current: PredictedHeader | null = null;
  #longest = 512;

  constructor(index: LineIndex, templates: LineTemplates, layoutOf: LayoutOf) {
    this.#index = index;
    this.#matcher = index.matcher;
    this.#paths = new KnownPaths(index, templates, layoutOf);
    this.#run = new SessionRun(index, this.#paths);
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
    this.#run.stop();
    this.#current = templates === null ? null : headerOf(this.#index, templates, isTable);
  }

  /** No header is in force that can be predicted. */
  leave(): void {
    this.#run.stop();
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
    this.#run.stop();
    if (!this.#matchRecent(header, at, end, isLast) && !this.#matchLines(header, at, end, isLast))
      return false;
    words.set(this.#matcher.row, row);
    copyTunnel(found.hasHeader ? this.header : tunnel, words, row);
    const length = (found.end - start) * 2;
    if (length > this.#longest) this.#longest = Math.min(length, 1 << 16);
    return true;
  }

  /** As `SessionRun.match`, up to `end`. */
  matchRun(start: number, end: number, isLast: boolean, most: number): number {
    const header = this.#current;
    return header === null ? 0 : this.#run.match(header, start, isLast ? end : end - this.reserve, most);
  }

  /** See `SessionRun.giveUp`. */
  stopRun(): void {
    this.#run.giveUp();
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
      if (path.program === null || !this.#paths.isValid(path)) continue;
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
      this.#run.follow(path);
      found.end = to;
      found.layout = this.#paths.layout(path);
      found.bodyLines = path.lines.length;
      found.lines += found.bodyLines;
      return true;
    }
    if (header.misses < 2 * patience) header.misses++;
    return false;
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
    const lines = known?.lines ?? this.#paths.linesMatched();
    if (!hasValues(row, known?.needed ?? neededOf(lines))) return false;
    if (hasFreeText && !this.#index.agrees(lines, row)) return false;
    if (!this.#index.takeTexts(row)) return false;
    const path = known ?? addPath(header, matcher, lines);
    const isWanted = this.#paths.isWanted(header, path);
    // Before anything else is matched: where the values stand is known until then.
    if (isWanted) path.program = buildProgram(matcher, lines, start, to, row, path.program);
    if (isWanted) path.programEpoch = -1;
    // Only all of a session's lines tell whether labels behind free texts are true.
    if (!isProven && !this.#endsAt(header, to, end, isLast)) return false;
    if (strangers > 0 && !this.#index.adopt(lines)) return false;
    if (hasFreeText) this.#index.teach(lines, row);
    header.first = lines[0] ?? null;
    this.#paths.confirm(path, isWanted);
    if (isWanted || (path.program !== null && !header.recent.includes(path) && this.#paths.isValid(path)))
      remember(header, path);
    found.end = to;
    found.layout = this.#paths.layout(path);
    found.bodyLines = lines.length;
    found.lines += lines.length;
    return true;
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
