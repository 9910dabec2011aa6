import { readFileSync } from 'node:fs';
import { z } from 'zod';

/**
 * One setting of a program. Its key in camel case gives all its names: `kafkaBrokers` is the environment
 * variable `REEL_KAFKA_BROKERS` and the flag `--kafka-brokers`.
 */
export interface Setting<T> {
  readonly schema: z.ZodType<T>;
  readonly default: T;
  /** One line that says what it does, with the unit. */
  readonly doc: string;
  /** Secrets have no flag (`ps` shows those): the environment, or a file named by `REEL_…_FILE`. */
  readonly secret?: boolean;
}

export type SettingDefinitions = Readonly<Record<string, Setting<unknown>>>;
export type SettingValues<D extends SettingDefinitions> = {
  readonly [K in keyof D]: D[K] extends Setting<infer T> ? T : never;
};

/** Where a value in force came from. */
export type SettingOrigin = 'default' | 'environment' | 'file' | 'flag';

/** Bad settings, all of them at once; `message` has a line for each. Programs exit with status 2. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** Makes a setting; a function only so that the type of the default is checked against the schema's. */
export function setting<T>(schema: z.ZodType<T>, value: NoInfer<T>, doc: string): Setting<T> {
  return { schema, default: value, doc };
}

export function secret(doc: string): Setting<string> {
  return { schema: z.string(), default: '', doc, secret: true };
}

export function environmentName(key: string): string {
  return `REEL_${key.replace(/[A-Z]/g, '_$&').toUpperCase()}`;
}

export function flagName(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** Kinds of value. Each takes what a person types; what they refuse says what would do. */
export const kinds = {
  text: () => z.string(),
  list: () =>
    z.string().transform((text) =>
      text
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== ''),
    ),
  integer: (least: number, most: number = Number.MAX_SAFE_INTEGER) =>
    z
      .string()
      .regex(/^-?\d+$/, 'wants a whole number')
      .transform(Number)
      .pipe(z.number().min(least, `wants at least ${least}`).max(most, `wants at most ${most}`)),
  port: () => kinds.integer(0, 65_535),
  yes: () =>
    z
      .string()
      .toLowerCase()
      .regex(/^(1|0|true|false|yes|no|on|off|)$/, 'wants yes or no')
      .transform((text) => /^(1|true|yes|on)$/.test(text)),
  choice: <const C extends readonly [string, ...string[]]>(choices: C) =>
    z.enum(choices, `wants one of ${choices.join(', ')}`),
  choices: <const C extends readonly [string, ...string[]]>(choices: C) =>
    kinds.list().pipe(z.array(z.enum(choices, `wants some of ${choices.join(', ')}`))),
  url: () =>
    z
      .string()
      .refine((text) => URL.canParse(text), 'wants a URL such as http://127.0.0.1:8123')
      .transform((text) => text.replace(/\/$/, '')),
  duration: () =>
    z.string().transform(scaled(durationUnits, 'ms', 'a duration such as 500ms, 10s, 5m, 6h or 7d')),
  bytes: () => z.string().transform(scaled(byteUnits, 'B', 'a size such as 512KiB, 8MiB or 1GiB')),
};

const durationUnits = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const byteUnits = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, kB: 1e3, MB: 1e6, GB: 1e9 };

function scaled(units: Readonly<Record<string, number>>, bare: string, wants: string) {
  return (text: string, context: z.RefinementCtx): number => {
    const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(text.trim());
    const unit = units[match?.[2] === '' ? bare : (match?.[2] ?? '?')];
    if (match?.[1] === undefined || unit === undefined) {
      context.addIssue({ code: 'custom', message: `wants ${wants}` });
      return z.NEVER;
    }
    return Math.round(Number(match[1]) * unit);
  };
}

export interface LoadedSettings<D extends SettingDefinitions> {
  readonly values: SettingValues<D>;
  readonly origins: Readonly<Record<string, SettingOrigin>>;
}

/**
 * Reads settings: a flag beats the environment, the environment beats the default. `flags` has values by
 * the setting's key (`{ kafkaBrokers: 'a:9092' }`), as typed. Throws one `ConfigError` with every problem.
 */
export function loadSettings<const D extends SettingDefinitions>(
  definitions: D,
  sources: {
    readonly flags?: Readonly<Record<string, string | undefined>>;
    readonly environment?: Readonly<Record<string, string | undefined>>;
  } = {},
): LoadedSettings<D> {
  const environment = sources.environment ?? process.env;
  const values: Record<string, unknown> = {};
  const origins: Record<string, SettingOrigin> = {};
  const problems: string[] = [];
  for (const [key, definition] of Object.entries(definitions)) {
    try {
      const found = given(key, definition, sources.flags ?? {}, environment);
      origins[key] = found?.origin ?? 'default';
      if (found === undefined) {
        values[key] = definition.default;
        continue;
      }
      const parsed = definition.schema.safeParse(found.text);
      if (parsed.success) values[key] = parsed.data;
      else {
        const shown = definition.secret === true ? '' : ` not ${JSON.stringify(found.text)}`;
        problems.push(
          `${found.name}: ${parsed.error.issues[0]?.message ?? 'is not valid'},${shown}`.replace(/,$/, ''),
        );
      }
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
  // Each value went through its own schema, which is what SettingValues says of it.
  return { values: values as SettingValues<D>, origins };
}

function given(
  key: string,
  definition: Setting<unknown>,
  flags: Readonly<Record<string, string | undefined>>,
  environment: Readonly<Record<string, string | undefined>>,
): { name: string; text: string; origin: SettingOrigin } | undefined {
  const flag = flags[key];
  if (flag !== undefined) {
    if (definition.secret === true)
      throw new Error(
        `${flagName(key)}: a secret is not given as a flag; set ${environmentName(key)} or ${environmentName(key)}_FILE`,
      );
    return { name: flagName(key), text: flag, origin: 'flag' };
  }
  const name = environmentName(key);
  const text = environment[name];
  if (text !== undefined) return { name, text, origin: 'environment' };
  const path = definition.secret === true ? environment[`${name}_FILE`] : undefined;
  if (path === undefined) return undefined;
  try {
    return { name: `${name}_FILE`, text: readFileSync(path, 'utf8').replace(/\r?\n$/, ''), origin: 'file' };
  } catch (error) {
    throw new Error(
      `${name}_FILE: cannot read ${path} (${error instanceof Error ? error.message : String(error)})`,
    );
  }
}

/** What is in force, one `NAME=value` a line with its meaning and origin above it; secrets masked. */
export function dumpSettings<D extends SettingDefinitions>(
  definitions: D,
  loaded: LoadedSettings<D>,
): string {
  return Object.entries(definitions)
    .map(([key, definition]) => {
      const value: unknown = loaded.values[key];
      const text = Array.isArray(value) ? value.join(',') : String(value);
      const shown = definition.secret === true && text !== '' ? '********' : text;
      return `# ${definition.doc} (${loaded.origins[key] ?? 'default'})\n${environmentName(key)}=${shown}\n`;
    })
    .join('');
}
