/**
 * The law of the product, by the simulator's truth: no event missing and none made up, traffic to the byte within what was printed,
 * restored state equal to live state, and the same history however captures are cut.
 */
import { Prng, type Capture } from '@sessionreel/fleet-sim';
import { describe, expect, it } from 'vitest';
import { capturesOf, type Run } from './fleets.ts';
import { Oracle } from './oracle.ts';
import { Subject } from './subject.ts';

const count = Number(process.env['LAW_SEEDS'] ?? 4);
const first = Number(process.env['LAW_FIRST'] ?? 1);
const seeds = Array.from({ length: count }, (_, n) => first + n);

interface Lane {
  readonly subject: Subject;
  readonly oracle: Oracle;
}

function lanes(run: Run, steadyClocks: boolean): { of: (capture: Capture) => Lane; all: Map<string, Lane> } {
  const all = new Map<string, Lane>();
  const of = (capture: Capture): Lane => {
    const known = all.get(capture.router) ?? {
      subject: new Subject(capture.router, { timezone: capture.timezone, keyframeEveryMs: 1_200_000 }),
      oracle: new Oracle({ mixedLevels: false, steadyClocks }),
    };
    all.set(capture.router, known);
    return known;
  };
  return { of, all };
}

function judge(run: Run, steadyClocks: boolean): string[] {
  const { of, all } = lanes(run, steadyClocks);
  for (const capture of capturesOf(run)) {
    const { subject, oracle } = of(capture);
    const { deltas, expired } = subject.process(capture);
    oracle.judgeExpired(expired);
    oracle.judge(
      capture,
      deltas.filter((d) => d.piece === 0),
    );
  }
  return [...all.values()].flatMap(({ oracle }) => oracle.problems);
}

describe('the history is the truth', () => {
  it.each(seeds)('of a clean run, seed %i', (seed) => {
    expect(judge({ seed, faults: 'none' }, true).slice(0, 8)).toEqual([]);
  });

  it.each(seeds)('of a run with mild faults, seed %i', (seed) => {
    expect(judge({ seed, faults: 'mild' }, false).slice(0, 8)).toEqual([]);
  });

  it.each(seeds)('of a run with every fault, seed %i', (seed) => {
    expect(judge({ seed, faults: 'harsh' }, false).slice(0, 8)).toEqual([]);
  });
});

/** Hash and size of every router after a run. */
function stateAfter(run: Run, chunks?: Prng): Record<string, string> {
  const { of, all } = lanes(run, false);
  for (const capture of capturesOf(run)) of(capture).subject.process(capture, chunks);
  return Object.fromEntries(
    [...all].map(([name, { subject }]) => [name, `${subject.state.sessions} ${subject.state.hash}`]),
  );
}

describe('how captures are cut', () => {
  it.each(seeds)('into parts or chunks changes no state, seed %i', (seed) => {
    const whole = stateAfter({ seed, faults: 'none', partSessions: 0 });
    expect(stateAfter({ seed, faults: 'none', partSessions: 5 })).toEqual(whole);
    expect(stateAfter({ seed, faults: 'none', partSessions: 0 }, new Prng(`chunks ${String(seed)}`))).toEqual(
      whole,
    );
  });
});

describe('restoring', () => {
  it.each(seeds)('from a checkpoint and the log since is the live state, seed %i', (seed) => {
    const run: Run = { seed, faults: 'harsh' };
    const { of, all } = lanes(run, false);
    const prng = new Prng(`restore ${String(seed)}`);
    const checkpoints = new Map<string, { pieces: Uint8Array[]; since: number }>();
    for (const capture of capturesOf(run)) {
      const { subject } = of(capture);
      if (prng.chance(0.05))
        checkpoints.set(subject.router, { pieces: subject.checkpoint(), since: subject.log.length });
      subject.process(capture);
      if (!prng.chance(0.1)) continue;
      const from = checkpoints.get(subject.router) ?? { pieces: [], since: 0 };
      const restored = subject.restored(from.pieces, from.since);
      const title = `${subject.router} ${String(capture.capturedAt)} ${capture.faults.join('+')}`;
      expect([restored.sessions, restored.hash, restored.at], title).toEqual([
        subject.state.sessions,
        subject.state.hash,
        subject.state.at,
      ]);
      expect([...restored.list()], title).toEqual([...subject.state.list()]);
      // What was restored goes on in place of what lived.
      if (prng.chance(0.5)) subject.state = restored;
    }
    expect(all.size).toBeGreaterThan(0);
  });
});
