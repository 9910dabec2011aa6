/** `reel fleet …`: the fleet as it stood, and what came and went. */
import {
  anomaliesIn,
  churn,
  concurrency,
  coverageOf,
  dimensions,
  endsByReason,
  fleetAt,
  flapping,
  knownRouters,
  setupFailures,
  silentRouters,
  type Dimension,
  type SeriesDimension,
} from '@sessionreel/queries';
import { Option, type Command } from 'commander';
import { answering, column, coverageNotes, idColumns, plotWidth, section } from './answer.ts';
import {
  atOf,
  secondsOf,
  withAt,
  withRange,
  wholeRangeOf,
  wholeNumber,
  type AtFlags,
  type RangeFlags,
} from './ask.ts';
import { registerLines } from './fleet-lines.ts';
import { registerTraffic } from './fleet-traffic.ts';
import { plot } from '../terminal/plot.ts';
import { processIo, type Io } from '../terminal/terminal.ts';
import { printTime } from '../terminal/times.ts';

const help = `
Sums over LACs and LNSs count every call at both of its ends: --by role keeps them apart, and "reel fleet both-ends" counts
subscribers once. Where captures do not print what a question needs (names in the text of MX routers, counters on a LAC), the
answer says so; a time without snapshots is a gap, never a zero.

Without --from: the last day.
`;

export function register(program: Command, io: Io = processIo): void {
  const fleet = program
    .command('fleet')
    .description(
      'sessions by state, router, site, peer, tunnel; churn; setup failures; flaps; top users; billing',
    )
    .addHelpText('after', help);
  registerCounts(fleet, io);
  registerChurn(fleet, io);
  registerTraffic(fleet, io);
  registerLines(fleet, io);
  registerTroubles(fleet, io);
}

const seriesDimensions: readonly SeriesDimension[] = [
  'role',
  'fleet',
  'router',
  'state',
  'peer_gateway',
  'tunnel_group',
  'site',
  'site_role',
];

function registerCounts(fleet: Command, io: Io): void {
  const sessions = fleet
    .command('sessions')
    .description('live sessions at a time, by what they have in common')
    .addOption(new Option('--by <what>', 'counted by').choices(Object.keys(dimensions)).default('state'));
  answering(
    withAt(sessions),
    io,
    ['fleet sessions --by peer_gateway', "fleet sessions --by state --at '2026-11-20 10:00' --output csv"],
    async (store, flags: AtFlags & { by: Dimension }) => {
      const at = atOf(flags, io);
      const rows = await fleetAt(store, { at, by: flags.by });
      const total = rows.reduce((n, r) => n + r.sessions, 0);
      const columns = [
        column<(typeof rows)[number]>(
          'name',
          flags.by.replace('_', ' '),
          (x) => x.name,
          (x) => (x.name === '' ? '(not printed)' : x.name),
        ),
        column<(typeof rows)[number]>('sessions', 'sessions', (x) => x.sessions),
      ];
      return {
        sections: [section('sessions', 'sessions', columns, rows)],
        notes: [
          `${total.toLocaleString('en')} sessions listed at ${printTime(at)}`,
          ...coverageNotes(rows.coverage),
        ],
      };
    },
  );
  const series = fleet
    .command('series')
    .description('concurrent sessions over time')
    .addOption(new Option('--by <what>', 'a line each').choices(seriesDimensions).default('role'))
    .option('--step <duration>', 'distance of the points, such as 5m or 1h; default: about 100 of them');
  answering(
    withRange(series),
    io,
    [
      'fleet series',
      'fleet series --by site_role --from -7d --step 1h',
      'fleet series --by state --from -6h --output csv',
    ],
    async (store, flags: RangeFlags & { by: SeriesDimension; step?: string }) => {
      const range = wholeRangeOf(flags, io);
      const stepS = stepOf(flags.step, range);
      const answer = await concurrency(store, { ...range, by: flags.by, stepS });
      const rows = answer.series.flatMap((s) => s.points.map((p) => ({ name: s.name, ...p })));
      type Row = (typeof rows)[number];
      const columns = [
        column<Row>(
          'name',
          flags.by.replace('_', ' '),
          (x) => x.name,
          (x) => (x.name === '' ? '(not known)' : x.name),
        ),
        column<Row>('at', 'at', (x) => printTime(x.at)),
        column<Row>('sessions', 'sessions', (x) => x.sessions),
        column<Row>('routers', 'routers', (x) => x.routers),
      ];
      const lines = answer.series.map((s) => ({
        name: s.name,
        points: s.points.map((p) => ({ at: p.at, value: p.sessions })),
      }));
      return {
        plot: plot(lines, stepS * 1_000, plotWidth(io), 'sessions'),
        sections: [section('point', 'points', columns, rows)],
        notes: coverageNotes(answer.coverage),
      };
    },
  );
}

