/** The inverse of the diff: deltas of the log, applied to a state, give the state that wrote them. */
import {
  CounterSlot,
  ImageMeta,
  ImageTime,
  Presence,
  PrintSlot,
  PrintTime,
  counterFields,
  counterWords,
  errorStart,
  getPresence,
  getRounding,
  halfWidth,
  imageMetaWords,
  imageTimes,
  indexOfField,
  printTimes,
  printWords,
  rowWords,
  setPresence,
  setRounding,
  slotOf,
  type CounterList,
  type FlatDelta,
  type ImageList,
  type PrintList,
} from '@sessionreel/session-model';
import { createTimeOf } from '../delta/delta-builder.ts';
import { Col, Flag, counterIndex, noTime } from '../table/columns.ts';
import type { Core } from '../table/core.ts';
import { decodeState, type Head } from '../snapshot/head.ts';
import type { RouterOptions } from '../snapshot/options.ts';
import { carryOrders, sightDecided, sightListed } from './restore-sights.ts';
import { keyOf } from '../table/table.ts';
import { isEarly } from '../listing/time-zone.ts';

const tunnelSlot = slotOf[indexOfField('tunnel_local_id')] as number;
const sessionSlot = slotOf[indexOfField('session_local_id')] as number;

const old = new Uint32Array(rowWords);
const now = new Uint32Array(rowWords);

/** Forgets closed sessions that will hardly return. */
export function forgetOld(core: Core, at: number, options: RouterOptions): void {
  for (const r of [...core.closedRows()])
    if (core.time(r, Col.countersAt) < at - options.rememberClosedMs) core.forget(r);
}

/** @returns the head after the delta. @throws Error when the delta does not follow what the state holds. */
export function applyDelta(
  core: Core,
  before: Head,
  delta: FlatDelta,
  checkpoint: boolean,
  options: RouterOptions,
): Head {
  const state = decodeState(delta.router_state, before.timezone);
  const { head, seen, told } = state;
  const { timezone } = head;
  if (!checkpoint && before.seq !== 0 && delta.seq !== before.seq + 1)
    throw new Error(`the log of ${delta.router} goes on at ${delta.seq}, after ${before.seq}`);
  const keyframe = delta.pieces > 0 && !checkpoint;
  if (delta.pieces > 0 && delta.piece === 1) {
    core.prints.forgetTold();
    if (keyframe) forgetOld(core, head.at, options);
  }
  core.prints.learn(delta.layouts, !checkpoint);
  if (checkpoint && delta.piece === 1) core.prints.restoreTold(new Set(told.map((id) => BigInt(`0x${id}`))));
  if (checkpoint) restorePiece(core, delta, seen ?? [], timezone);
  else {
    const imaged = applyImages(core, delta, timezone);
    for (const list of [delta.counters, delta.counters_rounded])
      for (let i = 0; i < list.count; i++) count(core, list, i, imaged);
    applyPrints(core, delta.prints);
    sightListed(core, head, delta, state);
    sightDecided(core, before, head, imaged);
  }
  carryOrders(core, before, head, delta, seen);
  if (delta.pieces === 0) core.prints.settle(core.live);
  return head;
}

/** @returns keys of the sessions whose images hold all that they are. */
function applyImages(core: Core, delta: FlatDelta, timezone: string): Set<number> {
  const imaged = new Set<number>();
  const replaced = core.reason('replaced');
  const { closed, opened } = delta;
  for (let i = 0; i < closed.count; i++) {
    const reason = closed.meta[i * imageMetaWords + ImageMeta.reason];
    core.close(rowOf(core, keyOfImage(closed, i)), reason === replaced ? delta.captured_at : delta.at);
  }
  for (let i = 0; i < opened.count; i++) {
    openImage(core, opened, i, timezone);
    imaged.add(keyOfImage(opened, i));
  }
  for (const list of [delta.changed, delta.rebase, delta.keyframe])
    for (let i = 0; i < list.count; i++) {
      changeImage(core, list, i, timezone);
      imaged.add(keyOfImage(list, i));
    }
  return imaged;
}

function restorePiece(core: Core, delta: FlatDelta, times: readonly number[], timezone: string): void {
  const { keyframe, closed } = delta;
  for (let i = 0; i < keyframe.count; i++) {
    const r = openImage(core, keyframe, i, timezone);
    core.setTime(r, Col.countersAt, times[i] ?? 0);
    core.setWord(r, Col.seen, times[keyframe.count + closed.count + i] ?? 0);
  }
  for (let i = 0; i < closed.count; i++)
    core.close(openImage(core, closed, i, timezone), times[keyframe.count + i] ?? 0);
}

