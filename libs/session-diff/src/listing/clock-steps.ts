/**
 * The router's clock along a listing. A long listing takes minutes, and each session is printed with the clock of its moment: the
 * clock stands for a stretch and then goes on. A session may deviate from it by a second or so, which is its own affair.
 */

/** The clock goes on by at most this from one session to the next (s). */
const stepMost = 60;
/** So many sessions that follow must not deny a step. */
const witnesses = 3;

export interface ListingClock {
  /** The clock at the first session, local seconds; null when no session tells. */
  readonly first: number | null;
  /** Where it went on: place in the listing, seconds after `first`. */
  readonly steps: readonly (readonly [place: number, seconds: number])[];
}

/**
 * @param own each session's clock less its known deviation, local seconds; NaN where it is not printed. The deviations that
 * remain are what the listing's clock, as returned, does not explain.
 */
export function clockOfListing(own: ArrayLike<number>): ListingClock {
  const first = firstClock(own);
  const steps: [number, number][] = [];
  if (Number.isNaN(first)) return { first: null, steps };
  let clock = first;
  for (let i = 0; i < own.length; i++) {
    const here = own[i] as number;
    if (!(here > clock) || here - clock > stepMost || !isConfirmed(own, i)) continue;
    clock = here;
    steps.push([i, clock - first]);
  }
  return { first, steps };
}

/** What most of the first few sessions say; the least of them in doubt. */
function firstClock(own: ArrayLike<number>): number {
  const few: number[] = [];
  for (let i = 0; i < own.length && few.length < 5; i++)
    if (!Number.isNaN(own[i])) few.push(own[i] as number);
  let best = NaN;
  let votes = 0;
  for (const candidate of few.sort((a, b) => a - b)) {
    const count = few.filter((clock) => clock === candidate).length;
    if (count > votes) [best, votes] = [candidate, count];
  }
  return best;
}

function isConfirmed(own: ArrayLike<number>, place: number): boolean {
  const here = own[place] as number;
  let asked = 0;
  for (let i = place + 1; i < own.length && asked < witnesses; i++) {
    const next = own[i] as number;
    if (Number.isNaN(next)) continue;
    if (next < here) return false;
    asked++;
  }
  return true;
}
