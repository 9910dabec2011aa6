/**
 * Compression of record batches, over node:zlib, with limits: kafkajs hands a whole compressed batch to a codec, and a few kB
 * may expand to gigabytes. A batch that would expand past the limit is refused before it is in memory; what comes out instead
 * is the same number of records that say so (`refused.ts`), so that the consumer can dead-letter those offsets and go on.
 */
import { promisify } from 'node:util';
import { constants, gunzip, gzip, zstdCompress, zstdDecompress } from 'node:zlib';
import kafkajs from 'kafkajs';
import { Lz4Error, lz4Decompress } from './lz4.ts';
import { answerOf } from './frame-memory.ts';
import { batchBeforeRecords, endOfFetch, refusedRecords } from './refused.ts';
import { SnappyError, snappyDecompress } from './snappy.ts';

export interface ExpansionLimits {
  /** What one record batch may expand to, bytes. */
  readonly batchBytes: number;
  /** What the batches of one fetch may expand to together, bytes; the rest is left for the next fetch. */
  readonly fetchBytes: number;
}

export const defaultLimits: ExpansionLimits = { batchBytes: 256 * 2 ** 20, fetchBytes: 256 * 2 ** 20 };

type Decompress = (data: Buffer, limit: number) => Promise<Buffer> | Buffer;

// A getter, which Node does not see as a named export of a CommonJS module.
const { CompressionCodecs, CompressionTypes } = kafkajs;

const gunzipAsync = promisify(gunzip);
const zstdAsync = promisify(zstdDecompress);
const gzipAsync = promisify(gzip);
const zstdCompressAsync = promisify(zstdCompress);

const decompressors: readonly [type: number, name: string, decompress: Decompress][] = [
  [CompressionTypes.GZIP, 'gzip', (data, limit) => gunzipAsync(data, { maxOutputLength: limit })],
  [CompressionTypes.Snappy, 'snappy', snappyDecompress],
  [CompressionTypes.LZ4, 'lz4', lz4Decompress],
  [CompressionTypes.ZSTD, 'zstd', (data, limit) => zstdAsync(data, { maxOutputLength: limit })],
];

let limits: ExpansionLimits = defaultLimits;

/** Registers the codecs with kafkajs, whose registry is one for the process: the last limits given win. */
export function installCodecs(given: Partial<ExpansionLimits> = {}): void {
  limits = { ...defaultLimits, ...given };
  const registry = CompressionCodecs as Record<number, () => unknown>;
  for (const [type, name, decompress] of decompressors) {
    const codec = { compress: compressors[type] ?? unsupported(name), decompress: bounded(name, decompress) };
    registry[type] = () => codec;
  }
}

const compressors: Record<number, (encoder: { buffer: Buffer }) => Promise<Buffer>> = {
  [CompressionTypes.GZIP]: (encoder) => gzipAsync(encoder.buffer, { level: 1 }),
  [CompressionTypes.ZSTD]: (encoder) =>
    zstdCompressAsync(encoder.buffer, { params: { [constants.ZSTD_c_compressionLevel]: 1 } }),
};

function unsupported(name: string): () => Promise<never> {
  return () => Promise.reject(new Error(`${name} is read but not written: compress with gzip or zstd`));
}

/** Bytes that the batches of each fetch expanded to so far, by the memory that the fetch came in. */
const expandedByFetch = new WeakMap<object, number>();

function bounded(name: string, decompress: Decompress): (data: Buffer) => Promise<Buffer> {
  return async (data) => {
    const answer = answerOf(data.buffer);
    const already = expandedByFetch.get(answer) ?? 0;
    if (already >= limits.fetchBytes) throw endOfFetch();
    try {
      const out = await decompress(data, limits.batchBytes);
      // Small answers share a pool of buffers with others, so that only own memory can be accounted for.
      if (data.buffer.byteLength > 65_536) expandedByFetch.set(answer, already + out.length);
      return out;
    } catch (error) {
      const batch = batchBeforeRecords(data);
      if (batch === undefined) throw error;
      return refusedRecords(batch, reasonOf(name, error), data);
    }
  };
}

function reasonOf(name: string, error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const tooLarge =
    code === 'ERR_BUFFER_TOO_LARGE' ||
    ((error instanceof SnappyError || error instanceof Lz4Error) && error.tooLarge);
  if (tooLarge) return `${name} batch expands past ${limits.batchBytes} bytes`;
  return `${name} batch cannot be decompressed: ${error instanceof Error ? error.message : String(error)}`;
}
