/**
 * What a snapshot costs from bytes to bytes: parse, diff and Avro, of one router on one core. Steady, first and shuffled snapshots,
 * beside a diff as one would write it in an afternoon.
 */
import { createHash } from 'node:crypto';
import {
  benchmark,
  benchmarkCase,
  firstSnapshot,
  steadyInput,
  type Capture,
  type Captures,
  type Contender,
  type Input,
} from './harness/index.ts';
import { NaiveDiff } from './diff/naive.ts';
import { RouterPipe, type Summary } from './diff/router-pipe.ts';
import { shuffled } from './diff/shuffle.ts';

interface Taker {
  take(capture: Capture, at: number): Summary;
}

/**
 * Takes all captures in order, by a new state each run; those before `timed` only make the state. The hash is over what was told:
 * opened, closed, changed, and the bytes counted.
 */
function contender(
  given: Pick<Contender<Captures>, 'name' | 'kind'> & { readonly note?: string; readonly rounds?: number },
  make: () => Taker,
  timed: number,
  order: (captures: readonly Capture[]) => readonly Capture[],
): Contender<Captures> {
  return {
    ...given,
    setup(input) {
      const captures = order(input.captures);
      // A worker has other routers: without any alive, V8 forgets between two runs what their objects look like, and compiles anew.
      const alive: Taker[] = [];
      return {
        run() {
          const taker = make();
          const hash = createHash('sha256');
          let sessions = 0;
          let used = process.cpuUsage();
          let started = process.hrtime.bigint();
          captures.forEach((capture, i) => {
            if (i === timed) {
              used = process.cpuUsage();
              started = process.hrtime.bigint();
            }
            const summary = taker.take(capture, capture.capturedAt);
            hash.update(JSON.stringify(summary));
            if (i >= timed) sessions += capture.sessions;
          });
          const { user, system } = process.cpuUsage(used);
          const seconds = Number(process.hrtime.bigint() - started) / 1e9;
          const cpuSeconds = (user + system) / 1e6;
          alive[0] = taker;
          return { work: sessions, seconds, cpuSeconds, hash: hash.digest('hex').slice(0, 16) };
        },
      };
    },
  };
}

const asTaken = (captures: readonly Capture[]): readonly Capture[] => captures;
const allShuffled = (captures: readonly Capture[]): readonly Capture[] =>
  captures.map((capture, i) => (i === 0 ? capture : shuffled(capture, i)));

function diffCase(
  name: string,
  input: Input<Captures>,
  goal: number,
  timed: number,
  order = asTaken,
): ReturnType<typeof benchmarkCase> {
  return benchmarkCase<Captures>({
    name,
    input,
    rounds: 5,
    // A worker runs for days: its code is compiled.
    warmup: 4,
    sameResult: true,
    metrics: {
      rate: { unit: 'sessions/s' },
      cpu_rate: { unit: 'sessions a CPU second', goal },
    },
    contenders: [
      contender({ name: 'sessionreel', kind: 'ours' }, () => new RouterPipe(), timed, order),
      contender(
        { name: 'naive', kind: 'peer', note: 'regexes, objects, Map, deep-equal, avsc', rounds: 3 },
        () => new NaiveDiff(),
        timed,
        order,
      ),
    ],
  });
}

const mx = { seed: 'bench', variant: 'lns-mx', level: 'extensive', format: 'text' } as const;
const few = steadyInput('three snapshots, 8k sessions', [{ ...mx, sessions: 8_000 }], 3);
const steady = (sessions: number, snapshots: number): Input<Captures> =>
  steadyInput(`steady, ${sessions} sessions`, [{ ...mx, sessions, churn: 0.002 }], snapshots);

export default benchmark({
  about: 'parse, diff and Avro of snapshots, from bytes to bytes',
  budgetS: 240,
  cases: [
    diffCase('steady, 1k sessions', steady(1_000, 120), 1_000_000, 1),
    diffCase('steady, 4k sessions', steady(4_000, 24), 1_000_000, 1),
    diffCase('steady, 8k sessions', steady(8_000, 12), 1_000_000, 1),
    diffCase('steady, 64k sessions', steady(64_000, 3), 1_000_000, 1),
    diffCase('first, 64k sessions', firstSnapshot, 300_000, 0),
    diffCase('shuffled, 8k sessions', few, 500_000, 1, allShuffled),
  ],
});
