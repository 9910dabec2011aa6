/** Tables beside history: rollups that can be healed or rebuilt, lookups, and what the loader keeps for itself. */
import { counterFields } from '@sessionreel/session-model';
import { column, general, type Column, type Table } from './table.ts';
import { common, describe } from './tables.ts';
import { utcMs, word } from './types.ts';

const { router, gop, at, capturedAt, tunnel, session, createTime, createdAt, seq, kafka, byMonth } = common;
const rate = (name: string, what: string): Column => column(name, 'Nullable(UInt64)', `${what} (bit/s)`);

const trafficBySnapshot: Table = {
  name: 'traffic_by_snapshot',
  comment:
    'Traffic of a router in each event: one row for each, so that it can be healed; spread over the interval when asked for',
  engine: 'MergeTree',
  ...byMonth,
  orderBy: '(router, at, seq)',
  columns: [
    router,
    at,
    gop,
    capturedAt,
    seq,
    column('interval_s', 'Float64', 'Median of the intervals of its sessions (s)', general),
    column('interval_s_max', 'Float64', 'Longest of them (s)', general),
    column('sessions', 'UInt64', 'Sessions with deltas (sessions)'),
    column(
      'lower_bounds',
      'UInt64',
      'Sessions whose delta is a lower bound, because their counters were cleared (sessions)',
    ),
    column('rounded', 'UInt64', 'Sessions with values that were printed rounded (sessions)'),
    ...counterFields.map((f) => column(f.name, 'UInt64', describe(f, `${f.doc}, all sessions`))),
    ...counterFields
      .filter((f) => f.name.startsWith('data_'))
      .map((f) =>
        column(`${f.name}_error`, 'UInt64', describe(f, `Sum of the half-widths of ${f.name}; 0 when exact`)),
      ),
    ...kafka,
  ],
};

const hour = column('hour', "DateTime('UTC')", 'Begin of the hour (UTC)');
const hourly: readonly Column[] = [
  column('sessions', 'UInt64', 'Sessions with deltas (sessions)'),
  ...counterFields
    .filter((f) => f.name.startsWith('data_'))
    .flatMap((f) => [
      column(f.name, 'UInt64', describe(f, f.doc)),
      column(`${f.name}_error`, 'UInt64', describe(f, `Half-width of ${f.name}; 0 when exact`)),
    ]),
  column('error_tx_packets', 'UInt64', 'Errors when sending (packets)'),
  column('error_rx_packets', 'UInt64', 'Errors when receiving (packets)'),
  column('lcp_echo_req_timeout', 'UInt64', 'LCP echo requests that timed out (packets)'),
  column('built_at', utcMs, 'When the row was built from counter_deltas; the newest counts (UTC)'),
];

const trafficByUserHour: Table = {
  name: 'traffic_by_user_hour',
  comment: 'Traffic by user and hour, rebuilt whole for an hour of a router; read with FINAL',
  engine: 'ReplacingMergeTree(built_at)',
  partitionBy: 'toYYYYMM(hour)',
  orderBy: '(hour, user_name, router)',
  shardBy: 'cityHash64(router)',
  columns: [
    hour,
    column('user_name', 'String', "Subscriber's name; empty where the router does not print it"),
    column('realm', word, 'The part of user_name after the last @; empty when there is none'),
    router,
    ...hourly,
  ],
};

const trafficByPeerHour: Table = {
  name: 'traffic_by_peer_hour',
  comment: 'Traffic by peer gateway and hour, rebuilt whole for an hour of a router; read with FINAL',
  engine: 'ReplacingMergeTree(built_at)',
  partitionBy: 'toYYYYMM(hour)',
  orderBy: '(hour, peer_gateway, router)',
  shardBy: 'cityHash64(router)',
  columns: [
    hour,
    column('peer_gateway', word, 'Remote name of the tunnel, else its remote address'),
    router,
    ...hourly,
  ],
};

const rollupProgress: Table = {
  name: 'rollup_progress',
  comment: 'Up to which event of the log the hourly rollups are built',
  engine: 'ReplacingMergeTree(built_at)',
  orderBy: 'kafka_partition',
  shardBy: 'kafka_partition',
  columns: [
    column('kafka_partition', 'UInt16', 'Partition of l2tp.events'),
    column('kafka_offset', 'UInt64', 'Hours touched by events before this offset are built'),
    column('built_at', utcMs, 'When (UTC)'),
  ],
};

const attributes: readonly Column[] = [
  column('state', word, 'Last state, in lower case'),
  column('user_name', 'String', 'Name that the subscriber gave; empty where not printed'),
  column('remote_name', word, "The peer's tunnel name"),
  column('remote_ip', word, "The peer's address"),
  column('interface_name', word, 'Service interface of the session'),
  column('tunnel_interface_name', word, "Service interface of the tunnel's header"),
  column('tunnel_group_name', word, 'Tunnel group'),
];

const sessionEnds: Table = {
  name: 'session_ends',
  comment: 'Every end of a session, with its reason and how long it lived',
  engine: 'MergeTree',
  ...byMonth,
  orderBy: '(router, at, tunnel_local_id, session_local_id, seq)',
  columns: [
    router,
    at,
    gop,
    capturedAt,
    column('last_seen_at', utcMs, 'When a snapshot last showed it; the end lies between this and at (UTC)'),
    seq,
    tunnel,
    session,
    createTime,
    createdAt,
    column('reason', word, 'gone, destroyed or replaced'),
    column(
      'lifetime_s',
      'Nullable(Float64)',
      'From the create time to the last sight, a lower bound; NULL when the create time is unknown (s)',
      general,
    ),
    column(
      'uncertainty_s',
      'Float64',
      'From the last sight to at: how much longer it may have lived (s)',
      general,
    ),
    ...attributes,
    ...kafka,
  ],
};

