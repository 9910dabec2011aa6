/** What is known of tunnels with one kind of header: how the header is printed, and what sessions below it are. */
import { indexOfField, slotOf } from '@sessionreel/session-model';
import { beginsWith } from './boundaries.ts';
import type { KnownLine } from './known-line.ts';
import type { Program } from './fast-program.ts';
import type { Matcher } from './matcher.ts';

/** Sessions that print the same lines in the same order. */
export interface PredictedPath {
  readonly lines: readonly KnownLine[];
  /** See `FastLine.needed`. */
  readonly needed: readonly number[];
  /** Where the lines stand in the matcher's memory. */
  readonly places: Uint32Array;
  /** Of their session as one, what was seen to differ; null before the first. */
  program: Program | null;
  /** Of the capture at hand, as `epoch` says: the session's layout. */
  layout: number;
  epoch: number;
  /** The layout as text, where it was kept: it is the same in every capture. */
  layoutText: Uint8Array | null;
  /** Of the capture whose texts the program holds. */
  programEpoch: number;
  /** `LineTemplates.version` when all lines were those tried first. */
  version: number;
  /** The number of the session, of those under its header that were read line by line, that was the last of these lines. */
  seen: number;
  /** How often in a row it came soon after the one before. */
  recurred: number;
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
  /** Rises with each session that none of those was like, and falls with each other. */
  misses: number;
  /** Sessions that were read line by line. */
  sessions: number;
  epoch: number;
}

/** So much more often was a session like none of those before it than like one that only each so many is compared with them. */
export const patience = 16;

const maxPaths = 4096;

export function neededOf(lines: readonly KnownLine[]): number[] {
  return lines.flatMap(({ line }) => line.needed);
}

/** The path of the session that was matched last; null when none was like it. */
export function findPath({ paths }: PredictedHeader, matcher: Matcher): PredictedPath | null {
  const alike = paths.get(matcher.pathHash);
  if (alike === undefined) return null;
  for (let i = 0; i < alike.length; i++) {
    const path = alike[i] as PredictedPath;
    if (matcher.isPath(path.places)) return path;
  }
  return null;
}

/** Adds the path of the session that was matched last, of these lines. */
export function addPath(
  { paths }: PredictedHeader,
  matcher: Matcher,
  lines: readonly KnownLine[],
): PredictedPath {
  const path: PredictedPath = {
    lines,
    needed: neededOf(lines),
    places: Uint32Array.from(lines, ({ at }) => at),
    program: null,
    layout: 0,
    layoutText: null,
    epoch: -1,
    programEpoch: -1,
    version: 0,
    seen: -Infinity,
    recurred: 0,
  };
  if (paths.size >= maxPaths) paths.clear();
  const alike = paths.get(matcher.pathHash);
  if (alike === undefined) paths.set(matcher.pathHash, [path]);
  else alike.push(path);
  return path;
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

const tunnelSlots = ['tunnel_local_id', 'tunnel_interface_name', 'tunnel_group_name'].map(
  (name) => slotOf[indexOfField(name)] as number,
);

/** Gives a row the tunnel that stands in `from`. */
export function copyTunnel(from: Uint32Array, words: Uint32Array, row: number): void {
  // The tunnel's fields are among the first 16, so that their presence stands in the first word.
  words[row] = (words[row] as number) | (from[0] as number);
  for (let i = 0; i < tunnelSlots.length; i++) {
    const slot = tunnelSlots[i] as number;
    words[row + slot] = from[slot] as number;
  }
}

/** Whether the header's first line may stand at `at`. */
export function isOpening(header: PredictedHeader, bytes: Uint8Array, at: number): boolean {
  return beginsWith(bytes, at, header.lines[0]?.line.steps[0]?.literal);
}
