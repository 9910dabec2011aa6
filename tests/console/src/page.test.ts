/** The page in a real Chromium against the real stack: its numbers are the truth's, and everybody can use it. */
import { readFileSync, statSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { builtPage } from '@sessionreel/console';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { narrow, openBrowser, openContext, wide } from './browser.ts';
import { iso, startConsole, type Running } from './consoles.ts';
import { hostileRouter, hostileUser } from './feed.ts';

const truth = inject('truth');
const window = `from=${iso(truth.from)}&to=${iso(truth.to)}`;
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const at = (router: string, nth = -1) => truth.listings[router]?.at(nth) ?? { at: 0, sessions: [] };
const enc = encodeURIComponent;

let reel: Running;
let browser: Browser;
let context: BrowserContext;
let page: Page;
/** What the browser complained about, and requests that went elsewhere. */
const complaints: string[] = [];

beforeAll(async () => {
  reel = await startConsole({}, { page: true });
  browser = await openBrowser();
  context = await openContext(browser, { colours: 'light', ...wide });
  page = await watched(context);
});
afterAll(async () => {
  await browser.close();
  await reel.stop();
});

async function watched(of: BrowserContext): Promise<Page> {
  const made = await of.newPage();
  made.on('pageerror', (error) => complaints.push(error.message));
  made.on('console', (message) => {
    // A question that cannot be answered is one that the page explains.
    if (message.type() === 'error' && !/status of (?:404|422)/.test(message.text()))
      complaints.push(`${message.text()} ${message.location().url}`);
  });
  made.on('request', (request) => {
    if (!request.url().startsWith(reel.address)) complaints.push(`asked ${request.url()}`);
  });
  made.on('dialog', (dialog) => {
    complaints.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return made;
}

async function open(path: string, on = page): Promise<void> {
  await on.goto(reel.address + path);
  await on.waitForFunction(
    () => document.querySelector('.panel') !== null && document.querySelector('[aria-busy="true"]') === null,
  );
}

const figure = (label: string): Promise<string> =>
  page
    .locator('.figure', { has: page.locator('dt', { hasText: label }) })
    .locator('dd')
    .first()
    .innerText();
const firstNumber = (text: string): number => Number(/[\d,]+/.exec(text)?.[0].replaceAll(',', ''));

describe('its numbers are the truth’s', () => {
  test('Fleet', async () => {
    await open(`/?${window}`);
    const of = (role: string): number =>
      Object.keys(truth.listings)
        .filter((r) => truth.roles[r] === role)
        .reduce((n, r) => n + at(r).sessions.length, 0);
    expect(firstNumber(await figure('On LNSs'))).toBe(of('lns'));
    expect(firstNumber(await figure('On LACs'))).toBe(of('lac'));
    for (const router of Object.keys(truth.listings)) {
      const row = page.locator('tr', { has: page.getByRole('link', { name: router, exact: true }) }).first();
      expect(await row.locator('td').nth(3).innerText()).toBe(String(at(router).sessions.length));
    }
  });

  test.each(['demo-lns-m', 'demo-lac-north'])('Router %s, at three moments', async (router) => {
    for (const nth of [1, 10, -1]) {
      const listing = at(router, nth);
      await open(`/routers/${router}?${window}&at=${iso(listing.at)}`);
      expect(firstNumber(await figure('Sessions'))).toBe(listing.sessions.length);
      await page.getByRole('heading', { name: `${listing.sessions.length} sessions` }).waitFor();
      const grid = page.getByRole('grid');
      expect(await grid.getAttribute('aria-rowcount')).toBe(String(listing.sessions.length + 1));
    }
  });

  test('Session: its state, its name, its story', async () => {
    const listing = at('demo-lns-m');
    const one = listing.sessions.find((s) => s.user !== null && s.user !== '') ?? {
      tunnel: 0,
      session: 0,
      user: '',
      state: '',
    };
    await open(`/routers/demo-lns-m/${one.tunnel}/${one.session}?${window}&at=${iso(listing.at)}`);
    expect(await figure('User name')).toBe(one.user);
    expect(await figure('State')).toContain(one.state ?? '');
    expect(await page.locator('.timeline > li').count()).toBeGreaterThan(0);
  });

  test('Compare: opened and closed', async () => {
    const [before, after] = [at('demo-lns-mx', 0), at('demo-lns-mx')];
    const was = new Set(before.sessions.map((s) => s.uid));
    const is = new Set(after.sessions.map((s) => s.uid));
    await open(`/compare?router=demo-lns-mx&from=${iso(before.at)}&to=${iso(after.at)}`);
    expect(firstNumber(await figure('opened'))).toBe(after.sessions.filter((s) => !was.has(s.uid)).length);
    expect(firstNumber(await figure('closed'))).toBe(before.sessions.filter((s) => !is.has(s.uid)).length);
  });

  test('As the router printed it: the bytes of the capture', async () => {
    await open(`/routers/ref-08?${window}&tab=printed`);
    const capture = readFileSync(
      new URL('../../pipeline/fixtures/reference/08-extensive-lns-on-mx-series-routers.txt', import.meta.url),
      'utf8',
    );
    expect(await page.locator('pre.printed').textContent()).toBe(capture.slice(capture.indexOf('\n') + 1));
  });

  test('Find: a session by its user', async () => {
    const one = at('demo-lns-m').sessions.find((s) => s.user !== null && s.user !== '');
    await open(`/?${window}`);
    await page.keyboard.press('Control+k');
    await page.keyboard.type(one?.user ?? '');
    await page.keyboard.press('Enter');
    await page
      .getByRole('link', { name: new RegExp(`${one?.tunnel ?? ''}/${one?.session ?? ''}`) })
      .first()
      .click();
    await page.waitForURL(/\/routers\/demo-lns-m\/\d+\/\d+/);
    await page.getByRole('heading', { level: 1 }).filter({ hasText: 'Session' }).waitFor();
  });

  test('What happened: the mass close of the window', async () => {
    const closes = truth.losses.filter((l) => l.at > truth.from + 120_000);
    expect(closes.length).toBeGreaterThan(0);
    await open(`/what-happened?${window}&at=${iso(closes[0]?.at ?? 0)}`);
    expect(firstNumber(await figure('Ended'))).toBeGreaterThan(0);
  });
});

describe('time', () => {
  test('from snapshot to snapshot, and the address says where', async () => {
    const times = (truth.listings['demo-lns-m'] ?? []).map((l) => l.at);
    await open(`/routers/demo-lns-m?${window}&at=${iso(times[5] ?? 0)}`);
    await page.getByRole('button', { name: 'The snapshot behind' }).click();
    await page.waitForURL((url) => url.searchParams.get('at') === iso(times[6] ?? 0));
    await page.getByRole('button', { name: 'The snapshot before' }).click();
    await page.waitForURL((url) => url.searchParams.get('at') === iso(times[5] ?? 0));
    await page.getByRole('slider', { name: 'Moment' }).press('End');
    await page.waitForURL((url) => url.searchParams.get('at') === iso(truth.to));
  });

  test('zones are named, and the router’s can be chosen', async () => {
    await open(`/routers/demo-lns-m?${window}&at=${iso(at('demo-lns-m').at)}`);
    await page.getByLabel('Times in').selectOption('utc');
    await page.waitForURL(/zone=utc/);
    const shown = await page.locator('.time-now').innerText();
    expect(shown).toBe(iso(at('demo-lns-m').at).slice(0, 19).replace('T', ' '));
    await page.getByLabel('Times in').selectOption('router');
    expect(await page.getByLabel('Times in').locator('option:checked').innerText()).toContain(
      'Europe/Berlin',
    );
  });
});

describe('an address is the view', () => {
  test('a colleague who opens it sees the same', async () => {
    const listing = at('demo-lns-m', 8);
    await open(`/routers/demo-lns-m?${window}&at=${iso(listing.at)}&zone=utc`);
    await page.getByText('Filters').click();
    await page.locator('.filters').getByLabel('State', { exact: true }).fill('established');
    await page.getByRole('button', { name: 'Filter', exact: true }).click();
    await page.waitForURL(/state=established/);
    const established = listing.sessions.filter((s) => s.state === 'established').length;
    await page.getByRole('heading', { name: `${established} sessions` }).waitFor();
    const other = await openContext(browser, { colours: 'dark', ...wide });
    const theirs = await watched(other);
    await theirs.goto(page.url());
    await theirs.getByRole('heading', { name: `${established} sessions` }).waitFor();
    expect(await theirs.locator('.time-now').innerText()).toBe(await page.locator('.time-now').innerText());
    expect(await theirs.getByLabel('Times in').inputValue()).toBe('utc');
    await other.close();
  });

  test('all options of the command are filters, and each finds its own', async () => {
    const [one] = at('demo-lns-mx').sessions;
    await open(`/routers/demo-lns-mx?${window}`);
    await page.getByText('Filters').click();
    const names = [
      'Tunnel',
      'Session',
      'Peer gateway name',
      'Peer gateway',
      'Local gateway name',
      'Local gateway',
      'Interface',
      'Tunnel group',
      'User name',
    ];
    for (const name of names) await page.locator('.filters').getByLabel(name, { exact: true }).waitFor();
    await page.locator('.filters').getByLabel('Session', { exact: true }).fill(String(one?.session));
    await page.locator('.filters').getByLabel('Tunnel', { exact: true }).fill(String(one?.tunnel));
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: '1 session' }).waitFor();
  });

  test('history plays, and stops at the end', async () => {
    await open(`/routers/demo-lns-m?${window}&at=${iso(truth.from + 60_000)}`);
    await page.getByLabel('Speed').selectOption('300');
    await page.getByRole('button', { name: 'Play history' }).click();
    const moment = (): number => Date.parse(new URL(page.url()).searchParams.get('at') ?? '');
    await page.waitForURL((url) => Date.parse(url.searchParams.get('at') ?? '') > truth.from + 200_000);
    expect(moment()).toBeLessThanOrEqual(truth.to);
    await page.waitForURL((url) => url.searchParams.get('at') === iso(truth.to));
    await page.getByRole('button', { name: 'Play history' }).waitFor();
  });

  test('what is nothing says so', async () => {
    const answer = await page.goto(`${reel.address}/nowhere`);
    expect(answer?.status()).toBe(404);
    await page.getByText('There is no such page').waitFor();
    expect((await reel.get('/nowhere')).response.headers.get('content-type')).toContain('problem+json');
  });
});

describe('a large fleet', () => {
  test('is asked what reads much only when someone wants it', async () => {
    const own = await openContext(browser, { colours: 'light', ...wide });
    const shown = await watched(own);
    const asked: string[] = [];
    shown.on('request', (request) => asked.push(new URL(request.url()).pathname));
    // As many sessions as a large fleet has, on the routers of this one.
    await shown.route(/\/api\/routers\?/, async (route) => {
      const answer = (await (await route.fetch()).json()) as { routers: { sessions: number }[] };
      const routers = answer.routers.map((r) => ({ ...r, sessions: r.sessions + 100_000 }));
      await route.fulfill({ json: { ...answer, routers } });
    });
    await open(`/?${window}`, shown);
    expect(asked).not.toContain('/api/fleet/both-ends');
    await shown.getByRole('button', { name: 'Count each call once' }).click();
    await shown
      .locator('.figure', { hasText: 'Subscribers' })
      .getByText('each call once', { exact: true })
      .waitFor();
    expect(asked).toContain('/api/fleet/both-ends');
    await open(`/lines?${window}`, shown);
    expect(asked).not.toContain('/api/fleet/quiet-sessions');
    await shown
      .locator('.panel', { hasText: 'Sessions without traffic' })
      .getByRole('button', { name: 'Ask' })
      .click();
    await shown.getByText('Of those that were established all through the window').waitFor();
    await own.close();
  });
});

describe('by keys alone', () => {
  test('past the navigation, and through it to another page', async () => {
    await open(`/?${window}`);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('main');
    await open(`/?${window}`);
    for (let i = 0; i < 40; i++) {
      await page.keyboard.press('Tab');
      if ((await page.evaluate(() => document.activeElement?.textContent)) === 'Capacity') break;
    }
    const outline = await page.evaluate(
      () => getComputedStyle(document.activeElement ?? document.body).outlineStyle,
    );
    expect(outline).not.toBe('none');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/capacity\?/);
  });
});

