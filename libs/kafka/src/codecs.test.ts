import './mend-kafkajs.ts';
import { createRequire } from 'node:module';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { installCodecs } from './codecs.ts';
import { lz4Decompress } from './lz4.ts';
import { refusedHeader } from './refused.ts';
import { snappyDecompress } from './snappy.ts';

// kafkajs's own decoder: what it makes of our codecs' output is what consumers see.
const require = createRequire(import.meta.url);
const Decoder = require('kafkajs/src/protocol/decoder') as new (buffer: Buffer) => object;
const decodeMessages = require('kafkajs/src/protocol/requests/fetch/v4/decodeMessages') as (
  decoder: object,
) => Promise<{ offset: string; key: Buffer | null; value: Buffer | null; headers: Record<string, Buffer> }[]>;

/** A record with a value, no key, no headers; sizes below 64 have one-byte varints. */
function records(values: readonly Buffer[]): Buffer {
  const varint = (n: number): Buffer => {
    const bytes: number[] = [];
    let rest = n * 2;
    for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
    return Buffer.from([...bytes, rest]);
  };
  return Buffer.concat(
    values.map((value, i) => {
      const length = varint(value.length);
      const body = Buffer.concat([
        Buffer.from([0, 0]),
        varint(i),
        Buffer.from([1]),
        length,
        value,
        Buffer.from([0]),
      ]);
      return Buffer.concat([varint(body.length), body]);
    }),
  );
}

/** A record batch (magic 2) as the broker sends it. */
function batch(baseOffset: number, count: number, codec: number, compressed: Buffer): Buffer {
  const header = Buffer.alloc(61);
  header.writeBigInt64BE(BigInt(baseOffset), 0);
  header.writeInt32BE(compressed.length + 49, 8);
  header.writeInt8(2, 16);
  header.writeInt16BE(codec, 21);
  header.writeInt32BE(count - 1, 23);
  header.writeBigInt64BE(1_700_000_000_000n, 27);
  header.writeBigInt64BE(1_700_000_000_000n, 35);
  header.writeBigInt64BE(-1n, 43);
  header.writeInt32BE(count, 57);
  return Buffer.concat([header, compressed]);
}

function fetched(...batches: Buffer[]): Promise<Awaited<ReturnType<typeof decodeMessages>>> {
  const all = Buffer.concat(batches);
  // As a fetch answer has it: a size, then the batches, in memory of its own.
  const answer = Buffer.from(new ArrayBuffer(Math.max(70_000, all.length + 4)));
  answer.writeInt32BE(all.length);
  all.copy(answer, 4);
  return decodeMessages(new Decoder(answer));
}

const gzip = 1;
const zstd = 4;

describe('codecs', () => {
  afterEach(() => {
    installCodecs();
  });

  it.each([
    ['gzip', gzip, gzipSync],
    ['zstd', zstd, zstdCompressSync],
  ] as const)('%s batches expand', async (_, codec, compress) => {
    installCodecs();
    const messages = await fetched(
      batch(7, 2, codec, compress(records([Buffer.from('a'), Buffer.from('b')]))),
    );
    expect(messages.map((m) => [m.offset, m.value?.toString()])).toEqual([
      ['7', 'a'],
      ['8', 'b'],
    ]);
  });

  it.each([
    ['gzip', gzip, gzipSync],
    ['zstd', zstd, zstdCompressSync],
  ] as const)('a %s bomb becomes records that say so, at its offsets', async (name, codec, compress) => {
    installCodecs({ batchBytes: 1_000_000 });
    const bomb = compress(records([Buffer.alloc(50), Buffer.alloc(40_000_000)]));
    const messages = await fetched(
      batch(100, 2, codec, bomb),
      batch(102, 1, codec, compress(records([Buffer.from('after')]))),
    );
    expect(messages.map((m) => m.offset)).toEqual(['100', '101', '102']);
    expect(messages[0]?.headers[refusedHeader]?.toString()).toBe(`${name} batch expands past 1000000 bytes`);
    expect(messages[0]?.value).toEqual(bomb);
    expect(messages[1]?.headers[refusedHeader]).toBeDefined();
    expect(messages[1]?.value).toBeNull();
    expect(messages[2]?.value?.toString()).toBe('after');
  });

  it('refuses garbage, and goes on', async () => {
    const messages = await fetched(batch(5, 1, zstd, Buffer.from('this is no zstd frame')));
    expect(messages[0]?.headers[refusedHeader]?.toString()).toMatch(/^zstd batch cannot be decompressed/);
  });

  it('leaves the rest of a fetch for the next one when it expanded enough', async () => {
    installCodecs({ fetchBytes: 1_000_000 });
    const large = zstdCompressSync(records([Buffer.alloc(600_000)]));
    const messages = await fetched(...[0, 1, 2, 3].map((i) => batch(i, 1, zstd, large)));
    expect(messages.map((m) => m.offset)).toEqual(['0', '1']);
  });
});

describe('a batch of very many records', () => {
  it('is decoded: any producer can make one', async () => {
    installCodecs();
    const many = new Array<Buffer>(300_000).fill(Buffer.alloc(0));
    const messages = await fetched(batch(0, many.length, 0, records(many)));
    expect(messages).toHaveLength(many.length);
    expect(messages.at(-1)?.offset).toBe('299999');
  });
});

describe('snappy', () => {
  // Literal 'abcd', then a copy of 8 bytes from 4 back (overlapping), by the format's description.
  const block = Buffer.from([12, 3 << 2, 0x61, 0x62, 0x63, 0x64, ((8 - 4) << 2) | 1, 4]);
  it('reads a raw block', () => {
    expect(snappyDecompress(block, 100).toString()).toBe('abcdabcdabcd');
  });
  it("reads Java's framing", () => {
    const head = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
    const size = Buffer.from([0, 0, 0, block.length]);
    expect(snappyDecompress(Buffer.concat([head, size, block, size, block]), 100).toString()).toBe(
      'abcdabcdabcd'.repeat(2),
    );
  });
  it('refuses what promises too much, and copies from nowhere', () => {
    expect(() => snappyDecompress(Buffer.from([0xff, 0xff, 0xff, 0x7f, 0]), 1_000)).toThrow(/expands to/);
    expect(() => snappyDecompress(Buffer.from([4, (0 << 2) | 1, 1]), 1_000)).toThrow(/nowhere/);
  });
});

describe('lz4', () => {
  const head = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82]);
  const end = Buffer.alloc(4);
  const sized = (block: Buffer, stored = false): Buffer => {
    const size = Buffer.alloc(4);
    size.writeUInt32LE((block.length | (stored ? 0x80000000 : 0)) >>> 0);
    return Buffer.concat([size, block]);
  };
  it('reads compressed and stored blocks', () => {
    // Token: 4 literals, match of 4 + 4 from 4 back; then 1 literal to end the block.
    const block = Buffer.from([0x44, 0x61, 0x62, 0x63, 0x64, 4, 0, 0x10, 0x21]);
    const frame = Buffer.concat([head, sized(block), sized(Buffer.from('xyz'), true), end]);
    expect(lz4Decompress(frame, 100).toString()).toBe('abcdabcdabcd!xyz');
  });
  it('refuses a bomb before it is in memory', () => {
    const long = Buffer.concat([
      Buffer.from([0x1f, 0x61, 1, 0]),
      Buffer.alloc(40_000, 255),
      Buffer.from([0]),
    ]);
    expect(() => lz4Decompress(Buffer.concat([head, sized(long), end]), 1_000_000)).toThrow(/expands past/);
  });
});
