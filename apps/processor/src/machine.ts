/** What a worker does for one router, as its host sees it. */
import type { EventWriter } from '@sessionreel/session-events';
import type { CaptureHints, EventKind, Item, Refusal } from './tasks.ts';

/** What an event says of itself, beside its bytes. */
export interface EventHead {
  readonly kind: EventKind;
  readonly seq: number;
  readonly piece: number;
  readonly pieces: number;
}

/** Takes the event that `write` appends to the writer. */
export type Emit = (head: EventHead, write: (writer: EventWriter) => void) => void;

/** The capture is a dead letter; the machine is as it was before. */
export class CaptureRefused extends Error {
  override readonly name = 'CaptureRefused';
  readonly refusal: Refusal;
  constructor(reason: string, error: string) {
    super(error);
    this.refusal = { reason, error };
  }
}

export interface CaptureOutcome {
  readonly outcome: 'applied' | 'stale';
  /** Sums for metrics: sessions, opened, changed, closed, counters, anomalies, unknown_fields, errors, … */
  readonly counts: Readonly<Record<string, number>>;
}

/** The state of one router and what changes it. Deterministic: no clock, no chance. */
export interface RouterMachine {
  /** Live sessions. */
  readonly sessions: number;
  /** When something is to be given up, by Kafka's time (ms); Infinity when nothing waits. */
  readonly nextDeadline: number;
  /** Applies a capture. Throws `CaptureRefused`, and has emitted nothing then. */
  capture(item: Item, hints: CaptureHints, bytes: Uint8Array, emit: Emit): CaptureOutcome;
  /** Writes the ledger entry of a dead letter. */
  deadLetter(item: Item, refusal: Refusal, emit: Emit): void;
  /** Gives up what was due by `time`. */
  expire(time: number, emit: Emit): void;
  /** Writes the whole state; changes nothing. */
  checkpoint(emit: Emit): void;
  /** Takes an event of the log up: pieces of a checkpoint in order, or what came after. */
  restore(datum: Uint8Array, fingerprint: string, head: EventHead): void;
}

export type CreateMachine = (router: string) => RouterMachine;
