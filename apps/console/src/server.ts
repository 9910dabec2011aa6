/** The console as one Fastify server. Wired here; `start` and `stop` are the caller's. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import compress from '@fastify/compress';
import cookie from '@fastify/cookie';
import helmet from '@fastify/helmet';
import fixed from '@fastify/static';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { Logger } from '@sessionreel/ops';
import Fastify, { LogController, type FastifyInstance, type RouteOptions } from 'fastify';
import {
  createSerializerCompiler,
  jsonSchemaTransform,
  jsonSchemaTransformObject,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod';
import { installGuard, mayStill, type GuardOptions } from './access/guard.ts';
import type { Oidc } from './access/oidc.ts';
import type { KafkaLink } from './kafka-link.ts';
import type { Live } from './live.ts';
import { answerBroken, detailsOf, installProblems, send, type PageAt } from './problems.ts';
import { replacer } from './present.ts';
import type { Replays } from './replays.ts';
import { accessRoutes } from './routes/access.ts';
import { fleetRoutes } from './routes/fleet.ts';
import { lineRoutes } from './routes/lines.ts';
import { liveRoutes } from './routes/live.ts';
import { coverageRoutes } from './routes/coverage.ts';
import { deadLetterRoutes } from './routes/dead-letters.ts';
import { operationsRoutes } from './routes/operations.ts';
import { replayRoutes } from './routes/replays.ts';
import { capacityRoutes, findRoutes } from './routes/planning.ts';
import type { App } from './routes/route.ts';
import { routersRoutes } from './routes/routers.ts';
import { sessionRoutes } from './routes/sessions.ts';

export interface ConsoleOptions {
  readonly guard: GuardOptions;
  readonly oidc: Oidc | undefined;
  readonly live: Live;
  readonly link: KafkaLink;
  readonly replays: Replays;
  /** Folder of the built page; undefined: the API alone. */
  readonly page: string | undefined;
  readonly log: Logger;
}

export async function buildServer(options: ConsoleOptions): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: options.log.child({}, { level: 'warn' }),
    logController: new LogController({ disableRequestLogging: true }),
    routerOptions: { maxParamLength: 1_000 },
    bodyLimit: 64 * 1_024,
    forceCloseConnections: true,
    clientErrorHandler: answerBroken,
    // An address that is none: it reaches no route and no hook.
    frameworkErrors: (_error, _request, reply) => {
      send(
        reply.header('x-content-type-options', 'nosniff'),
        detailsOf(400, 'The address is not well formed.'),
      );
    },
    // A stream of live changes may be silent for longer than a request may take.
    requestTimeout: 30_000,
  });
  // What is sent here is JSON; text is of another type, and is told so.
  app.removeContentTypeParser('text/plain');
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(createSerializerCompiler({ replacer }));
  installProblems(app as unknown as FastifyInstance, pageAt(options.page));
  await secure(app as unknown as FastifyInstance);
  await app.register(cookie);
  const methods = methodsOf(app as unknown as FastifyInstance);
  await describe(app as unknown as FastifyInstance);
  installGuard(app as unknown as FastifyInstance, options.guard);
  const typed = app.withTypeProvider<ZodTypeProvider>() as unknown as App;
  fleetRoutes(typed);
  routersRoutes(typed);
  sessionRoutes(typed);
  findRoutes(typed);
  capacityRoutes(typed);
  lineRoutes(typed);
  coverageRoutes(typed);
  operationsRoutes(typed, () => options.link.lag());
  deadLetterRoutes(typed, options.link);
  replayRoutes(typed, options.replays, options.link);
  liveRoutes(typed, options.live, (request) => mayStill(request, options.guard));
  accessRoutes(typed, options.guard, options.oidc);
  refuseOtherMethods(app as unknown as FastifyInstance, methods);
  if (options.page !== undefined) await servePage(app as unknown as FastifyInstance, options.page);
  return app as unknown as FastifyInstance;
}

async function secure(app: FastifyInstance): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        connectSrc: ["'self'"],
        fontSrc: ["'self'"],
        manifestSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    crossOriginEmbedderPolicy: true,
    referrerPolicy: { policy: 'no-referrer' },
    strictTransportSecurity: { maxAge: 31_536_000 },
  });
  await app.register(compress, {
    threshold: 2_048,
    encodings: ['br', 'gzip'],
    // Lively enough for streams; the page's files are compressed once and kept.
    brotliOptions: { params: { 0: 1, 1: 4 } },
    customTypes:
      /^(?:text\/(?:plain|html|css|csv|javascript)|application\/(?:json|problem\+json|x-ndjson|xml|javascript)|image\/svg\+xml)/,
  });
}

async function describe(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Sessionreel',
        version: '0.1.0',
        description:
          'The exact history of every L2TP session in a fleet of Juniper routers. Times are RFC 3339 in UTC; integers are exact, up to 64 bits. Answers about times that have passed carry an ETag.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer', description: 'Where access control is on' },
          login: { type: 'apiKey', in: 'cookie', name: 'reel_login' },
        },
      },
      security: [{}, { token: [] }, { login: [] }],
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
  await app.register(swaggerUi, {
    routePrefix: '/api/docs',
    // The browser of the description puts one style element into its page.
    staticCSP:
      "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    uiConfig: { deepLinking: true, defaultModelsExpandDepth: -1, validatorUrl: null },
  });
  app.get('/api/openapi.json', { config: { public: true }, schema: { hide: true } }, (_request, reply) =>
    reply.type('application/json').send(app.swagger()),
  );
}

/** Which methods each path takes. */
function methodsOf(app: FastifyInstance): Map<string, Set<string>> {
  const methods = new Map<string, Set<string>>();
  app.addHook('onRoute', (route: RouteOptions) => {
    if (!route.url.startsWith('/api/') || route.url.startsWith('/api/docs')) return;
    const known = methods.get(route.url) ?? new Set();
    for (const method of [route.method].flat()) known.add(method.toUpperCase());
    methods.set(route.url, known);
  });
  return methods;
}

const allMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'];

function refuseOtherMethods(app: FastifyInstance, methods: ReadonlyMap<string, ReadonlySet<string>>): void {
  for (const [url, known] of [...methods].map(([u, k]) => [u, new Set(k)] as const)) {
    const allow = [...known].sort().join(', ');
    app.route({
      method: allMethods.filter((method) => !known.has(method)),
      url,
      config: { public: true },
      schema: { hide: true },
      handler: (_request, reply) => send(reply.header('allow', allow), detailsOf(405, `It takes ${allow}.`)),
    });
  }
}

async function servePage(app: FastifyInstance, folder: string): Promise<void> {
  await app.register(fixed, {
    root: folder,
    index: false,
    wildcard: false,
    preCompressed: true,
    cacheControl: false,
    setHeaders: (reply, path) => {
      const forEver = path.includes('/assets/');
      void reply.header('cache-control', forEver ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
}

/** The page reads what it shows from its address: each of its addresses is the page, which says so of those that are none. */
function pageAt(folder: string | undefined): PageAt {
  if (folder === undefined) return () => false;
  const index = readFileSync(join(folder, 'index.html'));
  return (path, reply, toPerson) => {
    const known = pages.test(path);
    if (!known && (!toPerson || /^\/(?:api|assets)\//.test(path))) return false;
    return reply
      .status(known ? 200 : 404)
      .header('cache-control', 'no-cache')
      .type('text/html; charset=utf-8')
      .send(index);
  };
}

const pages =
  /^\/(?:(?:fleet|what-happened|routers|compare|capacity|lines|find|operations|access)(?:\/.*)?)?$/;
