/** What stands in a tunnel's table beside its sessions: fields and unknown values that all its sessions share. */
import {
  Presence,
  counterOf,
  fields,
  getPresence,
  getRounding,
  indexOfField,
  rowWords,
  setPresence,
  setRounding,
  slotOf,
} from '@sessionreel/session-model';
import type { Ref } from './markup-learn.ts';

const tunnelId = indexOfField('tunnel_local_id');
const tunnelFields = ['tunnel_local_id', 'tunnel_interface_name', 'tunnel_group_name'].map(indexOfField);
const isWide = fields.map((f) => f.type === 'u64');

/** Copies a field with all that belongs to it from one row to another. */
export function copyField(
  field: number,
  from: Uint32Array,
  row: number,
  to: Uint32Array,
  target: number,
): void {
  setPresence(to, target, field, getPresence(from, row, field));
  const at = slotOf[field] as number;
  to[target + at] = from[row + at] as number;
  if (isWide[field] === true) to[target + at + 1] = from[row + at + 1] as number;
  const counter = counterOf[field] as number;
  if (counter !== 255) setRounding(to, target, counter, getRounding(from, row, counter));
}

/** Whether a field is the same in two rows. */
export function sameField(
  field: number,
  a: Uint32Array,
  row: number,
  b: Uint32Array,
  other: number,
): boolean {
  const presence = getPresence(a, row, field);
  if (presence !== getPresence(b, other, field)) return false;
  if (presence !== Presence.value) return true;
  const at = slotOf[field] as number;
  if (a[row + at] !== b[other + at]) return false;
  return isWide[field] !== true || a[row + at + 1] === b[other + at + 1];
}

export class TunnelTable {
  readonly words = new Uint32Array(rowWords);
  /** Fields read, each once. */
  fields: number[] = [];
  unknown: [string, string][] = [];
  refs: Ref[] = [];
  /** Index of the pieces that print the table's head, 0 when there is none. */
  head = 0;
  /** Whether a session of it was seen. */
  hasRow = false;
  /** The tunnel's fields of the row told before. */
  readonly previous = new Uint32Array(rowWords);
  #hasPrevious = false;

  reset(): void {
    this.words.fill(0);
    this.fields = [];
    this.unknown = [];
    this.refs = [];
    this.head = 0;
    this.hasRow = false;
  }

  get hasId(): boolean {
    return getPresence(this.words, 0, tunnelId) === Presence.value;
  }

  /** Notes that `field` was read into `words`. */
  add(field: number): void {
    if (!this.fields.includes(field)) this.fields.push(field);
  }

  /** Gives a session the fields that it does not print itself. False when it prints one otherwise than the table. */
  apply(words: Uint32Array, row: number): boolean {
    let same = true;
    for (const field of this.fields) {
      if (getPresence(words, row, field) === Presence.absent) copyField(field, this.words, 0, words, row);
      else if (!sameField(field, this.words, 0, words, row)) same = false;
    }
    return same;
  }

  /** Whether the row's tunnel is another than that of the row told before. */
  enter(words: Uint32Array, row: number): boolean {
    const changed =
      !this.#hasPrevious || tunnelFields.some((f) => !sameField(f, words, row, this.previous, 0));
    this.#hasPrevious = true;
    if (changed) for (const field of tunnelFields) copyField(field, words, row, this.previous, 0);
    return changed;
  }
}
