import { expect, test } from 'vitest';
import { openBrowser } from './browser.ts';
import { startConsole } from './consoles.ts';

// Such a browser says "en-US@posix", which Intl refuses.
test('a browser without a locale shows the page', async () => {
  const reel = await startConsole({}, { page: true });
  const browser = await openBrowser({ LANG: 'C', LC_ALL: 'C' });
  try {
    const page = await browser.newPage();
    await page.goto(reel.address);
    await page.locator('.panel').first().waitFor();
    expect(await page.evaluate(() => navigator.language)).not.toContain('@');
  } finally {
    await browser.close();
    await reel.stop();
  }
});
