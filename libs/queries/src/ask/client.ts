/** What a question needs of ClickHouse: `Store` of @sessionreel/clickhouse has this form. */

export interface QueryOptions {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly settings?: Readonly<Record<string, string | number>>;
  readonly signal?: AbortSignal | undefined;
}

export interface QueryClient {
  /** Rows as objects by column. 64-bit integers are texts of digits. */
  rows<T>(query: string, options?: QueryOptions): Promise<T[]>;
  /** Rows as arrays in the order of the columns, in blocks as they come. */
  blocks(query: string, options?: QueryOptions): AsyncIterable<unknown[][]>;
  /** Rows in the format Native, in chunks that end anywhere. */
  native(query: string, options?: QueryOptions): AsyncIterable<Uint8Array>;
}

/** How much one question may cost. */
export interface Limits {
  /** Seconds of the server. */
  readonly seconds?: number;
  readonly rows?: number;
  /** Memory of the server (bytes). */
  readonly memory?: number;
}

export interface AskOptions {
  readonly limits?: Limits;
  readonly signal?: AbortSignal | undefined;
}

/** A question that cannot be answered as it was put; the message is for people. Programs exit with status 2. */
export class QuestionError extends Error {
  override readonly name = 'QuestionError';
}

/** What a request's address holds of parameters at most: the server takes a megabyte of it, escapes and settings included (bytes). */
const longestParams = 300_000;

/** Settings and signal of a question, with its parameters. @throws QuestionError when these are longer than a server takes */
export function asked(options: AskOptions, params: Readonly<Record<string, unknown>>): QueryOptions {
  const { limits = {}, signal } = options;
  if (lengthOf(params) > longestParams)
    throw new QuestionError(
      'that is too long for a question: ask with a shorter name, or about fewer at a time',
    );
  return {
    params,
    signal,
    settings: {
      max_execution_time: limits.seconds ?? 30,
      max_result_rows: String(limits.rows ?? 2_000_000),
      result_overflow_mode: 'throw',
      max_memory_usage: String(limits.memory ?? 4 * 2 ** 30),
      // A question asked twice is answered from the data twice.
      use_query_cache: 0,
    },
  };
}

function lengthOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.reduce((sum: number, one) => sum + lengthOf(one) + 3, 0);
  if (typeof value !== 'object' || value === null) return 8;
  return Object.values(value).reduce((sum: number, one) => sum + lengthOf(one) + 3, 0);
}

/** UTC milliseconds as the text of a DateTime64(3, 'UTC') parameter. */
export function utcText(ms: number): string {
  const date = new Date(ms);
  if (!Number.isFinite(ms) || Number.isNaN(date.getTime())) throw new QuestionError('that is not a time');
  const [day, time] = date.toISOString().split('T');
  // ClickHouse keeps 1900 to 2299; a time outside of that is before or after all history.
  const year = Number(day?.split('-')[0]);
  if (day === undefined || time === undefined || day.startsWith('-') || year < 1900)
    return '1900-01-01 00:00:00.000';
  if (day.startsWith('+') || year > 2299) return '2299-12-31 23:59:59.999';
  return `${day} ${time.slice(0, 12)}`;
}

/** A choice that becomes part of a query's text: only those that are known. @throws QuestionError for any other */
export function known<K extends string>(choices: Readonly<Record<K, unknown>>, choice: K): K {
  if (Object.hasOwn(choices, choice)) return choice;
  throw new QuestionError(`${JSON.stringify(choice)} is not one of ${Object.keys(choices).join(', ')}`);
}
