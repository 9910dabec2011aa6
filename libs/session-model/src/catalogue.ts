/**
 * The field catalogue: one line says everything about a field. Parser, renderers, Avro schema, SQL columns, API and
 * documentation are derived from this table or checked against it.
 *
 * Source of labels: the CLI reference's sample outputs of `show services l2tp session`. Source of XML tags: the published
 * YANG of the RPC output (`service-l2tp-session-information`, 23.1R1 to 24.4R1), where every leaf is `type string`.
 */

/** How a value is stored. `u64` takes two words of a row, every other type one. */
export type FieldType =
  | 'u16'
  | 'u32'
  /** Unsigned 64-bit, its whole range. */
  | 'u64'
  /** Text as printed; in rows the id of an interned string. */
  | 'text'
  /** As text, but compared and stored in lower case (the printed case belongs to the layout). */
  | 'word'
  /** An IPv4 or IPv6 address as printed, without port and prefix length, which are fields of their own. */
  | 'address'
  /** The router's local date and time, no zone: seconds since 1970-01-01T00:00:00 on that clock. */
  | 'datetime'
  /** Seconds. */
  | 'duration';

/**
 * What a difference in the field means.
 * - `identity`: part of (router, tunnel local ID, session local ID)
 * - `incarnation`: tells a reused identity from the session before it
 * - `attribute`, `state`, `gauge`: a difference is a change
 * - `clock`: never a change
 * - `epoch`: a difference says that the counters were cleared
 * - `counter`: a difference is traffic
 */
export type FieldRole =
  'identity' | 'incarnation' | 'attribute' | 'state' | 'gauge' | 'clock' | 'epoch' | 'counter';

export type Level = 'brief' | 'detail' | 'extensive' | 'statistics';
export const levels: readonly Level[] = ['brief', 'detail', 'extensive', 'statistics'];

/** Who prints: `lns-m` (M Series), `lns-mx`, `lac`. A LAC on MX prints what a LAC prints. */
export type Variant = 'lns-m' | 'lns-mx' | 'lac';

export interface Field {
  /** The one name of the field everywhere: records, Avro, SQL, JSON, API. */
  readonly name: string;
  /** CLI labels as printed before the colon, without the counters' table; empty when no text shows the field. */
  readonly labels: readonly string[];
  /** Local names of the XML elements (and JSON members) that carry it. */
  readonly tags: readonly string[];
  readonly type: FieldType;
  readonly role: FieldRole;
  /** `tunnel` when it stands in the tunnel's header and is shared by the sessions below it. */
  readonly scope: 'tunnel' | 'session';
  /** Levels whose text shows the field. XML and JSON may show any field on any level. */
  readonly levels: readonly Level[];
  /** Variants whose text shows it. */
  readonly variants: readonly Variant[];
  /** `s`, `bit/s`, `bytes`, `packets`; absent where there is none. */
  readonly unit?: string;
  /** Shares the printed value of another field: a port of an address, a prefix length, an initial speed, a source. */
  readonly partOf?: string;
  readonly doc: string;
}

const every: readonly Level[] = ['brief', 'detail', 'extensive', 'statistics'];
const detail: readonly Level[] = ['detail', 'extensive'];
const extensive: readonly Level[] = ['extensive'];
const stats: readonly Level[] = ['extensive', 'statistics'];
const none: readonly Level[] = [];
const all: readonly Variant[] = ['lns-m', 'lns-mx', 'lac'];
const lns: readonly Variant[] = ['lns-m', 'lns-mx'];
const m: readonly Variant[] = ['lns-m'];

type Extra = Partial<Pick<Field, 'unit' | 'partOf' | 'scope'>>;
function field(
  name: string,
  labels: readonly string[],
  tags: readonly string[],
  type: FieldType,
  role: FieldRole,
  inLevels: readonly Level[],
  variants: readonly Variant[],
  doc: string,
  extra: Extra = {},
): Field {
  return { name, labels, tags, type, role, levels: inLevels, variants, doc, scope: 'session', ...extra };
}

const tunnel: Extra = { scope: 'tunnel' };
const S = 'l2tp-session-';

