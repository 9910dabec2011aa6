/** Learns how a row of the brief table is printed: widths of columns, from the place of the cells and of the table's head. */
import type { Piece, Slot } from '../layout/layout.ts';
import { literal } from './line-shape.ts';
import { isNumeric, type Cell } from './table.ts';

/** Where a column's field begins and ends in the line, and to which side its value keeps. */
interface Extent {
  readonly from: number;
  readonly to: number;
  readonly right: boolean;
}

/**
 * Pieces of a row. `slot` gives the format of each cell's value without padding, `content` is the line without its line end. The
 * guess follows printf: a value keeps to the left where it begins under its column's head, else to the right.
 */
export function piecesOfRow(
  content: string,
  lineEnd: string,
  cells: readonly Cell[],
  slot: (cell: number) => Slot,
): Piece[] {
  const extents = extentsOf(content, cells);
  const pieces: Piece[] = [];
  let at = 0;
  extents.forEach(({ from, to, right }, i) => {
    pieces.push(literal(content.slice(at, from).padEnd(from - at)));
    const width = to - from;
    const bare: Slot = { ...slot(i), b: '' };
    const format: Slot = width > 0 ? { ...bare, w: width } : bare;
    pieces.push(right ? { ...format, r: 1 } : format);
    at = Math.max(to, cells[i]?.end ?? 0);
  });
  const last = cells.at(-1);
  if (last !== undefined && last.start === last.end) pieces.push({ trim: 1 });
  pieces.push(literal(content.slice(Math.min(at, content.length))), literal(lineEnd));
  return pieces;
}

function isRight(cell: Cell): boolean {
  return cell.start < cell.end && isNumeric(cell.column.field) && cell.start !== cell.column.start;
}

function extentsOf(content: string, cells: readonly Cell[]): Extent[] {
  const right = cells.map(isRight);
  // A number of full width fits either side: both ids keep to the same.
  if (right[0] === true || right[1] === true) right[0] = right[1] = true;
  const starts = cells.map((cell, i) => startOf(cells, right, i));
  return cells.map((cell, i) => {
    const from = starts[i] as number;
    if (right[i] === true) return { from, to: cell.end, right: true };
    const next = cells[i + 1];
    if (next === undefined) {
      const spaces = content.length - cell.end;
      return { from, to: cell.start === cell.end ? from : spaces > 0 ? content.length : from, right: false };
    }
    const to = Math.max(cell.end > cell.start ? cell.end : from, (starts[i + 1] as number) - 1);
    return { from, to, right: false };
  });
}

function startOf(cells: readonly Cell[], right: readonly boolean[], i: number): number {
  const cell = cells[i] as Cell;
  const isBlank = cell.start === cell.end;
  if (right[i] !== true) return isBlank ? cell.column.start : cell.start;
  const before = cells[i - 1];
  if (before !== undefined && right[i - 1] === true) return Math.min(cell.start, before.end + 1);
  return Math.min(cell.start, cell.column.start);
}
