/** Whether it works: pipeline, ledger, anomalies, messages set aside. */
import { anomalies, audit, deadLetters, pipelineAt } from '@sessionreel/queries';
import { viewOf } from '../access/guard.ts';
import type { Lag } from '../kafka-link.ts';
import { once, sendRows, type Row } from '../lists.ts';
import { present } from '../present.ts';
import { answers, listAnswers, rangeOf } from '../schemas/common.ts';
import { routersQuery } from '../schemas/routers.ts';
import * as s from '../schemas/planning.ts';
import { answer, stepOf, type App } from './route.ts';

const tags = ['operations'];

export function operationsRoutes(app: App, lag: () => Promise<Lag | null>): void {
  app.get(
    '/api/operations/pipeline',
    {
      schema: {
        tags,
        summary: 'Lag and throughput',
        querystring: routersQuery,
        response: answers(s.pipelineAnswer),
      },
    },
    async (request, reply) => {
      const { at = Date.now() } = request.query;
      const { client, ask, mask } = viewOf(request);
      const [pipeline, waits] = await Promise.all([pipelineAt(client, { ...ask, at }), lag()]);
      const age = pipeline.newest === null ? null : (at - pipeline.newest) / 1_000;
      return answer(reply, { at, ...pipeline, newestAgeS: age, lag: waits }, mask);
    },
  );
  app.get(
    '/api/operations/anomalies',
    {
      schema: {
        tags,
        summary: 'What cannot be, but was printed',
        querystring: s.anomaliesQuery,
        response: listAnswers(s.anomaliesAnswer),
      },
    },
    async (request, reply) => {
      const range = rangeOf(request.query, 86_400_000);
      stepOf(undefined, range);
      const { client, ask, mask } = viewOf(request);
      const { router, limit, format } = request.query;
      const found = await anomalies(client, {
        ...ask,
        ...range,
        limit,
        ...(router === undefined ? {} : { router }),
      });
      if (format !== 'json')
        return sendRows(
          reply,
          format,
          Object.keys(s.anomaly.shape),
          once(present(found, mask) as Row[]),
          'anomalies',
        );
      return answer(reply, { ...range, anomalies: found }, mask);
    },
  );
  app.get(
    '/api/operations/dead-letters',
    {
      schema: {
        tags,
        summary: 'Messages that were set aside',
        querystring: s.lettersQuery,
        response: listAnswers(s.lettersAnswer),
      },
    },
    async (request, reply) => {
      const range = rangeOf(request.query, 7 * 86_400_000);
      stepOf(undefined, range);
      const { client, ask, mask } = viewOf(request);
      const { router, limit, format } = request.query;
      const found = await deadLetters(client, {
        ...ask,
        ...range,
        limit,
        ...(router === undefined ? {} : { router }),
      });
      if (format !== 'json')
        return sendRows(
          reply,
          format,
          Object.keys(s.letter.shape),
          once(present(found, mask) as Row[]),
          'dead-letters',
        );
      return answer(reply, { ...range, deadLetters: found }, mask);
    },
  );
  app.get(
    '/api/operations/audit',
    {
      schema: {
        tags,
        summary: 'Whether what is stored adds up',
        querystring: s.auditQuery,
        response: answers(s.auditAnswer),
      },
    },
    async (request, reply) => {
      const range = rangeOf(request.query, 86_400_000);
      stepOf(undefined, range);
      const { client, ask } = viewOf(request);
      const { accounts, problems, statesCompared } = await audit(client, { ...ask, ...range });
      return answer(reply, {
        accounts: accounts.map(({ deadLettered, ...rest }) => ({ ...rest, dead_lettered: deadLettered })),
        problems,
        states_compared: statesCompared,
      });
    },
  );
}
