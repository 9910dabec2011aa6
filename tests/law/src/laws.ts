/**
 * The laws of the product, each tried on a run of the simulator by its seed: no event missing and none made up, traffic to the byte
 * within what was printed, restored state equal to live state, and the same history however captures are cut.
 */
import { isDeepStrictEqual } from 'node:util';
import { Prng, type Capture } from '@sessionreel/fleet-sim';
import type { SessionDelta } from '@sessionreel/session-model';
import { capturesOf, type Run } from './fleets.ts';
import { Oracle } from './oracle.ts';
import { keyOf } from './shadow.ts';
import { Subject } from './subject.ts';

export interface Law {
  readonly name: string;
  /** How it is broken with this seed, in words; nothing when it holds. */
  broken(seed: number): string[];
}

interface Lane {
  readonly subject: Subject;
  readonly oracle: Oracle;
}

interface Lanes {
  readonly of: (capture: Capture) => Lane;
  readonly all: ReadonlyMap<string, Lane>;
}

function lanes(run: Run, steadyClocks: boolean): Lanes {
  const all = new Map<string, Lane>();
  const of = (capture: Capture): Lane => {
    const known = all.get(capture.router) ?? {
      subject: new Subject(capture.router, { timezone: capture.timezone, keyframeEveryMs: 1_200_000 }),
      oracle: new Oracle({ mixedLevels: run.mixedLevels ?? false, steadyClocks }),
    };
    all.set(capture.router, known);
    return known;
  };
  return { of, all };
}

/** Every delta is judged by the simulator's truth. */
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

/** What was told, by router and time; whichever part told it. Beside it the states in the end, by router. */
function toldBy(run: Run, chunks?: Prng): Map<string, string[]> {
  const { of, all } = lanes(run, false);
  const told = new Map<string, string[]>();
  for (const capture of capturesOf(run)) {
    const { deltas } = of(capture).subject.process(capture, chunks);
    const key = `${capture.router} ${String(capture.capturedAt)}`;
    const list = told.get(key) ?? [];
    told.set(key, list);
    for (const delta of deltas) if (delta.piece === 0) list.push(...eventsOf(delta));
  }
  for (const list of told.values()) list.sort();
  for (const [name, { subject }] of all)
    told.set(`${name} in the end`, [`${subject.state.sessions} ${subject.state.hash}`]);
  return told;
}

function eventsOf(delta: SessionDelta): string[] {
  const images = (['opened', 'changed', 'closed'] as const).flatMap((kind) =>
    delta[kind].map((i) => [kind, keyOf(i), i.reason, i.changed.join('+'), i.last_seen_at].join(' ')),
  );
  const counters = [...delta.counters, ...delta.counters_rounded].map((c) => {
    const moved = Object.entries(c.deltas).filter(([, value]) => value !== 0n);
    return ['counted', keyOf(c), c.kind, c.interval_s, ...moved.map(([n, v]) => `${n}=${String(v)}`)].join(
      ' ',
    );
  });
  return [...images, ...counters, ...delta.router_events.map((e) => `${e.kind} ${e.sessions}`)];
}

function differences(a: ReadonlyMap<string, string[]>, b: ReadonlyMap<string, string[]>): string[] {
  return [...new Set([...a.keys(), ...b.keys()])].flatMap((key) => {
    const [x, y] = [a.get(key) ?? [], b.get(key) ?? []];
    if (isDeepStrictEqual(x, y)) return [];
    const only = (these: string[], those: string[]): string =>
      these.filter((event) => !those.includes(event)).join('; ');
    return [`${key}: only one says ${only(x, y)}, only the other ${only(y, x)}`];
  });
}

/** A transaction that is rolled back leaves nothing, and gives the same deltas again. */
function rolledBack(run: Run): string[] {
  const problems: string[] = [];
  const { of } = lanes(run, false);
  const prng = new Prng(`rollback ${String(run.seed)}`);
  for (const capture of capturesOf(run)) {
    const { subject } = of(capture);
    if (!prng.chance(0.3)) {
      subject.process(capture);
      continue;
    }
    const before = snapshotOf(subject);
    subject.begin();
    subject.process(capture);
    const once = subject.rollback();
    const where = whereOf(capture);
    if (!isDeepStrictEqual(snapshotOf(subject), before)) problems.push(`${where}: something is left`);
    const since = subject.log.length;
    subject.process(capture);
    if (!isDeepStrictEqual(subject.log.slice(since), once)) problems.push(`${where}: tells other deltas`);
  }
  return problems;
}

