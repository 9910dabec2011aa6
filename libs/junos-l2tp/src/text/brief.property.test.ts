import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hostileName } from '../testing/invented.ts';
import { parseCapture, printAgain } from '../testing/parse-capture.ts';

const plain = (value: unknown): string =>
  JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? String(v) : v));

const u16 = fc.integer({ min: 0, max: 65535 });
const state = fc.constantFrom('Established', 'Closed', 'Destroyed', 'lns-ic-wait-connect', 'Clean-up');
const row = fc.record({
  id: u16,
  remote: u16,
  unit: fc.nat({ max: 99999 }),
  state,
  bundle: fc.option(fc.integer({ min: 1, max: 65536 }), { nil: null }),
  user: fc.oneof(fc.constant(''), hostileName),
});

/** As an M Series prints it: right-aligned numbers, nothing behind the last value. */
const mSeries = fc.uniqueArray(row, { minLength: 1, maxLength: 8, selector: (r) => r.id }).map((rows) => {
  const lines = rows.map((r) =>
    `  ${String(r.id).padStart(5)} ${String(r.remote).padStart(6)} ${String(r.unit).padStart(9)} ${r.state.padEnd(19)} ${String(r.bundle ?? '').padStart(6)} ${r.user}`.trimEnd(),
  );
  const head = [
    'Interface: sp-1/2/0, Tunnel group: group1, Tunnel local ID:  8802',
    '  Local Remote Interface State               Bundle Username',
    '  ID    ID     unit',
  ];
  return { rows, text: [...head, ...lines, ''].join('\n') };
});

describe('the brief table of an M Series', { timeout: 60_000 }, () => {
  it('is read by its columns, whatever is blank, and printed again', () => {
    fc.assert(
      fc.property(mSeries, ({ rows, text }) => {
        const bytes = Buffer.from(text);
        const capture = parseCapture([bytes], { complete: true });
        const [snapshot] = capture.snapshots;
        const read = snapshot?.sessions.map(({ record: { values: v } }) => [
          v['session_local_id'],
          v['session_remote_id'],
          v['interface_unit'],
          v['state'],
          v['bundle_id'],
          v['user_name'],
        ]);
        expect(read).toEqual(
          rows.map((r) => [r.id, r.remote, r.unit, r.state.toLowerCase(), r.bundle ?? '', r.user]),
        );
        expect(plain(parseCapture([bytes], { complete: true }, {}, { predict: false }))).toBe(plain(capture));
        if (snapshot !== undefined) expect(Buffer.from(printAgain(snapshot)).toString()).toBe(text);
      }),
      { numRuns: 300 },
    );
  });
});
