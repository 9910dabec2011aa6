/** The counters of one listed session: epochs, intervals, deltas, anomalies. `old` is what was known of it, as a full row. */
import {
  Presence,
  getPresence,
  getU64,
  indexOfField,
  roundingStart,
  roundingWords,
  setPresence,
  setRounding,
  slotOf,
} from '@sessionreel/session-model';
import { Col, Flag, counterIndex, counterSlots } from '../table/columns.ts';
import { addDeltas, anyFell, compareCounters, hasCounters } from './counters.ts';
import { createTimeOf, nameOf } from '../delta/delta-builder.ts';
import { createTolerance, littleMove, shiftsOf, valueOf } from './incarnation.ts';
import { clockOf } from './row-clocks.ts';
import type { RowContext } from './row-context.ts';
import type { Shape } from '../table/shapes.ts';
import { comesTwice, utcOfLocal } from '../listing/time-zone.ts';

const since = indexOfField('statistics_since');
const sinceSlot = slotOf[since] as number;

/** A late snapshot must not bring back counters older than those known. */
export function mayCount(context: RowContext, r: number, old: Uint32Array): boolean {
  if (context.late === null) return true;
  const { core } = context;
  return !hasCounters(old, 0) || core.time(r, Col.countersAt) < context.capturedAt;
}

/** The counters were cleared since `old`, whose counters were seen at `countedAt` (ms). */
export function epochChanged(
  context: RowContext,
  old: Uint32Array,
  words: Uint32Array,
  row: number,
  countedAt: number,
): boolean {
  const before = valueOf(old, 0, since);
  const now = valueOf(words, row, since);
  if (Number.isNaN(before) || Number.isNaN(now) || before === now) return false;
  const moved = Math.abs(now - before - context.shift);
  if (moved === 0) return false;
  const fell = (): boolean => {
    const interval = (context.capturedAt - countedAt) / 1000;
    return anyFell(old, words, row, context.core.shapes.of(words, row), interval);
  };
  // A stamp that jitters is no clear; one that moved by a second while a counter fell is.
  if (moved <= createTolerance) return fell();
  // Nor is one that lies before the last sight, where the clock may have been set unseen: by a few seconds, or by the hour that comes
  // twice, so that create times of that hour stand still.
  const unseen = moved <= littleMove || comesTwice(context.timezone, createTimeOf(old, 0));
  if (unseen && liesBefore(context, now, countedAt) && !fell()) return false;
  return !movedWithClock(context, old, words, row, before, now);
}

/** Whether a moment of the router's wall (s) lies before one of ours (ms), as far as its clock is known. */
function liesBefore({ head, timezone, capturedAt, skew }: RowContext, local: number, at: number): boolean {
  const clock = skew ?? head.skews.at(-1);
  if (clock === undefined) return false;
  return utcOfLocal(timezone, local, capturedAt + clock) - clock < at - createTolerance * 1000;
}

/** Over a change of daylight saving, a clock that was set moves the stamp by another amount on the wall than the create time. */
function movedWithClock(
  { shift, timezone }: RowContext,
  old: Uint32Array,
  words: Uint32Array,
  row: number,
  before: number,
  now: number,
): boolean {
  if (shift === 0 || timezone === 'UTC') return false;
  const creates = shiftsOf(timezone, createTimeOf(old, 0), createTimeOf(words, row)).slice(1);
  const stamps = shiftsOf(timezone, before, now).slice(1);
  return stamps.some((stamp) => creates.some((create) => Math.abs(stamp - create) <= createTolerance));
}

/** Counters seen for the first time that were cleared after the last whole snapshot: what they show passed since. */
export function clearedSinceWhole(
  context: RowContext,
  old: Uint32Array,
  words: Uint32Array,
  row: number,
): boolean {
  const start = valueOf(words, row, since);
  return !Number.isNaN(start) && !hasCounters(old, 0) && isAfterWhole(context, start);
}

/**
 * Whether a moment of the router's clock lies after its last whole snapshot. In UTC, where an hour that comes twice does not matter.
 *
 * @param zone by how much the moment is of another offset than we know (ms): see `zoneShift`.
 */
export function isAfterWhole(
  { head, timezone, capturedAt, skew }: RowContext,
  local: number,
  zone = 0,
): boolean {
  const { whole } = head;
  if (whole === null) return false;
  // The clock may have been set since. Less than a minute is the time that a long listing takes.
  const moved = skew === null ? 0 : skew - whole.skew;
  const clock = whole.at + whole.skew + (Math.abs(moved) > 60_000 ? moved : 0);
  return utcOfLocal(timezone, local, capturedAt + (skew ?? whole.skew)) - zone > clock;
}

