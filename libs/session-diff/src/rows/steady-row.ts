/**
 * The short cut of a steady fleet: a listed session of which nothing moved but clocks and counters. The row is compared with the
 * table's words as they lie; no full row is made, no object, no string. Whatever is not as simple as that is left to `updateRow`,
 * which would have come to the same.
 */
import {
  CounterSlot,
  CounterTime,
  addCounter,
  cutFlag,
  layoutSlot,
  lineSlot,
  presenceWords,
  roundingStart,
  roundingWords,
  unknownSlot,
} from '@sessionreel/session-model';
import { Col, Flag, createColumn, lineSlots, profileWords } from '../table/columns.ts';
import { createTimeIn, putPrint } from '../delta/delta-builder.ts';
import type { Core } from '../table/core.ts';
import { narrowStep, silentStep, unkeptStep, wideStep, type CounterPlan } from '../table/counter-plan.ts';
import { addCounterSums, folded } from '../table/hash.ts';
import type { Page } from '../table/pages.ts';
import { idleSinceOf } from './row-clocks.ts';
import type { RowContext } from './row-context.ts';
import type { Shape, SlotPairs } from '../table/shapes.ts';
import { utcOfLocal } from '../listing/time-zone.ts';

/** The two sums over a session's counters in the state hash: as they are kept, and as they are printed. */
const sums = new Int32Array(4);

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
  const plan = shape.plans[page.layout.number] as CounterPlan;
  const record = addCounter(counters);
  const count = putDeltas(counters.words, record * counters.stride, plan, page.words, base, words, row);
  if (count <= 0) counters.count--;
  if (count < 0) return false;
  core.table.touchMoving(r, page, base);
  const kept = page.words;
  if (count > 0) {
    putRecord(context, record, r, shape, kept, base);
    takeCounters(core, plan, kept, base, words, row);
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
  let differs = 0;
  for (let i = 0; i < pairs.length; i++) {
    const pair = pairs[i] as number;
    differs |= (words[row + (pair >>> 16)] as number) ^ (kept[at + (pair & 0xffff)] as number);
  }
  return differs === 0;
}

/**
 * Writes the counters' deltas into a record, and adds up `sums`.
 * @returns 1 when some moved, 0 when none did; -1 when one went down, or has no room in the table's rows.
 */
