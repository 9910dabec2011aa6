/** From the bytes of a session's element to the pieces that print them again. Slow path: once for each way of printing. */
import {
  fields,
  recordOfRow,
  type Field,
  type SessionRecord,
  type StringTable,
} from '@sessionreel/session-model';
import { literalOf, type Piece, type Slot } from '../layout/layout.ts';
import { printUnpatched, stylesOf } from '../layout/print.ts';
import { spansOf } from '../layout/values.ts';

/**
 * How a value stands in the bytes: escaped text, text without escapes (CDATA), an attribute with bare seconds, nothing at all
 * (`<tag/>`, `[null]`), or what no slot expresses (comments within a value): printed literally.
 */
export const How = { text: 0, raw: 1, seconds: 2, nothing: 3, literal: 4 } as const;

/** Where a value stands in the bytes of a region. */
export interface Ref {
  /** Index in the catalogue; −1 for an unknown element. */
  readonly field: number;
  /** Ordinal of the unknown value. */
  readonly unknown: number;
  readonly name: string;
  readonly how: number;
  readonly from: number;
  readonly to: number;
  /** White space between the value and the end of its leaf. */
  readonly pad: number;
}

/** A value and what prints it. */
export interface LearnedRef {
  readonly ref: Ref;
  readonly pieces: readonly Piece[];
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

function isEscaped(bytes: Uint8Array, from: number, to: number, how: number): boolean {
  if (how !== How.text) return false;
  for (let i = from; i < to; i++) if (bytes[i] === 0x26 || bytes[i] === 0x5c) return true;
  return false;
}

/** A slot for one simple value whose printed bytes are `[from, to)`. */
function slotFor(
  base: Slot,
  styles: readonly string[],
  bytes: Uint8Array,
  from: number,
  to: number,
  record: SessionRecord,
): Slot {
  const value = base.f === '' ? record.unknown[base.u ?? 0]?.[1] : record.values[base.f];
  const raw = utf8.decode(bytes.subarray(from, to));
  if (value === null && raw !== 'N/A') {
    const slot = { ...base, n: raw };
    if (printUnpatched(slot, record) === raw) return slot;
  }
  if ((value === '' || value === undefined) && raw !== '') return { ...base, e: raw };
  for (const style of styles) {
    const slot = style === '' ? base : { ...base, s: style };
    if (printUnpatched(slot, record) === raw) return slot;
  }
  return { ...base, p: [printUnpatched(base, record), literalOf(bytes, from, to)] };
}

/** The pieces that print `ref`. `escape`: that of the format. */
export function piecesOfRef(
  ref: Ref,
  bytes: Uint8Array,
  record: SessionRecord,
  escape: 'xml' | 'json',
): Piece[] {
  const x: Pick<Slot, 'x'> = ref.how === How.text ? { x: escape } : {};
  const { from, to } = ref;
  if (ref.field < 0) return [slotFor({ f: '', u: ref.unknown, ...x }, [''], bytes, from, to, record)];
  const of = fields[ref.field] as Field;
  if (ref.how === How.seconds) return [slotFor({ f: of.name, s: 'n' }, ['n'], bytes, from, to, record)];
  if (isEscaped(bytes, from, to, ref.how))
    return [slotFor({ f: of.name, ...x }, stylesOf(of), bytes, from, to, record)];
  const pieces: Piece[] = [];
  let at = from;
  for (const span of spansOf(ref.field, bytes, from, to)) {
    const part = fields[span.field] as Field;
    if (span.start > at) pieces.push(literalOf(bytes, at, span.start));
    pieces.push(slotFor({ f: part.name, ...x }, stylesOf(part), bytes, span.start, span.end, record));
    at = span.end;
  }
  if (at < to) pieces.push(literalOf(bytes, at, to));
  return pieces;
}

/** Pieces of `bytes[from, to)` with the values at `refs` (in order, not overlapping) as slots. */
export function piecesOfRegion(
  refs: readonly Ref[],
  bytes: Uint8Array,
  from: number,
  to: number,
  record: SessionRecord,
  escape: 'xml' | 'json',
): { pieces: Piece[]; learned: LearnedRef[] } {
  const pieces: Piece[] = [];
  const learned: LearnedRef[] = [];
  let at = from;
  for (const ref of refs) {
    if (ref.how === How.nothing) {
      learned.push({ ref, pieces: [] });
      continue;
    }
    if (ref.how === How.literal) continue;
    if (ref.from > at) pieces.push(literalOf(bytes, at, ref.from));
    const own = piecesOfRef(ref, bytes, record, escape);
    learned.push({ ref, pieces: own });
    pieces.push(...own);
    at = ref.to;
  }
  if (at < to) pieces.push(literalOf(bytes, at, to));
  return { pieces, learned };
}

/** The row as a record, with unknown values that are not interned yet. */
export function recordWith(
  words: Uint32Array,
  row: number,
  strings: StringTable,
  unknown: readonly (readonly [string, string])[],
): SessionRecord {
  return { ...recordOfRow(words, row, strings), unknown };
}
