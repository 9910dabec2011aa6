/**
 * The state hash: a sum modulo 2^128 of two hashes for each live session, so that it does not depend on order and moves with each
 * change. It covers identity, attributes, epoch and absolute counters (with presence and rounding), and none of clocks, ranks,
 * layouts and unknown fields.
 *
 * One is over the attributes: over what many sessions share (which is hashed once for all of them), what the access line gives,
 * and what is each session's own. The other is over the counters, which move at each snapshot: 64 bits that are linear in a mixed
 * form of each counter, so that one that did not move costs nothing, then spread to 128 with the key.
 */
import {
  Presence,
  counterFields,
  fields,
  getPresence,
  getRounding,
  presenceWords,
  roundingStart,
  roundingWords,
  slotOf,
  type SessionImage,
  type StringTable,
} from '@sessionreel/session-model';
import { counterIndex, counterSlots, isTextSlot, lineSlots, sharedSlots, varySlots } from './columns.ts';
import { rowOfImage } from '../delta/image.ts';

/** MurmurHash3's finalizer for 32 bits (public domain, A. Appleby): every bit of the input moves every bit of the result. */
export function finish(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** Two independent steps: each is a bijection of the hash for a given word, and of the word for a given hash. */
const stepA = (h: number, word: number): number => {
  h = Math.imul(h ^ word, 0x9e3779b1);
  return (h << 13) | (h >>> 19);
};
const stepB = (h: number, word: number): number => {
  h = Math.imul(h + word, 0x85ebca77);
  return (h << 17) | (h >>> 15);
};

/** A sum of 128-bit numbers, signed while it is being added up: four lanes of 32 bits, the lowest first. */
export class StateSum {
  /** Carries are put off: a lane holds up to 2^20 terms exactly. */
  readonly #lanes = new Float64Array(4);
  #terms = 0;

  /** Adds the 128 bits spread from two words, or takes them away. */
  spread(a: number, b: number, sign: 1 | -1): void {
    const h1 = finish(a ^ Math.imul(b, 0xc2b2ae3d));
    const h2 = finish(b ^ Math.imul(h1, 0x27d4eb2f));
    const lanes = this.#lanes;
    lanes[0] = (lanes[0] as number) + sign * (h1 >>> 0);
    lanes[1] = (lanes[1] as number) + sign * (h2 >>> 0);
    lanes[2] = (lanes[2] as number) + sign * (Math.imul(h1 ^ (h2 >>> 15), 0x165667b1) >>> 0);
    lanes[3] = (lanes[3] as number) + sign * (Math.imul(h2 ^ (h1 >>> 15), 0xd3a2646d) >>> 0);
    if (++this.#terms >= 1 << 20) this.#carry();
  }

  #carry(): void {
    const lanes = this.#lanes;
    for (let i = 0; i < 4; i++) {
      const over = Math.floor((lanes[i] as number) / 4294967296);
      lanes[i] = (lanes[i] as number) - over * 4294967296;
      if (i < 3) lanes[i + 1] = (lanes[i + 1] as number) + over;
    }
    this.#terms = 0;
  }

  copy(): StateSum {
    const copy = new StateSum();
    this.#carry();
    copy.#lanes.set(this.#lanes);
    return copy;
  }

  /** 32 hexadecimal digits, the highest word first. */
  get hex(): string {
    this.#carry();
    return [3, 2, 1, 0].map((i) => (this.#lanes[i] as number).toString(16).padStart(8, '0')).join('');
  }
}

// --- attributes ---

/** Presence bits that count as attributes: of all fields but counters and clocks. */
const attributeMask = new Uint32Array(presenceWords);
fields.forEach((f, index) => {
  if (f.role === 'counter' || f.role === 'clock') return;
  attributeMask[index >>> 4] = (attributeMask[index >>> 4] as number) | (3 << ((index & 15) << 1));
});

/** Two words of hash. */
export type Pair = [number, number];

/** Takes one word of a slot in: a text by what it says. Where a field has no value its words are 0. */
function take(into: Pair, slot: number, word: number, strings: StringTable): void {
  if (isTextSlot[slot] === 1 && word !== 0) strings.mix(word, into);
  else {
    into[0] = stepA(into[0], word);
    into[1] = stepB(into[1], word);
  }
}

/** Hash of a profile tuple: presence of the attributes and what many sessions share. */
export function profileHash(tuple: Uint32Array, at: number, strings: StringTable): Pair {
  const pair: Pair = [0x3c6ef372, 0x1b873593];
  for (let i = 0; i < presenceWords; i++) {
    const word = (tuple[at + i] as number) & (attributeMask[i] as number);
    pair[0] = stepA(pair[0], word);
    pair[1] = stepB(pair[1], word);
  }
  for (let i = 0; i < sharedSlots.length; i++)
    take(pair, sharedSlots[i] as number, tuple[at + presenceWords + i] as number, strings);
  return pair;
}

/** Hash of a line tuple. */
export function lineHash(tuple: Uint32Array, at: number, strings: StringTable): Pair {
  const pair: Pair = [0x510e527f, 0x38b34ae5];
  for (let i = 0; i < lineSlots.length; i++)
    take(pair, lineSlots[i] as number, tuple[at + i] as number, strings);
  return pair;
}

const own: Pair = [0, 0];

/** Adds a session's attributes, or takes them away; `row` is a full row with its values of `varySlots`. */
export function addAttributes(
  sum: StateSum,
  sign: 1 | -1,
  key: number,
  profile: Pair,
  line: Pair,
  words: Uint32Array,
  row: number,
  strings: StringTable,
): void {
  own[0] = stepA(stepA(finish(key), profile[0]), line[0]);
  own[1] = stepB(stepB(key ^ 0x7f4a7c15, profile[1]), line[1]);
  for (let i = 0; i < varySlots.length; i++) {
    const slot = varySlots[i] as number;
    take(own, slot, words[row + slot] as number, strings);
  }
  sum.spread(own[0], own[1], sign);
}

// --- counters ---

const n = counterFields.length;

/** Odd multipliers, two a half of a counter, from a fixed generator. */
const multipliers: readonly Int32Array[] = (() => {
  let x = 0x243f6a88;
  const next = (): number => {
    x = (x + 0x9e3779b9) | 0;
    return finish(x) | 1;
  };
  return Array.from({ length: 4 }, () => Int32Array.from({ length: n }, next));
})();
export const [lowA, lowB, highA, highB] = multipliers as [Int32Array, Int32Array, Int32Array, Int32Array];

/** What a half of a counter's value adds, before it is multiplied; 0 for 0. High bits reach the low ones. */
export const folded = (word: number): number => word ^ (word >>> 15);

/** Which counters hold a value, and what else is known of them: printed empty, N/A. Both from presence alone. */
export function counterPresence(words: Uint32Array, at: number): { seen: number; rest: number } {
  let seen = 0;
  let rest = 0;
  for (let c = 0; c < n; c++) {
    const presence = getPresence(words, at, counterIndex[c] as number);
    if (presence === Presence.value) seen |= 1 << c;
    else if (presence !== Presence.absent) rest = stepA(rest, (c << 2) | presence);
  }
  return { seen, rest };
}

/** Hash of the roundings of a full row; 0 when all is exact. */
export function roundingHash(words: Uint32Array, row: number): number {
  let any = 0;
  for (let i = 0; i < roundingWords; i++) any |= words[row + roundingStart + i] as number;
  let hash = 0;
  if (any === 0) return hash;
  for (let c = 0; c < n; c++) {
    const rounding = getRounding(words, row, c);
    if (rounding !== 0) hash = stepA(hash, (c << 4) | rounding);
  }
  return hash;
}

/** Adds a session's counters, or takes them away, given the two sums over their values; nothing when it prints none. */
export function addCounterSums(
  sum: StateSum,
  sign: 1 | -1,
  key: number,
  seen: number,
  rest: number,
  rounding: number,
  a: number,
  b: number,
): void {
  if ((seen | rest) === 0) return;
  const mixed = stepA(stepA(finish(key + 0x5bd1e995), seen), rest ^ rounding);
  sum.spread(stepA(mixed, a), stepB(mixed, b), sign);
}

/** As `addCounterSums`, of a full row whose presence of counters is known. */
export function addCounters(
  sum: StateSum,
  sign: 1 | -1,
  key: number,
  seen: number,
  rest: number,
  words: Uint32Array,
  row: number,
): void {
  if ((seen | rest) === 0) return;
  let a = 0;
  let b = 0;
  for (let c = 0; c < n; c++) {
    if (((seen >>> c) & 1) === 0) continue;
    const slot = row + (counterSlots[c] as number);
    const low = folded(words[slot] as number);
    const high = folded(words[slot + 1] as number);
    a = (a + Math.imul(low, lowA[c] as number) + Math.imul(high, highA[c] as number)) | 0;
    b = (b + Math.imul(low, lowB[c] as number) + Math.imul(high, highB[c] as number)) | 0;
  }
  addCounterSums(sum, sign, key, seen, rest, roundingHash(words, row), a, b);
}

const tunnelSlot = slotOf[0] as number;
const sessionSlot = slotOf[1] as number;

/** Sums the hashes of sessions given as images: the state hash as it can be rebuilt from what is stored. */
export class ImageHash {
  readonly #sum = new StateSum();
  #strings: StringTable;
  readonly #newStrings: () => StringTable;

  constructor(newStrings: () => StringTable) {
    this.#newStrings = newStrings;
    this.#strings = newStrings();
  }

  add(image: SessionImage): void {
    // Bounded: names are interned only for as long as they are being hashed.
    if (this.#strings.size > 100_000) this.#strings = this.#newStrings();
    const words = rowOfImage(image, this.#strings);
    const key = (((words[tunnelSlot] as number) << 16) | (words[sessionSlot] as number)) >>> 0;
    const profile = profileHash(profileOf(words), 0, this.#strings);
    const line = lineHash(lineOf(words), 0, this.#strings);
    addAttributes(this.#sum, 1, key, profile, line, words, 0, this.#strings);
    const { seen, rest } = counterPresence(words, 0);
    addCounters(this.#sum, 1, key, seen, rest, words, 0);
  }

  get hex(): string {
    return this.#sum.hex;
  }
}

function profileOf(words: Uint32Array): Uint32Array {
  const tuple = new Uint32Array(presenceWords + sharedSlots.length);
  tuple.set(words.subarray(0, presenceWords));
  sharedSlots.forEach((slot, i) => (tuple[presenceWords + i] = words[slot] as number));
  return tuple;
}

const lineOf = (words: Uint32Array): Uint32Array =>
  Uint32Array.from(lineSlots, (slot) => words[slot] as number);
