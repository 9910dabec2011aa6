/** Errors as RFC 9457 problem details. */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { StoreError } from '@sessionreel/clickhouse';
import { KafkaError, NoSuchLetter } from '@sessionreel/kafka';
import { QuestionError } from '@sessionreel/queries';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors, isResponseSerializationError } from 'fastify-type-provider-zod';

export const problemType = 'application/problem+json';

export interface ProblemDetails {
  /** A path under /api/problems, which names the kind. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** For people: what was wrong with this request. */
  readonly detail: string;
  /** Of a 400: each parameter that is wrong. */
  readonly errors?: readonly { readonly where: string; readonly message: string }[];
}

const titles: Readonly<Record<number, string>> = {
  400: 'The request is not well formed',
  401: 'Who asks is not known',
  403: 'Not allowed',
  404: 'Not found',
  405: 'The resource does not take this method',
  406: 'No such form',
  409: 'Conflict',
  413: 'Too large',
  415: 'The body is of another type',
  421: 'Another host is meant',
  422: 'The question cannot be answered',
  408: 'The request did not come in time',
  431: 'The address or the headers are too long',
  429: 'Too many requests at once',
  500: 'The console failed',
  503: 'What the console rests on does not answer',
  504: 'The question took too long',
};

/** An error with a status, thrown by routes. */
export class Problem extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, detail: string, headers: Readonly<Record<string, string>> = {}) {
    super(detail);
    this.status = status;
    this.headers = headers;
  }
}

export function detailsOf(status: number, detail: string, errors?: ProblemDetails['errors']): ProblemDetails {
  return {
    type: `/api/problems/${status}`,
    title: titles[status] ?? 'Error',
    status,
    detail,
    ...(errors === undefined ? {} : { errors }),
  };
}

export function send(reply: FastifyReply, details: ProblemDetails): FastifyReply {
  return reply
    .removeHeader('etag')
    .status(details.status)
    .header('cache-control', 'no-store')
    .type(problemType)
    .serializer(JSON.stringify)
    .send(details);
}

/** What a caller is told; undefined for what is a defect of ours. */
export function problemOf(
  error: unknown,
): { details: ProblemDetails; headers?: Readonly<Record<string, string>> } | undefined {
  if (error instanceof Problem)
    return { details: detailsOf(error.status, error.message), headers: error.headers };
  if (error instanceof QuestionError)
    return { details: detailsOf(/^there is no history of/.test(error.message) ? 404 : 422, error.message) };
  if (error instanceof StoreError) return ofStore(error);
  if (error instanceof NoSuchLetter) return { details: detailsOf(404, `${error.message}.`) };
  if (error instanceof KafkaError) return ofKafka(error);
  return undefined;
}

function ofStore(
  error: StoreError,
): { details: ProblemDetails; headers?: Record<string, string> } | undefined {
  switch (error.code) {
    case 'unreachable':
    case 'refused':
    case 'busy':
    case 'disk':
    case 'schema':
      return {
        details: detailsOf(503, 'ClickHouse cannot answer now; the console asks again when you do.'),
        headers: { 'retry-after': '5' },
      };
    case 'cancelled':
      return {
        details: detailsOf(
          504,
          'The question took longer than it may: take a shorter time or fewer routers.',
        ),
      };
    case 'limit':
    case 'memory':
      return {
        details: detailsOf(422, 'The answer is larger than it may be: take a shorter time or fewer routers.'),
      };
    default:
      return undefined;
  }
}

function ofKafka({ code, message }: KafkaError): {
  details: ProblemDetails;
  headers?: Record<string, string>;
} {
  if (code === 'unknown_topic' || code === 'too_large' || code === 'out_of_range')
    return { details: detailsOf(422, `${message}.`) };
  const detail =
    code === 'authentication' || code === 'authorisation'
      ? 'Kafka does not allow it to the console.'
      : 'Kafka cannot answer now.';
  return { details: detailsOf(503, detail), headers: { 'retry-after': '5' } };
}

/** Gives the page for addresses that are the page's, and to people for those that are nothing's; false for others. */
export type PageAt = (path: string, reply: FastifyReply, toPerson: boolean) => FastifyReply | false;

export function installProblems(app: FastifyInstance, pageAt: PageAt): void {
  app.setErrorHandler((error: FastifyError, request, reply) => answerError(error, request, reply));
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '';
    const toPerson = (request.headers.accept ?? '').includes('text/html');
    const page = request.method === 'GET' && pageAt(path, reply, toPerson);
    return page === false ? send(reply, detailsOf(404, `There is nothing at ${path}.`)) : page;
  });
}

function answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (hasZodFastifySchemaValidationErrors(error)) {
    const errors = error.validation.map((issue) => ({
      where: `${error.validationContext ?? 'request'}${issue.instancePath.replaceAll('/', '.')}`,
      message: issue.message ?? 'is not valid',
    }));
    const detail = errors.map((e) => `${e.where}: ${e.message}`).join('; ');
    return send(reply, detailsOf(400, detail, errors));
  }
  const told = problemOf(error);
  if (told !== undefined) {
    // Of a client that has gone the end of the question is what was wanted.
    if (told.details.status >= 500 && !request.raw.socket.destroyed)
      // Without its parameters, which may name subscribers.
      request.log.warn({ error: error.message, url: request.url.split('?', 1)[0] }, 'a question failed');
    return send(reply.headers(told.headers ?? {}), told.details);
  }
  const status = error.statusCode ?? 500;
  if (status < 500) return send(reply, detailsOf(status, error.message));
  const cause = isResponseSerializationError(error) ? error.cause : error;
  request.log.error({ error, cause }, 'a request failed');
  return send(reply, detailsOf(500, 'This is a defect of the console; its log says more.'));
}

/** What is no HTTP, or too much of it, never reaches a route. */
export function answerBroken(error: { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const status =
    error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
  const body = JSON.stringify(detailsOf(status, titles[status] ?? ''));
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\ncontent-type: ${problemType}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