const connectSpeeds: Table = {
  name: 'connect_speeds',
  comment: 'Connect speeds of each session when it opened and whenever they changed',
  engine: 'MergeTree',
  ...byMonth,
  orderBy: '(router, tunnel_local_id, session_local_id, at, seq)',
  columns: [
    router,
    at,
    gop,
    capturedAt,
    seq,
    tunnel,
    session,
    createTime,
    createdAt,
    column('reason', word, 'opened, or the reason of the change'),
    rate('tx_speed', 'Current speed towards the subscriber'),
    rate('tx_speed_initial', 'Initial speed towards the subscriber'),
    column('tx_speed_source', word, 'Where tx_speed comes from'),
    rate('rx_speed', 'Current speed from the subscriber'),
    rate('rx_speed_initial', 'Initial speed from the subscriber'),
    column('rx_speed_source', word, 'Where rx_speed comes from'),
    column('user_name', 'String', 'Name that the subscriber gave; empty where not printed'),
    column('remote_name', word, "The peer's tunnel name"),
    column('remote_ip', word, "The peer's address"),
    ...kafka,
  ],
};

const lookupColumns: readonly Column[] = [
  router,
  at,
  gop,
  capturedAt,
  seq,
  tunnel,
  session,
  createTime,
  createdAt,
  ...kafka,
];
const sessionsByUser: Table = {
  name: 'sessions_by_user',
  comment: 'Where a user name was seen: the way from a subscriber to the sessions in session_history',
  engine: 'MergeTree',
  ...byMonth,
  orderBy: '(user_name, at, router)',
  columns: [column('user_name', 'String', 'Name that the subscriber gave, as printed'), ...lookupColumns],
};
const sessionsByAddress: Table = {
  name: 'sessions_by_address',
  comment: 'Where an assigned address was seen: the way from an address to the sessions in session_history',
  engine: 'MergeTree',
  ...byMonth,
  orderBy: '(address, at, router)',
  columns: [
    column('address', 'IPv6', 'Assigned address; IPv4 mapped into IPv6', general),
    column('prefix_length', 'Nullable(UInt8)', 'Prefix length as printed, within its family (bits)'),
    ...lookupColumns,
  ],
};

const loaderFence: Table = {
  name: 'loader_fence',
  comment: 'Newest epoch of the loader of each partition: rows of an older one are not let in',
  engine: 'MergeTree',
  orderBy: '(partition, epoch)',
  columns: [
    column('partition', 'UInt16', 'Partition of l2tp.events'),
    column('epoch', 'UInt64', 'Epoch of the loader that holds it'),
    column('taken_at', utcMs, 'When (UTC)'),
    column('taken_by', 'String', 'Which loader'),
  ],
};

const loaderProgress: Table = {
  name: 'loader_progress',
  comment:
    'How far each partition is in every table: an insert reaches its tables one after another; read the maximum',
  engine: 'ReplacingMergeTree(kafka_offset)',
  orderBy: 'kafka_partition',
  shardBy: 'kafka_partition',
  columns: [
    column('kafka_partition', 'UInt16', 'Partition of l2tp.events'),
    column('kafka_offset', 'UInt64', 'Every event up to this one can be queried whole'),
    column('loaded_at', utcMs, 'When the loader had proof of it (UTC)'),
  ],
};

const loaderBoots: Table = {
  name: 'loader_boots',
  comment: 'Gone after a restart of the server: by that a loader sees that tokens no longer protect it',
  engine: 'Memory',
  columns: [column('boot', 'String', 'Random name that a loader left')],
};

const limit = (name: string, what: string): Column =>
  column(name, 'Nullable(UInt32)', `${what}; NULL: the default applies (sessions)`);
const routers: Table = {
  name: 'routers',
  comment: 'Copy of the fleet file: what no output prints; read with FINAL',
  engine: 'ReplacingMergeTree(loaded_at)',
  orderBy: 'router',
  shardBy: 'cityHash64(router)',
  columns: [
    router,
    column('time_zone', word, 'IANA name of the time zone of its clock'),
    column('release', word, 'Junos release'),
    column('site', word, 'Where it stands'),
    column('role', word, 'lac, lns or empty when unknown'),
    column('platform', word, 'Model'),
    limit('max_sessions_chassis', 'Most sessions of the chassis'),
    limit('max_sessions_interface', 'Most sessions of a service interface'),
    limit('max_sessions_tunnel', 'Most sessions of a tunnel'),
    column('peers', 'Array(String)', 'Routers that can take over its tunnels'),
    column('removed', 'Bool', 'No longer in the fleet file'),
    column('loaded_at', utcMs, 'When the file was read (UTC)'),
  ],
};

export const rollupTables: readonly Table[] = [
  trafficBySnapshot,
  trafficByUserHour,
  trafficByPeerHour,
  rollupProgress,
  sessionEnds,
  connectSpeeds,
  sessionsByUser,
  sessionsByAddress,
];
export const ownTables: readonly Table[] = [loaderFence, loaderBoots, loaderProgress, routers];
