import { mkdtempSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TokenStore } from './tokens.ts';

const wanted = {
  name: 'night shift',
  role: 'operator',
  sites: [],
  routers: ['lns1'],
  expires_at: null,
} as const;
const open = () => {
  const folder = mkdtempSync(join(tmpdir(), 'tokens-'));
  return { folder, store: new TokenStore(folder) };
};

test('a token is known by its text, which is stored nowhere', () => {
  const { folder, store } = open();
  const { token, facts } = store.add({ ...wanted, sites: [], routers: ['lns1'] });
  expect(token).toMatch(/^reel_[A-Za-z0-9_-]{43}$/);
  expect(store.find(token)).toEqual(facts);
  expect(store.find(`${token}x`)).toBeUndefined();
  const path = join(folder, 'tokens.json');
  expect(readFileSync(path, 'utf8')).not.toContain(token.slice(5));
  expect(statSync(path).mode & 0o077).toBe(0);
  expect(JSON.stringify(store.list())).not.toContain('hash');
});

test('what another program does to the file holds at once', () => {
  const { folder, store } = open();
  const other = new TokenStore(folder);
  const { token, facts } = other.add({ ...wanted, sites: [], routers: [] });
  expect(store.find(token)?.name).toBe('night shift');
  expect(store.remove(facts.id)).toBe(true);
  expect(store.remove(facts.id)).toBe(false);
  expect(other.find(token)).toBeUndefined();
});

test('a token ends when it expires', () => {
  const { store } = open();
  const { token } = store.add({ ...wanted, sites: [], routers: [], expires_at: '2026-01-01T00:00:00Z' });
  const end = Date.UTC(2026, 0, 1);
  expect(store.find(token, end - 1)).toBeDefined();
  expect(store.find(token, end)).toBeUndefined();
});
