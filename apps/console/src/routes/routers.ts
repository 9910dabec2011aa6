/** Routers at a time: their summaries, sessions, tunnels, snapshots. */
import type { Mask } from '@sessionreel/ops';
import {
  ledgerEntries,
  masked,
  routersAt,
  sessionsAt,
  tunnelsAt,
  type ListedRow,
} from '@sessionreel/queries';
import { viewOf, type View } from '../access/guard.ts';
import { isKnown } from '../etag.ts';
import { cursorOf, once, placeOf, sendRows, type Row } from '../lists.ts';
import { present, valuesOf } from '../present.ts';
import { Problem } from '../problems.ts';
import { answers, listAnswers, rangeOf } from '../schemas/common.ts';
import { routerSummary } from '../schemas/fleet.ts';
import * as s from '../schemas/routers.ts';
import { answer, type App } from './route.ts';

const tags = ['routers'];

/** What a table shows unless other fields are asked for. */
const tableFields = [
  'state',
  'user_name',
  'peer_ip',
  'session_remote_id',
  'interface_name',
  'interface_unit',
  'remote_name',
  'remote_ip',
  'tunnel_group_name',
  'tx_speed',
  'rx_speed',
  'call_serial_number',
  'mode',
];

export function routersRoutes(app: App): void {
  summaryRoutes(app);
  listingRoutes(app);
  ledgerRoute(app);
}

/** 404 for a router that has no history, or that this person may not see: the two look the same. */
export async function knownRouter(view: View, router: string, at = Date.now()) {
  const [summary] = await routersAt(view.client, { ...view.ask, at, router });
  if (summary !== undefined) return summary;
  const [later] =
    at < Date.now() ? await routersAt(view.client, { ...view.ask, at: Date.now(), router }) : [];
  throw later === undefined
    ? new Problem(404, `There is no history of a router named ${JSON.stringify(router)}.`)
    : new Problem(404, `The history of ${router} begins at ${new Date(later.first).toISOString()}.`);
}

function summaryRoutes(app: App): void {
  app.get(
    '/api/routers',
    {
      schema: {
        tags,
        summary: 'Routers with a history',
        querystring: s.routersQuery,
        response: answers(s.routersAnswer),
      },
    },
    async (request, reply) => {
      const { at = Date.now() } = request.query;
      if (await isKnown(request, reply, { to: at })) return reply;
      const { client, ask, mask } = viewOf(request);
      return answer(reply, { at, routers: await routersAt(client, { ...ask, at }) }, mask);
    },
  );
  app.get(
    '/api/routers/:router',
    {
      schema: {
        tags,
        summary: 'A router at a time',
        params: s.routerParams,
        querystring: s.routersQuery,
        response: answers(routerSummary),
      },
    },
    async (request, reply) => {
      const { at = Date.now() } = request.query;
      const { router } = request.params;
      if (await isKnown(request, reply, { to: at, router })) return reply;
      const view = viewOf(request);
      return answer(reply, await knownRouter(view, router, at), view.mask);
    },
  );
  app.get(
    '/api/routers/:router/tunnels',
    {
      schema: {
        tags,
        summary: 'Tunnels of a router at a time',
        params: s.routerParams,
        querystring: s.routersQuery,
        response: answers(s.tunnelsAnswer),
      },
    },
    async (request, reply) => {
      const { at = Date.now() } = request.query;
      const { router } = request.params;
      if (await isKnown(request, reply, { to: at, router })) return reply;
      const view = viewOf(request);
      await knownRouter(view, router, at);
      const tunnels = await tunnelsAt(view.client, { ...view.ask, router, at });
      return answer(reply, { router, at, tunnels }, view.mask);
    },
  );
}

/** The filters among a request's parameters. */
export function scopeOf(query: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    s.filterNames.flatMap((name) => (typeof query[name] === 'string' ? [[name, query[name]]] : [])),
  );
}

