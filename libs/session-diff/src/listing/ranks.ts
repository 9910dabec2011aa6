/**
 * Sparse places in a listing. A listing shows some sessions in an order; ranks must rise along it. Those that already do keep
 * theirs (as many as can: a longest rising subsequence), the others get places between their neighbours. Where there is no room
 * between neighbours, some of these move too.
 */

export const rankStep = 4096;
const most = 0xfffffff0;
/** Neighbours that move make room for as many more sessions between any two. */
const roomAnew = 16;

/**
 * New ranks for a listing, in its order; `ranks[i]` is the rank so far, 0 for a session that has none.
 * @returns null when nothing moves.
 */
export function assignRanks(ranks: ArrayLike<number>): Float64Array | null {
  if (isRising(ranks)) return null;
  const n = ranks.length;
  const result = Float64Array.from(ranks);
  const kept = risingSubsequence(ranks);
  /** Places of `kept` that stay kept; the places between two of them are filled. */
  const stay: number[] = [-1];
  const rankAt = (place: number): number =>
    place < 0 ? 0 : place >= n ? Infinity : (ranks[place] as number);
  let next = 0;
  while ((stay.at(-1) as number) < n) {
    let from = stay.at(-1) as number;
    let to = next < kept.length ? (kept[next] as number) : n;
    next++;
    if (!hasRoom(rankAt(from), rankAt(to), to - from - 1, 1)) {
      // Neighbours on both sides give way until there is room for more than these.
      while ((from >= 0 || to < n) && !hasRoom(rankAt(from), rankAt(to), to - from - 1, roomAnew)) {
        if (from >= 0) {
          stay.pop();
          from = stay.at(-1) as number;
        }
        if (to < n) {
          to = next < kept.length ? (kept[next] as number) : n;
          next++;
        }
      }
    }
    fill(result, from, to, rankAt(from), rankAt(to));
    stay.push(to);
  }
  return result;
}

/**
 * As `assignRanks` where those that have a rank rise, and there is room between them for the others: most listings. Writes into
 * `ranks`.
 *
 * @returns the places that got a rank; null when it is not that simple, and nothing was written.
 */
export function fillGaps(ranks: Float64Array): number[] | null {
  const gaps: number[] = [];
  let before = 0;
  let from = -1;
  for (let i = 0; i < ranks.length; i++) {
    const rank = ranks[i] as number;
    if (rank === 0) continue;
    if (rank <= before) return null;
    if (i - from > 1) {
      if (!hasRoom(before, rank, i - from - 1, 1)) return null;
      gaps.push(from, i);
    }
    before = rank;
    from = i;
  }
  if (ranks.length - from > 1) {
    if (!hasRoom(before, Infinity, ranks.length - from - 1, 1)) return null;
    gaps.push(from, ranks.length);
  }
  const places: number[] = [];
  for (let g = 0; g < gaps.length; g += 2) {
    const [start, end] = [gaps[g] as number, gaps[g + 1] as number];
    const after = end === ranks.length ? Infinity : (ranks[end] as number);
    fill(ranks, start, end, start < 0 ? 0 : (ranks[start] as number), after);
    for (let i = start + 1; i < end; i++) places.push(i);
  }
  return places;
}

/** Whether `count` sessions fit between two ranks, with `step` from one to the next. */
function hasRoom(before: number, after: number, count: number, step: number): boolean {
  return count === 0 || (Math.min(after, most) - before) / (count + 1) >= step;
}

function fill(result: Float64Array, from: number, to: number, before: number, after: number): void {
  const count = to - from - 1;
  const step = Math.min(
    after === Infinity ? rankStep : Infinity,
    Math.floor((Math.min(after, most) - before) / (count + 1)),
  );
  for (let i = 1; i <= count; i++) result[from + i] = before + step * i;
}

/** Distance between ranks when `count` sessions are numbered anew. */
export function spacing(count: number): number {
  return Math.max(1, Math.min(rankStep, Math.floor(most / (count + 1))));
}

function isRising(ranks: ArrayLike<number>): boolean {
  let before = 0;
  for (let i = 0; i < ranks.length; i++) {
    const rank = ranks[i] as number;
    if (rank <= before) return false;
    before = rank;
  }
  return true;
}

/** Indexes of a longest strictly rising subsequence of the ranks above 0. */
function risingSubsequence(ranks: ArrayLike<number>): Int32Array {
  const tails = new Int32Array(ranks.length);
  let length = 0;
  const previous = new Int32Array(ranks.length).fill(-1);
  for (let i = 0; i < ranks.length; i++) {
    const rank = ranks[i] as number;
    if (rank <= 0) continue;
    let low = 0;
    let high = length;
    // Most ranks rise: the end is looked at first.
    if (length > 0 && (ranks[tails[length - 1] as number] as number) < rank) low = length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((ranks[tails[middle] as number] as number) < rank) low = middle + 1;
      else high = middle;
    }
    if (low > 0) previous[i] = tails[low - 1] as number;
    tails[low] = i;
    if (low === length) length++;
  }
  const result = new Int32Array(length);
  for (let i = length - 1, at = length > 0 ? (tails[length - 1] as number) : -1; i >= 0; i--) {
    result[i] = at;
    at = previous[at] as number;
  }
  return result;
}
