/** Counter arithmetic on words: what passed between two sights of a session. */
import {
  CounterSlot,
  CounterTime,
  Presence,
  addCounter,
  counterFields,
  errorStart,
  getPresence,
  getRounding,
  halfWidth,
  setU64,
  type CounterList,
} from '@sessionreel/session-model';
import { counterIndex, counterSlots } from '../table/columns.ts';
import type { Shape } from '../table/shapes.ts';

const n = counterFields.length;
/** Deltas of the counters of one session: low and high words. */
const deltas = new Uint32Array(2 * n);

export const CounterKindCode = { normal: 0, epoch: 1, wrap: 2 } as const;

export interface CounterStep {
  kind: number;
  /** Bits of the counters whose delta is known. */
  seen: number;
  moved: boolean;
  rounded: boolean;
  /** The stored absolute values can no longer be had by adding deltas: an image must tell them. */
  rebase: boolean;
  decreased: number[];
}

const step: CounterStep = { kind: 0, seen: 0, moved: false, rounded: false, rebase: false, decreased: [] };

/** What a wrapped counter may count in a second: bytes at 100 Gbit/s, packets of 64 bytes at that rate. */
const plausible = { bytes: 12.5e9, packets: 200e6 } as const;

/**
 * Compares the counters of two full rows of a session. The result is valid until the next call; `deltas` stay for `addDeltas`.
 *
 * @param epoch the counters were cleared since: the new value is itself the delta, a lower bound.
 * @param born the counters began in our sight: a counter that was not known before counts from 0.
 * @param interval seconds since the old values were seen.
 */
export function compareCounters(
  old: Uint32Array,
  oldAt: number,
  now: Uint32Array,
  nowAt: number,
  shape: Shape,
  epoch: boolean,
  born: boolean,
  interval: number,
): CounterStep {
  step.kind = epoch ? CounterKindCode.epoch : CounterKindCode.normal;
  step.seen = 0;
  step.moved = false;
  step.rounded = false;
  step.rebase = epoch;
  step.decreased.length = 0;
  deltas.fill(0);
  for (const c of shape.counters) {
    const slot = counterSlots[c] as number;
    const lo = now[nowAt + slot] as number;
    const hi = now[nowAt + slot + 1] as number;
    const known = getPresence(old, oldAt, counterIndex[c] as number) === Presence.value;
    const roundNow = getRounding(now, nowAt, c);
    const roundOld = known ? getRounding(old, oldAt, c) : 0;
    if (roundNow !== 0 || roundOld !== 0) step.rounded = true;
    if (roundNow !== roundOld) step.moved = true;
    if (!known) step.rebase = true;
    if (epoch || (!known && born)) {
      take(c, lo, hi);
      continue;
    }
    if (!known) continue;
    const oldLo = old[oldAt + slot] as number;
    const oldHi = old[oldAt + slot + 1] as number;
    if (hi > oldHi || (hi === oldHi && lo >= oldLo)) {
      take(c, (lo - oldLo) >>> 0, hi - oldHi - (lo < oldLo ? 1 : 0));
      continue;
    }
    if (withinRounding(lo, hi, roundNow, oldLo, oldHi, roundOld)) {
      take(c, 0, 0);
      step.moved = true;
      step.rebase = true;
      continue;
    }
    if (wrapped(c, lo, hi, oldLo, oldHi, roundOld, interval)) continue;
    step.decreased.push(c);
    step.rebase = true;
  }
  return step;
}

function take(c: number, lo: number, hi: number): void {
  deltas[2 * c] = lo;
  deltas[2 * c + 1] = hi;
  step.seen = (step.seen | (1 << c)) >>> 0;
  if ((lo | hi) !== 0) step.moved = true;
}

/** Takes a decrease that is a wrap. @returns whether it is one. */
function wrapped(
  c: number,
  lo: number,
  hi: number,
  oldLo: number,
  oldHi: number,
  roundOld: number,
  interval: number,
): boolean {
  const delta = passedOver(c, wide(lo, hi), wide(oldLo, oldHi), halfWidth(roundOld), interval);
  if (delta === null) return false;
  take(c, Number(delta & 0xffffffffn), Number(delta >> 32n));
  step.kind = CounterKindCode.wrap;
  step.moved = true;
  step.rebase = true;
  return true;
}

