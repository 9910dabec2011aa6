/**
 * Records in place of a batch that was refused. kafkajs's decoder knows the batch's header, its codec does not: but the codec's
 * input is a view into the fetch answer, in which the header (61 bytes, KIP-98) stands right before the records.
 */

const headerBytes = 61;
const magicAt = 16;
const lastOffsetDeltaAt = 23;
const countAt = 57;

/** On every record of a refused batch: why. Its value, on the first record only, is the compressed records as they were. */
export const refusedHeader = 'sessionreel-refused';

export interface BatchHeader {
  readonly count: number;
  readonly lastOffsetDelta: number;
}

/** The header of the batch whose compressed records are `records`; undefined when what stands before is no such header. */
export function batchBeforeRecords(records: Buffer): BatchHeader | undefined {
  if (records.byteOffset < headerBytes) return undefined;
  const header = Buffer.from(records.buffer, records.byteOffset - headerBytes, headerBytes);
  const count = header.readInt32BE(countAt);
  const lastOffsetDelta = header.readInt32BE(lastOffsetDeltaAt);
  const length = header.readInt32BE(8);
  if (header.readInt8(magicAt) !== 2 || count < 1 || lastOffsetDelta < count - 1) return undefined;
  return length === records.length + headerBytes - 12 ? { count, lastOffsetDelta } : undefined;
}

/** `count` uncompressed records at the batch's offsets, each with the reason. */
export function refusedRecords(batch: BatchHeader, reason: string, original: Buffer): Buffer {
  const parts: Buffer[] = [];
  const header = Buffer.concat([text(refusedHeader), text(reason)]);
  for (let i = 0; i < batch.count; i++) {
    const offsetDelta = i === batch.count - 1 ? batch.lastOffsetDelta : i;
    const value = i === 0 ? Buffer.concat([varint(original.length), original]) : varint(-1);
    // Attributes, timestamp delta, offset delta, no key, value, one header.
    const body = [Buffer.of(0), varint(0), varint(offsetDelta), varint(-1), value, varint(1), header];
    const length = body.reduce((sum, part) => sum + part.length, 0);
    parts.push(varint(length), ...body);
  }
  return Buffer.concat(parts);
}

/**
 * What makes kafkajs take the batches so far and leave the rest of a fetch for the next one: it treats a partial batch at
 * the end of an answer so (decodeMessages.js), and knows the error by its name.
 */
export function endOfFetch(): Error {
  const error = new Error('the batches of this fetch expanded to the limit');
  error.name = 'KafkaJSPartialMessageError';
  return error;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([varint(bytes.length), bytes]);
}

/** Zigzag varint of a 32-bit integer. */
function varint(value: number): Buffer {
  let rest = ((value << 1) ^ (value >> 31)) >>> 0;
  const bytes: number[] = [];
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}