describe('sixty thousand sessions', () => {
  test('scroll, and can be gone through by keys', async () => {
    await open(`/routers/big-lns?${window}`);
    await page
      .getByRole('heading', { name: `${truth.bigSessions.toLocaleString('en')} sessions` })
      .waitFor({ timeout: 60_000 });
    const grid = page.getByRole('grid');
    expect(await grid.getByRole('row').count()).toBeLessThan(120);
    const slow = await grid.evaluate(async (element) => {
      let worst = 0;
      for (let i = 1; i <= 30; i++) {
        const began = performance.now();
        element.scrollTop = (element.scrollHeight / 30) * i;
        await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0)));
        worst = Math.max(worst, performance.now() - began);
      }
      return worst;
    });
    // A busy machine has slow frames too; drawing all rows would take a minute.
    expect(slow).toBeLessThan(10_000);
    await grid.focus();
    await page.keyboard.press('End');
    await page.getByRole('row', { selected: true }).getByText('60000', { exact: true }).first().waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/routers\/big-lns\/40553\/60000/);
  });
});

describe('names that are hostile', () => {
  test('are text everywhere', async () => {
    await open(`/routers/${enc(hostileRouter)}?${window}`);
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe(hostileRouter);
    await page.getByRole('grid').getByText('<script>alert(1)</script>', { exact: false }).first().waitFor();
    expect(await page.getByRole('grid').innerText()).toContain('\\u001b[31mred\\u202e');
    await open(`/find?q=${enc(hostileUser.slice(0, 25))}&${window}`);
    await page
      .getByRole('link', { name: /<script>/ })
      .first()
      .waitFor();
    await open(`/routers?${window}`);
    await page.getByRole('link', { name: hostileRouter }).waitFor();
    expect(await page.locator('main img, main script').count()).toBe(0);
  });
});

