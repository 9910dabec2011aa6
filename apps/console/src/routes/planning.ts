/** Search and capacity. */
import { unmasked } from '@sessionreel/ops';
import {
  bothEnds,
  busiestHours,
  find,
  flapping,
  growth,
  headroom,
  history,
  imbalance,
  limitUses,
  whatIf,
  whoHad,
  whoHadAll,
  type WhoHadAnswer,
} from '@sessionreel/queries';
import { viewOf } from '../access/guard.ts';
import { isKnown } from '../etag.ts';
import { iso, present } from '../present.ts';
import { Problem } from '../problems.ts';
import { sendList, type Row } from '../lists.ts';
import { answers, listAnswers, rangeOf } from '../schemas/common.ts';
import { rangeQuery } from '../schemas/fleet.ts';
import { imbalanceAnswer, imbalanceQuery } from '../schemas/lines.ts';
import { historyAnswer } from '../schemas/routers.ts';
import * as s from '../schemas/planning.ts';
import { coverageJson } from './coverage.ts';
import { answer, stepOf, type App } from './route.ts';
import { sendEvents } from './sessions.ts';

export function findRoutes(app: App): void {
  const tags = ['find'];
  app.get(
    '/api/find',
    {
      schema: {
        tags,
        summary: 'Whatever a person has in hand, found',
        querystring: s.findQuery,
        response: answers(s.findAnswer),
      },
    },
    async (request, reply) => {
      const { q, at = Date.now(), limit } = request.query;
      const { client, ask, mask } = viewOf(request);
      const found = await find(client, { ...ask, text: q, at, limit });
      // Who sees no names cannot guess them letter by letter either: only a whole name finds.
      const told =
        mask === unmasked ? found : found.filter((f) => f.by !== 'user_name' || f.match === q.trim());
      return answer(reply, { q, at, found: told }, mask);
    },
  );
  app.get(
    '/api/who-had',
    {
      schema: {
        tags,
        summary: 'Which session had an address at a time, and how sure',
        querystring: s.whoHadQuery,
        response: answers(s.whoHadAnswer),
      },
    },
    async (request, reply) => {
      const { address, at = Date.now() } = request.query;
      const { client, ask, mask } = viewOf(request);
      return answer(reply, { address, at, holders: await whoHad(client, { ...ask, address, at }) }, mask);
    },
  );
  app.post(
    '/api/who-had',
    {
      schema: {
        tags,
        summary: 'Many addresses and times at once, such as a list of complaints',
        body: s.whoHadAllBody,
        response: answers(s.whoHadAllAnswer),
      },
    },
    async (request, reply) => {
      const { client, ask, mask } = viewOf(request);
      const found: WhoHadAnswer[] = [];
      for await (const one of whoHadAll(client, request.body.questions, ask)) found.push(one);
      return answer(reply, { answers: found }, mask);
    },
  );
  app.get(
    '/api/subscribers',
    {
      schema: {
        tags,
        summary: 'Every session of a user name or an address',
        querystring: s.subscriberQuery,
        response: listAnswers(historyAnswer),
      },
    },
    async (request, reply) => {
      const { user, address, format } = request.query;
      const range = rangeOf(request.query, 30 * 86_400_000);
      stepOf(undefined, range);
      if ((user === undefined) === (address === undefined))
        throw new Problem(422, 'Name either `user` or `address`.');
      if (await isKnown(request, reply, range)) return reply;
      const { client, ask, mask } = viewOf(request);
      const found = await history(client, {
        ...ask,
        ...range,
        ...(user === undefined ? { address: address ?? '' } : { user }),
      });
      if (format === 'json') return answer(reply, found, mask);
      return sendEvents(reply, format, present(found.events, mask) as Row[], 'subscriber');
    },
  );
}

export function capacityRoutes(app: App): void {
  const tags = ['capacity'];
  app.get(
    '/api/capacity/busy-hours',
    {
      schema: {
        tags,
        summary: 'The busy hour of each day, by sessions or traffic, of routers, sites or the fleet',
        querystring: s.busyQuery,
        response: listAnswers(s.busyAnswer),
      },
    },
    async (request, reply) => {
      const range = rangeOf(request.query, 7 * 86_400_000);
      if (await isKnown(request, reply, range)) return reply;
      const { client, ask, mask } = viewOf(request);
      const { by, of, format } = request.query;
      const hours = await busiestHours(client, { ...ask, ...range, by, measure: of });
      if (format !== 'json') return sendList(reply, format, s.busyHour, present(hours, mask), 'busy-hours');
      return answer(reply, { ...range, by, of, hours }, mask);
    },
  );
  app.get(
    '/api/capacity/headroom',
    {
      schema: {
        tags,
        summary: 'Peaks against limits, the fullest first',
        querystring: rangeQuery,
        response: answers(s.headroomAnswer),
      },
    },
    async (request, reply) => {
      const range = rangeOf(request.query, 7 * 86_400_000);
      if (await isKnown(request, reply, range)) return reply;
      const { client, ask, mask } = viewOf(request);
      return answer(reply, { ...range, routers: await headroom(client, { ...ask, ...range }) }, mask);
    },
  );
  plans(app);
}

