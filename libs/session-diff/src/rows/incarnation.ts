/** Whether a listed session is the one that is known by its identity, or another that got the same IDs. */
import { Presence, getPresence, indexOfField, rowWords, slotOf } from '@sessionreel/session-model';
import { Col } from '../table/columns.ts';
import { createTimeOf } from '../delta/delta-builder.ts';
import type { RowContext } from './row-context.ts';
import { instantsOf, utcOfLocal } from '../listing/time-zone.ts';
import { bornAt, utcClockOf, utcClocksOf } from './row-clocks.ts';
import { isCut } from './row-print.ts';

const interfaceUnit = indexOfField('interface_unit');
const callSerial = indexOfField('call_serial_number');
const hints = [indexOfField('session_remote_id'), interfaceUnit, indexOfField('user_name'), callSerial];

/** By how much a create time may move within one incarnation (s). */
export const createTolerance = 2;
/** How far the clock of a snapshot, less its capture's time, may be off between snapshots (s). */
const clockGrace = 5;
/** A clock set by less than this cannot be told from captures taken a few seconds late, but by the whole listing (s). */
export const littleMove = 2 * clockGrace;

const old = new Uint32Array(rowWords);

export const valueOf = (full: Uint32Array, at: number, index: number): number =>
  getPresence(full, at, index) === Presence.value ? (full[at + (slotOf[index] as number)] as number) : NaN;

/**
 * What a row says of its incarnation: the same; the same although its create time moved, because the router's clock or zone was set
 * (`shifted`); another; or that only the whole snapshot can tell (`unsure`; `alike` when its up time went on as that of the same
 * session).
 *
 * Create time + up time is the router's clock. A clock that was set moves it, and all create times, by one amount; a new
 * incarnation moves its own create time only.
 */
export type Incarnation = 'same' | 'shifted' | 'other' | 'unsure' | 'alike';

export function incarnation(context: RowContext, r: number, words: Uint32Array, row: number): Incarnation {
  const { head, skew } = context;
  const found = compare(context, r, words, row);
  if (found !== 'alike') return found;
  const own = skewOfRow(context, words, row);
  const known = head.skews.at(-1);
  if (skew === null || own === null || known === undefined) return 'unsure';
  const isLittle = Math.abs(createTimeOf(words, row) - createTimeOf(old, 0)) <= littleMove;
  if (isLittle) {
    // Others tell the same clock, or it was set before, when the session was not listed.
    const agreed = context.witnesses > 1 || Math.abs(skew - known) <= createTolerance * 1000;
    return agreed && Math.abs(own - skew) <= createTolerance * 1000 ? 'shifted' : 'alike';
  }
  if (Math.abs(skew - known) > clockGrace * 1000) return context.witnesses > 1 ? 'shifted' : 'alike';
  // The clock was not set now. It may have been before, when the session was not listed.
  if (Math.abs(own - skew) <= clockGrace * 1000) return 'shifted';
  if (!wentOn(context, own, createTimeOf(words, row))) return 'other';
  // Of another offset of a zone that is not the one we know: it was set, and only times before a change of daylight saving moved; or
  // the clock was, when the session was not listed. Else the clock may have been set while the listing ran, which the whole tells.
  return zoneShift(own, skew) === 0 ? 'alike' : 'shifted';
}

/** Whether the up time of the row at hand went on to the second, by one of the clocks that are known. */
function wentOn({ head }: RowContext, own: number, now: number): boolean {
  const shift = now - createTimeOf(old, 0);
  return head.skews.some((known) => Math.abs(own - known - shift * 1000) <= clockGrace * 1000);
}

/** Zones differ by full quarters of an hour (s). */
const quarter = 900;
const zoneMost = 26 * 3600;

/**
 * By how much a row's clock lies beside that of its snapshot (both in ms against the capture's) because the router's zone is not the
 * one that we know: its create time is of another offset. 0 when it does not. A listing may have run for a minute.
 */
