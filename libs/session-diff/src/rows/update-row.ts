/** A listed session of an incarnation that is known: what changed, what was learned, what it counted. */
import {
  Presence,
  fields,
  getPresence,
  indexOfField,
  presenceLetters,
  rowWords,
  setPresence,
  slotOf,
  unknownSlot,
  type Level,
} from '@sessionreel/session-model';
import { Col, Flag, counterIndex } from '../table/columns.ts';
import { hasCounters } from './counters.ts';
import { createTimeOf, putImage, putPrint } from '../delta/delta-builder.ts';
import { hintsAtReuse } from './incarnation.ts';
import { levelOrder } from '../snapshot/options.ts';
import { copyField, seenNow } from './open-row.ts';
import { printedShape, wholeShape, type PrintSet } from '../delta/prints.ts';
import { resolveCreate, setIdle } from './row-clocks.ts';
import type { RowContext } from './row-context.ts';
import {
  anomaly,
  clearCounter,
  clearOthers,
  clearedSinceWhole,
  countedFor,
  countersDiffer,
  emitCounters,
  epochChanged,
  intervalOf,
  mayCount,
  takeCounters,
} from './row-counters.ts';
import { isCut, setPrint } from './row-print.ts';
import type { Shape } from '../table/shapes.ts';

const createTime = indexOfField('create_time');
const upTime = indexOfField('up_time_s');
const idleTime = indexOfField('idle_time_s');
const old = new Uint32Array(rowWords);
const merged = new Uint32Array(rowWords);
const changed: number[] = [];

/** @param r a live row that the snapshot's row at `row` is of the same incarnation as. */
export function updateRow(context: RowContext, r: number, words: Uint32Array, row: number): void {
  const { core, delta, timezone } = context;
  core.table.load(r, old, 0);
  merged.set(old);
  core.table.touch(r);
  changed.length = 0;
  const shape = core.shapes.of(words, row);
  const set = core.prints.sets[core.word(r, Col.printSet)] as PrintSet;
  const shapeBefore = wholeShape(set, context.kind);
  if (context.late === null && Number.isNaN(createTimeOf(words, row)) && hintsAtReuse(old, words, row))
    anomaly(context, r, old, 'reuse_hint', 'session_remote_id', '', '');
  const learnedOnly = merge(context, shape, isCut(words, row) ? undefined : shapeBefore, set, words, row);
  const counted = shape.counters.length > 0 && mayCount(context, r, old);
  let rebase = rebaseOf(context, shape, shapeBefore, counted, words, row);
  const attributesMoved = changed.length > 0 || rebase !== '';
  if (counted) {
    const again = count(context, r, shape, attributesMoved, words, row);
    if (again !== '' && (rebase === '' || rebase === 'shape')) rebase = again;
  } else if (attributesMoved) core.rewrite(r, old, 0, merged, 0);
  if (context.late === null) {
    seenNow(context, r);
    const printed = setPrint(context, r, words, row, shape);
    if (rebase === 'create_time' || changed.includes(createTime)) resolveCreate(context, r, words, row);
    const idled = setIdle(context, r, words, row);
    if (context.offset !== null) core.setWord(r, Col.clockOffset, context.offset);
    if ((printed || idled) && changed.length === 0 && rebase === '') putPrint(core, delta, r);
  }
  if (changed.length > 0) putImage(core, delta.changed, r, learnedOnly ? 'learned' : '', changed, timezone);
  if (rebase !== '') putImage(core, delta.rebase, r, rebase, [], timezone);
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
    if (presence === before && (presence !== Presence.value || sameValue(words, row, index))) continue;
    if (
      presence !== Presence.value &&
      before !== Presence.absent &&
      isBlankOf(set, context.kind, shape, index, presenceLetters[before] as string)
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
    if (!isRemovable[index] || shapeBefore[index] === '.' || shape.presence[index] !== '.') continue;
    if (getPresence(old, 0, index) === Presence.absent) continue;
    copyField(words, row, merged, index);
    changed.push(index);
    learnedOnly = false;
  }
  return learnedOnly;
}

const isRemovable = fields.map(({ role }) => !['counter', 'clock', 'epoch', 'identity'].includes(role));

