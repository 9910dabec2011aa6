/** What the page shows while it waits, when an answer fails, when there is nothing, and when it is known in part. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { builtPage } from '@sessionreel/console';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { openBrowser, openContext, wide } from './browser.ts';
import { iso, startConsole, type Running } from './consoles.ts';

const truth = inject('truth');
const window = `from=${iso(truth.from)}&to=${iso(truth.to)}&zone=utc`;
/** Long before anything. */
const before = 'from=2020-01-01T00:00:00.000Z&to=2020-01-01T01:00:00.000Z&zone=utc';

let reel: Running;
let browser: Browser;
let context: BrowserContext;
let page: Page;
beforeAll(async () => {
  reel = await startConsole({}, { page: true });
  browser = await openBrowser();
});
afterAll(async () => {
  await browser.close();
  await reel.stop();
});
beforeEach(async () => {
  context = await openContext(browser, { colours: 'light', ...wide });
  page = await context.newPage();
});
afterEach(() => context.close());

const panel = (title: string) => page.locator('.panel', { has: page.getByRole('heading', { name: title }) });

test('while an answer is awaited its panel says so, and the others stand', async () => {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route(/\/api\/fleet\/ends\?/, async (route) => {
    await held;
    await route.continue();
  });
  await page.goto(`${reel.address}/?${window}`);
  const waiting = panel('Ends by reason');
  await waiting.getByRole('status').getByText('Asking …').waitFor();
  expect(await waiting.getAttribute('aria-busy')).toBe('true');
  await panel('Failures to establish').locator('table, .nothing').first().waitFor();
  release();
  await waiting.locator('table').waitFor();
  expect(await waiting.getAttribute('aria-busy')).toBe('false');
});

describe('an answer that fails', () => {
  test('says why, and is asked for again when someone wants it', async () => {
    let fails = true;
    await page.route(/\/api\/fleet\/ends\?/, (route) =>
      fails
        ? route.fulfill({
            status: 503,
            contentType: 'application/problem+json',
            body: JSON.stringify({
              type: '/api/problems/503',
              title: 'What the console rests on does not answer',
              status: 503,
              detail: 'ClickHouse cannot answer now; the console asks again when you do.',
            }),
          })
        : route.continue(),
    );
    await page.goto(`${reel.address}/?${window}`);
    const failed = panel('Ends by reason');
    await failed.getByRole('alert').getByText('ClickHouse cannot answer now').waitFor({ timeout: 30_000 });
    fails = false;
    await failed.getByRole('button', { name: 'Ask again' }).click();
    await failed.locator('table').waitFor();
    expect(await failed.getByRole('alert').count()).toBe(0);
  });

  test('tells times in the zone of the page, once', async () => {
    const early = `from=${iso(truth.from - 3_600_000)}&to=${iso(truth.to)}&zone=utc`;
    await page.goto(`${reel.address}/compare?router=demo-lns-m&${early}`);
    const first = truth.listings['demo-lns-m']?.[0]?.at ?? 0;
    const told = `The history of demo-lns-m begins at ${iso(first).slice(0, 19).replace('T', ' ')} (UTC)`;
    await page.getByText(told).waitFor();
    expect(await page.getByText('The history of demo-lns-m begins').count()).toBe(1);
  });
});

test.each(['/', '/what-happened', '/routers', '/compare', '/capacity', '/lines', '/operations'])(
  'where there was nothing yet, %s says so in words',
  async (path) => {
    await page.goto(`${reel.address}${path}?${before}`);
    await page.waitForFunction(
      () =>
        document.querySelector('.panel') !== null && document.querySelector('[aria-busy="true"]') === null,
    );
    expect(await page.locator('main .nothing').count()).toBeGreaterThan(0);
    expect(await page.locator('main .failure').count()).toBe(0);
    // Nothing that is unknown looks like a number or a value.
    expect(await page.locator('main').innerText()).not.toMatch(/NaN|undefined|Invalid|Infinity/);
  },
);

test('what is known in part says of which routers it is silent', async () => {
  const later = `from=${iso(truth.to + 3_600_000)}&to=${iso(truth.to + 7_200_000)}&zone=utc`;
  await page.goto(`${reel.address}/what-happened?${later}`);
  await page.getByText(/Nothing came from .*demo-lac-north/).waitFor();
});

test('a session that has ended is told as it was last, with its subscriber', async () => {
  const listings = truth.listings['demo-lns-m'] ?? [];
  const last = new Set(listings.at(-1)?.sessions.map((s) => s.uid));
  const ended = listings[0]?.sessions.find((s) => s.user !== null && s.user !== '' && !last.has(s.uid));
  expect(ended).toBeDefined();
  const reused = listings
    .at(-1)
    ?.sessions.some((s) => s.tunnel === ended?.tunnel && s.session === ended.session);
  expect(reused).toBe(false);
  await page.goto(
    `${reel.address}/routers/demo-lns-m/${ended?.tunnel ?? 0}/${ended?.session ?? 0}?${window}`,
  );
  await page.getByText('It was not live').waitFor();
  const known = panel('As it was last listed');
  await known.getByText(ended?.user ?? '').waitFor();
  await known.getByText('Last seen').waitFor();
  await panel('The same subscriber').waitFor();
});

test('the page is built for people, whatever this process was started for', async () => {
  const assets = join(await builtPage(() => undefined), 'assets');
  const scripts = readdirSync(assets).filter((name) => name.endsWith('.js'));
  expect(scripts.length).toBeGreaterThan(0);
  for (const name of scripts)
    // What React says to developers only.
    expect(readFileSync(join(assets, name), 'utf8')).not.toContain('Encountered two children');
});
