import { readFileSync } from 'node:fs';
import { fields } from '@sessionreel/session-model';
import { describe, expect, it } from 'vitest';
import { sessionDeltaSchema } from './schema.ts';

interface Named {
  name?: string;
  doc?: string;
  type?: unknown;
  items?: unknown;
  fields?: Named[];
}

/** Every record of a schema, however deep. */
function recordsOf(schema: unknown): Named[] {
  if (Array.isArray(schema)) return schema.flatMap(recordsOf);
  if (typeof schema !== 'object' || schema === null) return [];
  const node = schema as Named;
  const inner = [node.items, node.type, ...(node.fields ?? []).map((x) => x.type)].flatMap(recordsOf);
  return node.type === 'record' ? [node, ...inner] : inner;
}

describe('schemas/avro/session-delta.avsc', () => {
  const file = new URL('../../../schemas/avro/session-delta.avsc', import.meta.url);

  it('is what write-schema.ts writes', () => {
    const committed: unknown = JSON.parse(readFileSync(file, 'utf8'));
    // As text, so that the order counts; the white space is the formatter's.
    expect(JSON.stringify(committed)).toBe(JSON.stringify(sessionDeltaSchema));
  });

  it('documents every record and every field', () => {
    const records = recordsOf(sessionDeltaSchema);
    expect(records.map((x) => x.name)).toEqual([
      'SessionDelta',
      'LedgerEntry',
      'SessionImage',
      'UnknownField',
      'CounterDelta',
      'RoundedCounterDelta',
      'SessionPrint',
      'Anomaly',
      'RouterEvent',
      'LayoutDefinition',
    ]);
    for (const record of records) {
      expect(record.doc).toMatch(/\S/);
      for (const field of record.fields ?? [])
        expect(field.doc, `${record.name ?? ''}.${field.name ?? ''}`).toMatch(/\S/);
    }
  });

  it("carries every field of the catalogue that is not a clock, in the catalogue's order", () => {
    const image = recordsOf(sessionDeltaSchema).find((x) => x.name === 'SessionImage');
    const names = (image?.fields ?? []).map((x) => x.name ?? '');
    const expected = fields.filter((x) => x.role !== 'clock' && x.role !== 'identity').map((x) => x.name);
    expect(names.slice(-expected.length)).toEqual(expected);
    expect(names).toContain('tunnel_local_id');
    expect(names).toContain('session_local_id');
  });
});
