/** Inserting events, proving that they arrived, and healing what may have arrived in part. */
import { randomUUID } from 'node:crypto';
import type { Store } from './client.ts';
import { StoreError } from './errors.ts';
import { rollUpFrom } from './rollup.ts';
import { localName } from './schema/cluster.ts';
import { allTables } from './schema/migrations.ts';

/** Offsets of one partition of `l2tp.events`, both inclusive; `messages` of them carry deltas (the rest are checkpoints or markers). */
export interface OffsetRange {
  readonly partition: number;
  readonly first: number;
  readonly last: number;
  readonly messages: number;
}

export interface InboxInsert {
  /** An Avro object container file of the inbox's records. */
  readonly ocf: Uint8Array;
  readonly ranges: readonly OffsetRange[];
  /** That its records carry. */
  readonly epoch: number;
  /** The same for every retry of the same bytes while the server keeps running; a new one after a heal. */
  readonly token: string;
  readonly queryId: string;
  readonly signal?: AbortSignal;
}

/** Rows of an older epoch were dropped: another loader has the partition. */
export class FencedError extends Error {
  override readonly name = 'FencedError';
  readonly partitions: readonly number[];
  constructor(partitions: readonly number[]) {
    super(`another loader has taken partition ${partitions.join(', ')} of l2tp.events`);
    this.partitions = partitions;
  }
}

/**
 * One insert, checked: afterwards every message of every range stands in `deltas`, or it throws. An answer alone is no proof: rows
 * behind a fence are dropped without a word, and so are those of a repeated token.
 * @throws StoreError, FencedError
 */
export async function insertInbox(store: Store, insert: InboxInsert): Promise<void> {
  await store.insertBytes('INSERT INTO inbox FORMAT Avro', insert.ocf, {
    queryId: insert.queryId,
    signal: insert.signal,
    settings: {
      insert_deduplicate: 1,
      insert_deduplication_token: insert.token,
      deduplicate_blocks_in_dependent_materialized_views: 1,
      // Views in one thread and in order: an insert of a few rows must not cost two threads for each of them.
      parallel_view_processing: 0,
      async_insert: 0,
    },
  });
  const found = await arrived(store, insert.ranges);
  const short = insert.ranges.filter((r) => (found.get(r.partition) ?? 0) < r.messages);
  if (short.length === 0) {
    const doubled = insert.ranges.filter((r) => (found.get(r.partition) ?? 0) > r.messages);
    if (doubled.length === 0) {
      await markLoaded(store, insert.ranges);
      return;
    }
    throw new StoreError('incomplete', `twice in ClickHouse: ${doubled.map(rangeText).join(', ')}`);
  }
  const fenced = await fencedOff(store, insert, short);
  if (fenced.length > 0) throw new FencedError(fenced);
  throw new StoreError(
    'incomplete',
    `the insert was answered, but not all of it arrived: ${short
      .map((r) => `${rangeText(r)}: ${String(found.get(r.partition) ?? 0)} of ${String(r.messages)}`)
      .join(', ')}`,
  );
}

/** Says for readers that the ranges are whole: the tables of an insert become visible one by one. */
async function markLoaded(store: Store, ranges: readonly OffsetRange[]): Promise<void> {
  const loadedAt = new Date().toISOString().slice(0, 23).replace('T', ' ');
  await store.insert(
    'loader_progress',
    ranges.map((r) => ({ kafka_partition: r.partition, kafka_offset: r.last, loaded_at: loadedAt })),
    { settings: { insert_deduplicate: 0 } },
  );
}

const rangeText = (r: OffsetRange): string => `partition ${r.partition} offsets ${r.first} to ${r.last}`;

