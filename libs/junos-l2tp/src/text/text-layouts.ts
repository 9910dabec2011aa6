/** Layouts of a reply's sessions by the lines that printed them. */
import { layoutOfParts, partsOf } from '../layout/layout.ts';
import type { LineTemplate, Shape } from './line-templates.ts';
import { shiftUnknown } from './line-shape.ts';
import type { SnapshotBuilder } from '../envelope/snapshot-builder.ts';

export class TextLayouts {
  readonly #builder: SnapshotBuilder;
  readonly #limit: number;
  readonly #ids = new Map<string, number>();

  /** `limit`: how many are held at a time. */
  constructor(builder: SnapshotBuilder, limit: number) {
    this.#builder = builder;
    this.#limit = limit;
  }

  /** Id of the layout of a session of these lines under this header. `inherited`: unknown values that come from the header. */
  idOf(header: readonly LineTemplate[], lines: readonly LineTemplate[], inherited: number): number {
    const key = `${header.map((t) => t.id).join(' ')}|${lines.map((t) => t.id).join(' ')}|${inherited}`;
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    if (this.#ids.size >= this.#limit) this.#ids.clear();
    const layout = layoutOfParts('text', linesOf(header, 0), linesOf(lines, inherited));
    const id = this.#builder.strings.internText(layout);
    this.#ids.set(key, id);
    return id;
  }

  /** Ids of strings are void. */
  forget(): void {
    this.#ids.clear();
  }
}

const partsOfShapes = new WeakMap<Shape, readonly string[]>();

/** Parts of all lines; `unknowns`: how many unknown values come before theirs. */
function linesOf(lines: readonly LineTemplate[], unknowns: number): (readonly string[])[] {
  let before = unknowns;
  return lines.map(({ shape }) => {
    const by = before;
    before += shape.unknowns;
    if (by > 0 && shape.unknowns > 0) return partsOf(shiftUnknown(shape.pieces, by));
    let parts = partsOfShapes.get(shape);
    if (parts === undefined) partsOfShapes.set(shape, (parts = partsOf(shape.pieces)));
    return parts;
  });
}
