/** Lists: tables for people, `--output json|ndjson|csv` for programs. */
import Table from 'cli-table3';
import { Option, type Command } from 'commander';
import { escapeValue, isTerminal, wantsColour, writeAll, type Io } from './terminal.ts';

export type OutputForm = 'table' | 'json' | 'ndjson' | 'csv';

export type Cell = string | number | bigint | boolean | null;

export interface Column<Row> {
  /** Member of JSON objects and head of CSV columns: snake case, unit last. */
  readonly name: string;
  /** Head of the table's column. */
  readonly title: string;
  readonly value: (row: Row) => Cell;
  /** As people read it; default: the value itself, numbers grouped. */
  readonly shown?: (row: Row) => string;
}

export function withOutput(command: Command): Command {
  return command.addOption(
    new Option('--output <form>', 'table for people; the others for programs')
      .choices(['table', 'json', 'ndjson', 'csv'])
      .default('table'),
  );
}

export async function printList<Row>(
  io: Io,
  form: OutputForm,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): Promise<void> {
  if (form === 'table') {
    await printTable(io, columns, rows);
    return;
  }
  if (form === 'csv') {
    const lines = [
      columns.map((x) => csvOf(x.name)),
      ...rows.map((row) => columns.map((x) => csvOf(x.value(row)))),
    ];
    await writeAll(io.stdout, lines.map((line) => `${line.join(',')}\r\n`).join(''));
    return;
  }
  const objects = rows.map((row) => jsonOf(Object.fromEntries(columns.map((x) => [x.name, x.value(row)]))));
  const text = form === 'json' ? `[${objects.join(',\n ')}]\n` : objects.map((x) => `${x}\n`).join('');
  await writeAll(io.stdout, text);
}

// Node has it; TypeScript's library of this year does not.
const raw = (JSON as unknown as { rawJSON: (text: string) => unknown }).rawJSON;

/** JSON with exact integers, whatever their size. */
export function jsonOf(value: unknown): string {
  return JSON.stringify(value, (_, x: unknown) => (typeof x === 'bigint' ? raw(String(x)) : x));
}

function csvOf(value: Cell): string {
  const text = value === null ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Columns that a person has when no terminal says how many. */
const widthOfPipes = 200;

async function printTable<Row>(io: Io, columns: readonly Column<Row>[], rows: readonly Row[]): Promise<void> {
  if (rows.length === 0) return;
  const cells = rows.map((row) =>
    columns.map((x) => (x.shown === undefined ? shownOf(x.value(row)) : x.shown(row))),
  );
  const safe = cells.map((line) => line.map(escapeValue));
  const columnsOf = (io.stdout as { columns?: number }).columns;
  const width = isTerminal(io.stdout) ? (columnsOf ?? 80) : widthOfPipes;
  const widths = fitted(
    columns.map((x, i) => Math.max(x.title.length, ...safe.map((line) => line[i]?.length ?? 0))),
    width,
  );
  const table = new Table({
    head: columns.map((x) => x.title),
    colWidths: widths.map((x) => x + 2),
    colAligns: columns.map((x) => (rows.every((row) => isNumber(x.value(row))) ? 'right' : 'left')),
    style: {
      head: wantsColour(io.stdout) ? ['bold'] : [],
      border: [],
      'padding-left': 0,
      'padding-right': 2,
      compact: true,
    },
    chars: noLines,
  });
  table.push(...safe);
  const text = table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
  await writeAll(io.stdout, `${text}\n`);
}

const isNumber = (value: Cell): boolean =>
  value === null || typeof value === 'number' || typeof value === 'bigint';

function shownOf(value: Cell): string {
  if (value === null) return '–';
  return typeof value === 'number' || typeof value === 'bigint' ? value.toLocaleString('en') : String(value);
}

/** Widths that fit: the widest columns give first, down to 12. */
function fitted(wanted: readonly number[], width: number): number[] {
  const widths = [...wanted];
  const total = (): number => widths.reduce((a, b) => a + b + 2, 0);
  while (total() > width) {
    const widest = Math.max(...widths);
    if (widest <= 12) break;
    widths[widths.indexOf(widest)] = widest - 1;
  }
  return widths;
}

const noLines = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '',
} as const;
