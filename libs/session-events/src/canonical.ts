/** Parsing Canonical Form of a schema and its CRC-64-AVRO fingerprint, as the Avro specification defines them. */
import { treeOf, type Schema, type Tree } from './tree.ts';

/** The specification's EMPTY constant: polynomial and start value. */
const empty = 0xc15d213aa4d7a795n;

const table: readonly bigint[] = Array.from({ length: 256 }, (_, i) => {
  let fp = BigInt(i);
  for (let bit = 0; bit < 8; bit++) fp = (fp >> 1n) ^ (empty & -(fp & 1n) & 0xffffffffffffffffn);
  return fp;
});

/** CRC-64-AVRO ("Rabin") of bytes, unsigned. */
export function crc64Avro(bytes: Uint8Array): bigint {
  let fp = empty;
  for (const byte of bytes) fp = (fp >> 8n) ^ (table[Number(fp & 0xffn) ^ byte] as bigint);
  return fp;
}

/** Parsing Canonical Form: no docs, defaults or logical types; full names; fixed order of attributes; no white space. */
export function canonicalForm(schema: Schema): string {
  return print(treeOf(schema), new Set());
}

function print(tree: Tree, seen: Set<string>): string {
  switch (tree.kind) {
    case 'array':
      return `{"type":"array","items":${print(tree.items, seen)}}`;
    case 'map':
      return `{"type":"map","values":${print(tree.values, seen)}}`;
    case 'union':
      return `[${tree.branches.map((x) => print(x, seen)).join(',')}]`;
    case 'enum': {
      if (seen.has(tree.name)) return JSON.stringify(tree.name);
      seen.add(tree.name);
      return `{"name":${JSON.stringify(tree.name)},"type":"enum","symbols":${JSON.stringify(tree.symbols)}}`;
    }
    case 'record': {
      if (seen.has(tree.name)) return JSON.stringify(tree.name);
      seen.add(tree.name);
      const fields = tree.fields.map(
        (x) => `{"name":${JSON.stringify(x.name)},"type":${print(x.type, seen)}}`,
      );
      return `{"name":${JSON.stringify(tree.name)},"type":"record","fields":[${fields.join(',')}]}`;
    }
    default:
      return JSON.stringify(tree.kind);
  }
}

/** Fingerprint of a schema's canonical form as single-object encoding carries it: 8 bytes, little endian. */
export function fingerprintBytes(schema: Schema): Uint8Array {
  const bytes = new Uint8Array(8);
  const crc = crc64Avro(new TextEncoder().encode(canonicalForm(schema)));
  new DataView(bytes.buffer).setBigUint64(0, crc, true);
  return bytes;
}

/** The same as 16 hex digits of the number: the name of a schema in logs, errors and maps. */
export function fingerprint(schema: Schema): string {
  return crc64Avro(new TextEncoder().encode(canonicalForm(schema)))
    .toString(16)
    .padStart(16, '0');
}
