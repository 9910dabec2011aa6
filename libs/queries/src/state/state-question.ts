/** What a state at a time is asked by, and which rows then tell it. */
import type { Format, Level, Scope } from '@sessionreel/session-model';
import type { AskOptions, QueryOptions } from '../ask/client.ts';

export interface StateQuestion extends AskOptions {
  readonly router: string;
  /** ms UTC. */
  readonly at: number;
  /** The command's filters by their CLI names. */
  readonly scope?: Scope;
  /** Level to be printed; default: that of the newest snapshot. */
  readonly level?: Level;
  /** Format to be printed; default: that of the newest snapshot. */
  readonly format?: Format;
  /** Nothing is wanted but what is printed: counters stay as the images hold them where the listing prints none. */
  readonly onlyPrinted?: boolean;
  /** Only these sessions, tunnel × 65536 + session; default: all. `consistent` then says nothing. */
  readonly ids?: readonly number[];
  /** Of several snapshots at that very time, the one with this `seq` in the ledger; default: the last. */
  readonly upTo?: bigint;
}

/** A group of a router up to a time, as a condition and its options. `where` names no table. */
export interface GroupRows {
  readonly where: string;
  readonly options: QueryOptions;
}
