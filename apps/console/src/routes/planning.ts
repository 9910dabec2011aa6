/** Search and capacity. */
import { busyHours, find, headroom, history, whoHad } from '@sessionreel/queries';
import { viewOf } from '../access/guard.ts';
import { isKnown } from '../etag.ts';
import { present, unmasked } from '../present.ts';
import { Problem } from '../problems.ts';
import type { Row } from '../lists.ts';
import { answers, listAnswers, rangeOf } from '../schemas/common.ts';
import { rangeQuery } from '../schemas/fleet.ts';
import { historyAnswer } from '../schemas/routers.ts';
import * as s from '../schemas/planning.ts';
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
      const masked = told.map((f) => (f.by === 'user_name' ? { ...f, match: mask(f.match) } : f));
      return answer(reply, { q, at, found: masked }, mask);
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
        summary: 'The busy hour of each router and day',
        querystring: rangeQuery,
        response: answers(s.busyAnswer),
      },
    },
    async (request, reply) => {
      const range = rangeOf(request.query, 7 * 86_400_000);
      if (await isKnown(request, reply, range)) return reply;
      const { client, ask, mask } = viewOf(request);
      return answer(reply, { ...range, hours: await busyHours(client, { ...ask, ...range }) }, mask);
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
}
