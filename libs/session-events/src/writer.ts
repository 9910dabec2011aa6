/**
 * Avro's binary encoding, written by hand into one buffer that grows: a cursor that is only state, free functions around it,
 * and one place that grows. Validation is absent on purpose: values come from our own diff, never from the wire.
 */

import { putDouble, putWords, sharedPage } from './page.ts';

export interface EventWriter {
  bytes: Buffer;
  /** Where the next byte goes. */
  at: number;
}

export function createEventWriter(capacity = 1 << 16): EventWriter {
  return { bytes: Buffer.allocUnsafeSlow(capacity), at: 0 };
}

/** What was written since `start`: a view, valid until the next write. */
export function written(w: EventWriter, start = 0): Uint8Array {
  return w.bytes.subarray(start, w.at);
}

/** A copy of what was written, in a buffer of its own that can be transferred between threads. */
export function takeWritten(w: EventWriter): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(w.at);
  out.set(w.bytes.subarray(0, w.at));
  w.at = 0;
  return out;
}

/** Room for `count` more bytes. */
export function ensure(w: EventWriter, count: number): void {
  if (w.at + count > w.bytes.length) grow(w, count);
}

function grow(w: EventWriter, count: number): void {
  const larger = Buffer.allocUnsafeSlow(Math.max(w.bytes.length * 2, w.at + count));
  w.bytes.copy(larger, 0, 0, w.at);
  w.bytes = larger;
}

const big = new BigUint64Array(1);
const words = new Uint32Array(big.buffer);

const page = sharedPage();

/** Appends what stands on the page before `end`. */
export function takePage(w: EventWriter, end: number): void {
  ensure(w, end);
  w.bytes.set(page.subarray(0, end), w.at);
  w.at += end;
}

/** A safe integer as int or long: zig-zag, 7 bits a byte. Up to 10 bytes. */
export function writeLong(w: EventWriter, n: number): void {
  if (n < -0x40000000 || n > 0x3fffffff) {
    writeWords(w, n >>> 0, Math.floor(n / 0x100000000) | 0);
    return;
  }
  ensure(w, 5);
  const { bytes } = w;
  let at = w.at;
  let z = ((n << 1) ^ (n >> 31)) >>> 0;
  while (z > 0x7f) {
    bytes[at++] = (z & 0x7f) | 0x80;
    z >>>= 7;
  }
  bytes[at++] = z;
  w.at = at;
}

/** A 64-bit value in two's complement, as its low and high 32 bits. */
export function writeWords(w: EventWriter, low: number, high: number): void {
  takePage(w, putWords(0, low, high));
}

/** Any bigint modulo 2^64: u64 values come out as two's complement. */
export function writeBig(w: EventWriter, value: bigint): void {
  big[0] = value;
  writeWords(w, words[0] as number, words[1] as number);
}

export function writeDouble(w: EventWriter, value: number): void {
  takePage(w, putDouble(0, value));
}

/** Text as UTF-8 after its length in bytes. Lone surrogates become U+FFFD. */
export function writeText(w: EventWriter, text: string): void {
  const { length } = text;
  if (length < 64) {
    ensure(w, length + 1);
    const { bytes } = w;
    let at = w.at;
    bytes[at++] = length << 1;
    let i = 0;
    for (; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) break;
      bytes[at++] = code;
    }
    if (i === length) {
      w.at = at;
      return;
    }
  }
  const size = Buffer.byteLength(text, 'utf8');
  writeLong(w, size);
  ensure(w, size);
  w.bytes.write(text, w.at, size, 'utf8');
  w.at += size;
}

/** Bytes after their length; also text that is UTF-8 already. */
export function writeBytes(w: EventWriter, value: Uint8Array): void {
  const { length } = value;
  writeLong(w, length);
  ensure(w, length);
  if (length < 32) {
    const { bytes, at } = w;
    for (let i = 0; i < length; i++) bytes[at + i] = value[i] as number;
  } else w.bytes.set(value, w.at);
  w.at += length;
}
