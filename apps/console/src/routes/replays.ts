/** Replays: history again, into a topic, as a job that operators start, watch and cancel. */
import { QuestionError } from '@sessionreel/queries';
import { viewOf, type View } from '../access/guard.ts';
import type { KafkaLink } from '../kafka-link.ts';
import { Problem } from '../problems.ts';
import type { ReplayJob, Replays } from '../replays.ts';
import { answers } from '../schemas/common.ts';
import { doneAnswer } from '../schemas/access.ts';
import * as s from '../schemas/operations.ts';
import { answer, type App } from './route.ts';

const tags = ['operations'];
const base = '/api/operations/replays';

/** A person whose role is bound sees replays of those routers alone. */
const isSeen = ({ routers }: ReplayJob, view: View): boolean =>
  view.routers === null || (routers !== null && routers.every((r) => view.routers?.has(r)));

function told(job: ReplayJob): object {
  const { startedAt, endedAt, reached, left, from, to, ...rest } = job;
  const time = (ms: number): string => new Date(ms).toISOString();
  return {
    ...rest,
    from: time(from),
    to: time(to),
    started_at: time(startedAt),
    ended_at: endedAt === null ? null : time(endedAt),
    reached: time(reached),
    progress:
      job.state === 'done' || to <= from ? 1 : Math.min(1, Math.max(0, (reached - from) / (to - from))),
    left_out: left,
  };
}

export function replayRoutes(app: App, replays: Replays, link: KafkaLink): void {
  const found = (id: string, view: View): ReplayJob => {
    const job = replays.get(id);
    if (job === undefined || !isSeen(job, view)) throw new Problem(404, 'There is no replay of that id.');
    return job;
  };
  app.get(
    base,
    { schema: { tags, summary: 'Replays, the newest first', response: answers(s.replaysAnswer) } },
    (request, reply) => {
      const view = viewOf(request);
      const jobs = replays.list().filter((job) => isSeen(job, view));
      return answer(reply, {
        replays: jobs.map(told),
        refused_topics: link.ownTopics,
      });
    },
  );
  app.get(
    `${base}/:id`,
    { schema: { tags, summary: 'A replay', params: s.replayParams, response: answers(s.replayAnswer) } },
    (request, reply) => answer(reply, told(found(request.params.id, viewOf(request)))),
  );
  changes(app, replays, link, found);
}

function changes(
  app: App,
  replays: Replays,
  link: KafkaLink,
  found: (id: string, view: View) => ReplayJob,
): void {
  const config = { role: 'operator' } as const;
  app.post(
    base,
    {
      config,
      schema: {
        tags,
        summary: 'Start a replay',
        description:
          'Snapshots: whole listings printed anew; events: what l2tp.events held. Each message comes once, also when it is cancelled and gone on with.',
        body: s.newReplayBody,
        response: answers(s.replayAnswer),
      },
    },
    async (request, reply) => {
      const view = viewOf(request);
      const { from, to, topic, as, router, speed } = request.body;
      if (from >= to) throw new QuestionError('the time to begin from is not before the time to end at');
      if (to > Date.now() + 1_000) throw new QuestionError('the time to end at is in the future');
      if (link.ownTopics.includes(topic))
        throw new Problem(422, `${topic} is read by this installation itself: replay into another topic.`);
      const routers = router ?? (view.routers === null ? null : [...view.routers]);
      if (routers?.some((r) => view.routers?.has(r) === false) === true)
        throw new Problem(403, 'Your role is bound to other routers.');
      const job = await replays.start(
        { by: view.principal.name, topic, as, from, to, routers, speed },
        { client: view.client, limits: view.ask.limits },
      );
      request.did = `start replay ${job.id} of ${new Date(from).toISOString()} to ${new Date(to).toISOString()} as ${as} into ${topic}${routers === null ? '' : `: ${routers.join(' ')}`}`;
      return answer(reply, told(job));
    },
  );
  app.post(
    `${base}/:id/resume`,
    {
      config,
      schema: {
        tags,
        summary: 'Go on with a replay that has stopped',
        params: s.replayParams,
        response: answers(s.replayAnswer),
      },
    },
    async (request, reply) => {
      const view = viewOf(request);
      const job = found(request.params.id, view);
      request.did = `resume replay ${job.id}`;
      return answer(
        reply,
        told(
          await replays.resume(job, view.principal.name, { client: view.client, limits: view.ask.limits }),
        ),
      );
    },
  );
  app.delete(
    `${base}/:id`,
    {
      config,
      schema: {
        tags,
        summary: 'Cancel a replay; what was sent stays sent',
        params: s.replayParams,
        response: answers(doneAnswer),
      },
    },
    async (request, reply) => {
      const job = found(request.params.id, viewOf(request));
      request.did = `cancel replay ${job.id}`;
      await replays.cancel(job.id);
      return answer(reply, { done: true });
    },
  );
}
