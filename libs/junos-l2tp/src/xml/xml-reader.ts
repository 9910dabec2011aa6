/**
 * Reads the command's reply as XML, from bytes cut anywhere, without a string for a leaf. What XML offers beyond elements, attributes
 * and text is refused (DOCTYPE, own entities) or passed over (comments, instructions); there is nothing external.
 *
 * Well-formedness is checked where a mistake could change what is read: nesting, end tags, attributes, entities, limits. What
 * characters text may hold is not: a router that prints a terminal escape raw is still read.
 */
import { EmbeddedText } from '../text/embedded-text.ts';
import { MarkupBuffer, MarkupProblem, copyOf, endBehindRoot } from '../markup/markup-buffer.ts';
import { MarkupListing } from '../markup/markup-listing.ts';
import { How } from '../markup/markup-learn.ts';
import { Kind, kindOfName, localNameStart } from '../markup/markup-names.ts';
import { emptyLeaf, type Leaf } from '../markup/markup-fields.ts';
import type { BodyReader, ParseLimits } from '../envelope/reader.ts';
import type { SnapshotBuilder } from '../envelope/snapshot-builder.ts';
import { textOf } from '../layout/values.ts';
import { ChunkFraming } from './xml-framing.ts';
import { checkInstruction, closeOfTag, forAttributes, isNameByte, isNameStart, isSpace } from './xml-tags.ts';
import { decoded, decodeXml, flattenXml, indexOfEnd, trimXml, trimmed } from './xml-text.ts';

const lt = 0x3c;
const gt = 0x3e;
const slash = 0x2f;
const bang = 0x21;
const question = 0x3f;
const ampersand = 0x26;
const hash = 0x23;
const endOfMessage = Buffer.from(']]>]]>');
const maxName = 256;
const slice = 256 * 1024;
/** How often a session that is cut is waited for. */
const maxWaits = 3;

/** What stands in the element at hand beside text. */
const Content = { text: 0, cdata: 1, mixed: 2, elements: 3 } as const;

export class XmlReader implements BodyReader {
  readonly #limits: ParseLimits;
  readonly #builder: SnapshotBuilder;
  readonly #predicts: boolean;
  readonly #buffer: MarkupBuffer;
  readonly #listing: MarkupListing;
  /** Qualified names of the open elements, one after another, for their end tags. */
  #names = new Uint8Array(1024);
  readonly #nameEnds: number[] = [0];
  /** What each open element holds. */
  readonly #contents: number[] = [Content.elements];
  /** Where the content of the element at hand begins; −1 when it holds elements. */
  #contentFrom = -1;
  #cdataFrom = 0;
  #cdataTo = 0;
  /** From where on the end of the token at hand is looked for. */
  #searched = 0;
  /** Undefined until it is known whether there is any. */
  #framing: ChunkFraming | null | undefined = undefined;
  /** White space that came before anything else. */
  #lead: Uint8Array = new Uint8Array(0);
  #text: EmbeddedText | null = null;
  #ended = false;
  #isFinished = false;
  /** How often the bytes ended within the predicted session at hand. */
  #waits = 0;
  /** Bytes taken by an earlier `write` that turned out not to belong to the reply: they precede what `write` returned. */
  leftover: Uint8Array = new Uint8Array(0);
  readonly #leaf = emptyLeaf();

  /** `predict`: false reads every session on the plain path, for tests. */
  constructor(builder: SnapshotBuilder, limits: ParseLimits, firstLine: number, predict = true) {
    this.#limits = limits;
    this.#builder = builder;
    this.#predicts = predict;
    this.#buffer = new MarkupBuffer(firstLine);
    this.#listing = new MarkupListing(builder, this.#buffer, 'xml', predict);
  }

  write(chunk: Uint8Array, start: number, end: number): number {
    // Slice by slice, so that a large chunk is never copied whole behind what was left over.
    let at = start;
    while (at < end && !this.ended) {
      const to = Math.min(end, at + slice);
      const taken = this.#writeSlice(chunk, at, to);
      at = taken;
      if (taken < to) break;
    }
    return at;
  }

