/** Times that have passed do not change unless something is imported late: answers about them carry a mark of their data. */
import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { unmasked } from '@sessionreel/ops';
import { dataVersion } from '@sessionreel/queries';
import { viewOf } from './access/guard.ts';

/**
 * Sets `ETag` when the time has passed. True when the caller has that answer already: then 304 is sent, and nothing is asked.
 * Not for what is asked until now, which is never the same twice.
 */
export async function isKnown(
  request: FastifyRequest,
  reply: FastifyReply,
  asked: { readonly from?: number; readonly to: number; readonly router?: string },
): Promise<boolean> {
  reply.header('vary', 'Authorization, Cookie');
  if (asked.to > Date.now() - 1_000) return false;
  const { client, ask, mask, principal } = viewOf(request);
  const version = await dataVersion(client, { ...ask, ...asked });
  const bounds = JSON.stringify([principal.sites, principal.routers, mask === unmasked]);
  const key = `${request.url}\n${asked.from ?? ''} ${asked.to}\n${bounds}\n${version}`;
  const tag = `W/"${createHash('sha256').update(key).digest('base64url').slice(0, 27)}"`;
  reply.header('etag', tag).header('cache-control', 'private, no-cache');
  const known = request.headers['if-none-match'] ?? '';
  if (!known.split(',').some((one) => one.trim() === tag)) return false;
  reply.status(304).send();
  return true;
}
