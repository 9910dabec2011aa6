/** Schemas that more than one resource has. Each validates and is what /api/openapi.json says. */
import { z } from 'zod';
import { problemType } from '../problems.ts';

const units = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** Before 1970 and after 2106 there is nothing, and ClickHouse counts seconds in 32 bits. */
const known = (ms: number): number => Math.min(Math.max(ms, 0), 4_294_967_295_000);

/** A moment that a person or program names: RFC 3339, `now`, or `-90m`. Becomes ms UTC. */
export const moment = z
  .union([z.iso.datetime({ offset: true }), z.string().regex(/^(?:now|-[0-9]{1,6}[smhdw])$/)], {
    error: 'a time is wanted, such as 2026-11-21T03:12:00Z, 2026-11-21T04:12:00+01:00, now or -90m',
  })
  .transform((text) => {
    if (text === 'now') return Date.now();
    const ago = /^-([0-9]+)([smhdw])$/.exec(text);
    return known(
      ago === null ? Date.parse(text) : Date.now() - Number(ago[1]) * units[ago[2] as keyof typeof units],
    );
  })
  .meta({ description: 'RFC 3339 with an offset, `now`, or a time ago such as `-90m` (s, m, h, d, w)' });

/** A moment in an answer. */
export const time = z.iso.datetime().meta({ description: 'UTC' });

export const routerName = z.string().min(1).max(255).meta({ description: 'Name of the router' });
/** Digits of a parameter as a number; anything else is refused as what it is. */
export const digits = (least: number, most: number) =>
  z.preprocess(
    (text) => (typeof text === 'string' && /^[0-9]{1,15}$/.test(text) ? Number(text) : text),
    z
      .int({ error: `a whole number from ${least} to ${most} is wanted` })
      .min(least)
      .max(most),
  );
export const sessionId = digits(0, 65_535);
export const count = z.number().min(0);

/** An integer of any size, exact. */
export const integer = z
  .custom<bigint | number>((value) => typeof value === 'bigint' || Number.isInteger(value))
  .meta({ type: 'integer', description: 'Exact, up to 64 bits' });

/** Value of a field: absent ones are left out, N/A is null, printed empty is ''. */
export const fieldValue = z.union([z.string(), integer, z.null()]);

export const role = z
  .enum(['lac', 'lns', ''])
  .meta({ description: 'Empty where the fleet file does not say' });
export const format = z
  .enum(['json', 'ndjson', 'csv'])
  .default('json')
  .meta({ description: 'One JSON document, a JSON object a line, or CSV with a header line' });
export const limit = (most: number, usual: number) =>
  digits(1, most).default(usual).meta({ description: 'Most rows of the page' });
export const cursor = z
  .string()
  .max(600)
  .regex(/^[A-Za-z0-9_-]*$/)
  .optional()
  .meta({ description: '`next` of the page before' });

/** One value, or the parameter again and again. */
export const several = <T extends z.ZodType>(item: T) =>
  z.union([z.array(item).max(50), item.transform((one) => [one])]).optional();

const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    errors: z.array(z.object({ where: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457' });

const problemAnswer = (description: string) => ({
  description,
  content: { [problemType]: { schema: problem } },
});

const problems = {
  400: problemAnswer('A parameter is not well formed'),
  401: problemAnswer('Nobody is logged in'),
  403: problemAnswer('The role does not allow it'),
  404: problemAnswer('There is no such router, session or resource'),
  405: problemAnswer('Another method is meant'),
  409: problemAnswer('It is not in the state for that'),
  413: problemAnswer('The body is larger than it may be'),
  415: problemAnswer('The body is of another type than JSON'),
  421: problemAnswer('Asked under a host name that is not its own'),
  422: problemAnswer(
    'Well formed, but not answerable: the time to begin from is after the end, the answer is too large',
  ),
  429: problemAnswer('Too many requests of one person at once'),
  431: problemAnswer('The address or the headers are too long'),
  503: problemAnswer('ClickHouse or Kafka does not answer'),
  504: problemAnswer('The question took too long'),
};

/** Answers of a route: one document, and the problems that any may have. */
export function answers<T extends z.ZodType>(schema: T, description = 'The answer') {
  return {
    200: { description, content: { 'application/json': { schema } } },
    ...problems,
  };
}

/** Answers of a route that can also stream its rows. */
export function listAnswers<T extends z.ZodType>(schema: T, description = 'The answer') {
  return {
    200: {
      description,
      content: {
        'application/json': { schema },
        'application/x-ndjson': { schema: z.string() },
        'text/csv': { schema: z.string() },
      },
    },
    ...problems,
  };
}

/** Answers in other types than JSON. */
export function textAnswers(types: readonly string[], description: string) {
  return {
    200: { description, content: Object.fromEntries(types.map((type) => [type, { schema: z.string() }])) },
    ...problems,
  };
}

export const range = {
  from: moment.optional().meta({ description: 'Begin of the time; default: an hour before its end' }),
  to: moment.optional().meta({ description: 'End of the time; default: now' }),
};

/** The time of a request, with its defaults. */
export function rangeOf(
  query: { readonly from?: number | undefined; readonly to?: number | undefined },
  usualMs = 3_600_000,
): { from: number; to: number } {
  const to = query.to ?? Date.now();
  return { from: query.from ?? known(to - usualMs), to };
}

export const coverage = z
  .object({
    from: time,
    to: time,
    missing: z
      .array(z.string())
      .meta({ description: 'Routers with history before the time and nothing in it' }),
    routers: z.array(
      z.object({
        router: z.string(),
        snapshots: count,
        incomplete: count,
        filtered: count,
        first: time,
        last: time,
        gaps: z.array(z.array(time)).meta({ description: 'Begin and end of times without a snapshot' }),
      }),
    ),
  })
  .meta({ id: 'Coverage', description: 'Over which snapshots the time is known, and where data is missing' });