function listingRoutes(app: App): void {
  app.get(
    '/api/routers/:router/sessions',
    {
      schema: {
        tags,
        summary: 'Sessions of a router at a time, by tunnel and session',
        description: 'Pages of JSON, or all of them as they come with format=ndjson or csv.',
        params: s.routerParams,
        querystring: s.sessionsQuery,
        response: listAnswers(s.sessionsAnswer),
      },
    },
    async (request, reply) => {
      const { at = Date.now(), state, limit, format, field = tableFields, after } = request.query;
      const { router } = request.params;
      if (await isKnown(request, reply, { to: at, router })) return reply;
      const view = viewOf(request);
      await knownRouter(view, router, at);
      const fields = [...new Set(field)];
      const question = {
        ...view.ask,
        router,
        at,
        fields,
        scope: scopeOf(request.query),
        ...(state === undefined ? {} : { state }),
      };
      if (format !== 'json') {
        const columns = ['tunnel_local_id', 'session_local_id', 'created_at', 'changed_at', ...fields];
        return sendRows(
          reply,
          format,
          columns,
          flatRows(sessionsAt(view.client, question), view.mask),
          `${router}-sessions`,
        );
      }
      const behind = after === undefined || after === '' ? {} : { after: sessionPlace(after) };
      const found: ListedRow[] = [];
      for await (const block of sessionsAt(view.client, { ...question, ...behind, limit: limit + 1 }))
        found.push(...block);
      const page = found.slice(0, limit);
      const last = page.at(-1);
      const next = found.length > limit && last !== undefined ? cursorOf([last.tunnel, last.session]) : null;
      return answer(reply, { router, at, sessions: page, next }, view.mask);
    },
  );
}

async function* flatRows(blocks: AsyncIterable<readonly ListedRow[]>, mask: Mask): AsyncGenerator<Row[]> {
  for await (const block of blocks)
    yield masked(block, mask).map((row) => ({
      tunnel_local_id: row.tunnel,
      session_local_id: row.session,
      created_at: row.createdAt === null ? null : new Date(row.createdAt).toISOString(),
      changed_at: new Date(row.changedAt).toISOString(),
      ...valuesOf(row.values),
    }));
}

function sessionPlace(cursor: string): { tunnel: number; session: number } {
  const [tunnel, session] = placeOf(cursor) ?? [];
  const fits = (id: unknown): id is number => Number.isInteger(id) && Number(id) >= 0 && Number(id) <= 65_535;
  if (!fits(tunnel) || !fits(session)) throw notACursor();
  return { tunnel, session };
}

const notACursor = (): Problem =>
  new Problem(422, '`after` is no cursor of this list: it is `next` of the page before.');

function ledgerRoute(app: App): void {
  const schema = { tags, querystring: s.snapshotsQuery, response: listAnswers(s.snapshotsAnswer) };
  const handler = async (
    request: Parameters<typeof viewOf>[0],
    reply: Parameters<typeof answer>[0],
    query: (typeof s.snapshotsQuery)['_zod']['output'],
    router: string | undefined,
  ) => {
    const range = rangeOf(query, 86_400_000);
    if (await isKnown(request, reply, { ...range, ...(router === undefined ? {} : { router }) }))
      return reply;
    const view = viewOf(request);
    if (router !== undefined) await knownRouter(view, router);
    const { limit, outcome, after, format } = query;
    const entries = await ledgerEntries(view.client, {
      ...view.ask,
      ...range,
      limit: limit + 1,
      ...(router === undefined ? {} : { router }),
      ...(outcome === undefined ? {} : { outcome }),
      ...(after === undefined || after === '' ? {} : { before: ledgerPlace(after) }),
    });
    const page = entries.slice(0, limit);
    const shown = present(page, view.mask) as Row[];
    if (format !== 'json')
      return sendRows(reply, format, Object.keys(s.snapshot.shape), once(shown), 'snapshots');
    const last = page.at(-1);
    const next =
      entries.length > limit && last !== undefined ? cursorOf([last.at, last.router, last.seq]) : null;
    return answer(reply, { ...range, snapshots: page, next }, view.mask);
  };
  app.get(
    '/api/routers/:router/snapshots',
    { schema: { ...schema, summary: 'The ledger of a router, the newest first', params: s.routerParams } },
    (request, reply) => handler(request, reply, request.query, request.params.router),
  );
  app.get(
    '/api/snapshots',
    { schema: { ...schema, summary: 'The ledger, the newest first' } },
    (request, reply) => handler(request, reply, request.query, undefined),
  );
}

function ledgerPlace(cursor: string): { at: number; router: string; seq: string } {
  const [at, router, seq] = placeOf(cursor) ?? [];
  if (
    typeof at !== 'number' ||
    typeof router !== 'string' ||
    typeof seq !== 'string' ||
    !/^\d{1,20}$/.test(seq)
  )
    throw notACursor();
  return { at, router, seq };
}
