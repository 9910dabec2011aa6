/**
 * How the counters that a presence pattern prints lie in a full row, in the table's rows of one layout, and in a record of what was
 * counted: lists of numbers, so that a steady session is counted in one pass without asking what is where.
 */
import { CounterSlot, counterFields } from '@sessionreel/session-model';
import { counterSlots, type RowLayout } from './columns.ts';
import { highA, highB, lowA, lowB } from './hash.ts';

export interface CounterPlan {
  /** Of those kept in 64 bits: `wideStep` numbers each. */
  readonly wide: Int32Array;
  /** Of those kept in 32 bits: `narrowStep` numbers each. */
  readonly narrow: Int32Array;
  /** Of those without a place in the table's rows, which are 0: slot in a row, place in a record. */
  readonly unkept: Int32Array;
  /** Of those that are kept and not printed: column, what it is multiplied with in the two sums of the state hash. */
  readonly silent: Int32Array;
  /** Places in a record of those that are not printed. */
  readonly blank: Int32Array;
}

/** Slot in a row, place in a record, columns of both halves, what these are multiplied with in the two sums of the state hash. */
export const wideStep = 8;
/** Slot in a row, place in a record, column, what it is multiplied with. */
export const narrowStep = 5;
export const unkeptStep = 2;
export const silentStep = 3;

/** @param printed numbers of the counters. */
export function counterPlanOf({ low, high }: RowLayout, printed: readonly number[]): CounterPlan {
  const wide: number[] = [];
  const narrow: number[] = [];
  const unkept: number[] = [];
  const silent: number[] = [];
  const blank: number[] = [];
  for (let c = 0; c < counterFields.length; c++) {
    const slot = counterSlots[c] as number;
    const place = CounterSlot.deltas + 2 * c;
    const lowColumn = low[c] as number;
    const highColumn = high[c] as number;
    const lowFactors = [lowA[c] as number, lowB[c] as number];
    const highFactors = [highA[c] as number, highB[c] as number];
    if (!printed.includes(c)) {
      blank.push(place);
      if (lowColumn !== 0) silent.push(lowColumn, ...lowFactors);
      if (highColumn !== 0) silent.push(highColumn, ...highFactors);
    } else if (highColumn !== 0) wide.push(slot, place, lowColumn, highColumn, ...lowFactors, ...highFactors);
    else if (lowColumn !== 0) narrow.push(slot, place, lowColumn, ...lowFactors);
    else unkept.push(slot, place);
  }
  const [a, b, c, d, e] = [wide, narrow, unkept, silent, blank].map((list) => Int32Array.from(list));
  return { wide: a, narrow: b, unkept: c, silent: d, blank: e } as CounterPlan;
}
