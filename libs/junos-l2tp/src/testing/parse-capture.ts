/** For tests of this library: a capture parsed into objects. */
import {
  StringTable,
  layoutSlot,
  recordOfRow,
  rowWords,
  type SessionRecord,
  type SnapshotFacts,
} from '@sessionreel/session-model';
import type { ParseHints, ParseLimits } from '../envelope/reader.ts';
import { printWhole } from '../layout/render.ts';
import { SnapshotParser, type CaptureResult, type ParseOptions } from '../envelope/snapshot-parser.ts';

export interface ParsedSnapshot {
  readonly facts: SnapshotFacts;
  readonly sessions: readonly {
    readonly record: SessionRecord;
    readonly layout: string;
    readonly words: string;
  }[];
}

export interface ParsedCapture {
  readonly snapshots: readonly ParsedSnapshot[];
  readonly result: CaptureResult;
}

/** Parses a capture handed over in chunks. */
export function parseCapture(
  chunks: Iterable<Uint8Array>,
  hints: ParseHints = {},
  limits: Partial<ParseLimits> = {},
  options: ParseOptions = {},
): ParsedCapture {
  const strings = new StringTable();
  const snapshots: ParsedSnapshot[] = [];
  let sessions: ParsedSnapshot['sessions'][number][] = [];
  const sink = {
    begin: () => undefined,
    rows: (batch: { words: Uint32Array; count: number }) => {
      for (let i = 0; i < batch.count; i++) {
        const row = i * rowWords;
        sessions.push({
          record: recordOfRow(batch.words, row, strings),
          layout: strings.text(batch.words[row + layoutSlot] as number),
          words: '',
        });
      }
    },
    end: (facts: SnapshotFacts) => {
      snapshots.push({ facts, sessions });
      sessions = [];
    },
  };
  const parser = new SnapshotParser(strings, sink, hints, limits, options);
  for (const chunk of chunks) parser.write(chunk);
  return { snapshots, result: parser.end() };
}

/** The snapshot printed again by what was learned of it. */
export function printAgain(snapshot: ParsedSnapshot): Uint8Array {
  return printWhole(snapshot.sessions, snapshot.facts.document);
}
