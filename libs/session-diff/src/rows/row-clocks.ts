/** What a row says of clocks: the router's, the session's idle time, and which of two comings of a wall time is meant. */
import { Presence, getPresence, indexOfField, slotOf } from '@sessionreel/session-model';
import { Col, Flag, noTime } from '../table/columns.ts';
import { createTimeOf } from '../delta/delta-builder.ts';
import type { RowContext } from './row-context.ts';
import { instantsOf, isEarly, utcOfLocal } from '../listing/time-zone.ts';

const upTime = indexOfField('up_time_s');
const upSlot = slotOf[upTime] as number;
const idleTime = indexOfField('idle_time_s');
const idleSlot = slotOf[idleTime] as number;

/** The router's clock when it printed the row: create time + up time, local seconds; NaN when it does not say. */
export function clockOf(words: Uint32Array, row: number): number {
  if (getPresence(words, row, upTime) !== Presence.value) return NaN;
  return createTimeOf(words, row) + (words[row + upSlot] as number);
}

/** The router's clock in UTC (ms) when it printed the row; `expected` is about when that was. */
export function utcClockOf(
  words: Uint32Array,
  row: number,
  timezone: string,
  expected: number,
): number | null {
  if (Number.isNaN(clockOf(words, row))) return null;
  const create = createTimeOf(words, row);
  const up = (words[row + upSlot] as number) * 1000;
  return utcOfLocal(timezone, create, expected, isEarly(timezone, create, expected - up)) + up;
}

/** As `utcClockOf`, whichever of two comings of a wall time the create time is; none when the row does not say. */
export function utcClocksOf(words: Uint32Array, row: number, timezone: string): number[] {
  if (Number.isNaN(clockOf(words, row))) return [];
  const up = (words[row + upSlot] as number) * 1000;
  return instantsOf(timezone, createTimeOf(words, row)).map((created) => created + up);
}

/** When the session began by its up time alone (ms), whatever clock and zone say; the row must tell its clock. */
export const bornAt = ({ capturedAt }: RowContext, words: Uint32Array, row: number): number =>
  capturedAt - (words[row + upSlot] as number) * 1000;

/** Notes which of two comings of a wall time the create time is. */
export function resolveCreate(
  { core, timezone, capturedAt, skew }: RowContext,
  r: number,
  words: Uint32Array,
  row: number,
): void {
  if (timezone === 'UTC' || Number.isNaN(clockOf(words, row))) return;
  const expected = capturedAt + (skew ?? 0) - (words[row + upSlot] as number) * 1000;
  const flags = core.word(r, Col.flags) & ~Flag.early;
  const early = isEarly(timezone, createTimeOf(words, row), expected) ? Flag.early : 0;
  core.setWord(r, Col.flags, flags | early);
}

/** Since when a row says that the session is idle, by its own clock, given what was known. */
export function idleSinceOf(words: Uint32Array, row: number, clock: number, known: number): number {
  const presence = getPresence(words, row, idleTime);
  if (presence === Presence.absent) return known;
  const seconds = words[row + idleSlot] as number;
  if (presence !== Presence.value || seconds === 0 || clock !== clock) return noTime;
  return (clock - seconds) >>> 0;
}

/** Keeps what gives the printed idle time back. @returns whether that moved. */
export function setIdle({ core }: RowContext, r: number, words: Uint32Array, row: number): boolean {
  const before = core.word(r, Col.idleSince);
  const idleSince = idleSinceOf(words, row, clockOf(words, row), before);
  if (idleSince === before) return false;
  core.setWord(r, Col.idleSince, idleSince);
  return true;
}
