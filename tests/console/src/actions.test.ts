/** What people do on the page, in a real Chromium: dead letters, replays, tokens; and the page that opens by itself. */
import { KafkaAdmin, KafkaClient, KafkaProducer, deadLetterOf } from '@sessionreel/kafka';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openBrowser, openContext, wide } from './browser.ts';
import { iso, startConsole, type Running } from './consoles.ts';

const truth = inject('truth');
const nothing = (): void => undefined;
const client = new KafkaClient({
  brokers: [inject('kafkaBrokers')],
  clientId: 'actions-test',
  log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
});
const admin = new KafkaAdmin(client);
const producer = new KafkaProducer(client);
const topics = { captures: 'actions.captures', dead: 'actions.dead', lab: 'actions.lab' };

let reel: Running;
let browser: Browser;
const tokens: Record<string, string> = {};

beforeAll(async () => {
  await admin.createTopics(Object.values(topics).map((topic) => ({ topic, partitions: 1 })));
  reel = await startConsole(
    {
      REEL_CONSOLE_ACCESS: 'on',
      REEL_SNAPSHOTS_TOPIC: topics.captures,
      REEL_DEAD_LETTERS_TOPIC: topics.dead,
    },
    {
      page: true,
      before: (app) => {
        for (const role of ['view', 'operator', 'admin'] as const)
          tokens[role] = app.tokens.add({
            name: `the ${role}`,
            role,
            sites: [],
            routers: [],
            expires_at: null,
          }).token;
      },
    },
  );
  browser = await openBrowser();
});
afterAll(async () => {
  await browser.close();
  await reel.stop();
  await producer.stop();
  await admin.stop();
});

/** The page as a person of that role sees it. */
async function as(role: string, path: string): Promise<Page> {
  const context = await openContext(browser, { colours: 'light', ...wide });
  const page = await context.newPage();
  await page.goto(reel.address);
  await page.getByLabel('Token').fill(tokens[role] ?? '');
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByText(`the ${role}`).waitFor();
  await page.goto(reel.address + path);
  await page.locator('.panel').first().waitFor();
  return page;
}

describe('dead letters', () => {
  beforeAll(async () => {
    const letter = (offset: number) =>
      deadLetterOf(
        {
          partition: 0,
          offset,
          timestamp: truth.from,
          key: Buffer.from('<b>lns</b>'),
          value: Buffer.from('<script>alert(1)</script>\u001b[31mred'),
          headers: {},
        },
        'parse',
        'no listing',
      );
    await producer.send(topics.dead, [letter(1), letter(2), letter(3)]);
  });

  test('whoever views sees them, as text, and has no buttons', async () => {
    const page = await as('view', '/operations');
    await page.getByRole('button', { name: '0/0' }).click();
    await page.getByText('<script>alert(1)</script>\\u001b[31mred').waitFor();
    expect(await page.getByRole('button', { name: 'Retry' }).count()).toBe(0);
    expect(await page.getByText('Start a replay').count()).toBe(0);
    await page.context().close();
  });

  test('an operator is asked first, says no, says yes, and is told what came of it', async () => {
    const page = await as('operator', '/operations');
    await page.getByRole('checkbox', { name: 'Choose 0/1' }).check();
    await page.getByRole('button', { name: 'Retry', exact: true }).click();
    await page.getByText('Send 1 letter again as captures?').waitFor();
    await page.getByRole('button', { name: 'No', exact: true }).click();
    await page.getByRole('button', { name: 'Retry', exact: true }).click();
    await page.getByRole('button', { name: 'Yes', exact: true }).click();
    await page.getByText('1 letter sent again.').waitFor();
    await page.getByRole('button', { name: '0/1', exact: true }).waitFor({ state: 'detached' });
    expect((await admin.watermarks(topics.captures)).get(0)?.high).toBe(1);
    await page.getByRole('button', { name: 'Choose all' }).click();
    await page.getByRole('button', { name: 'Drop', exact: true }).click();
    await page.keyboard.press('Enter');
    await page.getByText('Nobody has to deal with anything').waitFor();
    await page.context().close();
  });
});

