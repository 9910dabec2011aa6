/** Runs of the simulator that the law is tried on, by seed. */
import {
  Prng,
  simulate,
  type Capture,
  type FaultSetting,
  type PollPlan,
  type Simulation,
} from '@sessionreel/fleet-sim';

export interface Run {
  readonly seed: number;
  readonly faults: FaultSetting;
  /** Default: drawn from the seed. */
  readonly partSessions?: number;
  /** Polls of level brief between those of level extensive. */
  readonly mixedLevels?: boolean;
  /** IDs are few and free at once: most are used again between two polls. */
  readonly fewIds?: boolean;
  /** Over a change of the clocks somewhere in the world. */
  readonly abroad?: boolean;
}

/** When clocks change (UTC): forward and back, by an hour and by half of one, at quarters, at midnight, in both hemispheres. */
const changes: readonly (readonly [zone: string, at: string])[] = [
  ['Europe/Berlin', '2026-03-29T01:00Z'],
  ['Europe/Dublin', '2026-10-25T01:00Z'],
  ['America/New_York', '2026-03-08T07:00Z'],
  ['America/New_York', '2026-11-01T06:00Z'],
  ['America/St_Johns', '2026-11-01T04:30Z'],
  ['America/Santiago', '2026-04-05T03:00Z'],
  ['Australia/Lord_Howe', '2026-04-04T15:00Z'],
  ['Australia/Lord_Howe', '2026-10-03T15:30Z'],
  ['Australia/Adelaide', '2026-04-04T16:30Z'],
  ['Pacific/Chatham', '2026-09-26T14:00Z'],
  ['Africa/Cairo', '2026-10-29T21:00Z'],
  ['Africa/Casablanca', '2026-03-22T02:00Z'],
  ['Asia/Kolkata', '2026-12-31T18:30Z'],
];

/** A few routers of every kind for an hour, with everything drawn from the seed that may be. */
export function fleetOf({
  seed,
  faults,
  partSessions,
  mixedLevels = false,
  fewIds = false,
  abroad = false,
}: Run): Simulation {
  const prng = new Prng(`fleet ${String(seed)}`);
  const drawn = {
    start: Date.UTC(2026, 9, 24, 21) + prng.int(0, 6) * 3_600_000 + prng.int(0, 3_600_000),
    pollEveryMs: prng.pick([30_000, 60_000, 120_000]),
    printRate: prng.pick([0, 0, 50]),
    partSessions: prng.pick([0, 6]),
  };
  const elsewhere = new Prng(`abroad ${String(seed)}`);
  const [zone, change] = elsewhere.pick(changes);
  // From before the change to after the hour that may come twice.
  const nearby = Date.parse(change) + elsewhere.int(-4_500_000, 3_600_000);
  return simulate({
    seed,
    routers: {
      count: 3,
      sessions: 25,
      formats: [prng.pick(['text', 'text', 'xml', 'json'])],
      ...(abroad ? { timezones: [zone] } : {}),
    },
    start: abroad ? nearby : drawn.start,
    durationMs: 32 * drawn.pollEveryMs,
    pollEveryMs: drawn.pollEveryMs,
    ...(mixedLevels ? { polls: levels(drawn.pollEveryMs) } : {}),
    faults,
    partSessions: partSessions ?? drawn.partSessions,
    printRate: drawn.printRate,
    textEnds: 'mixed',
    life: {
      lifetimeMs: 12 * drawn.pollEveryMs,
      lifetimeSigma: 0.8,
      setupFailure: 0.05,
      slowSetup: 0.4,
      flapping: 0.03,
      lingerMs: fewIds ? 1000 : prng.pick([2, 5]) * drawn.pollEveryMs,
      speedUpdateMs: 10 * drawn.pollEveryMs,
      filterChangeMs: 20 * drawn.pollEveryMs,
      // Without create times, nobody can tell for sure whether an ID was used again.
      idSpace: fewIds ? 24 : mixedLevels ? 65_535 : prng.pick([60, 65_535]),
      wrapShare: 0.3,
      hostileNames: 0.1,
    },
  });
}

function levels(everyMs: number): PollPlan[] {
  return [
    { level: 'brief', everyMs },
    { level: 'extensive', everyMs: 5 * everyMs },
    { level: 'statistics', everyMs: 7 * everyMs },
  ];
}

export function capturesOf(run: Run): Capture[] {
  return [...fleetOf(run)].filter((item) => item.kind === 'capture');
}
