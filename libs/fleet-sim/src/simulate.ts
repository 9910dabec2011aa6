/** The simulation: groups of routers, each with its own randomness, merged by time. */
import type { SessionRecord } from '@sessionreel/session-model';
import type { Capture } from './capture.ts';
import { commonFilters } from './filter.ts';
import { faultsOf, type FaultSetting } from './faults.ts';
import { defaultLife, type Life } from './life.ts';
import { isListed, uidOf } from './model.ts';
import { Poller, type PollOptions, type PollPlan } from './poller.ts';
import { Prng } from './prng.ts';
import { EventQueue } from './queue.ts';
import { makeFleet, type FleetShape, type RouterSpec } from './spec.ts';
import { planTroubles } from './troubles.ts';
import type { TruthEvent } from './truth.ts';
import { truthOf } from './view.ts';
import { World } from './world.ts';

export interface SimulationOptions {
  /** The same seed and options give the same items, byte for byte. */
  readonly seed: string | number;
  readonly routers: readonly RouterSpec[] | FleetShape;
  /** ms UTC */
  readonly start: number;
  readonly durationMs: number;
  readonly pollEveryMs: number;
  /** Polls of each router; by default one of level extensive every `pollEveryMs`. */
  readonly polls?: readonly PollPlan[];
  /** Default: mild. */
  readonly faults?: FaultSetting;
  readonly life?: Partial<Life>;
  /** Sessions that a router prints in a second while its clock goes on; 0, the default, prints any listing at once. */
  readonly printRate?: number;
  /** Splits listings in parts of so many sessions; 0, the default, never. */
  readonly partSessions?: number;
  /** What proves that a text is whole; default: the prompt. */
  readonly textEnds?: PollOptions['textEnds'];
  readonly xml?: PollOptions['xml'];
  /** Which filters a command may have; default: by tunnel, by session, by the peer's name. */
  readonly filters?: PollOptions['filters'];
}

export type SimItem = Capture | TruthEvent;

/** A session that lives now. */
export interface LiveSession {
  readonly uid: number;
  /** Every field that is true of it, whatever a level prints. */
  readonly record: SessionRecord;
}

/**
 * A fleet that lives from `start` for `durationMs`. Iterating it gives captures (`kind: 'capture'`, by the time of their delivery)
 * and true events, in the order of time; it can be iterated once. Sessions older than the simulation are told first, as `opened`
 * with `initial` and an earlier time.
 */
export class Simulation implements Iterable<SimItem> {
  readonly routers: readonly RouterSpec[];
  readonly #groups: readonly Group[];

  constructor(options: SimulationOptions) {
    const seed = String(options.seed);
    this.routers = Array.isArray(options.routers)
      ? (options.routers as readonly RouterSpec[])
      : makeFleet(options.routers as FleetShape, seed);
    const groups = Map.groupBy(this.routers, (spec) => spec.group);
    this.#groups = [...groups].map(([name, specs]) => new Group(specs, options, new Prng(`${seed}/${name}`)));
  }

  *[Symbol.iterator](): Generator<SimItem, void> {
    const turn = new EventQueue<Group>();
    for (const group of this.#groups) if (group.nextAt < Infinity) turn.push(group.nextAt, group);
    for (let next = turn.pop(); next !== undefined; next = turn.pop()) {
      yield* next.item.step();
      if (next.item.nextAt < Infinity) turn.push(next.item.nextAt, next.item);
    }
  }

  /** Who lives on a router at the moment that the iteration has reached, in the order of its listings. */
  truthNow(router: string): LiveSession[] {
    for (const group of this.#groups) {
      const live = group.live(router);
      if (live !== undefined) return live;
    }
    throw new Error(`no router is named ${router}`);
  }
}

export function simulate(options: SimulationOptions): Simulation {
  return new Simulation(options);
}

/** Routers that share tunnels. */
class Group {
  readonly #world: World;
  readonly #poller: Poller;
  readonly #end: number;
  readonly #start: number;
  #now: number;
  #out: SimItem[] = [];

  constructor(specs: readonly RouterSpec[], options: SimulationOptions, prng: Prng) {
    const { start, durationMs, pollEveryMs } = options;
    const life = { ...defaultLife, ...options.life };
    const faults = faultsOf(options.faults ?? 'mild');
    this.#start = start;
    this.#now = start;
    this.#end = start + durationMs;
    const emit = (item: SimItem): void => {
      this.#out.push(item);
    };
    this.#world = new World(specs, { start, life, faults }, prng.fork('life'), emit);
    const polls = options.polls ?? [{ level: 'extensive', everyMs: pollEveryMs }];
    const plan: PollOptions = {
      start,
      end: this.#end,
      polls,
      faults,
      printRate: options.printRate ?? 0,
      partSessions: options.partSessions ?? 0,
      textEnds: options.textEnds ?? 'prompt',
      xml: options.xml ?? 'reply',
      filters: options.filters ?? commonFilters,
    };
    this.#poller = new Poller(this.#world, plan, prng.fork('polls'), emit);
    for (const node of this.#world.nodes.values()) {
      if (!node.polled) continue;
      this.#poller.plan(node);
      planTroubles(this.#world, node, start, faults.router, prng.fork('troubles'));
    }
  }

  /** Sessions older than the simulation are told before anything happens; after the end, what was begun or is late still comes. */
  get nextAt(): number {
    if (this.#out.length > 0) return this.#start;
    const { nextAt } = this.#world.queue;
    return nextAt > this.#end && !this.#poller.busy ? Infinity : nextAt;
  }

  /** One event, and what it gave. */
  step(): SimItem[] {
    if (this.#out.length === 0) {
      const next = this.#world.queue.pop();
      if (next === undefined) return [];
      this.#now = next.at;
      next.item(next.at);
    }
    const out = this.#out;
    this.#out = [];
    return out;
  }

  live(router: string): LiveSession[] | undefined {
    const node = this.#world.nodes.get(router);
    if (node?.polled !== true) return undefined;
    const { role } = node.spec;
    const live: LiveSession[] = [];
    for (const tunnel of node.tunnels.values()) {
      for (const call of (role === 'lns' ? tunnel.lnsCalls : tunnel.lacCalls).values()) {
        if (isListed(call, role))
          live.push({ uid: uidOf(call, role), record: truthOf(node, call, this.#now) });
      }
    }
    return live;
  }
}
