/** Finds the places between sessions in an XML reply, by its tags alone: local names, any prefix, any nesting around them. */
import type { BodyScanner, CutSink, Repeat } from './cut.ts';
import { TunnelPlaces } from './tunnel-places.ts';

interface Open {
  readonly name: string;
  /** The start tag as it stands. */
  readonly tag: string;
  /** White space before it, which its end tag gets too. */
  readonly indent: string;
  readonly qualified: string;
}

const lt = 0x3c;
const gt = 0x3e;
const slash = 0x2f;
const tagBytesMost = 65_536;

export class XmlScanner implements BodyScanner {
  readonly #stack: Open[] = [];
  readonly #places: TunnelPlaces;
  /** Elements open inside an entry, itself included; 0 outside. */
  #inEntry = 0;
  /** A tag that the last chunk ended in. */
  #carry: Buffer = Buffer.alloc(0);
  #indent = '';
  #done = false;

  constructor(sink: CutSink) {
    this.#places = new TunnelPlaces(sink, 'l2tp-tunnel-local-id', () => this.#around());
  }

  write(bytes: Uint8Array, start: number, end: number, offset: number): number {
    const fresh = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
    const carried = this.#carry.length;
    const data = carried === 0 ? fresh : Buffer.concat([this.#carry, fresh]);
    const base = offset - carried;
    const at = this.#scan(data, base);
    if (this.#done) return Math.max(0, at - carried);
    this.#places.pass(data, 0, at, base);
    this.#carry = Buffer.from(data.subarray(at));
    if (this.#carry.length > tagBytesMost) this.#carry = Buffer.alloc(0);
    return end - start;
  }

  /** Scans whole tags; returns where the unfinished one begins, or where the reply ended. */
  #scan(data: Buffer, base: number): number {
    let at = 0;
    for (;;) {
      const open = data.indexOf(lt, at);
      // White space at the end may be the indent of a tag that comes with the next chunk.
      if (open < 0) return spaceBefore(data, data.length, at);
      const next = endOfTag(data, open);
      if (next < 0) return spaceBefore(data, open, at);
      if (this.#inEntry === 0) this.#indent = indentBefore(data, open, at);
      this.#tag(data, open, next, base);
      at = next;
      if (this.#done) return at;
    }
  }

  #tag(data: Buffer, open: number, next: number, base: number): void {
    const second = data[open + 1];
    if (second === 0x21 || second === 0x3f) return;
    const closes = second === slash;
    const alone = !closes && data[next - 2] === slash;
    if (this.#inEntry > 0) {
      if (alone) return;
      this.#inEntry += closes ? -1 : 1;
      if (this.#inEntry === 0) this.#places.entryEnd = base + next;
    } else if (closes) this.#close(base + next);
    else this.#open(data, open, next, base, alone);
  }

  #close(end: number): void {
    this.#stack.pop();
    this.#places.close(this.#stack.length, end);
    if (this.#stack.length === 0) this.#done = true;
  }

  #open(data: Buffer, open: number, next: number, base: number, alone: boolean): void {
    const tag = data.toString('latin1', open, next);
    const qualified = /^<([^\s/>]+)/.exec(tag)?.[1] ?? '';
    const name = qualified.slice(qualified.indexOf(':') + 1);
    if (name === 'l2tp-session-entry' && this.#places.depth > 0) {
      this.#places.entry(data, 0, open, base);
      if (alone) this.#places.entryEnd = base + next;
      else this.#inEntry = 1;
      return;
    }
    if (alone) {
      if (this.#stack.length === 0) this.#done = true;
      return;
    }
    if (name === 'l2tp-per-tunnel-session-table') this.#places.open(base + open);
    this.#stack.push({ name, tag, indent: this.#indent, qualified });
    if (name === 'l2tp-per-tunnel-session-table') this.#places.depth = this.#stack.length;
  }

  /** Start tags of what is open, the tunnel with its own fields; end tags in the same layout. */
  #around(): Repeat {
    const { depth, head } = this.#places;
    const outer = depth === 0 ? this.#stack : this.#stack.slice(0, depth - 1);
    const start = outer.map((x) => x.indent.trimStart() + x.tag).join('\n');
    const end = this.#stack.map((x) => `${x.indent}</${x.qualified}>`).reverse();
    return {
      prefix: Buffer.from(start + (head === '' ? '' : '\n') + head, 'latin1'),
      suffix: Buffer.from(end.join(''), 'latin1'),
    };
  }
}

/** White space between the last tag and this one, when there is nothing else. */
function indentBefore(data: Buffer, open: number, from: number): string {
  const before = data.toString('latin1', Math.max(from, open - 256), open);
  return /(?:\r?\n)?[ \t]*$/.exec(before)?.[0] ?? '';
}

/** Where the white space before `end` begins, not before `from`. */
function spaceBefore(data: Buffer, end: number, from: number): number {
  let at = end;
  while (at > from && (data[at - 1] as number) <= 0x20) at--;
  return at;
}

/** Where the tag (comment, CDATA section, instruction) that begins at `open` ends; -1 when its end is not there yet. */
function endOfTag(data: Buffer, open: number): number {
  const second = data[open + 1];
  if (second === undefined) return -1;
  if (second === 0x21) {
    const text = data.toString('latin1', open, open + 9);
    const closing = text.startsWith('<!--') ? '-->' : text.startsWith('<![CDATA[') ? ']]>' : null;
    if (closing === null && ('<!--'.startsWith(text) || '<![CDATA['.startsWith(text))) return -1;
    return after(data, data.indexOf(closing ?? '>', open + 4), closing?.length ?? 1);
  }
  if (second === 0x3f) return after(data, data.indexOf('?>', open), 2);
  let end = data.indexOf(gt, open);
  // An attribute may hold a `>`.
  for (let from = open; second !== slash && end >= 0 && isQuoted(data, from, end);) {
    from = open;
    end = data.indexOf(gt, end + 1);
  }
  return after(data, end, 1);
}

const after = (data: Buffer, at: number, length: number): number =>
  at < 0 || at + length > data.length ? -1 : at + length;

function isQuoted(data: Buffer, open: number, at: number): boolean {
  let quote = 0;
  for (let i = open; i < at; i++) {
    const byte = data[i] as number;
    if (quote === 0 ? byte === 0x22 || byte === 0x27 : byte === quote) quote = quote === 0 ? byte : 0;
  }
  return quote !== 0;
}
