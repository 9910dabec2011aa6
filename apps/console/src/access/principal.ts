/** Who asks, and what that person or program may do and see. */
import type { Role, TokenFacts } from '@sessionreel/ops';

export interface Principal {
  /** Unique; stands in the audit log. */
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** `open`: access control is off. */
  readonly via: 'open' | 'token' | 'oidc';
  /** Only routers at these sites, and these routers; both empty: all. */
  readonly sites: readonly string[];
  readonly routers: readonly string[];
}

/** Whoever asks while access control is off. */
export const everybody: Principal = {
  id: 'local',
  name: 'everybody on this machine',
  role: 'admin',
  via: 'open',
  sites: [],
  routers: [],
};

export const ofToken = ({ id, name, role, sites, routers }: TokenFacts): Principal => ({
  id: `token:${id}`,
  name,
  role,
  via: 'token',
  sites,
  routers,
});

export const isBound = (principal: Principal): boolean =>
  principal.sites.length > 0 || principal.routers.length > 0;

/** Whether a host name or address means this machine alone. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase();
  return bare === 'localhost' || bare === '::1' || /^127(?:\.\d{1,3}){3}$/.test(bare);
}
