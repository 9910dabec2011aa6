/** One listed session against what is known of it: the heart of the diff. */
import {
  Presence,
  fields,
  getPresence,
  getU64,
  indexOfField,
  cutFlag,
  layoutSlot,
  lineSlot,
  presenceWords,
  roundingStart,
  roundingWords,
  rowWords,
  setPresence,
  setRounding,
  slotOf,
  unknownSlot,
  type FlatDelta,
  type Level,
} from '@sessionreel/session-model';
import { Col, Flag, counterIndex, counterSlots, noTime } from './columns.ts';
import { addDeltas, compareCounters, hasCounters } from './counters.ts';
import type { Core } from './core.ts';
import { createTimeOf, nameOf, putImage, putPrint } from './delta-builder.ts';
import type { Head } from './head.ts';
import { levelOrder } from './options.ts';
import { cutMark, printedShape, wholeShape, type PrintSet } from './prints.ts';
import type { Shape } from './shapes.ts';
import { isEarly, utcOfLocal } from './time-zone.ts';

/** What is the same for all rows of one snapshot (part). */
export interface RowContext {
  readonly core: Core;
  readonly head: Head;
  readonly delta: FlatDelta;
  readonly timezone: string;
  /** Number of the snapshot. */
  readonly number: number;
  /** ms UTC. */
  readonly capturedAt: number;
  /** `text/extensive`. */
  readonly kind: string;
  /** A late snapshot fills only what newer ones did not print; null when it is the newest. */
  readonly late: readonly string[] | null;
  /** The router's clock less the capture's (ms), by the first row that tells; null before. */
  skew: number | null;
  /** What the session deviates from the listing's clock (s), where that is known already. */
  readonly offset: number | null;
  /** By how much the row's create time moved with the router's clock (s); 0 when that was not set. */
  readonly shift: number;
}

const createTime = indexOfField('create_time');
const since = indexOfField('statistics_since');
const sinceSlot = slotOf[since] as number;
const upTime = indexOfField('up_time_s');
const upSlot = slotOf[upTime] as number;
const idleTime = indexOfField('idle_time_s');
const idleSlot = slotOf[idleTime] as number;
const hints = ['session_remote_id', 'interface_unit', 'user_name', 'call_serial_number'].map(indexOfField);

/** By how much a create time may move within one incarnation (s). */
export const createTolerance = 2;
const old = new Uint32Array(rowWords);
const merged = new Uint32Array(rowWords);
const changed: number[] = [];

const valueOf = (full: Uint32Array, at: number, index: number): number =>
  getPresence(full, at, index) === Presence.value ? (full[at + (slotOf[index] as number)] as number) : NaN;

function sameValue(a: Uint32Array, aAt: number, b: Uint32Array, bAt: number, index: number): boolean {
  const slot = slotOf[index] as number;
  if (a[aAt + slot] !== b[bAt + slot]) return false;
  return fields[index]?.type !== 'u64' || a[aAt + slot + 1] === b[bAt + slot + 1];
}

function copyField(from: Uint32Array, fromAt: number, to: Uint32Array, index: number): void {
  const presence = getPresence(from, fromAt, index);
  setPresence(to, 0, index, presence);
  const slot = slotOf[index] as number;
  const keep = presence === Presence.value;
  to[slot] = keep ? (from[fromAt + slot] as number) : 0;
  if (fields[index]?.type === 'u64') to[slot + 1] = keep ? (from[fromAt + slot + 1] as number) : 0;
}

/**
 * What a row says of its incarnation: the same; the same although its create time moved, because the router's clock or zone was set
 * (`shifted`); another; or that only the whole snapshot can tell.
 *
 * Create time + up time is the router's clock. A clock that was set moves it, and all create times, by one amount; a new
 * incarnation moves its own create time only.
 */
export function incarnation(
  context: RowContext,
  r: number,
  words: Uint32Array,
  row: number,
): 'same' | 'shifted' | 'other' | 'unsure' {
  const { core, head } = context;
  core.table.load(r, old, 0);
  const before = createTimeOf(old, 0);
  const now = createTimeOf(words, row);
  if (Number.isNaN(now)) return 'same';
  if (Number.isNaN(before)) return learnedIncarnation(context, r, now, words, row);
  const shift = now - before;
  if (Math.abs(shift - context.shift) <= createTolerance) return 'same';
  const { skew } = context;
  if (skew === null || head.skews.length === 0 || getPresence(words, row, upTime) !== Presence.value)
    return 'unsure';
  for (const known of head.skews) if (isShift(shift, (skew - known) / 1000)) return 'shifted';
  // A clock set by a few seconds cannot be told from captures taken a few seconds late.
  return Math.abs(shift) <= 2 * clockGrace ? 'unsure' : 'other';
}