const wantedPoints = 100;

/** As typed, else so that a plot is well filled, in steps that people use. */
export function stepOf(typed: string | undefined, range: { from: number; to: number }): number {
  if (typed !== undefined) return secondsOf('--step', typed);
  const steps = [60, 300, 900, 1_800, 3_600, 10_800, 21_600, 86_400];
  const least = (range.to - range.from) / 1_000 / wantedPoints;
  return steps.find((s) => s >= least) ?? 86_400;
}

function registerChurn(fleet: Command, io: Io): void {
  const command = fleet
    .command('churn')
    .description('sessions that opened, changed and closed')
    .option('--step <duration>', 'such as 15m or 1h; default: about 100 of them')
    .option('--router <name>', 'only this one');
  answering(
    withRange(command),
    io,
    ['fleet churn --from -6h --step 30m', 'fleet churn --router lns1 --output ndjson'],
    async (store, flags: RangeFlags & { step?: string; router?: string }) => {
      const range = wholeRangeOf(flags, io);
      const stepS = stepOf(flags.step, range);
      const all = await churn(store, { ...range, stepS });
      const rows = all.filter((p) => flags.router === undefined || p.router === flags.router);
      type Row = (typeof rows)[number];
      const columns = [
        column<Row>('at', 'from', (x) => printTime(x.at)),
        column<Row>('router', 'router', (x) => x.router),
        column<Row>('opened', 'opened', (x) => x.opened),
        column<Row>('changed', 'changed', (x) => x.changed),
        column<Row>('closed', 'closed', (x) => x.closed),
        column<Row>('snapshots', 'snapshots', (x) => x.snapshots),
      ];
      const routers = flags.router === undefined ? undefined : [flags.router];
      return {
        sections: [section('churn', 'churn', columns, rows)],
        notes: [
          `${sum(rows, 'opened')} opened, ${sum(rows, 'closed')} closed; a router's first snapshot opens all that it lists`,
          ...coverageNotes(await coverageOf(store, { ...range, routers })),
        ],
      };
    },
  );
  answering(
    withRange(fleet.command('ends').description('ends by reason, and how long the sessions had lived')),
    io,
    ['fleet ends', 'fleet ends --from -7d --output json'],
    async (store, flags: RangeFlags) => {
      const range = wholeRangeOf(flags, io);
      const rows = await endsByReason(store, range);
      type Row = (typeof rows)[number];
      const life = (pick: 'p10' | 'p50' | 'p90') => (x: Row) =>
        x.lifetimeS === null ? null : Math.round(x.lifetimeS[pick]);
      const columns = [
        column<Row>('reason', 'reason', (x) => x.reason),
        column<Row>('ends', 'ends', (x) => x.ends),
        column<Row>('lifetime_p10_s', 'a tenth lived less (s)', life('p10')),
        column<Row>('lifetime_p50_s', 'half (s)', life('p50')),
        column<Row>('lifetime_p90_s', 'nine tenths (s)', life('p90')),
      ];
      return {
        sections: [section('ends', 'ends', columns, rows)],
        notes: ['lifetimes run to the last sight: lower bounds', ...coverageNotes(rows.coverage)],
      };
    },
  );
}

const sum = <K extends string>(rows: readonly Readonly<Record<K, number>>[], name: K): string =>
  rows.reduce((n, r) => n + r[name], 0).toLocaleString('en');

