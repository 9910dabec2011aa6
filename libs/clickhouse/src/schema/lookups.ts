/** Views into rollups and lookups. They read single subcolumns of the arrays, never whole images: that is what keeps them cheap. */
import { counterFields } from '@sessionreel/session-model';
import { parts } from './inbox.ts';
import type { View } from './table.ts';

const { head, seqOf, position, view, local } = parts;
const both = (name: string): string => `arraySum(d.counters.${name}) + arraySum(d.counters_rounded.${name})`;
const intervals = 'arrayConcat(d.counters.interval_s, d.counters_rounded.interval_s)';

const traffic = view(
  'traffic_by_snapshot',
  'Sums of each event',
  [
    head,
    seqOf(5),
    `arrayReduce('quantileExact', ${intervals}) AS interval_s`,
    `arrayMax(${intervals}) AS interval_s_max`,
    'length(d.counters) + length(d.counters_rounded) AS sessions',
    "countEqual(d.counters.kind, 'epoch') + countEqual(d.counters_rounded.kind, 'epoch') AS lower_bounds",
    'length(d.counters_rounded) AS rounded',
    ...counterFields.map((f) => `${both(f.name)} AS ${f.name}`),
    ...counterFields
      .filter((f) => f.name.startsWith('data_'))
      .map((f) => `arraySum(d.counters_rounded.${f.name}_error) AS ${f.name}_error`),
    position,
  ],
  'WHERE notEmpty(d.counters) OR notEmpty(d.counters_rounded)',
);

const keys = (source: string): string[] =>
  ['tunnel_local_id', 'session_local_id', 'create_time', 'created_at'].map(
    (n) => `d.${source}.${n} AS ${n}_`,
  );
const keyColumns = [
  'tunnel_local_id_ AS tunnel_local_id',
  'session_local_id_ AS session_local_id',
  local('create_time_', 'create_time'),
  'created_at_ AS created_at',
];

const endNames = [
  'state',
  'user_name',
  'remote_name',
  'remote_ip',
  'interface_name',
  'tunnel_interface_name',
  'tunnel_group_name',
];
const ends = view(
  'session_ends',
  'Ends with reason and lifetime',
  [
    head,
    'last_seen_at_ AS last_seen_at',
    seqOf(0),
    ...keyColumns,
    'reason_ AS reason',
    "dateDiff('millisecond', created_at_, last_seen_at_) / 1000 AS lifetime_s",
    "dateDiff('millisecond', last_seen_at_, d.at) / 1000 AS uncertainty_s",
    ...endNames.map((n) => `${n}_ AS ${n}`),
    position,
  ],
  `ARRAY JOIN ${[...keys('closed'), ...['last_seen_at', 'reason', ...endNames].map((n) => `d.closed.${n} AS ${n}_`)].join(', ')}`,
);

/** Subcolumns of opened and changed in one array each: opened rows always count, changed ones when one of `names` moved. */
function seen(columns: readonly string[], names: readonly string[]): string {
  const joined = ['tunnel_local_id', 'session_local_id', 'create_time', 'created_at', ...columns].map(
    (n) => `arrayConcat(d.opened.${n}, d.changed.${n}) AS ${n}_`,
  );
  const moved = `hasAny(x, [${names.map((n) => `'${n}'`).join(', ')}])`;
  return `ARRAY JOIN ${[
    ...joined,
    'arrayConcat(arrayWithConstant(length(d.opened), toUInt8(1)), arrayWithConstant(length(d.changed), toUInt8(2))) AS kind_',
    `arrayConcat(arrayWithConstant(length(d.opened), true), arrayMap(x -> ${moved}, d.changed.changed)) AS moved_`,
  ].join(', ')}`;
}

const speedNames = [
  'tx_speed',
  'tx_speed_initial',
  'tx_speed_source',
  'rx_speed',
  'rx_speed_initial',
  'rx_speed_source',
];
const speeds = view(
  'connect_speeds',
  'Speeds at the opening and at each change',
  [
    head,
    seqOf('kind_'),
    ...keyColumns,
    "if(kind_ = 1, 'opened', reason_) AS reason",
    ...[...speedNames, 'user_name', 'remote_name', 'remote_ip'].map((n) => `${n}_ AS ${n}`),
    position,
  ],
  `${seen(['reason', ...speedNames, 'user_name', 'remote_name', 'remote_ip'], speedNames)}
WHERE moved_ AND (tx_speed_ IS NOT NULL OR rx_speed_ IS NOT NULL)`,
);

const users = view(
  'sessions_by_user',
  'User names of opened sessions, and where one became known or changed',
  ['user_name_ AS user_name', head, seqOf('kind_'), ...keyColumns, position],
  `${seen(['user_name'], ['user_name'])}\nWHERE moved_ AND user_name_ != ''`,
);
const addresses = view(
  'sessions_by_address',
  'Assigned addresses of opened sessions, and where one became known or changed',
  [
    'assumeNotNull(toIPv6OrNull(peer_ip_)) AS address',
    'peer_prefix_length_ AS prefix_length',
    head,
    seqOf('kind_'),
    ...keyColumns,
    position,
  ],
  `${seen(['peer_ip', 'peer_prefix_length'], ['peer_ip', 'peer_prefix_length'])}\nWHERE moved_ AND toIPv6OrNull(peer_ip_) IS NOT NULL`,
);

export const lookupViews: readonly View[] = [traffic, ends, speeds, users, addresses];
