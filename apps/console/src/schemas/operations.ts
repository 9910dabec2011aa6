/** What operators do: dead letters that are open, replays. */
import { z } from 'zod';
import { count, digits, moment, routerName, several, time } from './common.ts';

const letterId = z
  .string()
  .regex(/^[0-9]{1,9}\/[0-9]{1,15}$/)
  .meta({ description: 'partition/offset in the dead-letter topic' });

export const openLettersQuery = z.strictObject({
  router: routerName.optional(),
  reason: z.string().min(1).max(100).optional(),
  limit: digits(1, 5_000).default(500),
});
export const openLetter = z.object({
  id: letterId,
  router: z.string(),
  at: time,
  reason: z.string(),
  error: z.string(),
  tries: count,
  bytes: count,
  source_partition: z.int(),
  source_offset: z.int(),
});
export const openLettersAnswer = z.object({
  total: count.meta({ description: 'All that match, also beyond the limit' }),
  letters: z.array(openLetter),
});
export const letterParams = z.strictObject({
  partition: digits(0, 999_999_999),
  offset: digits(0, 999_999_999_999_999),
});
export const letterAnswer = openLetter.extend({
  headers: z.record(z.string(), z.string()),
  excerpt: z
    .string()
    .nullable()
    .meta({ description: 'How the message begins; null where user names are masked' }),
});
export const dealBody = z.strictObject({ ids: z.array(letterId).min(1).max(1_000) });
export const dealtAnswer = z.object({ done: z.array(letterId) });

const replayJob = z.object({
  id: z.string(),
  by: z.string(),
  topic: z.string(),
  as: z.enum(['snapshots', 'events']),
  from: time,
  to: time,
  routers: z.array(z.string()).nullable().meta({ description: 'Null: all' }),
  speed: z.number().nullable().meta({ description: '1: as it happened; null: as fast as it goes' }),
  state: z.enum(['running', 'done', 'failed', 'cancelled', 'interrupted']),
  started_at: time,
  ended_at: time.nullable(),
  reached: time.meta({ description: 'The time in history that has been read' }),
  progress: z.number().min(0).max(1),
  sent: count.meta({ description: 'Messages that are committed' }),
  left_out: z
    .object({ incomplete: count, late: count })
    .nullable()
    .meta({ description: 'Listings that cannot be printed anew: not whole, or captured before a newer one' }),
  error: z.string(),
});
export const replaysAnswer = z.object({ replays: z.array(replayJob), refused_topics: z.array(z.string()) });
export const replayAnswer = replayJob;
export const replayParams = z.strictObject({ id: z.uuid() });
export const newReplayBody = z.strictObject({
  from: moment,
  to: moment,
  topic: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,249}$/)
    .meta({ description: 'Must exist; none that this installation reads itself' }),
  as: z.enum(['snapshots', 'events']).default('snapshots'),
  router: several(routerName),
  speed: z.number().positive().max(1_000_000).nullable().default(null),
});
