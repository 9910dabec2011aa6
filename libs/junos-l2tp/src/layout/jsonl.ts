/** What a capture says, as the JSON lines of `reel parse`. */
import {
  StringTable,
  jsonOfRecord,
  recordOfRow,
  rowWords,
  type RowBatch,
  type SessionRecord,
  type SnapshotFacts,
} from '@sessionreel/session-model';
import type { ParseHints, ParseLimits } from '../envelope/reader.ts';
import { SnapshotParser, type CaptureResult } from '../envelope/snapshot-parser.ts';

/** Strings of sessions that are held before they are forgotten. */
const maxStringBytes = 8 * 1024 * 1024;

/**
 * Unknown values as a JSON object, label → raw value; a label printed more than once has an array. A line without any label has the
 * name ''.
 */
export function jsonOfUnknown(unknown: SessionRecord['unknown']): string {
  const names = [...new Set(unknown.map(([name]) => name))];
  const members = names.map((name) => {
    const values = unknown.filter(([other]) => other === name).map(([, raw]) => JSON.stringify(raw));
    return `${JSON.stringify(name)}:${values.length === 1 ? String(values[0]) : `[${values.join(',')}]`}`;
  });
  return `{${members.join(',')}}`;
}

/** `{"type":"session", …}`: the catalogue's fields, then `unknown_fields`. */
export function jsonOfSession(record: SessionRecord): string {
  const values = jsonOfRecord(record);
  const comma = values === '' ? '' : ',';
  return `{"type":"session",${values}${comma}"unknown_fields":${jsonOfUnknown(record.unknown)}}`;
}

/** `{"type":"snapshot", …}`: facts of the snapshot; `incomplete_reason` only when it is not complete. */
export function jsonOfSnapshot(facts: SnapshotFacts): string {
  const { format, level, scope, complete, sessions, errors } = facts;
  return JSON.stringify({
    type: 'snapshot',
    format,
    level,
    scope,
    complete,
    ...(complete ? {} : { incomplete_reason: facts.incompleteReason }),
    sessions,
    unknown_fields: facts.unknownFields,
    errors,
    variant: facts.variant,
    router: facts.router,
    router_clock:
      facts.routerClock === null ? null : new Date(facts.routerClock * 1000).toISOString().slice(0, 19),
  });
}

/** Feeds JSON lines to `emit` while the capture is read: bounded memory. */
export class JsonLines {
  readonly #parser: SnapshotParser;

  constructor(emit: (line: string) => void, hints: ParseHints = {}, limits: Partial<ParseLimits> = {}) {
    const strings = new StringTable();
    const rows = (batch: RowBatch): void => {
      for (let i = 0; i < batch.count; i++)
        emit(jsonOfSession(recordOfRow(batch.words, i * rowWords, batch.strings)));
    };
    const end = (facts: SnapshotFacts): void => emit(jsonOfSnapshot(facts));
    const sink = { begin: () => undefined, rows, end };
    const options = { renewStringsAbove: maxStringBytes };
    this.#parser = new SnapshotParser(strings, sink, hints, limits, options);
  }

  write(chunk: Uint8Array): void {
    this.#parser.write(chunk);
  }

  end(): CaptureResult {
    return this.#parser.end();
  }
}

/** A capture in memory as JSON lines. */
export function parseLines(
  bytes: Uint8Array,
  hints: ParseHints = {},
): { readonly lines: readonly string[]; readonly result: CaptureResult } {
  const lines: string[] = [];
  const parser = new JsonLines((line) => lines.push(line), hints);
  parser.write(bytes);
  return { lines, result: parser.end() };
}
