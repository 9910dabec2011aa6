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
  /** Fields that such a line prints beyond doubt (`certainFields`). */
  readonly certain: readonly number[];
  /** True for the head of the counters' table. */
  readonly isCounterHead: boolean;
  /** The templates of the same labels and fields; the one that printed a line last is tried first. */
  readonly group: TemplateGroup;
}

export interface TemplateGroup {
  readonly templates: LineTemplate[];
}

/** Templates kept for one kind of line: verbatim patches must not pile up. */
const maxGroup = 32;

const plainLine = { certain: [], isCounterHead: false };

export class LineTemplates {
  readonly #byKey = new Map<string, TemplateGroup>();
  #count = 0;

  /** Grows whenever another template of a kind becomes the first to be tried. */
  version = 0;

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
    about: Pick<LineTemplate, 'certain' | 'isCounterHead'> = plainLine,
  ): LineTemplate {
    const group = this.#byKey.get(key) ?? { templates: [] };
    const { templates } = group;
    const known = templates.findIndex((t) => prints(t.pieces, record, unknownBase, line));
    if (known >= 0) {
      if (known > 0) this.version++;
      const [template] = templates.splice(known, 1) as [LineTemplate];
      templates.unshift(template);
      return template;
    }
    for (const build of builds) {
      const pieces = joinPieces(build());
      if (!prints(pieces, record, unknownBase, line)) continue;
      const template: LineTemplate = { id: ++this.#count, pieces, unknowns, group, ...about };
      templates.unshift(template);
      this.version++;
      if (templates.length > maxGroup) templates.pop();
      this.#byKey.set(key, group);
      return template;
    }
    throw new Error(`no pieces print the line ${JSON.stringify(line)}`);
  }

  clear(): void {
    this.#byKey.clear();
  }
}
