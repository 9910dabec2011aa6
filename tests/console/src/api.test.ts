/** The API against the real stack: what it says is what is true of the simulated fleet. */
import { readFileSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { waitFor } from '@sessionreel/ops';
import { iso, startConsole, type Running } from './consoles.ts';
import { hostileRouter, hostileUser } from './feed.ts';

const truth = inject('truth');
const end = iso(truth.to);
const names = Object.keys(truth.listings);
const listed = (router: string, nth = -1) => truth.listings[router]?.at(nth) ?? { at: 0, sessions: [] };
const enc = encodeURIComponent;

let reel: Running;
beforeAll(async () => {
  reel = await startConsole();
});
afterAll(() => reel.stop());

const ask = async <T>(path: string): Promise<T> => {
  const { response, body } = await reel.get(path);
  expect(`${response.status} ${response.ok ? '' : JSON.stringify(body)}`.trim()).toBe('200');
  return body as T;
};
const keys = (rows: readonly { tunnel: number; session: number }[]): string[] =>
  rows.map((r) => `${r.tunnel}/${r.session}`).sort();

describe('at a moment', () => {
  test('the fleet has as many sessions as the listings', async () => {
    const { groups } = await ask<{ groups: { name: string; sessions: number }[] }>(
      `/api/fleet?at=${end}&by=router`,
    );
    for (const router of names)
      expect([router, groups.find((g) => g.name === router)?.sessions]).toEqual([
        router,
        listed(router).sessions.length,
      ]);
  });

  test('routers carry what the fleet file says, and their states', async () => {
    const { routers } = await ask<{
      routers: { router: string; role: string; sessions: number; by_state: Record<string, number> }[];
    }>(`/api/routers?at=${end}`);
    for (const router of names) {
      const found = routers.find((r) => r.router === router);
      const states: Record<string, number> = {};
      for (const { state } of listed(router).sessions)
        if (state !== null) states[state] = (states[state] ?? 0) + 1;
      expect(found).toMatchObject({
        role: truth.roles[router],
        sessions: listed(router).sessions.length,
        by_state: states,
      });
    }
  });

  test.each(names)(
    '%s: the sessions of every third listing, page by page',
    async (router) => {
      for (const listing of (truth.listings[router] ?? []).filter((_, i) => i % 3 === 0)) {
        const found: { tunnel: number; session: number }[] = [];
        let next: string | null = '';
        while (next !== null) {
          const page: { sessions: typeof found; next: string | null } = await ask(
            `/api/routers/${router}/sessions?at=${iso(listing.at)}&limit=40&after=${next}`,
          );
          found.push(...page.sessions);
          next = page.next;
        }
        expect(keys(found)).toEqual(keys(listing.sessions));
      }
    },
    30_000,
  );

  test('rows as they come: JSON lines and CSV hold the same sessions', async () => {
    const path = `/api/routers/demo-lns-m/sessions?at=${end}&field=state&field=user_name`;
    const lines = (await (await fetch(`${reel.address}${path}&format=ndjson`)).text())
      .trim()
      .split('\n')
      .map(
        (line) =>
          JSON.parse(line) as { tunnel_local_id: number; session_local_id: number; user_name?: string },
      );
    const wanted = listed('demo-lns-m').sessions;
    expect(keys(lines.map((l) => ({ tunnel: l.tunnel_local_id, session: l.session_local_id })))).toEqual(
      keys(wanted),
    );
    const users = new Map(wanted.map((s) => [`${s.tunnel}/${s.session}`, s.user]));
    for (const l of lines)
      expect(l.user_name ?? null).toBe(users.get(`${l.tunnel_local_id}/${l.session_local_id}`) ?? null);
    const csv = await (await fetch(`${reel.address}${path}&format=csv`)).text();
    expect(csv.split('\r\n')[0]).toBe(
      'tunnel_local_id,session_local_id,created_at,changed_at,state,user_name',
    );
    expect(csv.trim().split('\r\n')).toHaveLength(wanted.length + 1);
  });

  test('sixty thousand sessions come within seconds', async () => {
    const began = performance.now();
    const text = await (
      await fetch(`${reel.address}/api/routers/big-lns/sessions?at=${end}&format=ndjson`)
    ).text();
    expect(text.split('\n')).toHaveLength(truth.bigSessions + 1);
    expect(performance.now() - began).toBeLessThan(20_000);
  });

  test('filters are the command’s', async () => {
    const tunnel = listed('demo-lns-mx').sessions[0]?.tunnel ?? 0;
    const wanted = listed('demo-lns-mx').sessions.filter((s) => s.tunnel === tunnel);
    const { sessions } = await ask<{ sessions: { tunnel: number; session: number }[] }>(
      `/api/routers/demo-lns-mx/sessions?at=${end}&local-tunnel-id=${tunnel}&limit=5000`,
    );
    expect(keys(sessions)).toEqual(keys(wanted));
  });
});

describe('as the router printed it', () => {
  const folder = new URL('../../pipeline/fixtures/reference/', import.meta.url);
  test.each(readdirSync(folder).sort())('%s, byte for byte', async (file) => {
    const capture = readFileSync(new URL(file, folder));
    const level =
      /session ?(.*)$/m
        .exec(capture.toString().split('\n')[0] ?? '')?.[1]
        ?.trim()
        .split(' ')[0] ?? '';
    const id = / session-id (\d+)/.exec(capture.toString().split('\n')[0] ?? '')?.[1];
    const response = await fetch(
      `${reel.address}/api/routers/ref-${file.slice(0, 2)}/printed?at=${end}&level=${level === '' ? 'brief' : level}${id === undefined ? '' : `&local-session-id=${id}`}`,
    );
    expect(response.status).toBe(200);
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(bytes.toString('latin1')).toBe(capture.subarray(capture.indexOf('\n') + 1).toString('latin1'));
  });

  test('in XML and JSON as well', async () => {
    for (const [display, type, begins] of [
      ['xml', 'application/xml', '<'],
      ['json', 'application/json', '{'],
    ] as const) {
      const response = await fetch(
        `${reel.address}/api/routers/demo-lns-m/printed?at=${end}&display=${display}&level=extensive&download=yes`,
      );
      expect(response.headers.get('content-type')).toContain(type);
      expect(response.headers.get('content-disposition')).toMatch(
        /^attachment; filename="demo-lns-m-[^"]+"$/,
      );
      expect((await response.text()).trimStart().slice(0, 1)).toBe(begins);
    }
  });
});

