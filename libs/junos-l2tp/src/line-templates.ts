/** The lines that a capture has shown so far, each as the pieces that print it: what makes layouts few. */
import type { SessionRecord } from '@sessionreel/session-model';
import { joinPieces, type Piece } from './layout.ts';
import { prints } from './line-shape.ts';

export interface LineTemplate {
  /** From 1, in the order of learning. */
  readonly id: number;
  readonly pieces: readonly Piece[];
  /** How many values of unknown labels the line prints. */
  readonly unknowns: number;
  /** The line as it was when it was learned, for compiling a matcher. */
  readonly key: string;
}

export class LineTemplates {
  readonly #byKey = new Map<string, LineTemplate[]>();
  #count = 0;

  get size(): number {
    return this.#count;
  }

  /**
   * The template that prints `line`, which is learned now when there is none. `key` holds the line's labels and fields, not its values
   * and spaces. `builds` give pieces, the best guess first; the last must print the line.
   * @throws when not even the last does: a mistake in the program.
   */
  find(
    key: string,
    line: string,
    record: SessionRecord,
    unknownBase: number,
    unknowns: number,
    builds: readonly (() => Piece[])[],
  ): LineTemplate {
    const known = this.#byKey.get(key) ?? [];
    for (const template of known) if (prints(template.pieces, record, unknownBase, line)) return template;
    for (const build of builds) {
      const pieces = joinPieces(build());
      if (!prints(pieces, record, unknownBase, line)) continue;
      const template: LineTemplate = { id: ++this.#count, pieces, unknowns, key };
      known.push(template);
      this.#byKey.set(key, known);
      return template;
    }
    throw new Error(`no pieces print the line ${JSON.stringify(line)}`);
  }

  clear(): void {
    this.#byKey.clear();
  }
}
