/** The clock that a router printed its listing by. */

/** The router's wall clock while it printed, by place in the listing: seconds. */
export interface ListingClock {
  at(rank: number): number | null;
}

/** One printed clock, with its stretches: pairs of first rank and seconds after the clock. */
export interface ClockEntry {
  readonly routerClock: number | null;
  readonly clockSteps: readonly number[];
}

/**
 * The clock of a whole snapshot from the entries of its parts. Steps of all parts make one list by rank; a part without steps says the
 * clock of those ranks that no step covers.
 */
export function listingClock(entries: readonly ClockEntry[], shiftS = 0): ListingClock {
  const stretches: { rank: number; clock: number }[] = [];
  let base: number | null = null;
  for (const { routerClock, clockSteps } of entries) {
    if (routerClock === null) continue;
    base ??= routerClock;
    for (let i = 0; i + 1 < clockSteps.length; i += 2)
      stretches.push({ rank: clockSteps[i] as number, clock: routerClock + (clockSteps[i + 1] as number) });
  }
  stretches.sort((a, b) => a.rank - b.rank);
  return {
    at(rank) {
      if (base === null) return null;
      let low = 0;
      let high = stretches.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((stretches[middle] as { rank: number }).rank <= rank) low = middle + 1;
        else high = middle;
      }
      return (stretches[low - 1]?.clock ?? base) + shiftS;
    },
  };
}
