/** The fleet file of simulated routers: what no output prints. */
import type { RouterSpec } from './spec.ts';

/**
 * YAML with one entry a router under `routers`: `timezone`, `release`, `site`, `role` (`lns`, `lac`), `platform` (`m`, `mx`),
 * `limits` (`chassis`, `interface`, `tunnel`: most sessions of each) and, for an LNS, `peers` that can take over its tunnels.
 */
export function fleetYaml(routers: readonly RouterSpec[]): string {
  const entries = routers.map((spec) => {
    const { limits } = spec;
    const lines = [
      `  ${quoted(spec.name)}:`,
      `    timezone: ${quoted(spec.timezone)}`,
      `    release: ${quoted(spec.release)}`,
      `    site: ${quoted(spec.site)}`,
      `    role: ${spec.role}`,
      `    platform: ${spec.platform}`,
      `    limits: { chassis: ${limits.chassis}, interface: ${limits.interface}, tunnel: ${limits.tunnel} }`,
    ];
    if (spec.role === 'lns' && spec.peers.length > 0)
      lines.push(`    peers: [${spec.peers.map(quoted).join(', ')}]`);
    return lines.join('\n');
  });
  return `routers:${entries.length === 0 ? ' {}' : ''}\n${entries.map((entry) => `${entry}\n`).join('')}`;
}

/** JSON's strings are YAML's double-quoted ones. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
