/**
 * How a router printed a session, as data: literal bytes and references to fields, each with the format of its value. One idea for
 * text, XML and JSON: the parser learns a layout from the bytes, and `printPieces` (print.ts) gives those bytes back.
 *
 *     document = head · gap₀ · body₀ · gap₁ · body₁ … tail, less `trim` bytes at the end
 *     gapᵢ     = header of the tunnel (`Layout.tunnel`) where the tunnel changes, after `tunnelGap` unless it is the first;
 *                `sessionGap` where it does not; or the bytes of `gaps` for that session, whatever they are
 *     bodyᵢ    = `Layout.body` with the session's values
 *
 * A layout holds no value of its session (but for patches), so that sessions that print alike share one, and so that it prints
 * other values too. Its JSON is canonical: equal layouts have equal bytes, for it is hashed downstream.
 */
import type { Format } from '@sessionreel/session-model';

/** Bytes printed as they are: a string, or hexadecimal where they are no UTF-8. */
export type Literal = string | { readonly hex: string };

/** A value. Members with their default are left out of the JSON. */
export interface Slot {
  /** Name in the catalogue; '' for a value of an unknown label. */
  readonly f: string;
  /** Ordinal of the unknown value in `SessionRecord.unknown`, when `f` is ''. */
  readonly u?: number;
  /** Style of the value's type: see `Styles` in values.ts. Default ''. */
  readonly s?: string;
  /** Printed before a value that is not empty (`Local IP:,` but `Local IP: 10.0.0.1,`). Default ''. */
  readonly b?: string;
  /** Padded with spaces to this many characters, an empty value too. Default 0. */
  readonly w?: number;
  /** Aligned right within `w`. Default: left. */
  readonly r?: 1;
  /** Printed for an empty value, instead of padding. */
  readonly e?: string;
  /** Printed for N/A. Default `N/A`. */
  readonly n?: string;
  /** How characters are escaped. Default: not at all. */
  readonly x?: 'xml' | 'json';
  /** `[canonical, verbatim]`: where the format above gives `canonical`, the router printed `verbatim`. */
  readonly p?: readonly [string, Literal];
}

/** Printed only when every field in it is present (a port, `, source X`). */
export interface Group {
  readonly g: readonly Piece[];
}

/** Takes away the spaces at the end of the line so far. */
export interface Trim {
  readonly trim: 1;
}

export type Piece = Literal | Slot | Group | Trim;

export interface Layout {
  readonly format: Format;
  /** The tunnel's header with whatever stands between it and its first session (a table's head). */
  readonly tunnel: readonly Piece[];
  readonly body: readonly Piece[];
}

/** Bytes before session `index` of the listing instead of the regular gap; only while that is still the session meant. */
export interface IrregularGap {
  readonly index: number;
  readonly tunnel: number;
  readonly session: number;
  readonly bytes: Literal;
}

/** The frame around the sessions of a listing. */
export interface Document {
  readonly format: Format;
  /** From after the command line to the first tunnel's header; all of it when there is no session. */
  readonly head: Literal;
  /** Between the last session of a tunnel and the next tunnel's header. */
  readonly tunnelGap: Literal;
  /** Between two sessions of a tunnel. */
  readonly sessionGap: Literal;
  readonly tail: Literal;
  /** Bytes that the end lacks: a last line without its line end. */
  readonly trim: number;
  readonly gaps: readonly IrregularGap[];
  /** NETCONF's chunked framing (RFC 6242) around and within all of this; absent where there is none. */
  readonly chunks?: ChunkSizes;
}

/** Sizes of the chunks, in order: `[size, how many of it]`. `lead`: what precedes the first `#`. `isEnded`: `##` was seen. */
export interface ChunkSizes {
  readonly lead: string;
  readonly sizes: readonly (readonly [size: number, count: number])[];
  readonly isEnded: boolean;
}

export function isSlot(piece: Piece): piece is Slot {
  return typeof piece === 'object' && 'f' in piece;
}

export function isGroup(piece: Piece): piece is Group {
  return typeof piece === 'object' && 'g' in piece;
}

