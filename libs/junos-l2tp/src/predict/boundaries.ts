/** What may stand between sessions, by their bytes. */
import { promptOf, withoutLineEnd } from '../envelope/prompt.ts';

/** True when a whole line at `at` is a prompt, behind which nothing belongs to the reply. */
export function isPromptAt(bytes: Uint8Array, at: number, end: number, isLast: boolean): boolean {
  const first = bytes[at] as number;
  if (at >= end || first <= 0x20 || first >= 0x7f) return false;
  let to = at;
  let mark = false;
  for (; to < end && to - at < 4096; to++) {
    const c = bytes[to];
    if (c === 0x0a) break;
    // `>`, `#` or `%`
    if (c === 0x3e || c === 0x23 || c === 0x25) mark = true;
  }
  if (!mark || (bytes[to] !== 0x0a && !(isLast && to === end))) return false;
  const line = Buffer.from(bytes.buffer, bytes.byteOffset + at, Math.min(to + 1, end) - at).toString(
    'latin1',
  );
  return promptOf(withoutLineEnd(line)) !== null;
}

/** Whether the literal, which is not empty, stands at `at`. */
export function beginsWith(bytes: Uint8Array, at: number, literal: Uint8Array | undefined): boolean {
  if (literal === undefined || literal.length === 0) return false;
  for (let i = 0; i < literal.length; i++) if (bytes[at + i] !== literal[i]) return false;
  return true;
}

/** After a blank line at `at`, `at` itself when there is none. */
export function blankEnd(bytes: Uint8Array, at: number): number {
  if (bytes[at] === 0x0a) return at + 1;
  return bytes[at] === 0x0d && bytes[at + 1] === 0x0a ? at + 2 : at;
}
