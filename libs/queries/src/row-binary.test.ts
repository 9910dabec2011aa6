import { expect, test } from 'vitest';
import { binary, binaryRows } from './row-binary.ts';
import type { QueryClient } from './client.ts';

/** Bytes as ClickHouse's documentation of RowBinary has them, not by an encoder of ours. */
const row = (name: string): Buffer =>
  Buffer.concat([
    Buffer.from([0xff, 0xff]), // UInt16 65535
    Buffer.from('ffffffffffffffff', 'hex'), // UInt64 2^64 - 1
    Buffer.from('00f0ffffffffffff', 'hex'), // Int64 -4096
    Buffer.from('0000000020000000', 'hex'), // Int64 2^37
    Buffer.from([0xfe, 0xff, 0xff, 0xff]), // Int32 -2
    Buffer.from([Buffer.byteLength(name)]),
    Buffer.from(name),
    Buffer.from([1]), // NULL
    Buffer.from([0, 5, 0, 0, 0]), // Nullable(UInt32) 5
    Buffer.from([0, 1, 0, 0, 0, 0, 0, 0, 0x80]), // Nullable(UInt64) 2^63 + 1
    Buffer.from([1]), // Nullable(Int64) NULL
    Buffer.from([1, 2, 0x61, 0x62, 7, 0, 0, 0, 0, 0, 0, 0]), // Map {'ab': 7}
    Buffer.from([2, 1, 0x6b, 1, 0x76, 0, 0]), // [('k', 'v'), ('', '')]
  ]);
const columns = [
  binary.u16('a'),
  binary.u64('b'),
  binary.i64('c'),
  binary.i64('d'),
  binary.i32('e'),
  binary.text('f'),
  binary.maybeU32('g'),
  binary.maybeU32('h'),
  binary.maybeU64('i'),
  binary.maybeI64('j'),
  binary.numbers('k'),
  binary.texts('l'),
];
const expected = (name: string): unknown[] => [
  65_535,
  2n ** 64n - 1n,
  -4_096,
  2 ** 37,
  -2,
  name,
  null,
  5,
  2n ** 63n + 1n,
  null,
  [['ab', 7n]],
  [
    ['k', 'v'],
    ['', ''],
  ],
];

function clientOf(chunks: readonly Uint8Array[], asked: string[] = []): QueryClient {
  const never = (): never => {
    throw new Error('not asked for');
  };
  return {
    rows: never,
    blocks: never,
    async *binary(query) {
      asked.push(query);
      for (const chunk of chunks) yield await Promise.resolve(chunk);
    },
  };
}

const names = ['', 'é', 'é', 'anna@isp.example', 'x'.repeat(100)];
const bytes = Buffer.concat(names.map(row));

test.each([1, 7, 64, 1_000_000])('rows are read wherever the chunks end: every %i bytes', async (size) => {
  const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  );
  const found: unknown[][] = [];
  const asked: string[] = [];
  await binaryRows(clientOf(chunks, asked), columns, 'FROM t', {}, (r) => found.push([...r]));
  expect(found).toEqual(names.map(expected));
  expect(asked[0]).toMatch(/^SELECT toUInt16\(a\) AS c0, .* FROM t$/);
});

test('an answer that breaks off within a row is no answer', async () => {
  const cut = clientOf([bytes.subarray(0, bytes.length - 1)]);
  await expect(binaryRows(cut, columns, 'FROM t', {}, () => undefined)).rejects.toThrow('broke off');
});
