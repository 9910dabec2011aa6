/** Who may do and see what: roles crossed with routes, bounds on routers, masked user names, logins. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Console } from '@sessionreel/console';
import { ConfigError, createLogger } from '@sessionreel/ops';
import { Store } from '@sessionreel/clickhouse';
import { boundTables } from '@sessionreel/queries';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { iso, settingsFor, startConsole, type Running } from './consoles.ts';
import { canaryUser } from './feed.ts';
import { startIssuer, type Issuer } from './issuer.ts';
import { everyQuestion, type Values } from './questions.ts';

const truth = inject('truth');
const end = iso(truth.to);
const from = iso(truth.from - 60_000);

type Role = 'view' | 'operator' | 'admin';
const tokens: Record<string, string> = {};
let reel: Running;
let issuer: Issuer;

beforeAll(async () => {
  issuer = await startIssuer('reel');
  reel = await startConsole(
    {
      REEL_CONSOLE_ACCESS: 'on',
      REEL_MASK_ROLES: 'view',
      REEL_CONSOLE_OIDC_ISSUER: issuer.address,
      REEL_CONSOLE_OIDC_CLIENT_ID: 'reel',
      REEL_CONSOLE_OIDC_CLIENT_SECRET: 'secret',
      REEL_CONSOLE_PUBLIC_URL: 'http://localhost:1',
    },
    {
      before: (app) => {
        const make = (
          name: string,
          role: Role,
          bounds: { sites?: string[]; routers?: string[] } = {},
        ): void => {
          const { token } = app.tokens.add({
            name,
            role,
            sites: [],
            routers: [],
            expires_at: null,
            ...bounds,
          });
          tokens[name] = token;
        };
        make('view', 'view');
        make('operator', 'operator');
        make('admin', 'admin');
        make('hamburg', 'operator', { sites: ['Hamburg'] });
        make('one', 'operator', { routers: ['demo-lns-mx', "x' OR 1=1 --"] });
        make('nowhere', 'operator', { sites: ['Atlantis'] });
      },
    },
  );
});
afterAll(async () => {
  await reel.stop();
  await issuer.stop();
});

const as = (name: string, init: RequestInit = {}): RequestInit => ({
  ...init,
  headers: {
    ...(init.headers as Record<string, string> | undefined),
    authorization: `Bearer ${tokens[name] ?? name}`,
  },
});

const times = { from, to: end, at: end, around: end, month: '2026-11' };
const values: Values = {
  ...times,
  router: 'demo-lns-m',
  tunnel: 1,
  session: 1,
  partition: 0,
  offset: 0,
  id: '00000000-0000-4000-8000-000000000000',
  address: '100.64.0.1',
  '/api/find q': 'demo',
  '/api/subscribers user': canaryUser,
  '/api/capacity/what-if without': 'demo-lns-m',
  '/api/routers/{router}/diff from': iso(truth.from + 60_000),
};
const urls = async (more: Values = {}): Promise<string[]> =>
  (await everyQuestion(reel, { ...values, ...more })).map(({ url }) => url);

describe('roles', () => {
  test('without a token nothing is told but who one is', async () => {
    for (const path of await urls()) {
      const { response } = await reel.get(path);
      expect([path, response.status]).toEqual([path, path === '/api/me' ? 200 : 401]);
    }
    const { response } = await reel.get('/api/fleet', as('reel_not-a-token'));
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
  });

  test('admin’s paths are admin’s alone', async () => {
    for (const path of await urls())
      for (const role of path.startsWith('/api/admin')
        ? (['view', 'operator', 'admin'] as const)
        : (['view'] as const)) {
        const { response } = await reel.get(path, as(role));
        const allowed = role === 'admin' || !path.startsWith('/api/admin');
        expect([path, role, response.status === 403]).toEqual([path, role, !allowed]);
      }
  });

  test('a token is made, works, and ends when it is revoked; its text is stored nowhere', async () => {
    const made = await reel.get('/api/admin/tokens', {
      ...as('admin', { headers: { 'content-type': 'application/json' } }),
      method: 'POST',
      body: JSON.stringify({ name: 'night shift', role: 'operator' }),
    });
    const { token, id } = made.body as { token: string; id: string };
    expect(token).toMatch(/^reel_[A-Za-z0-9_-]{43}$/);
    expect((await reel.get('/api/fleet', as(token))).response.status).toBe(200);
    const file = join(reel.data, 'tokens.json');
    expect(readFileSync(file, 'utf8')).not.toContain(token.slice(5));
    expect(statSync(file).mode & 0o077).toBe(0);
    expect(JSON.stringify((await reel.get('/api/admin/tokens', as('admin'))).body)).not.toMatch(/hash|reel_/);
    const gone = await reel.get(`/api/admin/tokens/${id}`, { ...as('admin'), method: 'DELETE' });
    expect(gone.response.status).toBe(200);
    expect((await reel.get('/api/fleet', as(token))).response.status).toBe(401);
  });

  test('an expired token is none', async () => {
    const { token } = reel.app.tokens.add({
      name: 'old',
      role: 'admin',
      sites: [],
      routers: [],
      expires_at: '2020-01-01T00:00:00Z',
    });
    expect((await reel.get('/api/fleet', as(token))).response.status).toBe(401);
  });

  test('the audit log says who asked for what', async () => {
    await reel.get(`/api/find?q=wanted`, as('operator'));
    const { body } = await reel.get('/api/admin/audit-log?limit=50', as('admin'));
    const { entries } = body as { entries: { name: string; url: string; status: number }[] };
    expect(entries).toContainEqual(
      expect.objectContaining({ name: 'operator', url: '/api/find?q=wanted', status: 200 }),
    );
    expect(readFileSync(join(reel.data, 'audit.jsonl'), 'utf8')).not.toContain('reel_');
  });
});

describe('bounds', () => {
  test('every table that has routers is bound', async () => {
    const store = new Store({
      url: inject('clickhouseUrl'),
      database: 'sessionreel',
      user: 'default',
      password: '',
    });
    const rows = await store.rows<{ table: string }>(
      `SELECT c.table AS table FROM system.columns AS c INNER JOIN system.tables AS t ON t.name = c.table AND t.database = c.database
       WHERE c.database = currentDatabase() AND c.name = 'router' AND t.engine LIKE '%MergeTree' ORDER BY c.table`,
    );
    await store.close();
    expect(rows.map((r) => r.table).filter((t) => !boundTables.includes(t))).toEqual([]);
  });

  const others = {
    hamburg: ['demo-lns-mx', 'demo-lac-south', 'canary-lns'],
    one: ['demo-lns-m', 'demo-lac-north', 'canary-lns'],
  };

  test.each(Object.entries(others))(
    '%s sees nothing of the others, whatever is asked',
    async (name, hidden) => {
      const own = name === 'one' ? 'demo-lns-mx' : 'demo-lns-m';
      for (const url of await urls({ router: own, '/api/capacity/what-if without': own })) {
        if (url.startsWith('/api/admin')) continue;
        const { response, body } = await reel.get(url, as(name));
        expect([url, askable(response.status)]).toEqual([url, true]);
        const text = JSON.stringify(body);
        // A router that may be seen names its peers, which is what it prints.
        for (const router of hidden) expect(text, url).not.toContain(`"router":"${router}"`);
      }
    },
  );

  test('a hidden router is as unknown as one that is not there', async () => {
    const hidden = await reel.get('/api/routers/demo-lns-mx', as('hamburg'));
    const missing = await reel.get('/api/routers/demo-lns-zz', as('hamburg'));
    expect(hidden.response.status).toBe(404);
    expect(JSON.stringify(hidden.body).replaceAll('demo-lns-mx', 'R')).toBe(
      JSON.stringify(missing.body).replaceAll('demo-lns-zz', 'R'),
    );
  });

  test('a site without routers shows nothing, and what is bound is counted alone', async () => {
    expect((await reel.get(`/api/fleet?at=${end}`, as('nowhere'))).body).toMatchObject({
      sessions: 0,
      groups: [],
    });
    const listing = truth.listings['demo-lns-mx']?.at(-1);
    expect((await reel.get(`/api/fleet?at=${end}`, as('one'))).body).toMatchObject({
      sessions: listing?.sessions.length,
    });
  });
});

/** Answered, or refused in words: there is no such session or letter, or too little is known for a forecast. */
const askable = (status: number): boolean => [200, 404, 422].includes(status);

