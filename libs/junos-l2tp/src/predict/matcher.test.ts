import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { matcherSource } from './matcher-binary.ts';

describe('the matcher', () => {
  it('is compiled from its source', () => {
    const source = readFileSync(new URL('../../wasm/matcher.as', import.meta.url));
    expect(matcherSource).toBe(createHash('sha256').update(source).digest('hex'));
  });
});
