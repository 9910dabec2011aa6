/** A listing as text within a reply of another format, whose escapes are resolved before. */
import type { ParseLimits } from '../envelope/reader.ts';
import type { SnapshotBuilder } from '../envelope/snapshot-builder.ts';
import { TextReader } from './text-reader.ts';

export class TextWithin {
  readonly #builder: SnapshotBuilder;
  readonly #reader: TextReader;
  readonly #options: { whole: boolean; predict: boolean };

  /** `line`: of the text's first byte. */
  constructor(builder: SnapshotBuilder, limits: ParseLimits, line: number, predict: boolean) {
    this.#builder = builder;
    this.#options = { whole: false, predict };
    builder.becomeText();
    this.#reader = new TextReader(builder, limits, line, this.#options);
  }

  get lineNumber(): number {
    return this.#reader.lineNumber;
  }

  feed(bytes: Uint8Array, start: number, end: number): void {
    if (!this.#reader.ended) this.#reader.write(bytes, start, end);
  }

  /** The text is over. `isWhole`: what is around it says so. */
  finish(isWhole: boolean): void {
    this.#options.whole = isWhole;
    this.#reader.end();
    if (this.#reader.ended) {
      this.#builder.problem(this.#reader.lineNumber, 'a prompt within the reply', true);
      this.#builder.frame.abandon();
    }
    if (this.#builder.trim === 0) return;
    // Its last line has no line end: what follows would be printed a line too late.
    this.#builder.trim = 0;
    this.#builder.frame.abandon();
  }
}
