/**
 * Snappy for reading what other producers send: raw blocks (librdkafka) and the framing of Java's snappy-java ("xerial").
 * Format: github.com/google/snappy, format_description.txt.
 */

export class SnappyError extends Error {
  override readonly name = 'SnappyError';
  readonly tooLarge: boolean;
  constructor(message: string, tooLarge = false) {
    super(message);
    this.tooLarge = tooLarge;
  }
}

const xerialMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);

/** Expands to at most `limit` bytes; more is refused before it is in memory. */
export function snappyDecompress(data: Buffer, limit: number): Buffer {
  if (!data.subarray(0, 8).equals(xerialMagic)) return block(data, limit);
  const parts: Buffer[] = [];
  let left = limit;
  // Magic, version and compatible version (4 bytes each), then blocks with their lengths.
  for (let at = 16; at < data.length;) {
    if (at + 4 > data.length) throw new SnappyError('cut off in a block length');
    const length = data.readUInt32BE(at);
    at += 4;
    if (at + length > data.length) throw new SnappyError('cut off in a block');
    const part = block(data.subarray(at, at + length), left);
    parts.push(part);
    left -= part.length;
    at += length;
  }
  return Buffer.concat(parts);
}

function block(data: Buffer, limit: number): Buffer {
  let at = 0;
  let size = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = data[at++];
    if (byte === undefined || shift > 28) throw new SnappyError('no length');
    size += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
  }
  if (size > limit) throw new SnappyError(`expands to ${size} bytes`, true);
  const out = Buffer.allocUnsafe(size);
  let end = 0;
  while (at < data.length) {
    const tag = data[at++] as number;
    if ((tag & 3) === 0) {
      let length = (tag >>> 2) + 1;
      if (length > 60) {
        const bytes = length - 60;
        if (at + bytes > data.length) throw new SnappyError('cut off in a literal length');
        length = data.readUIntLE(at, bytes) + 1;
        at += bytes;
      }
      if (at + length > data.length || end + length > size) throw new SnappyError('literal beyond the end');
      data.copy(out, end, at, at + length);
      at += length;
      end += length;
      continue;
    }
    const { length, distance, bytes } = copyOf(tag, data, at);
    at += bytes;
    if (distance === 0 || distance > end || end + length > size)
      throw new SnappyError('copy from nowhere or beyond the end');
    copyWithin(out, end, distance, length);
    end += length;
  }
  if (end !== size) throw new SnappyError(`${end} bytes where ${size} were promised`);
  return out;
}

function copyOf(tag: number, data: Buffer, at: number): { length: number; distance: number; bytes: number } {
  const kind = tag & 3;
  const bytes = kind === 1 ? 1 : kind === 2 ? 2 : 4;
  if (at + bytes > data.length) throw new SnappyError('cut off in a copy');
  const low = data.readUIntLE(at, bytes);
  if (kind === 1) return { length: ((tag >>> 2) & 7) + 4, distance: ((tag >>> 5) << 8) | low, bytes };
  return { length: (tag >>> 2) + 1, distance: low, bytes };
}

/** Copies from `distance` bytes back; source and target may overlap, which repeats the source. */
export function copyWithin(out: Buffer, end: number, distance: number, length: number): void {
  if (distance >= length) {
    out.copyWithin(end, end - distance, end - distance + length);
    return;
  }
  for (let i = 0; i < length; i++) out[end + i] = out[end + i - distance] as number;
}