/** Since when its counters count, for a session that opened in our sight (s). */
export function countedFor(context: RowContext, words: Uint32Array, row: number): number {
  const stamp = valueOf(words, row, since);
  const create = createTimeOf(words, row);
  const start = stamp > create || Number.isNaN(create) ? stamp : create;
  if (Number.isNaN(start)) {
    const { whole } = context.head;
    return whole === null ? 0 : (context.capturedAt - whole.at) / 1000;
  }
  const clock = clockOf(words, row);
  if (!Number.isNaN(clock)) return Math.max(0, clock - start);
  const utc = utcOfLocal(context.timezone, start, context.capturedAt);
  return Math.max(0, (context.capturedAt - utc) / 1000);
}

/** Seconds since the session's counters were seen last; 0 when they never were. */
export function intervalOf({ core, capturedAt }: RowContext, r: number): number {
  const at = core.time(r, Col.countersAt);
  return at > 0 ? Math.max(0, (capturedAt - at) / 1000) : 0;
}

export function countersDiffer(old: Uint32Array, shape: Shape, words: Uint32Array, row: number): boolean {
  for (const c of shape.counters) {
    const slot = counterSlots[c] as number;
    if (words[row + slot] !== old[slot] || words[row + slot + 1] !== old[slot + 1]) return true;
  }
  for (let i = 0; i < roundingWords; i++)
    if (words[row + roundingStart + i] !== old[roundingStart + i]) return true;
  return false;
}

/** Takes the row's counters and their epoch over into `merged`. */
export function takeCounters(merged: Uint32Array, words: Uint32Array, row: number, shape: Shape): void {
  for (const c of shape.counters) {
    const slot = counterSlots[c] as number;
    merged[slot] = words[row + slot] as number;
    merged[slot + 1] = words[row + slot + 1] as number;
    setPresence(merged, 0, counterIndex[c] as number, Presence.value);
    const word = roundingStart + (c >>> 3);
    const bits = 15 << ((c & 7) << 2);
    merged[word] = (((merged[word] as number) & ~bits) | ((words[row + word] as number) & bits)) >>> 0;
  }
  const presence = getPresence(words, row, since);
  if (presence === Presence.absent) return;
  setPresence(merged, 0, since, presence);
  merged[sinceSlot] = presence === Presence.value ? (words[row + sinceSlot] as number) : 0;
}

/** A counter of `merged` has no value, or counts from zero. */
export function clearCounter(merged: Uint32Array, c: number): void {
  const slot = counterSlots[c] as number;
  merged[slot] = 0;
  merged[slot + 1] = 0;
  setRounding(merged, 0, c, 0);
}

/** Counters that the row does not print count from zero too, since it tells that they were cleared. */
export function clearOthers(merged: Uint32Array, shape: Shape): void {
  for (let c = 0; c < counterSlots.length; c++) if ((shape.seen & (1 << c)) === 0) clearCounter(merged, c);
}

/** Deltas and anomalies of a row against `old`. @returns why an image must tell the absolute values; '' when none need. */
export function emitCounters(
  context: RowContext,
  r: number,
  old: Uint32Array,
  words: Uint32Array,
  row: number,
  shape: Shape,
  epoch: boolean,
  born: boolean,
  interval: number,
): string {
  const { core, delta, timezone, capturedAt } = context;
  const step = compareCounters(old, 0, words, row, shape, epoch, born, interval);
  for (const c of step.decreased) {
    const slot = counterSlots[c] as number;
    const [before, after] = [getU64(old, slot), getU64(words, row + slot)];
    anomaly(
      context,
      r,
      old,
      'counter_decreased',
      nameOf(counterIndex[c] as number),
      String(before),
      String(after),
    );
  }
  if (step.moved && step.seen !== 0) {
    const create = createTimeOf(words, row);
    const local = Number.isNaN(create) ? createTimeOf(old, 0) : create;
    const early = (core.word(r, Col.flags) & Flag.early) !== 0;
    const createdAt = Number.isNaN(local) ? NaN : utcOfLocal(timezone, local, capturedAt, early);
    const list = step.rounded ? delta.counters_rounded : delta.counters;
    const key = core.word(r, Col.key);
    addDeltas(list, key, local * 1000, createdAt, interval, old, 0, words, row, epoch || born);
  }
  const stamp = getPresence(words, row, since);
  if (
    stamp !== Presence.absent &&
    (stamp !== getPresence(old, 0, since) || words[row + sinceSlot] !== old[sinceSlot])
  )
    return step.rebase && !epoch ? 'learned' : 'epoch';
  if (!step.rebase) return '';
  if (epoch) return 'epoch';
  if (step.decreased.length > 0) return 'anomaly';
  return step.kind === 2 ? 'wrap' : 'learned';
}

export function anomaly(
  { core, delta }: RowContext,
  r: number,
  old: Uint32Array,
  kind: string,
  field: string,
  before: string,
  after: string,
): void {
  const key = core.word(r, Col.key);
  const local = createTimeOf(old, 0);
  delta.anomalies.push({
    tunnel_local_id: key >>> 16,
    session_local_id: key & 0xffff,
    create_time: Number.isNaN(local) ? null : local * 1000,
    kind,
    field,
    before,
    after,
  });
}
