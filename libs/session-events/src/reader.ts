/** Avro's binary encoding, read by hand. Bytes may come from anywhere: every read past the end is an error. */

export interface EventReader {
  readonly bytes: Buffer;
  /** Where the next byte is. */
  at: number;
  readonly end: number;
}

export class AvroDataError extends Error {
  override name = 'AvroDataError';
}

/** @param bytes must not change while decoding goes on. */
export function createEventReader(bytes: Uint8Array): EventReader {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { bytes: buffer, at: 0, end: buffer.length };
}

export function pastEnd(r: EventReader): AvroDataError {
  return new AvroDataError(`the Avro datum of ${r.end} bytes ends in the middle of a value`);
}

/** Halves of the last long that `readHalves` read, zig-zag undone: two's complement. */
let low = 0;
let high = 0;

function readHalves(r: EventReader): void {
  const { bytes, end } = r;
  let at = r.at;
  let zl = 0;
  let zh = 0;
  let shift = 0;
  for (;;) {
    if (at >= end) throw pastEnd(r);
    const byte = bytes[at++] as number;
    const seven = byte & 0x7f;
    if (shift < 28) zl |= seven << shift;
    else if (shift === 28) {
      zl |= seven << 28;
      zh = seven >>> 4;
    } else zh |= seven << (shift - 32);
    if (byte < 0x80) break;
    shift += 7;
    if (shift > 63) throw new AvroDataError(`a long of more than ten bytes at byte ${r.at}`);
  }
  r.at = at;
  const sign = -(zl & 1);
  low = (((zl >>> 1) | (zh << 31)) ^ sign) >>> 0;
  high = (zh >>> 1) ^ sign;
}

/**
 * An int or long as a number.
 * @throws AvroDataError beyond ±2^53: fields that may be so large are read by `readBig`.
 */
export function readLong(r: EventReader): number {
  const { bytes } = r;
  const at = r.at;
  const first = bytes[at] as number;
  if (first < 0x80 && at < r.end) {
    r.at = at + 1;
    return (first >>> 1) ^ -(first & 1);
  }
  readHalves(r);
  const n = high * 0x100000000 + low;
  if (!Number.isSafeInteger(n)) throw new AvroDataError(`a long beyond 2^53 before byte ${r.at}`);
  return n;
}

const big = new BigUint64Array(1);
const words = new Uint32Array(big.buffer);
/** Most counters are small or zero: these need no new bigint. */
const small: readonly bigint[] = Array.from({ length: 64 }, (_, i) => BigInt(i));

/** A long as an unsigned 64-bit value. */
export function readBig(r: EventReader): bigint {
  const at = r.at;
  const first = r.bytes[at] as number;
  if (first < 0x80 && (first & 1) === 0 && at < r.end) {
    r.at = at + 1;
    return small[first >>> 1] as bigint;
  }
  readHalves(r);
  words[0] = low;
  words[1] = high;
  return big[0] as bigint;
}

export function readDouble(r: EventReader): number {
  if (r.at + 8 > r.end) throw pastEnd(r);
  const value = r.bytes.readDoubleLE(r.at);
  r.at += 8;
  return value;
}

export function readBoolean(r: EventReader): boolean {
  if (r.at >= r.end) throw pastEnd(r);
  return r.bytes[r.at++] !== 0;
}

/** As `readBig`, into two words. */
export function readWords(r: EventReader, into: Uint32Array, at: number): void {
  const first = r.bytes[r.at] as number;
  if (first < 0x80 && (first & 1) === 0 && r.at < r.end) {
    r.at++;
    into[at] = first >>> 1;
    into[at + 1] = 0;
    return;
  }
  readHalves(r);
  into[at] = low;
  into[at + 1] = high;
}

/** The branch of `["null", …]`: true when a value follows. */
export function readSome(r: EventReader): boolean {
  if (r.at >= r.end) throw pastEnd(r);
  const branch = r.bytes[r.at++] as number;
  if (branch > 2 || branch === 1) throw new AvroDataError(`no branch ${branch} of two before byte ${r.at}`);
  return branch === 2;
}

/** `["null", "long"]`, NaN for null. */
export function readOption(r: EventReader): number {
  return readSome(r) ? readLong(r) : NaN;
}

/** Length of the text or bytes that begin at `r.at` then, and lie in the datum whole: to be stepped over by the caller. */
export function readLength(r: EventReader): number {
  const length = readLong(r);
  if (length < 0 || length > r.end - r.at) throw pastEnd(r);
  return length;
}

/** Texts repeat (states, names of gateways and interfaces): a direct-mapped cache gives them out without a new string. */
const cachedTexts = new Array<string>(4096).fill('');

export function readText(r: EventReader): string {
  const length = readLength(r);
  if (length === 0) return '';
  const start = r.at;
  const end = start + length;
  r.at = end;
  if (length > 96) return r.bytes.toString('utf8', start, end);
  const { bytes } = r;
  let hash = length;
  let ascii = 0;
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number;
    ascii |= byte;
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  if (ascii > 0x7f) return r.bytes.toString('utf8', start, end);
  const slot = (hash ^ (hash >>> 15)) & 4095;
  const cached = cachedTexts[slot] as string;
  if (cached.length === length && sameText(cached, bytes, start)) return cached;
  const text = bytes.toString('latin1', start, end);
  cachedTexts[slot] = text;
  return text;
}

function sameText(text: string, bytes: Uint8Array, start: number): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false;
  return true;
}

/** A copy. */
export function readBytes(r: EventReader): Uint8Array {
  const length = readLength(r);
  const value = new Uint8Array(length);
  value.set(r.bytes.subarray(r.at, r.at + length));
  r.at += length;
  return value;
}

/** Count of the next block of an array or a map, 0 at its end. Items take at least a byte: more of them than bytes left is an error. */
export function readBlock(r: EventReader): number {
  let count = readLong(r);
  if (count < 0) {
    count = -count;
    readLong(r);
  }
  if (count > r.end - r.at) throw pastEnd(r);
  return count;
}
