/**
 * Reads the command's reply as JSON, from bytes cut anywhere, without a string for a leaf. Junos writes JSON as the XML element for
 * element: each an array, a leaf `[{"data": "…"}]`, attributes in a member of their own. A member that is no array, or a bare
 * value, is taken as the element it stands for. What `JSON.parse` refuses is refused, but for raw control characters in strings.
 */
import { JsonOutput, beginsText } from './json-output.ts';
import { decoded, decodeJson, isEscape, trimJson, trimmed } from './json-text.ts';
import { MarkupBuffer, MarkupProblem, copyOf, endBehindRoot } from '../markup/markup-buffer.ts';
import { MarkupListing } from '../markup/markup-listing.ts';
import { How } from '../markup/markup-learn.ts';
import { Kind, equalBytes, kindOfName, localNameStart } from '../markup/markup-names.ts';
import { emptyLeaf } from '../markup/markup-fields.ts';
import type { BodyReader, ParseLimits } from '../envelope/reader.ts';
import type { SnapshotBuilder } from '../envelope/snapshot-builder.ts';
import { textOf } from '../layout/values.ts';

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const letterU = 0x75;

/** What may come next. `First…`: also the end of the container. */
const Expect = { value: 0, firstValue: 1, key: 2, firstKey: 3, colon: 4, comma: 5 } as const;

/** What a container is. */
const Role = {
  /** An object that is an element; its members are elements. */
  element: 0,
  /** An array whose values are elements of one name. */
  elements: 1,
  /** The object of `attributes`. */
  attributes: 2,
  /** The array of `data`. */
  data: 3,
  /** In `attributes`, or elsewhere without meaning. */
  ignored: 4,
} as const;

const dataName = Buffer.from('data');
const attributesName = Buffer.from('attributes');
const slice = 256 * 1024;
/** How often a session that is cut is waited for. */
const maxWaits = 3;
const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const isSpace = (c: number): boolean => c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09;

export class JsonReader implements BodyReader {
  readonly #limits: ParseLimits;
  readonly #buffer: MarkupBuffer;
  readonly #listing: MarkupListing;
  readonly #builder: SnapshotBuilder;
  readonly #predicts: boolean;
  /** The text that the reply holds instead of elements, once it began; whether its string is an element by itself. */
  #text: JsonOutput | null = null;
  #isTextBare = false;
  readonly #roles: number[] = [];
  readonly #isObject: boolean[] = [];
  /** Kind and name of the member at hand, of each open container. */
  readonly #kinds: number[] = [];
  readonly #names: string[] = [];
  #expect: number = Expect.value;
  /** What the member at hand is for: a role for its value. */
  #next: number = Role.element;
  #keyFrom = 0;
  #keyTo = 0;
  /** Where the element at hand begins while it may be a leaf; −1 when it holds elements. */
  #leafFrom = -1;
  #hasData = false;
  #searched = 0;
  #ended = false;
  /** How often the bytes ended within the predicted session at hand. */
  #waits = 0;
  /** As `XmlReader.leftover`. */
  leftover: Uint8Array = new Uint8Array(0);
  readonly #leaf = emptyLeaf();

  /** `predict`: false reads every session on the plain path, for tests. */
  constructor(builder: SnapshotBuilder, limits: ParseLimits, firstLine: number, predict = true) {
    this.#limits = limits;
    this.#builder = builder;
    this.#predicts = predict;
    this.#buffer = new MarkupBuffer(firstLine);
    this.#listing = new MarkupListing(builder, this.#buffer, 'json', predict);
  }

  write(chunk: Uint8Array, start: number, end: number): number {
    // Slice by slice, so that a large chunk is never copied whole behind what was left over.
    let at = start;
    while (at < end && !this.#ended) {
      const to = Math.min(end, at + slice);
      const taken = this.#writeSlice(chunk, at, to);
      at = taken;
      if (taken < to) break;
    }
    return at;
  }

