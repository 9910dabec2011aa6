/** What is the same for all rows of one snapshot (part). */
import type { FlatDelta } from '@sessionreel/session-model';
import type { Core } from '../table/core.ts';
import type { Head } from '../snapshot/head.ts';

export interface RowContext {
  readonly core: Core;
  readonly head: Head;
  readonly delta: FlatDelta;
  readonly timezone: string;
  /** Number of the snapshot. */
  readonly number: number;
  /** ms UTC. */
  readonly capturedAt: number;
  /** `capturedAt` as a moment of the core. */
  readonly moment: number;
  /** `text/extensive`. */
  readonly kind: string;
  readonly kindNumber: number;
  /** A late snapshot fills only what newer ones did not print; null when it is the newest. */
  readonly late: readonly string[] | null;
  /** The router's clock less the capture's (ms), as most of the first rows tell; null before one tells. */
  skew: number | null;
  /** How many rows told it. */
  witnesses: number;
  /** What the session deviates from the listing's clock (s), where that is known already. */
  readonly offset: number | null;
  /** By how much the row's create time moved with the router's clock (s, on the wall); 0 when that was not set. */
  readonly shift: number;
}
