/** The layouts of one reply: how tunnels' heads and sessions were printed, each kept once, and the ids of their combinations. */
import type { StringTable } from '@sessionreel/session-model';
import { joinPieces, stringifyLayout, type Piece } from '../layout/layout.ts';

export class MarkupLayouts {
  readonly #format: 'xml' | 'json';
  readonly #strings: StringTable;
  readonly #limit: number;
  #parts: Piece[][] = [[]];
  #indexes = new Map<string, number>([['[]', 0]]);
  #ids = new Map<number, number>();
  #lastKey = -1;
  #lastId = 0;
  /** Grows when everything was forgotten: indexes from before are void. */
  generation = 0;

  constructor(format: 'xml' | 'json', strings: StringTable, limit: number) {
    this.#format = format;
    this.#strings = strings;
    // A head and a body beside the empty part must have room.
    this.#limit = Math.max(3, limit);
  }

  /** Index of a list of pieces; 0 is the empty list. */
  part(pieces: readonly Piece[]): number {
    const joined = joinPieces(pieces);
    const key = JSON.stringify(joined);
    const known = this.#indexes.get(key);
    if (known !== undefined) return known;
    if (this.#parts.length >= this.#limit) this.#forget();
    const index = this.#parts.push(joined) - 1;
    this.#indexes.set(key, index);
    return index;
  }

  pieces(index: number): readonly Piece[] {
    return this.#parts[index] ?? [];
  }

  /** Id in the string table of the layout made of these parts. */
  id(tunnel: number, body: number): number {
    const key = tunnel * 0x1000000 + body;
    if (key === this.#lastKey) return this.#lastId;
    let id = this.#ids.get(key);
    if (id === undefined) {
      const json = stringifyLayout({
        format: this.#format,
        tunnel: this.#parts[tunnel] ?? [],
        body: this.#parts[body] ?? [],
      });
      id = this.#strings.internText(json);
      if (this.#ids.size > this.#limit) this.#ids.clear();
      this.#ids.set(key, id);
    }
    this.#lastKey = key;
    this.#lastId = id;
    return id;
  }

  /** Ids of strings are void. */
  forgetIds(): void {
    this.#ids = new Map();
    this.#lastKey = -1;
  }

  #forget(): void {
    this.#parts = [[]];
    this.#indexes = new Map([['[]', 0]]);
    this.#ids = new Map();
    this.#lastKey = -1;
    this.generation++;
  }
}
