/**
 * The text layouts of the CLI reference's sample outputs, as the simulator prints them: which fields stand on which line. A
 * line none of whose fields is known is not printed, and a field that is not known is left out of its line.
 */
import type { Level } from '@sessionreel/session-model';

/**
 * Who prints. `lns-m` is an LNS on M Series, `lns-mx` one on MX. A LAC on MX with service-profile speeds prints what a LAC
 * prints, its speed sources included: the record says so, not the layout.
 */
export type PrintVariant = 'lns-m' | 'lns-mx' | 'lac';

export interface Part {
  readonly label: string;
  readonly field: string;
  /** Numbers are right-aligned in so many columns. */
  readonly width?: number;
}

export interface Line {
  /** For a quirk of one line, such as an indent by no-break spaces. */
  readonly name: string;
  readonly indent: string;
  readonly parts: readonly Part[];
}

export interface CounterLine {
  readonly label: string;
  readonly packets: string;
  readonly bytes?: string;
}

export interface BlockLayout {
  readonly kind: 'block';
  readonly lines: readonly Line[];
  readonly counters: readonly CounterLine[];
}

export interface TableLayout {
  readonly kind: 'table';
  readonly heading: string;
  readonly fields: readonly string[];
}

export type Layout = BlockLayout | TableLayout;

const indent = '    ';
const part = (label: string, field: string, width?: number): Part =>
  width === undefined ? { label, field } : { label, field, width };
const line = (name: string, ...parts: Part[]): Line => ({ name, indent, parts });

const addresses = line('addresses', part('Local IP', 'local_ip'), part('Remote IP', 'remote_ip'));
const names = line('names', part('Local name', 'local_name'), part('Remote name', 'remote_name'));
const types = line('types', part('Bearer type', 'bearer_type'), part('Framing type', 'framing_type'));
const policer = line(
  'policer',
  part('Policer bandwidth', 'policer_bandwidth'),
  part('Policer burst size', 'policer_burstsize'),
);
const overheads = line(
  'overheads',
  part('Session encapsulation overhead', 'encapsulation_overhead'),
  part('Session cell overhead', 'cell_overhead'),
);
const created = line('created', part('Create time', 'create_time'), part('Up time', 'up_time_s'));
const idle = line('idle', part('Idle time', 'idle_time_s'));
const since = line('since', part('Statistics since', 'statistics_since'));
const negotiated = [part('LCP renegotiation', 'lcp_renegotiation'), part('Authentication', 'authentication')];
const unit = part('Interface unit', 'interface_unit');
const serial = part('Call serial number', 'call_serial_number');
const txSpeed = part('Tx speed', 'tx_speed');
const rxSpeed = part('Rx speed', 'rx_speed');

function ids(remoteWidth: number | undefined, ...more: Part[]): Line {
  const parts = [
    part('Session local ID', 'session_local_id'),
    part('Session remote ID', 'session_remote_id', remoteWidth),
    ...more,
  ];
  return { name: 'ids', indent: '  ', parts };
}

const counterLines: readonly CounterLine[] = [
  { label: 'Control Tx', packets: 'control_tx_packets', bytes: 'control_tx_bytes' },
  { label: 'Control Rx', packets: 'control_rx_packets', bytes: 'control_rx_bytes' },
  { label: 'Data Tx', packets: 'data_tx_packets', bytes: 'data_tx_bytes' },
  { label: 'Data Rx', packets: 'data_rx_packets', bytes: 'data_rx_bytes' },
  { label: 'Errors Tx', packets: 'error_tx_packets' },
  { label: 'Errors Rx', packets: 'error_rx_packets' },
  { label: 'LCP echo req Tx', packets: 'lcp_echo_req_tx_packets' },
  { label: 'LCP echo req Rx', packets: 'lcp_echo_req_rx_packets' },
  { label: 'LCP echo rep Tx', packets: 'lcp_echo_rep_tx_packets' },
  { label: 'LCP echo rep Rx', packets: 'lcp_echo_rep_rx_packets' },
  { label: 'LCP echo Req timout', packets: 'lcp_echo_req_timeout' },
  { label: 'LCP echo Req error', packets: 'lcp_rx_echo_req_error' },
  { label: 'LCP echo Rep error', packets: 'lcp_tx_echo_rep_error' },
];

