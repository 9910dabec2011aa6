/**
 * The state hash: a sum modulo 2^128 of one hash for each live session, so that it does not depend on order and moves with each
 * change. It covers identity, attributes, epoch and absolute counters (with presence and rounding), and none of clocks, ranks,
 * layouts and unknown fields. The mixing function is MurmurHash3's for 128 bits in 32-bit lanes (public domain, A. Appleby).
 *
 * A session's hash is the sum of two: one over its attributes, one over its counters, because counters move at each snapshot.
 */
import {
  Presence,
  counterFields,
  fields,
  getPresence,
  getRounding,
  slotOf,
  type SessionImage,
  type StringTable,
} from '@sessionreel/session-model';
import { rowOfImage } from './image.ts';

const c1 = 0x239b961b;
const c2 = 0xab0e9789;
const c3 = 0x38b34ae5;
const c4 = 0xa1e38b93;

const rotl = (x: number, n: number): number => (x << n) | (x >>> (32 - n));
function fmix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

const input = new Uint32Array(1024);

function fold(count: number, sum: Uint32Array, sign: 1 | -1): void {
  foldFrom(0, count, sum, sign);
}

/** Hashes `input[from, from + count)` (zero-padded to blocks of four) and adds it to `sum`, or takes it away. */
function foldFrom(from: number, count: number, sum: Uint32Array, sign: 1 | -1): void {
  let h1 = 0;
  let h2 = 0;
  let h3 = 0;
  let h4 = 0;
  for (let i = count; i & 3; i++) input[from + i] = 0;
  for (let i = from; i < from + count; i += 4) {
    h1 ^= Math.imul(rotl(Math.imul(input[i] as number, c1), 15), c2);
    h1 = (Math.imul((rotl(h1, 19) + h2) | 0, 5) + 0x561ccd1b) | 0;
    h2 ^= Math.imul(rotl(Math.imul(input[i + 1] as number, c2), 16), c3);
    h2 = (Math.imul((rotl(h2, 17) + h3) | 0, 5) + 0x0bcaa747) | 0;
    h3 ^= Math.imul(rotl(Math.imul(input[i + 2] as number, c3), 17), c4);
    h3 = (Math.imul((rotl(h3, 15) + h4) | 0, 5) + 0x96cd1c35) | 0;
    h4 ^= Math.imul(rotl(Math.imul(input[i + 3] as number, c4), 18), c1);
    h4 = (Math.imul((rotl(h4, 13) + h1) | 0, 5) + 0x32ac3b17) | 0;
  }
  h1 ^= count;
  h2 ^= count;
  h3 ^= count;
  h4 ^= count;
  h1 = (h1 + h2 + h3 + h4) | 0;
  h2 = (h2 + h1) | 0;
  h3 = (h3 + h1) | 0;
  h4 = (h4 + h1) | 0;
  h1 = fmix(h1);
  h2 = fmix(h2);
  h3 = fmix(h3);
  h4 = fmix(h4);
  h1 = (h1 + h2 + h3 + h4) | 0;
  h2 = (h2 + h1) | 0;
  h3 = (h3 + h1) | 0;
  h4 = (h4 + h1) | 0;
  add128(sum, h1 >>> 0, h2 >>> 0, h3 >>> 0, h4 >>> 0, sign);
}

function add128(sum: Uint32Array, a: number, b: number, c: number, d: number, sign: 1 | -1): void {
  let t = (sum[0] as number) + sign * a;
  sum[0] = t;
  t = (sum[1] as number) + sign * b + Math.floor(t / 4294967296);
  sum[1] = t;
  t = (sum[2] as number) + sign * c + Math.floor(t / 4294967296);
  sum[2] = t;
  sum[3] = (sum[3] as number) + sign * d + Math.floor(t / 4294967296);
}

/** Strings whose hashes are at hand: a small cache for all tables, as most strings are shared by many sessions. */
const cached = 4096;
const cachedTables: (WeakRef<StringTable> | null)[] = new Array<null>(cached).fill(null);
const cachedIds = new Uint32Array(cached);
const cachedHashes = new Uint32Array(4 * cached);
const refs = new WeakMap<StringTable, WeakRef<StringTable>>();
const sum = new Uint32Array(4);

