/** How a row was printed: its layout and fields, kept with the session's other ways of being printed. */
import { cutFlag, layoutSlot, lineSlot } from '@sessionreel/session-model';
import { Col } from '../table/columns.ts';
import { wholeShape, type PrintSet } from '../delta/prints.ts';
import type { RowContext } from './row-context.ts';
import type { Shape } from '../table/shapes.ts';

/** The row's capture breaks off within it: what it does not print says nothing. */
export const isCut = (words: Uint32Array, row: number): boolean =>
  (words[row + lineSlot] as number) >= cutFlag;

/** Notes how the session was printed. @returns whether that moved. */
export function setPrint(
  context: RowContext,
  r: number,
  words: Uint32Array,
  row: number,
  shape: Shape,
): boolean {
  const { core, kind, kindNumber } = context;
  const before = core.word(r, Col.printSet);
  let cut = false;
  if (isCut(words, row)) {
    const whole = wholeShape(core.prints.sets[before] as PrintSet, kind);
    cut = whole !== shape.presence;
    // What prints the session whole is worth more than what prints the beginning of it.
    if (cut && whole !== undefined) return false;
  }
  const layout = words[row + layoutSlot] as number;
  const set = core.steps.with(before, kind, kindNumber, layout, shape, cut);
  if (set === before) return false;
  core.setWord(r, Col.printSet, set);
  return true;
}
