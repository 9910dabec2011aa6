/**
 * Makes the README's pictures of the console: `node tests/console/src/screenshots.ts ADDRESS [FOLDER]`, of a console that runs, such as
 * that of `npm start` after ten minutes.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openBrowser, openContext, wide } from './browser.ts';

const [
  address = 'http://127.0.0.1:8080',
  folder = fileURLToPath(new URL('../../../docs/images', import.meta.url)),
] = process.argv.slice(2);

const pictures = [
  { name: 'fleet', path: '/', colours: 'light' },
  { name: 'what-happened', path: '/what-happened', colours: 'dark' },
  { name: 'router', path: '/routers/demo-lns-m', colours: 'light' },
  { name: 'printed', path: '/routers/demo-lns-m?tab=printed', colours: 'dark' },
] as const;

mkdirSync(folder, { recursive: true });
const browser = await openBrowser();
try {
  for (const { name, path, colours } of pictures) {
    const context = await openContext(browser, { colours, ...wide });
    const page = await context.newPage();
    await page.goto(address + path);
    // It is live, so that something is always being asked again.
    await page.waitForFunction(
      () => document.querySelector('.panel') !== null && document.querySelector('.spinner') === null,
    );
    await page.waitForTimeout(1_000);
    await page.screenshot({ path: join(folder, `console-${name}.png`) });
    await context.close();
  }
} finally {
  await browser.close();
}
