import { mkdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Session } from 'chdb';
import { EngineError } from './http-status.ts';
import { quoteName, quoteText } from './sql-tokens.ts';

export interface EngineRequest {
  readonly queryId: string;
  readonly database: string | undefined;
  /** For this query alone: settings by name, and `param_*`, in ClickHouse's escaped form. */
  readonly settings: ReadonlyMap<string, string>;
}

export interface EngineResult {
  readonly bytes: Uint8Array;
  readonly rowsRead: number;
  readonly bytesRead: number;
  readonly elapsedSeconds: number;
}

/** The part of chDB's native module that closes a connection; not exported, hence the exact version in package.json. */
interface ChdbNative {
  CloseConnection(connection: unknown): void;
}
const require = createRequire(import.meta.url);
const loader = require(join(dirname(require.resolve('chdb/package.json')), 'dist/loader.js')) as {
  loadNative(): ChdbNative;
};
const native = loader.loadNative();

/**
 * ClickHouse in this process (chDB). Each request has a connection of its own, which costs 0.2 ms: queries
 * run beside each other, and nothing that one sets (settings, database, parameters) reaches the next.
 */
export class ChdbEngine {
  /** Data of INSERTs on their way in. */
  readonly incoming: string;
  readonly #path: string;
  #keeper: Session | undefined;
  #version = '';
  #timezone = '';

  constructor(folder: string) {
    this.#path = join(folder, 'engine');
    this.incoming = join(folder, 'incoming');
  }

  get version(): string {
    return this.#version;
  }

  get timezone(): string {
    return this.#timezone;
  }

  async open(): Promise<void> {
    rmSync(this.incoming, { recursive: true, force: true });
    mkdirSync(this.incoming, { recursive: true });
    mkdirSync(this.#path, { recursive: true });
    // The engine lives as long as it has a connection.
    this.#keeper = this.#connect();
    const result = await this.#keeper.queryAsync('SELECT version(), timezone()', { format: 'TSV' });
    [this.#version = '', this.#timezone = ''] = result.text().trimEnd().split('\t');
  }

  close(): void {
    this.#keeper?.close();
    this.#keeper = undefined;
  }

  /** Runs one statement and gives its whole result. Throws `EngineError`. */
  async run(request: EngineRequest, sql: string, format: string): Promise<EngineResult> {
    const session = this.#connect();
    try {
      await this.#prepare(session, request);
      const result = await session.queryAsync(sql, { format });
      return {
        bytes: result.bytes(),
        rowsRead: result.rowsRead,
        bytesRead: result.bytesRead,
        elapsedSeconds: result.elapsed,
      };
    } catch (error) {
      throw await this.#told(error);
    } finally {
      disconnect(session);
    }
  }

  /** Runs a SELECT and gives its result in pieces, as the engine makes them. Throws `EngineError`. */
  async *stream(request: EngineRequest, sql: string, format: string): AsyncGenerator<Uint8Array> {
    const session = this.#connect();
    try {
      await this.#prepare(session, request);
      for await (const piece of session.queryStream(sql, { format }))
        if (piece.numBytes > 0) yield piece.raw();
    } catch (error) {
      throw await this.#told(error);
    } finally {
      disconnect(session);
    }
  }

  #connect(): Session {
    // clickhouse-local takes `1 + 1` for `SELECT 1 + 1`; the server does not.
    return new Session(this.#path, { connectionArgs: ['--implicit_select=0'] });
  }

  async #prepare(session: Session, request: EngineRequest): Promise<void> {
    const assignments = [...request.settings].map(([name, value]) => {
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
        throw EngineError.of(
          115,
          'UNKNOWN_SETTING',
          `Setting ${name} is neither a builtin setting nor started with the prefix 'SQL_'`,
        );
      return `${name}=${quoteText(value)}`;
    });
    if (!request.settings.has('log_comment'))
      assignments.unshift(`log_comment=${quoteText(request.queryId)}`);
    await session.queryAsync(`SET ${assignments.join(', ')}`);
    if (request.database !== undefined && request.database !== '')
      await session.queryAsync(`USE ${quoteName(request.database)}`);
  }

  /** The engine's own error in the server's words: one code, one name, and no path of ours. */
  async #told(error: unknown): Promise<EngineError> {
    if (error instanceof EngineError) return error;
    const raw = error instanceof Error ? error.message : String(error);
    const code = Number(/^Code: (\d+)/.exec(raw)?.[1] ?? 1001);
    const text = raw
      .replace(/^(Code: \d+\. DB::Exception: )(?:Code: \d+\. DB::Exception: )+/, '$1')
      .replace(/:? \(in file\/uri [^)]*\):?/g, '')
      .replace(/: data for INSERT was parsed from file/, ': data for INSERT was parsed from query')
      .replace(/ \(version [\d.]+\)\.?/g, '')
      .replace(/( \([A-Z_0-9]+\))\.?\1\s*$/, '$1')
      .trimEnd();
    if (/\([A-Z_0-9]{3,}\)\.?$/.test(text)) return new EngineError(code, text);
    const name = await this.#errorName(code);
    return new EngineError(
      code,
      `${text.startsWith('Code: ') ? text : `Code: ${code}. DB::Exception: ${text}`} (${name})`,
    );
  }

  async #errorName(code: number): Promise<string> {
    try {
      const result = await this.#keeper?.queryAsync(`SELECT errorCodeToName(${code})`, { format: 'TSV' });
      return result?.text().trim() ?? 'STD_EXCEPTION';
    } catch {
      return 'STD_EXCEPTION';
    }
  }
}

/**
 * Closes a connection on which nothing runs. `Session.close` puts it off until every query on every connection
 * has ended: KILL QUERY … SYNC would wait for a connection that waits for it, and a long query would keep the
 * connections of all that came after.
 */
function disconnect(session: Session): void {
  const connection = session.connection;
  session.connection = null;
  native.CloseConnection(connection);
  session.close();
}
