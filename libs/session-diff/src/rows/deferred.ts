/**
 * Rows of which only the whole snapshot can tell whether they are the sessions that are known: their create times moved, and the
 * router's clock is not printed beside them. If all moved by one amount, the clock was set; else they are other sessions.
 */
import {
  createRowBatch,
  layoutSlot,
  recordOfRow,
  rowOfRecord,
  slotOf,
  type RowBatch,
} from '@sessionreel/session-model';
import { Col } from '../table/columns.ts';
import type { Core } from '../table/core.ts';
import { createTimeOf } from '../delta/delta-builder.ts';
import { keepSkew, type Deferred, type Pending } from '../snapshot/head.ts';
import { createShift, returnShift } from './incarnation.ts';
import { openRow, replaceRow } from './open-row.ts';
import type { RowContext } from './row-context.ts';
import type { Run } from '../snapshot/run.ts';
import { keyOf } from '../table/table.ts';
import { updateRow } from './update-row.ts';
import type { Workspace } from '../snapshot/workspace.ts';

/** So many sessions whose up times went on, and whose create times moved alike, are no chance. */
const severalLeast = 3;

const tunnelSlot = slotOf[0] as number;
const sessionSlot = slotOf[1] as number;

/** Leaves the row at hand, which was added to the listing last, for later. */
export function deferRow(run: Run, r: number, words: Uint32Array, row: number, alike: boolean): void {
  const { context, listed, pending, source } = run;
  const { core } = context;
  pending?.deferred.push({
    part: source.part,
    index: listed.count - 1,
    record: recordOfRow(words, row, core.strings),
    layout: core.strings.text(words[row + layoutSlot] as number),
    alike,
    offset: 0,
  });
  // It is there, whichever incarnation it is.
  core.table.touch(r);
  core.setWord(r, Col.seen, context.number);
}

/** @returns by how many seconds the router's clock was set; 0 when it was not. */
export function decideDeferred({ core, head }: Workspace, pending: Pending, context: RowContext): number {
  if (pending.deferred.length === 0) return 0;
  const batch = createRowBatch(1, core.strings);
  const { words } = batch;
  const shift = commonShift(core, pending, batch);
  const { skew } = context;
  if (shift !== 0 && skew !== null) keepSkew(head, skew);
  for (const d of [...pending.deferred].sort((a, b) => a.part - b.part || a.index - b.index)) {
    const r = load(core, d, batch);
    if (r < 0) continue;
    const key = core.word(r, Col.key);
    const alone = {
      ...context,
      offset: d.offset,
      shift: shift === 0 ? 0 : createShift(context, r, words, 0),
    };
    if (!core.isLive(r)) {
      // A snapshot that came between the parts closed it.
      openRow(alone, key, words, 0, 0, r, returnShift(alone, r, words, 0));
    } else if (shift !== 0) {
      core.table.touch(r);
      core.setWord(r, Col.seen, 0);
      updateRow(alone, r, words, 0);
    } else replaceRow(alone, r, key, words, 0, core.word(r, Col.rank));
  }
  return shift;
}

/** Into the batch's first row. @returns the row of the session that had its identity; -1 when there is none. */
function load(core: Core, d: Deferred, { words }: RowBatch): number {
  words.fill(0);
  rowOfRecord(d.record, words, 0, core.strings);
  words[layoutSlot] = core.strings.internText(d.layout);
  return core.table.find(keyOf(words[tunnelSlot] as number, words[sessionSlot] as number));
}

/** The one shift of all create times (s); 0 unless every session that was seen moved by it. */
function commonShift(core: Core, pending: Pending, batch: RowBatch): number {
  const deferred = new Set<number>();
  let shift = pending.moved?.shift ?? NaN;
  let lastSight = 0;
  for (const d of pending.deferred) {
    const r = load(core, d, batch);
    if (r < 0) return 0;
    deferred.add(core.word(r, Col.key));
    lastSight = Math.max(lastSight, core.time(r, Col.lastSeen));
    core.table.load(r, core.scratch, 0);
    const moved = createTimeOf(batch.words, 0) - createTimeOf(core.scratch, 0);
    if (Number.isNaN(shift)) shift = moved;
    // New sessions at a restart come one after another; a set clock moves all by one amount, but for daylight saving.
    if (Math.abs(moved - shift) > 2 && !d.alike) return 0;
  }
  // One alone may have been moved with the clock when its up time went on.
  const witnesses = deferred.size + (pending.moved?.sessions ?? 0);
  if (witnesses < 2 && pending.deferred.some((d) => !d.alike)) return 0;
  // Of several, each of which went on to the second, nobody denies it: it may have been set while the listing ran.
  if (deferred.size >= severalLeast && pending.deferred.every((d) => d.alike)) return shift;
  // A session that was last seen no later than these, and whose create time did not move, denies that the clock was set.
  const { unmoved } = pending;
  return unmoved !== null && unmoved <= lastSight ? 0 : shift;
}
