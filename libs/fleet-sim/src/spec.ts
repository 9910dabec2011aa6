/** Routers as an inventory knows them, and fleets made of them. */
import type { Format } from '@sessionreel/session-model';
import type { DurationStyle } from './clock.ts';
import type { PrintVariant } from './layouts.ts';
import { Prng } from './prng.ts';

export interface RouterSpec {
  readonly name: string;
  readonly role: 'lns' | 'lac';
  readonly platform: 'm' | 'mx';
  /** Junos release, such as `17.4R1`: it says how speeds are printed. */
  readonly release: string;
  /** IANA name of the zone in which the router prints times. */
  readonly timezone: string;
  readonly site: string;
  /** Sessions that it has on average, at the middle of the day. */
  readonly sessions: number;
  readonly limits: { readonly chassis: number; readonly interface: number; readonly tunnel: number };
  /** LNS: who takes over its tunnels. LAC: the LNSs that it calls. By name. */
  readonly peers: readonly string[];
  /** Connect-speed updates are enabled. */
  readonly speedUpdates: boolean;
  /** How addresses are printed: the reference's samples are blank. */
  readonly addresses: 'plain' | 'port' | 'blank' | 'ipv6';
  readonly format: Format;
  /** A LAC prints where its speeds come from. */
  readonly speedSources: boolean;
  /** With method `none` (from 15.1) the router prints 0. */
  readonly connectSpeed: 'reported' | 'none';
  /** How durations of a day and more are printed. */
  readonly durations: DurationStyle;
  /** Prints `Aug  1` instead of `Aug 1`. */
  readonly paddedDays: boolean;
  /** Some lines of M Series are indented with no-break spaces. */
  readonly noBreakIndents: boolean;
  /** Counters of LCP echoes stand in the text too. */
  readonly lcpEcho: boolean;
  /** A label that nobody knows, printed for every session above the lowest level; '' for none. */
  readonly unknownLabel: string;
  /** The daemon shows counters from a cache of that age at most; 0 shows them as they are. */
  readonly counterCacheMs: number;
  /** Lists sessions in another order each time. */
  readonly unordered: boolean;
  /** Routers that share no tunnel live in groups of their own, independent of each other. */
  readonly group: string;
}

const defaults: Omit<RouterSpec, 'name' | 'role'> = {
  platform: 'mx',
  release: '17.4R1',
  timezone: 'UTC',
  site: 'lab',
  sessions: 100,
  limits: { chassis: 512_000, interface: 64_000, tunnel: 65_535 },
  peers: [],
  speedUpdates: true,
  addresses: 'port',
  format: 'text',
  speedSources: false,
  connectSpeed: 'reported',
  durations: 'seconds',
  paddedDays: false,
  noBreakIndents: false,
  lcpEcho: false,
  unknownLabel: '',
  counterCacheMs: 0,
  unordered: false,
  group: 'default',
};

/** A router with defaults for what is not given. */
export function routerSpec(given: Pick<RouterSpec, 'name' | 'role'> & Partial<RouterSpec>): RouterSpec {
  return { ...defaults, ...given };
}

export function variantOf(spec: RouterSpec): PrintVariant {
  if (spec.role === 'lac') return 'lac';
  return spec.platform === 'm' ? 'lns-m' : 'lns-mx';
}

/**
 * How an LNS prints a connect speed: a bare number before 14.1 and where updates are not enabled, `initial N, Update M` on MX
 * from 14.1 to 17.1 and from 17.4R1, the current value alone in 17.2 and 17.3.
 */
export function speedForm(spec: RouterSpec): 'initial' | 'current' | 'both' {
  if (spec.platform === 'm' || spec.role === 'lac' || !spec.speedUpdates) return 'initial';
  const [major = 0, minor = 0] = spec.release.split(/[.R]/).map(Number);
  const version = major * 100 + minor;
  if (version < 1401) return 'initial';
  return version === 1702 || version === 1703 ? 'current' : 'both';
}

/** How often each kind of router occurs in a made-up fleet, by weight. */
export interface FleetMix {
  readonly lnsMx: number;
  readonly lnsM: number;
  readonly lac: number;
}

export interface FleetShape {
  readonly count: number;
  readonly mix?: FleetMix;
  /** Mean sessions of a router. */
  readonly sessions?: number;
  readonly formats?: readonly Format[];
  readonly timezones?: readonly string[];
}

const zones = ['Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'UTC'];
const mxReleases = ['12.3R6', '14.1R2', '16.2R1', '17.2R1', '17.3R3', '17.4R1', '21.4R3', '23.1R1'];
const groupSize = 6;

/** A fleet of `count` routers in groups of six that share tunnels: the same seed gives the same fleet. */
export function makeFleet(shape: FleetShape, seed: string): RouterSpec[] {
  const specs: RouterSpec[] = [];
  for (let index = 0; specs.length < shape.count; index++) {
    const size = Math.min(groupSize, shape.count - specs.length);
    specs.push(...makeGroup(shape, index, size, new Prng(`${seed}/fleet/${index}`)));
  }
  return specs;
}

function makeGroup(shape: FleetShape, index: number, size: number, prng: Prng): RouterSpec[] {
  const mix = shape.mix ?? { lnsMx: 3, lnsM: 1, lac: 2 };
  const group = `g${index}`;
  const site = `site${index}`;
  const timezone = prng.pick(shape.timezones ?? zones);
  const format = prng.pick<Format>(shape.formats ?? ['text']);
  const drawn: RouterSpec[] = [];
  for (let n = 0; n < size; n++) {
    const draw = prng.unit() * (mix.lnsMx + mix.lnsM + mix.lac);
    const role = draw < mix.lnsMx + mix.lnsM ? 'lns' : 'lac';
    const platform = role === 'lns' && draw >= mix.lnsMx ? 'm' : 'mx';
    const release = platform === 'm' ? '11.4R7' : prng.pick(mxReleases);
    const sessions = Math.max(1, Math.round((shape.sessions ?? 100) * (0.5 + prng.unit())));
    const given = { name: `${role}-${platform}-${index}-${n}`, role, platform, release, timezone } as const;
    drawn.push(
      routerSpec({
        ...given,
        site,
        group,
        sessions,
        format,
        addresses: prng.pick(['port', 'plain', 'blank', 'ipv6']),
        speedUpdates: prng.chance(0.8),
        speedSources: role === 'lac' && prng.chance(0.7),
        connectSpeed: platform === 'mx' && !release.startsWith('1') && prng.chance(0.1) ? 'none' : 'reported',
        paddedDays: prng.chance(0.2),
        noBreakIndents: platform === 'm' && prng.chance(0.5),
        unknownLabel: prng.chance(0.1) ? 'Access line' : '',
        counterCacheMs: prng.chance(0.2) ? 30_000 : 0,
        unordered: prng.chance(0.1),
      }),
    );
  }
  const lnsNames = drawn.filter((r) => r.role === 'lns').map((r) => r.name);
  return drawn.map((r) => ({ ...r, peers: lnsNames.filter((name) => name !== r.name) }));
}
