/** The command's filters on records that are known, against what routers print for the same filters. */
import { routerSpec, simulate, type Capture, type RouterSpec } from '@sessionreel/fleet-sim';
import { filterNames, matchesScope } from '@sessionreel/junos-l2tp';
import type { Format, SessionRecord } from '@sessionreel/session-model';
import { describe, expect, it } from 'vitest';
import { readCapture } from './read.ts';

function routers(format: Format, addresses: RouterSpec['addresses']): RouterSpec[] {
  const common = { format, addresses, sessions: 40, peers: [] };
  return [
    routerSpec({ ...common, name: 'lns-m', role: 'lns', platform: 'm' }),
    routerSpec({ ...common, name: 'lns-mx', role: 'lns' }),
    routerSpec({ ...common, name: 'lac-1', role: 'lac', peers: ['lns-m', 'lns-mx'] }),
    routerSpec({ ...common, name: 'lac-2', role: 'lac', peers: ['lns-m', 'lns-mx'] }),
  ];
}

/** Captures of the same fleet's life, by router and time. */
function captures(
  format: Format,
  addresses: RouterSpec['addresses'],
  filtered: number,
): Map<string, Capture> {
  const sim = simulate({
    seed: `filters ${format} ${addresses}`,
    routers: routers(format, addresses),
    start: Date.UTC(2026, 9, 24, 21),
    durationMs: 2_400_000,
    pollEveryMs: 60_000,
    faults: { capture: { filtered } },
    life: { lifetimeMs: 900_000, hostileNames: 0.3 },
    filters: filterNames,
  });
  return new Map(
    [...sim]
      .filter((item) => item.kind === 'capture')
      .map((capture) => [`${capture.router} ${capture.capturedAt}`, capture]),
  );
}

/** Filters by what the router's text prints of no session, so that nobody can tell whom they let through. */
function isUnknown(sessions: readonly SessionRecord[], name: string): boolean {
  return name === 'interface' && sessions.every(({ values }) => values['interface_name'] === undefined);
}

const keyOf = ({ values }: SessionRecord): string =>
  `${String(values['tunnel_local_id'])}/${String(values['session_local_id'])}`;

const cases = (['text', 'xml', 'json'] as const).flatMap((format) =>
  (['port', 'ipv6'] as const).map((addresses) => ({ format, addresses })),
);

describe('filters', { timeout: 60_000 }, () => {
  it.each(cases)(
    'let through whom the router does, $format, addresses $addresses',
    ({ format, addresses }) => {
      const whole = captures(format, addresses, 0);
      const letSome = new Set<string>();
      const letNotAll = new Set<string>();
      for (const [key, capture] of captures(format, addresses, 1)) {
        const [name] = Object.keys(capture.scope);
        if (name === undefined) continue;
        const all = readCapture(whole.get(key) as Capture).sessions;
        const got = readCapture(capture);
        // The command that was typed is read as the filter that it is.
        expect(got.facts.map(({ scope }) => scope)).toEqual([capture.scope]);
        const isNobodys =
          isUnknown(all, name) && all.every(({ values }) => values['tunnel_interface_name'] === undefined);
        const expected = isNobodys ? [] : got.sessions.map(keyOf);
        expect(all.filter((record) => matchesScope(record, capture.scope)).map(keyOf), key).toEqual(expected);
        if (expected.length > 0) letSome.add(name);
        if (expected.length > 0 && expected.length < all.length) letNotAll.add(name);
      }
      expect([...letSome].sort()).toEqual([...filterNames].sort());
      // One router has one address and name of its own, and all its tunnels one group: those let all through, or nobody.
      const ofAll = ['local-gateway', 'local-gateway-name', 'tunnel-group'];
      expect([...letNotAll].sort()).toEqual(filterNames.filter((name) => !ofAll.includes(name)).sort());
    },
  );
});
