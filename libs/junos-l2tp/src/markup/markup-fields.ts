/** Values of leaves into rows: those that stand twice, and those with exact seconds beside them. */
import { Presence, fields, getPresence, rowWords, setPresence, slotOf } from '@sessionreel/session-model';
import type { SnapshotBuilder } from '../envelope/snapshot-builder.ts';
import { readUint } from '../layout/numbers.ts';
import { readPrinted } from '../layout/values.ts';
import { printedWith } from '../predict/fast-step.ts';
import type { MarkupBuffer } from './markup-buffer.ts';
import { How, type Ref } from './markup-learn.ts';
import { copyField, sameField } from './markup-table.ts';

/** A leaf's value: where it stands in the buffer, and its bytes without escapes. */
export interface Leaf {
  how: number;
  from: number;
  to: number;
  pad: number;
  bytes: Uint8Array;
  start: number;
  end: number;
}

export function emptyLeaf(): Leaf {
  return { how: How.text, from: 0, to: 0, pad: 0, bytes: new Uint8Array(0), start: 0, end: 0 };
}

export class MarkupFields {
  readonly #builder: SnapshotBuilder;
  readonly #buffer: MarkupBuffer;
  /** Exact seconds in an attribute of the element at hand; −1 when there are none. */
  secondsFrom = -1;
  secondsTo = -1;
  /** A field was printed more than once since the caller looked last. */
  isRepeated = false;

  constructor(builder: SnapshotBuilder, buffer: MarkupBuffer) {
    this.#builder = builder;
    this.#buffer = buffer;
  }

  /** Offsets shrink by `by`. */
  shift(by: number): void {
    if (this.secondsFrom < 0) return;
    this.secondsFrom -= by;
    this.secondsTo -= by;
  }

  /**
   * Reads a field's value unless one stands in the row already: then the first holds, and another is told and kept as the value of an
   * unknown element. False when it is to be kept so, or no value of the field's type.
   */
  take(field: number, name: string, leaf: Leaf, words: Uint32Array, row: number, refs: Ref[]): boolean {
    const together = printedWith(field);
    if (!together.some((f) => getPresence(words, row, f) !== Presence.absent))
      return this.read(field, leaf, words, row, refs);
    this.isRepeated = true;
    const before = words.slice(row, row + rowWords);
    const count = refs.length;
    for (const f of together) setPresence(words, row, f, Presence.absent);
    const isRead = this.read(field, leaf, words, row, refs);
    const differs = (f: number): boolean =>
      getPresence(before, 0, f) !== Presence.absent &&
      getPresence(words, row, f) !== Presence.absent &&
      !sameField(f, before, 0, words, row);
    const isOther = isRead && together.some(differs);
    for (const f of together)
      if (!isRead || isOther || getPresence(words, row, f) === Presence.absent)
        copyField(f, before, 0, words, row);
    if (!isOther) return isRead;
    refs.length = count;
    const loses = fields[field]?.role === 'identity';
    const line = this.#buffer.lineAt(leaf.from);
    this.#builder.problem(line, `${name} is printed twice, with different values`, loses);
    return false;
  }

  /** Reads a field's value, and the exact seconds beside a duration. False when it is no value of the field's type. */
  read(field: number, leaf: Leaf, words: Uint32Array, row: number, refs: Ref[]): boolean {
    const seconds =
      this.secondsFrom < 0 ? -1 : readUint(this.#buffer.bytes, this.secondsFrom, this.secondsTo, 0xffffffff);
    const { strings } = this.#builder;
    const isRead = readPrinted(field, leaf.bytes, leaf.start, leaf.end, words, row, strings);
    if (!isRead && seconds < 0) return false;
    if (seconds >= 0) {
      const isBeside = getPresence(words, row, field) === Presence.notAvailable;
      if (!isBeside) {
        words[row + (slotOf[field] as number)] = seconds;
        setPresence(words, row, field, Presence.value);
      }
      refs.push({
        field,
        unknown: 0,
        name: '',
        how: How.seconds,
        from: this.secondsFrom,
        to: this.secondsTo,
        pad: 0,
      });
    }
    refs.push(refOf(field, 0, leaf));
    return true;
  }
}

export function refOf(field: number, unknown: number, leaf: Leaf, name = ''): Ref {
  const { how, from, to, pad } = leaf;
  return { field, unknown, name, how, from, to, pad };
}