function applyPrints(core: Core, { count: prints, words, times }: PrintList): void {
  for (let i = 0; i < prints; i++) {
    const at = i * printWords;
    const t = i * printTimes;
    const r = rowOf(core, keyOf(words[at] as number, words[at + PrintSlot.session] as number));
    core.table.touch(r);
    setPrintSet(core, r, words, at + PrintSlot.layoutLow);
    const offset = words[at + PrintSlot.clockOffset] as number;
    setPlace(core, r, times[t + PrintTime.rank] as number, times[t + PrintTime.idleSince] as number, offset);
  }
}

const keyOfImage = ({ words }: ImageList, i: number): number =>
  keyOf(words[i * rowWords + tunnelSlot] as number, words[i * rowWords + sessionSlot] as number);

function rowOf(core: Core, key: number): number {
  const r = core.table.findNear(key, lastRow + 1);
  if (r < 0) throw new Error(`the log speaks of session ${key >>> 16}/${key & 0xffff}, which is not known`);
  return (lastRow = r);
}

/** Found last: logs and tables are most often in the same order. */
let lastRow = 0;
/** Taken last: most sessions print alike. */
let lastSet = 0;

function setPrintSet(core: Core, r: number, words: Uint32Array, at: number): void {
  const low = words[at] as number;
  const high = words[at + 1] as number;
  const last = core.prints.sets[lastSet];
  if (last?.low !== low || last.high !== high)
    lastSet = core.prints.numberOf((BigInt(high) << 32n) | BigInt(low));
  core.setWord(r, Col.printSet, lastSet);
}

function setPlace(core: Core, r: number, rank: number, idleSince: number, offset: number): void {
  core.setWord(r, Col.rank, rank);
  core.setWord(r, Col.idleSince, Number.isNaN(idleSince) ? noTime : Math.round(idleSince / 1000));
  core.setWord(r, Col.clockOffset, offset);
}

function setMeta(core: Core, r: number, list: ImageList, i: number, timezone: string): void {
  const { words, meta, times } = list;
  const m = i * imageMetaWords;
  const t = i * imageTimes;
  setPrintSet(core, r, meta, m + ImageMeta.layoutLow);
  const offset = meta[m + ImageMeta.clockOffset] as number;
  setPlace(core, r, times[t + ImageTime.rank] as number, times[t + ImageTime.idleSince] as number, offset);
  core.setTime(r, Col.lastSeen, times[t + ImageTime.lastSeenAt] as number);
  const createdAt = times[t + ImageTime.createdAt] as number;
  const local = createTimeOf(words, i * rowWords);
  if (Number.isNaN(createdAt) || Number.isNaN(local)) return;
  const early = isEarly(timezone, local, createdAt) ? Flag.early : 0;
  core.setWord(r, Col.flags, (core.word(r, Col.flags) & ~Flag.early) | early);
}

function openImage(core: Core, list: ImageList, i: number, timezone: string): number {
  const key = keyOfImage(list, i);
  const known = core.table.find(key);
  if (known >= 0) core.forget(known);
  const r = core.insert(key, list.words, i * rowWords);
  const reason = list.meta[i * imageMetaWords + ImageMeta.reason];
  core.setWord(r, Col.flags, reason === core.reason('new') ? Flag.born : 0);
  setMeta(core, r, list, i, timezone);
  return r;
}

function changeImage(core: Core, list: ImageList, i: number, timezone: string): void {
  const r = rowOf(core, keyOfImage(list, i));
  core.table.load(r, old, 0);
  core.rewrite(r, old, 0, list.words, i * rowWords);
  setMeta(core, r, list, i, timezone);
}

/** Adds deltas to the counters, unless an image of the same delta holds them already. When they were seen, the sights tell. */
function count(core: Core, list: CounterList, i: number, imaged: ReadonlySet<number>): void {
  const { words, stride } = list;
  const at = i * stride;
  const key = keyOf(words[at] as number, words[at + CounterSlot.session] as number);
  const r = rowOf(core, key);
  if (imaged.has(key)) return;
  core.table.load(r, old, 0);
  now.set(old);
  const seen = words[at + CounterSlot.seen] as number;
  for (let c = 0; c < counterFields.length; c++) {
    if (((seen >>> c) & 1) === 0) continue;
    const index = counterIndex[c] as number;
    const slot = slotOf[index] as number;
    const delta = at + CounterSlot.deltas + 2 * c;
    const low = (old[slot] as number) + (words[delta] as number);
    now[slot] = low;
    now[slot + 1] = (old[slot + 1] as number) + (words[delta + 1] as number) + (low > 0xffffffff ? 1 : 0);
    if (getPresence(now, 0, index) !== Presence.value) setPresence(now, 0, index, Presence.value);
    if (stride === counterWords) continue;
    const error = at + errorStart + 2 * c;
    const half = (words[error] as number) + 0x1_0000_0000 * (words[error + 1] as number);
    setRounding(now, 0, c, digitsOf(half - Number(halfWidth(getRounding(old, 0, c)))));
  }
  core.rewriteCounters(r, old, 0, now, 0);
}

/** Of a half-width: see `getRounding`. */
const digitsOf = (half: number): number => (half > 0 ? String(half).length : 0);
