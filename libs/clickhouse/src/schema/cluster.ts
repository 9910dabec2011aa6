/**
 * The same schema for a cluster, from the same descriptions: each table as `<name>_local` with a Replicated engine, and a Distributed
 * one over it under the contract's name; the inbox and its views on every node, into the local tables. The loader inserts into the inbox
 * of a node of the router's shard. The fence and what the loader keeps are the same on all nodes.
 */
import { fenced, inbox } from './inbox.ts';
import { stages } from './stages.ts';
import { allTables, allViews } from './migrations.ts';
import { createTable, createView, type Table } from './table.ts';

/** Tables that keep nothing: each node has its own. */
const passing: readonly Table[] = [inbox, fenced, ...stages];
const passingNames = passing.map((t) => t.name);

const everywhere = new Set([
  'loader_fence',
  'loader_boots',
  'loader_progress',
  'rollup_progress',
  'layouts',
  'routers',
]);

/** What views read. */
const readNames = new RegExp(
  `\\b(FROM|IN \\(SELECT .* FROM) (${[...passingNames, 'loader_fence'].join('|')})\\b`,
  'g',
);

/** Statements for a cluster of this name; nodes tell `{shard}` and `{replica}` by their macros. */
export function clusterStatements(cluster: string, database: string): string[] {
  const on = ` ON CLUSTER ${cluster}`;
  return [
    `CREATE DATABASE IF NOT EXISTS ${database}${on}`,
    ...allTables.flatMap((t) => tableStatements(t, cluster, database, on)),
    ...passing.map((t) => createTable(t, `${database}.${t.name}`, on, t.engine)),
    ...allViews.map((v) => {
      const select = v.select.replace(readNames, `$1 ${database}.$2`);
      const to = `${database}.${passingNames.includes(v.to) ? v.to : localName(v.to)}`;
      return createView({ ...v, name: `${database}.${v.name}`, select }, to, on);
    }),
  ];
}

/** What a table is called on each node of a cluster. */
export function localName(table: string): string {
  return everywhere.has(table) ? table : `${table}_local`;
}

function tableStatements(table: Table, cluster: string, database: string, on: string): string[] {
  const local = localName(table.name);
  // Memory is what makes a restart show; it is not replicated.
  const engine = table.engine === 'Memory' ? 'Memory' : replicated(table, database);
  const own = createTable(table, `${database}.${local}`, on, engine);
  if (local === table.name) return [own];
  return [
    own,
    [
      `CREATE TABLE IF NOT EXISTS ${database}.${table.name}${on} AS ${database}.${local}`,
      `ENGINE = Distributed('${cluster}', '${database}', '${local}', ${table.shardBy ?? 'rand()'})`,
    ].join('\n'),
  ];
}

function replicated(table: Table, database: string): string {
  const [, kind = 'MergeTree', inner] = /^(\w+)(?:\((.*)\))?$/.exec(table.engine) ?? [];
  const shard = everywhere.has(table.name) ? 'all' : '{shard}';
  const path = `'/clickhouse/tables/${shard}/${database}/${table.name}', '{replica}'`;
  return `Replicated${kind}(${inner === undefined ? path : `${path}, ${inner}`})`;
}
