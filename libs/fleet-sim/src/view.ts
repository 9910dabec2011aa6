/** A call's end as a record: everything that is true of it, and what one level of one router prints. */
import {
  counterFields,
  fields,
  type FieldValue,
  type Format,
  type Level,
  type SessionRecord,
} from '@sessionreel/session-model';
import { localSeconds, printedDurationS, type DurationStyle } from './clock.ts';
import { fieldsOf, layoutOf, type PrintVariant } from './layouts.ts';
import { rawClock, type Call, type Node } from './model.ts';
import { speedForm } from './spec.ts';
import { idleSince, shown, totals } from './traffic.ts';
import { rounded, roundingOf } from './values.ts';

type Values = Record<string, FieldValue | undefined>;

/** Every field that is true of the call's end on `node` at `at`; counters as the router holds them. */
export function truthOf(node: Node, call: Call, at: number): SessionRecord {
  const values: Values = {};
  identify(values, node, call);
  describe(values, node, call);
  clocks(values, node, call, at);
  if (node.spec.role === 'lns') count(values, call, at);
  return record(values, {}, []);
}

export interface ViewOptions {
  readonly level: Level;
  readonly format: Format;
  readonly durations: DurationStyle;
  /** The text's table of counters has rows for LCP echoes. */
  readonly lcpEcho: boolean;
  /** Seconds by which this listing's create time is off. */
  readonly jitterS: number;
}

/** What the router prints of it: the fields of the level, rounded where it rounds. */
export function viewOf(node: Node, call: Call, at: number, options: ViewOptions): SessionRecord {
  const { variant } = node;
  const printed = printedFields(variant, options);
  const values: Values = {};
  identify(values, node, call);
  describe(values, node, call);
  if (printed.has('create_time')) clocks(values, node, call, at);
  else if (printed.has('statistics_since')) values['statistics_since'] = since(node, call);
  if (node.spec.role === 'lns' && printed.has('data_tx_bytes'))
    count(values, call, countedAt(node, call, at));
  for (const name of Object.keys(values)) if (!printed.has(name)) values[name] = undefined;
  if (options.jitterS !== 0 && typeof values['create_time'] === 'number')
    values['create_time'] += options.jitterS;
  if (options.format === 'xml' && typeof values['user_name'] === 'string')
    values['user_name'] = legalXml(values['user_name']);
  const text = options.format === 'text';
  if (text && typeof values['up_time_s'] === 'number')
    values['up_time_s'] = printedDurationS(values['up_time_s'], options.durations);
  return record(
    values,
    text && variant === 'lns-m' ? round(values) : {},
    unknownOf(node, call, options.level),
  );
}

/** What a router prints that the catalogue does not know. */
function unknownOf(node: Node, call: Call, level: Level): [string, string][] {
  const { unknownLabel } = node.spec;
  if (unknownLabel === '' || level === 'brief' || level === 'statistics') return [];
  return [[unknownLabel, `line ${String(call.subscriber.index)}`]];
}

/** The moment whose counters are shown at `at`: a cache is as old as its last refresh, or as the last clear. */
export function countedAt(node: Node, call: Call, at: number): number {
  const { counterCacheMs } = node.spec;
  if (counterCacheMs === 0) return at;
  return Math.max(Math.floor(at / counterCacheMs) * counterCacheMs, call.clearedAt, call.createdAt);
}

const tunnelFields = ['tunnel_local_id', 'tunnel_interface_name', 'tunnel_group_name'];
const cache = new Map<string, ReadonlySet<string>>();

/** Names of the fields that a router prints on a level, if it knows them. */
export function printedFields(
  variant: PrintVariant,
  options: Pick<ViewOptions, 'level' | 'format' | 'lcpEcho'>,
): ReadonlySet<string> {
  const key = [variant, options.level, options.format === 'text', options.lcpEcho].join();
  let known = cache.get(key);
  if (known === undefined) {
    known = options.format === 'text' ? textFields(variant, options) : leafFields(options.level);
    cache.set(key, known);
  }
  return known;
}

