/** The router's clock along a listing, and by what each session deviates from it. */
import type { LedgerEntry } from '@sessionreel/session-model';
import { clockOfListing } from './clock-steps.ts';
import { Col } from '../table/columns.ts';
import type { Core } from '../table/core.ts';
import type { Deferred, PartClock, Pending } from '../snapshot/head.ts';
import { partsOf } from './listing-order.ts';
import type { Places } from './places.ts';
import type { Run } from '../snapshot/run.ts';
import type { Workspace } from '../snapshot/workspace.ts';

/** Notes the clock of a part, and the deviations of its sessions. @returns null when no session tells. */
export function settleClocks({ core, delta }: Workspace, run: Run, places: Places): PartClock | null {
  const { listed, pending, source } = run;
  listed.complete(core);
  const { count, keys, rows, clocks } = listed;
  const own = listed.own.subarray(0, count);
  const waiting = new Map<number, Deferred>();
  for (const d of pending?.deferred ?? []) if (d.part === source.part) waiting.set(d.index, d);
  for (const i of waiting.keys()) own[i] = clocks[i] as number;
  const listing = clockOfListing(own);
  if (listing.first === null) return null;
  let clock = listing.first;
  let next = 0;
  for (let i = 0; i < count; i++) {
    const step = listing.steps[next];
    if (step?.[0] === i) {
      clock = listing.first + step[1];
      next++;
    }
    const here = own[i] as number;
    if (here === clock || here !== here) continue;
    const offset = (clocks[i] as number) - clock;
    const d = waiting.get(i);
    if (d !== undefined) {
      d.offset = offset;
      continue;
    }
    const r = core.table.findNear(keys[i] as number, rows[i] as number);
    core.table.touch(r);
    core.setWord(r, Col.clockOffset, offset);
    places.moved(core, delta, r);
  }
  return { first: listing.first, steps: listing.steps };
}

/**
 * The clock of a whole listing into its last entry: that of its first session, and where it went on, by rank. Stretches of parts
 * that go on where the part before ended are none.
 */
export function clockInto(entry: LedgerEntry, core: Core, pending: Pending): void {
  let base: number | null = null;
  let before = NaN;
  for (const part of partsOf(pending)) {
    const clock = pending.clocks[part];
    if (clock === undefined) continue;
    base ??= clock.first;
    const keys = pending.order[part] ?? [];
    for (const [place, seconds] of [[0, 0] as const, ...clock.steps]) {
      const at = clock.first + seconds;
      // The first stretch of a listing in one part needs no saying.
      if (at === before || (place === 0 && pending.parts === 1)) continue;
      before = at;
      const rank = firstRank(core, keys, place);
      if (rank !== null) entry.clock_steps.push(rank, at - base);
    }
  }
  entry.router_clock = base === null ? null : base * 1000;
}

/** Rank of the first session from a place on that is still live. */
function firstRank(core: Core, keys: ArrayLike<number>, place: number): number | null {
  for (let i = place; i < keys.length; i++) {
    const r = core.table.find(keys[i] as number);
    if (r >= 0 && core.isLive(r)) return core.word(r, Col.rank);
  }
  return null;
}
