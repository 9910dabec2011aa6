/** Where a call goes: to which LNS, through which tunnel, with which IDs. */
import type { Life } from './life.ts';
import { rawClock, type Call, type Node, type Subscriber, type Tunnel } from './model.ts';
import { makeTraffic, makeTunnel, takeSessionId, takeUnit } from './nodes.ts';
import type { Prng } from './prng.ts';

export class Placement {
  readonly #nodes: ReadonlyMap<string, Node>;
  readonly #options: { readonly start: number; readonly life: Life };
  readonly #prng: Prng;
  readonly #tunnels = new Map<string, Tunnel>();
  #calls = 0;

  constructor(
    nodes: ReadonlyMap<string, Node>,
    options: { readonly start: number; readonly life: Life },
    prng: Prng,
  ) {
    this.#nodes = nodes;
    this.#options = options;
    this.#prng = prng;
  }

  /** Both ends of a new call in a tunnel with room; undefined when no LNS can be reached. */
  place(subscriber: Subscriber, at: number): Call | undefined {
    const { life } = this.#options;
    const prng = this.#prng;
    const now = Math.max(at, this.#options.start);
    if (subscriber.lac.downUntil > now) return undefined;
    const lns = this.#reachable(subscriber, now);
    if (lns === undefined) return undefined;
    const tunnel = this.#tunnelTo(subscriber.lac, lns, subscriber.index % life.tunnelsPerPeer);
    const space = Math.min(life.idSpace, lns.spec.limits.tunnel);
    const lnsId = takeSessionId(tunnel.lnsCalls, tunnel.lnsCursor, space);
    const lacId = takeSessionId(tunnel.lacCalls, tunnel.lacCursor, space);
    if (lnsId === undefined || lacId === undefined) return undefined;
    tunnel.lnsCursor = lnsId;
    tunnel.lacCursor = lacId;
    const created = rawClock(lns.clock, at);
    const sinceOffsetMs = lns.variant === 'lns-m' ? 2000 : 0;
    const call: Call = {
      number: this.#calls++,
      subscriber,
      tunnel,
      lnsId,
      lacId,
      lnsUnit: takeUnit(lns),
      lacUnit: takeUnit(subscriber.lac),
      serial: prng.chance(0.02) ? 0 : prng.u32(),
      traffic: makeTraffic(subscriber, life, prng),
      createdAt: at,
      createdRaw: created,
      establishedAt: 0,
      lacCreatedRaw: 0,
      closedAt: Infinity,
      state: 'lns-ic-idle',
      remoteKnown: false,
      tx: subscriber.txSpeed,
      rx: subscriber.rxSpeed,
      firewallFilter: lns.variant === 'lns-m' ? 'f1' : '0',
      cleared: null,
      clearedAt: 0,
      sinceRaw: created - sinceOffsetMs,
      epoch: 0,
      gone: false,
    };
    tunnel.lnsCalls.set(lnsId, call);
    tunnel.lacCalls.set(lacId, call);
    return call;
  }

  /** The LNS that the LAC calls for the subscriber: its share of the peers in turn, another when that one does not answer. */
  #reachable(subscriber: Subscriber, at: number): Node | undefined {
    const { lac, index } = subscriber;
    const named = lac.spec.peers.map((name) => this.#nodes.get(name)).filter((n) => n?.spec.role === 'lns');
    const all = named.length > 0 ? named : [...this.#nodes.values()].filter((n) => n.spec.role === 'lns');
    const first = lac.polled ? index % all.length : 0;
    for (let i = 0; i < all.length; i++) {
      const lns = all[(first + i) % all.length];
      if (lns !== undefined && lns.downUntil <= at && lns.drainedUntil <= at) return lns;
    }
    return undefined;
  }

  #tunnelTo(lac: Node, lns: Node, index: number): Tunnel {
    const key = [lac.spec.name, lns.spec.name, index].join();
    const known = this.#tunnels.get(key);
    if (known?.up === true) return known;
    const tunnel = makeTunnel(lac, lns, index, this.#prng);
    this.#tunnels.set(key, tunnel);
    return tunnel;
  }
}
