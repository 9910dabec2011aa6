/** What lies in columns is printed as what lies in records. */
import {
  fields,
  levels,
  presenceLetters,
  type FieldValue,
  type Format,
  type SessionRecord,
} from '@sessionreel/session-model';
import fc from 'fast-check';
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { hostileName, inventedListing } from '../testing/invented.ts';
import type { PrintColumn } from './print-columns.ts';
import { renderColumns, type ColumnListing, type ListingWay } from './render-columns.ts';
import { renderSnapshot, type RenderOptions } from './render.ts';
import { parseCapture, type ParsedSnapshot } from '../testing/parse-capture.ts';

type Printed = { readonly record: SessionRecord; readonly layout: string | null };

const letterOf = (value: FieldValue | undefined): string =>
  presenceLetters[value === undefined ? 0 : value === '' ? 2 : value === null ? 3 : 1] ?? '.';

const isText = (type: string): boolean => ['text', 'word', 'address'].includes(type);

/** A column of a field's values; every other text field's words come by a dictionary. */
function columnOf(index: number, values: readonly (FieldValue | undefined)[]): PrintColumn {
  const type = fields[index]?.type ?? '';
  if (type === 'u64')
    return { kind: 'counts', values: BigUint64Array.from(values, (v) => (typeof v === 'bigint' ? v : 99n)) };
  if (!isText(type)) return { kind: 'numbers', values: values.map((v) => (typeof v === 'number' ? v : 99)) };
  const texts = values.map((v) => (typeof v === 'string' ? v : 'no value'));
  if (index % 2 === 0) {
    const words = [...new Set(texts)];
    return { kind: 'words', words, ids: texts.map((t) => words.indexOf(t)) };
  }
  const bytes = texts.map((t) => Buffer.from(t));
  const ends = bytes.map((_, i) => bytes.slice(0, i + 1).reduce((sum, b) => sum + b.length, 0));
  return { kind: 'texts', bytes: Buffer.concat(bytes), starts: [0, ...ends.slice(0, -1)], ends };
}

/** The sessions in columns, their rows the other way round than the listing. */
function listingOf(sessions: readonly Printed[]): ColumnListing {
  const rows = [...sessions].reverse();
  const ways: ListingWay[] = [];
  const wayOf = rows.map(({ record, layout }) => {
    const letters = fields.map((f) => letterOf(record.values[f.name])).join('');
    const known = ways.findIndex((way) => way.letters === letters && way.layout === layout);
    return known >= 0 ? known : ways.push({ letters, layout }) - 1;
  });
  const columns = new Map(
    fields.map((f, i) => [
      f.name,
      columnOf(
        i,
        rows.map((r) => r.record.values[f.name]),
      ),
    ]),
  );
  return {
    order: Uint32Array.from(rows.keys()).reverse(),
    wayOf: Uint32Array.from(wayOf),
    ways,
    column: (name) => columns.get(name),
    isPlain: (row) => Object.keys(rows[row]?.record.rounding ?? {}).length === 0,
    record: (row) => (rows[row] as Printed).record,
  };
}

const text = (pieces: Iterable<Uint8Array>): string => Buffer.concat([...pieces]).toString('latin1');

function expectSame(sessions: readonly Printed[], document: string, options: RenderOptions = {}): void {
  expect(text(renderColumns(listingOf(sessions), document, options))).toBe(
    text(renderSnapshot(sessions, document, options)),
  );
}

const fixtures = new URL('../../fixtures/', import.meta.url);
const samples = readdirSync(fixtures)
  .filter((name) => /^\d\d-/.test(name))
  .map((name) => ({ name, bytes: readFileSync(new URL(`${name}/in.txt`, fixtures)) }));
const parsed = samples.map(({ bytes }) => parseCapture([bytes]).snapshots[0] as ParsedSnapshot);