function textFields(
  variant: PrintVariant,
  { level, lcpEcho }: { level: Level; lcpEcho: boolean },
): ReadonlySet<string> {
  const printed = new Set([...tunnelFields, ...fieldsOf(layoutOf(variant, level))]);
  for (const f of fields) if (f.partOf !== undefined && printed.has(f.partOf)) printed.add(f.name);
  if (!lcpEcho)
    for (const name of printed) if (name.startsWith('lcp_') && isCounter(name)) printed.delete(name);
  return printed;
}

function isCounter(name: string): boolean {
  return counterFields.some((f) => f.name === name);
}

const briefLeaves = [
  ...tunnelFields,
  'session_local_id',
  'session_remote_id',
  'interface_unit',
  'interface_name',
  'state',
  'bundle_id',
  'user_name',
];
const detailLeaves = [
  ...briefLeaves,
  'mode',
  'local_ip',
  'local_port',
  'remote_ip',
  'remote_port',
  'local_name',
  'remote_name',
];

/** XML and JSON: the leaves of the level by the CLI reference's table of fields; extensive has all of the schema. */
function leafFields(level: Level): ReadonlySet<string> {
  if (level === 'brief') return new Set(briefLeaves);
  if (level === 'detail') return new Set(detailLeaves);
  if (level === 'extensive') return new Set(fields.map((f) => f.name));
  return new Set([
    ...tunnelFields,
    'session_local_id',
    'session_remote_id',
    'interface_unit',
    'state',
    'statistics_since',
    ...counterFields.map((f) => f.name),
  ]);
}

function identify(values: Values, node: Node, call: Call): void {
  const { tunnel } = call;
  const lns = node.spec.role === 'lns';
  values['tunnel_local_id'] = lns ? tunnel.lnsId : tunnel.lacId;
  values['session_local_id'] = lns ? call.lnsId : call.lacId;
  values['session_remote_id'] = lns ? (call.remoteKnown ? call.lacId : 0) : call.lnsId;
  values['call_serial_number'] = call.serial;
  values['interface_unit'] = lns ? call.lnsUnit : call.lacUnit;
  values['state'] = lns ? call.state : 'established';
  if (node.variant === 'lns-m') {
    values['tunnel_interface_name'] = tunnel.interface;
    values['tunnel_group_name'] = tunnel.group;
  } else values['interface_name'] = lns ? tunnel.interface : 'pp0';
}

function describe(values: Values, node: Node, call: Call): void {
  const { tunnel, subscriber } = call;
  const { spec, variant } = node;
  const lns = spec.role === 'lns';
  const peer = lns ? tunnel.lac : tunnel.lns;
  const up = call.establishedAt !== 0;
  values['admin_state'] = 'enabled';
  values['mode'] = variant === 'lns-m' ? 'shared' : 'dedicated';
  address(values, 'local', node, spec.addresses);
  address(values, 'remote', peer, spec.addresses);
  values['local_name'] = spec.name;
  values['remote_name'] = peer.spec.name;
  if (lns) subscriberFields(values, call, up);
  speeds(values, node, call);
  values['bearer_type'] = lns ? 2 : 1;
  values['framing_type'] = 1;
  values['lcp_renegotiation'] = lns ? 'Off' : null;
  values['authentication'] = lns && up ? subscriber.authentication : 'None';
  values['interface_id'] = variant === 'lns-m' ? `unit_${String(call.lnsUnit)}` : null;
  if (variant === 'lns-mx') return;
  values['policer_bandwidth'] = lns ? 64_000n : 0n;
  values['policer_burstsize'] = lns ? 51_200n : 0n;
  if (!lns) values['policer_exclude_bandwidth'] = 0n;
  values['firewall_filter'] = call.firewallFilter;
  values['encapsulation_overhead'] = lns ? 16 : 0;
  values['cell_overhead'] = lns ? 'On' : '0';
}

