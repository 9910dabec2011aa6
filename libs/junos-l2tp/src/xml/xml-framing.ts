/**
 * NETCONF's chunked framing (RFC 6242, section 4.2): `\n#<size>\n<bytes>…\n##\n`. Takes the framing out of chunks cut anywhere and
 * hands on the bytes within.
 */

import type { ChunkSizes } from '../layout/layout.ts';

const State = { header: 0, data: 1, done: 2 } as const;
const newline = 0x0a;
const hash = 0x23;
const maxDigits = 10;
const maxLead = 4096;
/** Runs of equal sizes that are kept for printing. */
const maxRuns = 65536;

export class ChunkFraming {
  #state: number = State.header;
  /** Bytes of a header seen so far: `\n#123`. */
  #header = '';
  #left = 0;
  /** White space before the first `#`: the line end there may have been lost with the line before it. */
  #lead = '';
  #sizes: [number, number][] = [];
  #isExact = true;

  /** True after `\n##\n`. */
  get done(): boolean {
    return this.#state === State.done;
  }

  /** The framing seen so far, to print it again; null when it was not the plain one. */
  get sizes(): ChunkSizes | null {
    const isBetween = this.#state === State.header && this.#header === '';
    if (!this.#isExact || (!this.done && !isBetween)) return null;
    return { lead: this.#lead, sizes: this.#sizes, isEnded: this.done };
  }

  /**
   * Takes bytes, hands their data to `data`, returns the offset after the last one taken: less than `end` once the message has ended.
   * @throws Error when they are no framing; `message` says what was found.
   */
  write(bytes: Uint8Array, start: number, end: number, data: (from: number, to: number) => void): number {
    let at = start;
    while (at < end && this.#state !== State.done) {
      if (this.#state === State.data) {
        const to = Math.min(end, at + this.#left);
        data(at, to);
        this.#left -= to - at;
        at = to;
        if (this.#left === 0) this.#state = State.header;
      } else this.#takeHeader(bytes[at++] as number);
    }
    return at;
  }

  #takeHeader(c: number): void {
    if (this.#header === '' && this.#sizes.length === 0 && c <= 0x20 && this.#lead.length < maxLead) {
      this.#lead += String.fromCharCode(c);
      return;
    }
    // A terminal may add a carriage return, or take a line end away.
    if (this.#header === '' && c === hash) {
      if (this.#sizes.length > 0) this.#isExact = false;
      this.#header = '\n';
    }
    if (c === 0x0d) {
      this.#isExact = false;
      return;
    }
    this.#header += String.fromCharCode(c);
    if (this.#header === '\n##\n') this.#state = State.done;
    else if (c === newline && this.#header.length > 1) {
      const match = /^\n#([1-9]\d*)\n$/.exec(this.#header);
      if (match === null) throw new Error('a NETCONF chunk header that is none');
      this.#left = Number(match[1]);
      this.#note(this.#left);
      this.#header = '';
      this.#state = State.data;
    } else if (!'\n##'.startsWith(this.#header) && !/^\n#[1-9]\d*$/.test(this.#header))
      throw new Error('a NETCONF chunk header that is none');
    else if (this.#header.length > maxDigits + 2) throw new Error('a NETCONF chunk of more than 2^32 bytes');
  }

  #note(size: number): void {
    const last = this.#sizes.at(-1);
    if (last?.[0] === size) last[1]++;
    else if (this.#sizes.length < maxRuns) this.#sizes.push([size, 1]);
    else this.#isExact = false;
  }
}

/** The bytes framed again; as one chunk where they are not as long as the sizes say. */
export function frameChunks(bytes: Uint8Array, framing: ChunkSizes): Uint8Array {
  const parts: Uint8Array[] = [];
  let at = 0;
  const put = (size: number): void => {
    parts.push(Buffer.from(`${at === 0 ? framing.lead : '\n'}#${size}\n`), bytes.subarray(at, at + size));
    at += size;
  };
  const total = framing.sizes.reduce((sum, [size, count]) => sum + size * count, 0);
  if (total !== bytes.length) put(bytes.length);
  else for (const [size, count] of framing.sizes) for (let i = 0; i < count; i++) put(size);
  if (framing.isEnded) parts.push(Buffer.from('\n##\n'));
  return Buffer.concat(parts);
}
