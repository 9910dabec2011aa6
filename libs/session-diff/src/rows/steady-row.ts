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
import type { Core } from '../table/core.ts';
import { addCounterSums, folded, highA, highB, lowA, lowB } from '../table/hash.ts';
import type { Page } from '../table/pages.ts';
import { idleSinceOf } from './row-clocks.ts';
import type { RowContext } from './row-context.ts';
import type { Shape, SlotPairs } from '../table/shapes.ts';
import { utcOfLocal } from '../listing/time-zone.ts';

const n = counterFields.length;

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
 * @param r a live row that this snapshot has not shown yet; it begins at `base` in its page.
 * @param clock what the row says of the router's clock, local seconds.
 * @returns false when it is not that simple; nothing was changed then.
 */
export function steadyRow(
  context: RowContext,
  r: number,
  page: Page,
  base: number,
  shape: Shape,
  words: Uint32Array,
  row: number,
  clock: number,
): boolean {
  const { core, capturedAt, moment } = context;
  if (!isSame(context, shape, page.words, base, words, row)) return false;
  const { counters } = context.delta;
  const record = addCounter(counters);
  const count = putDeltas(counters.words, record * counters.stride, shape, page, base, words, row);
  if (count <= 0) counters.count--;
  if (count < 0) return false;
  core.table.touchMoving(r, page, base);
  const kept = page.words;
  if (count > 0) {
    putRecord(context, record, r, shape, kept, base);
    takeCounters(core, shape, page, base, words, row);
  }
  kept[base + Col.seen] = context.number;
  const { moments } = core;
  if (moments.time(kept[base + Col.lastSeen] as number) < capturedAt) kept[base + Col.lastSeen] = moment;
  if (shape.seen !== 0 && moments.time(kept[base + Col.countersAt] as number) < capturedAt)
    kept[base + Col.countersAt] = moment;
  const idleBefore = kept[base + Col.idleSince] as number;
  const idleSince = idleSinceOf(words, row, clock, idleBefore);
  if (idleSince !== idleBefore) {
    kept[base + Col.idleSince] = idleSince;
    putPrint(core, context.delta, r);
  }
  return true;
}

/** Everything but clocks and counters is as it was, and printed as it was. */
function isSame(
  { core, kind, kindNumber }: RowContext,
  shape: Shape,
  kept: Uint32Array,
  base: number,
  words: Uint32Array,
  row: number,
): boolean {
  const { table } = core;
  const profiles = table.profiles.words;
  const profile = (kept[base + Col.profile] as number) * profileWords;
  const { mask, inProfile, inLine, inRow } = shape;
  let differs = (kept[base + Col.unknown] as number) ^ (words[row + unknownSlot] as number);
  for (let i = 0; i < presenceWords; i++)
    differs |= ((words[row + i] as number) ^ (profiles[profile + i] as number)) & (mask[i] as number);
  let rounded = kept[base + Col.rounding] as number;
  for (let i = 0; i < roundingWords; i++) rounded |= words[row + roundingStart + i] as number;
  if ((differs | rounded) !== 0 || (words[row + lineSlot] as number) >= cutFlag) return false;
  const line = (kept[base + Col.line] as number) * lineSlots.length;
  if (!areEqual(inRow, words, row, kept, base)) return false;
  if (!areEqual(inLine, words, row, table.lines.words, line)) return false;
  if (!areEqual(inProfile, words, row, profiles, profile)) return false;
  // Also tells that the class printed these fields before: nothing was removed.
  const set = kept[base + Col.printSet] as number;
  return core.steps.with(set, kind, kindNumber, words[row + layoutSlot] as number, shape, false) === set;
}

function areEqual(pairs: SlotPairs, words: Uint32Array, row: number, kept: Uint32Array, at: number): boolean {
  const { row: slots, kept: places } = pairs;
  let differs = 0;
  for (let i = 0; i < slots.length; i++)
    differs |= (words[row + (slots[i] as number)] as number) ^ (kept[at + (places[i] as number)] as number);
  return differs === 0;
}

/**
 * Writes the counters' deltas into a record.
 * @returns how many moved; -1 when one went down, or has no room in the table's rows.
 */
