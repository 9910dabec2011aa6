import { describe, expect, it } from 'vitest';
import { chunks } from './chunks.ts';

describe('chunks', () => {
  it('keeps the order, and the bound but for what is larger by itself', () => {
    const sizes = [300, 300, 300, 5_000, 10, 10];
    const messages = sizes.map((n, i) => ({
      key: String(i),
      value: Buffer.alloc(n),
      headers: { kind: ['a', 'b'] },
    }));
    const cut = chunks(messages, 1_000);
    expect(cut.map((chunk) => chunk.map((m) => m.key).join(''))).toEqual(['01', '2', '3', '45']);
    expect(chunks([], 1_000)).toEqual([]);
  });
});
