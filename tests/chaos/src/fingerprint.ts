/** What stands in ClickHouse as a number for each table, and the rows in which two differ. */
import { allTables, type Store, type Table } from '@sessionreel/clickhouse';
import { foreignPartition } from './input.ts';

export type Fingerprint = Readonly<Record<string, string>>;

/** Who wrote it, where it stood in Kafka and when it was done: not part of history. */
const ignored = new Set(['kafka_partition', 'kafka_offset', 'loader_epoch', 'built_at']);
/** Columns that say where a capture lay; in the partition that gets forwarded ones, this depends on aborted transactions. */
const places = new Set(['source_offset', 'previous_source_offset']);

const tables: readonly Table[] = allTables.filter(
  (t) => t.engine.includes('MergeTree') && !/^(loader_|rollup_progress|routers$|schema_)/.test(t.name),
);

/** Rows and their hash, by table. */
export async function fingerprint(store: Store): Promise<Fingerprint> {
  const prints: Record<string, string> = {};
  for (const table of tables) {
    const [row] = await store.rows<{ n: string; sum: string; mix: string }>(
      `SELECT count() AS n, sum(cityHash64(r)) AS sum, groupBitXor(sipHash64(r)) AS mix FROM (${rowsOf(table)})`,
    );
    prints[table.name] = `${row?.n ?? '0'} rows, ${row?.sum ?? ''}/${row?.mix ?? ''}`;
  }
  return prints;
}

/** Some rows of each table that stand in one database and not, or not as often, in the other; `-` only in the first. */
export async function differences(
  store: Store,
  first: string,
  second: string,
  names: readonly string[],
): Promise<string[]> {
  const lines: string[] = [];
  for (const table of tables.filter((t) => names.includes(t.name))) {
    const rows = await store.rows<{ r: string; a: string; b: string }>(
      `SELECT r, sum(a) AS a, sum(b) AS b FROM (
         SELECT r, 1 AS a, 0 AS b FROM (${rowsOf(table, `${first}.`)}) UNION ALL
         SELECT r, 0 AS a, 1 AS b FROM (${rowsOf(table, `${second}.`)}))
       GROUP BY r HAVING a != b ORDER BY r LIMIT 10`,
    );
    for (const { r, a, b } of rows) lines.push(`${table.name} ${a}:${b} ${r.slice(0, 600)}`);
  }
  return lines;
}

function rowsOf(table: Table, database = ''): string {
  const columns = table.columns.map(({ name }) => {
    if (ignored.has(name)) return '';
    const forwarded = table.columns.some((c) => c.name === 'source_partition');
    return places.has(name) && forwarded ? `if(source_partition = ${foreignPartition}, 0, ${name})` : name;
  });
  const final = table.engine.startsWith('Replacing') ? ' FINAL' : '';
  return `SELECT toString(tuple(${columns.filter((c) => c !== '').join(', ')})) AS r FROM ${database}${table.name}${final}`;
}
