/** What really happened: the judge of everything that is read from captures. */
import type { Format, Level, Scope, SessionRecord } from '@sessionreel/session-model';

interface OfRouter {
  /** True time, ms UTC. */
  readonly at: number;
  readonly router: string;
}

interface OfSession extends OfRouter {
  /** Names one incarnation of one end, for good. The other end's is `uid ^ 1`. */
  readonly uid: number;
  readonly tunnelLocalId: number;
  readonly sessionLocalId: number;
}

export type SessionEvent =
  /** It is in the listing from now on. `initial`: it was there before the simulation began, `at` lies before its start. */
  | (OfSession & { readonly kind: 'opened'; readonly initial: boolean })
  | (OfSession & { readonly kind: 'state'; readonly before: string; readonly after: string })
  | (OfSession & {
      readonly kind: 'changed';
      readonly field: string;
      readonly before: string;
      readonly after: string;
    })
  /** Its counters were cleared. */
  | (OfSession & { readonly kind: 'epoch' })
  /** It carries nothing any more; an LNS lists it as destroyed for a while. */
  | (OfSession & { readonly kind: 'closed'; readonly reason: CloseReason })
  /** It has left the listing. */
  | (OfSession & { readonly kind: 'gone'; readonly reason: CloseReason });

export type CloseReason = 'hung_up' | 'setup_failed' | 'tunnel_down' | 'failover' | 'reboot';

export type RouterEvent =
  | (OfRouter & { readonly kind: 'reboot'; readonly downMs: number; readonly sessions: number })
  | (OfRouter & { readonly kind: 'listing_short'; readonly forMs: number; readonly hidden: number })
  | (OfRouter & { readonly kind: 'listing_whole' })
  | (OfRouter & { readonly kind: 'clock_set'; readonly stepMs: number })
  | (OfRouter & { readonly kind: 'zone_set'; readonly before: string; readonly after: string })
  | (OfRouter & { readonly kind: 'statistics_cleared'; readonly sessions: number })
  | (OfRouter & { readonly kind: 'tunnel_down'; readonly tunnelLocalId: number; readonly sessions: number })
  | (OfRouter & { readonly kind: 'failover'; readonly to: readonly string[]; readonly sessions: number })
  | (OfRouter & { readonly kind: 'poll_missed' });

export type TruthEvent = SessionEvent | RouterEvent;

/** A session as a listing shows it. */
export interface ListedSession {
  readonly uid: number;
  /** Exactly what is printed, in the catalogue's names. XML and JSON name an unknown value by its element. */
  readonly record: SessionRecord;
  /**
   * What its counters ever counted until the moment that is shown, by name: unwrapped, never cleared, never rounded, also where
   * the level prints none. Null on a LAC, which counts nothing.
   */
  readonly totals: Readonly<Record<string, bigint>> | null;
  /** How many times its counters were cleared. */
  readonly epoch: number;
  /** True time at which its line was printed. */
  readonly at: number;
  readonly createdAt: number;
}

/** One listing as the router printed it, whatever became of the capture. */
export interface ListingTruth {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly level: Level;
  readonly format: Format;
  readonly scope: Scope;
  /** In the order of the listing. */
  readonly sessions: readonly ListedSession[];
  /** Sessions that live and match, and which the router did not list (its daemon is coming back). */
  readonly hidden: number;
  /** False when the daemon gave up half way. */
  readonly finished: boolean;
}

/** Which of a listing's sessions one capture holds. */
export interface CaptureTruth {
  /** Null when it is no listing of sessions at all. */
  readonly listing: ListingTruth | null;
  /** Place of the capture's first session in the listing. */
  readonly first: number;
  /** How many sessions stand in the capture with all of their text. */
  readonly whole: number;
  /** One more begins in it, and is cut. */
  readonly partial: boolean;
  /** The end of the listing, or of the part, is provably in it: prompt, closed document, or declared by who took it. */
  readonly ended: boolean;
}
