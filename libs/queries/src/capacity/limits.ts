/** Headroom against every limit that applies, and how evenly sessions lie. */
import { QuestionError, asked, utcText, type AskOptions, type QueryClient } from '../ask/client.ts';
import { defaultLimits } from '../ask/default-limits.ts';
import { knownRouters, type KnownRouter } from '../ask/coverage.ts';
import { checkedRange, type TimeRange } from '../ask/range.ts';
import { fleetState } from '../ask/fleet-state.ts';
import { msOf } from '../ask/columns.ts';

export type LimitKind = 'chassis' | 'interface' | 'tunnel';

export interface LimitUse {
  readonly kind: LimitKind;
  readonly router: string;
  readonly site: string;
  readonly role: 'lac' | 'lns' | '';
  /** Of the interface or tunnel; '' of the chassis. */
  readonly name: string;
  readonly peak: number;
  /** When (ms UTC). */
  readonly peakAt: number;
  readonly limit: number;
  /** False: the vendor's default stands in, for the fleet file says nothing. */
  readonly limitIsKnown: boolean;
  /** Sessions that still fit. */
  readonly headroom: number;
  /** peak / limit */
  readonly used: number;
}

export interface LimitUses {
  /** The fullest first. */
  readonly rows: readonly LimitUse[];
  /**
   * Chassis peaks come from every snapshot. Interfaces and tunnels are counted at these times (ms UTC): the fleet's busiest moment of
   * each of the last days, and the end.
   */
  readonly countedAt: readonly number[];
  /** Sessions whose captures print no interface. */
  readonly withoutInterface: number;
}

const mostDays = 7;

export async function limitUses(
  client: QueryClient,
  question: TimeRange & { readonly limit?: number },
): Promise<LimitUses> {
  const routers = new Map((await knownRouters(client, question)).map((r) => [r.router, r]));
  const uses = await chassisUses(client, question, routers);
  const times = await busiestMoments(client, question);
  const parts = new Map<string, LimitUse>();
  let withoutInterface = 0;
  const all = await Promise.all(times.map((at) => partsAt(client, question, at)));
  for (const [i, counts] of all.entries()) {
    const at = times[i] ?? question.to;
    withoutInterface = 0;
    for (const { kind, router, name, sessions } of counts) {
      if (name === '') {
        withoutInterface += sessions;
        continue;
      }
      const key = `${kind} ${router} ${name}`;
      if ((parts.get(key)?.peak ?? -1) < sessions)
        parts.set(key, use(routers, kind, router, name, sessions, at));
    }
  }
  const rows = [...uses, ...parts.values()].sort(
    (a, b) => b.used - a.used || b.peak - a.peak || (a.router < b.router ? -1 : 1),
  );
  return { rows: rows.slice(0, question.limit ?? 1_000), countedAt: times, withoutInterface };
}

function use(
  routers: ReadonlyMap<string, KnownRouter>,
  kind: LimitKind,
  router: string,
  name: string,
  peak: number,
  peakAt: number,
): LimitUse {
  const known = routers.get(router);
  const said = known?.limits[kind] ?? null;
  const limit = said ?? defaultLimits[kind];
  return {
    kind,
    router,
    site: known?.site ?? '',
    role: known?.role ?? '',
    name,
    peak,
    peakAt,
    limit,
    limitIsKnown: said !== null,
    headroom: limit - peak,
    used: peak / limit,
  };
}

async function chassisUses(
  client: QueryClient,
  question: TimeRange,
  routers: ReadonlyMap<string, KnownRouter>,
): Promise<LimitUse[]> {
  const rows = await client.rows<{ name: string; peak: string; at_ms: string }>(
    `SELECT toString(s.router) AS name, max(live) AS peak, argMax(${msOf('s.at')}, live) AS at_ms FROM (
       SELECT router, at, arraySum(mapValues(by_state)) AS live FROM snapshots
       WHERE outcome = 'applied' AND final AND state_hash != ''
         AND at > {from:DateTime64(3, 'UTC')} AND at <= {to:DateTime64(3, 'UTC')}) AS s
     GROUP BY name`,
    asked(question, checkedRange(question)),
  );
  return rows.map((r) => use(routers, 'chassis', r.name, '', Number(r.peak), Number(r.at_ms)));
}

