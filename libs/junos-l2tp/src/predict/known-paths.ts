/**
 * What is known of headers, and of sessions that print the same lines in the same order: whether they may still be matched as one, and what
 * they are.
 */
import type { LineTemplate, LineTemplates } from '../text/line-templates.ts';
import type { KnownLine } from './known-line.ts';
import type { LineIndex } from './line-index.ts';
import { patience, type PredictedHeader, type PredictedPath } from './predicted-header.ts';

/** Id of the layout of a session printed by these lines. */
export type LayoutOf = (templates: readonly LineTemplate[]) => number;

/** Sessions of a kind that came again soon, in a row, before they are worth a program. */
const recurrences = 3;

export class KnownPaths {
  readonly #index: LineIndex;
  readonly #templates: LineTemplates;
  readonly #layoutOf: LayoutOf;

  constructor(index: LineIndex, templates: LineTemplates, layoutOf: LayoutOf) {
    this.#index = index;
    this.#templates = templates;
    this.#layoutOf = layoutOf;
  }

  /** Whether each of the path's lines would still be tried first: another could read the same bytes otherwise. */
  isValid(path: PredictedPath): boolean {
    if (path.programEpoch !== this.#index.matcher.epoch) return false;
    if (path.version === this.#templates.version) return true;
    if (!path.lines.every((line) => this.#index.isActive(line))) return false;
    path.version = this.#templates.version;
    return true;
  }

  /** The lines of the session that was matched last. */
  linesMatched(): KnownLine[] {
    return Array.from(
      { length: this.#index.matcher.pathLength },
      (_, i) => this.#index.learned.lineAt(this.#index.matcher.pathLine(i)) as KnownLine,
    );
  }

  layout(path: PredictedPath): number {
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
  isWanted(header: PredictedHeader, path: PredictedPath): boolean {
    const isKnown = path.program !== null && this.isValid(path);
    path.recurred = header.sessions - path.seen <= patience / 2 ? path.recurred + 1 : 0;
    path.seen = header.sessions++;
    if (isKnown && !header.recent.includes(path)) return false;
    return header.misses < patience || path.recurred >= recurrences;
  }

  /** The path was matched, and its program, if `isNew`, was made of it just now. */
  confirm(path: PredictedPath, isNew: boolean): void {
    const { epoch } = this.#index.matcher;
    if (path.epoch !== epoch) {
      path.epoch = epoch;
      path.layout = 0;
    }
    if (!isNew) return;
    path.version = this.#templates.version;
    path.programEpoch = epoch;
  }
}

/** What is known of headers of these lines, anew for each capture; null when such a header cannot be predicted. */
export function headerOf(
  index: LineIndex,
  templates: readonly LineTemplate[],
  isTable: boolean,
): PredictedHeader | null {
  const { matcher, learned } = index;
  const key = `${isTable ? 'table' : 'lines'} ${templates.map((t) => t.shape.id).join(' ')}`;
  const lines = templates.map((template) => index.add(template)).filter((line) => line !== null);
  let header = learned.headers.get(key);
  if (header === undefined) {
    const table = lines.length === templates.length ? matcher.records.addTable() : 0;
    header = table === 0 ? null : newHeader(lines, isTable, table);
    learned.headers.set(key, header);
  }
  if (header !== null && header.epoch !== matcher.epoch) {
    header.epoch = matcher.epoch;
    header.first = null;
    header.recent.length = 0;
    header.misses = 0;
  }
  return header;
}

function newHeader(lines: readonly KnownLine[], isTable: boolean, table: number): PredictedHeader {
  return {
    lines,
    isTable,
    table,
    first: null,
    paths: new Map(),
    recent: [],
    misses: 0,
    sessions: 0,
    epoch: -1,
  };
}