function putDeltas(
  out: Uint32Array,
  at: number,
  shape: Shape,
  { words: kept, layout }: Page,
  base: number,
  words: Uint32Array,
  row: number,
): number {
  const { low, high } = layout;
  const { counters, others } = shape;
  const deltas = at + CounterSlot.deltas;
  let count = 0;
  for (let i = 0; i < counters.length; i++) {
    const c = counters[i] as number;
    const slot = row + (counterSlots[c] as number);
    const lo = words[slot] as number;
    const hi = words[slot + 1] as number;
    const lowColumn = low[c] as number;
    const highColumn = high[c] as number;
    const oldLo = lowColumn === 0 ? 0 : (kept[base + lowColumn] as number);
    const oldHi = highColumn === 0 ? 0 : (kept[base + highColumn] as number);
    const to = deltas + 2 * c;
    if (lo === oldLo && hi === oldHi) {
      out[to] = 0;
      out[to + 1] = 0;
      continue;
    }
    if (hi < oldHi || (hi === oldHi && lo < oldLo)) return -1;
    if ((lowColumn === 0 && lo !== 0) || (highColumn === 0 && hi !== 0)) return -1;
    out[to] = lo - oldLo;
    out[to + 1] = hi - oldHi - (lo < oldLo ? 1 : 0);
    count++;
  }
  for (let i = 0; i < others.length; i++) {
    const to = deltas + 2 * (others[i] as number);
    out[to] = 0;
    out[to + 1] = 0;
  }
  return count;
}

/** The rest of the record of what was counted. */
function putRecord(
  { core, delta, capturedAt, timezone }: RowContext,
  record: number,
  r: number,
  shape: Shape,
  kept: Uint32Array,
  base: number,
): void {
  const list = delta.counters;
  const at = record * list.stride;
  const out = list.words;
  const key = kept[base + Col.key] as number;
  out[at + CounterSlot.tunnel] = key >>> 16;
  out[at + CounterSlot.session] = key & 0xffff;
  out[at + CounterSlot.kind] = 0;
  out[at + CounterSlot.seen] = shape.seen;
  const t = record * 3;
  const local = createTimeIn(core, r);
  const early = ((kept[base + Col.flags] as number) & Flag.early) !== 0;
  list.times[t + CounterTime.createTime] = local * 1000;
  list.times[t + CounterTime.createdAt] =
    local === local ? utcOfLocal(timezone, local, capturedAt, early) : NaN;
  const before = core.moments.time(kept[base + Col.countersAt] as number);
  list.times[t + CounterTime.interval] = before > 0 ? Math.max(0, (capturedAt - before) / 1000) : 0;
}

/** Into the table, and the state hash. */
function takeCounters(
  core: Core,
  shape: Shape,
  { words: kept, layout, stride }: Page,
  base: number,
  words: Uint32Array,
  row: number,
): void {
  const { a: factorsA, b: factorsB } = columnFactors[layout.number] as { a: Int32Array; b: Int32Array };
  let a = 0;
  let b = 0;
  for (let column = counterStart; column < stride; column++) {
    const value = folded(kept[base + column] as number);
    a = (a + Math.imul(value, factorsA[column] as number)) | 0;
    b = (b + Math.imul(value, factorsB[column] as number)) | 0;
  }
  const { seen, rest } = core.derived.counters(kept[base + Col.profile] as number);
  const key = kept[base + Col.key] as number;
  addCounterSums(core.sum, -1, key, seen, rest, 0, a, b);
  const { low, high } = layout;
  const { counters } = shape;
  for (let i = 0; i < counters.length; i++) {
    const c = counters[i] as number;
    const slot = row + (counterSlots[c] as number);
    const lo = words[slot] as number;
    // A counter without a column is 0, and stayed so.
    if (low[c] === 0) continue;
    const lowAt = base + (low[c] as number);
    const before = kept[lowAt] as number;
    if (lo !== before) {
      const moved = folded(lo) - folded(before);
      a = (a + Math.imul(moved, lowA[c] as number)) | 0;
      b = (b + Math.imul(moved, lowB[c] as number)) | 0;
      kept[lowAt] = lo;
    }
    if (high[c] === 0) continue;
    const hi = words[slot + 1] as number;
    const highAt = base + (high[c] as number);
    const highBefore = kept[highAt] as number;
    if (hi === highBefore) continue;
    const moved = folded(hi) - folded(highBefore);
    a = (a + Math.imul(moved, highA[c] as number)) | 0;
    b = (b + Math.imul(moved, highB[c] as number)) | 0;
    kept[highAt] = hi;
  }
  addCounterSums(core.sum, 1, key, seen, rest, 0, a, b);
}
