/** What the loader asks ClickHouse beside its inserts. */
import type { Store } from '@sessionreel/clickhouse';

/** When the newest capture was taken (ms), by the ledger; undefined when there is none. */
export async function newestCapture(store: Store): Promise<number | undefined> {
  const rows = await store.rows<{ n: string; newest: string }>(
    'SELECT count() AS n, toUnixTimestamp64Milli(max(at)) AS newest FROM snapshots',
  );
  const row = rows[0];
  return row === undefined || row.n === '0' ? undefined : Number(row.newest);
}

/** Highest offset of a partition of the events; undefined when there is none. */
export async function newestOffset(store: Store, partition: number): Promise<number | undefined> {
  const rows = await store.rows<{ n: string; newest: string }>(
    'SELECT count() AS n, max(kafka_offset) AS newest FROM deltas WHERE kafka_partition = {partition:UInt16}',
    { params: { partition } },
  );
  const row = rows[0];
  return row === undefined || row.n === '0' ? undefined : Number(row.newest);
}
