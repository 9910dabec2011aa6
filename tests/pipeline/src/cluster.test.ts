/**
 * The tables and views of a cluster's node, as far as an engine alone can show it: without replicas (there is no Keeper) and without
 * Distributed tables (there is no other node). Read-only views stand in for those: nothing can be deleted through either.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Store,
  clusterStatements,
  healRange,
  insertInbox,
  migrate,
  takeFence,
  tokenOf,
} from '@sessionreel/clickhouse';
import { startClickHouse } from '@sessionreel/local';
import { createEventWriter, encodeDelta, ocfOf, takeWritten } from '@sessionreel/session-events';
import { emptyDelta, emptyLedgerEntry } from '@sessionreel/session-model';
import { afterAll, beforeAll, expect, test } from 'vitest';

const dir = mkdtempSync(join(tmpdir(), 'reel-cluster-'));
let server: Awaited<ReturnType<typeof startClickHouse>>;
let node: Store;
let single: Store;

const settings = (database: string) => ({
  url: server.address,
  database,
  user: 'default',
  password: '',
});

beforeAll(async () => {
  server = await startClickHouse({ dir, port: 0 });
  await migrate(settings('single'));
  single = new Store(settings('single'));
  const outside = new Store(settings('default'));
  for (const statement of clusterStatements('reel', 'clustered')) {
    const here = statement
      .replaceAll(' ON CLUSTER reel', '')
      .replaceAll(/Replicated(\w+)\('[^']*', '\{replica\}'(?:, )?([^)]*)\)/g, '$1($2)')
      .replaceAll('replicated_deduplication_window', 'non_replicated_deduplication_window');
    const over = /^CREATE TABLE IF NOT EXISTS (\S+) AS (\S+)\nENGINE = Distributed/.exec(here);
    await outside.command(
      over === null ? here : `CREATE VIEW ${String(over[1])} AS SELECT * FROM ${String(over[2])}`,
    );
  }
  await outside.close();
  node = new Store(settings('clustered'));
}, 120_000);
afterAll(async () => {
  await node.close();
  await single.close();
  await server.stop();
  rmSync(dir, { recursive: true, force: true });
}, 60_000);

function event(n: number): Uint8Array {
  const ledger = emptyLedgerEntry({
    snapshot_id: `s${n}`,
    source_offset: n,
    outcome: n % 3 === 0 ? 'dead_letter' : 'applied',
    reason: n % 3 === 0 ? 'parse: nothing' : '',
  });
  const at = 1_730_000_000_000 + n;
  const delta = emptyDelta({ router: `lns${n % 4}`, at, gop: at, seq: n + 1 });
  const writer = createEventWriter();
  encodeDelta({ ...delta, ledger: [ledger] }, writer);
  return takeWritten(writer);
}

async function insert(store: Store, epoch: number, attempt: number): Promise<void> {
  const messages = Array.from({ length: 30 }, (_, n) => ({ partition: 2, offset: n, datum: event(n) }));
  const ranges = [{ partition: 2, first: 0, last: 29, messages: 30 }];
  await insertInbox(store, {
    ocf: ocfOf(messages, epoch),
    ranges,
    epoch,
    token: tokenOf(epoch, ranges, attempt),
    queryId: `cluster-${attempt}-${Math.random()}`,
  });
}

const rowsIn = async (store: Store, table: string): Promise<string> => {
  const [row] = await store.rows<{ n: string; h: string }>(
    `SELECT count() AS n, sum(cityHash64(* EXCEPT loader_epoch)) AS h FROM (SELECT *, 0 AS loader_epoch FROM ${table})`,
  );
  return `${row?.n ?? ''} ${row?.h ?? ''}`;
};

test('an insert lands in the local tables, and is seen, healed and inserted again by the names of the contract', async () => {
  const epochs = { node: await takeFence(node, [2], 'n'), single: await takeFence(single, [2], 's') };
  await insert(node, epochs.node, 0);
  await insert(single, epochs.single, 0);
  for (const table of ['snapshots', 'dead_letters']) {
    expect(await rowsIn(node, `${table}_local`), table).toBe(await rowsIn(single, table));
    expect(await rowsIn(node, table), table).toBe(await rowsIn(single, table));
  }
  expect(await healRange(node, { partition: 2, first: 0, last: 29 }, 'none', epochs.node)).toBe(70);
  expect(await rowsIn(node, 'snapshots')).toMatch(/^0 /);
  await insert(node, epochs.node, 1);
  expect(await rowsIn(node, 'dead_letters_local')).toBe(await rowsIn(single, 'dead_letters'));
}, 60_000);
