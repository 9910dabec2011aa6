/** How print sets go on, remembered: a listing's sessions are printed in a few ways only. */
import type { StringTable } from '@sessionreel/session-model';
import { cutMark, type PrintSets } from './prints.ts';
import type { Shape } from '../table/shapes.ts';

const places = 1024;
/** Words of an entry: set, layout, shape, way (class and whether cut), result + 1. */
const width = 5;

export class PrintSteps {
  readonly #prints: PrintSets;
  readonly #strings: StringTable;
  readonly #entries = new Int32Array(places * width);

  constructor(prints: PrintSets, strings: StringTable) {
    this.#prints = prints;
    this.#strings = strings;
  }

  /** As `PrintSets.with`; `layout` is a string's id, `cut` says that the capture broke off within the session. */
  with(set: number, kind: string, kindNumber: number, layout: number, shape: Shape, cut: boolean): number {
    const entries = this.#entries;
    const way = kindNumber * 2 + (cut ? 1 : 0);
    const place = ((set * 31 + layout * 7 + shape.number * 131 + way) & (places - 1)) * width;
    const known = entries[place + 4] as number;
    if (
      known !== 0 &&
      entries[place] === set &&
      entries[place + 1] === layout &&
      entries[place + 2] === shape.number &&
      entries[place + 3] === way
    )
      return known - 1;
    const printed = cut ? cutMark + shape.presence : shape.presence;
    const result = this.#prints.with(set, kind, this.#strings.text(layout), printed);
    entries[place] = set;
    entries[place + 1] = layout;
    entries[place + 2] = shape.number;
    entries[place + 3] = way;
    entries[place + 4] = result + 1;
    return result;
  }
}

const kinds = new Map<string, number>();

/** A number for a class (`text/extensive`), the same for all routers of the process. */
export function kindNumberOf(kind: string): number {
  let number = kinds.get(kind);
  if (number === undefined) kinds.set(kind, (number = kinds.size));
  return number;
}
