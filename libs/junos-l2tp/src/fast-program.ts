/**
 * A session's lines as one: stretches of bytes that were the same in the session before, values included, compared eight bytes at a
 * time, and between them the values that differ from session to session. Equal bytes in the same places are equal values, so that
 * only the others are read.
 */
import {
  Presence,
  layoutSlot,
  lineSlot,
  rowWords,
  unknownSlot,
  type StringTable,
} from '@sessionreel/session-model';
import { clearLine, matchStep } from './fast-line.ts';
import { isReadAtOnce, opsOf, type Program } from './fast-run.ts';
import { isLiteral, type FastLine, type Step } from './fast-step.ts';

/** Where each step's bytes begin and end in a session that matches the lines; null when it does not. */
function placesOf(
  lines: readonly FastLine[],
  bytes: Uint8Array,
  start: number,
  end: number,
  strings: StringTable,
): Uint8Array[] | null {
  const scratch = new Uint32Array(rowWords);
  const seen: Uint8Array[] = [];
  let at = start;
  for (const { steps } of lines)
    for (const step of steps) {
      const to = isLiteral(step)
        ? at + step.literal.length
        : matchStep(step, bytes, at, end, scratch, 0, strings);
      if (to < 0) return null;
      seen.push(bytes.slice(at, to));
      at = to;
    }
  return seen;
}

function isSame(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return b !== undefined && a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/**
 * The program of sessions like the one at `start`, whose row is given. `before`: their program until now, of which some value
 * differs. Null when the session is beyond it.
 */
export function buildProgram(
  lines: readonly FastLine[],
  layout: number,
  version: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  words: Uint32Array,
  row: number,
  strings: StringTable,
  before: Program | null,
): Program | null {
  if (lines.some((line) => line.trims)) return null;
  const seen = placesOf(lines, bytes, start, end, strings);
  if (seen === null) return null;
  const steps = lines.flatMap((line) => line.steps);
  const differs = steps.map(
    (step, i) =>
      !isLiteral(step) &&
      (step.again ||
        (before !== null && (before.volatile[i] === true || !isSame(seen[i] as Uint8Array, before.seen[i])))),
  );
  const base = words.slice(row, row + rowWords);
  base[layoutSlot] = 0;
  base[lineSlot] = 0;
  base[unknownSlot] = 0;
  const reads = steps.filter((_, i) => differs[i] === true);
  clearLine({ steps: reads.map((step) => ({ ...step, again: false })), trims: false }, base, 0);
  const stretches: Uint8Array[] = [];
  let open: Uint8Array[] = [];
  steps.forEach((_, i) => {
    if (differs[i] !== true) return open.push(seen[i] as Uint8Array);
    stretches.push(Buffer.concat(open));
    return (open = []);
  });
  stretches.push(Buffer.concat(open));
  const packed = pack(stretches);
  if (packed === null) return null;
  presume(reads, base);
  const ops = opsOf(reads);
  const memo = new Float64Array(reads.length * 4).fill(NaN);
  return {
    layout,
    lines: lines.length,
    version,
    steps,
    volatile: differs,
    seen,
    base,
    reads,
    ops,
    memo,
    ...packed,
  };
}

/** What is read at once leaves its presence as it is in the row that all begin with: a value. */
function presume(reads: readonly Step[], base: Uint32Array): void {
  for (const step of reads)
    if (isReadAtOnce(step))
      base[step.presenceAt] = (base[step.presenceAt] as number) | (Presence.value << step.presenceShift);
}

type Packed = Pick<Program, 'lengths' | 'bytes' | 'offsets' | 'eights' | 'eightsAt' | 'tails'>;

function pack(stretches: readonly Uint8Array[]): Packed | null {
  const eights: number[] = [];
  const eightsAt: number[] = [];
  const tails: number[] = [];
  const offsets: number[] = [];
  let offset = 0;
  for (const stretch of stretches) {
    const copy = new Uint8Array(stretch);
    const view = new DataView(copy.buffer);
    eightsAt.push(eights.length);
    for (let at = 0; at + 8 <= copy.length; at += 8) eights.push(view.getFloat64(at, true));
    tails.push(copy.length >= 8 ? view.getFloat64(copy.length - 8, true) : 0);
    offsets.push(offset);
    offset += copy.length;
    // Zero equals negative zero, whose bytes differ.
    if (copy.includes(0)) return null;
  }
  return {
    lengths: Int32Array.from(stretches, (stretch) => stretch.length),
    bytes: new Uint8Array(Buffer.concat(stretches)),
    offsets: Int32Array.from(offsets),
    eights: Float64Array.from(eights),
    eightsAt: Int32Array.from(eightsAt),
    tails: Float64Array.from(tails),
  };
}
