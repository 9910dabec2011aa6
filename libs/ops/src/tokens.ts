/** Bearer tokens, stored hashed in a file. A token is 256 random bits, so that a plain hash of it gives nothing away. */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { roles } from './roles.ts';

const entrySchema = z.object({
  id: z.string(),
  name: z.string(),
  role: z.enum(roles),
  sites: z.array(z.string()),
  routers: z.array(z.string()),
  /** SHA-256 of the token, hex. */
  hash: z.string(),
  created_at: z.string(),
  expires_at: z.string().nullable(),
});
const fileSchema = z.object({ tokens: z.array(entrySchema) });

type TokenEntry = z.infer<typeof entrySchema>;
export type TokenFacts = Omit<TokenEntry, 'hash'>;
export type NewToken = Pick<TokenEntry, 'name' | 'role' | 'sites' | 'routers' | 'expires_at'>;

const isExpired = (entry: TokenEntry, now: number): boolean =>
  entry.expires_at !== null && Date.parse(entry.expires_at) <= now;

function factsOf(entry: TokenEntry): TokenFacts {
  const { id, name, role, sites, routers, created_at, expires_at } = entry;
  return { id, name, role, sites, routers, created_at, expires_at };
}

const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex');

/** Another program may write the file too: each write replaces the whole of it, and the next question reads it anew. */
export class TokenStore {
  readonly #path: string;
  #read: { readonly stamp: string; readonly byHash: ReadonlyMap<string, TokenEntry> } = {
    stamp: '',
    byHash: new Map(),
  };

  /** @param folder the console's data */
  constructor(folder: string) {
    this.#path = join(folder, 'tokens.json');
  }

  /** What the token is; undefined when there is no such token (any more). */
  find(token: string, now = Date.now()): TokenFacts | undefined {
    const entry = this.#entries().get(hashOf(token));
    return entry === undefined || isExpired(entry, now) ? undefined : factsOf(entry);
  }

  list(): TokenFacts[] {
    return [...this.#entries().values()].map(factsOf);
  }

  /** Makes a token. Its text is given here once and kept nowhere. */
  add(wanted: NewToken): { readonly token: string; readonly facts: TokenFacts } {
    const token = `reel_${randomBytes(32).toString('base64url')}`;
    const facts: TokenFacts = { id: randomUUID(), ...wanted, created_at: new Date().toISOString() };
    this.#write([...this.#entries().values(), { ...facts, hash: hashOf(token) }]);
    return { token, facts };
  }

  /** False when there is none of that id. */
  remove(id: string): boolean {
    const entries = [...this.#entries().values()];
    const left = entries.filter((entry) => entry.id !== id);
    if (left.length === entries.length) return false;
    this.#write(left);
    return true;
  }

  /** The file as it is now: another process may have written it. */
  #entries(): ReadonlyMap<string, TokenEntry> {
    if (!existsSync(this.#path)) return new Map();
    const { mtimeMs, size, ino } = statSync(this.#path);
    const stamp = `${mtimeMs} ${size} ${ino}`;
    if (stamp !== this.#read.stamp) {
      const { tokens } = fileSchema.parse(JSON.parse(readFileSync(this.#path, 'utf8')));
      this.#read = { stamp, byHash: new Map(tokens.map((entry) => [entry.hash, entry])) };
    }
    return this.#read.byHash;
  }

  #write(tokens: readonly TokenEntry[]): void {
    mkdirSync(dirname(this.#path), { recursive: true });
    const beside = `${this.#path}.${randomUUID()}`;
    writeFileSync(beside, `${JSON.stringify({ tokens }, null, 2)}\n`, { mode: 0o600 });
    renameSync(beside, this.#path);
  }
}
