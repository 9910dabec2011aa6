/** A group of routers that share tunnels: subscribers call, hang up, fail and come back. */
import { zoneOffsetS } from './clock.ts';
import type { Faults } from './faults.ts';
import { lifetimeOf, pauseOf, type Life } from './life.ts';
import { isListed, rawClock, uidOf, type Call, type Node, type Subscriber, type Tunnel } from './model.ts';
import { countFar, hiddenPeers, makeNode, makeSubscriber, randomSpeed } from './nodes.ts';
import { Placement } from './placement.ts';
import type { Prng } from './prng.ts';
import { EventQueue } from './queue.ts';
import type { RouterSpec } from './spec.ts';
import { totals } from './traffic.ts';
import type { CloseReason, SessionEvent, TruthEvent } from './truth.ts';

export interface WorldOptions {
  readonly start: number;
  readonly life: Life;
  readonly faults: Faults;
}

type Action = (at: number) => void;
/** An event of a session without what the call itself tells. */
type CallFact = SessionEvent extends infer E
  ? E extends SessionEvent
    ? Omit<E, 'router' | 'uid' | 'tunnelLocalId' | 'sessionLocalId' | 'at'>
    : never
  : never;

const setupMs = { idle: 1500, answer: 60, giveUp: 30_000 };
const retryMs = 30_000;

export class World {
  readonly nodes: ReadonlyMap<string, Node>;
  readonly queue = new EventQueue<Action>();
  readonly #options: WorldOptions;
  readonly #prng: Prng;
  readonly #emit: (event: TruthEvent) => void;
  readonly #placement: Placement;

  constructor(
    specs: readonly RouterSpec[],
    options: WorldOptions,
    prng: Prng,
    emit: (event: TruthEvent) => void,
  ) {
    this.#options = options;
    this.#prng = prng;
    this.#emit = emit;
    const nodes = new Map<string, Node>();
    const { driftPpm } = options.faults;
    for (const spec of specs)
      nodes.set(spec.name, makeNode(spec, true, options.start, driftPpm, prng.fork(spec.name)));
    for (const spec of hiddenPeers(specs))
      nodes.set(spec.name, makeNode(spec, false, options.start, 0, prng.fork(spec.name)));
    this.nodes = nodes;
    this.#placement = new Placement(nodes, options, prng);
    let index = 0;
    for (const node of nodes.values()) if (node.spec.role === 'lac') index = this.#populate(node, index);
  }