/** How many events of each range's partition stand in ClickHouse. */
export async function arrived(store: Store, ranges: readonly OffsetRange[]): Promise<Map<number, number>> {
  const params: Record<string, number> = {};
  const conditions = ranges.map((r, i) => {
    params[`p${i}`] = r.partition;
    params[`a${i}`] = r.first;
    params[`b${i}`] = r.last;
    return `(kafka_partition = {p${i}:UInt16} AND kafka_offset BETWEEN {a${i}:UInt64} AND {b${i}:UInt64})`;
  });
  const rows = await store.rows<{ partition: number; n: string }>(
    `SELECT kafka_partition AS partition, count() AS n FROM deltas WHERE ${conditions.join(' OR ')} GROUP BY kafka_partition`,
    { params },
  );
  return new Map(rows.map((r) => [r.partition, Number(r.n)]));
}

async function fencedOff(
  store: Store,
  insert: InboxInsert,
  short: readonly OffsetRange[],
): Promise<number[]> {
  const epochs = await currentEpochs(
    store,
    short.map((r) => r.partition),
  );
  return short.map((r) => r.partition).filter((p) => (epochs.get(p) ?? 0) > insert.epoch);
}

/** Unique for an attempt at these ranges. */
export function tokenOf(epoch: number, ranges: readonly OffsetRange[], attempt: number): string {
  return `${epoch}:${attempt}:${ranges.map((r) => `${r.partition}/${r.first}-${r.last}`).join(',')}`;
}

/** Newest epoch of each partition that has one. */
export async function currentEpochs(
  store: Store,
  partitions: readonly number[],
): Promise<Map<number, number>> {
  const rows = await store.rows<{ partition: number; epoch: string }>(
    'SELECT partition, max(epoch) AS epoch FROM loader_fence WHERE partition IN {partitions:Array(UInt16)} GROUP BY partition',
    { params: { partitions } },
  );
  return new Map(rows.map((r) => [r.partition, Number(r.epoch)]));
}

/**
 * Takes partitions: from now on rows of any other loader, and of this one's earlier epochs, are dropped. Gives one epoch for all of
 * them, above every one that was. Two that take at once get different epochs, and the higher one stays.
 */
export async function takeFence(store: Store, partitions: readonly number[], owner: string): Promise<number> {
  for (;;) {
    const rows = await store.rows<{ epoch: string }>('SELECT max(epoch) AS epoch FROM loader_fence');
    const epoch = Number(rows[0]?.epoch ?? 0) + 1 + Math.floor(Math.random() * 1_000);
    const takenAt = new Date().toISOString().slice(0, 23).replace('T', ' ');
    await store.insert(
      'loader_fence',
      partitions.map((partition) => ({ partition, epoch, taken_at: takenAt, taken_by: owner })),
      { settings: { insert_deduplicate: 0 } },
    );
    const holders = await store.rows<{ n: string }>(
      'SELECT uniqExact(taken_by) AS n FROM loader_fence WHERE epoch = {epoch:UInt64}',
      { params: { epoch } },
    );
    if (Number(holders[0]?.n) === 1) return epoch;
  }
}

/** Every stored table whose rows name the event that they came from. */
export const healedTables: readonly string[] = allTables
  .filter((t) => t.engine === 'MergeTree' && t.columns.some((c) => c.name === 'kafka_offset'))
  .map((t) => t.name);

/**
 * Removes a range from every target, whatever part of it arrived, so that it can be inserted again under a new token. Requests
 * that may still be writing are killed first: a delete would not see their rows. Whoever heals must hold the fence: one that was
 * stopped and wakes up would delete what its successor has inserted, so each delete asks again.
 * @param running prefix of the ids of such requests
 * @param epoch of the loader that heals
 * @throws FencedError, StoreError
 */
