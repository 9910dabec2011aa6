/** Every question that the API's own description names, with values for what it wants to be told. */
import type { Running } from './consoles.ts';

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema?: { readonly enum?: readonly string[] };
}

export interface Asked {
  readonly path: string;
  /** With its parameters. */
  readonly url: string;
  readonly formats: readonly string[];
}

/** What stands for a parameter that must be, or that says when. */
export type Values = Readonly<Record<string, string | number>>;

/** All that is read with GET but the stream of changes. @throws when a parameter that must be has no value */
export async function everyQuestion(reel: Running, values: Values, init: RequestInit = {}): Promise<Asked[]> {
  const { body } = await reel.get('/api/openapi.json', init);
  const { paths } = body as { paths: Record<string, { get?: { parameters?: Parameter[] } }> };
  return Object.entries(paths).flatMap(([path, { get }]) => {
    if (get === undefined || path === '/api/live') return [];
    const parameters = get.parameters ?? [];
    const valueOf = (name: string): string => {
      const value = values[`${path} ${name}`] ?? values[name];
      if (value === undefined) throw new Error(`${path}: there is no value for ${name}`);
      return encodeURIComponent(String(value));
    };
    const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => valueOf(name));
    const query = parameters
      .filter((p) => p.in === 'query')
      .filter((p) => p.required === true || values[`${path} ${p.name}`] !== undefined || whens.has(p.name))
      .map((p) => `${p.name}=${valueOf(p.name)}`);
    const formats = parameters.find((p) => p.name === 'format')?.schema?.enum ?? [];
    return [{ path, url: query.length === 0 ? filled : `${filled}?${query.join('&')}`, formats }];
  });
}

const whens: ReadonlySet<string> = new Set(['from', 'to', 'at', 'around', 'month']);
