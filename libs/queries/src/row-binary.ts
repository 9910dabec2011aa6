/**
 * Rows in ClickHouse's RowBinary, column by column as a plan says: a large answer without its numbers as text. The query must give
 * each column exactly the type of its reader.
 */
import type { QueryClient, QueryOptions } from './client.ts';

/** Reads one value and moves on. @throws RangeError at the end of the bytes */
type Read = (cursor: Cursor) => unknown;

export interface BinaryColumn {
  /** Expression with its type. */
  readonly sql: string;
  /** For readers of what one column repeats, a reader of its own. */
  readonly reader: () => Read;
}

class Cursor {
  bytes: Buffer = Buffer.alloc(0);
  at = 0;

  /** Where the next `length` bytes begin; the cursor stands behind them. */
  take(length: number): number {
    const start = this.at;
    if (start + length > this.bytes.length) throw new RangeError('the bytes end within a value');
    this.at = start + length;
    return start;
  }

  length(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.bytes[this.take(1)] as number;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }
}

const u16: Read = (c) => c.bytes.readUInt16LE(c.take(2));
const u32: Read = (c) => c.bytes.readUInt32LE(c.take(4));
const i32: Read = (c) => c.bytes.readInt32LE(c.take(4));
/** Exact, as a bigint. */
const u64: Read = (c) => c.bytes.readBigUInt64LE(c.take(8));
/** A time or a place: below 2^53. */
const i64: Read = (c) => {
  const start = c.take(8);
  return c.bytes.readInt32LE(start + 4) * 2 ** 32 + c.bytes.readUInt32LE(start);
};

/** Texts come again and again: the same bytes as in the row before are the same string. */
function text(): Read {
  let known = '';
  let bytes = Buffer.alloc(0);
  return (c) => {
    const length = c.length();
    const start = c.take(length);
    if (length === bytes.length && c.bytes.compare(bytes, 0, length, start, start + length) === 0)
      return known;
    known = c.bytes.toString('utf8', start, start + length);
    bytes = Buffer.from(c.bytes.subarray(start, start + length));
    return known;
  };
}

const nullable =
  (read: Read): Read =>
  (c) =>
    c.bytes[c.take(1)] === 1 ? null : read(c);

const one = (read: Read) => () => read;

export const binary = {
  u16: (sql: string): BinaryColumn => ({ sql: `toUInt16(${sql})`, reader: one(u16) }),
  u64: (sql: string): BinaryColumn => ({ sql: `toUInt64(${sql})`, reader: one(u64) }),
  i64: (sql: string): BinaryColumn => ({ sql: `toInt64(${sql})`, reader: one(i64) }),
  i32: (sql: string): BinaryColumn => ({ sql: `toInt32(${sql})`, reader: one(i32) }),
  text: (sql: string): BinaryColumn => ({ sql: `toString(${sql})`, reader: text }),
  maybeU32: (sql: string): BinaryColumn => ({
    sql: `CAST(${sql}, 'Nullable(UInt32)')`,
    reader: one(nullable(u32)),
  }),
  maybeU64: (sql: string): BinaryColumn => ({
    sql: `CAST(${sql}, 'Nullable(UInt64)')`,
    reader: one(nullable(u64)),
  }),
  maybeI64: (sql: string): BinaryColumn => ({
    sql: `CAST(${sql}, 'Nullable(Int64)')`,
    reader: one(nullable(i64)),
  }),
  /** Names and numbers, as an array of pairs. */
  numbers: (sql: string): BinaryColumn => ({
    sql: `CAST(${sql}, 'Map(String, UInt64)')`,
    reader: () => pairs(text(), u64),
  }),
  texts: (sql: string): BinaryColumn => ({
    sql: `CAST(${sql}, 'Array(Tuple(String, String))')`,
    reader: () => pairs(text(), text()),
  }),
} as const;

function pairs(first: Read, second: Read): Read {
  return (c) => {
    const length = c.length();
    if (length === 0) return nothing;
    return Array.from({ length }, () => [first(c), second(c)]);
  };
}
const nothing: readonly never[] = [];

/** Calls `onRow` with each row: the same array every time. @param query what follows the columns: `FROM …` */
export async function binaryRows(
  client: QueryClient,
  columns: readonly BinaryColumn[],
  query: string,
  options: QueryOptions,
  onRow: (row: readonly unknown[]) => void,
): Promise<void> {
  const readers = columns.map((c) => c.reader());
  const row = new Array<unknown>(columns.length);
  const cursor = new Cursor();
  const statement = `SELECT ${columns.map((c, i) => `${c.sql} AS c${i}`).join(', ')} ${query}`;
  for await (const chunk of client.binary(statement, options)) {
    const rest = cursor.bytes.subarray(cursor.at);
    cursor.bytes =
      rest.length === 0
        ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
        : Buffer.concat([rest, chunk]);
    cursor.at = 0;
    readRows(cursor, readers, row, onRow);
  }
  if (cursor.at < cursor.bytes.length) throw new Error('the answer broke off within a row');
}

/** Reads whole rows; one that is cut waits for the bytes to come. */
function readRows(
  cursor: Cursor,
  readers: readonly Read[],
  row: unknown[],
  onRow: (row: readonly unknown[]) => void,
): void {
  const { length } = readers;
  while (cursor.at < cursor.bytes.length) {
    const start = cursor.at;
    try {
      for (let i = 0; i < length; i++) row[i] = (readers[i] as Read)(cursor);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      cursor.at = start;
      return;
    }
    onRow(row);
  }
}
