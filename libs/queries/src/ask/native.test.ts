import { describe, expect, test } from 'vitest';
import type { QueryClient } from './client.ts';
import { nativeAnswer, readNative, textAt } from './native.ts';

const text = (value: string): number[] => [Buffer.byteLength(value), ...Buffer.from(value)];
const u64 = (value: bigint): number[] => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  return [...bytes];
};
const words = (keys: readonly string[], ids: readonly number[]): number[] => [
  ...u64(1n),
  ...u64(0x600n),
  ...u64(BigInt(keys.length)),
  ...keys.flatMap(text),
  ...u64(BigInt(ids.length)),
  ...ids,
];

/** As ClickHouse 26.7 gave it for three rows, in blocks of two and one. */
const firstBlock = [
  [6, 2],
  [...text('id'), ...text('UInt16'), 1, 0, 255, 255],
  [...text('since'), ...text("Nullable(DateTime('UTC'))"), 0, 1, 10, 0, 0, 0, 9, 9, 9, 9],
  [...text('rank'), ...text('Int64'), ...u64(-5n), ...u64(1_793_573_400_000n)],
  [...text('total'), ...text('UInt64'), ...u64(2n ** 64n - 1n), ...u64(7n)],
  [...text('state'), ...text('LowCardinality(String)'), ...words(['', 'up', 'down'], [1, 2])],
  [...text('name'), ...text('String'), ...text('zoë'), ...text('')],
].flat();
const secondBlock = [
  [6, 1],
  [...text('id'), ...text('UInt16'), 3, 1],
  [...text('since'), ...text("Nullable(DateTime('UTC'))"), 0, 11, 0, 0, 0],
  [...text('rank'), ...text('Int64'), ...u64(0n)],
  [...text('total'), ...text('UInt64'), ...u64(8n)],
  [...text('state'), ...text('LowCardinality(String)'), ...words(['down', 'gone'], [1])],
  [...text('name'), ...text('String'), ...text('x'.repeat(120))],
].flat();

const blocks = [...firstBlock, ...secondBlock];

const clientOf = (chunks: readonly Uint8Array[]): QueryClient =>
  ({
    native: async function* () {
      for (const chunk of chunks) {
        await Promise.resolve();
        yield chunk;
      }
    },
  }) as unknown as QueryClient;

describe('an answer by column', () => {
  test('is put together from its blocks, wherever they are cut', async () => {
    const bytes = Uint8Array.from(blocks);
    for (const cut of [0, 1, 17, bytes.length]) {
      const answer = await nativeAnswer(clientOf([bytes.subarray(0, cut), bytes.subarray(cut)]), 'q', {});
      expect(answer.rows).toBe(3);
      expect([...answer.numbers('id').values]).toEqual([0x0001, 0xffff, 0x0103]);
      expect([...(answer.numbers('since').nulls ?? [])]).toEqual([0, 1, 0]);
      expect(answer.numbers('since').values[2]).toBe(11);
      expect([...answer.numbers('rank').values]).toEqual([-5, 1_793_573_400_000, 0]);
      expect([...answer.counts('total').values]).toEqual([2n ** 64n - 1n, 7n, 8n]);
      const state = answer.words('state');
      expect([...state.ids].map((id) => state.words[id])).toEqual(['up', 'down', 'gone']);
      const name = answer.texts('name');
      expect([0, 1, 2].map((row) => textAt(name, row))).toEqual(['zoë', '', 'x'.repeat(120)]);
    }
  });

  test('that holds nothing has empty columns', () => {
    const answer = readNative(Buffer.alloc(0));
    expect(answer.rows).toBe(0);
    expect(answer.counts('total').values).toHaveLength(0);
    expect(answer.texts('name').starts).toHaveLength(0);
  });

  test('that broke off is an error, and so is a type that nobody asks for', () => {
    for (let end = 1; end < blocks.length; end++) {
      // Between two blocks an end can not be told from the end of the answer: the server answers when it has everything.
      if (end === firstBlock.length) continue;
      expect(() => readNative(Buffer.from(blocks.slice(0, end))), String(end)).toThrow();
    }
    const float = [1, 1, ...text('x'), ...text('Float32'), 0, 0, 0, 0];
    expect(() => readNative(Buffer.from(float))).toThrow('Float32');
  });

  test('has the columns that it has', () => {
    const answer = readNative(Buffer.from(blocks));
    expect(() => answer.numbers('other')).toThrow('no column other');
    expect(() => answer.counts('id')).toThrow('holds numbers');
  });
});
