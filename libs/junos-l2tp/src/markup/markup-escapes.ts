/** Texts with escapes that are written just as a slot would write them: those that can be predicted. */
import { decodeJson, decoded as jsonDecoded, trimJson, trimmed as jsonTrimmed } from '../json/json-text.ts';
import { escapeJson, escapeXml } from '../layout/print.ts';
import { decodeXml, decoded as xmlDecoded, trimXml, trimmed as xmlTrimmed } from '../xml/xml-text.ts';
import { isUtf8, textOf } from '../layout/values.ts';

/** The text of an XML value that prints as these bytes; null when there is none, or when it is the plain path's to judge. */
export function decodedXml(bytes: Uint8Array, from: number, to: number): string | null {
  trimXml(bytes, from, to, false);
  if (xmlTrimmed.from !== from || xmlTrimmed.to !== to || !isUtf8(bytes, from, to)) return null;
  try {
    decodeXml(bytes, from, to);
  } catch {
    return null;
  }
  const text = textOf(xmlDecoded.bytes, 0, xmlDecoded.length);
  return escapeXml(text) === textOf(bytes, from, to) ? text : null;
}

/** As `decodedXml`, of JSON. */
export function decodedJson(bytes: Uint8Array, from: number, to: number): string | null {
  trimJson(bytes, from, to, false);
  if (jsonTrimmed.from !== from || jsonTrimmed.to !== to || !isUtf8(bytes, from, to)) return null;
  try {
    decodeJson(bytes, from, to);
  } catch {
    return null;
  }
  const text = textOf(jsonDecoded.bytes, 0, jsonDecoded.length);
  return escapeJson(text) === textOf(bytes, from, to) ? text : null;
}
