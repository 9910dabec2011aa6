/** The console from its settings: for `main` and for tests. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Store } from '@sessionreel/clickhouse';
import { ConfigError, TokenStore, maskFor, roles, type Logger, type Mask, type Role } from '@sessionreel/ops';
import type { FastifyInstance } from 'fastify';
import { AuditLog } from './access/audit-log.ts';
import type { GuardOptions } from './access/guard.ts';
import { Logins } from './access/logins.ts';
import { Oidc } from './access/oidc.ts';
import { isLoopback } from './access/principal.ts';
import { KafkaLink } from './kafka-link.ts';
import { Live } from './live.ts';
import { Replays } from './replays.ts';
import { buildServer } from './server.ts';
import type { ConsoleSettings } from './settings.ts';

export class Console {
  readonly store: Store;
  readonly tokens: TokenStore;
  readonly #settings: ConsoleSettings;
  readonly #log: Logger;
  readonly #live: Live;
  readonly #link: KafkaLink;
  readonly #replays: Replays;
  readonly #guard: GuardOptions;
  #server: FastifyInstance | undefined;

  constructor(settings: ConsoleSettings, log: Logger) {
    this.#settings = settings;
    this.#log = log;
    this.store = new Store({
      url: settings.clickhouseUrl,
      database: settings.clickhouseDatabase,
      user: settings.clickhouseUser,
      password: settings.clickhousePassword,
      application: 'sessionreel-console',
      maxConnections: 24,
      requestTimeoutMs: (settings.consoleQuerySeconds + 5) * 1_000,
    });
    mkdirSync(settings.consoleData, { recursive: true, mode: 0o700 });
    this.tokens = new TokenStore(settings.consoleData);
    this.#live = new Live(this.store, log);
    this.#link = new KafkaLink(settings);
    this.#replays = new Replays(settings.consoleData, (topic, id) => this.#link.sender(topic, id), log);
    this.#guard = {
      client: this.store,
      controlled: isControlled(settings),
      tokens: this.tokens,
      logins: new Logins(),
      audit: new AuditLog(join(settings.consoleData, 'audit.jsonl'), log),
      maskOf: masksOf(settings),
      limits: {
        seconds: settings.consoleQuerySeconds,
        rows: settings.consoleQueryRows,
        memory: settings.consoleQueryBytes,
      },
      requestsPerPerson: settings.consoleQueriesPerPerson,
    };
  }

  /** Listens; gives the address. `page`: folder of the built page. */
  async start(page: string | undefined): Promise<string> {
    const { consoleHost: host, consolePort: port } = this.#settings;
    this.#server = await buildServer({
      guard: this.#guard,
      oidc: oidcOf(this.#settings),
      live: this.#live,
      link: this.#link,
      replays: this.#replays,
      page,
      log: this.#log,
    });
    return await this.#server.listen({ host, port });
  }

  async stop(): Promise<void> {
    this.#live.stop();
    await this.#replays.stop();
    await this.#server?.close();
    await this.#guard.audit.settled();
    await this.#link.stop();
    await this.store.close();
  }
}

function masksOf(settings: ConsoleSettings): (role: Role) => Mask {
  const masks = new Map(roles.map((role) => [role, maskFor(role, settings)]));
  return (role) => masks.get(role) ?? maskFor(role, settings);
}

/** @throws ConfigError when it would be open to the network */
function isControlled({ consoleAccess, consoleHost }: ConsoleSettings): boolean {
  if (isLoopback(consoleHost)) return consoleAccess === 'on';
  if (consoleAccess === 'off')
    throw new ConfigError([
      `REEL_CONSOLE_ACCESS: off is for this machine alone, and ${consoleHost} is open to the network; leave it auto, and make a token: reel token create NAME --role admin`,
    ]);
  return true;
}

function oidcOf(settings: ConsoleSettings): Oidc | undefined {
  if (settings.consoleOidcIssuer === '') return undefined;
  const missing = (['consoleOidcClientId', 'consolePublicUrl'] as const).filter(
    (name) => settings[name] === '',
  );
  if (
    missing.length > 0 ||
    !URL.canParse(settings.consoleOidcIssuer) ||
    !URL.canParse(settings.consolePublicUrl)
  )
    throw new ConfigError([
      'REEL_CONSOLE_OIDC_ISSUER wants REEL_CONSOLE_OIDC_CLIENT_ID and REEL_CONSOLE_PUBLIC_URL beside it, and both as URLs',
    ]);
  return new Oidc({
    issuer: settings.consoleOidcIssuer,
    clientId: settings.consoleOidcClientId,
    clientSecret: settings.consoleOidcClientSecret,
    roleClaim: settings.consoleOidcRoleClaim,
    publicUrl: settings.consolePublicUrl.replace(/\/$/, ''),
  });
}
