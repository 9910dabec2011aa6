/** How long history is kept. Ledger and rollups live on. */
import type { Store } from './client.ts';
import { allTables } from './schema/migrations.ts';

/** Sets or takes away the age at which whole parts of history are dropped; changes nothing that is so already. */
export async function applyRetention(store: Store, days: number | undefined): Promise<void> {
  for (const { name, retentionFrom } of allTables) {
    if (retentionFrom === undefined) continue;
    const wanted = days === undefined ? '' : `toDateTime(${retentionFrom}) + toIntervalDay(${days})`;
    const rows = await store.rows<{ sql: string }>(
      'SELECT create_table_query AS sql FROM system.tables WHERE database = currentDatabase() AND name = {name:String}',
      { params: { name } },
    );
    const found = /\bTTL (toDateTime\(\w+\) \+ toIntervalDay\(\d+\))/.exec(rows[0]?.sql ?? '')?.[1] ?? '';
    if (found === wanted) continue;
    await store.command(
      wanted === '' ? `ALTER TABLE ${name} REMOVE TTL` : `ALTER TABLE ${name} MODIFY TTL ${wanted}`,
      // What is too old goes with the next merges, not in one rewrite of everything.
      { settings: { materialize_ttl_after_modify: 0 } },
    );
  }
}
