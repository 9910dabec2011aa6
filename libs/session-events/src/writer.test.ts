import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEventReader, readBig, readLong, readText } from './reader.ts';
import { createEventWriter, writeBig, writeLong, written, writeText, type EventWriter } from './writer.ts';

/** The specification's words, in bigints: zig-zag, then groups of seven bits, the lowest first. */
function varint(value: bigint): number[] {
  let z = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  const bytes: number[] = [];
  for (; z > 0x7fn; z >>= 7n) bytes.push(Number(z & 0x7fn) | 0x80);
  return [...bytes, Number(z)];
}

function bytesOf(write: (w: EventWriter) => void): number[] {
  const w = createEventWriter(1);
  write(w);
  return [...written(w)];
}

const edges = [0, 6, 7, 13, 14, 27, 28, 29, 30, 31, 32, 33, 34, 35, 52].flatMap((n) => {
  const power = 2 ** n;
  return [power - 1, power, power + 1, -power + 1, -power, -power - 1];
});

describe('longs', () => {
  it('come out as the examples of the specification', () => {
    const examples: [number, number[]][] = [
      [0, [0]],
      [-1, [1]],
      [1, [2]],
      [-2, [3]],
      [2, [4]],
      [-64, [0x7f]],
      [64, [0x80, 0x01]],
    ];
    for (const [n, bytes] of examples) expect(bytesOf((w) => writeLong(w, n))).toEqual(bytes);
  });

  it.each(edges)('%d is exact, written and read', (n) => {
    const bytes = bytesOf((w) => writeLong(w, n));
    expect(bytes).toEqual(varint(BigInt(n)));
    expect(readLong(createEventReader(Uint8Array.from(bytes)))).toBe(n);
  });

  it('are exact for every safe integer', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (n) => {
        const bytes = bytesOf((w) => writeLong(w, n));
        expect(bytes).toEqual(varint(BigInt(n)));
        expect(readLong(createEventReader(Uint8Array.from(bytes)))).toBe(n);
      }),
    );
  });

  it('hold every u64 in twos complement', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (n) => {
        const bytes = bytesOf((w) => writeBig(w, n));
        expect(bytes).toEqual(varint(BigInt.asIntN(64, n)));
        expect(readBig(createEventReader(Uint8Array.from(bytes)))).toBe(n);
      }),
    );
    expect(bytesOf((w) => writeBig(w, 2n ** 64n - 1n))).toEqual([1]);
  });

  it('of more than 2^53 are an error where a number is read, never a wrong number', () => {
    const bytes = Uint8Array.from(varint(2n ** 53n));
    expect(() => readLong(createEventReader(bytes))).toThrow('beyond 2^53');
  });

  it('of eleven bytes are an error', () => {
    expect(() => readLong(createEventReader(new Uint8Array(11).fill(0x80)))).toThrow('ten bytes');
  });
});

describe('texts', () => {
  it('are UTF-8 after their length, whatever they hold', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 150 }), (text) => {
        const utf8 = Buffer.from(text, 'utf8');
        const bytes = bytesOf((w) => writeText(w, text));
        expect(bytes).toEqual([...varint(BigInt(utf8.length)), ...utf8]);
        expect(readText(createEventReader(Uint8Array.from(bytes)))).toBe(text);
      }),
    );
  });

  it('with a lone surrogate have a replacement character there', () => {
    expect(bytesOf((w) => writeText(w, 'a\ud800'))).toEqual([8, 0x61, 0xef, 0xbf, 0xbd]);
  });
});