const pages = [
  ['Fleet', `/?${window}`],
  ['What happened', `/what-happened?${window}`],
  ['Routers', `/routers?${window}`],
  ['Router', `/routers/demo-lns-m?${window}`],
  ['Tunnels', `/routers/demo-lns-m?${window}&tab=tunnels`],
  ['Printed', `/routers/demo-lns-m?${window}&tab=printed`],
  ['Snapshots', `/routers/demo-lns-m?${window}&tab=snapshots`],
  ['Events', `/routers/demo-lns-m?${window}&tab=events`],
  [
    'Session',
    `/routers/demo-lns-m/${at('demo-lns-m').sessions[0]?.tunnel ?? 0}/${at('demo-lns-m').sessions[0]?.session ?? 0}?${window}`,
  ],
  ['Compare', `/compare?${window}`],
  ['Capacity', `/capacity?${window}`],
  ['Find', `/find?q=demo&${window}`],
  ['Lines', `/lines?${window}`],
  ['Operations', `/operations?${window}`],
  ['Access', `/access?${window}`],
  ['a router that is not there', `/routers/nobody?${window}`],
] as const;

describe.each([
  ['light', 'wide', wide],
  ['dark', 'narrow', narrow],
] as const)('%s and %s', (colours, _name, size) => {
  let own: BrowserContext;
  let shown: Page;
  beforeAll(async () => {
    own = await openContext(browser, { colours, ...size });
    shown = await watched(own);
  });
  afterAll(() => own.close());

  test.each(pages)('%s: nothing that axe finds, nothing that is cut off', async (_page, path) => {
    await open(path, shown);
    await shown.evaluate(axe);
    const found = await shown.evaluate(async () => {
      const { axe: checker } = globalThis as unknown as {
        axe: {
          run: (options: object) => Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>;
        };
      };
      const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
      const { violations } = await checker.run({ runOnly: { type: 'tag', values: tags } });
      return violations.map(
        (v) =>
          `${v.id}: ${v.nodes
            .slice(0, 3)
            .map((n) => n.html.slice(0, 200))
            .join(' | ')}`,
      );
    });
    expect(found).toEqual([]);
    const over = await shown.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(over).toBeLessThanOrEqual(0);
  });
});

