/** The data dictionary, docs/data-dictionary.md, as it is printed from the descriptions. */
import { inbox } from './inbox.ts';
import { allTables, allViews } from './migrations.ts';
import type { Table } from './table.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

function section(table: Table): string {
  const facts = [
    `Engine \`${table.engine}\``,
    ...(table.partitionBy === undefined ? [] : [`partitioned by \`${table.partitionBy}\``]),
    ...(table.orderBy === undefined ? [] : [`ordered by \`${table.orderBy}\``]),
    ...(table.retentionFrom === undefined
      ? []
      : [`dropped by age of \`${table.retentionFrom}\` where \`REEL_RETENTION_HISTORY\` is set`]),
  ];
  const sources = allViews.filter((v) => v.to === table.name).map((v) => `\`${v.name}\``);
  const filled = sources.length === 0 ? '' : ` Filled by ${sources.join(', ')}.`;
  const rows = table.columns.map((c) => `| \`${c.name}\` | \`${cell(c.type)}\` | ${cell(c.comment)} |`);
  return [
    `## ${table.name}`,
    '',
    `${table.comment}.`,
    '',
    `${facts.join(', ')}.${filled}`,
    '',
    '| column | type | meaning |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

export function dataDictionary(): string {
  const columns = inbox.columns.map((c) => `\`${c.name}\``).join(', ');
  return [
    '# Data dictionary',
    '',
    'Generated from libs/clickhouse/src/schema; the same texts stand in the COMMENT of each column. Times are UTC unless a column says that it',
    "holds a router's wall clock. Units stand in brackets.",
    '',
    ...allTables.map(section),
    '## inbox',
    '',
    `${inbox.comment}. Columns, as in schemas/avro/session-delta.avsc: ${columns}.`,
    '',
  ].join('\n');
}
