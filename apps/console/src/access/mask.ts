/** User names of subscribers are personal data: for who does not need them, a keyed hash stands in their place. */
import { createHmac, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Mask } from '../present.ts';

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

/** The key that is set; else the one that is kept in the folder, made when there is none. */
export function maskKey(given: string, folder: string): string {
  if (given !== '') return given;
  const path = join(folder, 'mask.key');
  if (existsSync(path)) return readFileSync(path, 'utf8').trim();
  mkdirSync(folder, { recursive: true });
  const key = randomBytes(32).toString('hex');
  writeFileSync(path, `${key}\n`, { mode: 0o600, flag: 'wx' });
  return key;
}