describe('user names', () => {
  test('are seen by who may', async () => {
    const { body } = await reel.get(`/api/routers/canary-lns/sessions?at=${end}`, as('operator'));
    expect(JSON.stringify(body)).toContain(canaryUser);
  });

  test('are seen in no answer by who may not, in any form', async () => {
    const canary = {
      router: 'canary-lns',
      tunnel: 62_746,
      session: 56_793,
      '/api/routers/{router}/diff from': end,
    };
    const questions = await everyQuestion(reel, { ...values, ...canary, '/api/fleet/top by': 'user' });
    const paths = questions.flatMap(({ path, url, formats }) => {
      if (path.startsWith('/api/admin')) return [];
      const more = url.includes('?') ? '&' : '?';
      const printed = path.endsWith('/printed')
        ? ['display=xml', 'display=json', 'level=brief', `user=${canaryUser}`]
        : [];
      return [
        url,
        ...[...formats.map((format) => `format=${format}`), ...printed].map((form) => url + more + form),
      ];
    });
    paths.push(
      `/api/find?q=${canaryUser}&at=${end}`,
      `/api/find?q=canary&at=${end}`,
      `/api/fleet/events?from=${from}&to=${iso(truth.to + 1_000)}&limit=5000`,
    );
    let seen = 0;
    for (const path of paths) {
      const response = await fetch(reel.address + path, as('view'));
      const text = await response.text();
      expect([path, askable(response.status), text.slice(0, 300)]).toEqual([path, true, text.slice(0, 300)]);
      if (/user-[0-9a-f]{16}/.test(text)) seen++;
      // What a person typed may be said back.
      expect([path, text.replaceAll(`"q":"${canaryUser}"`, '').includes(canaryUser)]).toEqual([path, false]);
    }
    // It would be there: many of the answers name subscribers.
    expect(seen).toBeGreaterThan(15);
  });

  test('are masked in the audit log of whom they are masked for', async () => {
    const masking = await startConsole(
      { REEL_CONSOLE_ACCESS: 'on', REEL_MASK_ROLES: 'admin' },
      {
        before: (app) => {
          tokens['masked'] = app.tokens.add({
            name: 'masked',
            role: 'admin',
            sites: [],
            routers: [],
            expires_at: null,
          }).token;
        },
      },
    );
    await masking.get(`/api/find?q=${canaryUser}&at=${end}`, as('masked'));
    await masking.get(`/api/routers/canary-lns/sessions?user=${canaryUser}`, as('masked'));
    const { body } = await masking.get('/api/admin/audit-log?limit=50', as('masked'));
    await masking.stop();
    const { entries } = body as { entries: { url: string }[] };
    expect(JSON.stringify(entries)).not.toContain('canary.user');
    expect(entries.map((e) => e.url)).toContainEqual(
      expect.stringMatching(/^\/api\/find\?q=user-[0-9a-f]{16}&at=/),
    );
  });

  test('have the same mask everywhere, by which a subscriber can be followed', async () => {
    const { body } = await reel.get(`/api/routers/canary-lns/sessions?at=${end}`, as('view'));
    const masked = /user-[0-9a-f]{16}/.exec(JSON.stringify(body))?.[0] ?? 'none';
    const printed = await (
      await fetch(`${reel.address}/api/routers/canary-lns/printed?at=${end}`, as('view'))
    ).text();
    expect(printed).toContain(masked);
    const { body: found } = await reel.get(`/api/find?q=${canaryUser}&at=${end}`, as('view'));
    expect(found).toMatchObject({ found: [expect.objectContaining({ match: masked })] });
  });
});