  #writeSlice(chunk: Uint8Array, start: number, end: number): number {
    if (this.#framing === undefined && !this.#begin(chunk, start, end)) return end;
    if (this.#framing) return this.#writeFramed(this.#framing, chunk, start, end);
    if (!this.#take(chunk, start, end)) return end;
    this.#finish(this.#buffer.at);
    const at = this.#buffer.offsetInChunk(this.#buffer.at);
    if (at < start) this.leftover = copyOf(this.#buffer.bytes, this.#buffer.at, this.#buffer.at + start - at);
    return Math.max(at, start);
  }

  /** Decides by the first byte that is no space whether the reply is framed in chunks; false when it has not come yet. */
  #begin(chunk: Uint8Array, start: number, end: number): boolean {
    let first = start;
    while (first < end && isSpace(chunk[first] as number)) first++;
    if (first === end && end - start + this.#lead.length <= this.#limits.lineBytes) {
      this.#lead = Buffer.concat([this.#lead, chunk.subarray(start, end)]);
      return false;
    }
    this.#framing = chunk[first] === hash ? new ChunkFraming() : null;
    if (this.#framing !== null) this.#framing.write(this.#lead, 0, this.#lead.length, () => undefined);
    else this.#take(this.#lead, 0, this.#lead.length);
    return true;
  }

  get ended(): boolean {
    return this.#ended && !(this.#framing && this.#isCutShort);
  }

  get failed(): boolean {
    return this.#listing.failed;
  }

  get lineNumber(): number {
    return this.#buffer.lineAt(this.#ended ? this.#buffer.at : this.#buffer.end);
  }

  end(): void {
    if (!this.#isFinished) this.#finish(this.#buffer.end);
  }

  #finish(at: number): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    this.#text?.end(this.#buffer.bytes, this.#buffer.at, at);
    this.#listing.finish(at);
    if (!this.#framing) return;
    const { sizes } = this.#framing;
    if (sizes === null) this.#builder.frame.abandon();
    else this.#builder.frame.chunks = sizes;
  }

  /** A framed reply that is malformed is taken whole: what follows cannot be told apart from its framing. */
  #writeFramed(framing: ChunkFraming, chunk: Uint8Array, start: number, end: number): number {
    if (this.#isFinished) return end;
    let at = end;
    try {
      at = framing.write(chunk, start, end, (from, to) => {
        if (!this.#isFinished && this.#take(chunk, from, to)) this.#finish(this.#buffer.at);
      });
      if (framing.done) this.#ended = true;
    } catch (error) {
      this.#fail(new MarkupProblem(this.#buffer.end, error instanceof Error ? error.message : String(error)));
    }
    // What the chunks held of an element that was not whole belongs to the reply, too.
    if (this.#ended) this.#finish(this.#listing.closed || this.failed ? this.#buffer.at : this.#buffer.end);
    return this.#isCutShort ? end : at;
  }

  get #isCutShort(): boolean {
    return this.failed || this.#listing.abandonedAt >= 0;
  }

  /** Reads what a chunk completes; true when the reply ended. */
  #take(chunk: Uint8Array, start: number, end: number): boolean {
    const buffer = this.#buffer;
    this.#shift(buffer.push(chunk, start, end));
    if (this.#searched < buffer.at) this.#searched = buffer.at;
    try {
      this.#run();
      if (this.#ended) return true;
      if (this.#text !== null) {
        this.#shift(buffer.keepFrom(buffer.at));
        return false;
      }
      const from = this.#contentFrom >= 0 ? Math.min(this.#contentFrom, buffer.at) : buffer.at;
      if (this.#waits === 0) this.#checkLength(from, buffer.end);
      this.#shift(buffer.keepFrom(Math.min(from, this.#listing.settle(from))));
    } catch (error) {
      this.#fail(error);
    }
    return this.#ended;
  }

  /** Offsets shrink by `by`. */
  #shift(by: number): void {
    if (by === 0) return;
    this.#listing.shift(by);
    if (this.#contentFrom >= 0) this.#contentFrom -= by;
    this.#cdataFrom -= by;
    this.#cdataTo -= by;
    this.#searched -= by;
  }

  /** The reply ends here: it is malformed, or another begins. */
  #fail(error: unknown): void {
    if (!(error instanceof MarkupProblem)) throw error;
    if (!this.#isFinished) this.#listing.fail(error);
    this.#ended = true;
    this.#buffer.at = error.at;
  }

  #checkLength(from: number, to: number): void {
    const { lineBytes } = this.#limits;
    if (to - from > lineBytes)
      throw new MarkupProblem(from, `a value or a tag is longer than ${lineBytes} bytes`);
  }

  /** Reads tokens until the buffer holds no whole one. */
  #run(): void {
    const buffer = this.#buffer;
    while (!this.#ended) {
      if (this.#listing.closed) return this.#epilogue();
      const { bytes, at, end } = buffer;
      if (at >= end) return;
      if (this.#text !== null) {
        buffer.at = this.#text.write(bytes, at, end);
        if (!this.#text.ended) return;
        this.#listing.closed = true;
        continue;
      }
      const isDone = bytes[at] === lt ? this.#markup(bytes, at, end) : this.#characters(bytes, at, end);
      if (!isDone) return;
      this.#searched = buffer.at;
    }
  }

  /** After the root: its line end and `]]>]]>` belong to the reply, anything else does not. */
  #epilogue(): void {
    const buffer = this.#buffer;
    const { bytes, end } = buffer;
    const own = endBehindRoot(bytes, buffer.at, end);
    if (own < 0) return;
    let at = buffer.at;
    while (at < end && isSpace(bytes[at] as number)) at++;
    let isMessage = true;
    for (let i = 0; isMessage && i < endOfMessage.length; i++) {
      if (at + i >= end) return;
      isMessage = bytes[at + i] === endOfMessage[i];
    }
    if (isMessage) buffer.at = at + endOfMessage.length;
    else if (this.#framing === null) buffer.at = own;
    this.#ended = this.#framing === null;
  }

  #characters(bytes: Uint8Array, at: number, end: number): boolean {
    if (this.#listing.isInOutput && this.#embed(bytes, at, end)) return true;
    let to = this.#searched;
    // Most texts are short: a loop beats a call.
    const near = Math.min(end, to + 64);
    while (to < near && bytes[to] !== lt) to++;
    if (to === near && to < end) {
      to = bytes.indexOf(lt, to);
      if (to < 0 || to > end) to = end;
    }
    if (this.#listing.depth === 0) this.#checkBlank(bytes, at, to);
    if (to >= end) {
      this.#searched = end;
      return false;
    }
    // Between elements nothing is read, but what is no XML is told.
    if (this.#contentFrom < 0 && hasEntity(bytes, at, to)) decodeXml(bytes, at, to);
    const { kind } = this.#listing;
    if (kind >= Kind.root && kind <= Kind.entry && !isBlank(bytes, at, to)) this.#listing.strayText(at, to);
    this.#buffer.at = to;
    return true;
  }

  /** A text in `<output>` is a listing as the terminal shows it. */
  #embed(bytes: Uint8Array, at: number, end: number): boolean {
    let from = at;
    while (from < end && isSpace(bytes[from] as number)) from++;
    // What is no letter may be a pager's remains in front of an element.
    const first = (bytes[from] as number) | 0x20;
    if (from >= end || first < 0x61 || first > 0x7a) return false;
    const root = textOf(this.#names, 0, this.#nameEnds[1] as number);
    const line = this.#buffer.lineAt(at);
    this.#listing.yieldTo(at);
    this.#contentFrom = -1;
    this.#text = new EmbeddedText(this.#builder, this.#limits, root, line, this.#predicts);
    return true;
  }

  #checkBlank(bytes: Uint8Array, from: number, to: number): void {
    for (let i = from; i < to; i++) {
      const c = bytes[i] as number;
      const isMark = c === 0xef || c === 0xbb || c === 0xbf;
      if (!isSpace(c) && !isMark) throw new MarkupProblem(i, 'text outside of the XML');
    }
  }

  #markup(bytes: Uint8Array, at: number, end: number): boolean {
    if (at + 1 >= end) return false;
    const c = bytes[at + 1] as number;
    if (c === slash) return this.#endTag(bytes, at, end);
    if (c === bang) return this.#declaration(bytes, at, end);
    if (c === question) {
      const to = this.#endOf('?>', at + 2, bytes, end);
      if (to < 0) return false;
      checkInstruction(bytes, at, to);
      this.#note(Content.mixed);
      this.#buffer.at = to;
      return true;
    }
    return this.#startTag(bytes, at, end);
  }

  /** The offset after `mark`, −1 when it has not come yet. */
  #endOf(mark: string, from: number, bytes: Uint8Array, end: number): number {
    const to = indexOfEnd(bytes, Math.max(from, this.#searched - mark.length), mark, end);
    if (to < 0) this.#searched = end;
    this.#checkLength(from, to < 0 ? end : to);
    return to;
  }

  /** Something that is no text stands in the element at hand. */
  #note(what: number): void {
    const depth = this.#listing.depth;
    const before = this.#contents[depth] as number;
    if (before !== Content.elements) this.#contents[depth] = before === Content.text ? what : Content.mixed;
  }

  #declaration(bytes: Uint8Array, at: number, end: number): boolean {
    const known = Math.min(end - at, 9);
    const start = String.fromCharCode(...bytes.subarray(at, at + known));
    if (start.startsWith('<!--')) {
      const to = this.#endOf('-->', at + 4, bytes, end);
      if (to < 0) return false;
      this.#note(Content.mixed);
      this.#buffer.at = to;
      return true;
    }
    if (start === '<![CDATA[') {
      if (this.#listing.depth === 0) throw new MarkupProblem(at, 'text outside of the XML');
      const to = this.#endOf(']]>', at + 9, bytes, end);
      if (to < 0) return false;
      this.#note(Content.cdata);
      this.#cdataFrom = at + 9;
      this.#cdataTo = to - 3;
      this.#buffer.at = to;
      return true;
    }
    if ('<!--'.startsWith(start) || '<![CDATA['.startsWith(start)) return false;
    throw new MarkupProblem(at, 'a declaration in the XML (DOCTYPE, ENTITY, …): not accepted');
  }

  #startTag(bytes: Uint8Array, at: number, end: number): boolean {
    let i = at + 1;
    if (isNameStart[bytes[i] as number] === 0) throw new MarkupProblem(at, 'a < that begins no tag');
    while (i < end && isNameByte[bytes[i] as number] === 1) i++;
    if (i - at > maxName) throw new MarkupProblem(at, `a name longer than ${maxName} bytes`);
    const local = localNameStart(bytes, at + 1, i);
    const kind = kindOfName(bytes, local, i);
    if (kind === Kind.entry) {
      const after = this.#predict(at);
      if (after !== at) return after >= 0;
    }
    const close = i < end && bytes[i] === gt ? i : closeOfTag(bytes, i, end);
    if (close < 0) {
      this.#checkLength(at, end);
      return false;
    }
    this.#checkLength(at, close);
    if (this.#contentFrom >= 0 && this.#contents[this.#listing.depth] === Content.text)
      if (hasEntity(bytes, this.#contentFrom, at)) decodeXml(bytes, this.#contentFrom, at);
    this.#contents[this.#listing.depth] = Content.elements;
    this.#listing.open(kind, textOf(bytes, local, i), at);
    this.#pushName(bytes, at + 1, i);
    const isEmpty = bytes[close - 1] === slash;
    if (close > i) forAttributes(bytes, i, isEmpty ? close - 1 : close, this.#listing);
    this.#contents[this.#listing.depth] = Content.text;
    this.#contentFrom = close + 1;
    this.#buffer.at = close + 1;
    if (isEmpty) {
      this.#emptyLeaf(close + 1);
      this.#close(close + 1);
    }
    return true;
  }

  /** Sessions that are printed like those before: the offset after them; `at` when there are none, −1 when more bytes are needed. */
  #predict(at: number): number {
    // Not for ever: in very small chunks, a session is read on the plain path.
    const after = this.#waits < maxWaits ? this.#listing.predict(at) : at;
    this.#waits = after < 0 ? this.#waits + 1 : 0;
    if (after <= at) return after;
    this.#buffer.at = after;
    this.#contents[this.#listing.depth] = Content.elements;
    this.#contentFrom = -1;
    return after;
  }

  #endTag(bytes: Uint8Array, at: number, end: number): boolean {
    const depth = this.#listing.depth;
    const nameFrom = this.#nameEnds[depth - 1] as number;
    const length = (this.#nameEnds[depth] as number) - nameFrom;
    if (depth === 0) throw new MarkupProblem(at, 'an end tag without its start tag');
    let i = at + 2;
    for (let k = 0; k < length && i < end; k++, i++)
      if (bytes[i] !== this.#names[nameFrom + k])
        throw new MarkupProblem(at, 'an end tag of another element');
    while (i < end && isSpace(bytes[i] as number)) i++;
    if (i >= end) {
      this.#checkLength(at, end);
      return false;
    }
    if (bytes[i] !== gt) throw new MarkupProblem(at, 'an end tag of another element');
    if (this.#contents[depth] !== Content.elements) this.#fullLeaf(bytes, this.#contentFrom, at);
    this.#buffer.at = i + 1;
    this.#close(i + 1);
    return true;
  }

  #close(at: number): void {
    this.#nameEnds.length = this.#listing.depth;
    this.#contentFrom = -1;
    this.#listing.close(at);
  }

  #pushName(bytes: Uint8Array, from: number, to: number): void {
    const at = this.#nameEnds.at(-1) as number;
    if (at + to - from > this.#names.length) {
      const larger = new Uint8Array(2 * (at + to - from));
      larger.set(this.#names.subarray(0, at));
      this.#names = larger;
    }
    for (let i = from, j = at; i < to; i++, j++) this.#names[j] = bytes[i] as number;
    this.#nameEnds.push(at + to - from);
  }

  #emptyLeaf(at: number): void {
    const leaf = this.#leaf;
    leaf.how = How.nothing;
    leaf.from = leaf.to = leaf.start = leaf.end = at;
    leaf.pad = 0;
    leaf.bytes = this.#buffer.bytes;
    this.#listing.leaf(leaf);
  }

  #fullLeaf(bytes: Uint8Array, from: number, to: number): void {
    this.#checkLength(from, to);
    const leaf = this.#leaf;
    const content = this.#contents[this.#listing.depth] as number;
    const isCdata = content === Content.cdata && this.#isBlankAround(bytes, from, to);
    if (isCdata) {
      from = this.#cdataFrom;
      to = this.#cdataTo;
    }
    trimXml(bytes, from, to, this.#listing.trims);
    leaf.from = trimmed.from;
    leaf.to = trimmed.to;
    leaf.pad = to - trimmed.to;
    leaf.how = isCdata ? How.raw : content === Content.text ? How.text : How.literal;
    if (leaf.how === How.raw || (leaf.how === How.text && !hasEntity(bytes, leaf.from, leaf.to))) {
      leaf.bytes = bytes;
      leaf.start = leaf.from;
      leaf.end = leaf.to;
    } else {
      if (leaf.how === How.text) decodeXml(bytes, leaf.from, leaf.to);
      else flattenXml(bytes, leaf.from, leaf.to);
      leaf.bytes = decoded.bytes;
      leaf.start = 0;
      leaf.end = decoded.length;
      if (leaf.how === How.literal) this.#trimFlattened(leaf);
    }
    this.#listing.leaf(leaf);
  }

  /** White space between a value and comments around it is no part of it either. */
  #trimFlattened(leaf: Leaf): void {
    trimXml(leaf.bytes, leaf.start, leaf.end, this.#listing.trims);
    leaf.start = trimmed.from;
    leaf.end = trimmed.to;
  }

  #isBlankAround(bytes: Uint8Array, from: number, to: number): boolean {
    for (let i = from; i < this.#cdataFrom - 9; i++) if (!isSpace(bytes[i] as number)) return false;
    for (let i = this.#cdataTo + 3; i < to; i++) if (!isSpace(bytes[i] as number)) return false;
    return true;
  }
}

function isBlank(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (!isSpace(bytes[i] as number)) return false;
  return true;
}

function hasEntity(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] === ampersand) return true;
  return false;
}
