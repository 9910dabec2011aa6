/** What a session costs when routers are large, when there are many, and when there are more workers. */
import { SteadyState } from '@sessionreel/fleet-sim';
import {
  benchmark,
  benchmarkCase,
  plainInput,
  simulatorHash,
  type Contender,
  type Sample,
} from './harness/index.ts';
import { Engine } from './stack/engine.ts';
import { fleetInput, type FleetShape } from './stack/fleet.ts';
import { ourPipeline, partMetrics } from './stack/ours.ts';
import { startServers } from './stack/servers.ts';

interface Size {
  readonly routers: number;
  readonly sessionsPerRouter: number;
}

/** Sessions that a run goes through at least: less is over before the code is compiled. */
const leastSessions = 64_000;
/** Captures that are printed; more routers than that print what others do. */
const printers = 20;

/** Parse, diff and Avro on one core. */
const engines: Contender<Size> = {
  name: 'parse, diff, Avro',
  kind: 'ours',
  nodeFlags: ['--max-old-space-size=8192'],
  setup({ routers, sessionsPerRouter }) {
    const states = Array.from(
      { length: Math.min(routers, printers) },
      (_, n) =>
        new SteadyState({
          seed: `scale/${n}`,
          variant: 'lns-mx',
          level: 'extensive',
          format: 'text',
          sessions: sessionsPerRouter,
          churn: 0.002,
          partSessions: sessionsPerRouter > 8_000 ? 4_000 : 0,
        }),
    );
    const all = Array.from({ length: routers }, (_, n) => new Engine(`lns-${n}`));
    const round = (): { cpu: number; seconds: number } => {
      const captures = states.map((state) => state.next());
      // Half a million of the simulator's sessions in this heap are not ours to collect in the midst of a round. Smaller heaps are
      // left alone: a collection also drops compiled code.
      if (process.memoryUsage().heapUsed > 2 ** 29) globalThis.gc?.();
      const used = process.cpuUsage();
      const began = performance.now();
      all.forEach((engine, n) => {
        const capture = captures[n % captures.length];
        if (capture !== undefined) engine.capture(capture, () => undefined);
      });
      const { user, system } = process.cpuUsage(used);
      return { cpu: (user + system) / 1e6, seconds: (performance.now() - began) / 1000 };
    };
    const repeats = Math.ceil(leastSessions / (routers * sessionsPerRouter));
    const sessions = routers * sessionsPerRouter * repeats;
    const run = (): Sample => {
      const rounds = Array.from({ length: repeats }, round);
      const cpu = rounds.reduce((sum, one) => sum + one.cpu, 0);
      const seconds = rounds.reduce((sum, one) => sum + one.seconds, 0);
      return { work: sessions, seconds, cpuSeconds: cpu, values: { us_session: (cpu * 1e6) / sessions } };
    };
    // The openings, and the compiler's turn.
    run();
    return { run };
  },
};

const metrics = {
  rate: { unit: 'sessions/s' },
  cpu_rate: { unit: 'sessions a CPU second' },
  us_session: { unit: 'µs of CPU a session', better: 'lower' },
} as const;

const size = (name: string, value: Size) =>
  benchmarkCase<Size>({
    name,
    input: plainInput(name, value, simulatorHash()),
    contenders: [engines],
    metrics,
    rounds: 5,
    runLimitS: 600,
  });

const fleet: FleetShape = {
  routers: 16,
  sessionsPerRouter: 4_000,
  churn: 0.002,
  partSessions: 1_000,
  seed: 'scale',
};

const workers = (count: number) =>
  benchmarkCase<FleetShape>({
    name: `the stack, ${count} worker${count === 1 ? '' : 's'}`,
    input: fleetInput('16 × 4k sessions, by workers', fleet),
    contenders: [ourPipeline({ name: 'sessionreel', polls: 3, workers: count })],
    metrics: { ...metrics, mb_rate: { unit: 'MB/s of captures' }, ...partMetrics },
    fixture: startServers,
    rounds: 3,
    runLimitS: 180,
  });

export default benchmark({
  about: 'cost of a session by size of router, count of routers, and workers',
  budgetS: 150,
  cases: [
    size('1 router of 1k sessions', { routers: 1, sessionsPerRouter: 1_000 }),
    size('1 router of 8k sessions', { routers: 1, sessionsPerRouter: 8_000 }),
    size('1 router of 64k sessions', { routers: 1, sessionsPerRouter: 64_000 }),
    size('10 routers of 64 sessions', { routers: 10, sessionsPerRouter: 64 }),
    size('100 routers of 64 sessions', { routers: 100, sessionsPerRouter: 64 }),
    size('1,000 routers of 64 sessions', { routers: 1_000, sessionsPerRouter: 64 }),
    size('10,000 routers of 64 sessions', { routers: 10_000, sessionsPerRouter: 64 }),
    workers(1),
    workers(2),
    // Last: they take longest to print.
    size('250 routers of 8k sessions', { routers: 250, sessionsPerRouter: 8_000 }),
    size('1 router of 512k sessions', { routers: 1, sessionsPerRouter: 512_000 }),
  ],
});
