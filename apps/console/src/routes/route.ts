/** What every file of routes shares. */
import type { FastifyInstance, FastifyReply, RawServerDefault } from 'fastify';
import type { FastifyBaseLogger } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Mask } from '@sessionreel/ops';
import { QuestionError } from '@sessionreel/queries';
import { present } from '../present.ts';

export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/**
 * Sends one document; its schema validates it on the way, which types cannot know. What it returns is only to be handed back to Fastify.
 */
export function answer(reply: FastifyReply, value: unknown, mask?: Mask): never {
  return handed(reply.type('application/json').send(mask === undefined ? value : present(value, mask)));
}

/** A reply that was sent, as a handler's result. */
export const handed = (reply: FastifyReply): never => reply as never;

/** About 240 points, in a step that people read easily (s). */
export function stepOf(wanted: number | undefined, range: { from: number; to: number }): number {
  if (range.from > range.to) throw new QuestionError('the time to begin from is after the time to end at');
  if (wanted !== undefined) return wanted;
  const ideal = (range.to - range.from) / 240_000;
  return steps.find((s) => s >= ideal) ?? Math.ceil(ideal / 86_400) * 86_400;
}

const steps = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400];
