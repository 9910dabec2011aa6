/**
 * Sparse places in a listing. A listing shows some sessions in an order; ranks must rise along it. Those that already do keep
 * theirs (as many as can: a longest rising subsequence), the others get places between their neighbours.
 */

export const rankStep = 4096;
const most = 0xfffffff0;

/**
 * New ranks for a listing, in its order; `ranks[i]` is the rank so far, -1 for a session that has none.
 * @returns null when nothing moves; `renumber: true` when there was no room between neighbours, and all sessions of the router
 * must be given new ranks.
 */
export function assignRanks(ranks: readonly number[]): { ranks: number[]; renumber: boolean } | null {
  if (isRising(ranks)) return null;
  const kept = risingSubsequence(ranks);
  const result = ranks.slice();
  let start = 0;
  let before = 0;
  const room = { enough: true };
  const fill = (end: number, after: number): void => {
    const n = end - start;
    if (n > 0) {
      const open = after === Infinity;
      const step = open ? rankStep : Math.floor((after - before) / (n + 1));
      if (step < 1 || before + step * n > most) room.enough = false;
      for (let i = 0; i < n; i++) result[start + i] = before + step * (i + 1);
    }
  };
  for (const index of kept) {
    fill(index, ranks[index] as number);
    before = ranks[index] as number;
    start = index + 1;
  }
  fill(ranks.length, Infinity);
  const renumber = !room.enough;
  if (renumber) for (let i = 0; i < result.length; i++) result[i] = (i + 1) * spacing(result.length);
  return { ranks: result, renumber };
}

/** Distance between ranks when `count` sessions are numbered anew. */
export function spacing(count: number): number {
  return Math.max(1, Math.min(rankStep, Math.floor(most / (count + 1))));
}

function isRising(ranks: readonly number[]): boolean {
  let before = 0;
  for (const rank of ranks) {
    if (rank <= before) return false;
    before = rank;
  }
  return true;
}

/** Indexes of a longest strictly rising subsequence of the ranks above 0. */
function risingSubsequence(ranks: readonly number[]): number[] {
  const tails: number[] = [];
  const previous = new Int32Array(ranks.length).fill(-1);
  for (let i = 0; i < ranks.length; i++) {
    const rank = ranks[i] as number;
    if (rank <= 0) continue;
    let low = 0;
    let high = tails.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((ranks[tails[middle] as number] as number) < rank) low = middle + 1;
      else high = middle;
    }
    if (low > 0) previous[i] = tails[low - 1] as number;
    tails[low] = i;
  }
  const result: number[] = [];
  for (let i = tails.at(-1) ?? -1; i >= 0; i = previous[i] as number) result.push(i);
  return result.reverse();
}
