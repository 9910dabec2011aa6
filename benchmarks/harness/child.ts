/** The process of one contender: sets it up, and runs it whenever the parent says so. */
import { pathToFileURL } from 'node:url';
import type { Benchmark, Runner, Sample } from './benchmark.ts';

export type ToChild = { readonly run: true } | { readonly stop: true };
export type FromChild =
  | { readonly ready: true }
  | { readonly sample: Sample & { readonly seconds: number; readonly cpuSeconds: number } }
  | { readonly failed: string };

const [path = '', caseName = '', contenderName = '', fixture = 'null'] = process.argv.slice(2);

function tell(message: FromChild): void {
  process.send?.(message);
}

async function prepare(): Promise<Runner> {
  const { default: found } = (await import(pathToFileURL(path).href)) as { default: Benchmark };
  const chosen = found.cases.find(({ name }) => name === caseName);
  const contender = chosen?.contenders.find(({ name }) => name === contenderName);
  if (chosen === undefined || contender === undefined)
    throw new Error(`no ${caseName} / ${contenderName} in ${path}`);
  return contender.setup(await chosen.input.load(), JSON.parse(fixture));
}

async function measured(runner: Runner): Promise<FromChild> {
  // What one run leaves behind is not the next one's cost.
  (globalThis as { gc?: () => void }).gc?.();
  const used = process.cpuUsage();
  const start = process.hrtime.bigint();
  const sample = await runner.run();
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  const { user, system } = process.cpuUsage(used);
  return { sample: { seconds, cpuSeconds: (user + system) / 1e6, ...sample } };
}

function failed(error: unknown): void {
  tell({ failed: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}

try {
  const runner = await prepare();
  process.on('message', (message: ToChild) => {
    if ('run' in message) void measured(runner).then(tell, failed);
    else
      void Promise.resolve(runner.stop?.())
        .catch(failed)
        .then(() => process.exit());
  });
  tell({ ready: true });
} catch (error) {
  failed(error);
}
// The parent is gone: nobody will ask again.
process.on('disconnect', () => process.exit());
