/** What is said about a whole snapshot, beside its sessions. */
import type { Level, Variant } from './catalogue.ts';

export type Format = 'text' | 'xml' | 'json';

/** The command's filters by their CLI names (`peer-gateway`, `local-session-id`, …); empty when all sessions were asked for. */
export type Scope = Readonly<Record<string, string>>;

export interface ParseProblem {
  /** From 1, within the capture. */
  readonly line: number;
  readonly message: string;
}

/** Facts of one snapshot, complete only when its end was seen. */
export interface SnapshotFacts {
  /** Position among the snapshots of one capture, from 0. */
  readonly ordinal: number;
  readonly format: Format;
  readonly level: Level;
  readonly scope: Scope;
  readonly variant: Variant | null;
  /** The command as it was typed (from the `command` header or the echoed prompt line), '' when not known. */
  readonly command: string;
  /** From the prompt; null when no prompt was seen. */
  readonly router: string | null;
  /** True when the listing is provably whole. */
  readonly complete: boolean;
  /** Why it is not: `cut`, `no end seen`, `filtered by | match`, `error after rows`, …; '' when complete. */
  readonly incompleteReason: string;
  /** The router's clock (create time + up time of the last session that printed both): local seconds; null when not printed. */
  readonly routerClock: number | null;
  readonly sessions: number;
  readonly tunnels: number;
  readonly bytes: number;
  /** How many values of unknown labels were kept. */
  readonly unknownFields: number;
  /** Distinct names of unknown labels, sorted, bounded. */
  readonly unknownNames: readonly string[];
  readonly errors: readonly ParseProblem[];
  /** The frame around the sessions (JSON of a `Document`), for printing it again; '' when not known. */
  readonly document: string;
}
