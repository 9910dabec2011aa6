/** What befalls routers, beside the life of their subscribers. */
import type { RouterFaults } from './faults.ts';
import type { Node } from './model.ts';
import type { Prng } from './prng.ts';
import type { World } from './world.ts';

const dayMs = 86_400_000;
type Trouble = (world: World, node: Node, at: number, prng: Prng) => void;

/** Plans every trouble of a router for as long as the simulation runs. */
export function planTroubles(world: World, node: Node, start: number, rates: RouterFaults, prng: Prng): void {
  for (const kind of Object.keys(troubles) as (keyof RouterFaults)[])
    repeat(world, node, start, rates[kind], troubles[kind], prng.fork(`${node.spec.name}/${kind}`));
}

function repeat(world: World, node: Node, at: number, perDay: number, trouble: Trouble, prng: Prng): void {
  if (perDay <= 0) return;
  world.queue.push(at + Math.ceil(prng.exponential(dayMs / perDay)), (now) => {
    if (node.downUntil <= now) trouble(world, node, now, prng);
    repeat(world, node, now, perDay, trouble, prng);
  });
}

const troubles: Record<keyof RouterFaults, Trouble> = {
  reboot(world, node, at, prng) {
    const downMs = prng.int(60_000, 300_000);
    const sessions = world.forgetAll(node, at);
    node.downUntil = at + downMs;
    node.short = null;
    world.tellRouter({ kind: 'reboot', at, router: node.spec.name, downMs, sessions });
  },

  daemonRestart(world, node, at, prng) {
    const forMs = prng.int(20_000, 180_000);
    const share = 0.6 + 0.4 * prng.unit();
    node.short = { until: at + forMs, share, salt: prng.u32() };
    const router = node.spec.name;
    let sessions = 0;
    for (const tunnel of node.tunnels.values())
      sessions += node.spec.role === 'lns' ? tunnel.lnsCalls.size : tunnel.lacCalls.size;
    world.tellRouter({ kind: 'listing_short', at, router, forMs, hidden: Math.round(sessions * share) });
    world.queue.push(at + forMs, (now) => {
      if (node.short?.until !== at + forMs) return;
      node.short = null;
      world.tellRouter({ kind: 'listing_whole', at: now, router });
    });
  },

  clockSet(world, node, at, prng) {
    const stepMs = prng.pick([-3_600_000, -61_000, -7000, 5000, 90_000, 3_600_000]) + prng.int(-999, 999);
    node.clock.step += stepMs;
    world.tellRouter({ kind: 'clock_set', at, router: node.spec.name, stepMs });
  },

  zoneSet(world, node, at, prng) {
    const before = node.timezone;
    const choices = ['UTC', 'Europe/London', 'Asia/Tokyo', node.spec.timezone].filter(
      (zone) => zone !== before,
    );
    node.timezone = prng.pick(choices);
    world.tellRouter({ kind: 'zone_set', at, router: node.spec.name, before, after: node.timezone });
  },

  clearStatistics(world, node, at) {
    if (node.spec.role !== 'lns') return;
    const sessions = world.clearStatistics(node, at);
    world.tellRouter({ kind: 'statistics_cleared', at, router: node.spec.name, sessions });
  },

  tunnelDown(world, node, at, prng) {
    const up = [...node.tunnels.values()].filter((tunnel) => tunnel.up);
    if (up.length === 0) return;
    const tunnel = prng.pick(up);
    const tunnelLocalId = node.spec.role === 'lns' ? tunnel.lnsId : tunnel.lacId;
    const sessions = world.dropTunnel(tunnel, at, 'tunnel_down');
    world.tellRouter({ kind: 'tunnel_down', at, router: node.spec.name, tunnelLocalId, sessions });
  },

  failover(world, node, at, prng) {
    if (node.spec.role !== 'lns') return;
    const others = [...world.nodes.values()].filter((n) => n.spec.role === 'lns' && n !== node);
    if (others.length === 0) return;
    node.drainedUntil = at + prng.int(120_000, 1_200_000);
    let sessions = 0;
    for (const tunnel of [...node.tunnels.values()])
      if (tunnel.up) sessions += world.dropTunnel(tunnel, at, 'failover');
    const to = others.map((n) => n.spec.name);
    world.tellRouter({ kind: 'failover', at, router: node.spec.name, to, sessions });
  },
};
