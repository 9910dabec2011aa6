/**
 * `SessionDelta` without an object for each session: what the diff fills on its hot path and the encoder writes from. Lists are
 * used again for the next delta (`count = 0`); their arrays grow by doubling.
 *
 * Times are numbers in Float64Arrays, NaN where the delta has null: milliseconds, as in `SessionDelta`. Texts are ids in the
 * router's StringTable.
 */
import { counterFields, fields } from './catalogue.ts';
import type { SessionDelta } from './delta.ts';
import { rowWords } from './row.ts';
import type { StringTable } from './strings.ts';

/** Words of the mask of changed fields: bit `i & 31` of word `i >>> 5` is field `i` of the catalogue. */
export const changedWords: number = Math.ceil(fields.length / 32);

/** Slots of an image in `ImageList.meta`. */
export const ImageMeta = {
  /** String id of the reason. */
  reason: 0,
  /** First word of the mask of changed fields. */
  changed: 1,
  /** Seconds, signed (read with `| 0`). */
  clockOffset: 1 + changedWords,
  /** Hash of the layout definition: low word, then high. */
  layoutLow: 2 + changedWords,
  layoutHigh: 3 + changedWords,
} as const;
export const imageMetaWords: number = 4 + changedWords;

/** Slots of an image in `ImageList.times`. */
export const ImageTime = { lastSeenAt: 0, createdAt: 1, idleSince: 2, rank: 3 } as const;
export const imageTimes = 4;

export interface ImageList {
  count: number;
  /** Image `i` is the row at `i * rowWords`; datetimes in local seconds, as in every row. Its `layoutSlot` is not looked at. */
  words: Uint32Array;
  meta: Uint32Array;
  times: Float64Array;
}

/** Slots of a counter delta in `CounterList.words`. */
export const CounterSlot = {
  tunnel: 0,
  session: 1,
  /** 0 normal, 1 epoch, 2 wrap. */
  kind: 2,
  /** Bit i: counter i was printed. */
  seen: 3,
  /** Delta of counter i at `deltas + 2 * i`: low word, then high. 0 where not seen. */
  deltas: 4,
} as const;
export const counterWords: number = CounterSlot.deltas + 2 * counterFields.length;
/** In lists of rounded deltas the half-widths follow: half-width of counter i at `errorStart + 2 * i`. */
export const errorStart: number = counterWords;
export const roundedCounterWords: number = counterWords + 2 * counterFields.length;
export const counterKinds = ['normal', 'epoch', 'wrap'] as const;

/** Slots of a counter delta in `CounterList.times`; the interval is in seconds. */
export const CounterTime = { createTime: 0, createdAt: 1, interval: 2 } as const;
export const counterTimes = 3;

export interface CounterList {
  count: number;
  /** Words a delta: `counterWords`, or `roundedCounterWords` with half-widths. */
  readonly stride: number;
  words: Uint32Array;
  times: Float64Array;
}

/** Slots of a print in `PrintList.words`. */
export const PrintSlot = { tunnel: 0, session: 1, clockOffset: 2, layoutLow: 3, layoutHigh: 4 } as const;
export const printWords = 5;
export const PrintTime = { createTime: 0, rank: 1, idleSince: 2 } as const;
export const printTimes = 3;

export interface PrintList {
  count: number;
  words: Uint32Array;
  times: Float64Array;
}

/** The parts of a delta that have a few entries only stay objects. */
export type FlatHead = Omit<
  SessionDelta,
  'opened' | 'changed' | 'closed' | 'rebase' | 'keyframe' | 'counters' | 'counters_rounded' | 'prints'
>;

export interface FlatDelta extends FlatHead {
  strings: StringTable;
  opened: ImageList;
  changed: ImageList;
  closed: ImageList;
  rebase: ImageList;
  keyframe: ImageList;
  counters: CounterList;
  counters_rounded: CounterList;
  prints: PrintList;
}

export function createImageList(capacity = 0): ImageList {
  return {
    count: 0,
    words: new Uint32Array(capacity * rowWords),
    meta: new Uint32Array(capacity * imageMetaWords),
    times: new Float64Array(capacity * imageTimes),
  };
}

export function createCounterList(rounded = false, capacity = 0): CounterList {
  const stride = rounded ? roundedCounterWords : counterWords;
  return {
    count: 0,
    stride,
    words: new Uint32Array(capacity * stride),
    times: new Float64Array(capacity * counterTimes),
  };
}

export function createPrintList(capacity = 0): PrintList {
  return {
    count: 0,
    words: new Uint32Array(capacity * printWords),
    times: new Float64Array(capacity * printTimes),
  };
}

/** Number of a new entry, which holds whatever it held before: set every slot. */
export function addImage(list: ImageList): number {
  const index = list.count++;
  if (list.count * rowWords > list.words.length) {
    const capacity = Math.max(16, index * 2);
    list.words = longer(list.words, capacity * rowWords);
    list.meta = longer(list.meta, capacity * imageMetaWords);
    list.times = longerTimes(list.times, capacity * imageTimes);
  }
  return index;
}

/** As `addImage`. */
export function addCounter(list: CounterList): number {
  const index = list.count++;
  if (list.count * list.stride > list.words.length) {
    const capacity = Math.max(16, index * 2);
    list.words = longer(list.words, capacity * list.stride);
    list.times = longerTimes(list.times, capacity * counterTimes);
  }
  return index;
}

/** As `addImage`. */
export function addPrint(list: PrintList): number {
  const index = list.count++;
  if (list.count * printWords > list.words.length) {
    const capacity = Math.max(16, index * 2);
    list.words = longer(list.words, capacity * printWords);
    list.times = longerTimes(list.times, capacity * printTimes);
  }
  return index;
}

function longer(array: Uint32Array, length: number): Uint32Array {
  const copy = new Uint32Array(length);
  copy.set(array);
  return copy;
}

function longerTimes(array: Float64Array, length: number): Float64Array {
  const copy = new Float64Array(length);
  copy.set(array);
  return copy;
}
