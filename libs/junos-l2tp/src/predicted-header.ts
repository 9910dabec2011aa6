/** What is known of tunnels with one kind of header: how the header is printed, and what sessions below it are. */
import type { KnownLine } from './learned-layouts.ts';
import type { Program } from './fast-program.ts';

/** Sessions that print the same lines in the same order. */
export interface PredictedPath {
  readonly lines: readonly KnownLine[];
  /** Of their session as one, what was seen to differ; null before the first. */
  program: Program | null;
  /** Of the capture at hand, as `epoch` says: the session's layout. */
  layout: number;
  epoch: number;
  /** Of the capture whose texts the program holds. */
  programEpoch: number;
  /** `LineTemplates.version` when all lines were those tried first. */
  version: number;
  /** Sessions that were read line by line. */
  visits: number;
}

export interface PredictedHeader {
  readonly lines: readonly KnownLine[];
  /** A table's rows are sessions by themselves: what follows them proves nothing. */
  readonly isTable: boolean;
  /** Where the lines stand that may begin a session. */
  readonly table: number;
  /** The line that began the session seen last, in the capture at hand. */
  first: KnownLine | null;
  /** By the hash of their lines. */
  readonly paths: Map<number, PredictedPath[]>;
  /** The sessions seen last, the latest first. */
  readonly recent: PredictedPath[];
  /** Sessions in a row that none of those was like. */
  misses: number;
  epoch: number;
}

const maxPaths = 4096;

/** The path of these lines, which is added when there is none. */
export function pathOf(header: PredictedHeader, hash: number, lines: readonly KnownLine[]): PredictedPath {
  const { paths } = header;
  let alike = paths.get(hash);
  if (alike === undefined) {
    if (paths.size >= maxPaths) paths.clear();
    paths.set(hash, (alike = []));
  }
  for (const path of alike) if (isSame(path.lines, lines)) return path;
  const path: PredictedPath = {
    lines: [...lines],
    program: null,
    layout: 0,
    epoch: -1,
    programEpoch: -1,
    version: 0,
    visits: 0,
  };
  alike.push(path);
  return path;
}

function isSame(a: readonly KnownLine[], b: readonly KnownLine[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

const maxRecent = 3;

/** Puts a path before the others. */
export function remember({ recent }: PredictedHeader, path: PredictedPath): void {
  const at = recent.indexOf(path);
  if (at === 0) return;
  if (at > 0) recent.splice(at, 1);
  recent.unshift(path);
  if (recent.length > maxRecent) recent.pop();
}
