/** The console: HTTP API and web page. Everything is wired here, by hand. */
import {
  Metrics,
  ConfigError,
  Shutdown,
  configure,
  createLogger,
  startHealth,
  waitFor,
} from '@sessionreel/ops';
import { Console } from './console.ts';
import { copyFleet } from './fleet-copy.ts';
import { builtPage } from './page-build.ts';
import { consoleSettings } from './settings.ts';

const settings = configure('console', consoleSettings);
const log = createLogger('console', { format: settings.logFormat, level: settings.logLevel });
const metrics = new Metrics('console', { runtime: true });
const shutdown = new Shutdown({ limitMs: settings.shutdownLimit, log });
shutdown.install();

let starting: string | undefined = 'starting';
const health = await startHealth({
  port: settings.healthPort,
  host: settings.healthHost,
  metrics,
  ready: () => (starting === undefined ? [] : [starting]),
});
shutdown.add('health', () => health.stop());

const app = made();
shutdown.add('the console', () => app.stop());
starting = 'building the page';
const page = await builtPage((text) => log.info(text));
try {
  const address = await app.start(page);
  log.info({ address }, `the console is at ${address}`);
} catch (error) {
  const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
  if (!taken) throw error;
  log.error(`port ${settings.consolePort} on ${settings.consoleHost} is taken; another one: --console-port`);
  await shutdown.exitAfter('the port is taken', 2);
}
if (settings.fleetFile !== '')
  await waitFor('the tables', () => copyFleet(app.store, settings.fleetFile).then((n) => ({ n })), {
    limitMs: Infinity,
    everyMs: 2_000,
    signal: shutdown.signal,
    onWait: (what, _ms, reason) => log.info({ reason }, `waiting for ${what}`),
  }).catch((error: unknown) => {
    if (!shutdown.signal.aborted) log.error({ error }, 'the fleet file cannot be copied');
  });
starting = undefined;

/** Settings that do not fit together end the program with status 2, as wrong ones do. */
function made(): Console {
  try {
    return new Console(settings, log);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`console: ${error.message}\n`);
    process.exit(2);
  }
}
