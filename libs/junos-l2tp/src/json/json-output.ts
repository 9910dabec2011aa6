/**
 * A listing as text within the JSON of a reply, `{"output": [{"data": "Tunnel local ID: …"}]}`: the inside of a string of any length, whose
 * escapes are resolved and which is read like any other text.
 */
import type { ParseLimits } from '../envelope/reader.ts';
import type { SnapshotBuilder } from '../envelope/snapshot-builder.ts';
import { MarkupProblem } from '../markup/markup-buffer.ts';
import { TextWithin } from '../text/text-within.ts';
import { decoded, decodeJson, isEscape } from './json-text.ts';

const quote = 0x22;
const backslash = 0x5c;
const letterU = 0x75;
/** Bytes of an escaped character beyond the first plane: two escapes. */
const longestEscape = 12;

export class JsonOutput {
  /** True once the string's quote was read. */
  ended = false;
  readonly #within: TextWithin;

  /** `line`: of the string. */
  constructor(builder: SnapshotBuilder, limits: ParseLimits, line: number, predict: boolean) {
    this.#within = new TextWithin(builder, limits, line, predict);
    // Which characters were escaped is not kept.
    builder.frame.abandon();
  }

  /** Takes bytes of the string; returns the offset after the last one that need not be shown again. */
  write(bytes: Uint8Array, start: number, end: number): number {
    let to = start;
    while (to < end && bytes[to] !== quote) {
      if (bytes[to] !== backslash) {
        to++;
        continue;
      }
      const length = to + 1 < end && bytes[to + 1] === letterU ? 6 : 2;
      // An escape may be cut, or be the first half of a character.
      const needed = length === 6 && end - to >= 6 && isFirstHalf(bytes, to) ? longestEscape : length;
      if (end - to < needed && !isClosedWithin(bytes, to + 2, end)) break;
      if (to + length > end || !isEscape(bytes, to + 1, to + length))
        throw new MarkupProblem(to, 'an escape that JSON does not have');
      to += length;
    }
    decodeJson(bytes, start, to);
    this.#within.feed(decoded.bytes, 0, decoded.length);
    if (to === end || bytes[to] !== quote) return to;
    this.#within.finish(true);
    this.ended = true;
    return to + 1;
  }

  /** No more bytes come. */
  end(): void {
    if (!this.ended) this.#within.finish(false);
  }
}

/** Whether `\ud83d` stands here, or the like, which another such escape makes a character. */
function isFirstHalf(bytes: Uint8Array, at: number): boolean {
  const second = (bytes[at + 3] as number) | 0x20;
  return (
    ((bytes[at + 2] as number) | 0x20) === 0x64 &&
    (second === 0x38 || second === 0x39 || second === 0x61 || second === 0x62)
  );
}

/** Whether the string ends here for sure: no half of a character is still to come. */
function isClosedWithin(bytes: Uint8Array, from: number, end: number): boolean {
  for (let i = from; i < end; i++) if (bytes[i] === quote) return true;
  return false;
}

/**
 * Whether the inside of a string begins a listing, or a message: with a letter, perhaps behind white space. Null when more bytes must be seen.
 */
export function beginsText(bytes: Uint8Array, start: number, end: number): boolean | null {
  let at = start;
  for (;;) {
    if (at >= end) return null;
    const c = bytes[at] as number;
    if (c === backslash && at + 1 >= end) return null;
    if (c === backslash && 'nrt'.includes(String.fromCharCode(bytes[at + 1] as number))) at += 2;
    else if (c === 0x20 || (c >= 0x09 && c <= 0x0d)) at++;
    else return (c | 0x20) >= 0x61 && (c | 0x20) <= 0x7a;
  }
}
