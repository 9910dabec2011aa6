/**
 * The schemas that events were ever written with, by fingerprint. An event of an older one is resolved to today's; one that is not
 * known was written by a newer release, and its reader must stop rather than guess.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { SessionDelta } from '@sessionreel/session-model';
import { fingerprint } from './canonical.ts';
import { decodeDelta, deltaDecoder, type DeltaDecoder } from './decode.ts';
import { encodeDelta } from './encode.ts';
import { currentFingerprint, unframe, type Frame } from './framing.ts';
import type { Schema } from './tree.ts';
import { createEventWriter, takeWritten } from './writer.ts';

export class UnknownSchemaError extends Error {
  override name = 'UnknownSchemaError';
  readonly fingerprint: string;

  constructor(print: string) {
    super(
      `events were written with schema ${print}, which this release does not know: they need a newer release`,
    );
    this.fingerprint = print;
  }
}

/** schemas/avro/history, oldest first. */
const folder = new URL('../../../schemas/avro/history/', import.meta.url);

export function readSchemaHistory(from: URL = folder): { name: string; schema: Schema }[] {
  return readdirSync(from)
    .filter((name) => name.endsWith('.avsc'))
    .sort()
    .map((name) => ({ name, schema: JSON.parse(readFileSync(new URL(name, from), 'utf8')) as Schema }));
}

/** Made at the first event of another schema: most processes never meet one. */
let known: Map<string, DeltaDecoder> | null = null;

function knownDecoders(): Map<string, DeltaDecoder> {
  return (known ??= new Map(
    readSchemaHistory().map(({ schema }) => [fingerprint(schema), deltaDecoder(schema)]),
  ));
}

/**
 * Takes up further schemas, of releases newer than this one: their events can then be read here too, less what this release has no
 * place for. For going back to an earlier release.
 * @param from folder of .avsc files
 * @throws when a file is no schema of events, or one that today's cannot be resolved with
 */
export function learnSchemas(from: string): void {
  for (const { schema } of readSchemaHistory(pathToFileURL(`${resolve(from)}/`)))
    knownDecoders().set(fingerprint(schema), deltaDecoder(schema));
}

/** Whether events of the schema with this fingerprint can be read. */
export const isKnownSchema = (print: string): boolean =>
  print === currentFingerprint || knownDecoders().has(print);

function olderDecoder(print: string): DeltaDecoder {
  const decoder = knownDecoders().get(print);
  if (decoder === undefined) throw new UnknownSchemaError(print);
  return decoder;
}

/**
 * Decodes a datum of the schema with this fingerprint.
 * @throws UnknownSchemaError, AvroDataError
 */
export function decodeDatum(datum: Uint8Array, print: string): SessionDelta {
  return print === currentFingerprint ? decodeDelta(datum) : olderDecoder(print)(datum);
}

/**
 * The same event as a datum of today's schema: the bytes themselves when they are of today's, else written anew (slow; only while
 * upgrading).
 * @throws UnknownSchemaError, AvroDataError
 */
export function currentDatum(datum: Uint8Array, print: string): Uint8Array {
  if (print === currentFingerprint) return datum;
  const w = createEventWriter(datum.length * 2 + 64);
  encodeDelta(olderDecoder(print)(datum), w);
  return takeWritten(w);
}

/** The fingerprint of a framed event's schema; `ofId` knows those of a Confluent registry's ids. */
export function frameFingerprint(frame: Frame, ofId?: (schemaId: number) => string | undefined): string {
  if (frame.kind === 'single-object') return frame.fingerprint;
  const print = ofId?.(frame.schemaId);
  if (print === undefined) throw new UnknownSchemaError(`of registry id ${frame.schemaId}`);
  return print;
}

/**
 * Decodes a whole message value.
 * @param ofId fingerprints by registry id, where a Confluent registry is used
 * @throws UnknownSchemaError, AvroDataError
 */
export function decodeEvent(
  value: Uint8Array,
  ofId?: (schemaId: number) => string | undefined,
): SessionDelta {
  const frame = unframe(value);
  return decodeDatum(frame.datum, frameFingerprint(frame, ofId));
}
