/** Captures that their producer compressed (`content-encoding`), with a limit on what they may expand to. */
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { CaptureRefused } from './machine.ts';

export function decompress(
  bytes: Uint8Array,
  encoding: 'gzip' | 'zstd' | undefined,
  limit: number,
): Uint8Array {
  if (encoding === undefined) return bytes;
  try {
    // The limit is checked as the output grows: a bomb is refused before it is in memory.
    const options = { maxOutputLength: limit };
    return encoding === 'gzip' ? gunzipSync(bytes, options) : zstdDecompressSync(bytes, options);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ERR_BUFFER_TOO_LARGE')
      throw new CaptureRefused('too_large', `the capture expands past ${limit} bytes (${encoding})`);
    throw new CaptureRefused(
      'encoding',
      `the capture is not ${encoding}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
