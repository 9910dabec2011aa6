import { TokenStore } from '@sessionreel/ops';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { run } from '../io.fixture.ts';

const now = Date.UTC(2026, 10, 20, 12);

describe('reel token', () => {
  let data: string[];
  let store: TokenStore;
  beforeEach(() => {
    const folder = mkdtempSync(join(tmpdir(), 'reel-token-'));
    data = ['--console-data', folder];
    store = new TokenStore(folder);
  });

  it('creates one that the console knows, with its bounds, until it expires', async () => {
    const made = await run(
      [
        'token',
        'create',
        'noc',
        '--role',
        'operator',
        '--site',
        'Berlin',
        'Bonn',
        '--router',
        'lns1',
        '--expires',
        '30d',
        ...data,
      ],
      { now },
    );
    expect(made.status).toBe(0);
    const token = made.stdout.trim();
    expect(store.find(token, now)).toMatchObject({
      name: 'noc',
      role: 'operator',
      sites: ['Berlin', 'Bonn'],
      routers: ['lns1'],
    });
    expect(store.find(token, now + 30 * 86_400_000)).toBeUndefined();
    expect(made.stderr).toContain('operator noc, until 2026-12-20');
    expect(made.stderr).not.toContain(token);
  });

  it('lists them without their text, and revokes', async () => {
    const made = await run(['token', 'create', 'ada', ...data], { now });
    const token = made.stdout.trim();
    const listed = await run(['token', 'list', '--output', 'json', ...data], { now });
    const [entry] = JSON.parse(listed.stdout) as { id: string; role: string; expires_at: null }[];
    expect(entry).toMatchObject({ name: 'ada', role: 'view', expires_at: null });
    expect(listed.stdout).not.toContain(token);
    expect((await run(['token', 'revoke', entry?.id ?? '', ...data], { now })).stdout).toBe(
      '1 token revoked\n',
    );
    expect(store.find(token)).toBeUndefined();
    const again = await run(['token', 'revoke', entry?.id ?? '', ...data], { now });
    expect([again.status, again.stderr.includes('there is no token')]).toEqual([1, true]);
  });

  it.each([
    [['create', ' '], 'a name'],
    [['create', 'ada', '--role', 'root'], 'Allowed choices'],
    [['create', 'ada', '--expires', '2020-01-01'], 'has passed'],
    [['create', 'ada', '--expires', 'soon'], 'is not a time'],
  ])('%s is wrong usage', async (words, said) => {
    const { status, stderr } = await run(['token', ...words, ...data], { now });
    expect([status, stderr.includes(said)], stderr).toEqual([2, true]);
    expect(store.list()).toEqual([]);
  });
});
