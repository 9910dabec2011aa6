import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib';
import { EngineError } from './http-status.ts';

/** A request of ClickHouse's HTTP interface, taken apart. */
export interface QueryRequest {
  readonly query: string;
  readonly queryId: string | undefined;
  readonly database: string | undefined;
  readonly defaultFormat: string | undefined;
  /** Wait with the answer until the whole result is there. */
  readonly wholeResult: boolean;
  readonly compressed: boolean;
  readonly sessionId: string | undefined;
  /** Settings and `param_*`. */
  readonly settings: Map<string, string>;
}

/** Parameters that the HTTP server itself takes and the engine does not know. */
const ownParameters = new Set([
  'query',
  'query_id',
  'database',
  'default_format',
  'user',
  'password',
  'quota_key',
  'role',
  'stacktrace',
  'session_id',
  'session_timeout',
  'session_check',
  'compress',
  'decompress',
  'buffer_size',
  'wait_end_of_query',
  'client_protocol_version',
  'http_native_compression_disable_checksumming_on_decompress',
  'close_session',
  'enable_http_compression',
  'http_zlib_compression_level',
  'send_progress_in_http_headers',
  'http_headers_progress_interval_ms',
  'http_response_buffer_size',
  'http_make_head_request',
]);

export function readRequest(request: IncomingMessage, url: URL): QueryRequest {
  const given = url.searchParams;
  const header = (name: string): string | undefined => {
    const value = request.headers[name];
    return Array.isArray(value) ? value[0] : value;
  };
  for (const name of ['compress', 'decompress'])
    if (isOn(given.get(name)))
      throw EngineError.of(
        48,
        'NOT_IMPLEMENTED',
        `${name}=1 (ClickHouse's own block compression) is not served here; use Content-Encoding and Accept-Encoding`,
      );
  const settings = new Map<string, string>();
  for (const [name, value] of given) if (!ownParameters.has(name)) settings.set(name, value);
  // As the server does: GET only reads. It comes last, since no setting can follow it.
  if (request.method === 'GET' || request.method === 'HEAD') {
    const readonly = settings.get('readonly') ?? '2';
    settings.delete('readonly');
    settings.set('readonly', readonly === '0' ? '2' : readonly);
  }
  return {
    query: given.get('query') ?? '',
    queryId: given.get('query_id') ?? undefined,
    database: given.get('database') ?? header('x-clickhouse-database'),
    defaultFormat: given.get('default_format') ?? header('x-clickhouse-format'),
    wholeResult: isOn(given.get('wait_end_of_query')),
    compressed: isOn(given.get('enable_http_compression')),
    sessionId: given.get('session_id') ?? undefined,
    settings,
  };
}

function isOn(value: string | null): boolean {
  return value === '1' || value === 'true';
}

export interface Login {
  readonly user: string;
  readonly password: string;
}

/** Throws `EngineError` 516 unless user and password, by headers, basic auth or URL, are the right ones. */
export function checkLogin(request: IncomingMessage, url: URL, login: Login): void {
  const headerUser = request.headers['x-clickhouse-user'];
  const basic = /^Basic (.*)$/i.exec(request.headers.authorization ?? '')?.[1];
  let user = url.searchParams.get('user') ?? 'default';
  let password = url.searchParams.get('password') ?? '';
  if (headerUser !== undefined || request.headers['x-clickhouse-key'] !== undefined) {
    user = String(headerUser ?? 'default');
    password = String(request.headers['x-clickhouse-key'] ?? '');
  } else if (basic !== undefined) {
    const pair = Buffer.from(basic, 'base64').toString('utf8');
    const colon = pair.indexOf(':');
    user = colon < 0 ? pair : pair.slice(0, colon);
    password = colon < 0 ? '' : pair.slice(colon + 1);
  }
  if (user === login.user && password === login.password) return;
  throw EngineError.of(
    516,
    'AUTHENTICATION_FAILED',
    `${user}: Authentication failed: password is incorrect, or there is no user with such name.`,
  );
}

/** The request's body without its Content-Encoding. */
export function bodyOf(request: IncomingMessage): Readable {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding === 'identity' || encoding === '') return request;
  const decoder = decoders[encoding]?.();
  if (decoder === undefined)
    throw EngineError.of(89, 'UNKNOWN_COMPRESSION_METHOD', `Unknown compression method ${encoding}`);
  request.on('error', (error) => decoder.destroy(error));
  return request.pipe(decoder);
}

const decoders: Readonly<Record<string, () => Readable & NodeJS.WritableStream>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
};