function registerTroubles(fleet: Command, io: Io): void {
  answering(
    withRange(
      fleet
        .command('failures')
        .description('sessions that ended without having been established, by the state where they died'),
    ),
    io,
    ['fleet failures --from -7d'],
    async (store, flags: RangeFlags) => {
      const range = wholeRangeOf(flags, io);
      const rows = await setupFailures(store, range);
      type Row = (typeof rows)[number];
      const columns = [
        column<Row>('state', 'state', (x) => x.state),
        column<Row>('peer_gateway', 'peer', (x) => x.peerGateway),
        column<Row>('failures', 'failures', (x) => x.failures),
      ];
      return {
        sections: [section('failure', 'failures', columns, rows)],
        notes: [
          'a LAC lists established sessions only: failures are seen on LNSs; one between two snapshots is seen by nobody',
          ...coverageNotes(rows.coverage),
        ],
      };
    },
  );
  const flaps = fleet
    .command('flaps')
    .description('subscribers and tunnels that go again and again')
    .option('--least <times>', 'how often at least', '3');
  answering(
    withRange(flaps),
    io,
    ['fleet flaps', 'fleet flaps --from -6h --least 10 --output json'],
    async (store, flags: RangeFlags & { least: string }) => {
      const range = wholeRangeOf(flags, io);
      const found = await flapping(store, { ...range, least: wholeNumber('--least', flags.least, 1) });
      type User = (typeof found.subscribers)[number];
      type Tunnel = (typeof found.tunnels)[number];
      const users = [
        column<User>('user_name', 'user', (x) => x.userName),
        column<User>('ends', 'ends', (x) => x.ends),
        column<User>('routers', 'routers', (x) => x.routers.join(' ')),
        column<User>('lifetime_s', 'half lived less (s)', (x) =>
          x.lifetimeS === null ? null : Math.round(x.lifetimeS),
        ),
        column<User>('first', 'first', (x) => printTime(x.first)),
        column<User>('last', 'last', (x) => printTime(x.last)),
      ];
      const tunnels = [
        column<Tunnel>('router', 'router', (x) => x.router),
        column<Tunnel>(
          'tunnel_local_id',
          'tunnel',
          (x) => x.tunnel,
          (x) => String(x.tunnel),
        ),
        column<Tunnel>('peer_gateway', 'peer', (x) => x.peerGateway),
        column<Tunnel>('flaps', 'times', (x) => x.flaps),
        column<Tunnel>('sessions', 'sessions', (x) => x.sessions),
        column<Tunnel>('first', 'first', (x) => printTime(x.first)),
        column<Tunnel>('last', 'last', (x) => printTime(x.last)),
      ];
      const blind = found.endsWithoutName;
      return {
        sections: [
          section('subscriber', 'subscribers', users, found.subscribers),
          section('tunnel', 'tunnels that lost most of their sessions at once', tunnels, found.tunnels),
        ],
        notes: [
          ...(blind === 0
            ? []
            : [
                `${blind.toLocaleString('en')} of ${found.ends.toLocaleString('en')} ends have no user name in their captures: of these subscribers nothing can be said`,
              ]),
          ...coverageNotes(found.coverage),
        ],
      };
    },
  );
  const anomalies = fleet
    .command('anomalies')
    .description('what cannot be but was printed')
    .option('--router <name>', 'only this one');
  answering(
    withRange(anomalies),
    io,
    ['fleet anomalies --from -7d'],
    async (store, flags: RangeFlags & { router?: string }) => {
      const range = wholeRangeOf(flags, io);
      const rows = await anomaliesIn(store, { ...range, router: flags.router });
      type Row = (typeof rows)[number];
      const columns = [
        column<Row>('router', 'router', (x) => x.router),
        column<Row>('kind', 'kind', (x) => x.kind),
        column<Row>('field', 'field', (x) => x.field),
        column<Row>('count', 'times', (x) => x.count),
        column<Row>('last', 'last', (x) => printTime(x.last)),
        ...idColumns<Row>(),
        column<Row>('before', 'before', (x) => x.before),
        column<Row>('after', 'after', (x) => x.after),
      ];
      return {
        sections: [section('anomaly', 'anomalies', columns, rows)],
        notes: coverageNotes(rows.coverage),
      };
    },
  );
  const stale = fleet
    .command('stale')
    .description('routers whose newest snapshot is old')
    .option('--after <duration>', 'how old', '15m');
  answering(
    withAt(stale),
    io,
    ['fleet stale', 'fleet stale --after 1h'],
    async (store, flags: AtFlags & { after: string }) => {
      const at = atOf(flags, io);
      const rows = await silentRouters(store, { at, afterS: secondsOf('--after', flags.after) });
      type Row = (typeof rows)[number];
      const columns = [
        column<Row>('router', 'router', (x) => x.router),
        column<Row>('newest', 'newest snapshot', (x) => printTime(x.newest)),
        column<Row>('silent_s', 'silent for (s)', (x) => Math.round(x.silentS)),
      ];
      const known = (await knownRouters(store)).length;
      return {
        sections: [section('router', 'routers', columns, rows)],
        notes: [`${rows.length} of ${known} known routers; one that never sent a snapshot is not among them`],
      };
    },
  );
}