export async function healRange(
  store: Store,
  range: Pick<OffsetRange, 'partition' | 'first' | 'last'>,
  running: string,
  epoch: number,
): Promise<number> {
  await holdsFence(store, range.partition, epoch);
  await killRunning(store, running);
  const params = { partition: range.partition, first: range.first, last: range.last };
  const held = '(SELECT max(epoch) FROM loader_fence WHERE partition = {partition:UInt16}) = {epoch:UInt64}';
  const where =
    'kafka_partition = {partition:UInt16} AND kafka_offset BETWEEN {first:UInt64} AND {last:UInt64}';
  await setBack(store, range, held, { ...params, epoch });
  let removed = 0;
  for (const table of await tablesHere(store)) {
    const rows = await store.rows<{ n: string }>(`SELECT count() AS n FROM ${table} WHERE ${where}`, {
      params,
    });
    const count = Number(rows[0]?.n);
    if (count === 0) continue;
    removed += count;
    await store.command(`DELETE FROM ${table} WHERE ${where} AND ${held}`, {
      params: { ...params, epoch },
      settings: { ...waited },
    });
  }
  await holdsFence(store, range.partition, epoch);
  return removed;
}

/** Of a cluster, the tables that the rows lie in on this node: nothing can be deleted by way of the Distributed ones over them. */
async function tablesHere(store: Store): Promise<string[]> {
  const local = healedTables.map(localName);
  const rows = await store.rows<{ name: string }>(
    'SELECT name FROM system.tables WHERE database = currentDatabase() AND name IN {local:Array(String)}',
    { params: { local } },
  );
  const found = new Set(rows.map(({ name }) => name));
  return healedTables.map((name) => (found.has(localName(name)) ? localName(name) : name));
}

/**
 * An insert may have been proven and marked, and its offset never committed: until the range stands there again, nobody may take it
 * for loaded, and what was rolled up from it is to be rolled up again.
 */
async function setBack(
  store: Store,
  { partition, first }: Pick<OffsetRange, 'partition' | 'first'>,
  held: string,
  params: Readonly<Record<string, unknown>>,
): Promise<void> {
  const rows = await store.rows<{ n: string }>(
    'SELECT count() AS n FROM loader_progress WHERE kafka_partition = {partition:UInt16} AND kafka_offset >= {first:UInt64}',
    { params: { partition, first } },
  );
  if (Number(rows[0]?.n) === 0) return;
  await store.command(
    `DELETE FROM loader_progress WHERE kafka_partition = {partition:UInt16} AND kafka_offset >= {first:UInt64} AND ${held}`,
    { params, settings: { ...waited } },
  );
  // The rows before may have been merged into those that are gone.
  if (first > 0) await markLoaded(store, [{ partition, first: 0, last: first - 1, messages: 0 }]);
  await rollUpFrom(store, partition, first);
}

const waited = {
  lightweight_deletes_sync: '2',
  mutations_sync: '2',
  // Subqueries are asked once, here: a mutation that is carried out later, or on another replica, must mean the same.
  mutations_execute_subqueries_on_initiator: 1,
} as const;

async function holdsFence(store: Store, partition: number, epoch: number): Promise<void> {
  const newest = (await currentEpochs(store, [partition])).get(partition) ?? 0;
  if (newest > epoch) throw new FencedError([partition]);
}

async function killRunning(store: Store, prefix: string): Promise<void> {
  try {
    await store.command('KILL QUERY WHERE startsWith(query_id, {prefix:String}) SYNC', {
      params: { prefix },
    });
  } catch (error) {
    // An engine that runs one request after another has none to kill, and may not know the statement.
    if (!(error instanceof StoreError) || error.code === 'unreachable') throw error;
  }
}

/**
 * Leaves a mark that is gone once the server restarts. While `isMarked`, a retry under the same token is dropped as a repeat where it
 * is one; afterwards it may be dropped although parts of it are missing (measured), and the range must be healed.
 */
export async function markServer(store: Store): Promise<string> {
  const boot = randomUUID();
  await store.insert('loader_boots', [{ boot }], { settings: { insert_deduplicate: 0 } });
  return boot;
}

export async function isMarked(store: Store, boot: string): Promise<boolean> {
  const rows = await store.rows<{ n: string }>(
    'SELECT count() AS n FROM loader_boots WHERE boot = {boot:String}',
    {
      params: { boot },
    },
  );
  return rows[0]?.n !== '0';
}
