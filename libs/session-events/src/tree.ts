/**
 * An Avro schema as a tree with its names resolved: what the codecs are built from.
 *
 * Only what Sessionreel's schemas use is known; `fixed` and `float` are refused rather than half supported.
 * @see https://avro.apache.org/docs/1.12.0/specification/
 */

/** A schema as JSON. */
export type Schema = string | readonly Schema[] | { readonly [key: string]: unknown };

export type Primitive = 'null' | 'boolean' | 'int' | 'long' | 'double' | 'bytes' | 'string';

export interface TreeField {
  readonly name: string;
  readonly type: Tree;
  /** JSON of the default; absent when the field has none. */
  readonly fallback?: unknown;
}

export type Tree =
  | { readonly kind: Primitive }
  | { readonly kind: 'array'; readonly items: Tree }
  | { readonly kind: 'map'; readonly values: Tree }
  | { readonly kind: 'union'; readonly branches: readonly Tree[] }
  | {
      readonly kind: 'enum';
      readonly name: string;
      readonly symbols: readonly string[];
      readonly fallback: string | null;
    }
  | { readonly kind: 'record'; readonly name: string; readonly fields: readonly TreeField[] };

const primitives: ReadonlySet<string> = new Set([
  'null',
  'boolean',
  'int',
  'long',
  'double',
  'bytes',
  'string',
]);

/** @throws when the schema uses what Sessionreel's do not, or names a type that was not defined before. */
export function treeOf(
  schema: Schema,
  namespace = '',
  named: Map<string, Tree> = new Map<string, Tree>(),
): Tree {
  if (typeof schema === 'string') {
    if (primitives.has(schema)) return { kind: schema as Primitive };
    const known = named.get(fullName(schema, namespace));
    if (known === undefined) throw new Error(`the schema names ${schema} before it defines it`);
    return known;
  }
  if (isUnion(schema)) {
    return { kind: 'union', branches: schema.map((x) => treeOf(x, namespace, named)) };
  }
  const type = schema['type'] as Schema;
  switch (type) {
    case 'array':
      return { kind: 'array', items: treeOf(schema['items'] as Schema, namespace, named) };
    case 'map':
      return { kind: 'map', values: treeOf(schema['values'] as Schema, namespace, named) };
    case 'enum':
      return enumOf(schema, namespace, named);
    case 'record':
      return recordOf(schema, namespace, named);
    default:
      return treeOf(type, namespace, named);
  }
}

const isUnion = (schema: Schema): schema is readonly Schema[] => Array.isArray(schema);

function fullName(name: string, namespace: string): string {
  return name.includes('.') || namespace === '' ? name : `${namespace}.${name}`;
}

function nameOf(schema: Readonly<Record<string, unknown>>, namespace: string): string {
  const own = schema['namespace'];
  return fullName(schema['name'] as string, typeof own === 'string' ? own : namespace);
}

function enumOf(
  schema: Readonly<Record<string, unknown>>,
  namespace: string,
  named: Map<string, Tree>,
): Tree {
  const fallback = schema['default'];
  const tree: Tree = {
    kind: 'enum',
    name: nameOf(schema, namespace),
    symbols: schema['symbols'] as string[],
    fallback: typeof fallback === 'string' ? fallback : null,
  };
  named.set(tree.name, tree);
  return tree;
}

function recordOf(
  schema: Readonly<Record<string, unknown>>,
  namespace: string,
  named: Map<string, Tree>,
): Tree {
  const name = nameOf(schema, namespace);
  const inner = name.includes('.') ? name.slice(0, name.lastIndexOf('.')) : '';
  const fields: TreeField[] = [];
  const tree: Tree = { kind: 'record', name, fields };
  named.set(name, tree);
  for (const x of schema['fields'] as Readonly<Record<string, unknown>>[]) {
    const type = treeOf(x['type'] as Schema, inner, named);
    fields.push(
      'default' in x
        ? { name: x['name'] as string, type, fallback: x['default'] }
        : { name: x['name'] as string, type },
    );
  }
  return tree;
}
