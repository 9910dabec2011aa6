/**
 * Decoder of `SessionDelta`, built from the writer's and the reader's schema by Avro's rules of schema resolution: fields that the
 * reader does not know are skipped, fields that the writer did not know get their default, unknown enum symbols the enum's.
 */
import type { SessionDelta } from '@sessionreel/session-model';
import {
  AvroDataError,
  createEventReader,
  pastEnd,
  readBig,
  readBlock,
  readBoolean,
  readBytes,
  readDouble,
  readLong,
  readText,
  type EventReader,
} from './reader.ts';
import { sessionDeltaSchema } from './schema.ts';
import { groupOf, groupsOf, isBig, type Group } from './shape.ts';
import { treeOf, type Schema, type Tree } from './tree.ts';

export type Read = (r: EventReader) => unknown;
type Bag = Record<string, unknown>;
type RecordTree = Extract<Tree, { kind: 'record' }>;

export type DeltaDecoder = (datum: Uint8Array) => SessionDelta;

/**
 * A decoder for what was written by `writer`, into the form of `reader` (default: today's schema).
 * @throws when the two do not resolve.
 */
export function deltaDecoder(writer: Schema, reader: Schema = sessionDeltaSchema): DeltaDecoder {
  const read = readerOf(treeOf(writer), treeOf(reader), false);
  return (datum) => {
    const r = createEventReader(datum);
    const delta = read(r) as SessionDelta;
    if (r.at !== r.end) throw new AvroDataError(`${r.end - r.at} bytes after the Avro datum`);
    return delta;
  };
}

/**
 * Decodes a datum that was written with today's schema. bigints are unsigned; every field of an image's `values` is there.
 * @throws AvroDataError when the bytes are not such a datum.
 */
export const decodeDelta: DeltaDecoder = deltaDecoder(sessionDeltaSchema);

/** Reads a value of the writer's type into the reader's form; `big`: longs are unsigned bigints. */
export function readerOf(writer: Tree, reader: Tree, big: boolean): Read {
  if (writer.kind === 'union' || reader.kind === 'union') return unionReader(writer, reader, big);
  if (writer.kind !== reader.kind && !promotes(writer.kind, reader.kind)) {
    throw new Error(`${writer.kind} can not be read as ${reader.kind}`);
  }
  switch (writer.kind) {
    case 'null':
      return () => null;
    case 'boolean':
      return readBoolean;
    case 'int':
    case 'long':
      return big ? readBig : readLong;
    case 'double':
      return readDouble;
    case 'bytes':
      return readBytes;
    case 'string':
      return readText;
    case 'array':
      return arrayReader(readerOf(writer.items, (reader as typeof writer).items, false));
    case 'map':
      return mapReader(readerOf(writer.values, (reader as typeof writer).values, false));
    case 'enum':
      return enumReader(writer, reader as typeof writer);
    case 'record':
      return recordReader(writer, reader as RecordTree);
  }
}

function promotes(from: Tree['kind'], to: Tree['kind']): boolean {
  return (from === 'int' && (to === 'long' || to === 'double')) || (from === 'long' && to === 'double');
}

function unionReader(writer: Tree, reader: Tree, big: boolean): Read {
  const into = (branch: Tree): Read => {
    const targets = reader.kind === 'union' ? reader.branches : [reader];
    const target =
      targets.find((x) => x.kind === branch.kind) ?? targets.find((x) => promotes(branch.kind, x.kind));
    if (target !== undefined) return readerOf(branch, target, big);
    return () => {
      throw new AvroDataError(`a ${branch.kind} stands where the reader's schema has no such branch`);
    };
  };
  if (writer.kind !== 'union') return into(writer);
  const reads = writer.branches.map(into);
  const first = reads[0];
  const second = reads[1];
  if (
    first !== undefined &&
    second !== undefined &&
    reads.length === 2 &&
    writer.branches[0]?.kind === 'null'
  ) {
    return (r) => {
      const branch = r.bytes[r.at];
      if (r.at >= r.end) throw pastEnd(r);
      r.at++;
      if (branch === 0) return first(r);
      if (branch === 2) return second(r);
      throw new AvroDataError(`no branch ${String(branch)} of two before byte ${r.at}`);
    };
  }
  return (r) => {
    const read = reads[readLong(r)];
    if (read === undefined) throw new AvroDataError(`no such branch before byte ${r.at}`);
    return read(r);
  };
}

