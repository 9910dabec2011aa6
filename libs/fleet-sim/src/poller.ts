/** Polls: a router lists its sessions while its life goes on, and the listing becomes one capture or several. */
import { hashText, mix, type Prng } from './prng.ts';
import type { Level, Scope } from '@sessionreel/session-model';
import type { Capture, CaptureFault } from './capture.ts';
import { faultyDelivery, makeCaptures, type Printed } from './delivery.ts';
import type { Faults } from './faults.ts';
import { select, someFilter, type Filter } from './filter.ts';
import { garbage } from './garbage.ts';
import { levelsOf } from './layouts.ts';
import { isListed, uidOf, type Call, type Node } from './model.ts';
import { totals, byName } from './traffic.ts';
import type { ListedSession } from './truth.ts';
import { countedAt, viewOf } from './view.ts';
import type { World } from './world.ts';

export interface PollPlan {
  readonly level: Level;
  readonly everyMs: number;
}

export interface PollOptions {
  readonly start: number;
  readonly end: number;
  readonly polls: readonly PollPlan[];
  readonly faults: Faults;
  /** Sessions that a router prints in a second; 0 prints any listing at once. */
  readonly printRate: number;
  /** Sessions of a part; 0 never splits. */
  readonly partSessions: number;
  /** What proves that a text is whole. */
  readonly textEnds: 'prompt' | 'declared' | 'mixed';
  readonly xml: 'reply' | 'rpc' | 'bare';
  /** Which filters a command may have. */
  readonly filters: readonly Filter[];
}

const stepMs = 250;

/** A listing under way. */
interface Listing {
  readonly node: Node;
  readonly level: Level;
  readonly scope: Scope;
  readonly startedAt: number;
  readonly everyMs: number;
  readonly calls: Iterator<Call>;
  readonly sessions: ListedSession[];
  readonly stopAfter: number;
  readonly faults: Set<CaptureFault>;
  hidden: number;
}

export class Poller {
  readonly #world: World;
  readonly #options: PollOptions;
  readonly #emit: (capture: Capture) => void;
  readonly #prng: Prng;
  /** Listings under way and messages not yet delivered. */
  #pending = 0;

  constructor(world: World, options: PollOptions, prng: Prng, emit: (capture: Capture) => void) {
    this.#world = world;
    this.#options = options;
    this.#prng = prng;
    this.#emit = emit;
  }

  get busy(): boolean {
    return this.#pending > 0;
  }