export function zoneShift(own: number, skew: number): number {
  const apart = (own - skew) / 1000;
  const rest = ((apart % quarter) + quarter) % quarter;
  const shift = rest > quarter - clockGrace ? apart - rest + quarter : apart - rest;
  const fits = rest <= 60 || rest > quarter - clockGrace;
  return fits && Math.abs(shift) <= zoneMost ? Math.round(shift) * 1000 : 0;
}

/** A listing's last session may be printed so long after its capture began (ms). */
const listingMost = 60_000;

/** As `incarnation`, of the row alone: `alike` says that its up time went on, though its create time moved. */
function compare(context: RowContext, r: number, words: Uint32Array, row: number): Incarnation {
  const { core, head, timezone } = context;
  core.table.load(r, old, 0);
  const before = createTimeOf(old, 0);
  const now = createTimeOf(words, row);
  if (Number.isNaN(now)) return 'same';
  if (Number.isNaN(before)) return learnedIncarnation(context, r, now, words, row);
  const shift = now - before;
  if (Math.abs(shift - context.shift) <= createTolerance) return 'same';
  const own = skewOfRow(context, words, row);
  if (own === null || head.skews.length === 0) return 'unsure';
  if (bornAt(context, words, row) > core.time(r, Col.lastSeen) + listingMost) return 'other';
  const shifts = shiftsOf(timezone, before, now);
  // Of a zone that we do not know, it may have been created in another offset, now as then.
  const zone = context.skew === null ? 0 : zoneShift(own, context.skew);
  for (const known of head.skews)
    for (const clock of zone === 0 ? [own] : [own, own - zone])
      if (shifts.some((one) => isShift(one, (clock - known) / 1000))) return 'alike';
  return Math.abs(shift) <= littleMove ? 'unsure' : 'other';
}

/** The router's clock less the capture's (ms), by the row alone; null when it does not tell. */
export function skewOfRow(
  { capturedAt, head, skew, timezone }: RowContext,
  words: Uint32Array,
  row: number,
): number | null {
  const utc = utcClockOf(words, row, timezone, capturedAt + (skew ?? head.skews.at(-1) ?? 0));
  return utc === null ? null : utc - capturedAt;
}

/** As `zoneShift`, of a row; 0 when it does not tell its clock. */
export function zoneShiftOf(context: RowContext, words: Uint32Array, row: number): number {
  const own = skewOfRow(context, words, row);
  return own === null || context.skew === null ? 0 : zoneShift(own, context.skew);
}

/** Rows that are asked for the router's clock, at most. */
const sample = 15;

/**
 * Notes the router's clock as most of a batch's first rows tell it. One whose create time is odd must not speak for all; one that was
 * created in an hour that comes twice agrees with both.
 */
export function learnClock(context: RowContext, words: Uint32Array, count: number): void {
  const { capturedAt, head, timezone } = context;
  const told: number[][] = [];
  for (let i = 0; i < count && told.length < sample; i++) {
    const skews = utcClocksOf(words, i * rowWords, timezone).map((clock) => clock - capturedAt);
    if (skews.length > 0) told.push(skews);
  }
  const [first] = told.flat();
  if (first === undefined) return;
  const known = head.skews.at(-1) ?? 0;
  const near = (a: number, b: number): boolean => Math.abs(a - b) <= clockGrace * 1000;
  const agree = (a: number): number => told.filter((skews) => skews.some((b) => near(a, b))).length;
  let best = first;
  for (const skew of told.flat()) {
    const more = agree(skew) - agree(best);
    const nearer = Math.abs(skew - known) < Math.abs(best - known) - clockGrace * 1000;
    if (more > 0 || (more === 0 && nearer)) best = skew;
  }
  context.skew = best;
  context.witnesses = agree(best);
}

/** Whether a create time that moved by `shift` (s) did so with the router's clock, which moved by about `moved`. */
function isShift(shift: number, moved: number): boolean {
  if (Math.abs(shift) <= littleMove) return Math.abs(shift - moved) <= createTolerance;
  const grace = Math.max(clockGrace, Math.min(120, Math.abs(moved) / 10));
  return Math.abs(moved) > clockGrace && Math.abs(shift - moved) <= grace;
}

/**
 * By how much a wall time moved (s): on the wall, and in time, which differ when a change of daylight saving lies between. A wall
 * time that comes twice gives two.
 */
