/** A real Chromium, headless, that npm has brought. */
import chromium from '@sparticuz/chromium';
import { chromium as driver, type Browser, type BrowserContext } from 'playwright-core';

/** The package's flags are for machines without a GPU; those that would take the browser's own protections away are not wanted. */
const unwanted =
  /^--(?:headless|single-process|no-zygote|disable-web-security|allow-running-insecure-content|disable-site-isolation)/;

export async function openBrowser(environment: Record<string, string> = {}): Promise<Browser> {
  return await driver.launch({
    env: { ...process.env, ...environment },
    executablePath: await chromium.executablePath(),
    args: chromium.args.filter((arg) => !unwanted.test(arg)),
    headless: true,
  });
}

export interface Looks {
  readonly colours: 'light' | 'dark';
  readonly width: number;
  readonly height: number;
}

export const wide = { width: 1_440, height: 900 };
export const narrow = { width: 390, height: 844 };

export async function openContext(browser: Browser, looks: Looks): Promise<BrowserContext> {
  const { colours, width, height } = looks;
  return await browser.newContext({
    colorScheme: colours,
    viewport: { width, height },
    timezoneId: 'Europe/Berlin',
    locale: 'en-GB',
    reducedMotion: 'reduce',
  });
}
