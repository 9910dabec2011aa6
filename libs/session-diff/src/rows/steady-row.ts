/**
 * The short cut of a steady fleet: a listed session of which nothing moved but clocks and counters. The row is compared with the
 * table's words as they lie; no full row is made, no object, no string. Whatever is not as simple as that is left to `updateRow`,
 * which would have come to the same.
 */
import {
  CounterSlot,
  CounterTime,
  addCounter,
  counterFields,
  cutFlag,
  layoutSlot,
  lineSlot,
  presenceWords,
  roundingStart,
  roundingWords,
  unknownSlot,
} from '@sessionreel/session-model';
import { Col, Flag, counterSlots, counterStart, layouts, lineSlots, profileWords } from '../table/columns.ts';
import { createTimeIn, putPrint } from '../delta/delta-builder.ts';
import { addCounterSums, folded, highA, highB, lowA, lowB } from '../table/hash.ts';
import { idleSinceOf } from './row-clocks.ts';
import type { RowContext } from './row-context.ts';
import type { Shape, SlotPairs } from '../table/shapes.ts';
import { utcOfLocal } from '../listing/time-zone.ts';

const n = counterFields.length;

/** Of the row at hand: which counters moved, and by what. */
const moved = new Uint8Array(n);
const lowDelta = new Uint32Array(n);
const highDelta = new Uint32Array(n);

/** By layout of the table: what each of its counter words is multiplied with in the state hash. */
const columnFactors = layouts.map(({ stride, low, high }) => {
  const a = new Int32Array(stride);
  const b = new Int32Array(stride);
  for (let c = 0; c < n; c++) {
    if (low[c] !== 0) [a[low[c] as number], b[low[c] as number]] = [lowA[c] as number, lowB[c] as number];
    if (high[c] !== 0)
      [a[high[c] as number], b[high[c] as number]] = [highA[c] as number, highB[c] as number];
  }
  return { a, b };
});

/**
 * @param r a live row that this snapshot has not shown yet.
 * @param clock what the row says of the router's clock, local seconds.
 * @returns false when it is not that simple; nothing was changed then.
 */
export function steadyRow(
  context: RowContext,
  r: number,
  words: Uint32Array,
  row: number,
  clock: number,
): boolean {
  const { core } = context;
  const { table } = core;
  const base = r * table.stride;
  const shape = core.shapes.of(words, row);
  if (!isSame(context, shape, base, words, row)) return false;
  const count = findDeltas(context, shape, base, words, row);
  if (count < 0) return false;
  table.touch(r);
  const rows = table.words;
  if (count > 0) {
    putCounters(context, r, base, shape, count);
    takeCounters(context, base, count, words, row);
  }
  rows[base + Col.seen] = context.number;
  if (core.moments.time(rows[base + Col.lastSeen] as number) < context.capturedAt)
    rows[base + Col.lastSeen] = context.moment;
  if (shape.seen !== 0 && core.moments.time(rows[base + Col.countersAt] as number) < context.capturedAt)
    rows[base + Col.countersAt] = context.moment;
  const idleBefore = rows[base + Col.idleSince] as number;
  const idleSince = idleSinceOf(words, row, clock, idleBefore);
  if (idleSince !== idleBefore) {
    rows[base + Col.idleSince] = idleSince;
    putPrint(core, context.delta, r);
  }
  return true;
}

/** Everything but clocks and counters is as it was, and printed as it was. */
function isSame(
  { core, kind, kindNumber }: RowContext,
  shape: Shape,
  base: number,
  words: Uint32Array,
  row: number,
): boolean {
  const { table } = core;
  const rows = table.words;
  const profiles = table.profiles.words;
  const profile = (rows[base + Col.profile] as number) * profileWords;
  const { mask, inProfile, inLine, inRow } = shape;
  for (let i = 0; i < presenceWords; i++)
    if ((((words[row + i] as number) ^ (profiles[profile + i] as number)) & (mask[i] as number)) !== 0)
      return false;
  if (rows[base + Col.unknown] !== words[row + unknownSlot]) return false;
  if ((words[row + lineSlot] as number) >= cutFlag) return false;
  let rounded = rows[base + Col.rounding] as number;
  for (let i = 0; i < roundingWords; i++) rounded |= words[row + roundingStart + i] as number;
  if (rounded !== 0) return false;
  const line = (rows[base + Col.line] as number) * lineSlots.length;
  if (!areEqual(inRow, words, row, rows, base)) return false;
  if (!areEqual(inLine, words, row, table.lines.words, line)) return false;
  if (!areEqual(inProfile, words, row, profiles, profile)) return false;
  // Also tells that the class printed these fields before: nothing was removed.
  const set = rows[base + Col.printSet] as number;
  return core.steps.with(set, kind, kindNumber, words[row + layoutSlot] as number, shape, false) === set;
}

