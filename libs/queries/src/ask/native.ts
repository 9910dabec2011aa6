/**
 * ClickHouse's Native format: an answer column by column. Numbers become typed arrays at once, texts are left as bytes until somebody
 * wants them, and words of a dictionary come once: a large answer costs little more than its transfer.
 */
import type { QueryClient, QueryOptions } from './client.ts';

export interface NumberColumn {
  readonly kind: 'numbers';
  /** Times and places of 64 bits are below 2^53, and exact here. */
  readonly values: Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array;
  /** 1 where there is none; null for a column that always has one. */
  readonly nulls: Uint8Array | null;
}

/** Unsigned 64-bit numbers, all of them exact. */
export interface CountColumn {
  readonly kind: 'counts';
  readonly values: BigUint64Array;
  readonly nulls: Uint8Array | null;
}

/** Texts that repeat: ids of words. */
export interface WordColumn {
  readonly kind: 'words';
  readonly words: readonly string[];
  readonly ids: Uint32Array;
}

/** Texts as they lie in the answer, UTF-8. */
export interface TextColumn {
  readonly kind: 'texts';
  readonly bytes: Buffer;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
}

export type NativeColumn = NumberColumn | CountColumn | WordColumn | TextColumn;

/** An answer, by the names of its columns. */
export class NativeAnswer {
  readonly rows: number;
  readonly #columns: ReadonlyMap<string, NativeColumn>;

  constructor(rows: number, columns: ReadonlyMap<string, NativeColumn>) {
    this.rows = rows;
    this.#columns = columns;
  }

  numbers(name: string): NumberColumn {
    return this.#of(name, 'numbers');
  }

  counts(name: string): CountColumn {
    return this.#of(name, 'counts');
  }

  words(name: string): WordColumn {
    return this.#of(name, 'words');
  }

  texts(name: string): TextColumn {
    return this.#of(name, 'texts');
  }

  /** Undefined for a column that was not asked for. */
  find(name: string): NativeColumn | undefined {
    return this.#columns.get(name);
  }

  #of<K extends NativeColumn['kind']>(name: string, kind: K): Extract<NativeColumn, { kind: K }> {
    // Without rows the answer may not even name its columns.
    const found = this.rows === 0 ? nothing[kind] : this.find(name);
    if (found === undefined) throw new Error(`the answer has no column ${name}`);
    if (found.kind !== kind) throw new Error(`column ${name} holds ${found.kind}, not ${kind}`);
    return found as Extract<NativeColumn, { kind: K }>;
  }
}

const none = new Uint32Array();
const nothing: Readonly<Record<NativeColumn['kind'], NativeColumn>> = {
  numbers: { kind: 'numbers', values: none, nulls: null },
  counts: { kind: 'counts', values: new BigUint64Array(), nulls: null },
  words: { kind: 'words', words: [], ids: none },
  texts: { kind: 'texts', bytes: Buffer.alloc(0), starts: none, ends: none },
};

/** @param query without a FORMAT of its own; each column with a name that it has been given */
export async function nativeAnswer(
  client: QueryClient,
  query: string,
  options: QueryOptions,
): Promise<NativeAnswer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of client.native(query, options)) chunks.push(chunk);
  return readNative(chunks.length === 1 ? asBuffer(chunks[0] as Uint8Array) : Buffer.concat(chunks));
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

/** @throws Error when the bytes break off, or hold a type that no question asks for */
export function readNative(bytes: Buffer): NativeAnswer {
  const cursor = new Cursor(bytes);
  const gathered = new Map<string, Gathered>();
  let rows = 0;
  while (cursor.at < bytes.length) {
    const columns = cursor.varint();
    const count = cursor.varint();
    for (let i = 0; i < columns; i++) {
      const name = cursor.string();
      const type = cursor.string();
      let column = gathered.get(name);
      if (column === undefined) gathered.set(name, (column = gathererOf(type, bytes)));
      column.block(cursor, count);
    }
    rows += count;
  }
  return new NativeAnswer(rows, new Map([...gathered].map(([name, column]) => [name, column.whole(rows)])));
}

