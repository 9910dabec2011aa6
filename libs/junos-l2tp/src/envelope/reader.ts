/**
 * What the reader of one format is given, and what it must do. The envelope (snapshot-parser.ts) finds the command line, the
 * prompt and the format; a reader gets the bytes of one reply and reports sessions and frame to a `SnapshotBuilder`.
 */
import type { Format, Level, RowBatch, Scope, SnapshotFacts } from '@sessionreel/session-model';

/** What is known beside the bytes: from Kafka headers or CLI flags. */
export interface ParseHints {
  /** As typed; level and scope come from it. Without it, from the echoed prompt line. */
  readonly command?: string;
  readonly format?: Format;
  /** True when whoever took the capture saw its end. */
  readonly complete?: boolean;
}

/** Bounds on what an input may make us hold. Passing one is an error of the snapshot that says which. */
export interface ParseLimits {
  /** Bytes of a line (text), of a leaf's value (XML, JSON). */
  readonly lineBytes: number;
  /** Bytes of one session's text or element. */
  readonly sessionBytes: number;
  /** Nesting of XML elements or JSON values. */
  readonly xmlDepth: number;
  /** Sessions of one snapshot. */
  readonly sessionsPerPart: number;
  /** Values of unknown labels kept for one session. */
  readonly unknownLabels: number;
  /** Distinct names of unknown labels told in the facts. */
  readonly unknownNames: number;
  /** Errors told one by one; the rest are counted. */
  readonly errors: number;
  /** Bytes of the frame that do not follow its rule (warnings, irregular headers). Past it, the frame is not kept. */
  readonly frameBytes: number;
  /** Layouts held at a time for prediction and sharing. */
  readonly layouts: number;
}

export const defaultLimits: ParseLimits = {
  lineBytes: 64 * 1024,
  sessionBytes: 256 * 1024,
  xmlDepth: 64,
  sessionsPerPart: 4_000_000,
  unknownLabels: 64,
  unknownNames: 64,
  errors: 100,
  frameBytes: 1024 * 1024,
  layouts: 4096,
};

export interface SnapshotStart {
  readonly ordinal: number;
  readonly format: Format;
  readonly level: Level;
  readonly scope: Scope;
  readonly command: string;
  readonly router: string | null;
}

export interface SnapshotSink {
  /** Before the first rows of a snapshot. */
  begin(start: SnapshotStart): void;
  /** The batch is valid during the call only. */
  rows(batch: RowBatch): void;
  /** Once for each snapshot of the capture. */
  end(facts: SnapshotFacts): void;
}

/**
 * Reads one reply of one format. Chunks may be cut anywhere, and the chunk's memory is the caller's again after `write`.
 *
 * The builder hears of it in this order: for each session `builder.startRow(line)` → values into `builder.words` at the row it
 * returned → `builder.finishRow(layout)`; the bytes between bodies go to `builder.frame`. What is no listing (`<rpc-error>`,
 * another command's root) is `builder.refuse(line, message)`; a listing that closed itself is `builder.close()`.
 */
export interface BodyReader {
  /**
   * Takes bytes. Returns the offset after the last byte taken: `end`, or less once the reply has ended (the root closed; in
   * text, a prompt); what follows is the envelope's again.
   */
  write(chunk: Uint8Array, start: number, end: number): number;
  /** True once the reply has ended by itself. */
  readonly ended: boolean;
  /** Bytes of an earlier chunk that turned out not to belong to the reply: they come before what `write` left. */
  readonly leftover: Uint8Array;
  /** True when the reply broke off malformed: what follows, up to the next prompt, is its remains. */
  readonly failed?: boolean;
  /** Line of the capture at which `write` stopped or would go on, from 1. */
  readonly lineNumber: number;
  /** No more bytes will come: the capture ended, or `write` said that the reply did. */
  end(): void;
}
