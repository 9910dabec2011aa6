/** Up and idle times as a router printed them, from the clock of its snapshot. */
import { fieldIndex, type FieldValue } from '@sessionreel/session-model';
import { letterOf } from './columns.ts';

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

export interface PrintDetails {
  readonly layout: bigint;
  readonly rank: number;
  /** Local seconds. */
  readonly idleSince: number | null;
  readonly clockOffset: number;
}

const upIndex = fieldIndex.get('up_time_s') ?? 0;
const idleIndex = fieldIndex.get('idle_time_s') ?? 0;

/** Adds up_time_s and idle_time_s to the values of a session. */
export function addClocks(
  values: Record<string, FieldValue>,
  presence: string,
  details: PrintDetails,
  clock: ListingClock,
): void {
  const router = clock.at(details.rank);
  const now = router === null ? null : router + details.clockOffset;
  const created = values['create_time'];
  set(values, 'up_time_s', letterOf(presence, upIndex), now, typeof created === 'number' ? created : null);
  set(
    values,
    'idle_time_s',
    letterOf(presence, idleIndex),
    now, // Nothing to be idle since, but a value printed: an active session, which prints zero.
    details.idleSince ?? now,
  );
}

function set(
  values: Record<string, FieldValue>,
  name: string,
  letter: string,
  now: number | null,
  since: number | null,
): void {
  if (letter === 'e') values[name] = '';
  else if (letter === 'n') values[name] = null;
  else if (letter === 'v' && now !== null && since !== null) values[name] = Math.max(0, now - since);
  // Printed, but not to be told any more: unknown is not N/A.
  else Reflect.deleteProperty(values, name);
}