  #writeSlice(chunk: Uint8Array, start: number, end: number): number {
    const buffer = this.#buffer;
    this.#shift(buffer.push(chunk, start, end));
    if (this.#searched < buffer.at) this.#searched = buffer.at;
    if (!this.#take()) return end;
    this.#listing.finish(buffer.at);
    const at = buffer.offsetInChunk(buffer.at);
    if (at < start) this.leftover = copyOf(buffer.bytes, buffer.at, buffer.at + start - at);
    return Math.max(at, start);
  }

  get ended(): boolean {
    return this.#ended;
  }

  get failed(): boolean {
    return this.#listing.failed;
  }

  get lineNumber(): number {
    return this.#buffer.lineAt(this.#ended ? this.#buffer.at : this.#buffer.end);
  }

  end(): void {
    if (this.#ended) return;
    this.#text?.end();
    this.#listing.finish(this.#buffer.end);
  }

  /** Reads what the buffer holds; true when the reply ended. */
  #take(): boolean {
    try {
      this.#run();
      if (!this.#ended) this.#keep();
    } catch (error) {
      if (!(error instanceof MarkupProblem)) throw error;
      this.#ended = true;
      this.#buffer.at = error.at;
      this.#listing.fail(error);
    }
    return this.#ended;
  }

  #keep(): void {
    const buffer = this.#buffer;
    const from = this.#leafFrom >= 0 ? Math.min(this.#leafFrom, buffer.at) : buffer.at;
    if (this.#text !== null) return this.#shift(buffer.keepFrom(from));
    if (this.#waits === 0) this.#checkLength(from, buffer.end);
    this.#shift(buffer.keepFrom(Math.min(from, this.#listing.settle(from))));
  }

  /** Offsets shrink by `by`. */
  #shift(by: number): void {
    if (by === 0) return;
    this.#listing.shift(by);
    this.#leaf.from -= by;
    this.#leaf.to -= by;
    if (this.#leafFrom >= 0) this.#leafFrom -= by;
    this.#keyFrom -= by;
    this.#keyTo -= by;
    this.#searched -= by;
  }

  #checkLength(from: number, to: number): void {
    const { lineBytes } = this.#limits;
    if (to - from > lineBytes) throw new MarkupProblem(from, `a value is longer than ${lineBytes} bytes`);
  }

  #run(): void {
    const buffer = this.#buffer;
    const { bytes, end } = buffer;
    while (buffer.at < end) {
      if (this.#listing.closed) return this.#epilogue(bytes, end);
      if (this.#text?.ended === false) {
        if (!this.#readText(this.#text)) return;
        continue;
      }
      const c = bytes[buffer.at] as number;
      // A byte order mark, before the reply only.
      if (isSpace(c) || (this.#roles.length === 0 && (c === 0xef || c === 0xbb || c === 0xbf))) {
        buffer.at++;
        continue;
      }
      if (this.#searched < buffer.at) this.#searched = buffer.at;
      if (!this.#token(bytes, c, buffer.at, end)) return;
    }
  }

  #epilogue(bytes: Uint8Array, end: number): void {
    const to = endBehindRoot(bytes, this.#buffer.at, end);
    if (to < 0) return;
    this.#buffer.at = to;
    this.#ended = true;
  }

  /** Reads the text within; false when it goes on. */
  #readText(text: JsonOutput): boolean {
    const buffer = this.#buffer;
    buffer.at = text.write(buffer.bytes, buffer.at, buffer.end);
    if (text.ended && this.#isTextBare) this.#listing.close(buffer.at);
    return text.ended;
  }

  /** Reads the token at `at`; false when it is not whole yet. */
  #token(bytes: Uint8Array, c: number, at: number, end: number): boolean {
    switch (this.#expect) {
      case Expect.colon:
        if (c !== colon) throw new MarkupProblem(at, 'a member without a colon');
        this.#expect = Expect.value;
        this.#buffer.at++;
        return true;
      case Expect.comma:
        if (c !== comma) return this.#closeContainer(c, at);
        this.#expect = this.#isObject.at(-1) === true ? Expect.key : Expect.value;
        this.#buffer.at++;
        return true;
      case Expect.firstKey:
      case Expect.key:
        if (c === closeBrace && this.#expect === Expect.firstKey) return this.#closeContainer(c, at);
        if (c !== quote) throw new MarkupProblem(at, 'a member without a name');
        return this.#key(bytes, at, end);
      default:
        if (c === closeBracket && this.#expect === Expect.firstValue) return this.#closeContainer(c, at);
        return this.#value(bytes, c, at, end);
    }
  }

  /** The offset of the quote that ends a string, −1 when it has not come yet. */
  #endOfString(bytes: Uint8Array, at: number, end: number): number {
    let i = Math.max(at + 1, this.#searched);
    for (; i < end; i++) {
      const c = bytes[i] as number;
      if (c === quote) {
        this.#checkLength(at, i);
        return i;
      }
      if (c === backslash) {
        const length = bytes[i + 1] === letterU ? 6 : 2;
        if (i + 1 >= end || i + length > end) break;
        if (!isEscape(bytes, i + 1, i + length))
          throw new MarkupProblem(i, 'an escape that JSON does not have');
        i += length - 1;
      }
    }
    this.#searched = Math.min(i, end);
    this.#checkLength(at, end);
    return -1;
  }

  #key(bytes: Uint8Array, at: number, end: number): boolean {
    const to = this.#endOfString(bytes, at, end);
    if (to < 0) return false;
    this.#buffer.at = to + 1;
    this.#expect = Expect.colon;
    this.#keyFrom = at + 1;
    this.#keyTo = to;
    const role = this.#roles.at(-1) as number;
    if (role === Role.element) this.#nameMember(bytes, at + 1, to);
    else this.#next = role === Role.attributes ? Role.attributes : Role.ignored;
    return true;
  }

  /** What the member of an element is: its data, its attributes, or elements of a name. */
  #nameMember(bytes: Uint8Array, from: number, to: number): void {
    let key = bytes;
    if (hasEscape(bytes, from, to)) {
      decodeJson(bytes, from, to);
      key = decoded.bytes;
      to = decoded.length;
      from = 0;
    }
    if (this.#listing.depth > 1 && equalBytes(dataName, key, from, to)) this.#next = Role.data;
    else if (this.#listing.depth > 1 && equalBytes(attributesName, key, from, to))
      this.#next = Role.attributes;
    else {
      const local = localNameStart(key, from, to);
      const top = this.#roles.length - 1;
      this.#kinds[top] = kindOfName(key, local, to);
      this.#names[top] = textOf(key, local, to);
      this.#next = Role.elements;
    }
  }

  #value(bytes: Uint8Array, c: number, at: number, end: number): boolean {
    if (c === openBrace) return this.#openObject(at);
    if (c === openBracket) return this.#openArray(at);
    if (c === quote) {
      const isText = this.#isOutput ? beginsText(bytes, at + 1, end) : false;
      if (isText === null) return false;
      if (isText) return this.#openText(at);
      const to = this.#endOfString(bytes, at, end);
      if (to < 0) return false;
      this.#scalar(bytes, at, at + 1, to, to + 1, How.text);
      return true;
    }
    let to = at;
    while (to < end && isBare(bytes[to] as number)) to++;
    if (to >= end) {
      this.#checkLength(at, end);
      return false;
    }
    const text = String.fromCharCode(...bytes.subarray(at, Math.min(to, at + 1024)));
    if (text === 'null') this.#scalar(bytes, at, at, to, to, How.nothing);
    else if (text === 'true' || text === 'false' || number.test(text))
      this.#scalar(bytes, at, at, to, to, How.raw);
    else throw new MarkupProblem(at, 'a value that JSON does not have');
    return true;
  }

  /** Whether a string here is what a command printed. */
  get #isOutput(): boolean {
    if (this.#text !== null) return false;
    if (this.#next === Role.data) return this.#listing.isInOutput && this.#leafFrom >= 0 && !this.#hasData;
    return this.#next === Role.elements && this.#listing.mayHoldOutput(this.#names[this.#named()] ?? '');
  }

  /** A listing as the terminal shows it. */
  #openText(at: number): boolean {
    this.#isTextBare = this.#next === Role.elements;
    if (this.#isTextBare) this.#openElement(at);
    const line = this.#buffer.lineAt(at);
    this.#listing.yieldTo(at);
    this.#text = new JsonOutput(this.#builder, this.#limits, line, this.#predicts);
    this.#leafFrom = -1;
    this.#expect = Expect.comma;
    this.#next = this.#roleOfNext();
    this.#buffer.at = at + 1;
    return true;
  }

  #push(role: number, isObject: boolean, at: number): void {
    if (this.#roles.length >= this.#limits.xmlDepth)
      throw new MarkupProblem(at, `nested deeper than ${this.#limits.xmlDepth}`);
    this.#roles.push(role);
    this.#isObject.push(isObject);
    this.#expect = isObject ? Expect.firstKey : Expect.firstValue;
    this.#buffer.at++;
  }

  #openObject(at: number): boolean {
    const depth = this.#roles.length;
    if (depth === 0) {
      this.#listing.open(Kind.wrapper, '', at);
      this.#push(Role.element, true, at);
    } else if (this.#next === Role.elements) {
      if (this.#kindOfNext() === Kind.entry) {
        const after = this.#predict(at);
        if (after !== at) return after >= 0;
      }
      this.#openElement(at);
      this.#push(Role.element, true, at);
    } else
      this.#push(
        this.#next === Role.attributes && this.#inElement() ? Role.attributes : Role.ignored,
        true,
        at,
      );
    return true;
  }

  /** Whether the container at hand is an element's object. */
  #inElement(): boolean {
    return this.#roles.at(-1) === Role.element;
  }

  /** Sessions that are printed like those before: the offset after them; `at` when there are none, −1 when more bytes are needed. */
  #predict(at: number): number {
    // Not for ever: in very small chunks, a session is read on the plain path.
    const isInArray = this.#roles.at(-1) === Role.elements;
    const after = this.#waits < maxWaits && isInArray ? this.#listing.predict(at) : at;
    this.#waits = after < 0 ? this.#waits + 1 : 0;
    if (after <= at) return after;
    this.#buffer.at = after;
    this.#leafFrom = -1;
    this.#expect = Expect.comma;
    return after;
  }

  /** The array of elements, or the object when the member is no array, knows the name. */
  #named(): number {
    const top = this.#roles.length - 1;
    return this.#roles[top] === Role.elements ? top - 1 : top;
  }

  #kindOfNext(): number {
    return this.#kinds[this.#named()] as number;
  }

  #openElement(at: number): void {
    const named = this.#named();
    this.#listing.open(this.#kinds[named] as number, this.#names[named] as string, at);
    this.#leafFrom = at;
    this.#hasData = false;
  }

