/** Presence patterns: which fields a row prints. Few in number, so what is derived from one is kept. */
import {
  counterFields,
  fields,
  getPresence,
  presenceLetters,
  presenceWords,
  slotOf,
} from '@sessionreel/session-model';
import { counterIndex } from './columns.ts';

/** Fields whose difference is a change: attributes, state, gauges, create time. Epoch, counters and clocks are not. */
const attributeRoles = new Set(['attribute', 'state', 'gauge', 'incarnation']);

export interface Shape {
  /** One letter a field. */
  readonly presence: string;
  /** Indexes of the attributes that are not absent. */
  readonly attributes: readonly number[];
  /** Row slots of their values (both words of a u64). */
  readonly slots: Uint16Array;
  /** Presence bits of these attributes, for comparing presence by word. */
  readonly mask: Uint32Array;
  /** Numbers of the counters that hold a value. */
  readonly counters: readonly number[];
  /** Bit i: counter i holds a value. */
  readonly seen: number;
}

export class Shapes {
  readonly #shapes = new Map<string, Shape>();
  #last: Shape | null = null;
  readonly #lastWords = new Uint32Array(presenceWords);

  of(words: Uint32Array, row: number): Shape {
    if (this.#last !== null) {
      let same = true;
      for (let i = 0; i < presenceWords; i++) if (words[row + i] !== this.#lastWords[i]) same = false;
      if (same) return this.#last;
    }
    const presence = presenceOf(words, row);
    let shape = this.#shapes.get(presence);
    if (shape === undefined) {
      shape = shapeOf(presence);
      if (this.#shapes.size > 10_000) this.#shapes.clear();
      this.#shapes.set(presence, shape);
    }
    this.#last = shape;
    for (let i = 0; i < presenceWords; i++) this.#lastWords[i] = words[row + i] as number;
    return shape;
  }
}

export function presenceOf(words: Uint32Array, row: number): string {
  let letters = '';
  for (let i = 0; i < fields.length; i++) letters += presenceLetters[getPresence(words, row, i)] as string;
  return letters;
}

function shapeOf(presence: string): Shape {
  const attributes: number[] = [];
  const slots: number[] = [];
  const mask = new Uint32Array(presenceWords);
  fields.forEach((f, index) => {
    if (presence[index] === '.' || !attributeRoles.has(f.role)) return;
    attributes.push(index);
    mask[index >>> 4] = (mask[index >>> 4] as number) | (3 << ((index & 15) << 1));
    // An empty or N/A value has zeros in its slots, in the row and in the table.
    const slot = slotOf[index] as number;
    slots.push(slot);
    if (f.type === 'u64') slots.push(slot + 1);
  });
  const counters = counterFields.flatMap((_, c) => (presence[counterIndex[c] as number] === 'v' ? [c] : []));
  return {
    presence,
    attributes,
    slots: Uint16Array.from(slots),
    mask,
    counters,
    seen: counters.reduce((bits, c) => bits | (1 << c), 0) >>> 0,
  };
}
