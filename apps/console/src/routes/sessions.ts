/** One session, a subscriber, two moments compared, and the listing as the router printed it. */
import { Readable } from 'node:stream';
import { unmasked } from '@sessionreel/ops';
import {
  diffStates,
  history,
  masked,
  otherEndOf,
  piecesOf,
  sessionTraffic,
  stateAt,
  stateColumns,
  type StateDiff,
  type StateSession,
} from '@sessionreel/queries';
import type { FastifyReply } from 'fastify';
import { viewOf, type View } from '../access/guard.ts';
import { isKnown } from '../etag.ts';
import { once, sendRows, type Row } from '../lists.ts';
import { present, recordJson } from '../present.ts';
import { answers, listAnswers, rangeOf, textAnswers } from '../schemas/common.ts';
import { otherEndAnswer } from '../schemas/planning.ts';
import * as s from '../schemas/routers.ts';
import { answer, stepOf, type App } from './route.ts';
import { knownRouter, scopeOf } from './routers.ts';

const tags = ['sessions'];

export function sessionRoutes(app: App): void {
  sessionRoute(app);
  historyRoutes(app);
  otherEndRoute(app);
  printedRoute(app);
  diffRoute(app);
}

const ledgerJson = ({ at, format, level, scope, complete, reason }: StateDiff['before']) => ({
  at,
  format,
  level,
  scope,
  complete,
  reason,
});

function sessionRoute(app: App): void {
  app.get(
    '/api/routers/:router/tunnels/:tunnel/sessions/:session',
    {
      schema: {
        tags,
        summary: 'A session at a time, with its counters',
        params: s.sessionParams,
        querystring: s.sessionQuery,
        response: answers(s.sessionAnswer),
      },
    },
    async (request, reply) => {
      const { at = Date.now() } = request.query;
      const { router, tunnel, session } = request.params;
      if (await isKnown(request, reply, { to: at, router })) return reply;
      const view = viewOf(request);
      await knownRouter(view, router, at);
      const scope = { 'local-tunnel-id': String(tunnel), 'local-session-id': String(session) };
      const state = masked(await stateAt(view.client, { ...view.ask, router, at, scope }), view.mask);
      const found = state.sessions[0];
      return answer(reply, {
        ...(present(
          {
            router,
            at,
            asOf: ledgerJson(state.asOf),
            live: found !== undefined,
            createdAt: found?.createdAt ?? null,
            changedAt: found?.changedAt ?? null,
          },
          unmasked,
        ) as object),
        record: found === undefined ? null : recordJson(found.record),
      });
    },
  );
}

function historyRoutes(app: App): void {
  app.get(
    '/api/routers/:router/tunnels/:tunnel/sessions/:session/history',
    {
      schema: {
        tags,
        summary: 'What happened to a session, its earlier and later incarnations included',
        params: s.sessionParams,
        querystring: s.historyQuery,
        response: listAnswers(s.historyAnswer),
      },
    },
    async (request, reply) => {
      const { format } = request.query;
      const { router, tunnel, session } = request.params;
      const range = rangeOf(request.query, 30 * 86_400_000);
      stepOf(undefined, range);
      if (await isKnown(request, reply, { ...range, router })) return reply;
      const view = viewOf(request);
      await knownRouter(view, router);
      const found = await history(view.client, {
        ...view.ask,
        ...range,
        session: { router, tunnel, session },
      });
      if (format === 'json') return answer(reply, found, view.mask);
      return sendEvents(
        reply,
        format,
        present(found.events, view.mask) as Row[],
        `${router}-${tunnel}-${session}`,
      );
    },
  );
  app.get(
    '/api/routers/:router/tunnels/:tunnel/sessions/:session/traffic',
    {
      schema: {
        tags,
        summary: 'Traffic of a session, each delta as it is',
        params: s.sessionParams,
        querystring: s.sessionRange,
        response: answers(s.sessionTrafficAnswer),
      },
    },
    async (request, reply) => {
      const { router, tunnel, session } = request.params;
      const range = rangeOf(request.query, 30 * 86_400_000);
      stepOf(undefined, range);
      if (await isKnown(request, reply, { ...range, router })) return reply;
      const view = viewOf(request);
      await knownRouter(view, router);
      const points = await sessionTraffic(view.client, { ...view.ask, ...range, router, tunnel, session });
      return answer(reply, { points }, view.mask);
    },
  );
}

function otherEndRoute(app: App): void {
  app.get(
    '/api/routers/:router/tunnels/:tunnel/sessions/:session/other-end',
    {
      schema: {
        tags,
        summary: 'The other end of a session, on the LAC or LNS',
        params: s.sessionParams,
        querystring: s.sessionQuery,
        response: answers(otherEndAnswer),
      },
    },
    async (request, reply) => {
      const { at = Date.now() } = request.query;
      const { router, tunnel, session } = request.params;
      if (await isKnown(request, reply, { to: at })) return reply;
      const view = viewOf(request);
      await knownRouter(view, router, at);
      return answer(
        reply,
        { ends: await otherEndOf(view.client, { ...view.ask, router, tunnel, session, at }) },
        view.mask,
      );
    },
  );
}