describe('over a time', () => {
  test('two moments compared: opened and closed are those of the listings', async () => {
    for (const router of names) {
      const before = listed(router, 0);
      const after = listed(router);
      const was = new Set(before.sessions.map((s) => s.uid));
      const is = new Set(after.sessions.map((s) => s.uid));
      const diff = await ask<{
        counts: object;
        opened: { tunnel: number; session: number }[];
        closed: { tunnel: number; session: number }[];
      }>(`/api/routers/${router}/diff?from=${iso(before.at)}&to=${iso(after.at)}&limit=5000`);
      expect(keys(diff.opened)).toEqual(keys(after.sessions.filter((s) => !was.has(s.uid))));
      expect(keys(diff.closed)).toEqual(keys(before.sessions.filter((s) => !is.has(s.uid))));
    }
  });

  test('the fleet compared, router by router', async () => {
    const { routers } = await ask<{
      routers: { router: string; before: number; after: number; opened: number; closed: number }[];
    }>(`/api/fleet/diff?from=${iso(truth.from + 60_000)}&to=${end}`);
    for (const router of names) {
      const before = (truth.listings[router] ?? []).findLast((l) => l.at <= truth.from + 60_000);
      const was = new Set(before?.sessions.map((s) => s.uid));
      const is = new Set(listed(router).sessions.map((s) => s.uid));
      expect(routers.find((r) => r.router === router)).toMatchObject({
        before: was.size,
        after: is.size,
        opened: [...is].filter((uid) => !was.has(uid)).length,
        closed: [...was].filter((uid) => !is.has(uid)).length,
      });
    }
  });

  test('concurrent sessions are the listings’ at the end of the series', async () => {
    const { series, at } = await ask<{
      at: string[];
      series: { name: string; sessions: (number | null)[] }[];
    }>(`/api/fleet/series?from=${iso(truth.from)}&to=${end}&by=router&step_s=30`);
    expect(at.length).toBeGreaterThan(10);
    for (const router of names) {
      const line = series.find((s) => s.name === router);
      at.forEach((t, i) => {
        const then = (truth.listings[router] ?? []).findLast((l) => l.at <= Date.parse(t));
        if (then !== undefined)
          expect([router, t, line?.sessions[i]]).toEqual([router, t, then.sessions.length]);
      });
    }
  });

  test('a session’s end lies between the last listing with it and the first without', async () => {
    const router = 'demo-lns-m';
    const all = truth.listings[router] ?? [];
    const gone = all[0]?.sessions.find((s) => all.at(-1)?.sessions.every((o) => o.uid !== s.uid)) ?? {
      tunnel: 0,
      session: 0,
      uid: -1,
    };
    const last = all.findLast((l) => l.sessions.some((s) => s.uid === gone.uid));
    const first = all.find((l) => l.at > (last?.at ?? 0));
    const { events } = await ask<{ events: { kind: string; at: string; last_seen_at: string }[] }>(
      `/api/routers/${router}/tunnels/${gone.tunnel}/sessions/${gone.session}/history?from=${iso(truth.from)}&to=${end}`,
    );
    expect(events).toContainEqual(
      expect.objectContaining({ kind: 'closed', at: iso(first?.at ?? 0), last_seen_at: iso(last?.at ?? 0) }),
    );
  });

  test('what dropped when most was lost is found, and where', async () => {
    // Not at the begin, before which nothing is known.
    const loss = truth.losses
      .filter((l) => l.at > truth.from + 240_000 && l.at < truth.to - 60_000)
      .sort((a, b) => b.sessions - a.sessions)[0];
    if (loss === undefined) throw new Error('nothing was lost: take another seed');
    const found = await ask<{ ended: number; common: { by: string; name: string }[] }>(
      `/api/what-happened?around=${iso(loss.at)}&within_s=180`,
    );
    expect(found.ended).toBeGreaterThanOrEqual(Math.min(loss.sessions, 5));
    expect(found.common.length).toBeGreaterThan(0);
  });
});

