/** Stands before every route: who asks, whether they may, what they see, and the end of a question that nobody waits for. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { mayAs, type Mask, type Role, type TokenStore } from '@sessionreel/ops';
import { boundTo, routersOfSites, type AskOptions, type QueryClient } from '@sessionreel/queries';
import { Problem } from '../problems.ts';
import type { AuditLog } from './audit-log.ts';
import type { Logins } from './logins.ts';
import { everybody, isBound, isLoopback, ofToken, type Principal } from './principal.ts';

/** What a route works with: a client that sees only what this person may see, and how much a question may cost. */
export interface View {
  readonly principal: Principal;
  readonly client: QueryClient;
  readonly mask: Mask;
  readonly ask: AskOptions;
  /** What the role is bound to; null: all. */
  readonly routers: ReadonlySet<string> | null;
}

declare module 'fastify' {
  interface FastifyRequest {
    principal: Principal | null;
    view: View | null;
    /** What a change did, in words, for the audit log. */
    did: string;
  }
  interface FastifyContextConfig {
    /** Open to whoever is not logged in. */
    public?: boolean;
    role?: Role;
  }
}

export interface GuardOptions {
  readonly client: QueryClient;
  readonly controlled: boolean;
  readonly tokens: TokenStore;
  readonly logins: Logins;
  readonly audit: AuditLog;
  readonly maskOf: (role: Role) => Mask;
  readonly limits: NonNullable<AskOptions['limits']>;
  readonly requestsPerPerson: number;
}

export const cookieName = 'reel_login';

export function viewOf(request: FastifyRequest): View {
  if (request.view === null) throw new Problem(401, 'Log in first.');
  return request.view;
}

export function installGuard(app: FastifyInstance, options: GuardOptions): void {
  const running = new Map<string, number>();
  app.decorateRequest('principal', null);
  app.decorateRequest('view', null);
  app.decorateRequest('did', '');
  app.addHook('onRequest', (request, reply, done) => {
    // Unless a route knows better: answers name subscribers.
    if (request.url.startsWith('/api/')) reply.header('cache-control', 'no-store');
    if (request.url.startsWith('/api/'))
      reply.raw.once('close', () => options.audit.add(entryOf(request, reply)));
    if (!options.controlled) checkHost(request);
    if (!/^(GET|HEAD)$/.test(request.method)) checkOrigin(request);
    request.principal = principalOf(request, options);
    const { public: open = false, role = 'view' } = request.routeOptions.config;
    if (open || !request.url.startsWith('/api/')) {
      done();
      return;
    }
    if (request.principal === null)
      throw new Problem(401, 'Log in, or send a token: Authorization: Bearer …', {
        'www-authenticate': 'Bearer',
      });
    if (!mayAs(request.principal.role, role)) throw new Problem(403, `This wants the role ${role}.`);
    const { id } = request.principal;
    const now = running.get(id) ?? 0;
    if (now >= options.requestsPerPerson)
      throw new Problem(429, `More than ${options.requestsPerPerson} requests at once.`, {
        'retry-after': '1',
      });
    running.set(id, now + 1);
    // Also of a request whose client has gone, which Fastify calls no response.
    reply.raw.once('close', () => {
      const left = (running.get(id) ?? 1) - 1;
      if (left > 0) running.set(id, left);
      else running.delete(id);
    });
    done();
  });
  app.addHook('preHandler', async (request, reply) => {
    if (request.principal !== null && request.url.startsWith('/api/'))
      request.view = await makeView(request.principal, reply, options);
  });
}

function entryOf(request: FastifyRequest, reply: FastifyReply) {
  return {
    at: new Date().toISOString(),
    who: request.principal?.id ?? '',
    name: request.principal?.name ?? '',
    // A client that has gone has no address any more.
    from: (request.ip as string | undefined) ?? '',
    method: request.method,
    url: request.url.slice(0, 2_000),
    did: request.did,
    status: reply.statusCode,
    ms: Math.round(reply.elapsedTime),
  };
}

function principalOf(request: FastifyRequest, options: GuardOptions): Principal | null {
  if (!options.controlled) return everybody;
  const bearer = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (bearer !== undefined) return principalOfToken(options, bearer) ?? null;
  const cookie = request.cookies[cookieName];
  return cookie === undefined ? null : (options.logins.principalOf(cookie) ?? null);
}

/** Whether who asked is still let in with the same role and bounds: tokens are revoked, and logins end, while a stream runs. */
export function mayStill(request: FastifyRequest, options: GuardOptions): boolean {
  const now = principalOf(request, options);
  return now !== null && JSON.stringify(now) === JSON.stringify(request.principal);
}

export function principalOfToken(options: GuardOptions, token: string): Principal | undefined {
  const facts = options.tokens.find(token);
  return facts === undefined ? undefined : ofToken(facts);
}

/** Without access control nothing but the address protects: a page elsewhere must not reach us under a name of its own. */
function checkHost(request: FastifyRequest): void {
  if (!isLoopback(request.hostname))
    throw new Problem(421, 'This console answers under localhost and 127.0.0.1 only.');
}

/** A browser says where a request comes from; another site's page must not change anything here. */
function checkOrigin(request: FastifyRequest): void {
  const { origin, 'sec-fetch-site': site } = request.headers;
  const foreign = origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== request.host);
  if (foreign || (site !== undefined && site !== 'same-origin' && site !== 'none'))
    throw new Problem(403, 'Changes are taken from the console itself only.');
}

async function makeView(principal: Principal, reply: FastifyReply, options: GuardOptions): Promise<View> {
  const abort = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) abort.abort(new Error('the client has gone'));
  });
  const ask = { limits: options.limits, signal: abort.signal };
  const mask = options.maskOf(principal.role);
  if (!isBound(principal)) return { principal, client: options.client, ask, mask, routers: null };
  const { sites, routers } = principal;
  const atSites = sites.length === 0 ? [] : await routersOfSites(options.client, sites, ask);
  const all = [...new Set([...routers, ...atSites])];
  return { principal, client: boundTo(options.client, all), ask, mask, routers: new Set(all) };
}