function subscriberFields(values: Values, call: Call, up: boolean): void {
  const { subscriber } = call;
  values['bundle_id'] = subscriber.bundle === 0 ? '' : subscriber.bundle;
  values['user_name'] = up ? subscriber.user : '';
  values['peer_ip'] = up ? subscriber.peerIp : '';
  values['own_ip'] = call.tunnel.lns.address;
  values['local_mru'] = 4470;
  values['remote_mru'] = 1500;
  values['nas_port_type'] = 'Ethernet';
  values['tos_reflect'] = 'Off';
}

function address(values: Values, end: 'local' | 'remote', owner: Node, form: string): void {
  if (form === 'blank') {
    values[`${end}_ip`] = '';
    return;
  }
  values[`${end}_ip`] = printedAddress(owner, form);
  if (form === 'port') values[`${end}_port`] = 1701;
}

/** A router's address in the form that it is printed in where it is not blank. */
export function printedAddress(owner: Node, form: string): string {
  return form === 'ipv6' ? addressV6(owner.address) : owner.address;
}

/** The same host in the documentation's prefix of IPv6. */
function addressV6(v4: string): string {
  return `2001:db8::${v4.split('.').slice(1).join(':')}`;
}

function speeds(values: Values, node: Node, call: Call): void {
  const { spec } = node;
  const form = speedForm(spec);
  for (const way of ['tx', 'rx'] as const) {
    const initial = BigInt(way === 'tx' ? call.subscriber.txSpeed : call.subscriber.rxSpeed);
    const current = BigInt(call[way]);
    if (spec.connectSpeed === 'none') values[`${way}_speed`] = 0n;
    else {
      values[`${way}_speed`] = form === 'initial' ? initial : current;
      if (form === 'both') values[`${way}_speed_initial`] = initial;
    }
    if (spec.speedSources)
      values[`${way}_speed_source`] =
        spec.connectSpeed === 'none' ? 'none' : way === 'tx' ? 'service-profile' : 'ancp';
  }
}

function clocks(values: Values, node: Node, call: Call, at: number): void {
  const { clock, timezone, spec } = node;
  const lns = spec.role === 'lns';
  const created = lns ? call.createdRaw : call.lacCreatedRaw;
  const now = seconds(rawClock(clock, at) + clock.step);
  values['create_time'] = localSeconds(timezone, created + clock.step);
  values['up_time_s'] = now - seconds(created + clock.step);
  values['idle_time_s'] =
    node.variant === 'lns-m' ? now - seconds(rawClock(clock, idleSince(call, at)) + clock.step) : null;
  if (lns) values['statistics_since'] = since(node, call);
}

function since(node: Node, call: Call): number {
  return localSeconds(node.timezone, call.sinceRaw + node.clock.step);
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}

function count(values: Values, call: Call, at: number): void {
  const counted = shown(call, totals(call, at));
  counterFields.forEach((f, counter) => (values[f.name] = counted[counter] ?? 0n));
}

/** M Series prints large byte counts in decimal units. */
function round(values: Values): Record<string, bigint> {
  const rounding: Record<string, bigint> = {};
  for (const f of counterFields) {
    const value = values[f.name];
    if (typeof value !== 'bigint' || f.unit !== 'bytes') continue;
    const half = roundingOf(value);
    if (half === 0n) continue;
    rounding[f.name] = half;
    values[f.name] = rounded(value, half);
  }
  return rounding;
}

function record(
  values: Values,
  rounding: Record<string, bigint>,
  unknown: [string, string][],
): SessionRecord {
  const known: Record<string, FieldValue> = {};
  for (const f of fields) {
    const value = values[f.name];
    if (value !== undefined) known[f.name] = value;
  }
  return { values: known, rounding, unknown };
}

/** XML 1.0 has no way to write most control characters: a router has to print something else. */
function legalXml(text: string): string {
  return text.replaceAll(/[^\P{Cc}\t]/gu, '?');
}
