import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { finished } from 'node:stream/promises';
import type { Writable } from 'node:stream';
import { createBrotliCompress, createDeflate, createGzip, createZstdCompress } from 'node:zlib';
import { httpStatusOf } from './http-status.ts';
import type { EngineError } from './http-status.ts';

export interface Summary {
  readonly rowsRead?: number;
  readonly bytesRead?: number;
  readonly rowsWritten?: number;
  readonly bytesWritten?: number;
  readonly elapsedSeconds?: number;
}

/** What every answer says of itself. */
export interface AnswerContext {
  readonly queryId: string;
  readonly version: string;
  readonly timezone: string;
}

/**
 * Writes the answer of one query the way ClickHouse's server does: headers with the first bytes, an error
 * before them as a status and a text, an error after them inside the body.
 */
export class Answer {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #context: AnswerContext;
  readonly #tag = randomBytes(8).toString('hex');
  #out: Writable | undefined;

  constructor(request: IncomingMessage, response: ServerResponse, context: AnswerContext) {
    this.#request = request;
    this.#response = response;
    this.#context = context;
    response.setHeader('X-ClickHouse-Server-Display-Name', 'sessionreel-local');
    response.setHeader('X-ClickHouse-Query-Id', context.queryId);
    response.setHeader('X-ClickHouse-Timezone', context.timezone);
  }

  begin(format: string, summary: Summary, compress: boolean): void {
    const response = this.#response;
    response.setHeader('Content-Type', contentType(format));
    response.setHeader('X-ClickHouse-Format', format);
    response.setHeader('X-ClickHouse-Summary', summaryText(summary));
    response.setHeader('X-ClickHouse-Exception-Tag', this.#tag);
    const encoding = compress ? accepted(this.#request.headers['accept-encoding']) : undefined;
    const encoder = encoding === undefined ? undefined : encoders[encoding]?.();
    if (encoding !== undefined) response.setHeader('Content-Encoding', encoding);
    response.writeHead(200);
    if (encoder !== undefined) encoder.pipe(response);
    this.#out = encoder ?? response;
  }

  /** Resolves when the client has taken enough for more; false when it has gone. */
  async write(bytes: Uint8Array): Promise<boolean> {
    const out = this.#out;
    if (out === undefined || this.#response.destroyed) return false;
    if (!out.write(bytes))
      await new Promise<void>((resolve) => {
        const done = (): void => {
          out.off('drain', done);
          this.#response.off('close', done);
          resolve();
        };
        out.on('drain', done);
        this.#response.on('close', done);
      });
    return !this.#response.destroyed;
  }

  async end(): Promise<void> {
    const out = this.#out ?? this.#response;
    out.end();
    await finished(this.#response).catch(() => undefined);
  }

  async fail(error: EngineError): Promise<void> {
    const text = `${error.message} (version ${this.#context.version} (official build))\n`;
    const out = this.#out;
    if (out === undefined) {
      const status = httpStatusOf(error.code);
      this.#response.writeHead(status, {
        'Content-Type': 'text/plain; charset=UTF-8',
        'X-ClickHouse-Exception-Code': error.code,
        'X-ClickHouse-Summary': summaryText({}),
        // An upload that is refused half way: the rest of it must not be taken for the next request.
        ...(this.#request.complete ? {} : { Connection: 'close' }),
        ...(status === 401 ? { 'WWW-Authenticate': 'Basic realm="ClickHouse server HTTP API"' } : {}),
      });
      this.#response.end(text);
      return;
    }
    // The status has gone out: say it in the body, as servers from 25.11 on do, and cut the answer short.
    out.write(
      `\r\n__exception__\r\n${this.#tag}\r\n${text}${Buffer.byteLength(text)} ${this.#tag}\r\n__exception__\r\n`,
    );
    await this.end();
  }
}

function summaryText(summary: Summary): string {
  const text = (value: number | undefined): string => String(Math.round(value ?? 0));
  return JSON.stringify({
    read_rows: text(summary.rowsRead),
    read_bytes: text(summary.bytesRead),
    written_rows: text(summary.rowsWritten),
    written_bytes: text(summary.bytesWritten),
    total_rows_to_read: '0',
    result_rows: '0',
    result_bytes: '0',
    elapsed_ns: text((summary.elapsedSeconds ?? 0) * 1e9),
  });
}

function contentType(format: string): string {
  if (/^JSON(Compact)?(Strings?)?EachRow|^(NDJSON|JSONLines)$/.test(format))
    return 'application/x-ndjson; charset=UTF-8';
  if (format.startsWith('JSON')) return 'application/json; charset=UTF-8';
  if (/^(TabSeparated|TSV)/.test(format)) return 'text/tab-separated-values; charset=UTF-8';
  if (format.startsWith('CSV')) return 'text/csv; charset=UTF-8; header=absent';
  if (/^(Native|RowBinary|Parquet|Arrow|ORC|Avro|RawBLOB|MsgPack|Protobuf|CapnProto|BSON|Npy)/.test(format))
    return 'application/octet-stream';
  return 'text/plain; charset=UTF-8';
}

const encoders: Readonly<Record<string, () => Writable & NodeJS.ReadableStream>> = {
  gzip: () => createGzip({ level: 3 }),
  zstd: createZstdCompress,
  deflate: createDeflate,
  br: createBrotliCompress,
};

function accepted(header: string | string[] | undefined): string | undefined {
  const offered = String(header ?? '')
    .split(',')
    .filter((item) => !/;\s*q=0(\.0*)?\s*$/.test(item))
    .map((item) => item.split(';')[0]?.trim());
  return Object.keys(encoders).find((name) => offered.includes(name));
}
