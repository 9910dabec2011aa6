export { canonicalForm, crc64Avro, fingerprint, fingerprintBytes } from './canonical.ts';
export { decodeDelta, deltaDecoder, type DeltaDecoder } from './decode.ts';
export { encodeDelta } from './encode.ts';
export {
  currentFingerprint,
  encodeEvent,
  singleObject,
  unframe,
  writeFraming,
  type Frame,
  type Framing,
} from './framing.ts';
export { AvroDataError } from './reader.ts';
export { imageFields, sessionDeltaSchema } from './schema.ts';
export type { Schema } from './tree.ts';
export { createEventWriter, takeWritten, written, type EventWriter } from './writer.ts';
