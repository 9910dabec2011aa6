/** Bytes that the state table holds for each live session, after it has seen some snapshots: rows, index, strings, layouts. */
import {
  benchmark,
  benchmarkCase,
  steadyInput,
  type Captures,
  type Contender,
  type Input,
} from './harness/index.ts';
import { RouterPipe } from './diff/router-pipe.ts';

const ours: Contender<Captures> = {
  name: 'sessionreel',
  kind: 'ours',
  rounds: 3,
  setup: (input) => ({
    run() {
      const pipe = new RouterPipe();
      for (const capture of input.captures) pipe.take(capture, capture.capturedAt);
      return { values: { bytes: pipe.state.bytes / pipe.state.sessions }, hash: pipe.state.hash };
    },
  }),
};

/** As one would keep them: an object a session in a Map, by what the heap grows. */
const naive: Contender<Captures> = {
  name: 'objects in a Map',
  kind: 'peer',
  note: 'strings and BigInts in an object a session, by what the heap grows',
  rounds: 3,
  async setup(input) {
    const { NaiveDiff } = await import('./diff/naive.ts');
    const collect = (globalThis as { gc?: () => void }).gc;
    return {
      run() {
        collect?.();
        const before = process.memoryUsage().heapUsed;
        const diff = new NaiveDiff();
        let sessions = 1;
        for (const capture of input.captures.slice(0, 1)) {
          diff.take(capture);
          ({ sessions } = capture);
        }
        collect?.();
        const bytes = (process.memoryUsage().heapUsed - before) / sessions;
        // Alive until here.
        return { values: { bytes: bytes + 0 * diff.known } };
      },
    };
  },
};

const state = (name: string, input: Input<Captures>, contenders: readonly Contender<Captures>[]) =>
  benchmarkCase<Captures>({
    name,
    input,
    contenders,
    metrics: { bytes: { unit: 'bytes a live session', better: 'lower', goal: 256 } },
  });

const extensive = { seed: 'bench', level: 'extensive', format: 'text' } as const;
const of = (variant: 'lns-mx' | 'lns-m' | 'lac', sessions: number): Input<Captures> =>
  steadyInput(`${variant}, ${sessions} sessions, 2 snapshots`, [{ ...extensive, variant, sessions }], 2);

export default benchmark({
  about: 'memory of the state table',
  cases: [
    state('LNS on MX, 16k sessions', of('lns-mx', 16_000), [ours, naive]),
    state('LNS on MX, 64k sessions', of('lns-mx', 64_000), [ours]),
    state('LNS on M, 64k sessions', of('lns-m', 64_000), [ours]),
    state('LAC, 64k sessions', of('lac', 64_000), [ours]),
  ],
});
