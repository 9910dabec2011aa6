/** Rows of a snapshot, one by one: which session each is, and what it says of it. */
import { indexOfField, rowWords, slotOf, type RowBatch } from '@sessionreel/session-model';
import { Col, Flag } from '../table/columns.ts';
import { deferRow } from './deferred.ts';
import { createTimeIn, createTimeOf } from '../delta/delta-builder.ts';
import { createShift, incarnation, isDoubtful, learnClock, returnShift } from './incarnation.ts';
import { openRow, replaceRow } from './open-row.ts';
import { spacing } from '../listing/ranks.ts';
import type { RowContext } from './row-context.ts';
import { anomaly } from './row-counters.ts';
import { isCut } from './row-print.ts';
import type { Run } from '../snapshot/run.ts';
import { steadyRow } from './steady-row.ts';
import { keyOf } from '../table/table.ts';
import { updateRow } from './update-row.ts';

const tunnelSlot = slotOf[0] as number;
const sessionSlot = slotOf[1] as number;
const createSlot = slotOf[indexOfField('create_time')] as number;
const upSlot = slotOf[indexOfField('up_time_s')] as number;

export function applyRows(run: Run, batch: RowBatch): void {
  const { words } = batch;
  if (run.context.skew === null) learnClock(run.context, words, batch.count);
  for (let i = 0; i < batch.count; i++) applyRow(run, words, i * rowWords);
}

function applyRow(run: Run, words: Uint32Array, row: number): void {
  const { context, pending, listed } = run;
  const { core } = context;
  const { table } = core;
  const { pages } = table;
  const key = keyOf(words[row + tunnelSlot] as number, words[row + sessionSlot] as number);
  // A listing is most often in the order of the one before, and the table with it.
  const r = table.findNear(key, listed.next);
  const shape = core.shapes.of(words, row);
  const clock = shape.clocked ? (words[row + createSlot] as number) + (words[row + upSlot] as number) : NaN;
  if (r < 0) {
    if (context.late === null) applyOdd(run, key, r, false, words, row, clock);
    return;
  }
  const page = pages.of(r);
  const base = pages.start(r, page);
  const kept = page.words;
  if (pending !== null && kept[base + Col.seen] === pending.number) {
    duplicate(context, key);
    return;
  }
  const live = ((kept[base + Col.flags] as number) & Flag.closed) === 0;
  if (context.late !== null) {
    if (live) applyLate(run, r, words, row);
    return;
  }
  const lastSeen = kept[base + Col.lastSeen] as number;
  if (live && run.shortCut && steadyRow(context, r, page, base, shape, words, row, clock)) {
    if (shape.created) noteUnmoved(run, core.moments.time(lastSeen));
    const offset = (kept[base + Col.clockOffset] as number) | 0;
    listed.addSteady(key, r, clock, clock - offset, kept[base + Col.rank] as number);
    return;
  }
  applyOdd(run, key, r, live, words, row, clock);
}

/** A session of which more moved than clocks and counters, or that is not known. */
function applyOdd(
  run: Run,
  key: number,
  r: number,
  live: boolean,
  words: Uint32Array,
  row: number,
  clock: number,
): void {
  const { context, listed } = run;
  const { core } = context;
  // Which session it is tells the next listing that shows all of it.
  if (live && isCut(words, row) && isDoubtful(context, r, words, row)) {
    core.table.load(r, core.scratch, 0);
    anomaly(context, r, core.scratch, 'reuse_hint', 'session_remote_id', '', '');
    return;
  }
  const { count } = listed;
  listed.add(key, r, clock);
  if (isCut(words, row) && core.shapes.of(words, row).counters.length === 0) run.uncounted.push(key);
  listed.rows[count] = applyMoved(run, key, r, live, words, row);
}

/** News comes from the newest snapshot; a late one only fills in what that does not print. */
function applyLate({ context, counted }: Run, r: number, words: Uint32Array, row: number): void {
  const { core } = context;
  if (incarnation(context, r, words, row) !== 'same') return;
  updateRow(context, r, words, row);
  if (core.time(r, Col.countersAt) === context.capturedAt) counted.push(core.word(r, Col.key));
}

/** @returns the session's row from now on. */
function applyMoved(
  run: Run,
  key: number,
  r: number,
  live: boolean,
  words: Uint32Array,
  row: number,
): number {
  const { context, pending } = run;
  const { core } = context;
  if (!live) {
    const shift = r < 0 ? null : returnShift(context, r, words, row);
    if (shift !== null && pending !== null) pending.sums.returned++;
    if (shift !== null && shift !== 0) noteMoved(run, shift);
    return openRow(context, key, words, row, provisionalRank(run), r, shift);
  }
  switch (incarnation(context, r, words, row)) {
    case 'unsure':
      deferRow(run, r, words, row, false);
      return r;
    case 'alike':
      deferRow(run, r, words, row, true);
      return r;
    case 'other': {
      const rank = provisionalRank(run);
      return replaceRow(context, r, key, words, row, rank === 0 ? core.word(r, Col.rank) : rank);
    }
    case 'shifted':
      shifted(run, r, words, row);
      return r;
    case 'same':
      // One that moved by a second may have done so with a clock that was set by a few.
      if (createTimeOf(words, row) === createTimeIn(core, r)) noteUnmoved(run, core.time(r, Col.lastSeen));
      updateRow(context, r, words, row);
      return r;
  }
}

/** The same session with another create time: the router's clock was set, or its zone. */
function shifted(run: Run, r: number, words: Uint32Array, row: number): void {
  const shift = createShift(run.context, r, words, row);
  noteMoved(run, shift);
  updateRow({ ...run.context, shift }, r, words, row);
}

function noteMoved({ pending }: Run, shift: number): void {
  if (pending === null) return;
  pending.moved ??= { shift, sessions: 0 };
  pending.moved.sessions++;
}

function noteUnmoved({ pending }: Run, lastSeen: number): void {
  if (pending !== null && (pending.unmoved === null || lastSeen < pending.unmoved))
    pending.unmoved = lastSeen;
}

function duplicate({ delta }: RowContext, key: number): void {
  delta.anomalies.push({
    tunnel_local_id: key >>> 16,
    session_local_id: key & 0xffff,
    create_time: null,
    kind: 'duplicate_session',
    field: '',
    before: '',
    after: '',
  });
}

/** Sessions that a part may list without spoiling the order of the parts. */
const partRoom = 1 << 16;

/**
 * Until the listing is whole: the place that a session has when all are new, with room between them. 0 where others are known, since
 * its neighbours tell then.
 */
function provisionalRank({ source, listed, pending }: Run): number {
  const { part, parts } = source;
  if (parts === 1) return pending?.before === 0 ? Math.min(0xfffffff0, listed.count * spacing(0)) : 0;
  const width = Math.floor(0xfffffff0 / parts);
  const step = Math.max(1, Math.floor(width / partRoom));
  return (part - 1) * width + Math.min(width, listed.count * step);
}
