/** Golden cases: a folder `fixtures/<case>` holds `in.*`, `expected.jsonl` and perhaps `hints.json`; a new case needs no code. */
import { readFileSync, readdirSync, existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseLines } from '../layout/jsonl.ts';
import type { ParseHints } from '../envelope/reader.ts';

const fixtures = new URL('../../fixtures/', import.meta.url);

describe('golden cases', { timeout: 60_000 }, () => {
  for (const { name } of readdirSync(fixtures, { withFileTypes: true }).filter((x) => x.isDirectory())) {
    const folder = new URL(`${name}/`, fixtures);
    const input = readdirSync(folder).find((file) => file.startsWith('in.'));
    if (input === undefined || !existsSync(new URL('expected.jsonl', folder))) continue;
    it(name, () => {
      const hintsFile = new URL('hints.json', folder);
      const hints = existsSync(hintsFile) ? (JSON.parse(readFileSync(hintsFile, 'utf8')) as ParseHints) : {};
      const { lines, result } = parseLines(readFileSync(new URL(input, folder)), hints);
      const errors = result.errors.map((error) => JSON.stringify({ type: 'error', ...error }));
      expect([...lines, ...errors].join('\n') + '\n').toBe(
        readFileSync(new URL('expected.jsonl', folder), 'utf8'),
      );
    });
  }
});
