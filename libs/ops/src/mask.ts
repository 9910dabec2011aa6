/** User names of subscribers are personal data: for roles that do not need them, a keyed hash stands in their place. */
import { createHmac, randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Role } from './roles.ts';

export type Mask = (userName: string) => string;

/** The mask of who may see names. */
export const unmasked: Mask = (name) => name;

export interface MaskSettings {
  /** Roles that see names masked. */
  readonly maskRoles: readonly Role[];
  readonly maskKey: string;
  /** Where a key is kept that nobody has set. */
  readonly consoleData: string;
}

/** What a role sees. The one place that decides, for the console and for `reel`. */
export function maskFor(role: Role, settings: MaskSettings): Mask {
  if (!settings.maskRoles.includes(role)) return unmasked;
  return maskWith(settings.maskKey === '' ? keptKey(settings.consoleData) : settings.maskKey);
}

/** The same name has the same hash as long as the key stays, so that a masked subscriber can still be followed. */
export function maskWith(key: string): Mask {
  const known = new Map<string, string>();
  return (name) => {
    let masked = known.get(name);
    if (masked === undefined) {
      masked = `user-${createHmac('sha256', key).update(name).digest('hex').slice(0, 16)}`;
      if (known.size > 100_000) known.clear();
      known.set(name, masked);
    }
    return masked;
  };
}

/** The key in the folder, made when there is none. Whole or not there at all, whoever makes it at the same time. */
function keptKey(folder: string): string {
  const path = join(folder, 'mask.key');
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const beside = `${path}.${process.pid}`;
    writeFileSync(beside, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 });
    try {
      linkSync(beside, path);
    } catch (error) {
      if (!existsSync(path)) throw error;
    } finally {
      rmSync(beside);
    }
  }
  return readFileSync(path, 'utf8').trim();
}
