/** Rows of the counters' table: `Data Tx   10   228`, and those that the catalogue does not know. */
import { counterRows } from './labels.ts';

/** A space, a tab, a no-break space in UTF-8; and what is none. */
const gap = '(?:[ \\t]|\\xc2\\xa0)';
const solid = '[^ \\t\\xa0\\xc2]+';
const counterNames = [...counterRows.keys()].map((label) => label.replaceAll(' ', `${gap}+`)).join('|');
const counterRow = new RegExp(
  `^${gap}*(${counterNames}):?${gap}+(${solid})(?:${gap}+(${solid}))?${gap}*$`,
  'di',
);
const counterHead = new RegExp(`^${gap}*Packets${gap}+Bytes${gap}*$`, 'i');
const otherCounter = new RegExp(
  `^${gap}*([^:]*?[^:\\s\\xa0\\xc2])(${gap}+\\d${solid.slice(0, -1)}*){1,2}${gap}*$`,
  'd',
);

/** A value in a line. */
interface CounterValue {
  readonly field: number;
  readonly label: string;
  readonly start: number;
  readonly end: number;
}

export interface CounterLine {
  readonly label: string;
  readonly values: readonly CounterValue[];
  /** A second column, where the row has none. */
  readonly rest: { readonly start: number; readonly end: number } | null;
}

/** True for the head of the table. */
export function isCounterHead(content: string): boolean {
  return counterHead.test(content);
}

/** The row's label and values; null when it is no row that the catalogue knows. */
export function counterLineOf(content: string): CounterLine | null {
  const match = counterRow.exec(content);
  if (match === null) return null;
  const [, [start, end] = [0, 0], second] = (match.indices as RegExpIndicesArray).slice(1);
  const label = match[1] as string;
  // The first byte of a no-break space is a letter in Latin-1, which has a lower case.
  const row = counterRows.get(label.replace(/(?:[ \t]|\xc2\xa0)+/g, ' ').toLowerCase());
  if (row === undefined) return null;
  const values = [{ field: row.fields[0] as number, label, start, end }];
  const [from, to] = second ?? [0, 0];
  if (from === to) return { label, values, rest: null };
  if (row.fields[1] === undefined) return { label, values, rest: { start: from, end: to } };
  return { label, values: [...values, { field: row.fields[1], label, start: from, end: to }], rest: null };
}

/** The label of a row that the catalogue does not know, and where it ends; null when it is no such row. */
export function otherCounterOf(content: string): { readonly label: string; readonly end: number } | null {
  const match = otherCounter.exec(content);
  if (match === null) return null;
  return { label: match[1] as string, end: (match.indices as RegExpIndicesArray)[1]?.[1] ?? 0 };
}
