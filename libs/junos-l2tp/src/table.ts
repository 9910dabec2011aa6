/** The brief table: its columns from its header lines, its rows by place and by content. Lines are Latin-1, as in split-line.ts. */
import { fields, indexOfField } from '@sessionreel/session-model';
import { columnFields, unknownField } from './labels.ts';

export interface Column {
  /** Index in the catalogue, or `unknownField`. */
  readonly field: number;
  readonly label: string;
  readonly start: number;
  /** Where the next column begins; Infinity for the last. */
  readonly limit: number;
}

/** A cell of a row; empty when start and end are the same. */
export interface Cell {
  readonly column: Column;
  readonly start: number;
  readonly end: number;
}

const localId = indexOfField('session_local_id');
const state = indexOfField('state');
const userName = indexOfField('user_name');

function wordsOf(line: string): { text: string; start: number; end: number }[] {
  const words: { text: string; start: number; end: number }[] = [];
  const pattern = /(?:\xc2\xa0|[ \t\r\n])+|((?:(?!\xc2\xa0)[^ \t\r\n])+)/g;
  for (let m = pattern.exec(line); m !== null; m = pattern.exec(line))
    if (m[1] !== undefined) words.push({ text: m[1], start: m.index, end: m.index + m[1].length });
  return words;
}

/** True when this is the first header line of a brief table: `Local`, `Remote`, … `State`. */
export function isTableHead(line: string): boolean {
  return /^\s*Local\s+Remote\s/i.test(line) && /\sState(\s|$)/i.test(line) && !line.includes(':');
}

/** True when this can be the second header line: `ID`, `ID`, `unit` …. */
export function isTableSubhead(line: string): boolean {
  return /^\s*ID\s+ID(\s|$)/i.test(line) && !/[:\d]/.test(line);
}

/** Columns by the table's two header lines; null when they are none of a session listing. */
export function columnsOf(head: string, subhead: string): Column[] | null {
  const tops = wordsOf(head);
  const below = wordsOf(subhead);
  const found = tops.map((top, i) => {
    const limit = tops[i + 1]?.start ?? Infinity;
    const under = below.filter((w) => w.start < limit && w.start >= (i === 0 ? 0 : top.start));
    const label = [top.text, ...under.map((w) => w.text)].join(' ');
    const field = columnFields.get(label.toLowerCase()) ?? unknownField;
    return { field, label, start: top.start, limit };
  });
  // A field has one column: another that is called alike is one that nobody knows.
  const columns = found.map((c, i) =>
    found.findIndex((other) => other.field === c.field) < i ? { ...c, field: unknownField } : c,
  );
  return found.some((c) => c.field === localId) && found.some((c) => c.field === state) ? columns : null;
}

/** True when the line can be a row: it begins with digits. */
export function isTableRow(line: string): boolean {
  return /^\s*\d/.test(line);
}

/**
 * The row's cells, one a column. A word belongs to the first column, from the left, that it begins before the end of; a value too
 * wide for its column moves what follows to the right. The user name takes what is left of the line: it may hold spaces.
 */
export function cellsOf(line: string, columns: readonly Column[]): Cell[] {
  const words = wordsOf(line);
  let next = 0;
  let shift = 0;
  return columns.map((column, i) => {
    const word = words[next];
    const last = i === columns.length - 1;
    const blank = { column, start: line.length, end: line.length };
    if (word === undefined) return blank;
    const isOther = isNumeric(column.field) && !/^\d+$/.test(line.slice(word.start, word.end));
    if (i >= 2 && (isOther || word.start >= column.limit + shift))
      return { column, start: word.start, end: word.start };
    const takesRest = last && (column.field === userName || column.field === unknownField);
    const end = takesRest ? (words.at(-1) as { end: number }).end : word.end;
    next = takesRest ? words.length : next + 1;
    if (end + 1 > column.limit + shift) shift = end + 1 - column.limit;
    return { column, start: word.start, end };
  });
}

/** Where words begin that no column takes; −1 when there are none. */
export function restOf(line: string, cells: readonly Cell[]): number {
  const last = cells.reduce((end, cell) => Math.max(end, cell.start === cell.end ? 0 : cell.end), 0);
  return wordsOf(line).find((w) => w.start >= last)?.start ?? -1;
}

export function isNumeric(field: number): boolean {
  const type = fields[field]?.type;
  return type === 'u16' || type === 'u32' || type === 'u64';
}
