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
  const withBounds = (query: string, options: QueryOptions = {}): QueryOptions => ({
    ...options,
    settings: { ...options.settings, additional_table_filters: filtersOf(query, condition) },
  });
  return {
    rows: (query, options) => client.rows(query, withBounds(query, options)),
    blocks: (query, options) => client.blocks(query, withBounds(query, options)),
    native: (query, options) => client.native(query, withBounds(query, options)),
  };
}

/**
 * Filters of the tables that a query names. They travel in the address of the request, which takes a megabyte: a filter for each table
 * that there is would be too much for a role of a thousand routers.
 */
function filtersOf(query: string, condition: string): string {
  const named = new Set(query.match(/\w+/g));
  const filters = boundTables
    .filter((table) => named.has(table))
    .map((table) => `${quoted(table)}: ${quoted(condition)}`);
  return `{${filters.join(', ')}}`;
}
