import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ChdbEngine, EngineRequest } from './chdb-engine.ts';
import { bodyOf, checkLogin, readRequest } from './http-request.ts';
import type { Login, QueryRequest } from './http-request.ts';
import { Answer } from './http-response.ts';
import { EngineError } from './http-status.ts';
import { Limiter } from './limiter.ts';
import { quoteText } from './sql-tokens.ts';
import { readStatement } from './statement.ts';
import type { Statement } from './statement.ts';

/** Formats whose pieces, one after another, are the whole. The others are made whole before they are sent. */
const piecewise =
  /^(TabSeparated|TSV|TabSeparatedRaw|TSVRaw|CSV|JSON(Compact)?(Strings)?EachRow|NDJSON|JSONLines|RowBinary|Native|LineAsString|RawBLOB)$/;

/** Queries that run at once; each holds a thread of libuv's pool, which is larger than this. */
const runningMax = 12;

/** ClickHouse's HTTP interface over the engine in this process. */
export class ClickHouseHttp {
  readonly server: Server;
  readonly #engine: ChdbEngine;
  readonly #login: Login;
  readonly #limiter = new Limiter(runningMax);
  readonly #running = new Set<string>();
  #files = 0;

  constructor(engine: ChdbEngine, login: Login) {
    this.#engine = engine;
    this.#login = login;
    this.server = createServer(
      // Parameters of a query stand in its address, of which the server takes a megabyte (http_max_uri_size).
      { keepAliveTimeout: 30_000, requestTimeout: 0, maxHeaderSize: 2 ** 20 },
      (request, response) => {
        void this.#serve(request, response);
      },
    );
  }

