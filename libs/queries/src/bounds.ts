/** What a person may see, put on every table that a question reads: no question can forget it. */
import type { QueryClient, QueryOptions } from './client.ts';

/** Tables with a column `router`; a test compares them with the schema. */
export const boundTables: readonly string[] = [
  'anomalies',
  'connect_speeds',
  'counter_deltas',
  'dead_letters',
  'deltas',
  'router_events',
  'routers',
  'session_ends',
  'session_history',
  'session_prints',
  'sessions_by_address',
  'sessions_by_user',
  'snapshots',
  'traffic_by_peer_hour',
  'traffic_by_snapshot',
  'traffic_by_user_hour',
];

/** Text of a ClickHouse string literal. */
const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

/**
 * A client whose every question sees only these routers. The server applies the condition to each table that a query names
 * (`additional_table_filters`), in subqueries and joins too. No routers: nothing is seen.
 */
export function boundTo(client: QueryClient, routers: readonly string[]): QueryClient {
  const condition = routers.length === 0 ? '0' : `router IN (${routers.map(quoted).join(', ')})`;
  const filters = `{${boundTables.map((table) => `${quoted(table)}: ${quoted(condition)}`).join(', ')}}`;
  const withBounds = (options: QueryOptions = {}): QueryOptions => ({
    ...options,
    settings: { ...options.settings, additional_table_filters: filters },
  });
  return {
    rows: (query, options) => client.rows(query, withBounds(options)),
    blocks: (query, options) => client.blocks(query, withBounds(options)),
    native: (query, options) => client.native(query, withBounds(options)),
  };
}
