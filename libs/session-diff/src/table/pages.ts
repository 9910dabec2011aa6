/**
 * Rows of words in pages of their own: a table that grows copies nothing but its last page, and a row that needs a wider layout widens
 * its page only.
 */
import { counterSlots, counterStart, layouts, type RowLayout } from './columns.ts';

const pageBits = 10;
/** Rows of a full page. */
export const pageRows: number = 1 << pageBits;
const [narrowest] = layouts as readonly [RowLayout];
/** Rows of a page at first: routers with a few sessions are many. */
const firstRows = 16;
/** Rows of a page behind others at first. */
const nextRows = pageRows / 8;

export interface Page {
  /** Row `r` begins at `(r % pageRows) * stride`. */
  words: Uint32Array;
  layout: RowLayout;
  stride: number;
}

export class Pages {
  readonly all: Page[] = [];

  get bytes(): number {
    let bytes = 0;
    for (const { words } of this.all) bytes += words.byteLength;
    return bytes;
  }

  /** The page of a row that exists. */
  of(r: number): Page {
    return this.all[r >>> pageBits] as Page;
  }

  /** Where a row begins in its page. */
  start(r: number, page: Page): number {
    return (r & (pageRows - 1)) * page.stride;
  }

  /** First word of a row that exists. */
  key(r: number): number {
    const page = this.all[r >>> pageBits] as Page;
    return page.words[(r & (pageRows - 1)) * page.stride] as number;
  }

  /** Makes room for row `r`, the next one. */
  grow(r: number): void {
    const number = r >>> pageBits;
    let page = this.all[number];
    if (page === undefined) {
      // Most rows are alike, so the next page begins as the last one is.
      const layout = this.all[number - 1]?.layout ?? narrowest;
      const rows = number === 0 ? firstRows : nextRows;
      page = { words: new Uint32Array(rows * layout.stride), layout, stride: layout.stride };
      this.all.push(page);
    }
    if (((r & (pageRows - 1)) + 1) * page.stride <= page.words.length) return;
    const longer = new Uint32Array(page.words.length * 2);
    longer.set(page.words);
    page.words = longer;
  }

  /** Widens the page of a row until it can hold the counters of a full row. */
  fit(r: number, full: Uint32Array, at: number): Page {
    const page = this.of(r);
    while (!holds(page.layout, full, at)) widen(page, layouts[page.layout.number + 1] as RowLayout);
    return page;
  }
}

function widen(page: Page, wider: RowLayout): void {
  const rows = page.words.length / page.stride;
  const words = new Uint32Array(rows * wider.stride);
  for (let i = 0; i < rows; i++)
    copyRow(page.words, i * page.stride, page.layout, words, i * wider.stride, wider);
  page.words = words;
  page.layout = wider;
  page.stride = wider.stride;
}

function holds({ low, high }: RowLayout, full: Uint32Array, at: number): boolean {
  for (let c = 0; c < counterSlots.length; c++) {
    const slot = at + (counterSlots[c] as number);
    if (low[c] === 0 && full[slot] !== 0) return false;
    if (high[c] === 0 && full[slot + 1] !== 0) return false;
  }
  return true;
}

/** Copies a row of one layout into one of the same or a wider layout, from word `first` on. */
export function copyRow(
  from: Uint32Array,
  fromAt: number,
  a: RowLayout,
  to: Uint32Array,
  toAt: number,
  b: RowLayout,
  first = 0,
): void {
  if (a === b) {
    for (let i = first; i < a.stride; i++) to[toAt + i] = from[fromAt + i] as number;
    return;
  }
  to.fill(0, toAt + first, toAt + b.stride);
  for (let i = first; i < counterStart; i++) to[toAt + i] = from[fromAt + i] as number;
  for (let c = 0; c < counterSlots.length; c++) {
    if (a.low[c] !== 0) to[toAt + (b.low[c] as number)] = from[fromAt + (a.low[c] as number)] as number;
    if (a.high[c] !== 0) to[toAt + (b.high[c] as number)] = from[fromAt + (a.high[c] as number)] as number;
  }
}