  #openArray(at: number): boolean {
    if (this.#roles.length === 0) throw new MarkupProblem(at, 'an array where the reply should be');
    const isNested = this.#roles.at(-1) === Role.elements;
    const next = this.#next;
    const role = isNested || next === Role.attributes ? Role.ignored : next;
    this.#push(role, false, at);
    if (role === Role.ignored) this.#next = Role.ignored;
    return true;
  }

  #closeContainer(c: number, at: number): boolean {
    const isObject = this.#isObject.at(-1);
    if (c !== (isObject === true ? closeBrace : closeBracket))
      throw new MarkupProblem(at, 'a comma or the end of an object or array is missing');
    const role = this.#roles.pop() as number;
    this.#isObject.pop();
    this.#buffer.at = at + 1;
    this.#expect = Expect.comma;
    if (role === Role.element) this.#closeElement(at + 1);
    // In an array, the next value is of the same kind.
    this.#next = this.#roleOfNext();
    return true;
  }

  #roleOfNext(): number {
    const role = this.#roles.at(-1);
    return role === Role.elements || role === Role.data ? role : Role.ignored;
  }

  #closeElement(at: number): void {
    const leaf = this.#leaf;
    if (this.#leafFrom >= 0) {
      if (!this.#hasData) {
        leaf.how = How.nothing;
        leaf.from = leaf.to = at - 1;
      }
      this.#fillLeaf(this.#buffer.bytes);
      this.#listing.leaf(leaf);
    }
    this.#leafFrom = -1;
    this.#listing.close(at);
  }

  /** The value's bytes without escapes. */
  #fillLeaf(bytes: Uint8Array): void {
    const leaf = this.#leaf;
    if (leaf.how === How.nothing) leaf.to = leaf.from;
    if (leaf.how === How.text) {
      const { to } = leaf;
      trimJson(bytes, leaf.from, to, this.#listing.trims);
      leaf.from = trimmed.from;
      leaf.to = trimmed.to;
      leaf.pad = to - trimmed.to;
      if (hasEscape(bytes, leaf.from, leaf.to)) {
        decodeJson(bytes, leaf.from, leaf.to);
        leaf.bytes = decoded.bytes;
        leaf.start = 0;
        leaf.end = decoded.length;
        return;
      }
    }
    leaf.bytes = bytes;
    leaf.start = leaf.from;
    leaf.end = leaf.to;
  }

  /** A string, number, true, false or null: `[from, to)` without quotes, `[at, after)` with them. */
  #scalar(bytes: Uint8Array, at: number, from: number, to: number, after: number, how: number): void {
    if (this.#roles.length === 0) throw new MarkupProblem(at, 'a bare value where the reply should be');
    this.#expect = Expect.comma;
    this.#buffer.at = after;
    if (this.#next === Role.elements) {
      this.#openElement(at);
      this.#takeData(from, to, how);
      this.#closeElement(after);
      this.#next = this.#roleOfNext();
    } else if (this.#next === Role.data) {
      // A second value is none that XML could carry: the first stands.
      if (!this.#hasData && this.#leafFrom >= 0) this.#takeData(from, to, how);
    } else if (
      this.#next === Role.attributes &&
      this.#roles.at(-1) === Role.attributes &&
      how !== How.nothing
    ) {
      if (hasEscape(bytes, this.#keyFrom, this.#keyTo)) return;
      const local = localNameStart(bytes, this.#keyFrom, this.#keyTo);
      this.#listing.attribute(local, this.#keyTo, from, to);
    }
  }

  #takeData(from: number, to: number, how: number): void {
    const leaf = this.#leaf;
    this.#hasData = true;
    leaf.how = how;
    leaf.from = from;
    leaf.to = to;
    leaf.pad = 0;
  }
}

function isBare(c: number): boolean {
  return (
    (c >= 0x61 && c <= 0x7a) ||
    (c >= 0x30 && c <= 0x39) ||
    c === 0x2d ||
    c === 0x2b ||
    c === 0x2e ||
    c === 0x45
  );
}

function hasEscape(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] === backslash) return true;
  return false;
}
