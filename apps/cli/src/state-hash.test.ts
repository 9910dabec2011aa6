import { readdirSync, readFileSync } from 'node:fs';
import { SnapshotParser } from '@sessionreel/junos-l2tp';
import { RouterState, stateHash } from '@sessionreel/session-diff';
import { recordOfRow, rowWords, type SessionRecord } from '@sessionreel/session-model';
import { expect, it } from 'vitest';

const folder = new URL('../../../libs/junos-l2tp/fixtures/', import.meta.url);
const samples = readdirSync(folder).filter((name) => /^0\d-/.test(name));

it.each(samples)("of the records of %s is the processor's", (name) => {
  const bytes = readFileSync(new URL(`${name}/in.txt`, folder));
  const records: SessionRecord[] = [];
  const state = new RouterState('r');
  const at = Date.UTC(2026, 10, 20);
  state.prepare();
  let ledgerHash = '';
  const parser = new SnapshotParser(
    state.strings,
    {
      begin: (start) =>
        state.begin(
          {
            logTime: at,
            capturedAt: at,
            partition: 0,
            offset: 1,
            ordinal: 0,
            previousOffset: -1,
            snapshotId: '',
            part: 1,
            parts: 1,
          },
          start,
        ),
      rows: (batch) => {
        for (let i = 0; i < batch.count; i++)
          records.push(recordOfRow(batch.words, i * rowWords, batch.strings));
        state.rows(batch);
      },
      end: (facts) =>
        void state.end(facts, (delta) => {
          ledgerHash = delta.ledger[0]?.state_hash ?? ledgerHash;
        }),
    },
    { complete: true },
  );
  parser.write(bytes);
  parser.end();
  expect(ledgerHash).toMatch(/^[0-9a-f]{32}$/);
  expect(stateHash(records)).toBe(ledgerHash);
  expect(stateHash([...records].reverse())).toBe(ledgerHash);
  expect(stateHash([])).toBe('0'.repeat(32));
});