class Cursor {
  readonly bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** Where the next `length` bytes begin; the cursor stands behind them. */
  take(length: number): number {
    const start = this.at;
    if (start + length > this.bytes.length) throw new Error('the answer broke off within a value');
    this.at = start + length;
    return start;
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.bytes[this.take(1)] as number;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  /** Of the format itself: below 2^53. */
  u64(): number {
    const start = this.take(8);
    return this.bytes.readUInt32LE(start) + this.bytes.readUInt32LE(start + 4) * 2 ** 32;
  }

  string(): string {
    const length = this.varint();
    const start = this.take(length);
    return this.bytes.toString('utf8', start, start + length);
  }

  slice(length: number): Buffer {
    const start = this.take(length);
    return this.bytes.subarray(start, start + length);
  }
}

/** The pieces of one column, block by block. */
interface Gathered {
  block(cursor: Cursor, rows: number): void;
  whole(rows: number): NativeColumn;
}

function gathererOf(type: string, bytes: Buffer): Gathered {
  if (type === 'String') return new Texts(bytes);
  if (type === 'LowCardinality(String)') return new Words();
  const inner = /^Nullable\((.*)\)$/.exec(type)?.[1];
  return new Numbers(inner ?? type, inner !== undefined);
}

type Whole = (bytes: Buffer, nulls: Uint8Array | null) => NativeColumn;

/** A typed array of its own, since what lies in the answer is not aligned. */
const copied = (bytes: Buffer): ArrayBuffer => new Uint8Array(bytes).buffer;
const signed64 = (bytes: Buffer): Float64Array => {
  const halves = new Int32Array(copied(bytes));
  const values = new Float64Array(bytes.length / 8);
  for (let i = 0; i < values.length; i++)
    values[i] = (halves[i * 2 + 1] as number) * 2 ** 32 + ((halves[i * 2] as number) >>> 0);
  return values;
};

const numberTypes: Readonly<Record<string, { readonly size: number; readonly whole: Whole }>> = {
  UInt8: { size: 1, whole: (b, nulls) => ({ kind: 'numbers', values: new Uint8Array(copied(b)), nulls }) },
  UInt16: { size: 2, whole: (b, nulls) => ({ kind: 'numbers', values: new Uint16Array(copied(b)), nulls }) },
  UInt32: { size: 4, whole: (b, nulls) => ({ kind: 'numbers', values: new Uint32Array(copied(b)), nulls }) },
  Int32: { size: 4, whole: (b, nulls) => ({ kind: 'numbers', values: new Int32Array(copied(b)), nulls }) },
  Int64: { size: 8, whole: (b, nulls) => ({ kind: 'numbers', values: signed64(b), nulls }) },
  UInt64: {
    size: 8,
    whole: (b, nulls) => ({ kind: 'counts', values: new BigUint64Array(copied(b)), nulls }),
  },
};

class Numbers implements Gathered {
  readonly #type: { readonly size: number; readonly whole: Whole };
  readonly #nullable: boolean;
  readonly #values: Buffer[] = [];
  readonly #nulls: Buffer[] = [];

  constructor(type: string, nullable: boolean) {
    // Dates are numbers: UTC seconds.
    const known =
      numberTypes[/^DateTime(\('UTC'\))?$/.test(type) ? 'UInt32' : type === 'Bool' ? 'UInt8' : type];
    if (known === undefined) throw new Error(`a column of type ${type} is not read`);
    this.#type = known;
    this.#nullable = nullable;
  }

  block(cursor: Cursor, rows: number): void {
    if (this.#nullable) this.#nulls.push(cursor.slice(rows));
    this.#values.push(cursor.slice(rows * this.#type.size));
  }

  whole(): NativeColumn {
    const nulls = this.#nullable ? new Uint8Array(joined(this.#nulls)) : null;
    return this.#type.whole(joined(this.#values), nulls);
  }
}

const joined = (pieces: readonly Buffer[]): Buffer =>
  pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);

class Texts implements Gathered {
  readonly #bytes: Buffer;
  readonly #blocks: { readonly starts: Uint32Array; readonly ends: Uint32Array }[] = [];

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  block(cursor: Cursor, rows: number): void {
    const starts = new Uint32Array(rows);
    const ends = new Uint32Array(rows);
    for (let i = 0; i < rows; i++) {
      const length = cursor.varint();
      starts[i] = cursor.take(length);
      ends[i] = cursor.at;
    }
    this.#blocks.push({ starts, ends });
  }

  whole(rows: number): TextColumn {
    const starts = new Uint32Array(rows);
    const ends = new Uint32Array(rows);
    let at = 0;
    for (const block of this.#blocks) {
      starts.set(block.starts, at);
      ends.set(block.ends, at);
      at += block.starts.length;
    }
    return { kind: 'texts', bytes: this.#bytes, starts, ends };
  }
}

/** Each block brings the dictionary of its own words. */
class Words implements Gathered {
  readonly #known = new Map<string, number>();
  readonly #blocks: Uint32Array[] = [];

  block(cursor: Cursor, rows: number): void {
    if (rows === 0) return;
    // The version of the form stands before each block's words.
    if (cursor.u64() !== 1) throw new Error('a dictionary in a form that is not read');
    const flags = cursor.u64();
    const size = 2 ** (flags % 256);
    const keys = Uint32Array.from({ length: cursor.u64() }, () => this.#idOf(cursor.string()));
    const count = cursor.u64();
    if (count !== rows) throw new Error('a dictionary for another number of rows');
    const raw = cursor.slice(count * size);
    const indexes =
      size === 1 ? raw : size === 2 ? new Uint16Array(copied(raw)) : new Uint32Array(copied(raw));
    const ids = new Uint32Array(count);
    for (let i = 0; i < count; i++) ids[i] = keys[indexes[i] as number] as number;
    this.#blocks.push(ids);
  }

  whole(rows: number): WordColumn {
    const ids = new Uint32Array(rows);
    let at = 0;
    for (const block of this.#blocks) {
      ids.set(block, at);
      at += block.length;
    }
    return { kind: 'words', words: [...this.#known.keys()], ids };
  }

  #idOf(word: string): number {
    let id = this.#known.get(word);
    if (id === undefined) this.#known.set(word, (id = this.#known.size));
    return id;
  }
}

/** The text of a row. */
export function textAt({ bytes, starts, ends }: TextColumn, row: number): string {
  return bytes.toString('utf8', starts[row], ends[row]);
}