/** What is restored from a checkpoint and the log since is the live state, and goes on in place of it. */
function restored(run: Run): string[] {
  const problems: string[] = [];
  const { of } = lanes(run, false);
  const prng = new Prng(`restore ${String(run.seed)}`);
  const checkpoints = new Map<string, { pieces: Uint8Array[]; since: number }>();
  for (const capture of capturesOf(run)) {
    const { subject } = of(capture);
    if (prng.chance(0.05))
      checkpoints.set(subject.router, { pieces: subject.checkpoint(), since: subject.log.length });
    subject.process(capture);
    if (!prng.chance(0.1)) continue;
    const from = checkpoints.get(subject.router) ?? { pieces: [], since: 0 };
    const { state } = subject;
    const copy = subject.restored(from.pieces, from.since);
    const live = snapshotOf(subject);
    subject.state = copy;
    if (!isDeepStrictEqual(snapshotOf(subject), live))
      problems.push(
        `${whereOf(capture)}: ${copy.sessions} ${copy.hash}, live ${state.sessions} ${state.hash}`,
      );
    if (prng.chance(0.5)) subject.state = state;
  }
  return problems;
}

const snapshotOf = ({ state }: Subject): unknown[] => [
  state.sessions,
  state.hash,
  state.at,
  [...state.list()],
];

const whereOf = ({ router, capturedAt, faults }: Capture): string =>
  `${router} ${String(capturedAt)} ${faults.join('+')}`;

/** What befalls routers, without what befalls captures. */
const clockless = {
  router: { reboot: 10, daemonRestart: 10, clearStatistics: 10, tunnelDown: 20, failover: 10 },
};
/** Levels that interleave, with what befalls captures and routers, but clocks. */
const interleaved = {
  capture: { cut: 0.04, duplicate: 0.04, missed: 0.04, garbage: 0.03, filtered: 0.04, open: 0.04 },
  router: { clearStatistics: 12, tunnelDown: 12, failover: 8, reboot: 4 },
};

/** Parts that a fleet does not draw by itself: levels that interleave, in parts, with every fault. */
const everything = (seed: number): Run => ({ seed, faults: 'harsh', mixedLevels: true, partSessions: 6 });

export const laws: readonly Law[] = [
  { name: 'clean', broken: (seed) => judge({ seed, faults: 'none' }, true) },
  { name: 'few ids', broken: (seed) => judge({ seed, faults: 'none', fewIds: true }, true) },
  { name: 'mild', broken: (seed) => judge({ seed, faults: 'mild' }, false) },
  { name: 'harsh', broken: (seed) => judge({ seed, faults: 'harsh' }, false) },
  { name: 'levels', broken: (seed) => judge({ seed, faults: 'none', mixedLevels: true }, true) },
  { name: 'abroad', broken: (seed) => judge({ seed, faults: 'none', abroad: true }, true) },
  { name: 'abroad, faults', broken: (seed) => judge({ seed, faults: 'harsh', abroad: true }, false) },
  { name: 'abroad, restore', broken: (seed) => restored({ ...everything(seed), abroad: true }) },
  {
    name: 'levels, faults',
    broken: (seed) => judge({ seed, faults: interleaved, mixedLevels: true }, true),
  },
  {
    name: 'parts',
    broken: (seed) =>
      differences(
        toldBy({ seed, faults: clockless, partSessions: 5 }),
        toldBy({ seed, faults: clockless, partSessions: 0 }),
      ),
  },
  {
    name: 'chunks',
    broken(seed) {
      const run: Run = { seed, faults: clockless, partSessions: 0 };
      return differences(toldBy(run, new Prng(`chunks ${String(seed)}`)), toldBy(run));
    },
  },
  { name: 'rollback', broken: (seed) => rolledBack({ seed, faults: 'harsh' }) },
  { name: 'rollback, levels', broken: (seed) => rolledBack(everything(seed)) },
  { name: 'restore', broken: (seed) => restored({ seed, faults: 'harsh' }) },
  { name: 'restore, levels', broken: (seed) => restored(everything(seed)) },
];
