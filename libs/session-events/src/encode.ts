/** Encoder of `SessionDelta` objects, built once from the tree of today's schema. Its bytes are those that avsc writes. */
import type { SessionDelta } from '@sessionreel/session-model';
import { sessionDeltaSchema } from './schema.ts';
import { groupOf } from './shape.ts';
import { treeOf, type Schema, type Tree } from './tree.ts';
import {
  ensure,
  writeBig,
  writeBytes,
  writeDouble,
  writeLong,
  writeText,
  type EventWriter,
} from './writer.ts';

export type Write = (w: EventWriter, value: unknown) => void;
type Bag = Readonly<Record<string, unknown>>;

const writeInteger: Write = (w, value) => {
  if (typeof value === 'bigint') writeBig(w, value);
  else writeLong(w, value as number);
};

/** `null` and one other type, in this order: the only unions of the schema. */
function optionWriter(branches: readonly Tree[]): Write {
  const [first, second] = branches;
  if (branches.length !== 2 || first?.kind !== 'null' || second === undefined) {
    throw new Error('only unions of null and one other type are known');
  }
  const write = writerOf(second);
  return (w, value) => {
    ensure(w, 1);
    if (value === null || value === undefined) w.bytes[w.at++] = 0;
    else {
      w.bytes[w.at++] = 2;
      write(w, value);
    }
  };
}

function arrayWriter(items: Tree): Write {
  const write = writerOf(items);
  return (w, value) => {
    const list = value as readonly unknown[];
    if (list.length > 0) {
      writeLong(w, list.length);
      for (const item of list) write(w, item);
    }
    writeLong(w, 0);
  };
}

function mapWriter(values: Tree): Write {
  const write = writerOf(values);
  return (w, value) => {
    const entries = Object.entries(value as Bag);
    if (entries.length > 0) {
      writeLong(w, entries.length);
      for (const [key, item] of entries) {
        writeText(w, key);
        write(w, item);
      }
    }
    writeLong(w, 0);
  };
}

function enumWriter(name: string, symbols: readonly string[]): Write {
  const numbers = new Map(symbols.map((x, i) => [x, i]));
  return (w, value) => {
    const number = numbers.get(value as string);
    if (number === undefined) throw new TypeError(`${name} has no symbol ${JSON.stringify(value)}`);
    writeLong(w, number);
  };
}

function recordWriter(tree: Extract<Tree, { kind: 'record' }>): Write {
  const steps = tree.fields.map((x) => ({
    name: x.name,
    group: groupOf(tree.name, x.name),
    write: writerOf(x.type),
  }));
  return (w, value) => {
    const record = value as Bag;
    for (const { name, group, write } of steps) {
      write(w, group === null ? record[name] : (record[group] as Bag)[name]);
    }
  };
}

/** @throws when the schema uses what no event does */
export function writerOf(tree: Tree): Write {
  switch (tree.kind) {
    case 'null':
      return () => undefined;
    case 'boolean':
      return (w, value) => {
        ensure(w, 1);
        w.bytes[w.at++] = value === true ? 1 : 0;
      };
    case 'int':
    case 'long':
      return writeInteger;
    case 'double':
      return (w, value) => writeDouble(w, value as number);
    case 'bytes':
      return (w, value) => writeBytes(w, value as Uint8Array);
    case 'string':
      return (w, value) => writeText(w, value as string);
    case 'array':
      return arrayWriter(tree.items);
    case 'map':
      return mapWriter(tree.values);
    case 'union':
      return optionWriter(tree.branches);
    case 'enum':
      return enumWriter(tree.name, tree.symbols);
    case 'record':
      return recordWriter(tree);
  }
}

export type DeltaEncoder = (delta: SessionDelta, w: EventWriter) => void;

/** An encoder into another release's schema: fields that it does not know are left out; those that only it knows must be in the delta. */
export function deltaEncoder(schema: Schema): DeltaEncoder {
  const write = writerOf(treeOf(schema));
  return (delta, w) => {
    write(w, delta);
  };
}

/**
 * Appends the Avro datum of `delta`, without framing. bigints may be signed or unsigned: they are written modulo 2^64 as two's
 * complement. A missing value of an image is written as null; other fields must be there.
 */
export const encodeDelta: DeltaEncoder = deltaEncoder(sessionDeltaSchema);
