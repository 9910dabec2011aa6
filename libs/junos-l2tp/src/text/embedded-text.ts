/**
 * A listing as text within the XML of a reply, `<rpc-reply><output>Tunnel local ID: …`: what a router gives for a command, or in a
 * release, without an XML form. Entities are resolved and the text is read like any other; the elements around it are its frame.
 */
import type { ParseLimits } from '../envelope/reader.ts';
import type { SnapshotBuilder } from '../envelope/snapshot-builder.ts';
import { MarkupProblem } from '../markup/markup-buffer.ts';
import { TextWithin } from './text-within.ts';
import { decoded, decodeXml, longestReference } from '../xml/xml-text.ts';

const lt = 0x3c;
const gt = 0x3e;
const ampersand = 0x26;
const semicolon = 0x3b;
/** Elements that must not come behind the text: another routing engine's listing, or an error. */
const unexpected = ['<output', '<rpc-error', '<service-l2tp-session-information'] as const;
const longestUnexpected = 40;

export class EmbeddedText {
  /** True once the outermost element was closed. */
  ended = false;
  readonly #builder: SnapshotBuilder;
  readonly #within: TextWithin;
  /** The outermost element's end tag, without its `>`. */
  readonly #closing: Buffer;
  #isBehind = false;
  #isTold = false;

  /** `root`: qualified name of the outermost element. `line`: of the text's first byte. */
  constructor(builder: SnapshotBuilder, limits: ParseLimits, root: string, line: number, predict: boolean) {
    this.#builder = builder;
    this.#closing = Buffer.from(`</${root}`);
    this.#within = new TextWithin(builder, limits, line, predict);
  }

  /** Takes bytes; returns the offset after the last one that need not be shown again. */
  write(bytes: Uint8Array, start: number, end: number): number {
    if (this.#isBehind) return this.#behind(bytes, start, end);
    const mark = bytes.indexOf(lt, start);
    const isWhole = mark >= 0 && mark < end;
    const to = isWhole ? mark : beforeCutEntity(bytes, start, end);
    this.#text(bytes, start, to);
    if (!isWhole) return to;
    this.#within.finish(true);
    this.#isBehind = true;
    return this.#behind(bytes, to, end);
  }

  /** No more bytes come behind these, which `write` did not take. */
  end(bytes: Uint8Array, start: number, end: number): void {
    if (!this.#isBehind) this.#within.finish(false);
    this.#builder.frame.hold(bytes, start, end);
  }

  #text(bytes: Uint8Array, start: number, end: number): void {
    const entity = bytes.indexOf(ampersand, start);
    if (entity < 0 || entity >= end) return this.#within.feed(bytes, start, end);
    // Which characters were printed as entities is not kept.
    this.#builder.frame.abandon();
    try {
      this.#decode(bytes, start, end);
    } catch (error) {
      // What stands before it is read, and its problems told, however the chunks were cut.
      if (error instanceof MarkupProblem) {
        this.#decode(bytes, start, badReference(bytes, start, error.at));
        this.#within.finish(false);
        this.#isBehind = true;
      }
      throw error;
    }
  }

  #decode(bytes: Uint8Array, start: number, end: number): void {
    decodeXml(bytes, start, end);
    this.#within.feed(decoded.bytes, 0, decoded.length);
  }

  /** The elements behind the text. */
  #behind(bytes: Uint8Array, start: number, end: number): number {
    const rest = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
    const close = rest.indexOf(this.#closing);
    const to = close < 0 ? -1 : rest.indexOf(gt, close);
    const taken = to < 0 ? Math.max(0, (close < 0 ? rest.length : close) - longestUnexpected) : to + 1;
    const piece = rest.subarray(0, to < 0 ? taken + longestUnexpected : taken);
    if (!this.#isTold && unexpected.some((name) => piece.includes(name))) {
      this.#isTold = true;
      const line = this.#within.lineNumber;
      this.#builder.problem(line, 'more than one reply, or an error, behind the text', true);
    }
    this.#builder.frame.hold(bytes, start, start + taken);
    this.ended = to >= 0;
    return start + taken;
  }
}

/** The `&` of a reference that is none; a problem with its name stands behind it. */
function badReference(bytes: Uint8Array, start: number, at: number): number {
  return at > start && bytes[at - 1] === ampersand ? at - 1 : at;
}

/** The end of what can be read: before an entity whose end may still come. */
function beforeCutEntity(bytes: Uint8Array, start: number, end: number): number {
  const from = Math.max(start, end - longestReference);
  for (let i = end - 1; i >= from; i--) {
    if (bytes[i] === semicolon) return end;
    if (bytes[i] === ampersand) return i;
  }
  return end;
}
