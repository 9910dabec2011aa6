/** Layouts of a reply's sessions by the lines that printed them. */
import type { LineTemplate } from './line-templates.ts';
import type { Piece } from './layout.ts';
import { shiftUnknown } from './line-shape.ts';
import type { SnapshotBuilder } from './snapshot-builder.ts';

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
    const tunnel = piecesOf(header, 0);
    const id = this.#builder.layoutId({ format: 'text', tunnel, body: piecesOf(lines, inherited) });
    this.#ids.set(key, id);
    return id;
  }

  /** Ids of strings are void. */
  forget(): void {
    this.#ids.clear();
  }
}

/** Pieces of all lines; `unknowns`: how many unknown values come before theirs. */
function piecesOf(lines: readonly LineTemplate[], unknowns: number): Piece[] {
  let before = unknowns;
  return lines.flatMap((line) => {
    const pieces = shiftUnknown(line.shape.pieces, before);
    before += line.shape.unknowns;
    return pieces;
  });
}
