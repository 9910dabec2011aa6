/** A listed session that is not among the live ones: new, seen first, or back. */
import {
  Presence,
  fields,
  getPresence,
  indexOfField,
  roundingStart,
  roundingWords,
  rowWords,
  setPresence,
  slotOf,
  unknownSlot,
} from '@sessionreel/session-model';
import { Col, Flag } from '../table/columns.ts';
import { hasCounters } from './counters.ts';
import { createTimeOf, putImage } from '../delta/delta-builder.ts';
import { valueOf, zoneShiftOf } from './incarnation.ts';
import { resolveCreate, setIdle } from './row-clocks.ts';
import type { RowContext } from './row-context.ts';
import { countedFor, emitCounters, epochChanged, isAfterWhole } from './row-counters.ts';
import { setPrint } from './row-print.ts';
import type { Shape } from '../table/shapes.ts';

const since = indexOfField('statistics_since');
const merged = new Uint32Array(rowWords);
const old = new Uint32Array(rowWords);
const nothing = new Uint32Array(rowWords);

export function copyField(from: Uint32Array, fromAt: number, to: Uint32Array, index: number): void {
  const presence = getPresence(from, fromAt, index);
  setPresence(to, 0, index, presence);
  const slot = slotOf[index] as number;
  const keep = presence === Presence.value;
  to[slot] = keep ? (from[fromAt + slot] as number) : 0;
  if (fields[index]?.type === 'u64') to[slot + 1] = keep ? (from[fromAt + slot + 1] as number) : 0;
}

/**
 * @param remembered the row that closed under the same key; -1 when there is none.
 * @param back by how much its create time moved with the router's clock (s) when it is a remembered session again; null when not.
 * @returns its row.
 */
export function openRow(
  context: RowContext,
  key: number,
  words: Uint32Array,
  row: number,
  rank: number,
  remembered: number,
  back: number | null,
): number {
  const { core, delta, timezone } = context;
  const fromOld = back !== null && remembered >= 0;
  const shape = core.shapes.of(words, row);
  takeRow(shape, words, row);
  let printSet = 0;
  let seenBefore = 0;
  if (fromOld) {
    core.table.load(remembered, old, 0);
    printSet = core.word(remembered, Col.printSet);
    seenBefore = core.time(remembered, Col.lastSeen);
    keepWhatIsNotPrinted(words, row);
  }
  const born = !fromOld && isNew(context, words, row);
  if (remembered >= 0) core.forget(remembered);
  const r = core.insert(key, merged, 0);
  if (born) core.setWord(r, Col.flags, Flag.born);
  core.setWord(r, Col.printSet, printSet);
  core.setWord(r, Col.rank, rank);
  core.setWord(r, Col.clockOffset, context.offset ?? 0);
  seenNow(context, r);
  setPrint(context, r, words, row, shape);
  resolveCreate(context, r, words, row);
  setIdle(context, r, words, row);
  if (shape.counters.length > 0) {
    core.setWord(r, Col.countersAt, context.moment);
    if (born || fromOld) {
      const interval = fromOld ? (context.capturedAt - seenBefore) / 1000 : countedFor(context, words, row);
      const before = fromOld ? old : nothing;
      const epoch = fromOld && epochChanged({ ...context, shift: back }, old, words, row, seenBefore);
      emitCounters(context, r, before, words, row, shape, epoch, born, interval);
    }
  }
  const reason = fromOld ? 'returned' : born ? 'new' : 'first_seen';
  putImage(core, delta.opened, r, reason, [], timezone, merged);
  return r;
}

/** The same IDs, another incarnation. @returns its row. */
export function replaceRow(
  context: RowContext,
  r: number,
  key: number,
  words: Uint32Array,
  row: number,
  rank: number,
): number {
  const { core } = context;
  core.close(r, context.capturedAt);
  putImage(core, context.delta.closed, r, 'replaced', [], context.timezone);
  return openRow(context, key, words, row, rank, r, null);
}

/** Into `merged`, and nothing but what is printed. */
function takeRow({ values }: Shape, words: Uint32Array, row: number): void {
  for (let i = 0; i < roundingStart + roundingWords; i++) merged[i] = words[row + i] as number;
  for (let i = roundingStart + roundingWords; i < rowWords; i++) merged[i] = 0;
  for (let i = 0; i < values.length; i++) {
    const slot = values[i] as number;
    merged[slot] = words[row + slot] as number;
  }
  merged[unknownSlot] = words[row + unknownSlot] as number;
}

/** The same incarnation again: what a lower level does not print is still known. */
function keepWhatIsNotPrinted(words: Uint32Array, row: number): void {
  for (let index = 0; index < fields.length; index++)
    if (getPresence(words, row, index) === Presence.absent) copyField(old, 0, merged, index);
  if (hasCounters(words, row)) return;
  for (let i = 0; i < roundingWords; i++) merged[roundingStart + i] = old[roundingStart + i] as number;
}

/**
 * First sight: `new` when the session, or the epoch of its counters, began after the router's last whole snapshot (by the
 * router's clock); where neither is printed, when that snapshot did not show it.
 */
function isNew(context: RowContext, words: Uint32Array, row: number): boolean {
  const { whole } = context.head;
  if (whole === null || whole.at > context.capturedAt) return false;
  const stamp = valueOf(words, row, since);
  const create = createTimeOf(words, row);
  if (Number.isNaN(stamp) && Number.isNaN(create)) return true;
  const zone = zoneShiftOf(context, words, row);
  // Counters that were cleared later than that are of an offset of their own.
  const stampZone = Math.abs(stamp - create) <= 60 ? zone : 0;
  return (
    (!Number.isNaN(stamp) && isAfterWhole(context, stamp, stampZone)) ||
    (!Number.isNaN(create) && isAfterWhole(context, create, zone))
  );
}

export function seenNow({ core, number, capturedAt, moment }: RowContext, r: number): void {
  core.setWord(r, Col.seen, number);
  if (core.time(r, Col.lastSeen) < capturedAt) core.setWord(r, Col.lastSeen, moment);
}