export function shiftsOf(timezone: string, before: number, now: number): number[] {
  const shifts = [now - before];
  if (timezone === 'UTC') return shifts;
  for (const a of instantsOf(timezone, before))
    for (const b of instantsOf(timezone, now)) shifts.push((b - a) / 1000);
  return shifts;
}

/** The create time is learned. One after the last sight of the session is another's. */
function learnedIncarnation(
  context: RowContext,
  r: number,
  now: number,
  words: Uint32Array,
  row: number,
): 'same' | 'other' {
  const { core, timezone, capturedAt, skew, head } = context;
  const clock = (skew ?? head.skews.at(-1) ?? 0) + zoneShiftOf(context, words, row);
  const created = utcOfLocal(timezone, now, capturedAt + clock) - clock;
  const after = created - core.time(r, Col.lastSeen);
  if (contradicts(words, row)) return after > createTolerance * 1000 ? 'other' : 'same';
  return skew !== null && after > clockGrace * 1000 ? 'other' : 'same';
}

/** Remote ID, unit, user name or serial number differ from those known. */
function contradicts(words: Uint32Array, row: number): boolean {
  return hints.some((index) => {
    const a = valueOf(old, 0, index);
    const b = valueOf(words, row, index);
    return !Number.isNaN(a) && !Number.isNaN(b) && a !== b && a !== 0;
  });
}

/** By how much the create time of a row moved against the one known (s); 0 when either is not. */
export function createShift(context: RowContext, r: number, words: Uint32Array, row: number): number {
  context.core.table.load(r, old, 0);
  const shift = createTimeOf(words, row) - createTimeOf(old, 0);
  return Number.isNaN(shift) ? 0 : shift;
}

/** Hints at another incarnation, where no create time is printed: two of them differ. */
export function hintsAtReuse(known: Uint32Array, words: Uint32Array, row: number): boolean {
  let moved = 0;
  for (const index of hints) {
    const a = valueOf(known, 0, index);
    const b = valueOf(words, row, index);
    if (!Number.isNaN(a) && !Number.isNaN(b) && a !== 0 && b !== 0 && a !== b) moved++;
  }
  return moved >= 2;
}

/** A capture broke off in the session before its create time, and what it does print hints at another one than is known. */
export function isDoubtful({ core }: RowContext, r: number, words: Uint32Array, row: number): boolean {
  core.table.load(r, old, 0);
  if (!Number.isNaN(createTimeOf(words, row)) || Number.isNaN(createTimeOf(old, 0))) return false;
  return hintsAtReuse(old, words, row);
}

/** True when remote ID, unit, user name and serial number are the same as far as both rows print them, and one at least does. */
export function sameHints(known: Uint32Array, words: Uint32Array, row: number): boolean {
  let same = 0;
  for (const index of hints) {
    const a = valueOf(known, 0, index);
    const b = valueOf(words, row, index);
    if (Number.isNaN(a) || Number.isNaN(b)) continue;
    if (a !== b) return false;
    same++;
  }
  return same > 0;
}

/** True when the row prints what two incarnations hardly share: the unit or the serial number. */
const hasOwnHint = (words: Uint32Array, row: number): boolean => {
  const [unit, serial] = [valueOf(words, row, interfaceUnit), valueOf(words, row, callSerial)];
  return (!Number.isNaN(unit) && unit !== 0) || (!Number.isNaN(serial) && serial !== 0);
};

/**
 * Whether a remembered session is back: it has the same create time; where that is not printed, nothing contradicts.
 * @returns by how much its create time moved with the router's clock (s); null when it is another session.
 */
export function returnShift(context: RowContext, r: number, words: Uint32Array, row: number): number | null {
  // It was not in sight: only its own times tell.
  const which = compare(context, r, words, row);
  if (which !== 'same' && which !== 'alike') return null;
  const before = createTimeOf(old, 0);
  const now = createTimeOf(words, row);
  if (Number.isNaN(before) || Number.isNaN(now))
    return sameHints(old, words, row) && (!isCut(words, row) || hasOwnHint(words, row)) ? 0 : null;
  return which === 'alike' ? now - before : 0;
}
