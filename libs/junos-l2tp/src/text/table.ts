/** The brief table: its columns from its header lines, its rows by place and by content. Lines are Latin-1, as in split-line.ts. */
import { fields, indexOfField } from '@sessionreel/session-model';
import { columnFields, unknownField } from './labels.ts';

export interface Column {
  /** Index in the catalogue, or `unknownField`. */
  readonly field: number;
  readonly label: string;
  /** On a terminal, from 0. */
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
const remoteId = indexOfField('session_remote_id');
const state = indexOfField('state');
const userName = indexOfField('user_name');

/** A word with its place in bytes, and on a terminal. */
interface Word {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly column: number;
  readonly endColumn: number;
}

function wordsOf(line: string): Word[] {
  const words: Word[] = [];
  const pattern = /(?:\xc2\xa0|[ \t\r\n])+|((?:(?!\xc2\xa0)[^ \t\r\n])+)/g;
  let column = 0;
  for (let m = pattern.exec(line); m !== null; m = pattern.exec(line)) {
    const from = column;
    column = columnAfter(m[0], from);
    if (m[1] === undefined) continue;
    words.push({
      text: m[1],
      start: m.index,
      end: m.index + m[1].length,
      column: from,
      endColumn: column,
    });
  }
  return words;
}

/** Column on a terminal behind a text that begins at `column`: tabs stop at every eighth, a character of UTF-8 takes one. */
function columnAfter(text: string, column: number): number {
  let at = column;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x09) at += 8 - (at & 7);
    else if ((c & 0xc0) !== 0x80) at++;
  }
  return at;
}

/** True when this is the first header line of a brief table: `Local`, `Remote`, … `State`. */
export function isTableHead(line: string): boolean {
  const [first, second, ...others] = wordsOf(line).map(({ text }) => text.toLowerCase());
  return first === 'local' && second === 'remote' && others.includes('state') && !line.includes(':');
}

/** True when this can be the second header line: `ID`, `ID`, `unit` …. */
export function isTableSubhead(line: string): boolean {
  const [first, second] = wordsOf(line).map(({ text }) => text.toLowerCase());
  return first === 'id' && second === 'id' && !/[:\d]/.test(line);
}

/** Columns by the table's two header lines; null when they are none of a session listing. */
export function columnsOf(head: string, subhead: string): Column[] | null {
  const tops = wordsOf(head);
  const below = wordsOf(subhead);
  const found = tops.map((top, i) => {
    const limit = tops[i + 1]?.column ?? Infinity;
    const under = below.filter((w) => w.column < limit && w.column >= (i === 0 ? 0 : top.column));
    const label = [top.text, ...under.map((w) => w.text)].join(' ');
    const field = columnFields.get(label.toLowerCase()) ?? unknownField;
    return { field, label, start: top.column, limit };
  });
  // A field has one column: another that is called alike is one that nobody knows.
  const columns = found.map((c, i) =>
    found.findIndex((other) => other.field === c.field) < i ? { ...c, field: unknownField } : c,
  );
  return found.some((c) => c.field === localId) && found.some((c) => c.field === state) ? columns : null;
}

/** True when the line can be a row: it begins with an id, and so with two where the columns do (`2 sessions` is none). */
export function isTableRow(line: string, columns: readonly Column[]): boolean {
  const [first, second] = wordsOf(line);
  if (first === undefined || !/^\d/.test(first.text)) return false;
  const remote = columns[1];
  if (remote?.field !== remoteId || second === undefined || second.column >= remote.limit) return true;
  return /^(?:\d+|N\/A)$/i.test(second.text);
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
    const isOther = isNumeric(column.field) && !/^(?:\d+|N\/A)$/i.test(line.slice(word.start, word.end));
    if (i >= 1 && (isOther || word.column >= column.limit + shift))
      return { column, start: word.start, end: word.start };
    const takesRest = last && (column.field === userName || column.field === unknownField);
    const until = takesRest ? (words.at(-1) as Word) : word;
    next = takesRest ? words.length : next + 1;
    if (until.endColumn + 1 > column.limit + shift) shift = until.endColumn + 1 - column.limit;
    return { column, start: word.start, end: until.end };
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