describe('replays', () => {
  const window = `from=${iso(truth.from - 1_000)}&to=${iso(truth.to)}`;

  test('an operator starts one and sees it end; what is refused is said', async () => {
    const page = await as('operator', `/operations?${window}`);
    await page.getByText('Start a replay').click();
    await page.getByLabel('Into the topic').fill(topics.captures);
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.getByText('is read by this installation itself').waitFor();
    await page.getByLabel('Into the topic').fill(topics.lab);
    await page.locator('select[name="as"]').selectOption('events');
    await page.locator('select[name="router"]').selectOption('demo-lac-north');
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    const row = page.locator('tr', { hasText: topics.lab });
    await row.getByText('done').waitFor({ timeout: 60_000 });
    expect(await row.innerText()).toContain('100 %');
    await page.context().close();
  });

  test('and cancels one', async () => {
    const page = await as('operator', `/operations?${window}`);
    await page.getByText('Start a replay').click();
    await page.getByLabel('Into the topic').fill(topics.lab);
    await page.locator('select[name="router"]').selectOption('demo-lns-m');
    await page.locator('select[name="speed"]').selectOption('1');
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.getByRole('button', { name: `Cancel the replay into ${topics.lab}` }).click();
    await page.getByRole('button', { name: 'Yes', exact: true }).click();
    await page.locator('tr', { hasText: 'demo-lns-m' }).getByText('cancelled').waitFor();
    await page.getByRole('button', { name: `Go on with the replay into ${topics.lab}` }).waitFor();
    await page.context().close();
  });
});

describe('tokens', () => {
  test('an admin makes one, sees it once, and revokes it', async () => {
    const page = await as('admin', '/access');
    await page.getByText('Make a token').click();
    await page.getByLabel('Whose').fill('night shift');
    await page.getByLabel('Role').selectOption('operator');
    await page.getByLabel('Only routers').fill('demo-lns-m, demo-lns-mx');
    await page.getByRole('button', { name: 'Make', exact: true }).click();
    const secret = await page.locator('code.secret').innerText();
    expect(reel.app.tokens.find(secret)).toMatchObject({
      name: 'night shift',
      role: 'operator',
      routers: ['demo-lns-m', 'demo-lns-mx'],
    });
    await page.reload();
    await page.getByRole('cell', { name: 'night shift', exact: true }).waitFor();
    expect(await page.content()).not.toContain(secret);
    await page.getByRole('button', { name: 'Revoke the token of night shift' }).click();
    await page.getByRole('button', { name: 'Yes', exact: true }).click();
    await page.getByText('The token of night shift has ended.').waitFor();
    expect(reel.app.tokens.find(secret)).toBeUndefined();
    await page.getByLabel('changes only').check();
    await page.getByText(/make token .*: operator night shift/).waitFor();
    await page.context().close();
  });

  test('nobody else sees them', async () => {
    const page = await as('operator', '/access');
    await page.getByText('Tokens and the audit log are for the role admin.').waitFor();
    expect(await page.getByRole('link', { name: 'Access' }).count()).toBe(0);
    await page.context().close();
  });
});

test('when most sessions of a router close at once, what happened opens by itself', async () => {
  const listing = (sessions: number): Buffer => {
    const rows = Array.from(
      { length: sessions },
      (_, i) =>
        `  ${String(i + 1).padEnd(7)}${String(i + 1).padEnd(9)}Established          ${String(1_073_741_900 + i).padEnd(18)}si-5/2/0`,
    );
    const head = [
      'user@closing-lns> show services l2tp session',
      'Tunnel local ID: 40553',
      '  Local  Remote   State                Interface         Interface',
      '  ID     ID                            unit              Name',
    ];
    return Buffer.from(`${[...head, ...rows].join('\n')}\n\nuser@closing-lns> `);
  };
  const send = async (sessions: number, ago: number): Promise<void> => {
    const headers = { 'captured-at': iso(Date.now() - ago), complete: 'true' };
    await producer.send('l2tp.snapshots', [{ key: 'closing-lns', value: listing(sessions), headers }]);
  };
  const page = await as('view', '/');
  const elsewhere = await as('view', '/capacity');
  const listening = page.waitForResponse(/\/api\/live/);
  await page.reload();
  await listening;
  await send(80, 20_000);
  await page.getByRole('link', { name: 'closing-lns' }).first().waitFor({ timeout: 60_000 });
  await send(4, 1_000);
  await page.waitForURL(/\/what-happened\?.*at=/, { timeout: 60_000 });
  await page.getByText('This opened by itself').waitFor();
  await page.getByText('76 of 80 sessions closed at once').waitFor();
  // Whoever does something else is told, and stays there.
  await elsewhere.getByRole('alert').getByText('What happened?').waitFor({ timeout: 30_000 });
  expect(elsewhere.url()).toContain('/capacity');
  await page.context().close();
  await elsewhere.context().close();
});