/** Copies the 128-bit hash of a string's bytes into `input` at `at`. */
function putString(strings: StringTable, id: number, at: number): void {
  let ref = refs.get(strings);
  if (ref === undefined) refs.set(strings, (ref = new WeakRef(strings)));
  const place = id & (cached - 1);
  if (cachedTables[place] !== ref || cachedIds[place] !== id) {
    hashString(strings.view(id), at);
    cachedHashes.set(sum, 4 * place);
    cachedTables[place] = ref;
    cachedIds[place] = id;
  }
  for (let i = 0; i < 4; i++) input[at + i] = cachedHashes[4 * place + i] as number;
}

/** Into `sum`; `input` is used from `from` on. */
function hashString(bytes: Uint8Array, from: number): void {
  sum.fill(0);
  let n = from;
  input[n++] = bytes.length;
  for (let i = 0; i < bytes.length; i += 4) {
    if (n + 4 >= input.length) {
      foldFrom(from, n - from, sum, 1);
      n = from;
    }
    input[n++] =
      ((bytes[i] as number) |
        ((bytes[i + 1] ?? 0) << 8) |
        ((bytes[i + 2] ?? 0) << 16) |
        ((bytes[i + 3] ?? 0) << 24)) >>>
      0;
  }
  foldFrom(from, n - from, sum, 1);
}

const text = new Set(['text', 'word', 'address']);
/** Fields of the first hash: all but counters and clocks. */
const attributes: readonly { index: number; kind: 0 | 1 | 2; slot: number }[] = fields.flatMap((f, index) =>
  f.role === 'counter' || f.role === 'clock'
    ? []
    : [{ index, kind: text.has(f.type) ? 2 : f.type === 'u64' ? 1 : 0, slot: slotOf[index] as number }],
);
const counters = counterFields.map((f) => fields.indexOf(f));
const tunnelSlot = slotOf[0] as number;
const sessionSlot = slotOf[1] as number;

/** Adds (or takes away) the hash of a full row's attributes. */
export function foldAttributes(
  sum: Uint32Array,
  sign: 1 | -1,
  words: Uint32Array,
  row: number,
  strings: StringTable,
): void {
  let n = 0;
  for (const { index, kind, slot } of attributes) {
    const presence = getPresence(words, row, index);
    if (presence === Presence.absent) continue;
    input[n++] = (index << 2) | presence;
    if (presence !== Presence.value) continue;
    if (kind === 2) {
      putString(strings, words[row + slot] as number, n);
      n += 4;
    } else {
      input[n++] = words[row + slot] as number;
      if (kind === 1) input[n++] = words[row + slot + 1] as number;
    }
  }
  fold(n, sum, sign);
}

/**
 * Adds (or takes away) the hash of a full row's counters; nothing when it prints none. Hashed are the key, which counters hold a
 * value, their values, and after them what is printed empty, as N/A or rounded: (counter << 8 | rounding << 2 | presence).
 */
export function foldCounters(sum: Uint32Array, sign: 1 | -1, words: Uint32Array, row: number): void {
  let n = 2;
  let seen = 0;
  for (let c = 0; c < counters.length; c++) {
    const index = counters[c] as number;
    if (getPresence(words, row, index) !== Presence.value) continue;
    seen |= 1 << c;
    const at = row + (slotOf[index] as number);
    input[n++] = words[at] as number;
    input[n++] = words[at + 1] as number;
  }
  for (let c = 0; c < counters.length; c++) {
    const presence = getPresence(words, row, counters[c] as number);
    if (presence === Presence.absent) continue;
    const rounding = getRounding(words, row, c);
    if (presence !== Presence.value || rounding !== 0) input[n++] = (c << 8) | (rounding << 2) | presence;
  }
  if (n === 2) return;
  input[0] = (((words[row + tunnelSlot] as number) << 16) | (words[row + sessionSlot] as number)) >>> 0;
  input[1] = seen;
  fold(n, sum, sign);
}

/** 32 hexadecimal digits, the highest word first. */
export function hexOfHash(sum: Uint32Array): string {
  return [3, 2, 1, 0].map((i) => (sum[i] as number).toString(16).padStart(8, '0')).join('');
}

/** Sums the hashes of sessions given as images: the state hash as it can be rebuilt from what is stored. */
export class ImageHash {
  readonly #sum = new Uint32Array(4);
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
    foldAttributes(this.#sum, 1, words, 0, this.#strings);
    foldCounters(this.#sum, 1, words, 0);
  }

  get hex(): string {
    return hexOfHash(this.#sum);
  }
}
