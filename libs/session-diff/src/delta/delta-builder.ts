/** Fills a `FlatDelta`: images and prints from rows of the state. */
import {
  ImageMeta,
  ImageTime,
  PrintSlot,
  PrintTime,
  Presence,
  addImage,
  addPrint,
  changedWords,
  createCounterList,
  createImageList,
  createPrintList,
  fields,
  getPresence,
  imageMetaWords,
  imageTimes,
  indexOfField,
  layoutSlot,
  printTimes,
  printWords,
  rowWords,
  slotOf,
  type FlatDelta,
  type ImageList,
} from '@sessionreel/session-model';
import { Col, Flag, createColumn, noTime, profileWords } from '../table/columns.ts';
import type { Core } from '../table/core.ts';
import type { PrintSet } from './prints.ts';
import { utcOfLocal } from '../listing/time-zone.ts';

const createTime = indexOfField('create_time');
const createSlot = slotOf[createTime] as number;

/** The lists of a delta. Those that have grown are lent from router to router, as each is encoded at once. */
type Lists = Pick<
  FlatDelta,
  'opened' | 'changed' | 'closed' | 'rebase' | 'keyframe' | 'counters' | 'counters_rounded' | 'prints'
>;

const newLists = (): Lists => ({
  opened: createImageList(),
  changed: createImageList(),
  closed: createImageList(),
  rebase: createImageList(),
  keyframe: createImageList(),
  counters: createCounterList(),
  counters_rounded: createCounterList(true),
  prints: createPrintList(),
});

/** Lists that nobody uses now, of the thread. */
const spare: Lists[] = [];
const spareMost = 2;
/** Longer ones are not kept: a first snapshot of a large router is rare (words, 32 MB). */
const keptMost = 1 << 23;

export function newFlatDelta(core: Core, router: string): FlatDelta {
  return {
    router,
    at: 0,
    captured_at: 0,
    seq: 0,
    gop: 0,
    piece: 0,
    pieces: 0,
    ledger: [],
    strings: core.strings,
    ...newLists(),
    anomalies: [],
    router_events: [],
    layouts: [],
    router_state: new Uint8Array(),
  };
}

/** Empties the lists for the next delta. */
export function clearDelta(delta: FlatDelta, core: Core): void {
  if (delta.opened.words.length + delta.counters.words.length === 0) Object.assign(delta, spare.pop());
  delta.strings = core.strings;
  for (const list of [delta.opened, delta.changed, delta.closed, delta.rebase, delta.keyframe])
    list.count = 0;
  delta.counters.count = 0;
  delta.counters_rounded.count = 0;
  delta.prints.count = 0;
  delta.ledger = [];
  delta.anomalies = [];
  delta.router_events = [];
  delta.layouts = [];
  delta.piece = 0;
  delta.pieces = 0;
}

/** To be called when the delta was told: a router that is silent holds no lists. */
export function releaseDelta(delta: FlatDelta): void {
  const empty = newLists();
  const { opened, changed, closed, rebase, keyframe, counters, counters_rounded, prints } = delta;
  const lists = { opened, changed, closed, rebase, keyframe, counters, counters_rounded, prints };
  const all = Object.entries(lists);
  const kept = all.filter(([, { words }]) => words.length <= keptMost);
  if (spare.length < spareMost)
    spare.push(kept.length === all.length ? lists : { ...newLists(), ...Object.fromEntries(kept) });
  Object.assign(delta, empty);
}

/** Create time of a full row in local seconds; NaN when it has none. */
export function createTimeOf(full: Uint32Array, at: number): number {
  return getPresence(full, at, createTime) === Presence.value ? (full[at + createSlot] as number) : NaN;
}

/** As `createTimeOf`, of a row of the table. */
export function createTimeIn({ table }: Core, r: number): number {
  const page = table.pages.of(r);
  const base = table.pages.start(r, page);
  const profile = (page.words[base + Col.profile] as number) * profileWords;
  return getPresence(table.profiles.words, profile, createTime) === Presence.value
    ? (page.words[base + createColumn] as number)
    : NaN;
}

/** Create time as ms UTC; NaN when there is none. */
export function createdAtOf(
  full: Uint32Array,
  at: number,
  timezone: string,
  notAfter: number,
  early: boolean,
): number {
  const local = createTimeOf(full, at);
  return Number.isNaN(local) ? NaN : utcOfLocal(timezone, local, notAfter, early);
}

function idleMs(idleSince: number): number {
  return idleSince === noTime ? NaN : idleSince * 1000;
}

/** Adds the image of row `r`. `changed` are indexes of fields; `full` are its values as a full row, where these are at hand. */
export function putImage(
  core: Core,
  list: ImageList,
  r: number,
  reason: string,
  changed: readonly number[],
  timezone: string,
  full?: Uint32Array,
): void {
  const i = addImage(list);
  const at = i * rowWords;
  const { words } = list;
  if (full === undefined) core.table.load(r, words, at);
  else for (let k = 0; k < rowWords; k++) words[at + k] = full[k] as number;
  words[at + layoutSlot] = 0;
  const meta = i * imageMetaWords;
  list.meta[meta + ImageMeta.reason] = core.reason(reason);
  for (let w = 0; w < changedWords; w++) list.meta[meta + ImageMeta.changed + w] = 0;
  for (const index of changed) {
    const word = meta + ImageMeta.changed + (index >>> 5);
    list.meta[word] = ((list.meta[word] as number) | (1 << (index & 31))) >>> 0;
  }
  list.meta[meta + ImageMeta.clockOffset] = core.word(r, Col.clockOffset);
  const number = core.word(r, Col.printSet);
  const set = core.prints.sets[number] as PrintSet;
  core.prints.useSet(number);
  list.meta[meta + ImageMeta.layoutLow] = set.low;
  list.meta[meta + ImageMeta.layoutHigh] = set.high;
  const times = i * imageTimes;
  const lastSeen = core.time(r, Col.lastSeen);
  list.times[times + ImageTime.lastSeenAt] = lastSeen;
  list.times[times + ImageTime.createdAt] = createdAtOf(
    list.words,
    at,
    timezone,
    lastSeen,
    (core.word(r, Col.flags) & Flag.early) !== 0,
  );
  list.times[times + ImageTime.idleSince] = idleMs(core.word(r, Col.idleSince));
  list.times[times + ImageTime.rank] = core.word(r, Col.rank);
}

export function putPrint(core: Core, delta: FlatDelta, r: number): void {
  const list = delta.prints;
  const i = addPrint(list);
  const at = i * printWords;
  const { table } = core;
  const page = table.pages.of(r);
  const base = table.pages.start(r, page);
  const row = page.words;
  const key = row[base + Col.key] as number;
  const number = row[base + Col.printSet] as number;
  const set = core.prints.sets[number] as PrintSet;
  core.prints.useSet(number);
  list.words[at + PrintSlot.tunnel] = key >>> 16;
  list.words[at + PrintSlot.session] = key & 0xffff;
  list.words[at + PrintSlot.clockOffset] = row[base + Col.clockOffset] as number;
  list.words[at + PrintSlot.layoutLow] = set.low;
  list.words[at + PrintSlot.layoutHigh] = set.high;
  const times = i * printTimes;
  list.times[times + PrintTime.createTime] = createTimeIn(core, r) * 1000;
  list.times[times + PrintTime.rank] = row[base + Col.rank] as number;
  list.times[times + PrintTime.idleSince] = idleMs(row[base + Col.idleSince] as number);
}

export const nameOf = (index: number): string => fields[index]?.name ?? '';
