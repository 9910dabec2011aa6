/**
 * A session's lines as one: stretches of bytes that were the same in the sessions before, values included, and between them the values that
 * differ from session to session. Equal bytes in the same places are equal values, so that only the others are read.
 */
import {
  counterOf,
  layoutSlot,
  lineSlot,
  setPresence,
  setRounding,
  unknownSlot,
} from '@sessionreel/session-model';
import { isLiteral, type Step } from './fast-step.ts';
import type { KnownLine } from './known-line.ts';
import type { Matcher } from './matcher.ts';

export interface Program {
  /** Where it stands in the matcher's memory, and how much room there is. */
  at: number;
  room: number;
  /** By value, in order: its bytes in the session that the program was made of, and whether it was seen to differ. */
  readonly seen: Uint8Array[];
  readonly volatile: boolean[];
  /** What each of its sessions begins with. */
  begin: Uint8Array;
}

const noBytes = new Uint8Array();

/**
 * Makes the program of sessions like the one that was just matched line by line, which begins at `start` and ends at `end` in the matcher's
 * memory. `before`: their program until now, of which some value differs. Null when such sessions are beyond it.
 */
export function buildProgram(
  matcher: Matcher,
  lines: readonly KnownLine[],
  start: number,
  end: number,
  row: Uint32Array,
  before: Program | null,
): Program | null {
  if (lines.some(({ line }) => line.trims)) return null;
  const values = lines.flatMap(({ line }) => line.steps.filter((step) => !isLiteral(step)));
  const places = matcher.places(values.length);
  if (places === null) return null;
  const { bytes } = matcher;
  const program: Program = before ?? {
    at: 0,
    room: 0,
    seen: [],
    volatile: values.map((step) => step.again),
    begin: noBytes,
  };
  const base = row.slice();
  base[layoutSlot] = 0;
  base[lineSlot] = 0;
  base[unknownSlot] = 0;
  const stretches: Uint8Array[] = [];
  const reads: Step[] = [];
  let from = start;
  values.forEach((step, i) => {
    const at = places[i * 2] as number;
    const to = places[i * 2 + 1] as number;
    const seen = program.seen[i];
    if (seen === undefined || !isSame(bytes, at, to, seen)) {
      if (seen !== undefined && before !== null) program.volatile[i] = true;
      program.seen[i] = bytes.slice(at, to);
    }
    if (program.volatile[i] !== true) return;
    stretches.push(bytes.subarray(from, at));
    reads.push(step);
    from = to;
    if (step.again) return;
    setPresence(base, 0, step.field, 0);
    const counter = counterOf[step.field] as number;
    if (counter !== 255) setRounding(base, 0, counter, 0);
  });
  stretches.push(bytes.subarray(from, end));
  program.begin = (stretches[0] as Uint8Array).slice();
  const needed = lines.flatMap(({ line }) => line.needed);
  return matcher.records.putProgram(program, stretches, reads, base, needed) ? program : null;
}

function isSame(bytes: Uint8Array, from: number, to: number, other: Uint8Array): boolean {
  if (to - from !== other.length) return false;
  for (let i = from, k = 0; i < to; i++, k++) if (bytes[i] !== other[k]) return false;
  return true;
}
