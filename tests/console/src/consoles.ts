/** Consoles of the tests' own, in this process, on free ports. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { Console, builtPage, consoleSettings } from '@sessionreel/console';
import { createLogger, loadSettings } from '@sessionreel/ops';
import { inject } from 'vitest';

export interface Running {
  readonly address: string;
  readonly app: Console;
  /** Folder of its tokens and audit log. */
  readonly data: string;
  /** The body as JSON, and the response. */
  readonly get: (
    path: string,
    init?: RequestInit,
  ) => Promise<{ readonly response: Response; readonly body: unknown }>;
  readonly stop: () => Promise<void>;
}

export function settingsFor(environment: Readonly<Record<string, string>>, data: string) {
  return loadSettings(consoleSettings, {
    environment: {
      REEL_CLICKHOUSE_URL: inject('clickhouseUrl'),
      REEL_KAFKA_BROKERS: inject('kafkaBrokers'),
      REEL_CONSOLE_PORT: '0',
      REEL_CONSOLE_DATA: data,
      ...environment,
    },
  }).values;
}

export async function startConsole(
  environment: Readonly<Record<string, string>> = {},
  options: {
    readonly page?: boolean;
    readonly before?: (app: Console) => void;
    /** Of a console that ran before. */
    readonly data?: string;
  } = {},
): Promise<Running> {
  const data = options.data ?? mkdtempSync(join(inject('dir'), 'console-'));
  const log = createLogger('console', { format: 'json', level: 'warn' });
  const app = new Console(settingsFor(environment, data), log);
  options.before?.(app);
  const address = await app.start(options.page === true ? await builtPage(() => undefined) : undefined);
  return {
    address,
    app,
    data,
    get: async (path, init) => {
      const response = await fetch(address + path, init);
      const text = await response.text();
      return { response, body: text.startsWith('{') ? (JSON.parse(text) as unknown) : text };
    },
    stop: () => app.stop(),
  };
}

export const iso = (ms: number): string => new Date(ms).toISOString();
