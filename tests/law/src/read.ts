/** Captures of the simulator through the parser, as objects. */
import { headersOf, type Capture, type Prng } from '@sessionreel/fleet-sim';
import { printWhole, SnapshotParser, type CaptureResult } from '@sessionreel/junos-l2tp';
import {
  layoutSlot,
  recordOfRow,
  rowWords,
  StringTable,
  type RowBatch,
  type SessionRecord,
  type SnapshotFacts,
} from '@sessionreel/session-model';

export interface Read {
  readonly result: CaptureResult;
  readonly facts: readonly SnapshotFacts[];
  readonly sessions: readonly SessionRecord[];
  /** The snapshot printed again by what was learned of it; null when the capture held none. */
  readonly printed: () => string | null;
}

/** Parses a capture with what its headers say. `chunks` cuts it into pieces of random size. */
export function readCapture(capture: Capture, chunks?: Prng): Read {
  const strings = new StringTable();
  const facts: SnapshotFacts[] = [];
  const sessions: SessionRecord[] = [];
  const layouts: string[] = [];
  const sink = {
    begin: () => undefined,
    rows: (batch: RowBatch) => {
      for (let row = 0; row < batch.count * rowWords; row += rowWords) {
        sessions.push(recordOfRow(batch.words, row, strings));
        layouts.push(strings.text(batch.words[row + layoutSlot] ?? 0));
      }
    },
    end: (those: SnapshotFacts) => void facts.push(those),
  };
  const headers = headersOf(capture);
  const hints = {
    command: capture.command,
    ...(headers['complete'] === undefined ? {} : { complete: headers['complete'] === 'true' }),
  };
  const parser = new SnapshotParser(strings, sink, hints);
  for (const chunk of chunksOf(capture.bytes, chunks)) parser.write(chunk);
  const result = parser.end();
  const printed = (): string | null => {
    const document = facts[0]?.document ?? '';
    if (document === '') return null;
    const all = sessions.map((record, n) => ({ record, layout: layouts[n] ?? '' }));
    return Buffer.from(printWhole(all, document)).toString();
  };
  return { result, facts, sessions, printed };
}

export function* chunksOf(bytes: Uint8Array, prng?: Prng): Generator<Uint8Array, void> {
  for (let at = 0; at < bytes.length;) {
    const end = at + (prng === undefined ? bytes.length : prng.int(1, prng.chance(0.5) ? 40 : 5000));
    // A copy: the parser may not hold on to a chunk.
    yield new Uint8Array(bytes.subarray(at, end));
    at = end;
  }
}