describe('access', () => {
  test('who is not known logs in with a token', async () => {
    let token = '';
    const guarded = await startConsole(
      { REEL_CONSOLE_ACCESS: 'on' },
      {
        page: true,
        before: (app) =>
          (token = app.tokens.add({
            name: 'planner',
            role: 'view',
            sites: [],
            routers: [],
            expires_at: null,
          }).token),
      },
    );
    const own = await openContext(browser, { colours: 'dark', ...wide });
    const login = await own.newPage();
    await login.goto(guarded.address);
    await login.getByLabel('Token').fill('reel_wrong');
    await login.getByRole('button', { name: 'Go on' }).click();
    await login.getByText('There is no such token').waitFor();
    await login.getByLabel('Token').fill(token);
    await login.getByRole('button', { name: 'Go on' }).click();
    await login.getByText('planner').waitFor();
    await own.close();
    await guarded.stop();
  });
});

test('something is on the screen within a second', async () => {
  const own = await openContext(browser, { colours: 'light', ...wide });
  const paints: number[] = [];
  for (let i = 0; i < 5; i++) {
    const fresh = await own.newPage();
    await fresh.goto(`${reel.address}/?${window}`);
    const paint = await fresh.waitForFunction(
      () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime,
    );
    paints.push((await paint.jsonValue()) ?? Infinity);
    await fresh.close();
  }
  await own.close();
  // The machine may be busy with other things: the middle one counts.
  expect(paints.sort((a, b) => a - b)[2]).toBeLessThan(1_000);
});

test('the script is small, and the browser had nothing to complain about', async () => {
  const assets = join(await builtPage(() => undefined), 'assets');
  const sizes = readdirSync(assets)
    .filter((name) => name.endsWith('.js.br'))
    .map((name) => statSync(join(assets, name)).size);
  expect(sizes.length).toBeGreaterThan(0);
  expect(sizes.reduce((a, b) => a + b, 0)).toBeLessThan(300_000);
  expect(complaints).toEqual([]);
});
