/** ClickHouse types of the fields, from the catalogue and from the Avro schema of `SessionDelta`. */
import type { Field } from '@sessionreel/session-model';

export const utcMs = "DateTime64(3, 'UTC')";
/** The router's own wall clock, which has no zone: kept as if it were UTC. */
export const localSeconds = "DateTime('UTC')";
export const word = 'LowCardinality(String)';

/** Texts with as many values as there are subscribers; all others repeat and are dictionary-encoded. */
const highCardinality = new Set(['user_name', 'peer_ip', 'nas_port', 'interface_id']);

/** Type of a catalogue field as a stored column. NULL is absent, empty or N/A; `presence` tells which. */
export function storedType(field: Field): string {
  switch (field.type) {
    case 'text':
    case 'word':
    case 'address':
      return highCardinality.has(field.name) ? 'String' : word;
    case 'datetime':
      return `Nullable(${localSeconds})`;
    case 'u16':
      return 'Nullable(UInt16)';
    case 'u64':
      return 'Nullable(UInt64)';
    default:
      return 'Nullable(UInt32)';
  }
}

/** The part of Avro's schema language that `SessionDelta` uses. */
export type AvroType = string | AvroType[] | AvroObject;
interface AvroObject {
  type: AvroType;
  name?: string;
  namespace?: string;
  logicalType?: string;
  items?: AvroType;
  values?: AvroType;
  symbols?: string[];
  fields?: AvroField[];
  doc?: string;
}
export interface AvroField {
  name: string;
  type: AvroType;
  doc?: string;
}

/** Longs and ints of the schema that are not plain signed 64-bit numbers. */
const integerTypes: Readonly<Record<string, string>> = {
  tunnel_local_id: 'UInt16',
  session_local_id: 'UInt16',
  clock_offset_s: 'Int32',
  layout: 'UInt64',
  document: 'UInt64',
  id: 'UInt64',
  seen: 'UInt64',
  seq: 'UInt64',
  piece: 'UInt32',
  pieces: 'UInt32',
  source_partition: 'Int32',
  ordinal: 'UInt32',
  part: 'UInt32',
  parts: 'UInt32',
};

/** Reads `SessionDelta`'s schema: named types are looked up as they were defined before. */
export class AvroTypes {
  readonly #named = new Map<string, AvroObject>();
  readonly #catalogue: ReadonlyMap<string, Field>;

  constructor(catalogue: ReadonlyMap<string, Field>) {
    this.#catalogue = catalogue;
  }

  /** ClickHouse type of one field of a record. */
  ofField(field: AvroField): string {
    return this.#of(field.type, field.name);
  }

  #of(type: AvroType, name: string): string {
    if (Array.isArray(type)) {
      const inner = type.find((x) => x !== 'null');
      if (inner === undefined) throw new Error(`${name}: a union of null alone`);
      return `Nullable(${this.#of(inner, name)})`;
    }
    if (typeof type === 'string') {
      const named = this.#named.get(type);
      return named === undefined ? this.#primitive(type, name) : this.#of(named, name);
    }
    return this.#ofObject(type, name);
  }

  #ofObject(type: AvroObject, name: string): string {
    switch (type.type) {
      case 'array':
        return `Array(${this.#of(type.items ?? 'null', name)})`;
      case 'map':
        return `Map(${word}, UInt64)`;
      case 'enum':
        this.#define(type);
        return word;
      case 'record':
        this.#define(type);
        return `Tuple(${(type.fields ?? []).map((x) => `${x.name} ${this.#of(x.type, x.name)}`).join(', ')})`;
      default:
        if (type.logicalType !== undefined) return utcMs;
        return this.#of(type.type, name);
    }
  }

  #define(type: AvroObject): void {
    const full = type.namespace === undefined ? (type.name ?? '') : `${type.namespace}.${type.name ?? ''}`;
    this.#named.set(full, type);
  }

  #primitive(type: string, name: string): string {
    switch (type) {
      case 'string':
        return textType(name);
      case 'bytes':
        return 'String';
      case 'boolean':
        return 'Bool';
      case 'double':
        return 'Float64';
      case 'int':
      case 'long':
        return this.#integer(name);
      default:
        throw new Error(`${name}: no column type for the Avro type ${type}`);
    }
  }

  #integer(name: string): string {
    const fixed = integerTypes[name];
    if (fixed !== undefined) return fixed;
    if (name.endsWith('_error')) return 'UInt64';
    const field = this.#catalogue.get(name);
    if (field === undefined) return 'Int64';
    return field.type === 'u64' ? 'UInt64' : field.type === 'u16' ? 'UInt16' : 'UInt32';
  }
}

/** Free text that hardly repeats stays plain; names, words and addresses are dictionary-encoded. */
const plainText = new Set([
  'definition',
  'value',
  'before',
  'after',
  'detail',
  'snapshot_id',
  'state_hash',
  'command',
]);
function textType(name: string): string {
  return plainText.has(name) || highCardinality.has(name) ? 'String' : word;
}
