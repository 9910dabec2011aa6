/** The fleet: counts, series, ends, traffic, what happened. */
import {
  concurrency,
  endsByReason,
  fleetAt,
  routerHappenings,
  sessionHappenings,
  setupFailures,
  silentRouters,
  trafficOverTime,
  whatHappened,
  type ConcurrencySeries,
  type RateSeries,
} from '@sessionreel/queries';
import { viewOf } from '../access/guard.ts';
import { isKnown } from '../etag.ts';
import { once, sendRows, type Row } from '../lists.ts';
import { iso, present } from '../present.ts';
import { answers, listAnswers, rangeOf } from '../schemas/common.ts';
import * as s from '../schemas/fleet.ts';
import { coverageJson } from './coverage.ts';
import { answer, stepOf, type App } from './route.ts';

const tags = ['fleet'];

export function fleetRoutes(app: App): void {
  countRoutes(app);
  seriesRoutes(app);
  eventRoutes(app);
}

function countRoutes(app: App): void {
  app.get(
    '/api/fleet',
    {
      schema: {
        tags,
        summary: 'Live sessions at a time, by one dimension',
        querystring: s.fleetQuery,
        response: answers(s.fleetAnswer),
      },
    },
    async (request, reply) => {
      const { at = Date.now(), by } = request.query;
      if (await isKnown(request, reply, { to: at })) return reply;
      const { client, ask, mask } = viewOf(request);
      const groups = await fleetAt(client, { ...ask, at, by });
      return answer(reply, { at, by, sessions: groups.reduce((n, g) => n + g.sessions, 0), groups }, mask);
    },
  );
  app.get(
    '/api/fleet/silent',
    {
      schema: {
        tags,
        summary: 'Routers that no snapshot came from lately',
        querystring: s.silentQuery,
        response: answers(s.silentAnswer),
      },
    },
    async (request, reply) => {
      const { at = Date.now(), after_s } = request.query;
      const { client, ask, mask } = viewOf(request);
      return answer(
        reply,
        { at, routers: await silentRouters(client, { ...ask, at, afterS: after_s }) },
        mask,
      );
    },
  );
}

function seriesRoutes(app: App): void {
  app.get(
    '/api/fleet/series',
    {
      schema: {
        tags,
        summary: 'Concurrent sessions over time',
        querystring: s.seriesQuery,
        response: answers(s.seriesAnswer),
      },
    },
    async (request, reply) => {
      const range = rangeOf(request.query);
      const { by, router } = request.query;
      const stepS = stepOf(request.query.step_s, range);
      if (await isKnown(request, reply, { from: range.from - 900_000, to: range.to })) return reply;
      const { client, ask } = viewOf(request);
      const found = await concurrency(client, {
        ...ask,
        ...range,
        stepS,
        by,
        ...(router === undefined ? {} : { routers: router }),
      });
      return answer(reply, { from: iso(range.from), to: iso(range.to), by, ...aligned(found) });
    },
  );
  app.get(
    '/api/fleet/traffic',
    {
      schema: {
        tags,
        summary: 'Traffic over time',
        querystring: s.trafficQuery,
        response: answers(s.trafficAnswer),
      },
    },
    async (request, reply) => {
      const range = rangeOf(request.query);
      const { by, router } = request.query;
      const stepS = stepOf(request.query.step_s, range);
      if (await isKnown(request, reply, { from: range.from, to: range.to + 3_600_000 })) return reply;
      const { client, ask } = viewOf(request);
      const found = await trafficOverTime(client, {
        ...ask,
        ...range,
        stepS,
        by,
        ...(router === undefined ? {} : { routers: router }),
      });
      return answer(reply, {
        from: iso(range.from),
        to: iso(range.to),
        by,
        step_s: stepS,
        ...alignedTraffic(found),
      });
    },
  );
}

/** One time axis for all series; where one has no point stands null. */
function aligned({ series, heard, stepS }: ConcurrencySeries): object {
  const at = heard.map((c) => c.at);
  return {
    step_s: stepS,
    at: at.map(iso),
    routers: heard.map((c) => c.routers),
    series: series.map(({ name, points }) => {
      const byTime = new Map(points.map((p) => [p.at, p.sessions]));
      return { name, sessions: at.map((t) => byTime.get(t) ?? null) };
    }),
  };
}

