/**
 * Learns how one line is printed: from the places of its values, pieces that print it again. Guesses come first (`     1` is a
 * number right-aligned), so that a layout holds for values of other lengths; a guess that does not give back the very bytes falls.
 */
import { fields, type Field, type SessionRecord } from '@sessionreel/session-model';
import { isSlot, literalOf, type Literal, type Piece, type Slot } from '../layout/layout.ts';
import { Output, printPieces, printUnpatched, stylesOf } from '../layout/print.ts';

/** A value's place in a line, for learning. */
export interface Place {
  /** Index in the catalogue, or −1 for a value kept as unknown. */
  readonly field: number;
  /** Ordinal among the unknown values of this line, when `field` is −1. */
  readonly unknown: number;
  readonly start: number;
  readonly end: number;
  /** The value with the literal around it that is printed only with it (`:1701`, `, source ancp`). */
  readonly group?: { readonly from: number; readonly to: number };
}

/** Latin-1 text as a literal of its bytes. */
export function literal(latin1: string): Literal {
  return literalOf(Buffer.from(latin1, 'latin1'));
}

export type Guess = 'padded' | 'exact' | 'patched';
export const guesses: readonly Guess[] = ['padded', 'exact', 'patched'];

/**
 * Pieces of a line with values at `places`. Spaces before a value belong to its slot, all else is literal.
 */
export function piecesOfLine(
  line: string,
  places: readonly Place[],
  record: SessionRecord,
  guess: Guess,
): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  places.forEach((place, i) => {
    if (place.group !== undefined) {
      const { from, to } = place.group;
      const slot = slotOf(line, place, '', '', record, guess);
      const inner = [literal(line.slice(from, place.start)), slot, literal(line.slice(place.end, to))];
      pieces.push(literal(line.slice(at, from)), { g: inner });
      at = to;
      return;
    }
    const next = places[i + 1]?.start ?? line.length;
    const from = spaceBefore(line, at, place.start);
    const lead = line.slice(from, place.start);
    const after = /^ *(?=,)/.exec(line.slice(place.end, next))?.[0] ?? '';
    const slot = slotOf(line, place, lead, after, record, guess);
    pieces.push(literal(line.slice(at, from)), slot);
    at = place.end + (slot.r === undefined && slot.w !== undefined ? after.length : 0);
  });
  pieces.push(literal(line.slice(at)));
  return pieces;
}

function spaceBefore(line: string, from: number, start: number): number {
  let at = start;
  while (at > from && line[at - 1] === ' ') at--;
  return at;
}

export function slotOf(
  line: string,
  place: Place,
  lead: string,
  after: string,
  record: SessionRecord,
  guess: Guess,
): Slot {
  const raw = line.slice(place.start, place.end);
  const f = place.field < 0 ? '' : (fields[place.field] as Field).name;
  const base = f === '' ? { f, u: place.unknown } : { f };
  if (raw === '') return lead === '' ? { ...base, b: ' ' } : { ...base, b: ' ', e: lead };
  const slot: Slot = { ...base, ...formatOf(place.field, raw, record, guess) };
  const isNumber = place.field >= 0 && isNumeric(fields[place.field] as Field);
  if (guess !== 'padded' || !isNumber) return patched({ ...slot, b: lead }, line, place, record, guess, lead);
  const b = lead === '' ? '' : ' ';
  if (lead.length > 1) return { ...slot, b, w: lead.length - 1 + raw.length, r: 1 };
  if (after !== '') return { ...slot, b, w: raw.length + after.length };
  return { ...slot, b };
}

function isNumeric(f: Field): boolean {
  return f.type === 'u16' || f.type === 'u32' || f.type === 'u64';
}

/** Style of a value, or how N/A is printed. */
function formatOf(field: number, raw: string, record: SessionRecord, guess: Guess): Partial<Slot> {
  const f = fields[field];
  if (f === undefined) return {};
  const value = record.values[f.name];
  if (value === null) return raw === 'N/A' ? {} : { n: raw };
  if (value === undefined) return {};
  const text = Buffer.from(raw, 'latin1').toString('utf8');
  const style = stylesOf(f).find((s) => printUnpatched({ f: f.name, s }, record) === text);
  return style === undefined || style === '' || guess === 'patched' ? {} : { s: style };
}

/** Last resort: the bytes as they are, for this value alone. */
function patched(
  slot: Slot,
  line: string,
  place: Place,
  record: SessionRecord,
  guess: Guess,
  lead: string,
): Slot {
  if (guess !== 'patched') return slot;
  const canonical = printUnpatched(slot, record);
  const verbatim = literal(lead + line.slice(place.start, place.end));
  return canonical === verbatim ? slot : { ...slot, p: [canonical, verbatim] };
}

/** Whether pieces give back the line's very bytes. `unknownBase`: unknown values of the lines before. */
export function prints(
  pieces: readonly Piece[],
  record: SessionRecord,
  unknownBase: number,
  line: string,
): boolean {
  const out = new Output();
  const shifted = unknownBase === 0 ? record : { ...record, unknown: record.unknown.slice(unknownBase) };
  printPieces(pieces, shifted, out);
  return Buffer.from(out.take()).toString('latin1') === line;
}

/** The same pieces with the ordinals of unknown values moved on. */
export function shiftUnknown(pieces: readonly Piece[], by: number): readonly Piece[] {
  if (by === 0) return pieces;
  return pieces.map((piece) =>
    isSlot(piece) && piece.f === '' ? { ...piece, u: (piece.u ?? 0) + by } : piece,
  );
}
