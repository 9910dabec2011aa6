/** The connection to ClickHouse, over HTTP. Parameters travel beside the text of a query, never in it. */
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import {
  ClickHouseLogLevel,
  createClient,
  type ClickHouseClient,
  type ClickHouseSettings,
} from '@clickhouse/client';
import { StoreError, storeErrorOf } from './errors.ts';

export interface StoreSettings {
  readonly url: string;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  /** Shown in the server's query log. */
  readonly application?: string;
  /** How long one request may take, ms (5 minutes). */
  readonly requestTimeoutMs?: number;
  readonly maxConnections?: number;
}

export interface RequestOptions {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly settings?: ClickHouseSettings;
  readonly signal?: AbortSignal | undefined;
  readonly queryId?: string;
}

/** What an insert was answered with. */
export interface Written {
  readonly queryId: string;
  /** As the server counted, views included; undefined when it did not say. */
  readonly rows: number | undefined;
}

/** Integers come exact: 64-bit ones as text. */
const exact: ClickHouseSettings = { output_format_json_quote_64bit_integers: 1 };

export class Store {
  readonly settings: StoreSettings;
  readonly #client: ClickHouseClient;

  constructor(settings: StoreSettings) {
    this.settings = settings;
    this.#client = createClient({
      url: settings.url,
      database: settings.database,
      username: settings.user,
      password: settings.password,
      application: settings.application ?? 'sessionreel',
      request_timeout: settings.requestTimeoutMs ?? 300_000,
      max_open_connections: settings.maxConnections ?? 10,
      // Errors come back as StoreErrors; whoever asked decides what is worth a line.
      log: { level: ClickHouseLogLevel.OFF },
      keep_alive: { enabled: true, idle_socket_ttl: 2_000 },
    });
  }

  /** Rows as objects by column. 64-bit integers are texts of digits, times `2026-11-20 10:00:00.000`. */
  async rows<T>(query: string, options: RequestOptions = {}): Promise<T[]> {
    return await this.#try('asking', async () => {
      const result = await heard(() =>
        this.#client.query({ query, format: 'JSONEachRow', ...requestOf(options, exact) }),
      );
      return await result.json<T>();
    });
  }

  /** Rows as arrays in the order of the columns, in blocks as they come. */
  async *blocks(query: string, options: RequestOptions = {}): AsyncGenerator<unknown[][]> {
    try {
      const result = await heard(() =>
        this.#client.exec({ query: `${query} FORMAT JSONCompactEachRow`, ...requestOf(options, exact) }),
      );
      const decoder = new TextDecoder();
      let rest = '';
      for await (const chunk of result.stream as AsyncIterable<Uint8Array>) {
        const text = rest + decoder.decode(chunk, { stream: true });
        const end = text.lastIndexOf('\n');
        rest = text.slice(end + 1);
        if (end > 0) yield rowsOf(text.slice(0, end));
      }
      if (rest.trim() !== '') yield rowsOf(rest);
    } catch (error) {
      throw storeErrorOf(error, 'asking');
    }
  }

  /** Rows in ClickHouse's Native format, in chunks that end anywhere. A query without a FORMAT of its own. */
  async *native(query: string, options: RequestOptions = {}): AsyncGenerator<Uint8Array> {
    try {
      const result = await heard(() =>
        this.#client.exec({
          query: `${query} FORMAT Native`,
          // An error in the middle would look like rows: the server answers when it has all of them.
          ...requestOf(options, { wait_end_of_query: 1 }),
        }),
      );
      for await (const chunk of result.stream as AsyncIterable<Uint8Array>) yield chunk;
    } catch (error) {
      throw storeErrorOf(error, 'asking');
    }
  }

  /** A statement without an answer. */
  async command(query: string, options: RequestOptions = {}): Promise<void> {
    await this.#try('running', () => this.#client.command({ query, ...requestOf(options, {}) }));
  }

  /** Inserts objects by column. */
  async insert(table: string, values: readonly object[], options: RequestOptions = {}): Promise<void> {
    if (values.length === 0) return;
    await this.#try(`inserting into ${table}`, () =>
      this.#client.insert({ table, values, format: 'JSONEachRow', ...requestOf(options, {}) }),
    );
  }

  /** Inserts bytes that are in a format of ClickHouse's already. `query` ends with `FORMAT …`. */
  async insertBytes(query: string, bytes: Uint8Array, options: RequestOptions = {}): Promise<Written> {
    return await this.#try('inserting', async () => {
      const result = await this.#client.exec({
        query,
        values: Readable.from([bytes], { objectMode: false }),
        ...requestOf(options, { wait_end_of_query: 1 }),
      });
      // The body is empty, but an error that comes late comes here; and the socket is free only when it was read.
      result.stream.resume();
      await finished(result.stream);
      const rows = Number(result.summary?.written_rows ?? Number.NaN);
      return { queryId: result.query_id, rows: Number.isNaN(rows) ? undefined : rows };
    });
  }

  /** @throws StoreError when it does not answer. */
  async ping(): Promise<void> {
    const answer = await this.#client.ping();
    if (!answer.success) throw storeErrorOf(answer.error, `reaching ${this.settings.url}`);
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  async #try<T>(doing: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw storeErrorOf(error, doing);
    }
  }
}

/** A question on a connection that the server closed just as it was used again was not heard: it is asked once more. */
async function heard<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof Error) || error.message !== 'socket hang up') throw error;
    return await ask();
  }
}

function requestOf(
  options: RequestOptions,
  settings: ClickHouseSettings,
): {
  clickhouse_settings: ClickHouseSettings;
  query_params?: Record<string, unknown>;
  abort_signal?: AbortSignal;
  query_id?: string;
} {
  const request: ReturnType<typeof requestOf> = {
    clickhouse_settings: { ...settings, ...options.settings },
  };
  if (options.params !== undefined) request.query_params = { ...options.params };
  if (options.signal !== undefined) request.abort_signal = options.signal;
  if (options.queryId !== undefined) request.query_id = options.queryId;
  return request;
}

/**
 * Lines of JSON arrays, parsed at once: several times faster than one by one. Line ends within values are escaped. A server that fails
 * in the middle of an answer says so in a line that is no array.
 */
function rowsOf(lines: string): unknown[][] {
  try {
    return JSON.parse(`[${lines.replaceAll('\n', ',')}]`) as unknown[][];
  } catch {
    const broken = lines.split('\n').find((line) => !line.startsWith('['));
    throw new StoreError('query', `the answer broke off: ${(broken ?? lines).slice(0, 1_000)}`);
  }
}
