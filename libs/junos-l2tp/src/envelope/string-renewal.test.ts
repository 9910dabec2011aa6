/** A string table that is emptied again and again gives the same sessions, and stays small. */
import {
  StringTable,
  recordOfRow,
  rowWords,
  type SessionRecord,
  type SnapshotFacts,
} from '@sessionreel/session-model';
import { describe, expect, it } from 'vitest';
import { defaultDocument, defaultLayout } from '../layout/default-layouts.ts';
import { printListing } from '../layout/render.ts';
import { SnapshotParser } from './snapshot-parser.ts';

function session(i: number): SessionRecord {
  const tunnel = Math.floor(i / 7);
  return {
    values: {
      tunnel_local_id: tunnel % 65536,
      session_local_id: i % 65536,
      session_remote_id: 1,
      create_time: 1_290_000_000 + i,
      tunnel_interface_name: `sp-1/2/${tunnel % 5}`,
      tunnel_group_name: `group-${tunnel % 3}`,
      interface_unit: i,
      state: i % 11 === 0 ? 'lns-ic-idle' : 'established',
      user_name: `subscriber-${i}@isp.example`,
      peer_ip: `10.0.${i >> 8}.${i & 255}`,
      local_name: 'lns',
      remote_name: `lac-${tunnel}`,
      up_time_s: 100 + i,
    },
    rounding: {},
    unknown: [],
  };
}

function listing(format: 'text' | 'xml' | 'json', count: number): Buffer {
  const sessions = Array.from({ length: count }, (_, i) => ({
    record: session(i),
    layout: defaultLayout(format, 'extensive', session(i), 'lns-m'),
  }));
  return Buffer.concat([...printListing(sessions, defaultDocument(format, 'extensive', 'lns-m', count))]);
}

function parse(bytes: Uint8Array, renewStringsAbove: number) {
  const strings = new StringTable();
  const records: string[] = [];
  let facts: SnapshotFacts | null = null;
  let most = 0;
  const sink = {
    begin: () => undefined,
    rows: (batch: { words: Uint32Array; count: number }) => {
      most = Math.max(most, strings.usedBytes);
      for (let i = 0; i < batch.count; i++)
        records.push(
          JSON.stringify(recordOfRow(batch.words, i * rowWords, strings).values, (_, v: unknown) =>
            String(v),
          ),
        );
    },
    end: (ended: SnapshotFacts) => {
      facts = ended;
    },
  };
  const parser = new SnapshotParser(strings, sink, { complete: true }, {}, { renewStringsAbove });
  for (let at = 0; at < bytes.length; at += 10_000) parser.write(bytes.subarray(at, at + 10_000));
  parser.end();
  return { records, facts, most };
}

describe.each(['text', 'xml', 'json'] as const)('%s', (format) => {
  it('is read alike with a table that is emptied, which stays small', () => {
    const bytes = listing(format, 1500);
    const kept = parse(bytes, Infinity);
    const renewed = parse(bytes, 20_000);
    expect(renewed.records).toEqual(kept.records);
    expect(renewed.facts).toEqual(kept.facts);
    expect(renewed.facts).toMatchObject({ complete: true, sessions: 1500, variant: 'lns-m' });
    expect(kept.most).toBeGreaterThan(100_000);
    // The limit, and what a batch and the layouts add.
    expect(renewed.most).toBeLessThan(50_000);
  });
});
