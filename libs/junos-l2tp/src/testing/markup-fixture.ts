/** For tests of the XML and JSON readers: parse in given chunks, print back by layouts, fixtures. No test is in here. */
import { readFileSync, readdirSync } from 'node:fs';
import {
  StringTable,
  layoutSlot,
  recordOfRow,
  rowWords,
  type SessionRecord,
  type SnapshotFacts,
} from '@sessionreel/session-model';
import { JsonReader } from '../json/json-reader.ts';
import { bytesOfLiteral, parseDocument, parseLayout } from '../layout/layout.ts';
import { copyOf } from '../markup/markup-buffer.ts';
import { Output, printPieces } from '../layout/print.ts';
import { defaultLimits, type ParseLimits } from '../envelope/reader.ts';
import { SnapshotBuilder } from '../envelope/snapshot-builder.ts';
import { frameChunks } from '../xml/xml-framing.ts';
import { XmlReader } from '../xml/xml-reader.ts';

export interface Parsed {
  readonly records: readonly SessionRecord[];
  /** JSON of each session's layout. */
  readonly layouts: readonly string[];
  readonly facts: SnapshotFacts;
  readonly refused: string | null;
  /** What the reader did not take. */
  readonly rest: string;
}

/** Parses `bytes` in chunks that end at `cuts` (ascending). */
export function parseMarkup(
  format: 'xml' | 'json',
  bytes: Uint8Array,
  cuts: readonly number[] = [],
  limits: Partial<ParseLimits> = {},
  predict = true,
): Parsed {
  const strings = new StringTable();
  const records: SessionRecord[] = [];
  const layouts: string[] = [];
  const ends: SnapshotFacts[] = [];
  const all = { ...defaultLimits, ...limits };
  const builder = new SnapshotBuilder(
    strings,
    {
      begin: () => undefined,
      rows: (batch) => {
        for (let i = 0; i < batch.count; i++) {
          records.push(recordOfRow(batch.words, i * rowWords, strings));
          layouts.push(strings.text(batch.words[i * rowWords + layoutSlot] as number));
        }
      },
      end: (facts) => void ends.push(facts),
    },
    all,
    { ordinal: 0, format, level: null, scope: {}, command: '', router: null },
  );
  const Reader = format === 'xml' ? XmlReader : JsonReader;
  const reader = new Reader(builder, all, 1, predict);
  let at = 0;
  let rest = bytes.subarray(bytes.length);
  for (const cut of [...cuts, bytes.length]) {
    // A chunk of its own, overwritten afterwards: nothing may be kept of it.
    const chunk = copyOf(bytes, at, cut);
    const taken = reader.write(chunk, 0, chunk.length);
    chunk.fill(0x58);
    if (taken < cut - at || reader.leftover.length > 0) {
      rest = Buffer.concat([reader.leftover, bytes.subarray(at + taken)]);
      break;
    }
    at = cut;
  }
  reader.end();
  builder.finish({ seen: false, reason: '', bytes: bytes.length });
  return {
    records,
    layouts,
    facts: ends[0] as SnapshotFacts,
    refused: builder.refused?.message ?? null,
    rest: Buffer.from(rest).toString('utf8'),
  };
}

/** All that is told about a reply, to compare: bigints as text. */
export function told(parsed: Parsed): string {
  const { records, layouts, facts, refused, rest } = parsed;
  return JSON.stringify({ records, layouts, facts, refused, rest }, (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
}

/** Prints a parsed reply by what was learned from it, as layout.ts says. */
export function printParsed(parsed: Parsed): Buffer {
  const out = new Output();
  const document = parseDocument(parsed.facts.document);
  const gaps = new Map(document.gaps.map((gap) => [gap.index, gap.bytes]));
  out.bytes(bytesOfLiteral(document.head));
  parsed.records.forEach((record, index) => {
    const layout = parseLayout(parsed.layouts[index] as string);
    const irregular = gaps.get(index);
    const changed = index === 0 || !isSameTunnel(record, parsed.records[index - 1] as SessionRecord);
    if (irregular !== undefined) out.bytes(bytesOfLiteral(irregular));
    else if (changed) {
      if (index > 0) out.bytes(bytesOfLiteral(document.tunnelGap));
      printPieces(layout.tunnel, record, out);
    } else out.bytes(bytesOfLiteral(document.sessionGap));
    printPieces(layout.body, record, out);
  });
  out.bytes(bytesOfLiteral(document.tail));
  const bytes = out.take();
  return Buffer.from(document.chunks === undefined ? bytes : frameChunks(bytes, document.chunks));
}

function isSameTunnel(a: SessionRecord, b: SessionRecord): boolean {
  return ['tunnel_local_id', 'tunnel_interface_name', 'tunnel_group_name'].every(
    (name) => a.values[name] === b.values[name],
  );
}

const folder = new URL('../../fixtures/', import.meta.url);

/** The fixtures of a format: their names and bytes. */
export function markupFixtures(format: 'xml' | 'json'): { name: string; bytes: Buffer }[] {
  return readdirSync(folder)
    .filter((name) => name.startsWith(`${format}-`))
    .sort()
    .map((name) => ({ name, bytes: readFileSync(new URL(`${name}/in.${format}`, folder)) }));
}