function areEqual(pairs: SlotPairs, words: Uint32Array, row: number, kept: Uint32Array, at: number): boolean {
  const { row: slots, kept: places } = pairs;
  for (let i = 0; i < slots.length; i++)
    if (words[row + (slots[i] as number)] !== kept[at + (places[i] as number)]) return false;
  return true;
}

/** Fills `moved` and the deltas. @returns how many moved; -1 when one went down, or has no room in the table's rows. */
function findDeltas(
  { core }: RowContext,
  shape: Shape,
  base: number,
  words: Uint32Array,
  row: number,
): number {
  const { words: rows, layout } = core.table;
  const { low, high } = layout;
  const { counters } = shape;
  let count = 0;
  for (let i = 0; i < counters.length; i++) {
    const c = counters[i] as number;
    const slot = row + (counterSlots[c] as number);
    const lo = words[slot] as number;
    const hi = words[slot + 1] as number;
    const lowColumn = low[c] as number;
    const highColumn = high[c] as number;
    const oldLo = lowColumn === 0 ? 0 : (rows[base + lowColumn] as number);
    const oldHi = highColumn === 0 ? 0 : (rows[base + highColumn] as number);
    if (lo === oldLo && hi === oldHi) continue;
    if (hi < oldHi || (hi === oldHi && lo < oldLo)) return -1;
    if ((lowColumn === 0 && lo !== 0) || (highColumn === 0 && hi !== 0)) return -1;
    moved[count] = c;
    lowDelta[count] = lo - oldLo;
    highDelta[count] = hi - oldHi - (lo < oldLo ? 1 : 0);
    count++;
  }
  return count;
}

/** The record of what was counted. */
function putCounters(context: RowContext, r: number, base: number, shape: Shape, count: number): void {
  const { core, delta, capturedAt, timezone } = context;
  const rows = core.table.words;
  const list = delta.counters;
  const i = addCounter(list);
  const at = i * list.stride;
  const out = list.words;
  const key = rows[base + Col.key] as number;
  out[at + CounterSlot.tunnel] = key >>> 16;
  out[at + CounterSlot.session] = key & 0xffff;
  out[at + CounterSlot.kind] = 0;
  out[at + CounterSlot.seen] = shape.seen;
  const deltas = at + CounterSlot.deltas;
  out.fill(0, deltas, deltas + 2 * n);
  for (let k = 0; k < count; k++) {
    const slot = deltas + 2 * (moved[k] as number);
    out[slot] = lowDelta[k] as number;
    out[slot + 1] = highDelta[k] as number;
  }
  const t = i * 3;
  const local = createTimeIn(core, r);
  const early = ((rows[base + Col.flags] as number) & Flag.early) !== 0;
  list.times[t + CounterTime.createTime] = local * 1000;
  list.times[t + CounterTime.createdAt] =
    local === local ? utcOfLocal(timezone, local, capturedAt, early) : NaN;
  const before = core.moments.time(rows[base + Col.countersAt] as number);
  list.times[t + CounterTime.interval] = before > 0 ? Math.max(0, (capturedAt - before) / 1000) : 0;
}

/** Into the table, and the state hash. */
function takeCounters(
  { core }: RowContext,
  base: number,
  count: number,
  words: Uint32Array,
  row: number,
): void {
  const { words: rows, layout, stride } = core.table;
  const { a: factorsA, b: factorsB } = columnFactors[layout.number] as { a: Int32Array; b: Int32Array };
  let a = 0;
  let b = 0;
  for (let column = counterStart; column < stride; column++) {
    const value = folded(rows[base + column] as number);
    a = (a + Math.imul(value, factorsA[column] as number)) | 0;
    b = (b + Math.imul(value, factorsB[column] as number)) | 0;
  }
  const { seen, rest } = core.derived.counters(rows[base + Col.profile] as number);
  const key = rows[base + Col.key] as number;
  addCounterSums(core.sum, -1, key, seen, rest, 0, a, b);
  for (let k = 0; k < count; k++) {
    const c = moved[k] as number;
    const slot = row + (counterSlots[c] as number);
    const lowAt = base + (layout.low[c] as number);
    const low = folded(words[slot] as number) - folded(rows[lowAt] as number);
    a = (a + Math.imul(low, lowA[c] as number)) | 0;
    b = (b + Math.imul(low, lowB[c] as number)) | 0;
    rows[lowAt] = words[slot] as number;
    if (layout.high[c] === 0) continue;
    const highAt = base + (layout.high[c] as number);
    const high = folded(words[slot + 1] as number) - folded(rows[highAt] as number);
    a = (a + Math.imul(high, highA[c] as number)) | 0;
    b = (b + Math.imul(high, highB[c] as number)) | 0;
    rows[highAt] = words[slot + 1] as number;
  }
  addCounterSums(core.sum, 1, key, seen, rest, 0, a, b);
}