function plans(app: App): void {
  const tags = ['capacity'];
  const weekMs = 7 * 86_400_000;
  app.get(
    '/api/capacity/limits',
    {
      schema: {
        tags,
        summary: 'Peaks of chassis, interfaces and tunnels against their limits',
        querystring: rangeQuery,
        response: answers(s.limitsAnswer),
      },
    },
    async (request, reply) => {
      const range = rangeOf(request.query, weekMs);
      if (await isKnown(request, reply, range)) return reply;
      const { client, ask, mask } = viewOf(request);
      const { rows, countedAt, withoutInterface } = await limitUses(client, { ...ask, ...range });
      const limits = rows.map((r) => ({ ...r, peakAt: iso(r.peakAt) }));
      return answer(reply, { ...range, countedAt: countedAt.map(iso), withoutInterface, limits }, mask);
    },
  );
  app.get(
    '/api/capacity/growth',
    {
      schema: {
        tags,
        summary: 'Growth with a forecast, its interval, and days until full',
        querystring: s.growthQuery,
        response: answers(s.growthAnswer),
      },
    },
    async (request, reply) => {
      const range = rangeOf(request.query, weekMs);
      if (await isKnown(request, reply, range)) return reply;
      const { client, ask, mask } = viewOf(request);
      const { router, role, horizon_days: horizonDays } = request.query;
      const found = await growth(client, { ...ask, ...range, router, role, horizonDays });
      return answer(reply, { ...range, ...found, coverage: coverageJson(found.coverage) }, mask);
    },
  );
  app.get(
    '/api/capacity/what-if',
    {
      schema: {
        tags,
        summary: 'What if LNSs fail: who takes over, and who overflows',
        querystring: s.whatIfQuery,
        response: answers(s.whatIfAnswer),
      },
    },
    async (request, reply) => {
      const range = rangeOf(request.query, weekMs);
      if (await isKnown(request, reply, range)) return reply;
      const { client, ask, mask } = viewOf(request);
      const { without = [], growth_percent: percent } = request.query;
      const found = await whatIf(client, { ...ask, ...range, without, growth: percent / 100 });
      const rows = found.rows.map((r) => ({
        ...r,
        worstAt: iso(r.worstAt),
        exceededFrom: r.exceededFrom === null ? null : iso(r.exceededFrom),
      }));
      return answer(reply, { ...range, ...found, rows, coverage: coverageJson(found.coverage) }, mask);
    },
  );
  app.get(
    '/api/capacity/imbalance',
    {
      schema: {
        tags,
        summary: 'How unevenly sessions lie over the interfaces of a router and the LNSs of a site',
        querystring: imbalanceQuery,
        response: answers(imbalanceAnswer),
      },
    },
    async (request, reply) => {
      const { at = Date.now() } = request.query;
      if (await isKnown(request, reply, { to: at })) return reply;
      const { client, ask, mask } = viewOf(request);
      return answer(reply, { at, imbalances: await imbalance(client, { ...ask, at }) }, mask);
    },
  );
  fleetPlans(app);
}

function fleetPlans(app: App): void {
  const tags = ['fleet'];
  app.get(
    '/api/fleet/flapping',
    {
      schema: {
        tags,
        summary: 'Subscribers and tunnels that come and go',
        querystring: rangeQuery,
        response: answers(s.flappingAnswer),
      },
    },
    async (request, reply) => {
      const range = rangeOf(request.query);
      if (await isKnown(request, reply, range)) return reply;
      const { client, ask, mask } = viewOf(request);
      return answer(reply, { ...range, ...(await flapping(client, { ...ask, ...range })) }, mask);
    },
  );
  app.get(
    '/api/fleet/both-ends',
    {
      schema: {
        tags,
        summary: 'Calls that are listed at both ends, and ends without another',
        querystring: s.bothEndsQuery,
        response: answers(s.bothEndsAnswer),
      },
    },
    async (request, reply) => {
      const { at = Date.now(), limit } = request.query;
      if (await isKnown(request, reply, { to: at })) return reply;
      const { client, ask, mask } = viewOf(request);
      return answer(reply, await bothEnds(client, { ...ask, at, limit }), mask);
    },
  );
}