describe('sessions in columns', { timeout: 60_000 }, () => {
  it.each(samples.map(({ name }, i) => ({ name, i })))('of $name are printed as records are', ({ i }) => {
    const { sessions, facts } = parsed[i] as ParsedSnapshot;
    expectSame(sessions, facts.document);
    for (const format of ['xml', 'json'] as const) expectSame(sessions, facts.document, { format });
    for (const level of levels) expectSame(sessions, facts.document, { level });
    const bare = sessions.map(({ record }) => ({ record, layout: null }));
    for (const variant of ['lns-m', 'lns-mx', 'lac'] as const)
      for (const level of levels)
        for (const some of [sessions, bare, [...bare, ...sessions], [...sessions, ...bare]])
          expectSame(some, facts.document, { format: 'text', level, variant });
    expectSame([], facts.document);
    expectSame(sessions, '');
  });

  it('of layouts that nobody has seen are, too', () => {
    fc.assert(
      fc.property(inventedListing, fc.boolean(), (listing, isWhole) => {
        const bytes = Buffer.from(isWhole ? listing.text : listing.text.trimEnd());
        const [snapshot] = parseCapture([bytes], { complete: isWhole }).snapshots;
        expectSame(snapshot?.sessions ?? [], snapshot?.facts.document ?? '');
      }),
      { numRuns: 150 },
    );
  });

  it('with other values than those that their layouts were learned from are, too', () => {
    const value = (index: number): fc.Arbitrary<FieldValue | undefined> => {
      const type = fields[index]?.type ?? '';
      const some: fc.Arbitrary<FieldValue> =
        type === 'u64'
          ? fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.bigInt({ min: 0n, max: 2000n }))
          : isText(type)
            ? hostileName
            : fc.oneof(fc.nat(200), fc.nat(type === 'u16' ? 65_535 : 0xffff_ffff));
      return fc.oneof(
        { weight: 8, arbitrary: some },
        { weight: 1, arbitrary: fc.constantFrom(undefined, null, '') },
      );
    };
    const record = fc
      .tuple(fc.tuple(...fields.map((_, i) => value(i))), fc.nat(2), fc.nat(9), fc.nat(9))
      .map(([values, tunnel, session, dice]): SessionRecord => {
        const named = Object.fromEntries(
          fields.map((f, i) => [f.name, values[i]] as const).filter(([, v]) => v !== undefined),
        ) as Record<string, FieldValue>;
        const ids = { tunnel_local_id: tunnel, session_local_id: session };
        const isRounded = dice > 7 && typeof named['data_tx_bytes'] === 'bigint';
        const rounding: Record<string, bigint> = isRounded ? { data_tx_bytes: 50n } : {};
        return { values: { ...named, ...ids }, rounding, unknown: [['Colour', 'red']] };
      });
    const formats: readonly Format[] = ['text', 'xml', 'json'];
    fc.assert(
      fc.property(
        fc.nat(parsed.length - 1),
        fc.constantFrom(...formats),
        fc.array(record, { minLength: 1, maxLength: 6 }),
        (i, format, records) => {
          const { sessions, facts } = parsed[i] as ParsedSnapshot;
          // Layouts of XML and JSON: those of what is printed in that format by default, read back.
          const own = format === 'text' ? { sessions, facts } : inFormat(sessions, format);
          const some = records.map((one, n) => ({
            record: one,
            layout: own.sessions[n % own.sessions.length]?.layout ?? null,
          }));
          expectSame(some, own.facts.document, { format });
        },
      ),
      { numRuns: 200 },
    );
  });

  it('are the same when they are many', () => {
    const { sessions, facts } = parsed[0] as ParsedSnapshot;
    const many = Array.from({ length: 3_000 }, (_, n): Printed => {
      const { record, layout } = sessions[n % sessions.length] as Printed;
      const values = { ...record.values, session_local_id: n, tunnel_local_id: Math.floor(n / 70) };
      const user = n % 900 === 0 ? { user_name: 'x'.repeat(n * 200) } : {};
      return { record: { ...record, values: { ...values, ...user } }, layout };
    });
    expectSame(many, facts.document);
  });
});

const printedIn = new Map<string, ParsedSnapshot>();
function inFormat(sessions: readonly Printed[], format: Format): ParsedSnapshot {
  const key = `${format} ${sessions[0]?.layout ?? ''}`;
  let found = printedIn.get(key);
  if (found === undefined) {
    const bytes = Buffer.concat([...renderSnapshot(sessions, '', { format })]);
    found = parseCapture([bytes]).snapshots[0];
    if (found === undefined) throw new Error(`what is printed as ${format} is not read`);
    printedIn.set(key, found);
  }
  return found;
}
