/** The form in which tables and views are described; SQL for one server and for a cluster is printed from it. */

export interface Column {
  readonly name: string;
  readonly type: string;
  /** What it says, with its unit in brackets. Becomes the COMMENT and the data dictionary. */
  readonly comment: string;
  /** Without the word CODEC; left out for the engine's default. */
  readonly codec?: string;
}

export interface Table {
  readonly name: string;
  readonly comment: string;
  readonly columns: readonly Column[];
  /** Engine with its arguments: `MergeTree`, `ReplacingMergeTree(version)`, `Null`. */
  readonly engine: string;
  readonly partitionBy?: string;
  readonly orderBy?: string;
  readonly indices?: readonly string[];
  /** Column that TTL counts from, where history is dropped by age; without it the table lives on. */
  readonly retentionFrom?: string;
  /** Expression that spreads rows over shards, for the cluster form. */
  readonly shardBy?: string;
}

/** A materialized view from one table into another. */
export interface View {
  readonly name: string;
  readonly to: string;
  readonly comment: string;
  readonly select: string;
}

/** Integers, dates and times: T64 was measured the best before ZSTD. */
export const numeric = 'T64, ZSTD(1)';
export const general = 'ZSTD(1)';

export function column(name: string, type: string, comment: string, codec?: string): Column {
  return { name, type, comment, codec: codec ?? codecOf(type) };
}

/** T64 packs integers and what is stored as such; everything else is left to ZSTD. */
export function codecOf(type: string): string {
  const inner = /^Nullable\((.*)\)$/.exec(type)?.[1] ?? type;
  return /^(U?Int\d+|DateTime)/.test(inner) ? numeric : general;
}

export function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function columnSql(c: Column, storesData: boolean): string {
  const codec = c.codec === undefined || !storesData ? '' : ` CODEC(${c.codec})`;
  return `  \`${c.name}\` ${c.type} COMMENT ${quoted(c.comment)}${codec}`;
}

/** `CREATE TABLE IF NOT EXISTS …` for one server. */
export function tableSql(table: Table): string {
  return createTable(table, table.name, '', table.engine);
}

/** The same for any name, cluster and engine. */
export function createTable(table: Table, name: string, onCluster: string, engine: string): string {
  const merges = table.orderBy !== undefined;
  const lines = [
    ...table.columns.map((c) => columnSql(c, merges)),
    ...(table.indices ?? []).map((x) => `  INDEX ${x}`),
  ];
  const window = engine.startsWith('Replicated')
    ? 'replicated_deduplication_window'
    : 'non_replicated_deduplication_window';
  const tail = merges
    ? [
        ...(table.partitionBy === undefined ? [] : [`PARTITION BY ${table.partitionBy}`]),
        `ORDER BY ${table.orderBy ?? ''}`,
        `SETTINGS ${window} = 1000, ttl_only_drop_parts = 1`,
      ]
    : [];
  return [
    `CREATE TABLE IF NOT EXISTS ${name}${onCluster} (`,
    lines.join(',\n'),
    `) ENGINE = ${engine}`,
    ...tail,
    `COMMENT ${quoted(table.comment)}`,
  ].join('\n');
}

export function viewSql(view: View): string {
  return createView(view, view.to, '');
}

export function createView(view: View, to: string, onCluster: string): string {
  return `CREATE MATERIALIZED VIEW IF NOT EXISTS ${view.name}${onCluster} TO ${to} AS\n${view.select}`;
}
