/** OpenID Connect: people log in at the issuer that knows them, by the code flow with PKCE. */
import { roles, type Role } from '@sessionreel/ops';
import * as oidc from 'openid-client';
import { isLoopback, type Principal } from './principal.ts';

export interface OidcSettings {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly roleClaim: string;
  /** Where people reach the console, without a path. */
  readonly publicUrl: string;
}

interface Pending {
  readonly verifier: string;
  readonly nonce: string;
  readonly until: number;
}

const callbackPath = '/api/login/callback';
const patienceMs = 10 * 60_000;
const mostPending = 1_000;

export class Oidc {
  readonly #settings: OidcSettings;
  readonly #pending = new Map<string, Pending>();
  #configuration: Promise<oidc.Configuration> | undefined;

  constructor(settings: OidcSettings) {
    this.#settings = settings;
  }

  /** Where to send a person, and the state that must come back with it in the cookie of the same browser. */
  async begin(now = Date.now()): Promise<{ readonly url: string; readonly state: string }> {
    const configuration = await this.#discovered();
    for (const [state, { until }] of this.#pending) if (until <= now) this.#pending.delete(state);
    const oldest = this.#pending.keys().next().value;
    if (this.#pending.size >= mostPending && oldest !== undefined) this.#pending.delete(oldest);
    const [state, nonce, verifier] = [oidc.randomState(), oidc.randomNonce(), oidc.randomPKCECodeVerifier()];
    this.#pending.set(state, { verifier, nonce, until: now + patienceMs });
    const url = oidc.buildAuthorizationUrl(configuration, {
      redirect_uri: this.#settings.publicUrl + callbackPath,
      scope: 'openid profile email',
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    });
    return { url: url.href, state };
  }

  /** Who came back. Undefined when the state is not one of ours, or the person has no role here. @throws what the issuer refuses */
  async finish(path: string, state: string): Promise<Principal | undefined> {
    const pending = this.#pending.get(state);
    this.#pending.delete(state);
    if (pending === undefined || pending.until <= Date.now()) return undefined;
    const tokens = await oidc.authorizationCodeGrant(
      await this.#discovered(),
      new URL(path, this.#settings.publicUrl),
      {
        pkceCodeVerifier: pending.verifier,
        expectedState: state,
        expectedNonce: pending.nonce,
        idTokenExpected: true,
      },
    );
    const claims = tokens.claims();
    return claims === undefined ? undefined : principalOf(claims, this.#settings.roleClaim);
  }

  async #discovered(): Promise<oidc.Configuration> {
    const { issuer, clientId, clientSecret } = this.#settings;
    const url = new URL(issuer);
    // Without TLS only on this machine, where tests and trials run.
    const insecure = url.protocol === 'http:' && isLoopback(url.hostname);
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- its mark is a warning, and this is the case that it is for
    const options = insecure ? { execute: [oidc.allowInsecureRequests] } : undefined;
    this.#configuration ??= oidc
      .discovery(url, clientId, clientSecret, undefined, options)
      .catch((error: unknown) => {
        this.#configuration = undefined;
        throw error;
      });
    return await this.#configuration;
  }
}

/** The strongest of the roles that the claim names. Claims `sessionreel_sites` and `sessionreel_routers` bind it. */
export function principalOf(
  claims: Readonly<Record<string, unknown>>,
  roleClaim: string,
): Principal | undefined {
  const named = texts(claims[roleClaim]);
  const role = roles.findLast((one: Role) => named.includes(one));
  const { sub, name, email, preferred_username: preferred } = claims;
  if (role === undefined || typeof sub !== 'string') return undefined;
  const told = [preferred, email, name].find((one) => typeof one === 'string' && one !== '');
  return {
    id: `oidc:${sub}`,
    name: typeof told === 'string' ? told : sub,
    role,
    via: 'oidc',
    sites: texts(claims['sessionreel_sites']),
    routers: texts(claims['sessionreel_routers']),
  };
}

/** One text, several in a list, or several divided by spaces, as issuers write them. */
function texts(claim: unknown): string[] {
  if (typeof claim === 'string') return claim.split(/\s+/).filter((one) => one !== '');
  return Array.isArray(claim) ? claim.filter((one) => typeof one === 'string') : [];
}
