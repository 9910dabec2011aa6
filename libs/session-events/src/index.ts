export { canonicalForm, crc64Avro, fingerprint, fingerprintBytes } from './canonical.ts';
export { decodeDelta, deltaDecoder, type DeltaDecoder } from './decode.ts';
export { decodeFlatDelta } from './decode-flat.ts';
export { deltaEncoder, encodeDelta, type DeltaEncoder } from './encode.ts';
export { encodeFlatDelta } from './encode-flat.ts';
export {
  currentFingerprint,
  encodeEvent,
  singleObject,
  unframe,
  writeFraming,
  type Frame,
  type Framing,
} from './framing.ts';
export {
  currentDatum,
  decodeDatum,
  decodeEvent,
  frameFingerprint,
  isKnownSchema,
  learnSchemas,
  readSchemaHistory,
  UnknownSchemaError,
} from './history.ts';
export { ocfOf, outerSchema, type OcfMessage } from './ocf.ts';
export { peekDelta, type DeltaHead } from './peek.ts';
export { SchemaRegistry, SchemaRegistryError, type SchemaRegistryOptions } from './registry.ts';
export { AvroDataError } from './reader.ts';
export { imageFields, sessionDeltaSchema } from './schema.ts';
export type { Schema } from './tree.ts';
export { createEventWriter, takeWritten, written, type EventWriter } from './writer.ts';
