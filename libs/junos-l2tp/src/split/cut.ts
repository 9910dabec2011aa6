/** What a scanner of one format tells whoever divides a capture into parts. Offsets are bytes from the capture's start. */

/** What a part must repeat so that it parses alone, and what the part before must close. */
export interface Repeat {
  readonly prefix: Uint8Array;
  readonly suffix: Uint8Array;
}

export interface CutSink {
  /**
   * A place between two sessions: a part may end before `end` (and `repeat().suffix`), the next begin with `repeat().prefix` and go on at
   * `start`. What lies between the two is separators only. `repeat` is to be called at once or not at all.
   */
  cut(end: number, start: number, repeat: () => Repeat): void;
  /** A session begins: tells a listing from another command's output. */
  session(): void;
}

export const nothing: Repeat = { prefix: new Uint8Array(0), suffix: new Uint8Array(0) };

/** A scanner of an XML or JSON reply, fed from the reply's first byte on. */
export interface BodyScanner {
  /** Takes `bytes[start, end)`, which lies at `offset` of the capture. Returns how many bytes belong to the reply; fewer: it ended there. */
  write(bytes: Uint8Array, start: number, end: number, offset: number): number;
}

/** Largest head of a tunnel (its own fields) that is kept for repetition. Larger ones are not cut inside. */
const headBytesMost = 65_536;

/** Bytes that pass by, kept from one place to another, up to a bound. */
export class Recorder {
  #pieces: Buffer[] | null = null;
  #size = 0;
  /** First offset that is wanted. */
  #from = 0;

  begin(offset: number): void {
    this.#pieces = [];
    this.#size = 0;
    this.#from = offset;
  }

  /** Keeps what of `bytes[start, end)`, lying at `offset`, stands at or behind the place of `begin`. */
  take(bytes: Uint8Array, start: number, end: number, offset: number): void {
    if (this.#pieces === null) return;
    const skip = Math.max(0, this.#from - offset);
    if (start + skip >= end) return;
    const piece = Buffer.from(bytes.subarray(start + skip, end));
    this.#size += piece.length;
    this.#from = offset + (end - start);
    if (this.#size > headBytesMost) this.#pieces = null;
    else this.#pieces.push(piece);
  }

  /** What was kept, and no more from here on; null when it was too much, or `begin` was not called. */
  finish(): Buffer | null {
    const pieces = this.#pieces;
    this.#pieces = null;
    return pieces === null ? null : Buffer.concat(pieces);
  }

  get active(): boolean {
    return this.#pieces !== null;
  }
}
