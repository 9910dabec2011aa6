/** The insides of XML's tags: where they end, what names and attributes are in them. */
import { MarkupProblem } from '../markup/markup-buffer.ts';
import { localNameStart } from '../markup/markup-names.ts';
import { decodeXml } from './xml-text.ts';

const lt = 0x3c;
const gt = 0x3e;
const equals = 0x3d;
const ampersand = 0x26;

export const isSpace = (c: number): boolean => c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09;
export const isNameByte = new Uint8Array(256).map((_, c) =>
  c >= 0x80 || /[A-Za-z0-9_.:-]/.test(String.fromCharCode(c)) ? 1 : 0,
);
export const isNameStart = new Uint8Array(256).map((_, c) =>
  c >= 0x80 || /[A-Za-z_:]/.test(String.fromCharCode(c)) ? 1 : 0,
);

/** Who is told of attributes: local name and value, by their offsets. */
export interface AttributeSink {
  attribute(nameFrom: number, nameTo: number, from: number, to: number): void;
}

/** The offset of the `>` that ends a tag, −1 when it has not come yet. */
export function closeOfTag(bytes: Uint8Array, from: number, end: number): number {
  let quote = 0;
  for (let i = from; i < end; i++) {
    const c = bytes[i] as number;
    if (quote !== 0) {
      if (c === quote) quote = 0;
    } else if (c === gt) return i;
    else if (c === 0x22 || c === 0x27) quote = c;
    else if (c === lt) throw new MarkupProblem(i, 'a < within a tag');
  }
  return -1;
}

/** Tells of the attributes in `bytes[from, to)`, the tag without its name and end. */
export function forAttributes(bytes: Uint8Array, from: number, to: number, sink: AttributeSink): void {
  let i = from;
  for (;;) {
    const before = i;
    while (i < to && isSpace(bytes[i] as number)) i++;
    if (i >= to) return;
    const name = i;
    while (i < to && isNameByte[bytes[i] as number] === 1) i++;
    const nameEnd = i;
    while (i < to && isSpace(bytes[i] as number)) i++;
    const isNamed = before < name && nameEnd > name && bytes[i] === equals;
    if (isNamed) for (i++; i < to && isSpace(bytes[i] as number);) i++;
    const quote = bytes[i] as number;
    const value = i + 1;
    const valueEnd = bytes.indexOf(quote, value);
    if (!isNamed || i >= to || (quote !== 0x22 && quote !== 0x27) || valueEnd < 0 || valueEnd >= to)
      throw new MarkupProblem(name, 'a malformed attribute');
    for (let k = value; k < valueEnd; k++) if (bytes[k] === ampersand) decodeXml(bytes, k, valueEnd);
    sink.attribute(localNameStart(bytes, name, nameEnd), nameEnd, value, valueEnd);
    i = valueEnd + 1;
  }
}

const nobody: AttributeSink = { attribute: () => undefined };

/** An instruction from its `<` to behind its `>`. What any may hold is its own, but the XML's declaration has attributes. */
export function checkInstruction(bytes: Uint8Array, from: number, to: number): void {
  const name = from + 2;
  const isDeclaration = bytes[name] === 0x78 && bytes[name + 1] === 0x6d && bytes[name + 2] === 0x6c;
  if (isDeclaration && isNameByte[bytes[name + 3] as number] === 0)
    forAttributes(bytes, name + 3, to - 2, nobody);
}
