/** Who asks: logging in and out, tokens, the audit log. */
import { unmasked, type Mask } from '@sessionreel/ops';
import { fields } from '@sessionreel/session-model';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { cookieName, principalOfToken, viewOf, type GuardOptions } from '../access/guard.ts';
import type { Oidc } from '../access/oidc.ts';
import type { Principal } from '../access/principal.ts';
import { Problem } from '../problems.ts';
import { answers, textAnswers } from '../schemas/common.ts';
import * as s from '../schemas/access.ts';
import { answer, type App } from './route.ts';

const tags = ['access'];
const stateCookie = 'reel_login_state';

export function accessRoutes(app: App, guard: GuardOptions, oidc: Oidc | undefined): void {
  const secure = (request: FastifyRequest): boolean => request.protocol === 'https';
  const logIn = (
    request: FastifyRequest,
    reply: FastifyReply,
    principal: () => Principal | undefined,
  ): void => {
    const cookie = guard.logins.begin(principal);
    reply.setCookie(cookieName, cookie, {
      path: '/',
      httpOnly: true,
      sameSite: 'lax',
      secure: secure(request),
    });
  };
  whoRoutes(app, guard, oidc !== undefined, logIn);
  if (oidc !== undefined) oidcRoutes(app, oidc, logIn, secure);
  adminRoutes(app, guard);
}

type LogIn = (request: FastifyRequest, reply: FastifyReply, principal: () => Principal | undefined) => void;

function whoRoutes(app: App, guard: GuardOptions, oidc: boolean, logIn: LogIn): void {
  app.get(
    '/api/me',
    { config: { public: true }, schema: { tags, summary: 'Who asks', response: answers(s.meAnswer) } },
    (request, reply) => {
      const { principal } = request;
      return answer(reply, {
        access: guard.controlled ? 'controlled' : 'open',
        principal,
        masked: principal !== null && guard.maskOf(principal.role) !== unmasked,
        oidc,
        now: new Date().toISOString(),
      });
    },
  );
  app.post(
    '/api/login',
    {
      config: { public: true },
      schema: {
        tags,
        summary: 'Log a browser in with a token',
        body: s.loginBody,
        response: answers(s.doneAnswer),
      },
    },
    (request, reply) => {
      const { token } = request.body;
      if (!guard.controlled) return answer(reply, { done: true });
      const principal = principalOfToken(guard, token);
      if (principal === undefined) throw new Problem(401, 'There is no such token, or it has expired.');
      request.principal = principal;
      logIn(request, reply, () => principalOfToken(guard, token));
      return answer(reply, { done: true });
    },
  );
  app.post(
    '/api/logout',
    { config: { public: true }, schema: { tags, summary: 'Log out', response: answers(s.doneAnswer) } },
    (request, reply) => {
      const cookie = request.cookies[cookieName];
      if (cookie !== undefined) guard.logins.end(cookie);
      return answer(reply.clearCookie(cookieName, { path: '/' }), { done: true });
    },
  );
  app.get(
    '/api/fields',
    { schema: { tags: ['routers'], summary: 'The fields of a session', response: answers(s.fieldsAnswer) } },
    (_request, reply) =>
      answer(reply, {
        fields: fields.map((f) => ({
          name: f.name,
          type: f.type,
          role: f.role,
          unit: f.unit ?? null,
          doc: f.doc,
        })),
      }),
  );
}

function oidcRoutes(app: App, oidc: Oidc, logIn: LogIn, secure: (request: FastifyRequest) => boolean): void {
  const schema = { tags, hide: true, response: textAnswers(['text/html'], 'Goes on elsewhere') };
  app.get('/api/login/oidc', { config: { public: true }, schema }, async (request, reply) => {
    const { url, state } = await oidc.begin().catch((error: unknown) => {
      request.log.warn({ error }, 'the OpenID Connect issuer does not answer');
      throw new Problem(503, 'The issuer that people log in at does not answer.');
    });
    const cookie = {
      path: '/api/login',
      httpOnly: true,
      sameSite: 'lax',
      secure: secure(request),
      maxAge: 600,
    } as const;
    return reply.setCookie(stateCookie, state, cookie).redirect(url);
  });
  app.get(
    '/api/login/callback',
    { config: { public: true }, schema: { ...schema, querystring: s.callbackQuery } },
    async (request, reply) => {
      const { state } = request.query;
      if (state !== request.cookies[stateCookie])
        throw new Problem(403, 'That login began in another browser.');
      const principal = await oidc.finish(request.url, state).catch((error: unknown) => {
        request.log.warn({ error }, 'a login was refused');
        throw new Problem(403, 'The issuer did not confirm that login.');
      });
      if (principal === undefined) throw new Problem(403, 'You are known, but have no role here.');
      request.principal = principal;
      logIn(request, reply, () => principal);
      return reply.clearCookie(stateCookie, { path: '/api/login' }).redirect('/');
    },
  );
}

/** What was asked for, without the subscribers that its parameters name. */
function maskedUrl(url: string, mask: Mask): string {
  const [path = '', query] = url.split('?', 2);
  if (mask === unmasked || query === undefined) return url;
  const parameters = [...new URLSearchParams(query)].map(([name, value]): [string, string] => [
    name,
    name === 'user' || name === 'q' ? mask(value) : value,
  ]);
  return `${path}?${new URLSearchParams(parameters).toString()}`;
}

function adminRoutes(app: App, guard: GuardOptions): void {
  const config = { role: 'admin' } as const;
  const admin = ['admin'];
  app.get(
    '/api/admin/tokens',
    {
      config,
      schema: { tags: admin, summary: 'Tokens, without their text', response: answers(s.tokensAnswer) },
    },
    (_request, reply) => answer(reply, { tokens: guard.tokens.list() }),
  );
  app.post(
    '/api/admin/tokens',
    {
      config,
      schema: {
        tags: admin,
        summary: 'Make a token',
        body: s.newTokenBody,
        response: answers(s.newTokenAnswer),
      },
    },
    (request, reply) => {
      const { expires_at: end } = request.body;
      if (end !== null && Date.parse(end) <= Date.now())
        throw new Problem(422, 'The time at which it expires has passed.');
      const { token, facts } = guard.tokens.add(request.body);
      request.did = `make token ${facts.id}: ${facts.role} ${facts.name}`;
      return answer(reply, { ...facts, token });
    },
  );
  app.delete(
    '/api/admin/tokens/:id',
    {
      config,
      schema: {
        tags: admin,
        summary: 'Revoke a token',
        params: s.tokenParams,
        response: answers(s.doneAnswer),
      },
    },
    (request, reply) => {
      request.did = `revoke token ${request.params.id}`;
      if (!guard.tokens.remove(request.params.id)) throw new Problem(404, 'There is no token of that id.');
      return answer(reply, { done: true });
    },
  );
  app.get(
    '/api/admin/audit-log',
    {
      config,
      schema: {
        tags: admin,
        summary: 'Who asked for what, the newest first',
        querystring: s.auditLogQuery,
        response: answers(s.auditLogAnswer),
      },
    },
    async (request, reply) => {
      const entries = await guard.audit.newest(request.query.limit);
      const { mask } = viewOf(request);
      return answer(reply, { entries: entries.map((e) => ({ ...e, url: maskedUrl(e.url, mask) })) });
    },
  );
}