/** In this order, which only ever grows at its end: `presence` strings and row words are positional. */
// prettier-ignore
export const fields: readonly Field[] = [
  field('tunnel_local_id', ['Tunnel local ID'], ['l2tp-tunnel-local-id'], 'u16', 'identity', every, all, 'Tunnel ID that this router chose', tunnel),
  field('session_local_id', ['Session local ID'], [`${S}local-id`], 'u16', 'identity', every, all, 'Session ID that this router chose'),
  field('session_remote_id', ['Session remote ID'], [`${S}remote-id`], 'u16', 'attribute', every, all, 'Session ID that the peer chose; 0 until it answers'),
  field('create_time', ['Create time'], ['l2tp-create-time', `${S}create-time`], 'datetime', 'incarnation', extensive, all, "When the session was created, by the router's clock"),
  field('call_serial_number', ['Call serial number'], [`${S}call-serial-number`], 'u32', 'attribute', extensive, all, 'Call serial number that the LAC assigned; 0 where not used'),
  field('tunnel_interface_name', ['Interface'], ['interface-name'], 'text', 'attribute', every, m, "Service interface of the tunnel's header", tunnel),
  field('tunnel_group_name', ['Tunnel group'], ['tunnel-group-name'], 'text', 'attribute', every, m, 'Tunnel group of the LNS', tunnel),
  field('interface_name', ['Interface', 'Interface Name'], [`${S}interface-name`], 'text', 'attribute', every, ['lns-mx', 'lac'], 'Service interface of the session: si-fpc/pic/port, sp-fpc/pic/port, pp0'),
  field('interface_unit', ['Interface unit'], [`${S}interface-unit`], 'u32', 'attribute', every, all, 'Logical unit of the interface'),
  field('state', ['State'], [`${S}state`], 'word', 'state', every, all, 'established, closed, destroyed, clean-up, lns-ic-…; an open set, in lower case'),
  field('admin_state', [], [`${S}admin-state`], 'text', 'attribute', none, all, 'Administrative state'),
  field('bundle_id', ['Bundle ID'], [`${S}bundle-id`], 'u32', 'attribute', every, m, 'Multilink bundle, 1..65536; empty when not multilink'),
  field('user_name', ['Username'], [`${S}user-name`], 'text', 'attribute', every, m, 'Name that the subscriber gave: hostile text'),
  field('mode', ['Mode'], [`${S}mode`], 'word', 'attribute', detail, all, 'shared, exclusive, dedicated; in lower case'),
  field('local_ip', ['Local IP'], [`${S}local-ip`], 'address', 'attribute', detail, all, "This router's end of the tunnel"),
  field('local_port', [], [], 'u32', 'attribute', detail, all, 'UDP port printed after Local IP', { partOf: 'local_ip' }),
  field('remote_ip', ['Remote IP'], [`${S}remote-ip`], 'address', 'attribute', detail, all, "The peer's end of the tunnel"),
  field('remote_port', [], [], 'u32', 'attribute', detail, all, 'UDP port printed after Remote IP', { partOf: 'remote_ip' }),
  field('peer_ip', ['Assigned IP address'], [`${S}peer-ip`], 'address', 'attribute', extensive, m, 'Address assigned to the subscriber'),
  field('peer_prefix_length', [], [], 'u32', 'attribute', extensive, m, 'Prefix length printed after the assigned address', { partOf: 'peer_ip' }),
  field('own_ip', [], [`${S}own-ip`], 'address', 'attribute', none, all, "The router's own address towards the subscriber"),
  field('local_name', ['Local name'], [`${S}local-name`], 'text', 'attribute', detail, all, "This router's tunnel name"),
  field('remote_name', ['Remote name'], [`${S}remote-name`], 'text', 'attribute', detail, all, "The peer's tunnel name"),
  field('tunnel_switch_profile_name', [], ['l2tp-tunnel-switch-profile-name'], 'text', 'attribute', none, all, 'Tunnel switch profile'),
  field('local_mru', ['Local MRU'], [`${S}local-mru`], 'u32', 'attribute', extensive, m, 'Maximum receive unit here', { unit: 'bytes' }),
  field('remote_mru', ['Remote MRU'], [`${S}remote-mru`], 'u32', 'attribute', extensive, m, 'Maximum receive unit of the peer', { unit: 'bytes' }),
  field('tx_speed', ['Tx speed'], [`${S}tx-speed`], 'u64', 'gauge', extensive, all, 'Connect speed towards the subscriber: the current value, or the only one printed', { unit: 'bit/s' }),
  field('tx_speed_initial', [], [], 'u64', 'gauge', extensive, ['lns-mx', 'lac'], 'Connect speed that `initial N` gives', { unit: 'bit/s', partOf: 'tx_speed' }),
  field('tx_speed_source', [], [`${S}tx-speed-source`], 'text', 'attribute', extensive, ['lac'], 'none, static, ancp, pppoe-ia-tag, service-profile, …', { partOf: 'tx_speed' }),
  field('rx_speed', ['Rx speed'], [`${S}rx-speed`], 'u64', 'gauge', extensive, all, 'Connect speed from the subscriber: the current value, or the only one printed', { unit: 'bit/s' }),
  field('rx_speed_initial', [], [], 'u64', 'gauge', extensive, ['lns-mx', 'lac'], 'Connect speed that `initial N` gives', { unit: 'bit/s', partOf: 'rx_speed' }),
  field('rx_speed_source', [], [`${S}rx-speed-source`], 'text', 'attribute', extensive, ['lac'], 'none, static, ancp, pppoe-ia-tag, service-profile, …', { partOf: 'rx_speed' }),
  field('nas_port_type', [], [`${S}nas-port-type`], 'text', 'attribute', none, all, 'NAS port type'),
  field('nas_port', [], [`${S}nas-port`], 'text', 'attribute', none, all, 'NAS port'),
  field('bearer_type', ['Bearer type'], [`${S}bearer-type`], 'u32', 'attribute', extensive, all, 'Bit mask (RFC 2661): 1 digital, 2 analog, 4 ATM'),
  field('framing_type', ['Framing type'], [`${S}framing-type`], 'u32', 'attribute', extensive, all, 'Bit mask (RFC 2661): 1 synchronous, 2 asynchronous'),
  field('lcp_renegotiation', ['LCP renegotiation'], [`${S}lcp-renegotiation`], 'text', 'attribute', extensive, all, 'On, Off or N/A'),
  field('authentication', ['Authentication'], [`${S}authentication`], 'text', 'attribute', extensive, all, 'CHAP, PAP, None, …: an open set'),
  field('interface_id', ['Interface ID'], [`${S}interface-id`], 'text', 'attribute', extensive, ['lns-m', 'lac'], 'Interface ID'),
  field('policer_bandwidth', ['Policer bandwidth'], [`${S}policer-bandwidth`], 'u64', 'attribute', extensive, ['lns-m', 'lac'], 'Policer bandwidth limit', { unit: 'bit/s' }),
  field('policer_burstsize', ['Policer burst size'], [`${S}policer-burstsize`], 'u64', 'attribute', extensive, ['lns-m', 'lac'], 'Policer burst size', { unit: 'bytes' }),
  field('policer_exclude_bandwidth', ['Policer exclude bandwidth'], [`${S}policer-exclude-bandwidth`], 'u64', 'attribute', extensive, ['lac'], 'Policer exclude bandwidth', { unit: 'bit/s' }),
  field('firewall_filter', ['Firewall filter'], [`${S}firewall-filter`], 'text', 'attribute', extensive, ['lns-m', 'lac'], 'Firewall filter; 0 when there is none'),
  field('encapsulation_overhead', ['Session encapsulation overhead'], [`${S}encapsulation-overhead`], 'u32', 'attribute', extensive, ['lns-m', 'lac'], 'Overhead added for each packet', { unit: 'bytes' }),
  field('cell_overhead', ['Session cell overhead'], [`${S}cell-overhead`], 'text', 'attribute', extensive, ['lns-m', 'lac'], 'On, Off (0 seen)'),
  field('tos_reflect', [], [`${S}tos-reflect`], 'text', 'attribute', none, all, 'TOS reflection'),
  field('up_time_s', ['Up time'], ['l2tp-up-time'], 'duration', 'clock', extensive, all, 'Time since the session was created', { unit: 's' }),
  field('idle_time_s', ['Idle time'], ['l2tp-idle-time'], 'duration', 'clock', extensive, all, 'Time since the last data; N/A where not measured', { unit: 's' }),
  field('statistics_since', ['Statistics since'], ['l2tp-statistics-since'], 'datetime', 'epoch', stats, lns, 'Since when the counters count'),
  field('control_tx_packets', ['Control Tx'], ['l2tp-control-tx-packets'], 'u64', 'counter', stats, lns, 'Control packets sent', { unit: 'packets' }),
  field('control_tx_bytes', ['Control Tx'], ['l2tp-control-tx-bytes'], 'u64', 'counter', stats, lns, 'Control bytes sent', { unit: 'bytes' }),
  field('control_rx_packets', ['Control Rx'], ['l2tp-control-rx-packets'], 'u64', 'counter', stats, lns, 'Control packets received', { unit: 'packets' }),
  field('control_rx_bytes', ['Control Rx'], ['l2tp-control-rx-bytes'], 'u64', 'counter', stats, lns, 'Control bytes received', { unit: 'bytes' }),
  field('data_tx_packets', ['Data Tx'], ['l2tp-data-tx-packets'], 'u64', 'counter', stats, lns, 'Data packets sent', { unit: 'packets' }),
  field('data_tx_bytes', ['Data Tx'], ['l2tp-data-tx-bytes'], 'u64', 'counter', stats, lns, 'Data bytes sent', { unit: 'bytes' }),
  field('data_rx_packets', ['Data Rx'], ['l2tp-data-rx-packets'], 'u64', 'counter', stats, lns, 'Data packets received', { unit: 'packets' }),
  field('data_rx_bytes', ['Data Rx'], ['l2tp-data-rx-bytes'], 'u64', 'counter', stats, lns, 'Data bytes received', { unit: 'bytes' }),
  field('error_tx_packets', ['Errors Tx'], ['l2tp-error-tx-packets'], 'u64', 'counter', stats, lns, 'Errors when sending', { unit: 'packets' }),
  field('error_rx_packets', ['Errors Rx'], ['l2tp-error-rx-packets'], 'u64', 'counter', stats, lns, 'Errors when receiving', { unit: 'packets' }),
  field('lcp_echo_req_tx_packets', ['LCP echo req Tx'], ['lcp-echo-req-tx-packets'], 'u64', 'counter', stats, lns, 'LCP echo requests sent', { unit: 'packets' }),
  field('lcp_echo_req_rx_packets', ['LCP echo req Rx'], ['lcp-echo-req-rx-packets'], 'u64', 'counter', stats, lns, 'LCP echo requests received', { unit: 'packets' }),
  field('lcp_echo_rep_tx_packets', ['LCP echo rep Tx'], ['lcp-echo-rep-tx-packets'], 'u64', 'counter', stats, lns, 'LCP echo replies sent', { unit: 'packets' }),
  field('lcp_echo_rep_rx_packets', ['LCP echo rep Rx'], ['lcp-echo-rep-rx-packets'], 'u64', 'counter', stats, lns, 'LCP echo replies received', { unit: 'packets' }),
  field('lcp_echo_req_timeout', ['LCP echo Req timout'], ['lcp-echo-req-timeout'], 'u64', 'counter', stats, lns, 'LCP echo requests that timed out', { unit: 'packets' }),
  field('lcp_tx_echo_req_error', [], ['lcp-tx-echo-req-error'], 'u64', 'counter', none, lns, 'Errors in LCP echo requests sent', { unit: 'packets' }),
  field('lcp_tx_echo_rep_error', ['LCP echo Rep error'], ['lcp-tx-echo-rep-error'], 'u64', 'counter', stats, lns, 'Errors in LCP echo replies sent', { unit: 'packets' }),
  field('lcp_rx_echo_req_error', ['LCP echo Req error'], ['lcp-rx-echo-req-error'], 'u64', 'counter', stats, lns, 'Errors in LCP echo requests received', { unit: 'packets' }),
  field('lcp_rx_echo_rep_error', [], ['lcp-rx-echo-rep-error'], 'u64', 'counter', none, lns, 'Errors in LCP echo replies received', { unit: 'packets' }),
];

/** Position of each field in `fields`. */
export const fieldIndex: ReadonlyMap<string, number> = new Map(fields.map((f, index) => [f.name, index]));

/** @throws when no field has that name: a mistake in the program, never in its input. */
export function indexOfField(name: string): number {
  const index = fieldIndex.get(name);
  if (index === undefined) throw new Error(`no field is named ${name}`);
  return index;
}

export const counterFields: readonly Field[] = fields.filter((f) => f.role === 'counter');
