/** What the simulator knows: routers, tunnels, subscribers and their calls. Times are true ms UTC unless they say `raw`. */
import type { RouterSpec } from './spec.ts';
import type { PrintVariant } from './layouts.ts';

/** A router, or a peer that is nobody's to poll. */
export interface Node {
  readonly spec: RouterSpec;
  readonly variant: PrintVariant;
  readonly polled: boolean;
  readonly address: string;
  /** By this router's tunnel ID, in the order of the listing. */
  readonly tunnels: Map<number, Tunnel>;
  readonly clock: RouterClock;
  /** In which it prints; the inventory's, until somebody sets another. */
  timezone: string;
  /** Answers neither polls nor calls before that. */
  downUntil: number;
  /** Takes no calls before that. */
  drainedUntil: number;
  /** While its daemon comes back, most sessions are not listed. */
  short: { readonly until: number; readonly share: number; readonly salt: number } | null;
  tunnelCursor: number;
  readonly units: Set<number>;
  unitCursor: number;
}

/**
 * The router's clock. It drifts, and somebody may set it: `raw` time leaves those steps out, so that all printed times move by a
 * step together, as on a kernel that counts from its boot.
 */
export interface RouterClock {
  readonly drift: number;
  readonly anchor: number;
  step: number;
}

export function rawClock(clock: RouterClock, at: number): number {
  return at + clock.drift * (at - clock.anchor);
}

export interface Tunnel {
  readonly lac: Node;
  readonly lns: Node;
  readonly lacId: number;
  readonly lnsId: number;
  readonly group: string;
  readonly interface: string;
  /** By the session ID of either end, in the order of the listing. */
  readonly lacCalls: Map<number, Call>;
  readonly lnsCalls: Map<number, Call>;
  lacCursor: number;
  lnsCursor: number;
  up: boolean;
}

export interface Subscriber {
  readonly index: number;
  readonly user: string;
  readonly lac: Node;
  /** Connects for seconds, again and again. */
  readonly flaps: boolean;
  readonly txSpeed: number;
  readonly rxSpeed: number;
  readonly authentication: string;
  /** 0 when not multilink. */
  readonly bundle: number;
  readonly peerIp: string;
}

/** One subscriber's PPP session, with its end on the LAC and its end on the LNS. */
export interface Call {
  /** The LNS end's uid is twice this, the LAC end's one more. */
  readonly number: number;
  readonly subscriber: Subscriber;
  readonly tunnel: Tunnel;
  readonly lnsId: number;
  readonly lacId: number;
  readonly lnsUnit: number;
  readonly lacUnit: number;
  readonly serial: number;
  readonly traffic: Traffic;
  readonly createdAt: number;
  readonly createdRaw: number;
  /** 0 before it is. */
  establishedAt: number;
  lacCreatedRaw: number;
  /** When the traffic ended; Infinity while it lives. */
  closedAt: number;
  /** Of the LNS end: the LAC end is listed while established, and knows no other state. */
  state: string;
  remoteKnown: boolean;
  tx: number;
  rx: number;
  firewallFilter: string;
  /** Counters before the last clear, unwrapped, in the catalogue's order; null when never cleared. */
  cleared: bigint[] | null;
  clearedAt: number;
  sinceRaw: number;
  /** How many times the counters were cleared. */
  epoch: number;
  /** The LNS end has left the listing. */
  gone: boolean;
}

/** A call's traffic as a function of time: bursts of `active` ms in every `period`. Rates are bytes per second of a burst. */
export interface Traffic {
  readonly period: number;
  readonly active: number;
  readonly phase: number;
  readonly txRate: number;
  readonly rxRate: number;
  readonly txSize: number;
  readonly rxSize: number;
  /** ms of burst for each error; 0 for none. */
  readonly errorEvery: number;
  /** Added to what was counted, by counter: puts old sessions near a wrap. */
  readonly base: Map<number, bigint>;
}

export function uidOf(call: Call, role: 'lns' | 'lac'): number {
  return call.number * 2 + (role === 'lac' ? 1 : 0);
}

export function isListed(call: Call, role: 'lns' | 'lac'): boolean {
  return role === 'lac' ? call.state === 'established' : !call.gone;
}