function sameValue(words: Uint32Array, row: number, index: number): boolean {
  const slot = slotOf[index] as number;
  if (words[row + slot] !== old[slot]) return false;
  return fields[index]?.type !== 'u64' || words[row + slot + 1] === old[slot + 1];
}

/**
 * Whether a blank (or N/A) is all that the class prints of the field, where another class prints what is known (`letter`): it printed
 * the same before, or it never printed the session and is of a lower level.
 */
function isBlankOf(set: PrintSet, kind: string, shape: Shape, index: number, letter: string): boolean {
  const before = printedShape(set, kind)[index];
  if (before !== undefined && before !== shape.presence[index]) return false;
  return Object.keys(set.shapes).some(
    (other) =>
      printedShape(set, other)[index] === letter &&
      other !== kind &&
      (before !== undefined || levelOf(other) > levelOf(kind)),
  );
}

const levelOf = (kind: string): number => levelOrder[kind.slice(kind.indexOf('/') + 1) as Level];

/** Why an image must tell what is no change: create time, presence of clocks and counters, unknown fields. Fills `merged`. */
function rebaseOf(
  context: RowContext,
  shape: Shape,
  shapeBefore: string | undefined,
  counted: boolean,
  words: Uint32Array,
  row: number,
): string {
  let rebase = createMoved(words, row) ? 'create_time' : '';
  if (otherPresence(shape, counted)) rebase ||= 'shape';
  const unknown = words[row + unknownSlot] as number;
  if (context.late !== null || unknown === old[unknownSlot]) return rebase;
  if (unknown === 0 && (shapeBefore === undefined || isCut(words, row))) return rebase;
  merged[unknownSlot] = unknown;
  return rebase === '' ? 'unknown' : rebase;
}

function createMoved(words: Uint32Array, row: number): boolean {
  const a = createTimeOf(old, 0);
  const b = createTimeOf(words, row);
  return !Number.isNaN(a) && !Number.isNaN(b) && a !== b;
}

/** Takes the presence of clocks and counters over into `merged`. @returns whether any differs from `old`. */
function otherPresence(shape: Shape, counted: boolean): boolean {
  let moved = false;
  for (const index of [upTime, idleTime]) {
    const presence = presenceIn(shape, index);
    if (presence === Presence.absent || presence === getPresence(old, 0, index)) continue;
    setPresence(merged, 0, index, presence);
    moved = true;
  }
  if (!counted) return moved;
  for (let c = 0; c < counterIndex.length; c++) {
    const index = counterIndex[c] as number;
    const presence = presenceIn(shape, index);
    if (presence === Presence.absent || presence === getPresence(old, 0, index)) continue;
    setPresence(merged, 0, index, presence);
    if (presence !== Presence.value) clearCounter(merged, c);
    moved = true;
  }
  return moved;
}

const presenceIn = (shape: Shape, index: number): Presence =>
  '.ven'.indexOf(shape.presence[index] as string) as Presence;

/** Counts, and stores `merged`. @returns why an image must tell the absolute values; '' when none need. */
function count(
  context: RowContext,
  r: number,
  shape: Shape,
  attributesMoved: boolean,
  words: Uint32Array,
  row: number,
): string {
  const { core } = context;
  const countedAt = core.time(r, Col.countersAt);
  const epoch =
    epochChanged(context, old, words, row, countedAt) || clearedSinceWhole(context, old, words, row);
  const born = (core.word(r, Col.flags) & Flag.born) !== 0 && !hasCounters(old, 0);
  const interval = born ? countedFor(context, words, row) : intervalOf(context, r);
  const again = emitCounters(context, r, old, words, row, shape, epoch, born, interval);
  if (core.time(r, Col.countersAt) < context.capturedAt) core.setWord(r, Col.countersAt, context.moment);
  if (attributesMoved || again !== '') {
    takeCounters(merged, words, row, shape);
    if (epoch) clearOthers(merged, shape);
    core.rewrite(r, old, 0, merged, 0);
  } else if (countersDiffer(old, shape, words, row)) {
    takeCounters(merged, words, row, shape);
    core.rewriteCounters(r, old, 0, merged, 0);
  }
  return again;
}
