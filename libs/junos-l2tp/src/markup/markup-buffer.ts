/**
 * Bytes of a reply while they are read: the caller's chunk itself where nothing was left over from the chunk before, else a copy
 * of the rest with the chunk behind it. A reader says from where on it needs bytes again; those before are forgotten.
 */

/** What ends the reading of a reply: malformed, too deep, too long. Thrown by readers to themselves, never to the caller. */
export class MarkupProblem extends Error {
  /** Offset in the buffer. */
  readonly at: number;

  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

const newline = 0x0a;

/** White space behind a root that is waited through, for what comes after it. */
const patience = 64;

/**
 * Where a reply ends whose root ends at `at`: behind its line end, where one follows. −1 while only white space is there, which is
 * the reply's where the input ends with it.
 */
export function endBehindRoot(bytes: Uint8Array, at: number, end: number): number {
  let own = at;
  const to = Math.min(end, at + patience);
  for (let i = at; i < to; i++) {
    const c = bytes[i] as number;
    if (c !== 0x20 && c !== 0x09 && c !== 0x0d && c !== newline) return own;
    if (c === newline && own === at) own = i + 1;
  }
  return to < end ? own : -1;
}

export class MarkupBuffer {
  bytes: Uint8Array = new Uint8Array(0);
  /** Shows `bytes`. */
  view: DataView = new DataView(new ArrayBuffer(0));
  /** Next byte to read. */
  at = 0;
  end = 0;
  #own: Uint8Array = new Uint8Array(0);
  /** Bytes carried over from before the current chunk. */
  #carried = 0;
  #chunkStart = 0;
  /** Line number at `#countedTo`. */
  #line: number;
  #countedTo = 0;

  constructor(line: number) {
    this.#line = line;
  }

  /**
   * Takes a chunk. Offsets count from 0 in what was kept, but from the chunk's own where nothing was: says by how much they shrink,
   * as `keepFrom` does.
   */
  push(chunk: Uint8Array, start: number, end: number): number {
    this.#chunkStart = start;
    if (this.#carried === 0) {
      this.#show(chunk);
      this.at = this.#countedTo = start;
      this.end = end;
      return -start;
    }
    const length = this.#carried + end - start;
    if (length > this.#own.length) {
      const larger = new Uint8Array(Math.max(length, this.#own.length * 2));
      larger.set(this.#own.subarray(0, this.#carried));
      this.#own = larger;
    }
    this.#own.set(start === 0 && end === chunk.length ? chunk : chunk.subarray(start, end), this.#carried);
    this.#show(this.#own);
    this.end = length;
    return 0;
  }

  #show(bytes: Uint8Array): void {
    if (this.bytes === bytes) return;
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Forgets the bytes before `keep` and says by how much offsets shrink: `offset - shift` is the same byte afterwards. */
  keepFrom(keep: number): number {
    if (keep > this.#countedTo) this.countLines(keep);
    this.#countedTo -= keep;
    const kept = this.end - keep;
    if (kept > 0 && this.bytes === this.#own) this.#own.copyWithin(0, keep, this.end);
    else if (kept > 0) {
      if (kept > this.#own.length) this.#own = new Uint8Array(Math.max(kept * 2, 4096));
      this.#own.set(this.bytes.subarray(keep, this.end));
    }
    this.#show(this.#own);
    this.at -= keep;
    this.end = this.#carried = kept;
    return keep;
  }

  /** Where `offset` lies in the caller's chunk. What was carried over before it lies before the chunk's start. */
  offsetInChunk(offset: number): number {
    return this.#carried === 0 ? offset : offset - this.#carried + this.#chunkStart;
  }

  /** The line of `offset`, from the capture's first. */
  lineAt(offset: number): number {
    if (offset > this.#countedTo) this.countLines(offset);
    if (offset === this.#countedTo) return this.#line;
    return this.#line - countNewlines(this.bytes, offset, this.#countedTo);
  }

  /** Counts lines up to `to`, where the count is behind. */
  countLines(to: number): void {
    this.#line += countNewlines(this.bytes, this.#countedTo, to);
    this.#countedTo = to;
  }

  /** Lines up to `to` whose number is known already, counted up to `from`. */
  skipLines(from: number, to: number, lines: number): void {
    if (this.#countedTo !== from) this.countLines(from);
    this.#line += lines;
    this.#countedTo = to;
  }
}

export function countNewlines(bytes: Uint8Array, from: number, to: number): number {
  let count = 0;
  if (to - from < 4096) {
    for (let i = from; i < to; i++) if (bytes[i] === newline) count++;
    return count;
  }
  // A view, so that a search does not run on behind it.
  const view = bytes.subarray(from, to);
  for (let i = view.indexOf(newline); i >= 0; i = view.indexOf(newline, i + 1)) count++;
  return count;
}

/** `bytes[from, to)` in memory of their own (`Buffer.slice` would share it). */
export function copyOf(bytes: Uint8Array, from: number, to: number): Uint8Array {
  return new Uint8Array(bytes.subarray(from, to));
}