  /** Subscribers of a LAC, most of them online since some time. Numbers run on through the group. */
  #populate(lac: Node, first: number): number {
    const { life, start } = this.#options;
    const count = Math.round(lac.spec.sessions / life.onlineShare);
    for (let index = first; index < first + count; index++) {
      const subscriber = makeSubscriber(index, lac, life, this.#prng);
      if (this.#prng.chance(life.onlineShare)) this.#resume(subscriber);
      else this.#callAfter(subscriber, start, this.#prng.unit());
    }
    return first + count;
  }

  /** A session that is older than the simulation. */
  #resume(subscriber: Subscriber): void {
    const { life, start } = this.#options;
    const lifetime = lifetimeOf(life, subscriber.flaps, this.#prng);
    const age = Math.floor(lifetime * this.#prng.unit());
    const call = this.#placement.place(subscriber, start - age);
    if (call === undefined) return this.#callAfter(subscriber, start, 1);
    call.remoteKnown = true;
    call.state = 'established';
    call.establishedAt = call.createdAt;
    call.lacCreatedRaw = rawClock(call.tunnel.lac.clock, call.createdAt);
    countFar(call, life, start, this.#prng);
    for (const role of ['lns', 'lac'] as const)
      this.#tell(call, role, call.createdAt, { kind: 'opened', initial: true });
    this.#liveOn(call, start, start - age + lifetime);
  }

  #callAfter(subscriber: Subscriber, at: number, share: number): void {
    const { timezone } = subscriber.lac.spec;
    const hour = ((at / 1000 + zoneOffsetS(timezone, at)) / 3600) % 24;
    const pause = pauseOf(this.#options.life, subscriber.flaps, hour, this.#prng) * share;
    this.queue.push(at + Math.ceil(pause), (now) => this.#call(subscriber, now));
  }

  #call(subscriber: Subscriber, at: number): void {
    const { life } = this.#options;
    const call = this.#placement.place(subscriber, at);
    if (call === undefined) {
      this.queue.push(at + retryMs, (now) => this.#call(subscriber, now));
      return;
    }
    this.#tell(call, 'lns', at, { kind: 'opened', initial: false });
    const slow = this.#prng.chance(life.slowSetup);
    const answered = at + (slow ? this.#prng.int(1, setupMs.idle) : this.#prng.int(1, setupMs.answer));
    this.queue.push(answered, (now) => {
      if (call.gone || call.closedAt !== Infinity) return;
      call.remoteKnown = true;
      this.#setState(call, now, 'lns-ic-wait-connect');
    });
    if (this.#prng.chance(life.setupFailure)) {
      this.queue.push(answered + setupMs.giveUp, (now) => this.#close(call, now, 'setup_failed'));
      return;
    }
    const established = answered + (slow ? this.#prng.int(500, 25_000) : this.#prng.int(20, 300));
    this.queue.push(established, (now) => this.#establish(call, now));
  }

  #establish(call: Call, at: number): void {
    if (call.gone || call.closedAt !== Infinity) return;
    const { lac } = call.tunnel;
    call.establishedAt = at;
    call.lacCreatedRaw = rawClock(lac.clock, at);
    this.#setState(call, at, 'established');
    this.#tell(call, 'lac', at, { kind: 'opened', initial: false });
    this.#liveOn(call, at, at + lifetimeOf(this.#options.life, call.subscriber.flaps, this.#prng));
  }

  /** What will happen to an established call. */
  #liveOn(call: Call, at: number, until: number): void {
    const { life } = this.#options;
    this.queue.push(Math.max(at + 1, Math.ceil(until)), (now) => this.#close(call, now, 'hung_up'));
    if (call.tunnel.lns.spec.speedUpdates)
      this.#later(call, at, life.speedUpdateMs, (now) => this.#newSpeed(call, now));
    if (call.tunnel.lns.variant === 'lns-m')
      this.#later(call, at, life.filterChangeMs, (now) => this.#newFilter(call, now));
  }

  /** Again and again while the call lives. */
  #later(call: Call, at: number, meanMs: number, act: Action): void {
    if (meanMs <= 0) return;
    this.queue.push(at + Math.ceil(this.#prng.exponential(meanMs)), (now) => {
      if (call.closedAt !== Infinity) return;
      act(now);
      this.#later(call, now, meanMs, act);
    });
  }

  #newSpeed(call: Call, at: number): void {
    const before = [call.tx, call.rx] as const;
    call.tx = randomSpeed(this.#prng);
    call.rx = randomSpeed(this.#prng);
    this.#changed(call, at, 'tx_speed', String(before[0]), String(call.tx));
    this.#changed(call, at, 'rx_speed', String(before[1]), String(call.rx));
  }

  #newFilter(call: Call, at: number): void {
    const before = call.firewallFilter;
    call.firewallFilter = `f${String(this.#prng.int(1, 9))}`;
    this.#changed(call, at, 'firewall_filter', before, call.firewallFilter);
  }

  #changed(call: Call, at: number, field: string, before: string, after: string): void {
    if (before === after) return;
    for (const role of ['lns', 'lac'] as const)
      this.#tell(call, role, at, { kind: 'changed', field, before, after });
  }

  #setState(call: Call, at: number, after: string): void {
    const before = call.state;
    call.state = after;
    this.#tell(call, 'lns', at, { kind: 'state', before, after });
  }

  #close(call: Call, at: number, reason: CloseReason): void {
    if (call.gone || call.closedAt !== Infinity) return;
    this.#end(call, at, reason);
    const { lns } = call.tunnel;
    this.#tell(call, 'lns', at, { kind: 'closed', reason });
    const slow = this.#prng.chance(this.#options.life.slowCleanup);
    if (slow) {
      this.#setState(
        call,
        at,
        reason === 'setup_failed' ? 'lns-ic-reject-new' : this.#prng.pick(['closed', 'clean-up']),
      );
      this.queue.push(at + this.#prng.int(500, 20_000), (now) => {
        if (!call.gone) this.#setState(call, now, 'destroyed');
      });
    } else this.#setState(call, at, 'destroyed');
    const linger = this.#options.life.lingerMs;
    this.queue.push(at + linger, (now) => this.#forget(call, now, reason));
    const back =
      reason === 'hung_up' ? undefined : this.#prng.int(1000, lns.drainedUntil > at ? 60_000 : 20_000);
    if (back === undefined) this.#callAfter(call.subscriber, at, 1);
    else this.queue.push(at + back, (now) => this.#call(call.subscriber, now));
  }

  /** The LAC forgets at once; the LNS has still to. */
  #end(call: Call, at: number, reason: CloseReason): void {
    const { tunnel } = call;
    const wasListed = isListed(call, 'lac');
    call.closedAt = at;
    tunnel.lacCalls.delete(call.lacId);
    tunnel.lac.units.delete(call.lacUnit);
    if (!wasListed) return;
    this.#tell(call, 'lac', at, { kind: 'closed', reason });
    this.#tell(call, 'lac', at, { kind: 'gone', reason });
  }

  #forget(call: Call, at: number, reason: CloseReason): void {
    if (call.gone) return;
    const { tunnel } = call;
    call.gone = true;
    tunnel.lnsCalls.delete(call.lnsId);
    tunnel.lns.units.delete(call.lnsUnit);
    this.#tell(call, 'lns', at, { kind: 'gone', reason });
    if (!tunnel.up && tunnel.lnsCalls.size === 0) tunnel.lns.tunnels.delete(tunnel.lnsId);
  }

  /** All calls of a tunnel end; the next call between its ends makes another tunnel. Returns how many ended. */
  dropTunnel(tunnel: Tunnel, at: number, reason: CloseReason): number {
    tunnel.up = false;
    const calls = [...tunnel.lnsCalls.values()].filter((call) => call.closedAt === Infinity);
    for (const call of calls) this.#close(call, at, reason);
    tunnel.lac.tunnels.delete(tunnel.lacId);
    if (tunnel.lnsCalls.size === 0) tunnel.lns.tunnels.delete(tunnel.lnsId);
    return calls.length;
  }

  /** A router forgets everything at once. Returns how many sessions it had. */
  forgetAll(node: Node, at: number): number {
    let sessions = 0;
    for (const tunnel of [...node.tunnels.values()]) {
      sessions += node.spec.role === 'lns' ? tunnel.lnsCalls.size : tunnel.lacCalls.size;
      const calls = [...tunnel.lnsCalls.values()];
      this.dropTunnel(tunnel, at, 'reboot');
      if (node.spec.role === 'lns') for (const call of calls) this.#forget(call, at, 'reboot');
    }
    node.units.clear();
    return sessions;
  }

  /** `clear services l2tp session statistics`. Returns how many sessions it met. */
  clearStatistics(node: Node, at: number): number {
    let sessions = 0;
    for (const tunnel of node.tunnels.values()) {
      for (const call of tunnel.lnsCalls.values()) {
        call.cleared = totals(call, at);
        call.clearedAt = at;
        call.sinceRaw = rawClock(node.clock, at);
        call.epoch++;
        sessions++;
        this.#tell(call, 'lns', at, { kind: 'epoch' });
      }
    }
    return sessions;
  }

  tellRouter(event: TruthEvent): void {
    this.#emit(event);
  }

  #tell(call: Call, role: 'lns' | 'lac', at: number, fact: CallFact): void {
    const node = call.tunnel[role];
    if (!node.polled) return;
    const lns = role === 'lns';
    this.#emit({
      ...fact,
      at,
      router: node.spec.name,
      uid: uidOf(call, role),
      tunnelLocalId: lns ? call.tunnel.lnsId : call.tunnel.lacId,
      sessionLocalId: lns ? call.lnsId : call.lacId,
    });
  }
}
