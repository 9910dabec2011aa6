/** Subscribers' lines and what they carry: traffic by name, bills, speeds, silence, echo time-outs. */
import {
  billing,
  echoTimeouts,
  maskedNames,
  namedTraffic,
  quietSessions,
  speedDrops,
  speedPlans,
} from '@sessionreel/queries';
import { viewOf } from '../access/guard.ts';
import { isKnown } from '../etag.ts';
import { sendList } from '../lists.ts';
import { present } from '../present.ts';
import { answers, listAnswers, rangeOf } from '../schemas/common.ts';
import { rangeQuery } from '../schemas/fleet.ts';
import * as s from '../schemas/lines.ts';
import { answer, type App } from './route.ts';

const tags = ['lines'];
const dayMs = 86_400_000;

export function lineRoutes(app: App): void {
  topRoute(app);
  billingRoute(app);
  quietRoutes(app);
  speedRoutes(app);
}

function topRoute(app: App): void {
  app.get(
    '/api/fleet/top',
    {
      schema: {
        tags,
        summary: 'Most traffic, by user, realm, peer gateway, router or tunnel',
        querystring: s.topQuery,
        response: listAnswers(s.topAnswer),
      },
    },
    async (request, reply) => {
      const range = rangeOf(request.query, dayMs);
      if (await isKnown(request, reply, range)) return reply;
      const { client, ask, mask } = viewOf(request);
      const { by, order, limit, format } = request.query;
      const { rows, withoutName } = await namedTraffic(client, { ...ask, ...range, by, order, limit });
      const top = maskedNames(rows, by, mask);
      if (format !== 'json')
        return sendList(reply, format, s.topRow, present(top, mask), `traffic-by-${by.replace('_', '-')}`);
      return answer(reply, { ...range, by, top, withoutName }, mask);
    },
  );
}

function billingRoute(app: App): void {
  app.get(
    '/api/fleet/billing',
    {
      schema: {
        tags,
        summary: 'Monthly 95th percentile by realm or peer gateway, as wholesale bills it',
        querystring: s.billingQuery,
        response: listAnswers(s.billingAnswer),
      },
    },
    async (request, reply) => {
      const { month = new Date().toISOString().slice(0, 7), by, step_s: stepS, format } = request.query;
      const [year = 0, number = 0] = month.split('-').map(Number);
      const range = { from: Date.UTC(year, number - 1, 1), to: Date.UTC(year, number, 1) };
      if (await isKnown(request, reply, range)) return reply;
      const { client, ask, mask } = viewOf(request);
      const { rows, ...bill } = await billing(client, { ...ask, month, by, stepS });
      if (format !== 'json') return sendList(reply, format, s.billRow, present(rows, mask), `bills-${month}`);
      return answer(reply, { month, by, ...bill, bills: rows }, mask);
    },
  );
}

function quietRoutes(app: App): void {
  app.get(
    '/api/fleet/quiet-sessions',
    {
      schema: {
        tags,
        summary: 'Sessions that moved no data',
        description: 'Over ten minutes or more: counters may come from a cache of the daemon.',
        querystring: s.quietQuery,
        response: listAnswers(s.quietAnswer),
      },
    },
    async (request, reply) => {
      const range = rangeOf(request.query);
      if (await isKnown(request, reply, range)) return reply;
      const { client, ask, mask } = viewOf(request);
      const { limit, format } = request.query;
      const found = await quietSessions(client, { ...ask, ...range, limit });
      if (format !== 'json')
        return sendList(reply, format, s.quietSession, present(found.list, mask), 'quiet-sessions');
      return answer(reply, { ...range, ...found }, mask);
    },
  );
  app.get(
    '/api/fleet/echo-timeouts',
    {
      schema: {
        tags,
        summary: 'LCP echo requests that timed out, by peer gateway',
        querystring: rangeQuery,
        response: answers(s.echoAnswer),
      },
    },
    async (request, reply) => {
      const range = rangeOf(request.query);
      if (await isKnown(request, reply, range)) return reply;
      const { client, ask, mask } = viewOf(request);
      const { rows, ...routers } = await echoTimeouts(client, { ...ask, ...range });
      return answer(reply, { ...range, peers: rows, ...routers }, mask);
    },
  );
}

function speedRoutes(app: App): void {
  app.get(
    '/api/fleet/speed-plans',
    {
      schema: {
        tags,
        summary: 'Connect speeds as sold and as updated, and where updates fail',
        querystring: s.speedPlansQuery,
        response: answers(s.speedPlansAnswer),
      },
    },
    async (request, reply) => {
      const { at = Date.now(), limit } = request.query;
      if (await isKnown(request, reply, { to: at })) return reply;
      const { client, ask, mask } = viewOf(request);
      return answer(reply, { at, ...(await speedPlans(client, { ...ask, at, limit })) }, mask);
    },
  );
  app.get(
    '/api/fleet/speed-drops',
    {
      schema: {
        tags,
        summary: 'Lines that got slower, the largest drops first',
        querystring: s.speedDropsQuery,
        response: listAnswers(s.speedDropsAnswer),
      },
    },
    async (request, reply) => {
      const range = rangeOf(request.query, dayMs);
      if (await isKnown(request, reply, range)) return reply;
      const { client, ask, mask } = viewOf(request);
      const { limit, format } = request.query;
      const drops = await speedDrops(client, { ...ask, ...range, limit });
      if (format !== 'json') return sendList(reply, format, s.speedDrop, present(drops, mask), 'speed-drops');
      return answer(reply, { ...range, drops }, mask);
    },
  );
}
