/** Presence patterns: which fields a row prints. Few in number, so what is derived from one is kept. */
import {
  counterFields,
  fields,
  getPresence,
  indexOfField,
  presenceLetters,
  presenceWords,
  slotOf,
} from '@sessionreel/session-model';
import {
  Col,
  counterIndex,
  layouts,
  lineSlots,
  profileWords,
  sharedSlots,
  varySlots,
  type RowLayout,
} from './columns.ts';
import { counterPlanOf, type CounterPlan } from './counter-plan.ts';

/** Fields whose difference is a change: attributes, state, gauges, create time. Epoch, counters and clocks are not. */
const attributeRoles = new Set(['attribute', 'state', 'gauge', 'incarnation']);

const createTime = indexOfField('create_time');
const upTime = indexOfField('up_time_s');

export interface Shape {
  /** Unlike that of every other shape of the router. */
  readonly number: number;
  /** One letter a field. */
  readonly presence: string;
  /** Indexes of the attributes that are not absent. */
  readonly attributes: readonly number[];
  /** Presence bits of all fields that are printed, for comparing presence by word. */
  readonly mask: Uint32Array;
  /**
   * Where the values of attributes and epoch lie, in a row and in what the table keeps: of a profile, of a line, of the row itself.
   * An empty or N/A value has zeros in both.
   */
  readonly inProfile: SlotPairs;
  readonly inLine: SlotPairs;
  readonly inRow: SlotPairs;
  /** Row slots of all values that are printed, but clocks. */
  readonly values: Uint16Array;
  /** Numbers of the counters that hold a value. */
  readonly counters: Uint8Array;
  /** By layout of the table: where these lie, in a row and in what the table keeps. */
  readonly plans: readonly CounterPlan[];
  /** Bit i: counter i holds a value. */
  readonly seen: number;
  /** Whether it tells the create time, and with its up time the router's clock. */
  readonly created: boolean;
  readonly clocked: boolean;
}

/** Slot in a row (high half of each word), and place in what is kept (low half). */
export type SlotPairs = Uint32Array;

export class Shapes {
  readonly #shapes = new Map<string, Shape>();
  #numbers = 0;
  #last: Shape | null = null;
  readonly #lastWords = new Uint32Array(presenceWords);

  of(words: Uint32Array, row: number): Shape {
    const last = this.#last;
    if (last !== null) {
      const before = this.#lastWords;
      let differs = 0;
      for (let i = 0; i < presenceWords; i++) differs |= (words[row + i] as number) ^ (before[i] as number);
      if (differs === 0) return last;
    }
    const presence = presenceOf(words, row);
    let shape = this.#shapes.get(presence);
    if (shape === undefined) {
      shape = shapeOf(presence, this.#numbers++);
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

function shapeOf(presence: string, number: number): Shape {
  const attributes: number[] = [];
  const slots: number[] = [];
  const values: number[] = [];
  const mask = new Uint32Array(presenceWords);
  fields.forEach((f, index) => {
    if (presence[index] === '.') return;
    mask[index >>> 4] = (mask[index >>> 4] as number) | (3 << ((index & 15) << 1));
    const slot = slotOf[index] as number;
    const own = f.type === 'u64' ? [slot, slot + 1] : [slot];
    if (presence[index] === 'v' && f.role !== 'clock') values.push(...own);
    const isAttribute = attributeRoles.has(f.role);
    if (isAttribute) attributes.push(index);
    if (isAttribute || f.role === 'epoch') slots.push(...own);
  });
  const counters = counterFields.flatMap((_, c) => (presence[counterIndex[c] as number] === 'v' ? [c] : []));
  return {
    number,
    presence,
    attributes,
    mask,
    inProfile: pairs(slots, sharedSlots, profileWords - sharedSlots.length),
    inLine: pairs(slots, lineSlots, 0),
    inRow: pairs(slots, varySlots, Col.vary),
    values: Uint16Array.from(values),
    counters: Uint8Array.from(counters),
    plans: layouts.map((layout: RowLayout) => counterPlanOf(layout, counters)),
    created: presence[createTime] === 'v',
    clocked: presence[createTime] === 'v' && presence[upTime] === 'v',
    seen: counters.reduce((bits, c) => bits | (1 << c), 0) >>> 0,
  };
}

/** Those of the slots that `kept` has, with their places there, which begin at `start`. */
function pairs(slots: readonly number[], kept: Uint16Array, start: number): SlotPairs {
  const common = slots.filter((slot) => kept.includes(slot));
  return Uint32Array.from(common, (slot) => (slot << 16) | (start + kept.indexOf(slot)));
}
