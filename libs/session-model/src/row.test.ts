import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { counterFields, fields } from './catalogue.ts';
import { jsonOfRecord, recordOfRow, rowOfRecord, type FieldValue, type SessionRecord } from './record.ts';
import { rowWords, slotOf } from './row.ts';
import { StringTable } from './strings.ts';

const valueOf = (type: string): fc.Arbitrary<FieldValue> => {
  switch (type) {
    case 'u16':
      return fc.nat(65535);
    case 'u64':
      return fc.bigInt(0n, 2n ** 64n - 1n);
    case 'u32':
    case 'datetime':
    case 'duration':
      return fc.nat(4294967295);
    default:
      return fc.string({ minLength: 1, unit: 'binary' });
  }
};

const anyRecord: fc.Arbitrary<SessionRecord> = fc
  .tuple(
    fc.tuple(
      ...fields.map((f) =>
        fc.oneof(fc.constant(undefined), fc.constant(null), fc.constant(''), valueOf(f.type)),
      ),
    ),
    fc.dictionary(fc.constantFrom(...counterFields.map((f) => f.name)), fc.nat(14)),
    fc.array(fc.tuple(fc.string({ minLength: 1 }), fc.string())),
  )
  .map(([values, exponents, unknown]) => ({
    values: Object.fromEntries(
      values.flatMap((v, i) => (v === undefined ? [] : [[fields[i]?.name ?? '', v]])),
    ),
    rounding: Object.fromEntries(Object.entries(exponents).map(([name, e]) => [name, 5n * 10n ** BigInt(e)])),
    unknown,
  }));

describe('a row', () => {
  test('holds every value of every field, and tells absent, empty, N/A and a value apart', () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        const strings = new StringTable();
        const words = new Uint32Array(3 * rowWords);
        rowOfRecord(record, words, rowWords, strings);
        const back = recordOfRow(words, rowWords, strings);
        const printed = Object.keys(record.values);
        expect(back.values).toEqual(record.values);
        expect(back.unknown).toEqual(record.unknown);
        expect(back.rounding).toEqual(
          Object.fromEntries(
            Object.entries(record.rounding).filter(
              ([name]) => printed.includes(name) && typeof record.values[name] === 'bigint',
            ),
          ),
        );
        expect(words.subarray(0, rowWords).every((word) => word === 0)).toBe(true);
        expect(words.subarray(2 * rowWords).every((word) => word === 0)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('takes a new field without anything else written for it: slots follow from the catalogue', () => {
    fields.forEach((f, index) => {
      const width = f.type === 'u64' ? 2 : 1;
      const nextSlot = index + 1 < fields.length ? slotOf[index + 1] : (slotOf[index] ?? 0) + width;
      expect(nextSlot).toBe((slotOf[index] ?? 0) + width);
    });
  });
});

test('the JSON form keeps integers exact, local times without a zone, and error bounds beside what was rounded', () => {
  const record: SessionRecord = {
    values: {
      session_local_id: 1,
      create_time: 1282660703,
      bundle_id: '',
      lcp_renegotiation: null,
      data_rx_bytes: 18446744073709551615n,
      data_rx_packets: 29000n,
    },
    rounding: { data_rx_packets: 50n },
    unknown: [],
  };
  expect(jsonOfRecord(record)).toBe(
    '"session_local_id":1,"create_time":"2010-08-24T14:38:23","bundle_id":"","lcp_renegotiation":null,' +
      '"data_rx_packets":29000,"data_rx_packets_error":50,"data_rx_bytes":18446744073709551615',
  );
});