/** How far the clock of a snapshot, less its capture's time, may be off between snapshots (s). */
const clockGrace = 5;

/** Whether a create time that moved by `shift` (s) did so with the router's clock, which moved by about `moved`. */
function isShift(shift: number, moved: number): boolean {
  const grace = Math.max(clockGrace, Math.min(120, Math.abs(moved) / 10));
  return Math.abs(moved) > clockGrace && Math.abs(shift - moved) <= grace;
}

/** The create time is learned. One after the last sight of the session is another's. */
function learnedIncarnation(
  { core, timezone, capturedAt, skew, head }: RowContext,
  r: number,
  now: number,
  words: Uint32Array,
  row: number,
): 'same' | 'other' {
  const clock = skew ?? head.skews.at(-1) ?? 0;
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

/** Hints at another incarnation, where no create time is printed: remote ID and one more, or the serial number. */
function hintsAtReuse(words: Uint32Array, row: number): boolean {
  let moved = 0;
  for (const index of hints) {
    const a = valueOf(old, 0, index);
    const b = valueOf(words, row, index);
    if (!Number.isNaN(a) && !Number.isNaN(b) && a !== 0 && b !== 0 && a !== b) moved++;
  }
  return moved >= 2;
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

/** A session that is not among the live ones. @returns its row. */
export function openRow(
  context: RowContext,
  key: number,
  words: Uint32Array,
  row: number,
  rank: number,
  back: boolean,
): number {
  const { core, delta, timezone, capturedAt } = context;
  const remembered = core.table.find(key);
  merged.set(words.subarray(row, row + rowWords));
  merged[layoutSlot] = 0;
  let idleSet = 0;
  let fromOld = false;
  if (remembered >= 0) {
    if (back) {
      // The same incarnation again: what a lower level does not print is still known.
      core.table.load(remembered, old, 0);
      idleSet = core.word(remembered, Col.printSet);
      fromOld = true;
      fields.forEach((_, index) => {
        if (getPresence(words, row, index) === Presence.absent) copyField(old, 0, merged, index);
      });
      for (let i = 0; i < roundingWords; i++)
        if (!hasCounters(words, row)) merged[roundingStart + i] = old[roundingStart + i] as number;
    }
  }
  const oldCountersAt = fromOld ? core.time(remembered, Col.lastSeen) : 0;
  const born = !fromOld && isNew(context, words, row);
  if (remembered >= 0) core.forget(remembered);
  const r = core.insert(key, merged, 0);
  if (born) core.setWord(r, Col.flags, Flag.born);
  core.setWord(r, Col.printSet, idleSet);
  core.setWord(r, Col.rank, rank);
  core.setWord(r, Col.clockOffset, context.offset ?? 0);
  seenNow(context, r);
  const shape = core.shapes.of(words, row);
  print(context, r, words, row, shape);
  resolveCreate(context, r, words, row);
  idle(context, r, words, row);
  if (shape.counters.length > 0) {
    core.setTime(r, Col.countersAt, capturedAt);
    const epoch = fromOld && epochMoved(words, row);
    if (born || fromOld) {
      if (!fromOld) old.fill(0);
      const interval = fromOld ? (capturedAt - oldCountersAt) / 1000 : countedFor(context, words, row);
      emitCounters(context, r, words, row, shape, epoch, born, interval, key);
    }
  }
  putImage(core, delta.opened, r, fromOld ? 'returned' : born ? 'new' : 'first_seen', [], timezone);
  return r;
}

/** Since when its counters count, for a session that opened in our sight (s). */
function countedFor(context: RowContext, words: Uint32Array, row: number): number {
  const start = Math.max(
    ...[valueOf(words, row, since), createTimeOf(words, row)].filter((x) => !Number.isNaN(x)),
  );
  const clock = clockOf(words, row);
  if (Number.isFinite(start) && clock !== null) return Math.max(0, clock - start);
  if (Number.isFinite(start))
    return Math.max(0, (context.capturedAt - utcOfLocal(context.timezone, start, context.capturedAt)) / 1000);
  return context.head.whole === null ? 0 : (context.capturedAt - context.head.whole.at) / 1000;
}

/**
 * First sight: `new` when the session, or the epoch of its counters, began after the router's last whole snapshot (by the
 * router's clock); where neither is printed, when that snapshot did not show it.
 */
function isNew(context: RowContext, words: Uint32Array, row: number): boolean {
  const { whole } = context.head;
  if (whole === null || whole.at > context.capturedAt) return false;
  const starts = [valueOf(words, row, since), createTimeOf(words, row)].filter(
    (local) => !Number.isNaN(local),
  );
  return starts.length === 0 || starts.some((local) => isAfterWhole(context, local));
}

/** Whether a moment of the router's clock lies after its last whole snapshot. In UTC, where an hour that comes twice does not matter. */
function isAfterWhole({ head, timezone, capturedAt, skew }: RowContext, local: number): boolean {
  const { whole } = head;
  if (whole === null) return false;
  // The clock may have been set since. Less than a minute is the time that a long listing takes.
  const moved = skew === null ? 0 : skew - whole.skew;
  const clock = whole.at + whole.skew + (Math.abs(moved) > 60_000 ? moved : 0);
  return utcOfLocal(timezone, local, capturedAt + (skew ?? whole.skew)) > clock;
}

function epochMoved(words: Uint32Array, row: number): boolean {
  const a = valueOf(old, 0, since);
  const b = valueOf(words, row, since);
  return !Number.isNaN(a) && !Number.isNaN(b) && a !== b;
}

/** A row of a live session of the same incarnation. */
export function updateRow(context: RowContext, r: number, words: Uint32Array, row: number): void {
  const { core, delta, timezone, capturedAt } = context;
  core.table.load(r, old, 0);
  const shape = core.shapes.of(words, row);
  core.table.touch(r);
  const set = core.prints.sets[core.word(r, Col.printSet)] as PrintSet;
  const shapeBefore = wholeShape(set, context.kind);
  let rebase = '';
  changed.length = 0;
  let learnedOnly = true;
  const settled =
    shapeBefore === shape.presence && context.late === null && sameAttributes(shape, words, row);
  if (!settled) {
    merged.set(old);
    if (context.late === null && Number.isNaN(createTimeOf(words, row)) && hintsAtReuse(words, row))
      anomaly(context, r, 'reuse_hint', 'session_remote_id', '', '');
    learnedOnly = merge(context, shape, isCut(words, row) ? undefined : shapeBefore, set, words, row);
    if (createMoved(words, row)) rebase = 'create_time';
  }
  const counted = shape.counters.length > 0 && mayCount(context, r);
  let attributesMoved = changed.length > 0 || rebase !== '';
  if (!settled) {
    if (otherPresence(shape, counted)) {
      rebase ||= 'shape';
      attributesMoved = true;
    }
    if (context.late === null && (words[row + unknownSlot] as number) !== (old[unknownSlot] as number)) {
      if ((words[row + unknownSlot] as number) !== 0 || (shapeBefore !== undefined && !isCut(words, row))) {
        merged[unknownSlot] = words[row + unknownSlot] as number;
        rebase ||= 'unknown';
        attributesMoved = true;
      }
    }
  } else if ((words[row + unknownSlot] as number) !== (old[unknownSlot] as number)) {
    merged.set(old);
    merged[unknownSlot] = words[row + unknownSlot] as number;
    rebase ||= 'unknown';
    attributesMoved = true;
  }
  const key = core.word(r, Col.key);
  if (counted) {
    const epoch = epochChanged(context, words, row) || clearedSinceWhole(context, words, row);
    const interval = intervalOf(context, r);
    const born = (core.word(r, Col.flags) & Flag.born) !== 0 && !hasCounters(old, 0);
    const again = emitCounters(
      context,
      r,
      words,
      row,
      shape,
      epoch,
      born,
      born ? countedFor(context, words, row) : interval,
      key,
    );
    if (again !== '' && (rebase === '' || rebase === 'shape')) rebase = again;
    core.setTime(r, Col.countersAt, Math.max(capturedAt, core.time(r, Col.countersAt)));
    if (attributesMoved || again !== '') {
      if (settled && !attributesMoved) merged.set(old);
      takeCounters(words, row, shape);
      if (epoch) clearOthers(shape);
      core.rewrite(r, old, 0, merged, 0);
    } else if (countersDiffer(shape, words, row)) {
      merged.set(old);
      takeCounters(words, row, shape);
      core.rewriteCounters(r, old, 0, merged, 0);
    }
  } else if (attributesMoved) core.rewrite(r, old, 0, merged, 0);

  if (context.late === null) {
    seenNow(context, r);
    const printed = print(context, r, words, row, shape);
    if (rebase === 'create_time' || changed.includes(createTime)) resolveCreate(context, r, words, row);
    const idled = idle(context, r, words, row);
    if (context.offset !== null) core.setWord(r, Col.clockOffset, context.offset);
    if ((printed || idled) && changed.length === 0 && rebase === '') putPrint(core, delta, r);
  }
  if (changed.length > 0) putImage(core, delta.changed, r, learnedOnly ? 'learned' : '', changed, timezone);
  if (rebase !== '') putImage(core, delta.rebase, r, rebase, [], timezone);
}

/** True when every attribute that the row prints is as it was. */
function sameAttributes(shape: Shape, words: Uint32Array, row: number): boolean {
  for (let i = 0; i < presenceWords; i++)
    if (((((words[row + i] as number) ^ (old[i] as number)) & (shape.mask[i] as number)) | 0) !== 0)
      return false;
  for (const slot of shape.slots) if (words[row + slot] !== old[slot]) return false;
  return (
    getPresence(words, row, since) === getPresence(old, 0, since) &&
    getPresence(words, row, upTime) === getPresence(old, 0, upTime) &&
    getPresence(words, row, idleTime) === getPresence(old, 0, idleTime) &&
    countersKnown(shape)
  );
}

function countersKnown(shape: Shape): boolean {
  for (const c of shape.counters)
    if (getPresence(old, 0, counterIndex[c] as number) !== Presence.value) return false;
  return true;
}

/** Fills `merged` and `changed`. @returns whether all that changed was learned. */
function merge(
  context: RowContext,
  shape: Shape,
  shapeBefore: string | undefined,
  set: PrintSet,
  words: Uint32Array,
  row: number,
): boolean {
  let learnedOnly = true;
  const newer = (context.late ?? []).map((kind) => printedShape(set, kind));
  for (const index of shape.attributes) {
    if (newer.some((presence) => (presence[index] ?? '.') !== '.')) continue;
    const presence = getPresence(words, row, index);
    const before = getPresence(old, 0, index);
    if (presence === before && (presence !== Presence.value || sameValue(words, row, old, 0, index)))
      continue;
    if (
      presence !== Presence.value &&
      before === Presence.value &&
      isBlankOf(set, context.kind, shape, index)
    )
      continue;
    copyField(words, row, merged, index);
    if (index === createTime && before === Presence.value && presence === Presence.value) continue;
    if (before !== Presence.absent || shapeBefore !== undefined) learnedOnly = false;
    changed.push(index);
  }
  if (shapeBefore === undefined || context.late !== null) return learnedOnly;
  // What this level of this variant printed for the session before, and does not now, was removed.
  for (let index = 0; index < fields.length; index++) {
    const role = fields[index]?.role;
    if (role === 'counter' || role === 'clock' || role === 'epoch' || role === 'identity') continue;
    if (shapeBefore[index] === '.' || shape.presence[index] !== '.') continue;
    if (getPresence(old, 0, index) === Presence.absent) continue;
    copyField(words, row, merged, index);
    changed.push(index);
    learnedOnly = false;
  }
  return learnedOnly;
}

/** The row's capture breaks off within it: what it does not print says nothing. */
const isCut = (words: Uint32Array, row: number): boolean => (words[row + lineSlot] as number) >= cutFlag;

/** Whether a blank (or N/A) is all that the class prints of the field, where a class of a higher level prints a value. */
function isBlankOf(set: PrintSet, kind: string, shape: Shape, index: number): boolean {
  const before = printedShape(set, kind)[index];
  if (before !== undefined && before !== shape.presence[index]) return false;
  return Object.entries(set.shapes).some(
    ([other, presence]) => presence[index] === 'v' && levelOf(other) > levelOf(kind),
  );
}

const levelOf = (kind: string): number => levelOrder[kind.slice(kind.indexOf('/') + 1) as Level];

/** Counters that the row does not print count from zero too, since it tells that they were cleared. */
function clearOthers(shape: Shape): void {
  for (let c = 0; c < counterSlots.length; c++) {
    if ((shape.seen & (1 << c)) !== 0) continue;
    const slot = counterSlots[c] as number;
    merged[slot] = 0;
    merged[slot + 1] = 0;
    setRounding(merged, 0, c, 0);
  }
}

function createMoved(words: Uint32Array, row: number): boolean {
  const a = createTimeOf(old, 0);
  const b = createTimeOf(words, row);
  return !Number.isNaN(a) && !Number.isNaN(b) && a !== b;
}

/** Takes the presence of clocks, epoch and counters over into `merged`. @returns whether any differs from `old`. */
function otherPresence(shape: Shape, counted: boolean): boolean {
  let moved = false;
  for (const index of [upTime, idleTime]) {
    const letter = shape.presence[index];
    if (letter === '.') continue;
    const presence = '.ven'.indexOf(letter as string) as Presence;
    if (presence === getPresence(old, 0, index)) continue;
    setPresence(merged, 0, index, presence);
    moved = true;
  }
  if (!counted) return moved;
  for (const index of counterIndex) {
    const presence = '.ven'.indexOf(shape.presence[index] as string) as Presence;
    if (presence === Presence.absent || presence === getPresence(old, 0, index)) continue;
    setPresence(merged, 0, index, presence);
    moved = true;
  }
  return moved;
}

/** A late snapshot must not bring back counters older than those known. */
function mayCount(context: RowContext, r: number): boolean {
  if (context.late === null) return true;
  const { core } = context;
  return !hasCounters(old, 0) || core.time(r, Col.countersAt) < context.capturedAt;
}

function epochChanged(context: RowContext, words: Uint32Array, row: number): boolean {
  const before = valueOf(old, 0, since);
  const now = valueOf(words, row, since);
  if (Number.isNaN(before) || Number.isNaN(now)) return false;
  const moved = Math.abs(now - before - context.shift);
  // A stamp that jitters is no clear; one that moved by a second while a counter fell is.
  return moved > createTolerance || (moved > 0 && anyFell(words, row));
}

/** Counters seen for the first time that were cleared after the last whole snapshot: what they show passed since. */
function clearedSinceWhole(context: RowContext, words: Uint32Array, row: number): boolean {
  const start = valueOf(words, row, since);
  return !Number.isNaN(start) && !hasCounters(old, 0) && isAfterWhole(context, start);
}

function anyFell(words: Uint32Array, row: number): boolean {
  for (let c = 0; c < counterSlots.length; c++) {
    const index = counterIndex[c] as number;
    if (getPresence(words, row, index) !== Presence.value || getPresence(old, 0, index) !== Presence.value)
      continue;
    const slot = counterSlots[c] as number;
    const hi = words[row + slot + 1] as number;
    const oldHi = old[slot + 1] as number;
    if (hi < oldHi || (hi === oldHi && (words[row + slot] as number) < (old[slot] as number))) return true;
  }
  return false;
}

function intervalOf({ core, capturedAt }: RowContext, r: number): number {
  const at = core.time(r, Col.countersAt);
  return at > 0 ? Math.max(0, (capturedAt - at) / 1000) : 0;
}

function countersDiffer(shape: Shape, words: Uint32Array, row: number): boolean {
  for (const c of shape.counters) {
    const slot = counterSlots[c] as number;
    if (words[row + slot] !== old[slot] || words[row + slot + 1] !== old[slot + 1]) return true;
  }
  for (let i = 0; i < roundingWords; i++)
    if (words[row + roundingStart + i] !== old[roundingStart + i]) return true;
  return false;
}

function takeCounters(words: Uint32Array, row: number, shape: Shape): void {
  for (const c of shape.counters) {
    const slot = counterSlots[c] as number;
    merged[slot] = words[row + slot] as number;
    merged[slot + 1] = words[row + slot + 1] as number;
    setPresence(merged, 0, counterIndex[c] as number, Presence.value);
    const word = roundingStart + (c >>> 3);
    const bits = 15 << ((c & 7) << 2);
    merged[word] = (((merged[word] as number) & ~bits) | ((words[row + word] as number) & bits)) >>> 0;
  }
  if (getPresence(words, row, since) !== Presence.absent) copyField(words, row, merged, since);
}

/** Deltas and anomalies of a row against `old`. @returns why an image must tell the absolute values; '' when none need. */
function emitCounters(
  context: RowContext,
  r: number,
  words: Uint32Array,
  row: number,
  shape: Shape,
  epoch: boolean,
  born: boolean,
  interval: number,
  key: number,
): string {
  const { core, delta, timezone, capturedAt } = context;
  const step = compareCounters(old, 0, words, row, shape, epoch, born, interval);
  for (const c of step.decreased) {
    const slot = counterSlots[c] as number;
    const name = nameOf(counterIndex[c] as number);
    anomaly(
      context,
      r,
      'counter_decreased',
      name,
      String(getU64(old, slot)),
      String(getU64(words, row + slot)),
    );
  }
  if (step.moved && step.seen !== 0) {
    const create = createTimeOf(words, row);
    const local = Number.isNaN(create) ? createTimeOf(old, 0) : create;
    const early = (core.word(r, Col.flags) & Flag.early) !== 0;
    const createdAt = Number.isNaN(local) ? NaN : utcOfLocal(timezone, local, capturedAt, early);
    const list = step.rounded ? delta.counters_rounded : delta.counters;
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

function anomaly(
  context: RowContext,
  r: number,
  kind: string,
  field: string,
  before: string,
  after: string,
): void {
  const { core, delta } = context;
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

export function seenNow({ core, number, capturedAt }: RowContext, r: number): void {
  core.setWord(r, Col.seen, number);
  core.setTime(r, Col.lastSeen, Math.max(capturedAt, core.time(r, Col.lastSeen)));
}

/** Notes how the session was printed. @returns whether that moved. */
function print(context: RowContext, r: number, words: Uint32Array, row: number, shape: Shape): boolean {
  const { core, kind } = context;
  const before = core.word(r, Col.printSet);
  const layout = words[row + layoutSlot] as number;
  const whole = wholeShape(core.prints.sets[before] as PrintSet, kind);
  const cut = isCut(words, row) && whole !== shape.presence;
  // What prints the session whole is worth more than what prints the beginning of it.
  if (cut && whole !== undefined) return false;
  const set = setWith(core, before, kind, layout, cut ? cutMark + shape.presence : shape.presence);
  if (set === before) return false;
  core.setWord(r, Col.printSet, set);
  return true;
}

const memo = {
  core: null as Core | null,
  strings: null as unknown,
  set: 0,
  kind: '',
  layout: 0,
  shape: '',
  result: 0,
};

function setWith(core: Core, set: number, kind: string, layout: number, shape: string): number {
  if (
    memo.core === core &&
    memo.strings === core.strings &&
    memo.set === set &&
    memo.layout === layout &&
    memo.shape === shape &&
    memo.kind === kind
  )
    return memo.result;
  const result = core.prints.with(set, kind, core.strings.text(layout), shape);
  Object.assign(memo, { core, strings: core.strings, set, kind, layout, shape, result });
  return result;
}

/** The router's clock when it printed the row: create time + up time, local seconds; null when it does not say. */
export function clockOf(words: Uint32Array, row: number): number | null {
  const create = createTimeOf(words, row);
  if (Number.isNaN(create) || getPresence(words, row, upTime) !== Presence.value) return null;
  return create + (words[row + upSlot] as number);
}

/** The router's clock in UTC (ms) when it printed the row; `expected` is about when that was. */
export function utcClockOf(
  words: Uint32Array,
  row: number,
  timezone: string,
  expected: number,
): number | null {
  if (clockOf(words, row) === null) return null;
  const create = createTimeOf(words, row);
  const up = (words[row + upSlot] as number) * 1000;
  return utcOfLocal(timezone, create, expected, isEarly(timezone, create, expected - up)) + up;
}

/** Notes which of two comings of a wall time the create time is. */
function resolveCreate(
  { core, timezone, capturedAt, skew }: RowContext,
  r: number,
  words: Uint32Array,
  row: number,
): void {
  if (clockOf(words, row) === null) return;
  const expected = capturedAt + (skew ?? 0) - (words[row + upSlot] as number) * 1000;
  const flags = core.word(r, Col.flags) & ~Flag.early;
  const early = isEarly(timezone, createTimeOf(words, row), expected) ? Flag.early : 0;
  core.setWord(r, Col.flags, flags | early);
}

/** Keeps what gives the printed idle time back: since when the session is idle, by its own clock. @returns whether that moved. */
function idle({ core }: RowContext, r: number, words: Uint32Array, row: number): boolean {
  const presence = getPresence(words, row, idleTime);
  let idleSince = core.word(r, Col.idleSince);
  const before = idleSince;
  if (presence === Presence.value) {
    const seconds = words[row + idleSlot] as number;
    const clock = clockOf(words, row);
    idleSince = seconds === 0 || clock === null ? noTime : clock - seconds;
  } else if (presence !== Presence.absent) idleSince = noTime;
  if (idleSince === before) return false;
  core.setWord(r, Col.idleSince, idleSince);
  return true;
}