const wide = (lo: number, hi: number): bigint => (BigInt(hi) << 32n) + BigInt(lo);

/**
 * What counter `c` counted when it wrapped: its last value lay in the top quarter of 32 bits (or of 64), and as much can pass in
 * the interval (s). A rounded last value may lie beyond the width, and is then as far within it as its error allows.
 *
 * @returns null when it cannot have wrapped.
 */
function passedOver(c: number, now: bigint, before: bigint, half: bigint, interval: number): bigint | null {
  const rate = counterFields[c]?.unit === 'bytes' ? plausible.bytes : plausible.packets;
  const most = BigInt(Math.ceil(rate * Math.max(interval, 1)));
  for (const width of [1n << 32n, 1n << 64n]) {
    if (now >= width || before - half >= width || before + half < (width * 3n) / 4n) continue;
    const passed = now + width - before;
    if (passed > most) return null;
    return passed > 0n ? passed : 0n;
  }
  return null;
}

/** Whether a counter of full rows fell, other than by wrapping within `interval` (s). */
export function anyFell(
  old: Uint32Array,
  now: Uint32Array,
  row: number,
  shape: Shape,
  interval: number,
): boolean {
  for (const c of shape.counters) {
    if (getPresence(old, 0, counterIndex[c] as number) !== Presence.value) continue;
    const slot = counterSlots[c] as number;
    const before = wide(old[slot] as number, old[slot + 1] as number);
    const here = wide(now[row + slot] as number, now[row + slot + 1] as number);
    if (here >= before) continue;
    if (passedOver(c, here, before, halfWidth(getRounding(old, 0, c)), interval) === null) return true;
  }
  return false;
}

function withinRounding(
  lo: number,
  hi: number,
  roundNow: number,
  oldLo: number,
  oldHi: number,
  roundOld: number,
): boolean {
  if (roundNow === 0 && roundOld === 0) return false;
  const down = (BigInt(oldHi) << 32n) + BigInt(oldLo) - ((BigInt(hi) << 32n) + BigInt(lo));
  return down <= halfWidth(roundNow) + halfWidth(roundOld);
}

/** Writes the last comparison's deltas into a list; into one of rounded deltas with their half-widths. */
export function addDeltas(
  list: CounterList,
  key: number,
  createTime: number,
  createdAt: number,
  interval: number,
  old: Uint32Array,
  oldAt: number,
  now: Uint32Array,
  nowAt: number,
  fromZero: boolean,
): void {
  const i = addCounter(list);
  const at = i * list.stride;
  const words = list.words;
  words[at + CounterSlot.tunnel] = key >>> 16;
  words[at + CounterSlot.session] = key & 0xffff;
  words[at + CounterSlot.kind] = step.kind;
  words[at + CounterSlot.seen] = step.seen;
  for (let k = 0; k < 2 * n; k++) words[at + CounterSlot.deltas + k] = deltas[k] as number;
  if (list.stride > errorStart)
    for (let c = 0; c < n; c++) {
      const known = getPresence(old, oldAt, counterIndex[c] as number) === Presence.value;
      const before = fromZero || !known ? 0n : halfWidth(getRounding(old, oldAt, c));
      const here = (step.seen & (1 << c)) === 0 ? 0n : halfWidth(getRounding(now, nowAt, c)) + before;
      setU64(words, at + errorStart + 2 * c, here);
    }
  const t = i * 3;
  list.times[t + CounterTime.createTime] = createTime;
  list.times[t + CounterTime.createdAt] = createdAt;
  list.times[t + CounterTime.interval] = interval;
}

/** True when a full row holds a value of any counter. */
export function hasCounters(words: Uint32Array, row: number): boolean {
  for (let c = 0; c < n; c++)
    if (getPresence(words, row, counterIndex[c] as number) === Presence.value) return true;
  return false;
}
