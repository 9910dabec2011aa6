/** Building a group's routers, subscribers and calls. */
import { hashText, type Prng } from './prng.ts';
import type { Call, Node, Subscriber, Traffic, Tunnel } from './model.ts';
import type { Life } from './life.ts';
import { userName } from './names.ts';
import { routerSpec, variantOf, type RouterSpec } from './spec.ts';
import { counterBits, totals } from './traffic.ts';

export function makeNode(
  spec: RouterSpec,
  polled: boolean,
  startMs: number,
  driftPpm: number,
  prng: Prng,
): Node {
  const hash = hashText(spec.name);
  const third = spec.role === 'lns' ? 255 : 254;
  return {
    spec,
    variant: variantOf(spec),
    polled,
    address: `10.${third}.${(hash >>> 8) & 255}.${1 + (hash % 254)}`,
    tunnels: new Map(),
    clock: { drift: ((prng.unit() * 2 - 1) * driftPpm) / 1e6, anchor: startMs, step: 0 },
    timezone: spec.timezone,
    downUntil: 0,
    drainedUntil: 0,
    short: null,
    tunnelCursor: prng.int(1, 65_535),
    units: new Set(),
    unitCursor: 0,
  };
}

/** Peers that nobody polls, so that every end has another: LNSs for LACs without one, LACs for what the group's do not fill. */
export function hiddenPeers(specs: readonly RouterSpec[]): RouterSpec[] {
  const lnss = specs.filter((s) => s.role === 'lns');
  const lacs = specs.filter((s) => s.role === 'lac');
  const group = specs[0]?.group ?? '';
  const hidden: RouterSpec[] = [];
  if (lnss.length === 0)
    hidden.push(routerSpec({ name: `lns-of-${group}`, role: 'lns', group, sessions: 0 }));
  for (const lns of lnss) {
    const served = lacs
      .filter((lac) => peersOf(lac, lnss).includes(lns.name))
      .reduce((sum, lac) => sum + lac.sessions / peersOf(lac, lnss).length, 0);
    const missing = Math.round(lns.sessions - served);
    if (missing <= 0) continue;
    const peers = [lns.name, ...lns.peers];
    hidden.push(routerSpec({ name: `lac-of-${lns.name}`, role: 'lac', group, sessions: missing, peers }));
  }
  return hidden;
}

function peersOf(lac: RouterSpec, lnss: readonly RouterSpec[]): readonly string[] {
  const known = lac.peers.filter((name) => lnss.some((lns) => lns.name === name));
  return known.length > 0 ? known : lnss.map((lns) => lns.name);
}

const speedSteps = [
  64_000, 256_000, 2_048_000, 16_000_000, 50_000_000, 100_000_000, 250_000_000, 1_000_000_000,
];

export function randomSpeed(prng: Prng): number {
  return prng.pick(speedSteps);
}

export function makeSubscriber(index: number, lac: Node, life: Life, prng: Prng): Subscriber {
  const multilink = prng.chance(life.multilinkShare);
  return {
    index,
    user: userName(prng, index, life.hostileNames),
    lac,
    flaps: prng.chance(life.flapping),
    txSpeed: randomSpeed(prng),
    rxSpeed: randomSpeed(prng),
    authentication: prng.pick(['CHAP', 'CHAP', 'PAP']),
    bundle: multilink ? 1 + ((index >> 1) & 0xffff) : 0,
    peerIp: `100.${64 + ((index >> 16) & 63)}.${(index >> 8) & 255}.${index & 255}`,
  };
}

export function makeTunnel(lac: Node, lns: Node, index: number, prng: Prng): Tunnel {
  const slot = hashText(lac.spec.name) % 4;
  const series = lns.spec.platform === 'm' ? 'sp' : 'si';
  const tunnel: Tunnel = {
    lac,
    lns,
    lacId: takeTunnelId(lac, prng),
    lnsId: takeTunnelId(lns, prng),
    group: `group${index + 1}`,
    interface: `${series}-${1 + slot}/${index % 4}/0`,
    lacCalls: new Map(),
    lnsCalls: new Map(),
    lacCursor: prng.int(0, 65_534),
    lnsCursor: prng.int(0, 65_534),
    up: true,
  };
  lac.tunnels.set(tunnel.lacId, tunnel);
  lns.tunnels.set(tunnel.lnsId, tunnel);
  return tunnel;
}

function takeTunnelId(node: Node, prng: Prng): number {
  do node.tunnelCursor = (node.tunnelCursor % 65_535) + prng.int(1, 7);
  while (node.tunnelCursor > 65_535 || node.tunnels.has(node.tunnelCursor));
  return node.tunnelCursor;
}

/** The next free ID after the cursor, from 1 to `space`; undefined when all are taken. */
export function takeSessionId(
  calls: ReadonlyMap<number, Call>,
  cursor: number,
  space: number,
): number | undefined {
  if (calls.size >= space) return undefined;
  let id = cursor % space;
  do id = (id % space) + 1;
  while (calls.has(id));
  return id;
}

const firstUnit = { m: 1, mx: 1_073_741_824, lac: 256 };

export function takeUnit(node: Node): number {
  const first = node.spec.role === 'lac' ? firstUnit.lac : firstUnit[node.spec.platform];
  do node.unitCursor = (node.unitCursor + 1) % 1_000_000;
  while (node.units.has(first + node.unitCursor));
  node.units.add(first + node.unitCursor);
  return first + node.unitCursor;
}

export function makeTraffic(subscriber: Subscriber, life: Life, prng: Prng): Traffic {
  const silent = prng.chance(life.silentShare);
  const period = prng.int(30_000, 600_000);
  return {
    period,
    active: silent ? 0 : Math.max(1, Math.floor(period * prng.unit())),
    phase: prng.int(0, period - 1),
    txRate: Math.floor((subscriber.txSpeed / 8) * prng.unit()),
    rxRate: Math.floor((subscriber.rxSpeed / 8) * prng.unit()),
    txSize: prng.int(64, 1450),
    rxSize: prng.int(64, 1450),
    errorEvery: prng.chance(0.05) ? prng.int(1000, 100_000) : 0,
    base: new Map(),
  };
}

/**
 * Some sessions that are older than the simulation have counted far: 32-bit counters to just below their wrap, 64-bit ones into
 * their upper half. A new session counts from 0.
 */
export function countFar(call: Call, life: Life, at: number, prng: Prng): void {
  if (!prng.chance(life.wrapShare)) return;
  const wraps64 = prng.chance(life.wrap64Share);
  const now = totals(call, at);
  counterBits.forEach((bits, counter) => {
    if (prng.chance(0.5)) return;
    const below32 = BigInt(prng.int(1, counter % 2 === 0 ? 60 : 1000));
    // A week at a gigabit a second is less than 10^14 bytes.
    const below64 = wraps64 ? BigInt(prng.int(1, 1e9)) : 10n ** 15n;
    const goal = bits === 32 ? 2n ** 32n - below32 : 2n ** 64n - below64;
    call.traffic.base.set(counter, goal - (now[counter] ?? 0n));
  });
}
