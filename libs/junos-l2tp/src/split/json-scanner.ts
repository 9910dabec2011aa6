/** Finds the places between sessions in a JSON reply, by its braces and member names alone. */
import type { BodyScanner, CutSink, Repeat } from './cut.ts';
import { TunnelPlaces } from './tunnel-places.ts';

interface Frame {
  readonly isArray: boolean;
  /** Name of the member that this array or object is the value of; of an array's elements, the array's. */
  readonly member: string;
  /** Name of the member whose value comes next. */
  key: string;
}

const tunnelMember = 'l2tp-per-tunnel-session-table';
const entryMember = 'l2tp-session-entry';
const quote = 0x22;
const backslash = 0x5c;
/** Names longer than this are none of ours. */
const nameBytesMost = 256;

export class JsonScanner implements BodyScanner {
  readonly #stack: Frame[] = [];
  readonly #places: TunnelPlaces;
  #inString = false;
  #escaped = false;
  /** Bytes of the string that is open, while it may be a name. */
  #name = '';
  /** Braces and brackets open inside an entry, its own included; 0 outside. */
  #inEntry = 0;

  constructor(sink: CutSink) {
    this.#places = new TunnelPlaces(sink, '"l2tp-tunnel-local-id"', () => this.#around());
  }

  write(bytes: Uint8Array, start: number, end: number, offset: number): number {
    const base = offset - start;
    for (let i = start; i < end; i++) {
      if (this.#inString) {
        i = this.#string(bytes, i, end);
        continue;
      }
      const byte = bytes[i] as number;
      if (byte === quote) {
        this.#inString = true;
        this.#name = '';
      } else if (byte === 0x7b || byte === 0x5b) {
        if (this.#inEntry > 0) this.#inEntry++;
        else this.#open(byte === 0x5b, bytes, start, i, base);
      } else if (byte === 0x7d || byte === 0x5d) {
        if (this.#inEntry > 0) {
          if (--this.#inEntry === 0) this.#places.entryEnd = base + i + 1;
        } else if (this.#close(base + i + 1)) return i + 1 - start;
      } else if (byte === 0x3a && this.#inEntry === 0) {
        const frame = this.#stack.at(-1);
        if (frame !== undefined) frame.key = this.#name;
      }
    }
    this.#places.pass(bytes, start, end, offset);
    return end - start;
  }

  /** Goes on inside a string from `i`; returns the last byte that it took. */
  #string(bytes: Uint8Array, start: number, end: number): number {
    const keeps = this.#inEntry === 0;
    for (let i = start; i < end; i++) {
      const byte = bytes[i] as number;
      if (this.#escaped) this.#escaped = false;
      else if (byte === backslash) this.#escaped = true;
      else if (byte === quote) {
        this.#inString = false;
        return i;
      }
      if (keeps && this.#name.length < nameBytesMost) this.#name += String.fromCharCode(byte);
    }
    return end;
  }

  #open(isArray: boolean, bytes: Uint8Array, start: number, i: number, base: number): void {
    const parent = this.#stack.at(-1);
    const member = parent === undefined ? '' : parent.isArray ? parent.member : parent.key;
    const isElement = !isArray && parent?.isArray === true;
    if (isElement && member === entryMember && this.#places.depth > 0) {
      this.#places.entry(bytes, start, i, base + start);
      this.#inEntry = 1;
      return;
    }
    if (isElement && member === tunnelMember) this.#places.open(base + i);
    this.#stack.push({ isArray, member, key: '' });
    if (isElement && member === tunnelMember) this.#places.depth = this.#stack.length;
  }

  /** True when that was the end of the reply. */
  #close(end: number): boolean {
    this.#stack.pop();
    this.#places.close(this.#stack.length, end);
    return this.#stack.length === 0;
  }

  #around(): Repeat {
    const { depth, head } = this.#places;
    const outer = depth === 0 ? this.#stack : this.#stack.slice(0, depth - 1);
    const start = outer.map((x) => (x.isArray ? '[' : `{"${x.key}":`)).join('');
    const end = this.#stack.map((x) => (x.isArray ? ']' : '}')).reverse();
    return { prefix: Buffer.from(start + head, 'latin1'), suffix: Buffer.from(end.join(''), 'latin1') };
  }
}
