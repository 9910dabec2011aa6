/**
 * Numbers in Avro's binary encoding on a page: bytes that never move, so that compiled code has their address. A writer takes what
 * stands there. Whoever puts something sees to the room; a number takes ten bytes at most, and may be written eleven.
 */
import {
  CounterSlot,
  CounterTime,
  counterFields,
  counterTimes,
  type CounterList,
} from '@sessionreel/session-model';

const page = new Uint8Array(1 << 16);
const view = new DataView(page.buffer);

/** The page, free between two calls. A module keeps it in a constant of its own: what is imported is looked up at each use. */
export const sharedPage = (): Uint8Array<ArrayBuffer> => page;

/** By bytes of a varint: the marks of those of its first four that others follow. */
const marks = Int32Array.of(0, 0, 0x80, 0x8080, 0x808080, 0x80808080);

/** 28 bits, seven in each byte. */
const spread = (low: number): number =>
  (low & 0x7f) | ((low & 0x3f80) << 1) | ((low & 0x1fc000) << 2) | ((low & 0xfe00000) << 3);

/**
 * A 64-bit value in two's complement, as its low and high 32 bits. Returns where the next byte goes.
 *
 * Up to 34 bits are five bytes, whatever they hold, of which the next number may overwrite some: lengths are as good as random, and
 * a loop that ends anywhere costs more than the bytes.
 */
export function putWords(at: number, low: number, high: number): number {
  const sign = high >> 31;
  const zl = (low << 1) ^ sign;
  const zh = (high << 1) ^ (low >>> 31) ^ sign;
  if (zh >>> 3 !== 0) return putLong(at, zl >>> 0, zh >>> 0);
  const length = 1 + (((38 - Math.clz32((zl >>> 7) | (zh << 25))) * 37) >>> 8);
  view.setUint32(at, spread(zl) | (marks[length] as number), true);
  view.setUint8(at + 4, (zl >>> 28) | (zh << 4));
  return at + length;
}

function putLong(start: number, low: number, high: number): number {
  let at = start;
  let zl = low;
  let zh = high;
  while (zh !== 0) {
    page[at++] = zl | 0x80;
    zl = ((zl >>> 7) | (zh << 25)) >>> 0;
    zh >>>= 7;
  }
  while (zl > 0x7f) {
    page[at++] = zl | 0x80;
    zl >>>= 7;
  }
  page[at] = zl;
  return at + 1;
}

/** Milliseconds of the years 1970.5 to 2039. */
const isNear = (n: number): boolean => n >= 0x400000000 && n < 0x20000000000;

/** A time that is near takes six bytes. */
function putNear(at: number, n: number): number {
  const high = Math.floor(n / 0x8000000);
  const low = (n - high * 0x8000000) << 1;
  view.setUint32(at, spread(low) | 0x80808080, true);
  view.setUint16(at + 4, (high & 0x7f) | 0x80 | ((high >>> 7) << 8), true);
  return at + 6;
}

/** A number beyond 32 bits (a time). Returns where the next byte goes. */
export function putNumber(at: number, n: number): number {
  return isNear(n) ? putNear(at, n) : putFar(at, n);
}

const putFar = (at: number, n: number): number => putWords(at, n >>> 0, Math.floor(n / 0x100000000) | 0);

/** `["null", "long"]` of a number that is NaN for null. */
export function putOption(at: number, n: number): number {
  page[at] = n === n ? 2 : 0;
  return n === n ? putNumber(at + 1, n) : at + 1;
}

/** A double. */
export function putDouble(at: number, n: number): number {
  view.setFloat64(at, n, true);
  return at + 8;
}

// Looked up once: see `sharedPage`.
const { kind: kindSlot, seen: seenSlot, deltas: firstDelta } = CounterSlot;
const { interval: intervalTime } = CounterTime;
const timesStep = counterTimes;
const counterCount = counterFields.length;

/** What a record of counters takes on the page, with half-widths. */
const counterRoom: number = 11 * (6 + 2 * counterFields.length) + 16;

/**
 * A record of what a session counted. The hot path of a steady fleet, with loops where a line each would do: the compiler puts few
 * calls in place, and stops.
 */
function putRecord(start: number, { words, times, stride }: CounterList, index: number): number {
  let at = start;
  const base = index * stride;
  for (let slot = base; slot < base + kindSlot; slot++) at = putWords(at, words[slot] as number, 0);
  const t = index * timesStep;
  for (let i = t; i < t + intervalTime; i++) {
    const time = times[i] as number;
    if (!isNear(time)) {
      at = putOption(at, time);
      continue;
    }
    // As `putNear`, which is a call too many here.
    const high = Math.floor(time / 0x8000000);
    const low = (time - high * 0x8000000) << 1;
    page[at] = 2;
    view.setUint32(at + 1, spread(low) | 0x80808080, true);
    view.setUint16(at + 5, (high & 0x7f) | 0x80 | ((high >>> 7) << 8), true);
    at += 7;
  }
  view.setFloat64(at, times[t + intervalTime] as number, true);
  page[at + 8] = (words[base + kindSlot] as number) << 1;
  const seen = words[base + seenSlot] as number;
  at = putWords(at + 9, seen, 0);
  // A counter that was not seen is 0, and most of those are the last.
  const silent = Math.clz32(seen) - (32 - counterCount);
  const width = 2 * counterCount;
  for (let first = base + firstDelta; first < base + stride; first += width) {
    const end = first + width - 2 * silent;
    for (let slot = first; slot < end; slot += 2) {
      const low = words[slot] as number;
      const high = words[slot + 1] as number;
      if ((low | high) === 0) page[at++] = 0;
      else at = putWords(at, low, high);
    }
    const after = at + silent;
    for (; at < after; at += 4) view.setUint32(at, 0);
    at = after;
  }
  return at;
}

/** Up to where the page is full, and which record comes next. */
export const filled = { end: 0, next: 0 };

/** Puts records of a list on the page, from number `from` on, as many as fit. See `filled`. */
export function putCounters(list: CounterList, from: number): void {
  const { count } = list;
  let at = 0;
  let i = from;
  for (; i < count && at <= page.length - counterRoom; i++) at = putRecord(at, list, i);
  filled.end = at;
  filled.next = i;
}
