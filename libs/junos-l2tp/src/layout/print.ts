/** Prints records by layouts: the inverse of reading, for every format. Never on the hot path of parsing. */
import {
  fieldIndex,
  fields,
  type Field,
  type FieldValue,
  type SessionRecord,
} from '@sessionreel/session-model';
import { bytesOfLiteral, isGroup, isSlot, isTrim, type Piece, type Slot } from './layout.ts';
import { units } from './numbers.ts';
import { dateOfSeconds, dateStyles, durationOfSeconds, durationStyles } from './times.ts';

/** Styles of a word kept in lower case: '' `Established`, `l` `established`, `u` `ESTABLISHED`, `t` `Clean-Up`. */
const wordStyles: readonly string[] = ['', 'l', 'u', 't'];
/** Styles of a counter: '' (`29.0k` when it is rounded), `U` `29.0K`, `k` … `t` in that unit. */
const counterStyles: readonly string[] = ['', 'U', 'k', 'm', 'g', 't'];
const noStyles: readonly string[] = [''];

/** The styles that values of a field are tried in, in this order; the first that gives the printed bytes is the layout's. */
export function stylesOf(field: Field): readonly string[] {
  if (field.type === 'word') return wordStyles;
  if (field.type === 'datetime') return dateStyles;
  if (field.type === 'duration') return durationStyles;
  return field.role === 'counter' ? counterStyles : noStyles;
}

/** A value that is neither absent, empty nor N/A, as text without padding or escapes. */
export function printValue(
  field: Field,
  value: number | bigint | string,
  style: string,
  halfWidth = 0n,
): string {
  if (field.type === 'word') return wordInStyle(String(value), style);
  if (field.type === 'datetime') return dateOfSeconds(Number(value), style);
  if (field.type === 'duration') return durationOfSeconds(Number(value), style);
  if (halfWidth > 0n) return printRounded(BigInt(value), halfWidth, style);
  return String(value);
}

function wordInStyle(word: string, style: string): string {
  if (style === 'l') return word;
  if (style === 'u') return word.toUpperCase();
  if (style === 't')
    return word.replace(/(^|[^a-z])([a-z])/g, (_, before: string, c: string) => before + c.toUpperCase());
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

function printRounded(value: bigint, halfWidth: bigint, style: string): string {
  const zeros = String(halfWidth).length;
  const forced = units.find(([letter]) => letter === style);
  const unit =
    forced ??
    units.find(([, n]) => n >= zeros && value >= 10n ** BigInt(n)) ??
    units.findLast(([, n]) => n >= zeros) ??
    (['t', 12] as const);
  const decimals = Math.max(0, unit[1] - zeros);
  const digits = String(value / 10n ** BigInt(zeros)).padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const letter = style === 'U' ? unit[0].toUpperCase() : unit[0];
  return decimals === 0 ? whole + letter : `${whole}.${digits.slice(-decimals)}${letter}`;
}

/**
 * Control characters are written as references, though XML 1.0 has none for them: the reader takes them back, and white space at the
 * ends is not mistaken for padding. NUL has no way to be written.
 */
export function escapeXml(text: string): string {
  // eslint-disable-next-line no-control-regex -- these are the characters that are meant
  return text.replace(/[&<>\x00-\x1f]|^ (?= *$)/g, (c) => xmlEntities[c] ?? `&#${c.charCodeAt(0)};`);
}

const xmlEntities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '\0': '\ufffd',
};

/** White space that the reader would take for padding is written as `\u`. */
export function escapeJson(text: string): string {
  const escaped = JSON.stringify(text).slice(1, -1);
  const isBlank = /^[ \t\r\n]*$/.test(text);
  if (!isBlank && !/^[ \t\r]*\n|\n[ \t\r]*$/.test(text)) return escaped;
  const [, start = '', middle = '', end = ''] = /^([ \t\r\n]*)(.*?)([ \t\r\n]*)$/s.exec(text) ?? [];
  return hexEscaped(start) + JSON.stringify(middle).slice(1, -1) + hexEscaped(end);
}

function hexEscaped(text: string): string {
  return text.replace(/[^]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function escaped(text: string, escape: Slot['x']): string {
  return escape === undefined ? text : escape === 'xml' ? escapeXml(text) : escapeJson(text);
}

/** Characters of a text, for widths: code points. */
function widthOf(text: string): number {
  let width = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c < 0xdc00 || c > 0xdfff) width++;
  }
  return width;
}

/** Value, empty or N/A of a slot as printed, escapes and padding included, its patch applied. Absent prints as empty. */
export function printSlot(slot: Slot, record: SessionRecord): string | Uint8Array {
  const text = printUnpatched(slot, record);
  if (slot.p === undefined || slot.p[0] !== text) return text;
  return typeof slot.p[1] === 'string' ? slot.p[1] : bytesOfLiteral(slot.p[1]);
}

/** As `printSlot`, without its patch: the canonical form that a patch names. */
export function printUnpatched(slot: Slot, record: SessionRecord): string {
  const bare = bareText(slot, record);
  if (bare === '') return slot.e ?? ' '.repeat(slot.w ?? 0);
  const text = escaped(bare, slot.x);
  const padding = ' '.repeat(Math.max(0, (slot.w ?? 0) - widthOf(text)));
  return (slot.b ?? '') + (slot.r === 1 ? padding + text : text + padding);
}

function bareText(slot: Slot, record: SessionRecord): string {
  if (slot.f === '') return record.unknown[slot.u ?? 0]?.[1] ?? '';
  const value: FieldValue | undefined = record.values[slot.f];
  if (value === undefined || value === '') return '';
  if (value === null) return slot.n ?? 'N/A';
  const index = fieldIndex.get(slot.f);
  if (index === undefined) return String(value);
  return printValue(fields[index] as Field, value, slot.s ?? '', record.rounding[slot.f] ?? 0n);
}

function isWhole(pieces: readonly Piece[], record: SessionRecord): boolean {
  return pieces.every((piece) => !isSlot(piece) || record.values[piece.f] !== undefined);
}

/** Where printed bytes go. Text is gathered and encoded at once. */
export class Output {
  #parts: Uint8Array[] = [];
  #text = '';

  text(text: string): void {
    this.#text += text;
    if (this.#text.length > 1 << 16 && text.endsWith('\n')) this.#flush();
  }

  bytes(bytes: Uint8Array): void {
    this.#flush();
    this.#parts.push(bytes);
  }

  /** Takes away spaces at the end. */
  trimSpaces(): void {
    if (this.#text === '') return;
    let end = this.#text.length;
    while (end > 0 && this.#text[end - 1] === ' ') end--;
    this.#text = this.#text.slice(0, end);
  }

  #flush(): void {
    if (this.#text !== '') this.#parts.push(Buffer.from(this.#text, 'utf8'));
    this.#text = '';
  }

  /** What was printed since the last call. */
  take(): Uint8Array {
    this.#flush();
    const whole = Buffer.concat(this.#parts);
    this.#parts = [];
    return whole;
  }
}

/** Prints pieces with the record's values. */
export function printPieces(pieces: readonly Piece[], record: SessionRecord, out: Output): void {
  for (const piece of pieces) {
    if (typeof piece === 'string') out.text(piece);
    else if (isSlot(piece)) {
      const printed = printSlot(piece, record);
      if (typeof printed === 'string') out.text(printed);
      else out.bytes(printed);
    } else if (isGroup(piece)) {
      if (isWhole(piece.g, record)) printPieces(piece.g, record, out);
    } else if (isTrim(piece)) out.trimSpaces();
    else out.bytes(bytesOfLiteral(piece));
  }
}