  /** Takes no more requests, and resolves when those that run have been answered. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    // Clients keep connections open that have become idle only after this.
    const sweep = setInterval(() => {
      this.server.closeIdleConnections();
    }, 50);
    await closed;
    clearInterval(sweep);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (this.#plain(request, response, url)) return;
    const queryId = url.searchParams.get('query_id') ?? randomUUID();
    const answer = new Answer(request, response, {
      queryId,
      version: this.#engine.version,
      timezone: this.#engine.timezone,
    });
    if (this.#running.has(queryId)) {
      const text = `Query with id = ${queryId} is already running.`;
      await answer.fail(EngineError.of(216, 'QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING', text));
      return;
    }
    this.#running.add(queryId);
    try {
      checkLogin(request, url, this.#login);
      await this.#query(request, readRequest(request, url), queryId, answer);
    } catch (error) {
      await answer.fail(asEngineError(error));
    } finally {
      this.#running.delete(queryId);
    }
  }

  /** Answers that need no query. */
  #plain(request: IncomingMessage, response: ServerResponse, url: URL): boolean {
    const reads = request.method === 'GET' || request.method === 'HEAD';
    const alive = url.pathname === '/ping' || url.pathname === '/replicas_status';
    if (reads && (alive || (url.pathname === '/' && !url.searchParams.has('query')))) {
      response.writeHead(200, { 'Content-Type': 'text/html; charset=UTF-8' }).end('Ok.\n');
      return true;
    }
    if (url.pathname === '/' || url.pathname === '/query') return false;
    response.writeHead(404, { 'Content-Type': 'text/plain; charset=UTF-8' });
    response.end(
      `There is no handle ${url.pathname}\n\nUse / or /ping for health checks, and / for queries.\n`,
    );
    return true;
  }

  async #query(
    request: IncomingMessage,
    asked: QueryRequest,
    queryId: string,
    answer: Answer,
  ): Promise<void> {
    if (asked.sessionId !== undefined)
      throw EngineError.of(48, 'NOT_IMPLEMENTED', 'session_id: this server keeps no sessions');
    if (/^multipart\/form-data/i.test(request.headers['content-type'] ?? ''))
      throw EngineError.of(
        48,
        'NOT_IMPLEMENTED',
        'multipart/form-data: this server takes no external tables',
      );
    const body = bodyOf(request);
    let statement = readStatement(Buffer.from(asked.query));
    let rest: Readable | undefined = body;
    if (statement.kind !== 'insert') {
      // The query may stand in the URL, in the body, or begin in the one and go on in the other.
      statement = readStatement(Buffer.concat([Buffer.from(asked.query), await collect(body)]));
      rest = undefined;
    }
    const engineRequest: EngineRequest = { queryId, database: asked.database, settings: asked.settings };
    if (statement.kind === 'kill') await this.#whole(engineRequest, statement.sql, undefined, asked, answer);
    else if (statement.kind === 'insert') await this.#insert(engineRequest, statement, rest, asked, answer);
    else if (statement.kind === 'query') {
      const { sql, format, reads } = statement;
      const named = format ?? asked.defaultFormat ?? 'TabSeparated';
      const inPieces = reads && !asked.wholeResult && piecewise.test(named);
      await this.#limiter.run(() =>
        inPieces
          ? this.#pieces(engineRequest, sql, named, asked, answer)
          : this.#whole(engineRequest, sql, format, asked, answer),
      );
    } else if (statement.kind === 'empty')
      throw EngineError.of(62, 'SYNTAX_ERROR', 'Syntax error: Empty query');
    else throw EngineError.of(62, 'SYNTAX_ERROR', 'Syntax error (Multi-statements are not allowed)');
  }

  async #whole(
    request: EngineRequest,
    sql: string,
    format: string | undefined,
    asked: QueryRequest,
    answer: Answer,
  ): Promise<void> {
    const named = format ?? asked.defaultFormat ?? 'TabSeparated';
    const result = await this.#engine.run(request, sql, named);
    answer.begin(named, result, asked.compressed);
    await answer.write(result.bytes);
    await answer.end();
  }

  async #pieces(
    request: EngineRequest,
    sql: string,
    format: string,
    asked: QueryRequest,
    answer: Answer,
  ): Promise<void> {
    let begun = false;
    for await (const piece of this.#engine.stream(request, sql, format)) {
      if (!begun) answer.begin(format, {}, asked.compressed);
      begun = true;
      // The client has gone: leaving the loop cancels the query.
      if (!(await answer.write(piece))) break;
    }
    if (!begun) answer.begin(format, {}, asked.compressed);
    await answer.end();
  }

  /**
   * The data go through a file that the engine reads with the format's own reader, as the server does with
   * the body: what the format says of columns, settings and errors is the same for every format.
   */
  async #insert(
    request: EngineRequest,
    statement: Extract<Statement, { kind: 'insert' }>,
    rest: Readable | undefined,
    asked: QueryRequest,
    answer: Answer,
  ): Promise<void> {
    this.#files += 1;
    const path = join(this.#engine.incoming, `${this.#files}.data`);
    try {
      await pipeline(async function* () {
        if (statement.data.length > 0) yield statement.data;
        if (rest !== undefined) for await (const chunk of rest as AsyncIterable<Buffer>) yield chunk;
      }, createWriteStream(path));
      const sql = `${statement.head} FROM INFILE ${quoteText(path)} COMPRESSION 'none' ${statement.settings} FORMAT ${statement.format}`;
      const result = await this.#limiter.run(() => this.#engine.run(request, sql, 'TabSeparated'));
      const summary = { ...result, rowsWritten: result.rowsRead, bytesWritten: result.bytesRead };
      answer.begin(asked.defaultFormat ?? 'TabSeparated', summary, false);
      await answer.end();
    } finally {
      await rm(path, { force: true });
    }
  }
}

async function collect(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Errors of files and bodies, told with the numbers that the server uses for them. */
function asEngineError(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOSPC')
    return EngineError.of(243, 'NOT_ENOUGH_SPACE', `No space left for the data of an INSERT: ${text}`);
  if (code.startsWith('Z_') || code.startsWith('ERR_') || code.startsWith('ZSTD'))
    return EngineError.of(354, 'ZLIB_INFLATE_FAILED', `Cannot read the request's body: ${text}`);
  return EngineError.of(1002, 'UNKNOWN_EXCEPTION', text);
}
