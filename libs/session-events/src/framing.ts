/**
 * How a datum travels: Avro's single-object encoding (C3 01, the fingerprint of the writer's schema, little endian), or Confluent's
 * wire format (0, the registry's id of the schema, big endian).
 * @see https://avro.apache.org/docs/1.12.0/specification/#single-object-encoding
 */
import type { SessionDelta } from '@sessionreel/session-model';
import { fingerprintBytes } from './canonical.ts';
import { encodeDelta } from './encode.ts';
import { AvroDataError } from './reader.ts';
import { sessionDeltaSchema } from './schema.ts';
import { ensure, type EventWriter } from './writer.ts';

/** `schemaId` is a Confluent registry's; null asks for single-object encoding. */
export interface Framing {
  readonly schemaId: number | null;
}

export const singleObject: Framing = { schemaId: null };

export type Frame =
  /** `fingerprint`: 16 hex digits, as `fingerprint(schema)` gives them. */
  | { readonly kind: 'single-object'; readonly fingerprint: string; readonly datum: Uint8Array }
  | { readonly kind: 'confluent'; readonly schemaId: number; readonly datum: Uint8Array };

const header = Uint8Array.of(0xc3, 0x01, ...fingerprintBytes(sessionDeltaSchema));

/** Fingerprint of today's schema. */
export const currentFingerprint: string = Buffer.from(header.subarray(2)).reverse().toString('hex');

/** Appends the framing of a datum of today's schema. */
export function writeFraming(w: EventWriter, framing: Framing = singleObject): void {
  ensure(w, header.length);
  if (framing.schemaId === null) {
    w.bytes.set(header, w.at);
    w.at += header.length;
  } else {
    w.bytes[w.at] = 0;
    w.bytes.writeUInt32BE(framing.schemaId, w.at + 1);
    w.at += 5;
  }
}

/** Appends a whole message value: framing and datum. */
export function encodeEvent(delta: SessionDelta, w: EventWriter, framing: Framing = singleObject): void {
  writeFraming(w, framing);
  encodeDelta(delta, w);
}

/**
 * Splits a message value into what names its schema and its datum, a view.
 * @throws AvroDataError when it is framed in neither way.
 */
export function unframe(value: Uint8Array): Frame {
  if (value.length >= 10 && value[0] === 0xc3 && value[1] === 0x01) {
    const print = Buffer.from(value.subarray(2, 10)).reverse().toString('hex');
    return { kind: 'single-object', fingerprint: print, datum: value.subarray(10) };
  }
  if (value.length >= 5 && value[0] === 0) {
    const schemaId = new DataView(value.buffer, value.byteOffset).getUint32(1);
    return { kind: 'confluent', schemaId, datum: value.subarray(5) };
  }
  throw new AvroDataError(
    `an event of ${value.length} bytes is framed neither as single object nor by Confluent`,
  );
}
