/** What the main thread and the workers say to each other. Plain data, cloneable; buffers move. */

/** What the headers of a message say of its capture. */
export interface CaptureHints {
  /** ms since 1970 UTC; the Kafka timestamp when no header says. */
  readonly capturedAt: number;
  readonly command: string;
  readonly format: 'text' | 'xml' | 'json' | undefined;
  /** '' when no header says: then router, time and command are the snapshot. */
  readonly snapshotId: string;
  readonly part: number;
  readonly parts: number;
  readonly complete: boolean | undefined;
  /** IANA name; '' when no header says. */
  readonly timezone: string;
  readonly encoding: 'gzip' | 'zstd' | undefined;
}

/** Why a message is a dead letter. */
export interface Refusal {
  /** A short word for grouping. */
  readonly reason: string;
  /** A sentence for people. */
  readonly error: string;
}

/** One message for a worker. */
export interface Item {
  readonly partition: number;
  readonly offset: number;
  /** Source offset of the ledger entry before it in the partition; -1 for the first. */
  readonly previous: number;
  /** Kafka timestamp of the message (ms). */
  readonly timestamp: number;
  /** Latest Kafka timestamp of the partition up to this message: the time that deadlines go by. */
  readonly time: number;
  readonly router: string;
  /** Where its value stands in the task's buffer. */
  readonly start: number;
  readonly length: number;
  readonly work: { readonly capture: CaptureHints } | { readonly refusal: Refusal };
}

/** Time passes for every router of the partition, whoever's message it was. */
export interface Tick {
  readonly offset: number;
  readonly time: number;
}

interface ForPartition {
  readonly partition: number;
  /** Names the restored state that the task is for: a worker that holds another one must not touch it. */
  readonly epoch: number;
}

/** Forgets what it holds of the partition and begins anew. */
export interface BeginTask extends ForPartition {
  readonly kind: 'begin';
}

export interface DropTask extends ForPartition {
  readonly kind: 'drop';
}

/** An event of the log in a task's buffer: its datum, without framing. */
export interface LogEntry {
  readonly router: string;
  readonly kind: EventKind;
  /** Of the schema that it was written with. */
  readonly fingerprint: string;
  readonly start: number;
  readonly length: number;
}

/** Events of the log, in order, to restore from. */
export interface RestoreTask extends ForPartition {
  readonly kind: 'restore';
  readonly buffer: ArrayBuffer;
  readonly events: readonly LogEntry[];
}

export interface CheckpointTask extends ForPartition {
  readonly kind: 'checkpoint';
  readonly routers: readonly string[];
}

export interface ProcessTask extends ForPartition {
  readonly kind: 'process';
  /** May be longer than what stands in it; handed back with the result. */
  readonly buffer: ArrayBuffer;
  readonly steps: readonly (Item | Tick)[];
}

export type Task = BeginTask | DropTask | RestoreTask | CheckpointTask | ProcessTask;

export type EventKind = 'delta' | 'keyframe' | 'checkpoint';

/** One encoded event in a result's buffer. */
export interface EventEntry {
  /** Source offset whose processing made it; -1 for checkpoints. */
  readonly offset: number;
  /** 0: a deadline that passed before the message; 1: the message itself. */
  readonly phase: 0 | 1;
  readonly router: string;
  readonly kind: EventKind;
  readonly seq: number;
  readonly piece: number;
  readonly pieces: number;
  readonly start: number;
  readonly length: number;
}

/** What became of one message. */
export interface Outcome {
  readonly offset: number;
  readonly outcome: 'applied' | 'stale' | 'dead_letter';
  /** Set where the worker found the message to be a dead letter. */
  readonly refusal: Refusal | undefined;
}

export interface EventsResult {
  /** True when the worker does not hold this epoch: nothing was done. */
  readonly lost: boolean;
  readonly buffer: ArrayBuffer;
  readonly entries: readonly EventEntry[];
  readonly outcomes: readonly Outcome[];
  /** Live sessions of each router that was touched. */
  readonly sessions: readonly (readonly [router: string, sessions: number])[];
  /** The earliest deadline that waits, of this partition in this worker (ms, Kafka's time); null when none does. */
  readonly nextDeadline: number | null;
  /** Sums for metrics. */
  readonly counts: Readonly<Record<string, number>>;
  /** The task's buffer, to be used again. */
  readonly input?: ArrayBuffer;
}

export interface DoneResult {
  readonly lost: boolean;
  /** Sessions that the restored routers hold (of a restore), else 0. */
  readonly sessions: number;
  readonly nextDeadline: number | null;
}

export const isItem = (step: Item | Tick): step is Item => 'router' in step;