function alignedTraffic(series: readonly RateSeries[]): object {
  const at = [...new Set(series.flatMap((one) => one.points.map((p) => p.at)))].sort((a, b) => a - b);
  return {
    at: at.map(iso),
    series: series.map(({ name, points }) => {
      const byTime = new Map(points.map((p) => [p.at, p]));
      const of = (what: 'rx' | 'tx' | 'rxError' | 'txError') => at.map((t) => byTime.get(t)?.[what] ?? null);
      return {
        name,
        rx: of('rx'),
        tx: of('tx'),
        rx_error: of('rxError'),
        tx_error: of('txError'),
        lower_bound: at.map((t) => byTime.get(t)?.lowerBound ?? false),
      };
    }),
  };
}

function eventRoutes(app: App): void {
  app.get(
    '/api/fleet/ends',
    {
      schema: {
        tags,
        summary: 'Ends of sessions by reason, with lifetimes',
        querystring: s.rangeQuery,
        response: answers(s.endsAnswer),
      },
    },
    async (request, reply) => {
      const range = rangeOf(request.query);
      if (await isKnown(request, reply, range)) return reply;
      const { client, ask, mask } = viewOf(request);
      return answer(reply, { ...range, reasons: await endsByReason(client, { ...ask, ...range }) }, mask);
    },
  );
  app.get(
    '/api/fleet/setup-failures',
    {
      schema: {
        tags,
        summary: 'Sessions that ended without ever being established',
        querystring: s.rangeQuery,
        response: answers(s.failuresAnswer),
      },
    },
    async (request, reply) => {
      const range = rangeOf(request.query);
      if (await isKnown(request, reply, range)) return reply;
      const { client, ask, mask } = viewOf(request);
      return answer(reply, { ...range, failures: await setupFailures(client, { ...ask, ...range }) }, mask);
    },
  );
  app.get(
    '/api/fleet/events',
    {
      schema: {
        tags,
        summary: 'Events of sessions and routers, the newest first',
        querystring: s.happeningsQuery,
        response: listAnswers(s.happeningsAnswer),
      },
    },
    async (request, reply) => {
      const range = rangeOf(request.query);
      stepOf(undefined, range);
      if (await isKnown(request, reply, range)) return reply;
      const { client, ask, mask } = viewOf(request);
      const { router, kind, limit, format } = request.query;
      const question = { ...ask, ...range, limit, ...(router === undefined ? {} : { router }) };
      const sessions = await sessionHappenings(client, {
        ...question,
        ...(kind === undefined ? {} : { kinds: kind }),
      });
      if (format !== 'json')
        return sendRows(
          reply,
          format,
          Object.keys(s.sessionHappening.shape),
          once(present(sessions, mask) as Row[]),
          'events',
        );
      return answer(reply, { ...range, sessions, routers: await routerHappenings(client, question) }, mask);
    },
  );
  app.get(
    '/api/fleet/mass-events',
    {
      schema: {
        tags,
        summary: 'When most sessions of a router closed or came back at once',
        querystring: s.massQuery,
        response: answers(s.massAnswer),
      },
    },
    async (request, reply) => {
      const range = rangeOf(request.query);
      stepOf(undefined, range);
      const { client, ask, mask } = viewOf(request);
      const events = await routerHappenings(client, { ...ask, ...range, limit: 5_000 });
      return answer(reply, { ...range, events: events.filter((e) => /^(mass_|restart)/.test(e.kind)) }, mask);
    },
  );
  app.get(
    '/api/what-happened',
    {
      schema: {
        tags,
        summary: 'What dropped around a time, and what it has in common',
        querystring: s.whatHappenedQuery,
        response: answers(s.whatHappenedAnswer),
      },
    },
    async (request, reply) => {
      const { around = Date.now() - 300_000, within_s } = request.query;
      // Recovery is followed for a quarter of an hour.
      if (await isKnown(request, reply, { to: around + within_s * 1_000 + 900_000 })) return reply;
      const { client, ask, mask } = viewOf(request);
      const found = await whatHappened(client, { ...ask, around, withinS: within_s });
      return answer(reply, { ...found, coverage: coverageJson(found.coverage) }, mask);
    },
  );
}
