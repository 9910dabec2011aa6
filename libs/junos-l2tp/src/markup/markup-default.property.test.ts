/** Any record, printed as XML or JSON by default, reads back as it was. */
import { counterFields, fields, type FieldValue, type SessionRecord } from '@sessionreel/session-model';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { defaultMarkupDocument, defaultMarkupLayout } from './markup-default.ts';
import { parseMarkup } from '../testing/markup-fixture.ts';
import { printListing } from '../layout/render.ts';

vi.setConfig({ testTimeout: 60_000 });

/** Texts that hurt: markup, quotes, escapes, white space at the ends, control characters. */
const text = fc
  .oneof(
    fc.string({ minLength: 1, unit: 'grapheme' }),
    fc.string({
      minLength: 1,
      unit: fc.constantFrom(' ', '\n', '\t', '\r', 'a', '&', '<', '"', '\\', '/', 'é', '😀'),
    }),
    fc.constantFrom(
      ']]>',
      '</l2tp-session-user-name>',
      '&amp;',
      '\\u0041',
      '"}]',
      '\u001b[31m',
      'a: b, State: x',
    ),
  )
  .filter((s) => !s.includes('\0') && s.isWellFormed());
const address = fc.oneof(fc.ipV4(), fc.constantFrom('2001:db8::1', 'fe80::1', '::'));
const isName = (s: string): boolean => !/^n\/a$/i.test(s);

function valueOf(name: string, type: string): fc.Arbitrary<FieldValue | undefined> {
  const value: fc.Arbitrary<FieldValue> =
    type === 'u16'
      ? fc.integer({ min: 0, max: 0xffff })
      : type === 'u64'
        ? fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
        : type === 'address'
          ? address
          : type === 'word'
            ? fc.constantFrom('established', 'clean-up', 'lns-ic-idle', 'shared')
            : type === 'text'
              ? text.filter((s) => name === 'user_name' || isName(s))
              : fc.integer({ min: 0, max: 0xffffffff });
  const special: FieldValue[] = name === 'user_name' ? [''] : ['', null];
  return fc.oneof({ weight: 6, arbitrary: value }, fc.constantFrom(...special, undefined));
}

/** A record as a reader could give it: parts only with what they are part of. */
const record: fc.Arbitrary<SessionRecord> = fc
  .record({
    values: fc.record(Object.fromEntries(fields.map((f) => [f.name, valueOf(f.name, f.type)]))),
    rounded: fc.uniqueArray(fc.constantFrom(...counterFields.map((f) => f.name)), { maxLength: 4 }),
    unknown: fc.array(fc.tuple(fc.constantFrom('l2tp-session-color', 'foo', 'b_2.c'), text), {
      maxLength: 3,
    }),
  })
  .map(({ values, rounded, unknown }) => {
    const kept: Record<string, FieldValue> = {};
    for (const f of fields) {
      const value = values[f.name];
      const whole = f.partOf === undefined ? null : values[f.partOf];
      const hasWhole = whole !== undefined && whole !== null && whole !== '';
      const isPart = f.partOf !== undefined && f.tags.length === 0;
      if (isPart && (!hasWhole || value === null || value === '')) continue;
      const bounded = f.name.endsWith('_port') ? Number(value) % 65536 : Number(value) % 129;
      if (value !== undefined) kept[f.name] = isPart && f.type === 'u32' ? bounded : value;
    }
    const rounding: Record<string, bigint> = {};
    for (const name of rounded)
      if (typeof kept[name] === 'bigint') {
        kept[name] = (kept[name] / 1000n) * 100n;
        rounding[name] = 50n;
      }
    return { values: kept, rounding, unknown };
  });

describe.each(['xml', 'json'] as const)('%s', (format) => {
  test('a record printed by default reads back', () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 4 }), (records) => {
        const listing = records.map((r, i) => ({
          ...r,
          values: { ...r.values, tunnel_local_id: i >> 1, session_local_id: i },
        }));
        const printed = listing.map((r) => ({ record: r, layout: defaultMarkupLayout(format, r) }));
        const document = defaultMarkupDocument(format, 'extensive', listing.length);
        const bytes = Buffer.concat([...printListing(printed, document)]);
        const parsed = parseMarkup(format, bytes);
        expect(parsed.facts.errors).toEqual([]);
        expect(parsed.facts.complete).toBe(true);
        expect(parsed.records).toEqual(listing);
        if (format === 'json') JSON.parse(bytes.toString('utf8'));
      }),
      { numRuns: 150 },
    );
  });
});