  /** Polls a router at its own phase of every plan that its variant can answer. */
  plan(node: Node): void {
    for (const plan of this.#options.polls) {
      const level = answered(node, plan.level);
      if (level === null) continue;
      const phase = hashText(`${node.spec.name} ${level}`) % Math.max(1, plan.everyMs);
      this.#at(
        this.#options.start + phase,
        node,
        level,
        plan.everyMs,
        this.#prng.fork(`${node.spec.name}/${level}`),
      );
    }
  }

  #at(at: number, node: Node, level: Level, everyMs: number, prng: Prng): void {
    if (at >= this.#options.end) return;
    this.#world.queue.push(at, (now) => {
      this.#poll(now, node, level, everyMs, prng);
      this.#at(now + everyMs, node, level, everyMs, prng);
    });
  }

  #poll(at: number, node: Node, level: Level, everyMs: number, prng: Prng): void {
    const rates = this.#options.faults.capture;
    if (node.downUntil > at || prng.chance(rates.missed)) {
      this.#world.tellRouter({ kind: 'poll_missed', at, router: node.spec.name });
      return;
    }
    const faults = new Set<CaptureFault>();
    const text = node.spec.format === 'text';
    const scope = prng.chance(rates.filtered) ? someFilter(node, this.#options.filters, prng) : {};
    if (Object.keys(scope).length > 0) faults.add('filtered');
    const gives = text && prng.chance(rates.errorAfterRows);
    if (gives) faults.add('error_after_rows');
    if (text && prng.chance(rates.pager)) faults.add('pager');
    if (text && prng.chance(rates.crlf)) faults.add('crlf');
    if (text && prng.chance(rates.open)) faults.add('open');
    if (prng.chance(rates.cut)) faults.add('cut');
    if (node.short !== null) faults.add('listing_short');
    const listing: Listing = {
      node,
      level,
      scope,
      startedAt: at,
      everyMs,
      calls: ordered(node, scope, prng),
      sessions: [],
      stopAfter: gives ? prng.int(1, 50) : Infinity,
      faults,
      hidden: 0,
    };
    this.#pending++;
    if (prng.chance(rates.garbage)) {
      faults.clear();
      faults.add('garbage');
      return this.#deliver(listing, at, true, prng);
    }
    this.#print(listing, at, prng);
  }

  /** Prints as many sessions as the router does in a step, and goes on later. */
  #print(listing: Listing, at: number, prng: Prng): void {
    const { printRate } = this.#options;
    const budget = printRate === 0 ? Infinity : Math.max(1, Math.round((printRate * stepMs) / 1000));
    for (let n = 0; n < budget; n++) {
      if (listing.sessions.length >= listing.stopAfter) return this.#deliver(listing, at, false, prng);
      const next = listing.calls.next();
      if (next.done === true) return this.#deliver(listing, at, listing.stopAfter === Infinity, prng);
      this.#printOne(listing, next.value, at, prng);
    }
    this.#world.queue.push(at + stepMs, (now) => this.#print(listing, now, prng));
  }

  #printOne(listing: Listing, call: Call, at: number, prng: Prng): void {
    const { node, level, faults } = listing;
    const { role, format, durations, lcpEcho } = node.spec;
    if (!isListed(call, role)) return;
    const uid = uidOf(call, role);
    const { short } = node;
    if (short !== null && mix(uid ^ short.salt) < short.share * 2 ** 32) {
      listing.hidden++;
      return;
    }
    const jitter = prng.chance(this.#options.faults.capture.createJitter);
    if (jitter) faults.add('create_jitter');
    const jitterS = jitter ? prng.pick([-1, 1]) : 0;
    listing.sessions.push({
      uid,
      record: viewOf(node, call, at, { level, format, durations, lcpEcho, jitterS }),
      totals: role === 'lns' ? byName(totals(call, countedAt(node, call, at))) : null,
      epoch: call.epoch,
      at,
      createdAt: role === 'lns' ? call.createdAt : call.establishedAt,
    });
  }

  #deliver(listing: Listing, at: number, finished: boolean, prng: Prng): void {
    const { node, level, scope, startedAt, everyMs, faults, hidden, sessions } = listing;
    const { partSessions, textEnds, xml } = this.#options;
    const truth = {
      startedAt,
      endedAt: at,
      level,
      format: node.spec.format,
      scope,
      sessions,
      hidden,
      finished,
    };
    const declared = textEnds === 'declared' || (textEnds === 'mixed' && prng.chance(0.5));
    const printed: Printed = { node, truth, faults, declared, partSessions, xml };
    const noise = faults.has('garbage') ? garbage(prng) : null;
    const captures = makeCaptures(printed, noise, prng);
    for (const delivery of faultyDelivery(captures, at, everyMs, this.#options.faults.capture, prng)) {
      this.#pending++;
      this.#world.queue.push(delivery.at, (now) => {
        this.#pending--;
        this.#emit({ ...delivery, at: now });
      });
    }
    this.#pending--;
  }
}

/** The level that the variant prints instead of the one asked for; null when it has nothing like it. */
function answered(node: Node, level: Level): Level | null {
  if (node.spec.format !== 'text') return level === 'statistics' && node.spec.role === 'lac' ? null : level;
  if (levelsOf(node.variant).includes(level)) return level;
  return level === 'detail' ? 'extensive' : null;
}

function ordered(node: Node, scope: Scope, prng: Prng): Iterator<Call> {
  if (!node.spec.unordered) return select(node, scope);
  // Sessions change places within their tunnels only.
  const byTunnel = Map.groupBy(select(node, scope), (call) => call.tunnel);
  return [...byTunnel.values()].flatMap((calls) => prng.shuffle(calls)).values();
}
