/** Restoring from the log what no image says: who was seen when, by which snapshot, and in which order. */
import type { FlatDelta } from '@sessionreel/session-model';
import { Col, counterIndex } from '../table/columns.ts';
import type { Core } from '../table/core.ts';
import type { Deferred, DecodedState, Head } from '../snapshot/head.ts';
import { printedShape, type PrintSet } from '../delta/prints.ts';
import { keyOf } from '../table/table.ts';

/** All live sessions after a whole snapshot, else those that the delta lists. */
export function sightListed(
  core: Core,
  head: Head,
  delta: FlatDelta,
  { seen, number, uncounted }: DecodedState,
): void {
  const entry = delta.ledger[0];
  if (entry?.outcome !== 'applied') return;
  if (delta.captured_at < delta.at) {
    // A late one lists those whose counters it told.
    for (const key of seen ?? []) {
      const r = core.table.find(key);
      if (r >= 0) core.setTime(r, Col.countersAt, delta.captured_at);
    }
    return;
  }
  const kind = `${entry.format}/${entry.level}`;
  const without = new Set(uncounted);
  // They are there, but which incarnation each is only the whole snapshot tells.
  const waiting = head.pending
    .filter((p) => p.number === number)
    .flatMap((p) => p.deferred.map(keyOfDeferred));
  const deferred = new Set(waiting);
  const rows =
    seen === null ? [...core.liveRows()] : seen.map((key) => core.table.find(key)).filter((r) => r >= 0);
  for (const r of rows) {
    core.table.touch(r);
    core.setWord(r, Col.seen, number);
    const key = core.word(r, Col.key);
    if (!deferred.has(key)) sight(core, r, kind, delta.captured_at, !without.has(key));
  }
}

/** Sessions that waited for the end of a snapshot, which came: what was decided of them stands in images. */
export function sightDecided(core: Core, before: Head, head: Head, imaged: ReadonlySet<number>): void {
  for (const { id, number, deferred, format, level, capturedAt } of before.pending) {
    if (head.pending.some((pending) => pending.id === id)) continue;
    for (const key of deferred.map(keyOfDeferred)) {
      const r = core.table.find(key);
      if (r < 0 || !imaged.has(key)) continue;
      core.setWord(r, Col.seen, number);
      sight(core, r, `${format}/${level}`, capturedAt, true);
    }
  }
}

function sight(core: Core, r: number, kind: string, at: number, counted: boolean): void {
  core.setTime(r, Col.lastSeen, Math.max(at, core.time(r, Col.lastSeen)));
  const set = core.prints.sets[core.word(r, Col.printSet)] as PrintSet;
  if (counted && countsIn(printedShape(set, kind)))
    core.setTime(r, Col.countersAt, Math.max(at, core.time(r, Col.countersAt)));
}

const keyOfDeferred = ({ record: { values } }: Deferred): number =>
  keyOf(Number(values['tunnel_local_id']), Number(values['session_local_id']));

const counts = new Map<string, boolean>();

function countsIn(shape: string): boolean {
  let known = counts.get(shape);
  if (known === undefined) {
    known = [...counterIndex].some((index) => shape[index] === 'v');
    if (counts.size > 10_000) counts.clear();
    counts.set(shape, known);
  }
  return known;
}

/** Keys of the parts of unfinished snapshots: those before, and this delta's. */
export function carryOrders(
  core: Core,
  before: Head,
  head: Head,
  delta: FlatDelta,
  seen: readonly number[] | null,
): void {
  for (const pending of head.pending) {
    const earlier = before.pending.find((p) => p.id === pending.id);
    pending.order = { ...earlier?.order, ...pending.order };
    const entry = delta.ledger[0];
    if (
      entry?.outcome === 'applied' &&
      delta.captured_at >= delta.at &&
      !entry.final &&
      seen !== null &&
      `${entry.snapshot_id}#${entry.ordinal}` === pending.id
    )
      pending.order[entry.part] = [...seen];
    if (delta.pieces > 0)
      for (const key of Object.values(pending.order).flatMap((keys) => Array.from(keys))) {
        const r = core.table.find(key);
        if (r >= 0) core.setWord(r, Col.seen, Math.max(core.word(r, Col.seen), pending.number));
      }
  }
}
