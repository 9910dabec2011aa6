/** Finds the known line that prints some bytes, by how they begin: for sessions whose order of lines is new, and for the plain path. */
import { indexOfField, type StringTable } from '@sessionreel/session-model';
import { clearLine, hasValue, matchLine, takeFreeText } from './fast-line.ts';
import { compileLine, type FastLine } from './fast-step.ts';
import type { LineTemplate } from './line-templates.ts';

export interface KnownLine {
  readonly template: LineTemplate;
  readonly line: FastLine;
}

/** LACs print it twice. */
const interfaceUnit = indexOfField('interface_unit');
const none = new Set<number>();

/** Hash of a line's beginning: up to its first colon, its first gap of two spaces or a tab behind the indent, or its end. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] === 0x20) at++;
  let hash = 0x811c9dc5 ^ (at - start);
  const limit = Math.min(end, at + 48);
  for (; at < limit; at++) {
    const c = bytes[at] as number;
    if (c === 0x3a || c === 0x0a || c === 0x0d || c === 0x09) break;
    if (c === 0x20 && bytes[at + 1] === 0x20) break;
    hash = Math.imul(hash ^ c, 0x01000193);
  }
  return hash;
}

export class LineIndex {
  readonly #strings: StringTable;
  readonly #learned: Map<number, Set<number>>;
  readonly #buckets = new Map<number, KnownLine[]>();
  readonly #known = new Set<LineTemplate>();

  /** `learned`: what the plain path knows of what follows free texts, which matches add to. */
  constructor(strings: StringTable, learned: Map<number, Set<number>>) {
    this.#strings = strings;
    this.#learned = learned;
  }

  /** Adds a line of a session's body, unless its format is beyond the fast path. */
  add(template: LineTemplate): void {
    if (this.#known.has(template)) return;
    this.#known.add(template);
    const line = template.unknowns > 0 ? null : compileLine(template.pieces, none);
    const first = line?.steps[0];
    if (line === null || first === undefined || first.literal.length === 0) return;
    // The literal may stop short of the gap that ends the label: two spaces stand for it.
    const begins = Buffer.concat([first.literal, Buffer.from('  ')]);
    const hash = hashOf(begins, 0, begins.length);
    const bucket = this.#buckets.get(hash);
    if (bucket === undefined) this.#buckets.set(hash, [{ template, line }]);
    else bucket.push({ template, line });
  }

  /** The known line at `start` that prints these bytes; its values go to the row. Null when there is none, and the row is as before. */
  find(
    bytes: Uint8Array,
    view: DataView,
    start: number,
    end: number,
    words: Uint32Array,
    row: number,
    printed: ReadonlySet<number>,
  ): { readonly known: KnownLine; readonly end: number } | null {
    const bucket = this.#buckets.get(hashOf(bytes, start, end));
    if (bucket === undefined) return null;
    for (const { template, line } of bucket) {
      if (template.group.templates[0] !== template) continue;
      const repeated = line.steps.filter((step) => step.field >= 0 && printed.has(step.field));
      if (repeated.some((step) => step.field !== interfaceUnit)) continue;
      const again = repeated.length === 0 ? line : compileLine(template.pieces, printed);
      if (again === null) continue;
      const next = this.match(again, bytes, view, start, end, words, row);
      if (next >= 0) return { known: { template, line: again }, end: next };
      clearLine(again, words, row);
    }
    return null;
  }

  /** As `matchLine`, and the plain path is told what follows a free text. */
  match(
    line: FastLine,
    bytes: Uint8Array,
    view: DataView,
    at: number,
    end: number,
    words: Uint32Array,
    row: number,
  ): number {
    const next = matchLine(line, bytes, view, at, end, words, row, this.#strings);
    if (takeFreeText() && next >= 0) this.#teach(line, words, row);
    return next;
  }

  #teach(line: FastLine, words: Uint32Array, row: number): void {
    for (const step of line.steps) {
      if (!step.free || step.taught || !hasValue(step, words, row)) continue;
      step.taught = true;
      const known = this.#learned.get(step.field);
      if (known === undefined) this.#learned.set(step.field, new Set([step.next]));
      else known.add(step.next);
    }
  }
}
