/** People who are logged in: a random id in a cookie, its hash here. Gone with the process, which logs people in again. */
import { createHash, randomBytes } from 'node:crypto';
import type { Principal } from './principal.ts';

const lifetimeMs = 10 * 3_600_000;
const mostLogins = 10_000;

export class Logins {
  readonly #byHash = new Map<
    string,
    { readonly principal: () => Principal | undefined; readonly until: number }
  >();

  /** Begins a login; gives the cookie's value. `principal` is asked each time, so that a revoked token ends it. */
  begin(principal: () => Principal | undefined, now = Date.now()): string {
    for (const [hash, { until }] of this.#byHash) if (until <= now) this.#byHash.delete(hash);
    const oldest = this.#byHash.keys().next().value;
    if (this.#byHash.size >= mostLogins && oldest !== undefined) this.#byHash.delete(oldest);
    const id = randomBytes(32).toString('base64url');
    this.#byHash.set(hashOf(id), { principal, until: now + lifetimeMs });
    return id;
  }

  principalOf(id: string, now = Date.now()): Principal | undefined {
    const login = this.#byHash.get(hashOf(id));
    return login === undefined || login.until <= now ? undefined : login.principal();
  }

  end(id: string): void {
    this.#byHash.delete(hashOf(id));
  }
}

const hashOf = (id: string): string => createHash('sha256').update(id).digest('hex');
