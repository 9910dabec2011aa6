/**
 * Avro object container files for ClickHouse's inbox, made without decoding a single event: an outer record is just its fields in a
 * row, so a message's datum follows the longs that say where it came from.
 */
import { createHash } from 'node:crypto';
import { canonicalForm } from './canonical.ts';
import { sessionDeltaSchema } from './schema.ts';
import type { Schema } from './tree.ts';
import { createEventWriter, written, ensure, writeBytes, writeLong, writeText } from './writer.ts';

/** A datum of today's schema, unframed, and where its message lay in `l2tp.events`. */
export interface OcfMessage {
  readonly partition: number;
  readonly offset: number;
  readonly datum: Uint8Array;
}

const long = (name: string, doc: string): Schema => ({ name, type: 'long', doc });

/** What the loader inserts: where a `SessionDelta` came from, and all its fields, flat. */
export const outerSchema: Schema = {
  ...(sessionDeltaSchema as Readonly<Record<string, unknown>>),
  name: 'InboxEntry',
  doc: 'A SessionDelta as the loader inserts it',
  fields: [
    long('kafka_partition', 'Of l2tp.events'),
    long('kafka_offset', 'In that partition'),
    long('loader_epoch', 'Of the loader that inserts it: the fence drops older ones'),
    ...((sessionDeltaSchema as Readonly<Record<string, unknown>>)['fields'] as readonly Schema[]),
  ],
};

/** The same for every file, so that a retried batch has the same bytes. */
const sync = createHash('sha256').update(canonicalForm(outerSchema)).digest().subarray(0, 16);

const header = ((): Uint8Array => {
  const w = createEventWriter();
  w.bytes.write('Obj\u0001', 0, 'latin1');
  w.at = 4;
  writeLong(w, 2);
  writeText(w, 'avro.schema');
  writeBytes(w, Buffer.from(JSON.stringify(outerSchema)));
  writeText(w, 'avro.codec');
  writeBytes(w, Buffer.from('null'));
  writeLong(w, 0);
  return Buffer.concat([written(w), sync]);
})();

/** Three longs of at most ten bytes. */
const prefixBytes = 30;

/**
 * One object container file with one block: a record for each message, in their order. An empty list gives a file of no blocks.
 * The data must be of today's schema (`currentDatum`): that is not looked at here.
 */
export function ocfOf(messages: readonly OcfMessage[], epoch: number): Uint8Array<ArrayBuffer> {
  let size = header.length + 20 + sync.length;
  for (const x of messages) size += x.datum.length + prefixBytes;
  const records = createEventWriter(size);
  for (const { partition, offset, datum } of messages) {
    ensure(records, prefixBytes + datum.length);
    writeLong(records, partition);
    writeLong(records, offset);
    writeLong(records, epoch);
    records.bytes.set(datum, records.at);
    records.at += datum.length;
  }
  if (messages.length === 0) return Uint8Array.from(header);
  const lengths = createEventWriter(20);
  writeLong(lengths, messages.length);
  writeLong(lengths, records.at);
  const file = new Uint8Array(header.length + lengths.at + records.at + sync.length);
  let at = 0;
  for (const piece of [header, written(lengths), written(records), sync]) {
    file.set(piece, at);
    at += piece.length;
  }
  return file;
}
