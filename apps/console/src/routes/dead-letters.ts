/** Dead letters that nobody dealt with yet, straight from Kafka; operators retry or drop them. */
import {
  NoSuchLetter,
  dealWith,
  letterOf,
  openLetters,
  originalHeaders,
  type Letter,
} from '@sessionreel/kafka';
import { unmasked } from '@sessionreel/ops';
import { maskedCommand } from '@sessionreel/queries';
import { viewOf, type View } from '../access/guard.ts';
import type { KafkaLink } from '../kafka-link.ts';
import { present } from '../present.ts';
import { answers } from '../schemas/common.ts';
import * as s from '../schemas/operations.ts';
import { answer, type App } from './route.ts';

const tags = ['operations'];
const base = '/api/operations/dead-letters';
const excerptBytes = 2_000;

export function deadLetterRoutes(app: App, link: KafkaLink): void {
  readingRoutes(app, link);
  for (const action of ['retry', 'drop'] as const) dealRoute(app, link, action);
}

/** Those of routers that this person may see. */
const seen = (letters: readonly Letter[], { routers }: View): Letter[] =>
  letters.filter(({ router }) => routers === null || routers.has(router));

const told = ({ id, router, bytes, letter }: Letter) => ({
  id,
  router,
  at: letter.time,
  reason: letter.reason,
  error: letter.error,
  tries: letter.tries,
  bytes,
  sourcePartition: letter.partition,
  sourceOffset: letter.offset,
});

function readingRoutes(app: App, link: KafkaLink): void {
  app.get(
    `${base}/open`,
    {
      schema: {
        tags,
        summary: 'Dead letters that nobody dealt with yet, the oldest first',
        querystring: s.openLettersQuery,
        response: answers(s.openLettersAnswer),
      },
    },
    async (request, reply) => {
      const view = viewOf(request);
      const { router, reason, limit } = request.query;
      const all = seen(await link.letters(openLetters), view).filter(
        (x) =>
          (router === undefined || x.router === router) &&
          (reason === undefined || x.letter.reason === reason),
      );
      const letters = all.slice(0, limit).map(told);
      return answer(reply, { total: all.length, letters }, view.mask);
    },
  );
  app.get(
    `${base}/open/:partition/:offset`,
    {
      schema: {
        tags,
        summary: 'A dead letter: headers and how the message begins',
        params: s.letterParams,
        response: answers(s.letterAnswer),
      },
    },
    async (request, reply) => {
      const view = viewOf(request);
      const { partition, offset } = request.params;
      const id = `${partition}/${offset}`;
      const { letter, message } = await link.letters(async (port) => {
        const found = seen(await openLetters(port), view).find((x) => x.id === id);
        if (found === undefined) throw new NoSuchLetter(id);
        return { letter: found, message: await letterOf(port, id) };
      });
      const headers = Object.entries(originalHeaders(message)).map(([name, value]): [string, string] => [
        name,
        maskedCommand(String(value), view.mask),
      ]);
      const body = present(told(letter), view.mask) as object;
      return answer(reply, {
        ...body,
        headers: Object.fromEntries(headers),
        excerpt:
          view.mask === unmasked
            ? Buffer.from((message.value ?? new Uint8Array()).subarray(0, excerptBytes)).toString()
            : null,
      });
    },
  );
}

function dealRoute(app: App, link: KafkaLink, action: 'retry' | 'drop'): void {
  app.post(
    `${base}/${action}`,
    {
      config: { role: 'operator' },
      schema: {
        tags,
        summary: action === 'retry' ? 'Send dead letters again as captures' : 'Be done with dead letters',
        description: 'All of them are open, or nothing is done.',
        body: s.dealBody,
        response: answers(s.dealtAnswer),
      },
    },
    async (request, reply) => {
      const view = viewOf(request);
      const ids = [...new Set(request.body.ids)];
      request.did = `${action} ${ids.join(' ')}`;
      await link.letters(async (port) => {
        if (view.routers !== null) {
          const open = new Set(seen(await openLetters(port), view).map((x) => x.id));
          const missing = ids.find((id) => !open.has(id));
          if (missing !== undefined) throw new NoSuchLetter(missing);
        }
        await dealWith(port, action, ids);
      });
      return answer(reply, { done: ids });
    },
  );
}
