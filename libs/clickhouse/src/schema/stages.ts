/**
 * Views between the inbox and the stored tables. Each view that is asked costs the engine the analysis of the table that it reads, at every
 * insert, and the inbox has 600 columns and subcolumns; but a view whose table got no row is not asked. So images are taken
 * out of their tuples once, for the history and for the lookups that follow from it; and what is rare is looked for only where an
 * event holds any of it.
 */
import { baseViews, fenced, inbox, parts } from './inbox.ts';
import { grouping } from './tables.ts';
import type { Column, Table, View } from './table.ts';

const history = grouping.find((t) => t.name === 'session_history') as Table;
const inboxColumn = (name: string): Column => inbox.columns.find((c) => c.name === name) as Column;

const historyRows: Table = {
  name: 'history_rows',
  comment: 'Rows of session_history on their way; keeps nothing, its views fan them out',
  engine: 'Null',
  columns: history.columns,
};

const rare = ['counters_rounded', 'prints', 'anomalies', 'router_events', 'layouts'];
const inboxRare: Table = {
  name: 'inbox_rare',
  comment: 'Events that hold what most do not; keeps nothing, its views fan it out',
  engine: 'Null',
  columns: [...parts.headColumns, 'ledger', ...rare].map(inboxColumn),
};

/** They keep nothing. */
export const stages: readonly Table[] = [historyRows, inboxRare];

const toHistoryRows: View = {
  ...viewNamed('to_session_history'),
  name: 'to_history_rows',
  to: historyRows.name,
};
const toHistory: View = {
  name: 'to_session_history',
  to: history.name,
  comment: 'Images of all kinds',
  select: `SELECT *\nFROM ${historyRows.name}`,
};
const toRare: View = {
  name: 'to_inbox_rare',
  to: inboxRare.name,
  comment: 'Events that hold what most do not',
  select: `SELECT
  ${inboxRare.columns.map((c) => c.name).join(', ')}
FROM ${fenced.name}
WHERE ${[...rare.map((name) => `notEmpty(${name})`), "has(ledger.outcome, 'dead_letter')"].join(' OR ')}`,
};

function viewNamed(name: string): View {
  return baseViews.find((v) => v.name === name) as View;
}

const rareViews = [
  'to_counter_deltas_rounded',
  'to_session_prints',
  'to_dead_letters',
  'to_anomalies',
  'to_router_events',
  'to_layouts',
].map((name): View => {
  const view = viewNamed(name);
  return { ...view, select: view.select.replace(`FROM ${fenced.name} AS`, `FROM ${inboxRare.name} AS`) };
});

const keys = [
  'router',
  'gop',
  'at',
  'captured_at',
  'seq',
  'tunnel_local_id',
  'session_local_id',
  'create_time',
  'created_at',
];

function lookup(to: string, comment: string, columns: readonly string[], where: string): View {
  const select = [...keys, ...columns, 'kafka_partition', 'kafka_offset'].join(',\n  ');
  return {
    name: `to_${to}`,
    to,
    comment,
    select: `SELECT\n  ${select}\nFROM ${historyRows.name} AS h\nWHERE ${where}`,
  };
}

/** Opened rows always count, changed ones when one of these moved. */
function moved(names: readonly string[]): string {
  const list = names.map((n) => `'${n}'`).join(', ');
  return `(kind = 'opened' OR (kind = 'changed' AND hasAny(changed, [${list}])))`;
}

const speeds = [
  'tx_speed',
  'tx_speed_initial',
  'tx_speed_source',
  'rx_speed',
  'rx_speed_initial',
  'rx_speed_source',
];

const lookups: readonly View[] = [
  lookup(
    'session_ends',
    'Ends with reason and lifetime',
    [
      'last_seen_at',
      'reason',
      "dateDiff('millisecond', created_at, last_seen_at) / 1000 AS lifetime_s",
      "dateDiff('millisecond', last_seen_at, at) / 1000 AS uncertainty_s",
      'state',
      'user_name',
      'remote_name',
      'remote_ip',
      'interface_name',
      'tunnel_interface_name',
      'tunnel_group_name',
    ],
    "kind = 'closed'",
  ),
  lookup(
    'connect_speeds',
    'Speeds at the opening and at each change',
    ["if(kind = 'opened', 'opened', h.reason) AS reason", ...speeds, 'user_name', 'remote_name', 'remote_ip'],
    `${moved(speeds)} AND (tx_speed IS NOT NULL OR rx_speed IS NOT NULL)`,
  ),
  lookup(
    'sessions_by_user',
    'User names of opened sessions, and where one became known or changed',
    ['user_name'],
    `${moved(['user_name'])} AND user_name != ''`,
  ),
  lookup(
    'sessions_by_address',
    'Assigned addresses of opened sessions, and where one became known or changed',
    ['assumeNotNull(toIPv6OrNull(peer_ip)) AS address', 'peer_prefix_length AS prefix_length'],
    `${moved(['peer_ip', 'peer_prefix_length'])} AND toIPv6OrNull(peer_ip) IS NOT NULL`,
  ),
];

/** In place of the views of the same names before. */
export const stagedViews: readonly View[] = [toHistoryRows, toHistory, ...lookups, toRare, ...rareViews];
