/**
 * How long the threads stand still while a large router is taken: the main thread, which hands captures to a worker and takes events
 * from it, and the worker, for each part.
 */
import { on } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { benchmark, benchmarkCase, plainInput, simulatorHash, type Contender } from './harness/index.ts';
import type { EngineWork, PrintedPart, TakenPart } from './stack/engine-worker.ts';

const workerFile = new URL('./stack/engine-worker.ts', import.meta.url);

interface Pauses {
  /** Longest delay of the main thread's event loop (ms). */
  readonly main: number;
  /** Longest part in the worker (ms), and the last one, which ends the snapshot. */
  readonly part: number;
  readonly last: number;
  readonly seconds: number;
}

async function printed(printer: Worker): Promise<PrintedPart[]> {
  const parts: PrintedPart[] = [];
  printer.postMessage(null);
  for await (const [part] of on(printer, 'message') as AsyncIterable<[PrintedPart]>)
    if (parts.push(part) === part.parts) break;
  return parts;
}

/** Two parts are under way at a time, as in the processor. */
async function taken(engine: Worker, parts: readonly PrintedPart[]): Promise<Pauses> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  // What was before is not measured.
  await sleep(200);
  delay.enable();
  await sleep(20);
  delay.reset();
  const began = performance.now();
  const times: number[] = [];
  const send = (part: PrintedPart | undefined): void => {
    if (part !== undefined) engine.postMessage(part, [part.bytes.buffer as ArrayBuffer]);
  };
  const events = on(engine, 'message') as AsyncIterable<[TakenPart]>;
  let next = 2;
  send(parts[0]);
  send(parts[1]);
  for await (const [{ ms }] of events) {
    if (times.push(ms) === parts.length) break;
    send(parts[next++]);
  }
  const seconds = (performance.now() - began) / 1000;
  await sleep(20);
  delay.disable();
  return { main: delay.max / 1e6, part: Math.max(...times.slice(0, -1)), last: times.at(-1) ?? 0, seconds };
}

const ours: Contender<EngineWork> = {
  name: 'sessionreel',
  kind: 'ours',
  setup(work) {
    const resourceLimits = { maxOldGenerationSizeMb: 8192 };
    return {
      async run() {
        const printer = new Worker(workerFile, { workerData: work, resourceLimits });
        const engine = new Worker(workerFile, { workerData: null, resourceLimits });
        const used = process.cpuUsage();
        try {
          const first = await taken(engine, await printed(printer));
          const steady = await taken(engine, await printed(printer));
          const { user, system } = process.cpuUsage(used);
          return {
            seconds: first.seconds + steady.seconds,
            cpuSeconds: (user + system) / 1e6,
            values: {
              main_ms: Math.max(first.main, steady.main),
              first_part_ms: first.part,
              first_last_ms: first.last,
              steady_part_ms: steady.part,
              steady_last_ms: steady.last,
            },
          };
        } finally {
          await Promise.all([printer.terminate(), engine.terminate()]);
        }
      },
    };
  },
};

const ms = (what: string, goal?: number) =>
  ({ unit: `ms, ${what}`, better: 'lower', ...(goal === undefined ? {} : { goal }) }) as const;

const sessions = (count: number) =>
  benchmarkCase<EngineWork>({
    name: `a router of ${count / 1000}k sessions, in parts of 4k`,
    input: plainInput(`${count}`, { sessions: count, partSessions: 4_000 }, simulatorHash()),
    contenders: [ours],
    metrics: {
      main_ms: ms('longest delay of the main thread', 50),
      first_part_ms: ms('longest part of the first snapshot, in the worker'),
      first_last_ms: ms('its last part'),
      steady_part_ms: ms('longest part of the second'),
      steady_last_ms: ms('its last part'),
    },
    warmup: 0,
    // A run prints and takes each session twice.
    rounds: count > 100_000 ? 1 : 3,
    runLimitS: 600,
  });

export default benchmark({
  about: 'pauses while a large router is taken',
  cases: [sessions(64_000), sessions(512_000)],
});