function arrayReader(read: Read): Read {
  return (r) => {
    const list: unknown[] = [];
    for (let count = readBlock(r); count > 0; count = readBlock(r)) {
      for (; count > 0; count--) list.push(read(r));
    }
    return list;
  };
}

function mapReader(read: Read): Read {
  return (r) => {
    const map: Bag = {};
    for (let count = readBlock(r); count > 0; count = readBlock(r)) {
      for (; count > 0; count--) {
        const key = readText(r);
        // A gateway may be called __proto__: an own property all the same.
        if (key === '__proto__') define(map, key, read(r));
        else map[key] = read(r);
      }
    }
    return map;
  };
}

function define(map: Bag, key: string, value: unknown): void {
  Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
}

function enumReader(writer: Extract<Tree, { kind: 'enum' }>, reader: Extract<Tree, { kind: 'enum' }>): Read {
  const symbols = writer.symbols.map((x) => (reader.symbols.includes(x) ? x : reader.fallback));
  return (r) => {
    const symbol = symbols[readLong(r)];
    if (symbol === undefined || symbol === null) {
      throw new AvroDataError(`no such symbol of ${writer.name} before byte ${r.at}`);
    }
    return symbol;
  };
}

interface Step {
  readonly name: string;
  readonly group: Group | null;
  /** False: read and thrown away, the reader does not know the field. */
  readonly keep: boolean;
  readonly read: Read;
}

/**
 * Records are made by copying a template that has all fields, which keeps one hidden class for all of them; a plain object that
 * grows by computed names would become a dictionary.
 */
function recordReader(writer: RecordTree, reader: RecordTree): Read {
  const steps = writer.fields.map((x): Step => {
    const target = reader.fields.find((y) => y.name === x.name);
    const big = isBig(reader.name, x.name);
    return {
      name: x.name,
      group: groupOf(reader.name, x.name),
      keep: target !== undefined,
      read: readerOf(x.type, target?.type ?? x.type, big),
    };
  });
  const fresh = templateOf(writer, reader);
  return (r) => {
    const record = fresh();
    for (const { name, group, keep, read } of steps) {
      const value = read(r);
      if (!keep) continue;
      if (group === null) record[name] = value;
      else (record[group] as Bag)[name] = value;
    }
    return record;
  };
}

/** A factory of records that hold the defaults of what the writer does not write. */
function templateOf(writer: RecordTree, reader: RecordTree): () => Bag {
  const own: Bag = {};
  const groups = groupsOf(reader.name).map((group): [Group, Bag] => [group, {}]);
  const missing: { group: Group | null; name: string; make: () => unknown }[] = [];
  for (const x of reader.fields) {
    const group = groupOf(reader.name, x.name);
    const inner = groups.find(([name]) => name === group)?.[1] ?? own;
    inner[x.name] = null;
    if (writer.fields.some((y) => y.name === x.name)) continue;
    if (!('fallback' in x)) throw new Error(`${reader.name}.${x.name} was not written and has no default`);
    missing.push({ group, name: x.name, make: defaultOf(x.type, x.fallback, isBig(reader.name, x.name)) });
  }
  const template = JSON.parse(JSON.stringify(own)) as Bag;
  const inner = groups.map(([group, bag]) => [group, JSON.parse(JSON.stringify(bag)) as Bag] as const);
  return () => {
    const record: Bag = { ...template };
    for (const [group, bag] of inner) record[group] = { ...bag };
    for (const { group, name, make } of missing) {
      if (group === null) record[name] = make();
      else (record[group] as Bag)[name] = make();
    }
    return record;
  };
}

function defaultOf(type: Tree, fallback: unknown, big: boolean): () => unknown {
  const branch = type.kind === 'union' ? (type.branches[0] as Tree) : type;
  switch (branch.kind) {
    case 'array':
      return () => [];
    case 'map':
      return () => ({});
    case 'bytes':
      return () => Uint8Array.from(Buffer.from(fallback as string, 'latin1'));
    case 'long':
      return big ? () => BigInt.asUintN(64, BigInt(fallback as number)) : () => fallback;
    default:
      return () => fallback;
  }
}
