/** Strings of JSON: escapes to bytes. */
import { MarkupProblem } from '../markup/markup-buffer.ts';
import { putUtf8 } from '../markup/utf8.ts';

const backslash = 0x5c;

let scratch = new Uint8Array(1024);

/** Holds the result of `decodeJson` until the next call. */
export const decoded = { bytes: scratch, length: 0 };

const simple = new Int16Array(128).fill(-1);
for (const [letter, c] of [
  ['"', 0x22],
  ['\\', 0x5c],
  ['/', 0x2f],
  ['b', 8],
  ['f', 12],
  ['n', 10],
  ['r', 13],
  ['t', 9],
] as const)
  simple[letter.charCodeAt(0)] = c;

/**
 * The text of `bytes[from, to)`, the inside of a string, without escapes, into `decoded`. A lone surrogate becomes U+FFFD.
 * @throws MarkupProblem for an escape that is none.
 */
export function decodeJson(bytes: Uint8Array, from: number, to: number): void {
  // An escape is never shorter than what it stands for, but for `\u` of a lone surrogate: six bytes for three.
  if (to - from > scratch.length) decoded.bytes = scratch = new Uint8Array((to - from) * 2);
  let length = 0;
  for (let i = from; i < to; i++) {
    const c = bytes[i] as number;
    if (c !== backslash) {
      scratch[length++] = c;
      continue;
    }
    const letter = bytes[++i] as number;
    if (letter === 0x75) {
      let code = hexAt(bytes, i + 1, to);
      i += 4;
      if (code >= 0xd800 && code < 0xdc00 && bytes[i + 1] === backslash && bytes[i + 2] === 0x75) {
        const low = hexAt(bytes, i + 3, to);
        if (low >= 0xdc00 && low < 0xe000) {
          code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
          i += 6;
        }
      }
      length = putUtf8(code >= 0xd800 && code < 0xe000 ? 0xfffd : code, scratch, length);
    } else {
      const plain = letter < 128 ? (simple[letter] as number) : -1;
      if (plain < 0) throw new MarkupProblem(i - 1, 'an escape that JSON does not have');
      scratch[length++] = plain;
    }
  }
  decoded.length = length;
}

function hexAt(bytes: Uint8Array, at: number, to: number): number {
  let code = 0;
  for (let i = at; i < at + 4; i++) {
    const digit = i < to ? Number.parseInt(String.fromCharCode(bytes[i] as number), 16) : Number.NaN;
    if (Number.isNaN(digit)) throw new MarkupProblem(at - 2, 'an escape that JSON does not have');
    code = code * 16 + digit;
  }
  return code;
}

/** Start and end of a value within its string. */
export const trimmed = { from: 0, to: 0 };

/** Length of the white space at `at`: a space, or an escaped line end or tab; 0 when there is none. */
function spaceAt(bytes: Uint8Array, at: number, to: number): number {
  const c = bytes[at] as number;
  if (c <= 0x20) return 1;
  if (c !== backslash || at + 1 >= to) return 0;
  const letter = bytes[at + 1];
  return letter === 0x6e || letter === 0x72 || letter === 0x74 ? 2 : 0;
}

/** As `trimXml`: the padding is `\n`, escaped. What `\u` writes is part of the value. */
export function trimJson(bytes: Uint8Array, from: number, to: number, always: boolean): void {
  let a = from;
  let lines = always;
  for (let n = spaceAt(bytes, a, to); a < to && n > 0; n = a < to ? spaceAt(bytes, a, to) : 0) {
    if (bytes[a] === 0x0a || bytes[a + n - 1] === 0x6e) lines = true;
    a += n;
  }
  let b = to;
  while (b > a) {
    const n = spaceBefore(bytes, a, b);
    if (n === 0) break;
    if (bytes[b - 1] === 0x0a || (n === 2 && bytes[b - 1] === 0x6e)) lines = true;
    b -= n;
  }
  trimmed.from = a === b ? from : lines ? a : from;
  trimmed.to = a === b ? from : lines ? b : to;
}

function spaceBefore(bytes: Uint8Array, from: number, to: number): number {
  if ((bytes[to - 1] as number) <= 0x20) return isEscaped(bytes, from, to - 1) ? 0 : 1;
  if (to - from < 2 || bytes[to - 2] !== backslash) return 0;
  return spaceAt(bytes, to - 2, to) === 2 && !isEscaped(bytes, from, to - 2) ? 2 : 0;
}

/** Whether the byte at `at` is the second one of an escape. */
function isEscaped(bytes: Uint8Array, from: number, at: number): boolean {
  let count = 0;
  while (at - 1 - count >= from && bytes[at - 1 - count] === backslash) count++;
  return count % 2 === 1;
}

/** Whether what stands behind a backslash is one of JSON's escapes. */
export function isEscape(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from === 1) return '"\\/bfnrt'.includes(String.fromCharCode(bytes[from] as number));
  for (let i = from + 1; i < to; i++) {
    const c = (bytes[i] as number) | 0x20;
    if (!((c >= 0x30 && c <= 0x39) || (c >= 0x61 && c <= 0x66))) return false;
  }
  return true;
}