describe('logins', () => {
  test('a browser logs in with a token, and out', async () => {
    const json = { 'content-type': 'application/json' };
    const wrong = await fetch(`${reel.address}/api/login`, {
      method: 'POST',
      headers: json,
      body: '{"token":"reel_x"}',
    });
    expect(wrong.status).toBe(401);
    const right = await fetch(`${reel.address}/api/login`, {
      method: 'POST',
      headers: json,
      body: JSON.stringify({ token: tokens['view'] }),
    });
    const cookie = right.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/HttpOnly/i);
    expect(cookie).toMatch(/SameSite=Lax/i);
    const headers = { cookie: cookie.split(';')[0] ?? '' };
    expect((await reel.get('/api/me', { headers })).body).toMatchObject({
      principal: { name: 'view' },
      masked: true,
    });
    await fetch(`${reel.address}/api/logout`, { method: 'POST', headers });
    expect((await reel.get('/api/fleet', { headers })).response.status).toBe(401);
  });

  /** As a browser goes: to the console, to the issuer, and back with the cookie. */
  async function comeBack(): Promise<Response> {
    const away = await fetch(`${reel.address}/api/login/oidc`, { redirect: 'manual' });
    const cookie = away.headers.get('set-cookie')?.split(';')[0] ?? '';
    const back = await fetch(away.headers.get('location') ?? '', { redirect: 'manual' });
    const { pathname, search } = new URL(back.headers.get('location') ?? '');
    return await fetch(`${reel.address}${pathname}${search}`, { headers: { cookie }, redirect: 'manual' });
  }

  test('a person logs in at an issuer, with the role and bounds that it confirms', async () => {
    issuer.claims = {
      preferred_username: 'ada',
      sessionreel_role: ['operator', 'view'],
      sessionreel_sites: 'Hamburg',
    };
    const done = await comeBack();
    expect(done.status).toBe(302);
    const cookie = done.headers.getSetCookie().find((c) => c.startsWith('reel_login=')) ?? '';
    const { body } = await reel.get('/api/me', { headers: { cookie: cookie.split(';')[0] ?? '' } });
    expect(body).toMatchObject({
      principal: { name: 'ada', role: 'operator', via: 'oidc', sites: ['Hamburg'] },
      masked: false,
    });
  });

  test('a person without a role, a login of another browser and a made-up one are refused', async () => {
    issuer.claims = { preferred_username: 'eve' };
    expect((await comeBack()).status).toBe(403);
    const { response } = await reel.get('/api/login/callback?state=made-up&code=x');
    expect(response.status).toBe(403);
  });
});

test('open to the network without access control, it does not start', () => {
  const log = createLogger('console', { format: 'json', level: 'error' });
  const open = { REEL_CONSOLE_HOST: '0.0.0.0', REEL_CONSOLE_ACCESS: 'off' };
  expect(() => new Console(settingsFor(open, join(reel.data, 'open')), log)).toThrow(ConfigError);
});