function putDeltas(
  out: Uint32Array,
  at: number,
  plan: CounterPlan,
  kept: Uint32Array,
  base: number,
  words: Uint32Array,
  row: number,
): number {
  const { wide, narrow, unkept, silent, blank } = plan;
  let moved = 0;
  let oldA = 0;
  let oldB = 0;
  let newA = 0;
  let newB = 0;
  for (let i = 0; i < wide.length; i += wideStep) {
    const slot = row + (wide[i] as number);
    const to = at + (wide[i + 1] as number);
    const lo = words[slot] as number;
    const hi = words[slot + 1] as number;
    const oldLo = kept[base + (wide[i + 2] as number)] as number;
    const oldHi = kept[base + (wide[i + 3] as number)] as number;
    if (hi < oldHi || (hi === oldHi && lo < oldLo)) return -1;
    out[to] = lo - oldLo;
    out[to + 1] = hi - oldHi - (lo < oldLo ? 1 : 0);
    moved |= (lo ^ oldLo) | (hi ^ oldHi);
    oldA = (oldA + Math.imul(folded(oldLo), wide[i + 4] as number)) | 0;
    oldB = (oldB + Math.imul(folded(oldLo), wide[i + 5] as number)) | 0;
    newA = (newA + Math.imul(folded(lo), wide[i + 4] as number)) | 0;
    newB = (newB + Math.imul(folded(lo), wide[i + 5] as number)) | 0;
    if ((hi | oldHi) === 0) continue;
    oldA = (oldA + Math.imul(folded(oldHi), wide[i + 6] as number)) | 0;
    oldB = (oldB + Math.imul(folded(oldHi), wide[i + 7] as number)) | 0;
    newA = (newA + Math.imul(folded(hi), wide[i + 6] as number)) | 0;
    newB = (newB + Math.imul(folded(hi), wide[i + 7] as number)) | 0;
  }
  for (let i = 0; i < narrow.length; i += narrowStep) {
    const slot = row + (narrow[i] as number);
    const to = at + (narrow[i + 1] as number);
    const lo = words[slot] as number;
    const oldLo = kept[base + (narrow[i + 2] as number)] as number;
    if (lo < oldLo || words[slot + 1] !== 0) return -1;
    out[to] = lo - oldLo;
    out[to + 1] = 0;
    moved |= lo ^ oldLo;
    oldA = (oldA + Math.imul(folded(oldLo), narrow[i + 3] as number)) | 0;
    oldB = (oldB + Math.imul(folded(oldLo), narrow[i + 4] as number)) | 0;
    newA = (newA + Math.imul(folded(lo), narrow[i + 3] as number)) | 0;
    newB = (newB + Math.imul(folded(lo), narrow[i + 4] as number)) | 0;
  }
  for (let i = 0; i < unkept.length; i += unkeptStep) {
    const slot = row + (unkept[i] as number);
    const to = at + (unkept[i + 1] as number);
    if (((words[slot] as number) | (words[slot + 1] as number)) !== 0) return -1;
    out[to] = 0;
    out[to + 1] = 0;
  }
  if (moved === 0) return 0;
  for (let i = 0; i < blank.length; i++) {
    const to = at + (blank[i] as number);
    out[to] = 0;
    out[to + 1] = 0;
  }
  let a = 0;
  let b = 0;
  for (let i = 0; i < silent.length; i += silentStep) {
    const value = folded(kept[base + (silent[i] as number)] as number);
    a = (a + Math.imul(value, silent[i + 1] as number)) | 0;
    b = (b + Math.imul(value, silent[i + 2] as number)) | 0;
  }
  sums[0] = oldA + a;
  sums[1] = oldB + b;
  sums[2] = newA + a;
  sums[3] = newB + b;
  return 1;
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
  // What is printed is what is kept.
  const local = shape.created ? (kept[base + createColumn] as number) : createTimeIn(core, r);
  const early = ((kept[base + Col.flags] as number) & Flag.early) !== 0;
  const { times } = list;
  times[t + CounterTime.createTime] = local * 1000;
  if (timezone === 'UTC' || local !== local) times[t + CounterTime.createdAt] = local * 1000;
  else times[t + CounterTime.createdAt] = utcOfLocal(timezone, local, capturedAt, early);
  const before = core.moments.time(kept[base + Col.countersAt] as number);
  times[t + CounterTime.interval] = before > 0 ? Math.max(0, (capturedAt - before) / 1000) : 0;
}

/** Into the table, and by `sums` into the state hash. */
function takeCounters(
  core: Core,
  { wide, narrow }: CounterPlan,
  kept: Uint32Array,
  base: number,
  words: Uint32Array,
  row: number,
): void {
  for (let i = 0; i < wide.length; i += wideStep) {
    const slot = row + (wide[i] as number);
    kept[base + (wide[i + 2] as number)] = words[slot] as number;
    kept[base + (wide[i + 3] as number)] = words[slot + 1] as number;
  }
  for (let i = 0; i < narrow.length; i += narrowStep)
    kept[base + (narrow[i + 2] as number)] = words[row + (narrow[i] as number)] as number;
  const { seen, rest } = core.derived.counters(kept[base + Col.profile] as number);
  const key = kept[base + Col.key] as number;
  addCounterSums(core.sum, -1, key, seen, rest, 0, sums[0] as number, sums[1] as number);
  addCounterSums(core.sum, 1, key, seen, rest, 0, sums[2] as number, sums[3] as number);
}
