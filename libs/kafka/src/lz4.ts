/**
 * LZ4 frames, for reading what other producers send. Format: github.com/lz4/lz4, lz4_Frame_format.md and lz4_Block_format.md.
 * Checksums are not verified, on purpose: the broker has checked the CRC of the batch around them.
 */
import { copyWithin } from './snappy.ts';

export class Lz4Error extends Error {
  override readonly name = 'Lz4Error';
  readonly tooLarge: boolean;
  constructor(message: string, tooLarge = false) {
    super(message);
    this.tooLarge = tooLarge;
  }
}

const frameMagic = 0x184d2204;

/** Expands to at most `limit` bytes; more is refused before it is in memory. */
export function lz4Decompress(data: Buffer, limit: number): Buffer {
  const out = new Output(limit);
  let at = 0;
  while (at < data.length) at = frame(data, at, out);
  return out.take();
}

function frame(data: Buffer, start: number, out: Output): number {
  if (start + 7 > data.length || data.readUInt32LE(start) !== frameMagic) throw new Lz4Error('no LZ4 frame');
  const flags = data[start + 4] as number;
  let at = start + 7 + (flags & 8 ? 8 : 0) + (flags & 1 ? 4 : 0);
  const blockChecksum = flags & 16 ? 4 : 0;
  // Linked blocks refer into the ones before, independent ones do not: one window over the frame serves both.
  const frameStart = out.length;
  for (;;) {
    if (at + 4 > data.length) throw new Lz4Error('cut off in a block size');
    const word = data.readUInt32LE(at);
    at += 4;
    if (word === 0) break;
    const length = word & 0x7fffffff;
    if (at + length > data.length) throw new Lz4Error('cut off in a block');
    const block = data.subarray(at, at + length);
    if (word >>> 31) out.append(block);
    else expandBlock(block, out, frameStart);
    at += length + blockChecksum;
  }
  return at + (flags & 4 ? 4 : 0);
}

function expandBlock(block: Buffer, out: Output, frameStart: number): void {
  let at = 0;
  const lengthFrom = (nibble: number): number => {
    let length = nibble;
    if (nibble === 15) {
      for (let byte = 255; byte === 255; length += byte) {
        byte = block[at++] ?? -1;
        if (byte < 0) throw new Lz4Error('cut off in a length');
      }
    }
    return length;
  };
  while (at < block.length) {
    const token = block[at++] as number;
    const literals = lengthFrom(token >>> 4);
    if (at + literals > block.length) throw new Lz4Error('literals beyond the end');
    out.append(block.subarray(at, at + literals));
    at += literals;
    if (at === block.length) return;
    if (at + 2 > block.length) throw new Lz4Error('cut off in an offset');
    const distance = block.readUInt16LE(at);
    at += 2;
    if (distance === 0 || distance > out.length - frameStart) throw new Lz4Error('match from nowhere');
    out.repeat(distance, lengthFrom(token & 15) + 4);
  }
}

/** A buffer that grows up to a limit. */
class Output {
  length = 0;
  #buffer = Buffer.allocUnsafe(65_536);
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  append(bytes: Buffer): void {
    this.#reserve(bytes.length);
    bytes.copy(this.#buffer, this.length);
    this.length += bytes.length;
  }

  repeat(distance: number, length: number): void {
    this.#reserve(length);
    copyWithin(this.#buffer, this.length, distance, length);
    this.length += length;
  }

  take(): Buffer {
    return this.#buffer.subarray(0, this.length);
  }

  #reserve(more: number): void {
    const needed = this.length + more;
    if (needed > this.#limit) throw new Lz4Error(`expands past ${this.#limit} bytes`, true);
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.min(this.#limit, Math.max(needed, this.#buffer.length * 2)));
    this.#buffer.copy(larger, 0, 0, this.length);
    this.#buffer = larger;
  }
}
