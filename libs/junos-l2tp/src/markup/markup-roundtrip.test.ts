/** Every fixture prints back byte for byte, and wherever its chunks are cut it reads the same. */
import { describe, expect, test, vi } from 'vitest';
import { markupFixtures, parseMarkup, printParsed, told } from '../testing/markup-fixture.ts';

vi.setConfig({ testTimeout: 60_000 });

for (const format of ['xml', 'json'] as const) {
  describe(format, { timeout: 60_000 }, () => {
    for (const { name, bytes } of markupFixtures(format)) {
      test(`${name} prints back`, () => {
        const parsed = parseMarkup(format, bytes);
        if (parsed.refused !== null) expect(parsed.records).toEqual([]);
        else expect(printParsed(parsed).toString('utf8') + parsed.rest).toBe(bytes.toString('utf8'));
      });

      test(`${name} prints back when hardly a layout is remembered`, () => {
        const parsed = parseMarkup(format, bytes, [], { layouts: 3 });
        if (parsed.refused === null)
          expect(printParsed(parsed).toString('utf8') + parsed.rest).toBe(bytes.toString('utf8'));
      });

      test(`${name} ends with its own line end, and takes nothing of what follows`, () => {
        const alone = parseMarkup(format, bytes);
        if (alone.refused !== null || !alone.facts.complete || alone.rest !== '') return;
        for (const prompt of ['user@r> ', '{master}\nuser@r> ', '\n\nuser@r> ']) {
          const own = /\n$/.test(bytes.toString()) ? '' : '\r\n';
          const parsed = parseMarkup(format, Buffer.concat([bytes, Buffer.from(own + prompt)]));
          expect(parsed.rest).toBe(prompt);
          expect(printParsed(parsed).toString('utf8')).toBe(bytes.toString('utf8') + own);
        }
      });

      test(`${name} reads the same cut at every byte`, () => {
        const whole = told(parseMarkup(format, bytes));
        // Larger fixtures: at a stride that is prime, so that it does not keep step with their lines.
        const stride = bytes.length > 2000 ? 13 : 1;
        for (let cut = 1; cut < bytes.length; cut += stride)
          expect(told(parseMarkup(format, bytes, [cut])), `cut at ${cut}`).toBe(whole);
        const all = Array.from({ length: bytes.length - 1 }, (_, i) => i + 1);
        expect(told(parseMarkup(format, bytes, all)), 'a byte at a time').toBe(whole);
      });
    }
  });
}
