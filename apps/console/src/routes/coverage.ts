/** What answers rest on: which snapshots there are, which are missing, what became of each message, how much came and went. */
import {
  anomaliesIn,
  churn,
  coverageOf,
  diffFleet,
  knownRouters,
  outcomesOf,
  type Coverage,
} from '@sessionreel/queries';
import { viewOf } from '../access/guard.ts';
import { isKnown } from '../etag.ts';
import { iso } from '../present.ts';
import { answers, coverage, rangeOf } from '../schemas/common.ts';
import { rangeQuery } from '../schemas/fleet.ts';
import * as s from '../schemas/lines.ts';
import { answer, stepOf, type App } from './route.ts';

/** Gaps are pairs of times, which no name tells. */
export const coverageJson = (of: Coverage) => ({
  ...of,
  routers: of.routers.map((r) => ({ ...r, gaps: r.gaps.map((gap) => gap.map(iso)) })),
});

export function coverageRoutes(app: App): void {
  snapshotsRoutes(app);
  countRoutes(app);
}

function snapshotsRoutes(app: App): void {
  app.get(
    '/api/fleet/coverage',
    {
      schema: {
        tags: ['operations'],
        summary: 'Over which snapshots a time is known, and where data is missing',
        querystring: s.coverageQuery,
        response: answers(coverage),
      },
    },
    async (request, reply) => {
      const range = rangeOf(request.query);
      if (await isKnown(request, reply, range)) return reply;
      const { client, ask, mask } = viewOf(request);
      const { router: routers, gap_after_s: gapAfterS } = request.query;
      const found = await coverageOf(client, { ...ask, ...range, routers, gapAfterS });
      return answer(reply, coverageJson(found), mask);
    },
  );
  app.get(
    '/api/fleet/routers',
    {
      schema: {
        tags: ['fleet'],
        summary: 'Every router of the fleet file or with a history',
        response: answers(s.knownRoutersAnswer),
      },
    },
    async (request, reply) => {
      const { client, ask, mask } = viewOf(request);
      return answer(reply, { routers: await knownRouters(client, ask) }, mask);
    },
  );
  app.get(
    '/api/operations/outcomes',
    {
      schema: {
        tags: ['operations'],
        summary: 'What became of a message of the captures',
        querystring: s.outcomesQuery,
        response: answers(s.outcomesAnswer),
      },
    },
    async (request, reply) => {
      const { client, mask } = viewOf(request);
      return answer(reply, { outcomes: await outcomesOf(client, [request.query]) }, mask);
    },
  );
}

function countRoutes(app: App): void {
  app.get(
    '/api/fleet/diff',
    {
      schema: {
        tags: ['fleet'],
        summary: 'Two moments of the fleet, compared router by router',
        querystring: rangeQuery,
        response: answers(s.fleetDiffAnswer),
      },
    },
    async (request, reply) => {
      const range = rangeOf(request.query);
      if (await isKnown(request, reply, range)) return reply;
      const { client, ask, mask } = viewOf(request);
      const { rows, coverage: rests } = await diffFleet(client, { ...ask, ...range });
      return answer(reply, { ...range, routers: rows, coverage: coverageJson(rests) }, mask);
    },
  );
  app.get(
    '/api/fleet/churn',
    {
      schema: {
        tags: ['fleet'],
        summary: 'Sessions that opened, changed and closed, by router over time',
        querystring: s.churnQuery,
        response: answers(s.churnAnswer),
      },
    },
    async (request, reply) => {
      const range = rangeOf(request.query);
      const stepS = stepOf(request.query.step_s, range);
      if (await isKnown(request, reply, range)) return reply;
      const { client, ask, mask } = viewOf(request);
      return answer(
        reply,
        { ...range, stepS, points: await churn(client, { ...ask, ...range, stepS }) },
        mask,
      );
    },
  );
  app.get(
    '/api/operations/anomaly-kinds',
    {
      schema: {
        tags: ['operations'],
        summary: 'What cannot be but was printed, by router, kind and field',
        querystring: s.anomalyKindsQuery,
        response: answers(s.anomalyKindsAnswer),
      },
    },
    async (request, reply) => {
      const range = rangeOf(request.query, 86_400_000);
      stepOf(undefined, range);
      const { client, ask, mask } = viewOf(request);
      const { router, limit } = request.query;
      return answer(
        reply,
        { ...range, kinds: await anomaliesIn(client, { ...ask, ...range, router, limit }) },
        mask,
      );
    },
  );
}
