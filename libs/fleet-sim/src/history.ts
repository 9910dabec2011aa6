/** What was true at any time that has passed, from the events alone: for tests that ask the product about the past. */
import type { SimItem } from './simulate.ts';
import type { CloseReason, TruthEvent } from './truth.ts';

/** One incarnation of a session's end, from its first to its last moment in the listing. */
export interface Lifetime {
  readonly router: string;
  readonly uid: number;
  readonly tunnelLocalId: number;
  readonly sessionLocalId: number;
  readonly openedAt: number;
  /** It was there before the simulation began. */
  readonly initial: boolean;
  /** Since when it carries nothing; null while it lives. */
  closedAt: number | null;
  /** When it left the listing; null while it is in it. */
  goneAt: number | null;
  reason: CloseReason | null;
  /** State since a time, in the order of time. Of an LNS only. */
  readonly states: { readonly at: number; readonly state: string }[];
  /** Moments at which its counters were cleared. */
  readonly cleared: number[];
}

/** Takes the items of a simulation and answers for all of the time they cover. Holds every lifetime: not for millions. */
export class TruthHistory {
  readonly #byRouter = new Map<string, Map<number, Lifetime>>();

  add(item: SimItem): void {
    if (item.kind === 'capture' || !('uid' in item)) return;
    if (item.kind === 'opened') return this.#open(item);
    const known = this.#byRouter.get(item.router)?.get(item.uid);
    if (known === undefined) throw new Error(`${item.kind} of a session that was never opened: ${item.uid}`);
    if (item.kind === 'closed') known.closedAt = item.at;
    if (item.kind === 'gone') known.goneAt = item.at;
    if (item.kind === 'closed' || item.kind === 'gone') known.reason = item.reason;
    if (item.kind === 'state') known.states.push({ at: item.at, state: item.after });
    if (item.kind === 'epoch') known.cleared.push(item.at);
  }

  #open(item: Extract<TruthEvent, { kind: 'opened' }>): void {
    let router = this.#byRouter.get(item.router);
    if (router === undefined) {
      router = new Map();
      this.#byRouter.set(item.router, router);
    }
    const { uid, tunnelLocalId, sessionLocalId, initial } = item;
    router.set(uid, {
      router: item.router,
      uid,
      tunnelLocalId,
      sessionLocalId,
      openedAt: item.at,
      initial,
      closedAt: null,
      goneAt: null,
      reason: null,
      states: [],
      cleared: [],
    });
  }

  /** Every incarnation of a router, by the order of their opening. */
  lifetimes(router: string): readonly Lifetime[] {
    return [...(this.#byRouter.get(router)?.values() ?? [])];
  }

  /** Those in the router's listing at a moment. */
  liveAt(router: string, at: number): readonly Lifetime[] {
    return this.lifetimes(router).filter((l) => l.openedAt <= at && (l.goneAt === null || l.goneAt > at));
  }
}
