/** The inverse of the diff: deltas of the log, applied to a state, give the state that wrote them. */
import {
  Presence,
  counterFields,
  getRounding,
  getU64,
  halfWidth,
  rowWords,
  setPresence,
  setRounding,
  setU64,
  slotOf,
  type CounterDelta,
  type RoundedCounterDelta,
  type SessionDelta,
  type SessionImage,
} from '@sessionreel/session-model';
import { Col, Flag, counterIndex, noTime } from '../table/columns.ts';
import type { Core } from '../table/core.ts';
import { decodeState, type Head } from '../snapshot/head.ts';
import { rowOfImage } from '../delta/image.ts';
import type { RouterOptions } from '../snapshot/options.ts';
import { carryOrders, sightDecided, sightListed } from './restore-sights.ts';
import { keyOf } from '../table/table.ts';
import { isEarly } from '../listing/time-zone.ts';

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
  delta: SessionDelta,
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
  const imaged = new Set<number>();
  if (checkpoint) restorePiece(core, delta, seen ?? [], timezone);
  else {
    for (const image of delta.closed) closeImage(core, image, delta);
    for (const image of delta.opened) imaged.add(openImage(core, image, timezone));
    for (const list of [delta.changed, delta.rebase, delta.keyframe])
      for (const image of list) imaged.add(changeImage(core, image, timezone));
    for (const list of [delta.counters, delta.counters_rounded])
      for (const counters of list) count(core, counters, imaged, delta.captured_at);
    for (const print of delta.prints) {
      const r = rowOf(core, print);
      core.table.touch(r);
      core.setWord(r, Col.printSet, core.prints.numberOf(BigInt.asUintN(64, print.layout)));
      setPlace(core, r, print.rank, print.idle_since, print.clock_offset_s);
    }
    sightListed(core, head, delta, state);
    sightDecided(core, before, head, imaged);
  }
  carryOrders(core, before, head, delta, seen);
  if (delta.pieces === 0) core.prints.settle(core.live);
  return head;
}

function rowOf(core: Core, key: { tunnel_local_id: number; session_local_id: number }): number {
  const r = core.table.find(keyOf(key.tunnel_local_id, key.session_local_id));
  if (r < 0)
    throw new Error(
      `the log speaks of session ${key.tunnel_local_id}/${key.session_local_id}, which is not known`,
    );
  return r;
}

function setPlace(core: Core, r: number, rank: number, idleSince: number | null, offset: number): void {
  core.setWord(r, Col.rank, rank);
  core.setWord(r, Col.idleSince, idleSince === null ? noTime : Math.round(idleSince / 1000));
  core.setWord(r, Col.clockOffset, offset);
}

function setMeta(core: Core, r: number, image: SessionImage, timezone: string): void {
  core.setWord(r, Col.printSet, core.prints.numberOf(BigInt.asUintN(64, image.layout)));
  setPlace(core, r, image.rank, image.idle_since, image.clock_offset_s);
  core.setTime(r, Col.lastSeen, image.last_seen_at);
  const local = image.values['create_time'];
  if (image.created_at === null || typeof local !== 'number') return;
  const early = isEarly(timezone, Math.round(local / 1000), image.created_at) ? Flag.early : 0;
  core.setWord(r, Col.flags, (core.word(r, Col.flags) & ~Flag.early) | early);
}

function openImage(core: Core, image: SessionImage, timezone: string): number {
  const key = keyOf(image.tunnel_local_id, image.session_local_id);
  const known = core.table.find(key);
  if (known >= 0) core.forget(known);
  const r = core.insert(key, rowOfImage(image, core.strings), 0);
  core.setWord(r, Col.flags, image.reason === 'new' ? Flag.born : 0);
  setMeta(core, r, image, timezone);
  return key;
}

function closeImage(core: Core, image: SessionImage, delta: SessionDelta): void {
  core.close(rowOf(core, image), image.reason === 'replaced' ? delta.captured_at : delta.at);
}

function changeImage(core: Core, image: SessionImage, timezone: string): number {
  const r = rowOf(core, image);
  core.table.load(r, old, 0);
  core.rewrite(r, old, 0, rowOfImage(image, core.strings), 0);
  setMeta(core, r, image, timezone);
  return keyOf(image.tunnel_local_id, image.session_local_id);
}

function restorePiece(core: Core, delta: SessionDelta, times: readonly number[], timezone: string): void {
  [...delta.keyframe, ...delta.closed].forEach((image, i) => {
    const key = openImage(core, image, timezone);
    const r = core.table.find(key);
    const time = times[i] ?? 0;
    if (i < delta.keyframe.length) core.setTime(r, Col.countersAt, time);
    else core.close(r, time);
  });
}

/** Adds deltas to the counters, unless an image of the same delta holds them already. */
function count(
  core: Core,
  counters: CounterDelta | RoundedCounterDelta,
  imaged: ReadonlySet<number>,
  capturedAt: number,
): void {
  const r = rowOf(core, counters);
  core.setTime(r, Col.countersAt, Math.max(capturedAt, core.time(r, Col.countersAt)));
  if (imaged.has(keyOf(counters.tunnel_local_id, counters.session_local_id))) return;
  core.table.load(r, old, 0);
  now.set(old);
  counterFields.forEach((f, c) => {
    if ((counters.seen & (1 << c)) === 0) return;
    const index = counterIndex[c] as number;
    const slot = slotOf[index] as number;
    const value = BigInt.asUintN(64, getU64(old, slot) + BigInt.asUintN(64, counters.deltas[f.name] ?? 0n));
    setU64(now, slot, value);
    setPresence(now, 0, index, Presence.value);
    if (!('errors' in counters)) return;
    const half =
      BigInt.asUintN(64, counters.errors[`${f.name}_error`] ?? 0n) - halfWidth(getRounding(old, 0, c));
    setRounding(now, 0, c, half > 0n ? String(half).length : 0);
  });
  core.rewriteCounters(r, old, 0, now, 0);
}