export function isTrim(piece: Piece): piece is Trim {
  return typeof piece === 'object' && 'trim' in piece;
}

const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The bytes as a literal. */
export function literalOf(bytes: Uint8Array, start = 0, end = bytes.length): Literal {
  const view = bytes.subarray(start, end);
  try {
    return strictDecoder.decode(view);
  } catch {
    return { hex: Buffer.from(view).toString('hex') };
  }
}

export function bytesOfLiteral(literal: Literal): Uint8Array {
  return typeof literal === 'string' ? Buffer.from(literal, 'utf8') : Buffer.from(literal.hex, 'hex');
}

/** Literal neighbours joined, empty ones left out: the canonical list of pieces. */
export function joinPieces(pieces: readonly Piece[]): Piece[] {
  const joined: Piece[] = [];
  for (const piece of pieces) {
    const last = joined.at(-1);
    if (piece === '') continue;
    if (typeof piece === 'string' && typeof last === 'string') joined[joined.length - 1] = last + piece;
    else joined.push(piece);
  }
  return joined;
}

const slotKeys = ['f', 'u', 's', 'b', 'w', 'r', 'e', 'n', 'x', 'p'] as const;

function canonicalPiece(piece: Piece): unknown {
  if (isGroup(piece)) return { g: joinPieces(piece.g).map(canonicalPiece) };
  if (!isSlot(piece)) return piece;
  const slot: Record<string, unknown> = {};
  for (const key of slotKeys) {
    const value = piece[key];
    if (value !== undefined && (value !== '' || key === 'f' || key === 'e') && value !== 0 && value !== 'N/A')
      slot[key] = value;
    else if (key === 'u' && value === 0) slot[key] = 0;
  }
  return slot;
}

/** Canonical JSON: members in one order, defaults left out, literals joined. */
export function stringifyLayout(layout: Layout): string {
  return layoutOfParts(layout.format, [partsOf(layout.tunnel)], [partsOf(layout.body)]);
}

/** The pieces' canonical JSON, one by one: what layouts are put together of. */
export function partsOf(pieces: readonly Piece[]): string[] {
  return joinPieces(pieces).map((piece) => JSON.stringify(canonicalPiece(piece)));
}

/** A layout's canonical JSON, of the parts of its lines. */
export function layoutOfParts(
  format: Format,
  tunnel: readonly (readonly string[])[],
  body: readonly (readonly string[])[],
): string {
  return `{"format":"${format}","tunnel":[${joinParts(tunnel)}],"body":[${joinParts(body)}]}`;
}

/** Literals that meet are one. */
function joinParts(lines: readonly (readonly string[])[]): string {
  const joined: string[] = [];
  let literal = '';
  for (const parts of lines)
    for (const part of parts) {
      if (part.startsWith('"')) {
        literal = literal === '' ? part : literal.slice(0, -1) + part.slice(1);
        continue;
      }
      if (literal !== '') joined.push(literal);
      literal = '';
      joined.push(part);
    }
  if (literal !== '') joined.push(literal);
  return joined.join(',');
}

/** @throws SyntaxError when the text is no JSON: layouts come from our own log, never from a capture. */
export function parseLayout(json: string): Layout {
  return JSON.parse(json) as Layout;
}

export function stringifyDocument(document: Document): string {
  const { format, head, tunnelGap, sessionGap, tail, trim, gaps, chunks } = document;
  const flat = gaps.map((gap) => [gap.index, gap.tunnel, gap.session, gap.bytes]);
  return JSON.stringify({ format, head, tunnelGap, sessionGap, tail, trim, gaps: flat, chunks });
}

/** @throws SyntaxError when the text is no JSON. */
export function parseDocument(json: string): Document {
  const raw = JSON.parse(json) as Omit<Document, 'gaps'> & { gaps: [number, number, number, Literal][] };
  const gaps = raw.gaps.map(([index, tunnel, session, bytes]) => ({ index, tunnel, session, bytes }));
  return { ...raw, gaps };
}
