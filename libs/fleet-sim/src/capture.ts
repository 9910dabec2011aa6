/** Captures: what reaches the input topic, one message each. */
import type { Format, Level, Scope } from '@sessionreel/session-model';
import type { CaptureTruth } from './truth.ts';

/**
 * How a capture ends. `prompt`: by the prompt. `closed`: XML or JSON that is closed. `declared`: nothing shows it, but who took
 * it saw the end. `open`: nothing shows it and nobody says. `cut`: in the middle of something.
 */
export type Ending = 'prompt' | 'closed' | 'declared' | 'open' | 'cut';

export type CaptureFault =
  | 'cut'
  | 'late'
  | 'duplicate'
  | 'garbage'
  | 'error_after_rows'
  | 'filtered'
  | 'pager'
  | 'crlf'
  | 'open'
  | 'missing_part'
  | 'shuffled_parts'
  | 'create_jitter'
  | 'listing_short';

export interface Capture {
  readonly kind: 'capture';
  /** When it was delivered, ms UTC. */
  readonly at: number;
  readonly router: string;
  /** When the command was given, ms UTC by the collector's clock. */
  readonly capturedAt: number;
  readonly format: Format;
  readonly level: Level;
  readonly scope: Scope;
  /** As typed, pipes included. */
  readonly command: string;
  /** The router's zone by the inventory. */
  readonly timezone: string;
  /** Of a listing in parts; null otherwise. */
  readonly snapshotId: string | null;
  readonly part: { readonly number: number; readonly of: number } | null;
  /** What the collector says about the end; null when it says nothing. */
  readonly complete: boolean | null;
  readonly ending: Ending;
  readonly bytes: Uint8Array;
  readonly faults: readonly CaptureFault[];
  readonly truth: CaptureTruth;
}

/** The message's headers by the contract of `l2tp.snapshots`. */
export function headersOf(capture: Capture): Record<string, string> {
  const headers: Record<string, string> = {
    'captured-at': new Date(capture.capturedAt).toISOString(),
    command: capture.command,
    format: capture.format,
  };
  if (capture.snapshotId !== null) headers['snapshot-id'] = capture.snapshotId;
  if (capture.part !== null) headers['part'] = `${capture.part.number}/${capture.part.of}`;
  if (capture.complete !== null) headers['complete'] = String(capture.complete);
  return headers;
}