/** The fleet's busiest snapshot time of each of the last days, and the newest of all. */
async function busiestMoments(client: QueryClient, question: TimeRange): Promise<number[]> {
  const rows = await client.rows<{ at_ms: string }>(
    `SELECT ${msOf('argMax(bin_end, live)')} AS at_ms FROM (
       SELECT bin_end, sum(most) AS live FROM (
         SELECT router, toStartOfInterval(at, INTERVAL 15 MINUTE) + INTERVAL 15 MINUTE AS bin, max(arraySum(mapValues(by_state))) AS most,
           toDateTime64(bin, 3, 'UTC') AS bin_end
         FROM snapshots WHERE outcome = 'applied' AND final AND state_hash != ''
           AND at > {from:DateTime64(3, 'UTC')} AND at <= {to:DateTime64(3, 'UTC')}
         GROUP BY router, bin)
       GROUP BY bin_end)
     GROUP BY toDate(bin_end) ORDER BY at_ms DESC LIMIT ${mostDays}`,
    asked(question, checkedRange(question)),
  );
  const times = rows.map((r) => Math.min(Number(r.at_ms), question.to));
  return times.length === 0 ? [] : [...new Set([...times, question.to])].sort((a, b) => a - b);
}

interface PartCount {
  readonly kind: LimitKind;
  readonly router: string;
  readonly name: string;
  readonly sessions: number;
}

/** The service interface of a session, by the session's line or the tunnel's header; '' where neither prints one. */
export const interfaceName =
  "toString(if(startsWith(interface_name, 'si-') OR startsWith(interface_name, 'sp-'), interface_name, tunnel_interface_name))";

async function partsAt(client: QueryClient, options: AskOptions, at: number): Promise<PartCount[]> {
  const rows = await client.rows<{ kind: LimitKind; router: string; name: string; n: string }>(
    `SELECT part.1 AS kind, toString(router) AS router, part.2 AS name, sum(live) AS n
     FROM (SELECT router, interface_name, tunnel_interface_name, tunnel_local_id, count() AS live
       FROM ${fleetState('interface_name, tunnel_interface_name, tunnel_local_id, session_local_id')}
       GROUP BY router, interface_name, tunnel_interface_name, tunnel_local_id)
     ARRAY JOIN [('interface', ${interfaceName}), ('tunnel', toString(tunnel_local_id))] AS part
     GROUP BY kind, router, name ORDER BY n DESC LIMIT 20000`,
    asked(options, { at: utcText(at) }),
  );
  return rows.map(({ n, ...row }) => ({ ...row, sessions: Number(n) }));
}

export interface Imbalance {
  /** `interfaces` of one router, or `lnss` of one site. */
  readonly of: 'interfaces' | 'lnss';
  /** The router or the site. */
  readonly name: string;
  readonly members: readonly { readonly name: string; readonly sessions: number }[];
  /** Fullest member by the mean of all: 1 is even. */
  readonly ratio: number;
}

/** How unevenly sessions lie over the `si-` interfaces of each router and the LNSs of each site at a time, the worst first. */
export async function imbalance(
  client: QueryClient,
  question: AskOptions & { readonly at: number },
): Promise<Imbalance[]> {
  const routers = new Map((await knownRouters(client, question)).map((r) => [r.router, r]));
  const parts = (await partsAt(client, question, question.at)).filter(
    (p) => p.kind === 'interface' && p.name !== '',
  );
  const interfaces = [...Map.groupBy(parts, (p) => p.router)].map(([name, own]) =>
    imbalanceOf('interfaces', name, own),
  );
  const rows = await client.rows<{ name: string; n: string }>(
    `SELECT toString(router) AS name, count() AS n FROM ${fleetState('tunnel_local_id, session_local_id')} GROUP BY name`,
    asked(question, { at: utcText(question.at) }),
  );
  const lnss = rows
    .filter((r) => routers.get(r.name)?.role === 'lns')
    .map((r) => ({ name: r.name, site: routers.get(r.name)?.site ?? '', sessions: Number(r.n) }));
  const sites = [...Map.groupBy(lnss, (l) => l.site)].map(([site, own]) => imbalanceOf('lnss', site, own));
  return [...interfaces, ...sites]
    .filter((i) => i.members.length > 1)
    .sort((a, b) => b.ratio - a.ratio || (a.name < b.name ? -1 : 1));
}

function imbalanceOf(
  of: Imbalance['of'],
  name: string,
  own: readonly { name: string; sessions: number }[],
): Imbalance {
  const members = own
    .map((m) => ({ name: m.name, sessions: m.sessions }))
    .sort((a, b) => b.sessions - a.sessions || (a.name < b.name ? -1 : 1));
  const mean = members.reduce((n, m) => n + m.sessions, 0) / members.length;
  return { of, name, members, ratio: mean === 0 ? 1 : (members[0]?.sessions ?? 0) / mean };
}

/** @throws QuestionError for a router that neither the fleet file nor any snapshot names */
export function routerNamed(routers: ReadonlyMap<string, KnownRouter>, name: string): KnownRouter {
  const found = routers.get(name);
  if (found === undefined) throw new QuestionError(`there is no router named ${JSON.stringify(name)}`);
  return found;
}
