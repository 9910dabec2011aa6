import fc from 'fast-check';
import { expect, test } from 'vitest';
import { StringTable } from './strings.ts';

test('equal bytes have equal ids, others have others, and every string comes back', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 40 }), { maxLength: 2000 }), (texts) => {
      const table = new StringTable();
      const ids = new Map<string, number>([['', 0]]);
      for (const text of texts) {
        const id = table.internText(text);
        expect(ids.get(text) ?? id).toBe(id);
        ids.set(text, id);
      }
      expect(new Set(ids.values()).size).toBe(ids.size);
      for (const [text, id] of ids) expect(table.text(id)).toBe(text);
    }),
    { numRuns: 50 },
  );
});

test('a table that was truncated is as it was', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string(), { maxLength: 700 }),
      fc.array(fc.string(), { maxLength: 700 }),
      (kept, dropped) => {
        const table = new StringTable();
        const ids = kept.map((text) => table.internText(text));
        const size = table.size;
        for (const text of dropped) table.internText(text);
        table.truncate(size);
        expect(table.size).toBe(size);
        expect(kept.map((text) => table.internText(text))).toEqual(ids);
        expect(table.size).toBe(size);
        for (const text of dropped) expect(table.text(table.internText(text))).toBe(text);
      },
    ),
    { numRuns: 50 },
  );
});
