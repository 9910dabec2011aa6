/** The order of a listing, kept as sparse ranks. */
import { Col } from '../table/columns.ts';
import type { Core } from '../table/core.ts';
import type { Pending } from '../snapshot/head.ts';
import type { Listed } from '../snapshot/listed.ts';
import type { Places } from './places.ts';
import { assignRanks, fillGaps, spacing } from './ranks.ts';
import type { Workspace } from '../snapshot/workspace.ts';

/** Listing order; equal ranks by key, so that it does not depend on where rows lie. */
export const byRank =
  (core: Core) =>
  (a: number, b: number): number =>
    core.word(a, Col.rank) - core.word(b, Col.rank) || core.word(a, Col.key) - core.word(b, Col.key);

/** Rows of live sessions in listing order. */
export function liveInOrder(core: Core): Int32Array {
  const rows = new Int32Array(core.live);
  let count = 0;
  let rising = true;
  let before = -1;
  for (let r = 0; r < core.table.top; r++) {
    if (!core.isLive(r)) continue;
    const rank = core.word(r, Col.rank);
    if (rank <= before) rising = false;
    before = rank;
    rows[count++] = r;
  }
  return rising ? rows : rows.sort(byRank(core));
}

/** Parts of a snapshot that came, in order. */
export const partsOf = (pending: Pending): number[] =>
  Object.keys(pending.order)
    .map(Number)
    .sort((a, b) => a - b);

/** Rows of the live sessions that a snapshot listed, in its order. */
function listedRows(core: Core, pending: Pending): Int32Array {
  const parts = partsOf(pending).map((part) => pending.order[part] ?? []);
  const rows = new Int32Array(parts.reduce((sum, keys) => sum + keys.length, 0));
  let count = 0;
  let r = -1;
  for (const keys of parts)
    for (let i = 0; i < keys.length; i++) {
      r = core.table.findNear(keys[i] as number, r + 1);
      if (r >= 0 && core.isLive(r)) rows[count++] = r;
    }
  return rows.subarray(0, count);
}

/**
 * Gives the listing's sessions rising ranks; prints tell those that moved without an image.
 *
 * @param listed what the last part listed, whose ranks are known already.
 */
export function rankListing(
  { core, delta }: Workspace,
  pending: Pending,
  places: Places,
  listed: Listed | null,
): void {
  // A snapshot in one part, all of whose sessions are known: what it listed is still there.
  const isKnown = listed !== null && pending.parts === 1 && pending.deferred.length === 0;
  const rows = isKnown ? listed.rows.subarray(0, listed.count) : listedRows(core, pending);
  const ranks = isKnown ? listed.ranks.subarray(0, listed.count) : new Float64Array(rows.length);
  if (!isKnown) for (let i = 0; i < rows.length; i++) ranks[i] = core.word(rows[i] as number, Col.rank);
  const move = (i: number, rank: number): void => {
    const r = rows[i] as number;
    core.table.touch(r);
    core.setWord(r, Col.rank, rank);
    places.moved(core, delta, r);
  };
  const filled = fillGaps(ranks);
  if (filled !== null) {
    for (const i of filled) move(i, ranks[i] as number);
    return;
  }
  const assigned = assignRanks(ranks);
  if (assigned === null) return;
  for (let i = 0; i < rows.length; i++) if (ranks[i] !== assigned[i]) move(i, assigned[i] as number);
}

/** Room between all sessions again. Nobody is told: a keyframe follows, which says all ranks. */
export function renumber(core: Core): void {
  const rows = liveInOrder(core);
  const step = spacing(rows.length);
  rows.forEach((r, i) => {
    core.table.touch(r);
    core.setWord(r, Col.rank, (i + 1) * step);
  });
}