const lacExtensive: readonly Line[] = [
  ids(5),
  line('unit', unit),
  line('state', part('State', 'state'), part('Mode', 'mode')),
  addresses,
  names,
  line('speeds', txSpeed, rxSpeed),
  types,
  line('negotiated', ...negotiated, part('Interface ID', 'interface_id')),
  line('serial', unit, serial),
  policer,
  line(
    'exclude',
    part('Policer exclude bandwidth', 'policer_exclude_bandwidth'),
    part('Firewall filter', 'firewall_filter'),
  ),
  overheads,
  created,
  idle,
];

const lnsM: readonly Line[] = [
  ids(5),
  line('state', part('State', 'state'), part('Bundle ID', 'bundle_id'), part('Mode', 'mode')),
  addresses,
  line('user', part('Username', 'user_name'), part('Assigned IP address', 'peer_ip')),
  names,
  line('mru', part('Local MRU', 'local_mru'), part('Remote MRU', 'remote_mru'), txSpeed, rxSpeed),
  types,
  line('negotiated', ...negotiated, part('Interface ID', 'interface_id')),
  line('serial', unit, serial),
  policer,
  line('filter', part('Firewall filter', 'firewall_filter')),
  overheads,
  created,
  idle,
  since,
];

const lnsMx: readonly Line[] = [
  ids(undefined),
  line('unit', unit),
  line('state', part('State', 'state')),
  line('interface', part('Interface', 'interface_name')),
  line('mode', part('Mode', 'mode')),
  addresses,
  names,
  line('tx', txSpeed),
  line('rx', rxSpeed),
  types,
  line('negotiated', ...negotiated),
  line('serial', serial),
  created,
  idle,
  since,
];

const mxTable = [
  '  Local  Remote   State                Interface         Interface',
  '  ID     ID                            unit              Name',
  '',
].join('\n');

const tableFields = ['session_local_id', 'session_remote_id', 'state', 'interface_unit'];

const layouts: Readonly<Record<PrintVariant, Partial<Record<Level, Layout>>>> = {
  'lns-m': {
    brief: {
      kind: 'table',
      heading: '  Local Remote Interface State               Bundle Username\n  ID    ID     unit\n',
      fields: [...tableFields, 'bundle_id', 'user_name'],
    },
    extensive: { kind: 'block', lines: lnsM, counters: counterLines },
  },
  'lns-mx': {
    brief: { kind: 'table', heading: mxTable, fields: [...tableFields, 'interface_name'] },
    extensive: { kind: 'block', lines: lnsMx, counters: counterLines },
    statistics: {
      kind: 'block',
      lines: [
        { ...ids(undefined, unit), indent: '' },
        { name: 'state', indent: '', parts: [part('State', 'state')] },
        { ...since, indent: '' },
      ],
      counters: counterLines.slice(2, 4),
    },
  },
  lac: {
    brief: { kind: 'table', heading: mxTable, fields: [...tableFields, 'interface_name'] },
    detail: {
      kind: 'block',
      lines: [
        ids(5, unit),
        line('state', part('State', 'state'), part('Interface', 'interface_name'), part('Mode', 'mode')),
        addresses,
        names,
      ],
      counters: [],
    },
    extensive: { kind: 'block', lines: lacExtensive, counters: [] },
  },
};

/** @throws when the reference has no text of that variant and level: no router is known to print it. */
export function layoutOf(variant: PrintVariant, level: Level): Layout {
  const layout = layouts[variant][level];
  if (layout === undefined) throw new Error(`no text of ${variant} on level ${level} is known`);
  return layout;
}

/** Levels whose text is known. */
export function levelsOf(variant: PrintVariant): readonly Level[] {
  return Object.keys(layouts[variant]) as Level[];
}

const fieldsByLayout = new Map<Layout, ReadonlySet<string>>();

/** Names of the fields that a layout's sessions can print (without those that share another field's value). */
export function fieldsOf(layout: Layout): ReadonlySet<string> {
  let known = fieldsByLayout.get(layout);
  if (known === undefined) {
    const printed =
      layout.kind === 'table'
        ? layout.fields
        : [
            ...layout.lines.flatMap((l) => l.parts.map((p) => p.field)),
            ...layout.counters.flatMap((c) => (c.bytes === undefined ? [c.packets] : [c.packets, c.bytes])),
          ];
    known = new Set(printed);
    fieldsByLayout.set(layout, known);
  }
  return known;
}
