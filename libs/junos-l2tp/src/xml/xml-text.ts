/** Character data of XML: entities to bytes. Only the five predefined ones and numeric references exist. */
import { MarkupProblem } from '../markup/markup-buffer.ts';
import { putUtf8 } from '../markup/utf8.ts';

const ampersand = 0x26;
const semicolon = 0x3b;

const predefined: Readonly<Record<string, number>> = {
  lt: 0x3c,
  gt: 0x3e,
  amp: 0x26,
  quot: 0x22,
  apos: 0x27,
};
/** `&#x10FFFF;` with leading zeros to spare. */
export const longestReference = 16;

let scratch = new Uint8Array(1024);

/** Holds the result of `decodeXml` until the next call. */
export const decoded = {
  bytes: scratch,
  length: 0,
};

/**
 * The text of `bytes[from, to)` without entities, into `decoded`.
 * @throws MarkupProblem for an entity that is not predefined, not closed, or no character.
 */
export function decodeXml(bytes: Uint8Array, from: number, to: number): void {
  reserve(to - from);
  decoded.length = 0;
  appendXml(bytes, from, to);
}

function reserve(length: number): void {
  if (length > scratch.length) {
    const larger = new Uint8Array(length * 2);
    larger.set(scratch.subarray(0, decoded.length));
    decoded.bytes = scratch = larger;
  }
}

function appendXml(bytes: Uint8Array, from: number, to: number): void {
  let length = decoded.length;
  for (let i = from; i < to; i++) {
    const c = bytes[i] as number;
    if (c !== ampersand) {
      scratch[length++] = c;
      continue;
    }
    let end = i + 1;
    while (end < to && bytes[end] !== semicolon) {
      if (++end - i > longestReference) break;
    }
    if (bytes[end] !== semicolon || end >= to) throw new MarkupProblem(i, 'an & that begins no entity');
    length = putUtf8(codePointOf(bytes, i + 1, end), scratch, length);
    i = end;
  }
  decoded.length = length;
}

function codePointOf(bytes: Uint8Array, from: number, to: number): number {
  const name = String.fromCharCode(...bytes.subarray(from, to));
  if (!name.startsWith('#')) {
    const code = Object.hasOwn(predefined, name) ? predefined[name] : undefined;
    if (code === undefined) throw new MarkupProblem(from, `entity &${printable(name)}; is not known`);
    return code;
  }
  const isHex = name[1] === 'x';
  const digits = name.slice(isHex ? 2 : 1);
  const code = (isHex ? /^[0-9a-fA-F]+$/ : /^[0-9]+$/).test(digits)
    ? Number.parseInt(digits, isHex ? 16 : 10)
    : -1;
  const isCharacter = code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
  if (!isCharacter) throw new MarkupProblem(from, `&${printable(name)}; is no character`);
  return code;
}

function printable(name: string): string {
  return name.replace(/[^\x21-\x7e]/g, '?');
}

/** `bytes[from, to)`, which holds comments, CDATA sections or instructions between its text, as text into `decoded`. */
export function flattenXml(bytes: Uint8Array, from: number, to: number): void {
  reserve(to - from);
  decoded.length = 0;
  let at = from;
  while (at < to) {
    let lt = bytes.indexOf(0x3c, at);
    if (lt < 0 || lt > to) lt = to;
    appendXml(bytes, at, lt);
    if (lt >= to) return;
    const isDeclaration = bytes[lt + 1] === 0x21;
    const isComment = isDeclaration && bytes[lt + 2] === 0x2d;
    const isCdata = isDeclaration && bytes[lt + 2] === 0x5b;
    // From where the reader looked for it: `<!-->` begins a comment and does not end it.
    const begin = lt + (isCdata ? 9 : isComment ? 4 : 2);
    const end = indexOfEnd(bytes, begin, isCdata ? ']]>' : isComment ? '-->' : '?>', to);
    if (isCdata) {
      scratch.set(bytes.subarray(lt + 9, end - 3), decoded.length);
      decoded.length += end - 3 - (lt + 9);
    }
    at = end;
  }
}

/** The offset after `mark` in `bytes[from, to)`, −1 when it is not there. */
export function indexOfEnd(bytes: Uint8Array, from: number, mark: string, to: number): number {
  const last = mark.charCodeAt(mark.length - 1);
  for (
    let i = bytes.indexOf(last, from + mark.length - 1);
    i >= 0 && i < to;
    i = bytes.indexOf(last, i + 1)
  ) {
    let k = 1;
    while (k < mark.length && bytes[i - k] === mark.charCodeAt(mark.length - 1 - k)) k++;
    if (k === mark.length) return i + 1;
  }
  return -1;
}

const isSpace = (c: number): boolean => c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09;

/** Start and end of a value within its leaf. */
export const trimmed = { from: 0, to: 0 };

/**
 * Takes the white space away that stands around a leaf's value: all of it where `always`, or where line ends pad it, as Junos
 * does; else only when there is nothing else. Into `trimmed`.
 */
export function trimXml(bytes: Uint8Array, from: number, to: number, always: boolean): void {
  let a = from;
  let b = to;
  let lines = always;
  for (; a < b && isSpace(bytes[a] as number); a++) if (bytes[a] === 0x0a) lines = true;
  for (; b > a && isSpace(bytes[b - 1] as number); b--) if (bytes[b - 1] === 0x0a) lines = true;
  if (a === b) {
    trimmed.from = trimmed.to = from;
  } else if (lines) {
    trimmed.from = a;
    trimmed.to = b;
  } else {
    trimmed.from = from;
    trimmed.to = to;
  }
}