/** Events with their changes and values as JSON in one cell each. */
export function sendEvents(
  reply: FastifyReply,
  format: 'ndjson' | 'csv',
  events: readonly Row[],
  name: string,
): FastifyReply {
  const columns = [
    'router',
    'tunnel',
    'session',
    'at',
    'last_seen_at',
    'kind',
    'reason',
    'create_time',
    'changes',
    'values',
  ];
  return sendRows(reply, format, columns, once(events), name);
}

const mediaTypes = { text: 'text/plain', xml: 'application/xml', json: 'application/json' } as const;

function printedRoute(app: App): void {
  app.get(
    '/api/routers/:router/printed',
    {
      schema: {
        tags,
        summary: 'The listing at a time, as the router printed it',
        description:
          "Byte for byte at a snapshot's own time; headers say as of when. Where user names are masked it is put together anew.",
        params: s.routerParams,
        querystring: s.printedQuery,
        response: textAnswers(Object.values(mediaTypes), 'The listing'),
      },
    },
    async (request, reply) => {
      const { at = Date.now(), level, display, download } = request.query;
      const { router } = request.params;
      if (await isKnown(request, reply, { to: at, router })) return reply;
      const view = viewOf(request);
      await knownRouter(view, router, at);
      const question = {
        ...view.ask,
        router,
        at,
        scope: scopeOf(request.query),
        ...(level === undefined ? {} : { level }),
        ...(display === undefined ? {} : { format: display }),
      };
      // Without names the listing is put together anew, of records; else what was kept is printed as it is.
      const state =
        view.mask === unmasked
          ? await stateColumns(view.client, question)
          : masked(await stateAt(view.client, question), view.mask);
      const sessions = 'count' in state.sessions ? state.sessions.count : state.sessions.length;
      const ending = { text: 'txt', xml: 'xml', json: 'json' }[state.format];
      const name = `${router}-${new Date(state.asOf.at).toISOString()}`.replace(/[^A-Za-z0-9._-]+/g, '_');
      return reply
        .type(`${mediaTypes[state.format]}; charset=utf-8`)
        .headers({
          'reel-as-of': new Date(state.asOf.at).toISOString(),
          'reel-printed-at': new Date(state.printedBy.at).toISOString(),
          'reel-level': state.level,
          'reel-format': state.format,
          'reel-complete': String(state.asOf.complete),
          'reel-sessions': String(sessions),
          'reel-own-words': String(view.mask === unmasked),
          'content-disposition': `${download === 'yes' ? 'attachment' : 'inline'}; filename="${name}.${ending}"`,
        })
        .send(Readable.from(piecesOf(state), { objectMode: false }) as never);
    },
  );
}

function diffRoute(app: App): void {
  app.get(
    '/api/routers/:router/diff',
    {
      schema: {
        tags,
        summary: 'Two moments of a router, compared',
        params: s.routerParams,
        querystring: s.diffQuery,
        response: listAnswers(s.diffAnswer),
      },
    },
    async (request, reply) => {
      const { from, to = Date.now(), limit, format } = request.query;
      const { router } = request.params;
      stepOf(undefined, { from, to });
      if (await isKnown(request, reply, { to, router })) return reply;
      const view = viewOf(request);
      await knownRouter(view, router, from);
      const diff = await diffStates(view.client, { ...view.ask, router, from, to });
      if (format !== 'json') {
        const columns = ['kind', 'tunnel', 'session', 'created_at', 'changes', 'values'];
        return sendRows(reply, format, columns, once(diffRows(diff, view)), `${router}-diff`);
      }
      return answer(
        reply,
        {
          router,
          before: ledgerJson(diff.before),
          after: ledgerJson(diff.after),
          counts: {
            opened: diff.opened.length,
            changed: diff.changed.length,
            closed: diff.closed.length,
            unchanged: diff.unchanged,
          },
          opened: diff.opened.slice(0, limit).map(sessionOf),
          changed: diff.changed.slice(0, limit).map((c) => ({ ...sessionOf(c.after), changes: c.changes })),
          closed: diff.closed.slice(0, limit).map(sessionOf),
          traffic: diff.traffic,
          trafficErrors: diff.trafficErrors,
          lowerBounds: diff.lowerBounds,
        },
        view.mask,
      );
    },
  );
}

const sessionOf = ({ record, createdAt }: StateSession) => ({
  tunnel: Number(record.values['tunnel_local_id']),
  session: Number(record.values['session_local_id']),
  createdAt,
  values: record.values,
});

function diffRows(diff: StateDiff, { mask }: View): Row[] {
  const rows = [
    ...diff.opened.map((one) => ({ kind: 'opened', ...sessionOf(one), changes: [] })),
    ...diff.changed.map((c) => ({ kind: 'changed', ...sessionOf(c.after), changes: c.changes })),
    ...diff.closed.map((one) => ({ kind: 'closed', ...sessionOf(one), changes: [] })),
  ];
  return present(rows, mask) as Row[];
}
