/** Server-Sent Events. */
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { viewOf } from '../access/guard.ts';
import type { Live } from '../live.ts';
import { Problem } from '../problems.ts';
import { textAnswers } from '../schemas/common.ts';
import { handed, type App } from './route.ts';

const mostWatchers = 500;

/** @param mayStill whether whoever asked is still let in */
export function liveRoutes(app: App, live: Live, mayStill: (request: FastifyRequest) => boolean): void {
  app.get(
    '/api/live',
    {
      schema: {
        tags: ['live'],
        summary: 'Changes as they come',
        description:
          'Server-Sent Events: `snapshot` for each snapshot that can be queried whole, `router_event` for what happened to a router.',
        querystring: z.strictObject({}),
        response: textAnswers(['text/event-stream'], 'Events, without end'),
      },
    },
    (request, reply) => {
      const { routers, mask } = viewOf(request);
      if (live.watchers >= mostWatchers)
        throw new Problem(429, 'Too many watch already.', { 'retry-after': '30' });
      const stream = live.watch({ routers, mask, may: () => mayStill(request) });
      request.raw.once('close', () => stream.destroy());
      return handed(
        reply
          .type('text/event-stream')
          .header('x-accel-buffering', 'no')
          .send(stream as never),
      );
    },
  );
}
