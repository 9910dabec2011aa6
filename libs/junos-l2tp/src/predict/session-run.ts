/** Sessions one behind the other that are like the one before them in all but their values: matched many at a time. */
import type { Program } from './fast-program.ts';
import { run } from './found.ts';
import type { KnownLine } from './known-line.ts';
import type { LineIndex } from './line-index.ts';
import type { KnownPaths } from './known-paths.ts';
import type { PredictedHeader, PredictedPath } from './predicted-header.ts';

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

export class SessionRun {
  readonly #index: LineIndex;
  readonly #paths: KnownPaths;
  readonly #patience = new Patience();
  /** Sessions like the last one are tried; null when that is not worth it. */
  #path: PredictedPath | null = null;

  constructor(index: LineIndex, paths: KnownPaths) {
    this.#index = index;
    this.#paths = paths;
  }

  /** A session of such lines was matched whole. */
  follow(path: PredictedPath): void {
    this.#path = this.#patience.isOver() ? path : null;
  }

  stop(): void {
    this.#path = null;
  }

  /** A session of the run was dropped: those behind it will be matched again, and had better not be many. */
  giveUp(): void {
    this.#path = null;
    this.#patience.tell(false);
  }

  /**
   * Matches sessions from `start` on, none that begins after `last`: nothing stands between them, and what follows proves the end of each.
   * How many they are, `most` at most; `run` says what they are.
   */
  match(header: PredictedHeader, start: number, last: number, most: number): number {
    const path = this.#path;
    if (path?.program == null || !this.#paths.isValid(path) || !isApart(header, path.program)) return 0;
    const first = header.isTable ? 0 : (path.lines[0] as KnownLine).at;
    const matched = this.#index.matcher.matchRun(path.program.at, first, start, last, most);
    const count = this.#index.takeRunTexts(matched);
    this.#patience.tell(count > 0);
    if (count < most) this.#path = null;
    run.layout = this.#paths.layout(path);
    run.bodyLines = path.lines.length;
    return count;
  }
}

/** Whether no session of the program begins as the header does. */
function isApart(header: PredictedHeader, { begin }: Program): boolean {
  const opening = header.lines[0]?.line.steps[0]?.literal;
  if (opening === undefined) return true;
  const length = Math.min(opening.length, begin.length);
  for (let i = 0; i < length; i++) if (opening[i] !== begin[i]) return true;
  return false;
}