describe('names that are hostile', () => {
  test('come back as they are, as JSON', async () => {
    const { sessions } = await ask<{ sessions: { values: Record<string, unknown> }[] }>(
      `/api/routers/${enc(hostileRouter)}/sessions?at=${end}`,
    );
    expect(sessions.map((s) => s.values['user_name'])).toContain(hostileUser);
  });

  test('are found by their beginning', async () => {
    const { found } = await ask<{ found: { by: string; match: string; router: string }[] }>(
      `/api/find?q=${enc(hostileUser.slice(0, 20))}&at=${end}`,
    );
    expect(found).toContainEqual(
      expect.objectContaining({ by: 'user_name', match: hostileUser, router: hostileRouter }),
    );
  });

  test('are no formula in a CSV', async () => {
    const { body } = await reel.get(
      `/api/fleet/events?from=${iso(truth.from)}&to=${end}&format=csv&limit=5000`,
    );
    for (const line of String(body).split('\r\n')) expect(line).not.toMatch(/(^|,)[=+@-]/);
  });
});

describe('HTTP', () => {
  test('a time that has passed has an ETag, and is not sent twice', async () => {
    const path = `/api/routers/demo-lns-m/tunnels?at=${end}`;
    const first = await reel.get(path);
    const tag = first.response.headers.get('etag') ?? '';
    expect(tag).toMatch(/^W\/"/);
    const again = await fetch(reel.address + path, { headers: { 'if-none-match': tag } });
    expect(again.status).toBe(304);
    expect((await reel.get('/api/routers/demo-lns-m/tunnels')).response.headers.get('etag')).toBeNull();
  });

  test.each([
    ['/api/nothing', 404],
    ['/api/routers/nobody', 404],
    ['/api/fleet?at=yesterday', 400],
    ['/api/fleet?colour=blue', 400],
    ['/api/routers/demo-lns-m/tunnels/70000/sessions/1', 400],
    [`/api/fleet/ends?from=${end}&to=${iso(truth.from)}`, 422],
    [`/api/routers/demo-lns-m?at=2020-01-01T00:00:00Z`, 404],
    [`/api/routers/demo-lns-m/sessions?after=bm9wZQ`, 422],
    ['/api/subscribers', 422],
    [`/api/who-had?address=nonsense`, 422],
  ])('%s is a problem with status %i', async (path, status) => {
    const { response, body } = await reel.get(path);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(body).toMatchObject({ status, type: `/api/problems/${status}` });
    expect((body as { detail: string }).detail).not.toBe('');
  });

  test('another method is 405 and says which', async () => {
    const response = await fetch(`${reel.address}/api/fleet`, { method: 'DELETE' });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD');
  });

  test('every answer has the headers that protect', async () => {
    const { response } = await reel.get('/api/me');
    const csp = response.headers.get('content-security-policy') ?? '';
    expect(csp).toContain("default-src 'none'");
    expect(csp).toContain("script-src 'self'");
    expect(csp).not.toContain('unsafe');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
  });

  test('another host’s name is refused, and so is another site’s change', async () => {
    const { request } = await import('node:http');
    const status = await new Promise<number | undefined>((resolve, reject) => {
      request(`${reel.address}/api/me`, { headers: { host: 'attacker.example' } }, (r) =>
        resolve(r.resume().statusCode),
      )
        .on('error', reject)
        .end();
    });
    expect(status).toBe(421);
    const made = await fetch(`${reel.address}/api/admin/tokens`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: 'https://attacker.example' },
      body: JSON.stringify({ name: 'x', role: 'admin' }),
    });
    expect(made.status).toBe(403);
  });

  test('ClickHouse that does not answer is 503, and later', async () => {
    const lost = await startConsole({ REEL_CLICKHOUSE_URL: 'http://127.0.0.1:9' });
    const { response, body } = await lost.get('/api/fleet');
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('5');
    expect(body).toMatchObject({ status: 503 });
    await lost.stop();
  });

  test('an answer that would be too large is refused by ClickHouse’s own limit', async () => {
    const small = await startConsole({ REEL_CONSOLE_QUERY_ROWS: '100' });
    const { response } = await small.get(`/api/routers/big-lns/printed?at=${end}`);
    expect(response.status).toBe(422);
    await small.stop();
  });

  test('a question that nobody waits for any more is ended in ClickHouse', async () => {
    const { createServer } = await import('node:http');
    const asked = { begun: 0, ended: 0 };
    // One that never answers.
    const silent = createServer((request) => {
      asked.begun++;
      request.resume().socket.once('close', () => asked.ended++);
    });
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    const waiting = await startConsole({ REEL_CLICKHOUSE_URL: `http://127.0.0.1:${port}` });
    const abort = new AbortController();
    const answer = waiting.get('/api/fleet', { signal: abort.signal }).catch((error: unknown) => error);
    await waitFor('the question', () => Promise.resolve(asked.begun > 0), { limitMs: 10_000, everyMs: 20 });
    expect(asked.ended).toBe(0);
    abort.abort();
    expect(await answer).toBeInstanceOf(Error);
    await waitFor('its end', () => Promise.resolve(asked.ended === asked.begun), {
      limitMs: 10_000,
      everyMs: 20,
    });
    await waiting.stop();
    silent.closeAllConnections();
    silent.close();
  });

  test('live changes come as events', async () => {
    const abort = new AbortController();
    const response = await fetch(`${reel.address}/api/live`, { signal: abort.signal });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const reader = response.body?.getReader();
    const first = await reader?.read();
    expect(Buffer.from(first?.value ?? new Uint8Array()).toString()).toContain('event: hello');
    abort.abort();
  });
});
