/** `reel capacity …`: busy hours, headroom, imbalance, forecast, what if. */
import {
  busiestHours,
  growth,
  imbalance,
  limitUses,
  whatIf,
  type BusyGroup,
  type BusyMeasure,
  type Growth,
  type WhatIf,
} from '@sessionreel/queries';
import { Option, type Command } from 'commander';
import { answering, column, coverageNotes, plotWidth, quietColumn, section, type Answer } from './answer.ts';
import { atOf, wholeNumber, wholeRangeOf, withAt, withRange, type AtFlags, type RangeFlags } from './ask.ts';
import { wrongUsage } from '../terminal/cli-error.ts';
import type { Column } from '../terminal/output.ts';
import { plot } from '../terminal/plot.ts';
import { processIo, type Io } from '../terminal/terminal.ts';
import { printTime } from '../terminal/times.ts';
import { shownRate, shownShare } from '../terminal/units.ts';

const help = `
Limits come from the fleet file (chassis, si- interface, tunnel); where it says nothing the vendor's default stands in, and is
marked so. Days and hours are UTC.
`;

const dayMs = 86_400_000;

/** A limit, and whether the fleet file names it. */
function limitColumns<
  Row extends { readonly limit: number; readonly limitIsKnown: boolean },
>(): Column<Row>[] {
  return [
    column(
      'limit_sessions',
      'limit',
      (x) => x.limit,
      (x) => `${x.limit.toLocaleString('en')}${x.limitIsKnown ? '' : ' (default)'}`,
    ),
    quietColumn('limit_is_known', (x) => x.limitIsKnown),
  ];
}

export function register(program: Command, io: Io = processIo): void {
  const capacity = program
    .command('capacity')
    .description('busy hour, headroom, imbalance, forecast, what if this router fails')
    .addHelpText('after', help);
  registerBusy(capacity, io);
  registerHeadroom(capacity, io);
  registerForecast(capacity, io);
  registerWhatIf(capacity, io);
}

type Part = WhatIf['parts'][number];

const partColumns: readonly Column<Part>[] = [
  column('kind', 'what', (x) => x.kind),
  column('router', 'router', (x) => x.router),
  column('name', 'name', (x) => x.name),
  column('at', 'hour', (x) => printTime(x.at)),
  column('before_sessions', 'before', (x) => x.before),
  column('taken_sessions', 'takes over', (x) => x.taken),
  column('after_sessions', 'after', (x) => x.after),
  ...limitColumns<Part>(),
  column('exceeded', 'exceeded', (x) => (x.exceeded ? 'yes' : '')),
];

/** All that exceed their limit, and a few that come near. */
function shownParts({ parts }: WhatIf): readonly Part[] {
  const exceeded = parts.filter((p) => p.exceeded).length;
  return parts.slice(0, Math.max(20, exceeded));
}

function registerBusy(capacity: Command, io: Io): void {
  const command = capacity
    .command('busy-hour')
    .description('the busiest hour of each day, with peak and 95th percentile')
    .addOption(new Option('--by <what>', 'of each').choices(['router', 'site', 'fleet']).default('router'))
    .addOption(new Option('--of <what>', 'busy by').choices(['sessions', 'traffic']).default('sessions'));
  answering(
    withRange(command),
    io,
    ['capacity busy-hour --from -7d', 'capacity busy-hour --by fleet --of traffic --from -7d'],
    async (store, flags: RangeFlags & { by: BusyGroup; of: BusyMeasure }) => {
      const range = wholeRangeOf(flags, io, 7 * dayMs);
      const rows = await busiestHours(store, { ...range, by: flags.by, measure: flags.of });
      type Row = (typeof rows)[number];
      const shown = (pick: (x: Row) => number) => (x: Row) =>
        flags.of === 'traffic' ? shownRate(pick(x)) : Math.round(pick(x)).toLocaleString('en');
      const unit = flags.of === 'traffic' ? 'bps' : 'sessions';
      const measured = (name: string, title: string, pick: (x: Row) => number) =>
        column<Row>(`${name}_${unit}`, title, (x) => Math.round(pick(x) * 100) / 100, shown(pick));
      const columns = [
        column<Row>(
          'name',
          flags.by,
          (x) => x.name,
          (x) => (x.name === '' ? '(all)' : x.name),
        ),
        column<Row>('role', 'role', (x) => x.role),
        column<Row>('day', 'day', (x) => x.day),
        column<Row>(
          'hour',
          'hour',
          (x) => x.hour,
          (x) => `${String(x.hour).padStart(2, '0')}:00`,
        ),
        measured('mean', 'mean', (x) => x.mean),
        measured('peak', 'peak', (x) => x.peak),
        measured('day_peak', "day's peak", (x) => x.dayPeak),
        measured('day_p95', "day's 95th", (x) => x.dayP95),
        column<Row>(
          'day_known',
          'day known',
          (x) => Math.round((x.daySamples / 288) * 1_000) / 1_000,
          (x) => shownShare(x.daySamples / 288),
        ),
      ];
      return {
        sections: [section('hour', 'hours', columns, rows)],
        notes: coverageNotes(rows.coverage),
      };
    },
  );
}

function registerHeadroom(capacity: Command, io: Io): void {
  const command = capacity
    .command('headroom')
    .description('peaks against every limit, the fullest first')
    .option('--limit <rows>', 'how many', '50');
  answering(
    withRange(command),
    io,
    ['capacity headroom --from -7d', 'capacity headroom --output csv'],
    async (store, flags: RangeFlags & { limit: string }) => {
      const range = wholeRangeOf(flags, io, 7 * dayMs);
      const found = await limitUses(store, {
        ...range,
        limit: wholeNumber('--limit', flags.limit, 1, 100_000),
      });
      type Row = (typeof found.rows)[number];
      const columns = [
        column<Row>('kind', 'limit of', (x) => x.kind),
        column<Row>('router', 'router', (x) => x.router),
        column<Row>('name', '', (x) => x.name),
        column<Row>('site', 'site', (x) => x.site),
        column<Row>('role', 'role', (x) => x.role),
        column<Row>('peak_sessions', 'peak', (x) => x.peak),
        column<Row>('peak_at', 'at', (x) => printTime(x.peakAt)),
        ...limitColumns<Row>(),
        column<Row>('headroom_sessions', 'headroom', (x) => x.headroom),
        column<Row>(
          'used',
          'used',
          (x) => Math.round(x.used * 1e6) / 1e6,
          (x) => shownShare(x.used),
        ),
      ];
      const times = found.countedAt.map(printTime).join(', ');
      return {
        sections: [section('limit', 'limits', columns, found.rows)],
        notes: [
          ...(times === ''
            ? []
            : [`interfaces and tunnels are counted at ${times}; chassis at every snapshot`]),
          ...(found.withoutInterface === 0
            ? []
            : [`${found.withoutInterface.toLocaleString('en')} sessions print no service interface`]),
          ...coverageNotes(found.coverage),
        ],
      };
    },
  );
  answering(
    withAt(
      capacity.command('imbalance').description('how unevenly sessions lie over si- interfaces and LNSs'),
    ),
    io,
    ['capacity imbalance'],
    async (store, flags: AtFlags) => {
      const at = atOf(flags, io);
      const rows = await imbalance(store, { at });
      type Row = (typeof rows)[number];
      const columns = [
        column<Row>(
          'of',
          'of',
          (x) => x.of,
          (x) => (x.of === 'lnss' ? 'LNSs of a site' : 'interfaces of a router'),
        ),
        column<Row>(
          'name',
          'name',
          (x) => x.name,
          (x) => (x.name === '' ? '(no site)' : x.name),
        ),
        column<Row>(
          'ratio',
          'fullest by mean',
          (x) => Math.round(x.ratio * 1_000) / 1_000,
          (x) => x.ratio.toFixed(2),
        ),
        column<Row>('members', 'sessions', (x) => x.members.map((m) => `${m.name} ${m.sessions}`).join(', ')),
      ];
      return {
        sections: [section('imbalance', 'imbalance', columns, rows)],
        notes: coverageNotes(rows.coverage),
      };
    },
  );
}

function registerForecast(capacity: Command, io: Io): void {
  const command = capacity
    .command('forecast')
    .description('growth by trend and season, and days until full')
    .option('--router <name>', 'one router; default: all of a role')
    .addOption(new Option('--role <role>', 'whose sum').choices(['lns', 'lac']).default('lns'))
    .option('--days <days>', 'how far', '30');
  answering(
    withRange(command),
    io,
    ['capacity forecast --from -28d', 'capacity forecast --router lns1 --from -28d --days 90 --output csv'],
    async (store, flags: RangeFlags & { router?: string; role: 'lns' | 'lac'; days: string }) => {
      const range = wholeRangeOf(flags, io, 28 * dayMs);
      const horizonDays = wholeNumber('--days', flags.days, 1, 366);
      const found = await growth(store, { ...range, router: flags.router, role: flags.role, horizonDays });
      return forecastAnswer(found, horizonDays, io);
    },
  );
}

function forecastAnswer(found: Growth, horizonDays: number, io: Io): Answer {
  const days = [...Map.groupBy(found.predicted, (p) => new Date(p.at).toISOString().slice(0, 10))].map(
    ([day, own]) => {
      const peak = own.reduce((a, b) => (b.value > a.value ? b : a));
      return { day, ...peak };
    },
  );
  type Row = (typeof days)[number];
  const columns = [
    column<Row>('day', 'day', (x) => x.day),
    column<Row>('peak_at', 'peak at', (x) => printTime(x.at)),
    column<Row>('sessions', 'peak', (x) => Math.round(x.value)),
    column<Row>('low', 'low', (x) => Math.round(x.low)),
    column<Row>('high', 'high', (x) => Math.round(x.high)),
  ];
  const lines = [
    { name: 'seen', points: found.seen },
    { name: 'told', points: found.predicted },
  ];
  const sessions = (value: number): string => Math.round(value).toLocaleString('en');
  const test = found.backTest;
  const { days: until, earliest, latest } = found.full;
  const inDays = (n: number | null): string => (n === null ? 'not within 5 years' : `in ${n} days`);
  return {
    plot: plot(lines, 3_600_000, plotWidth(io), 'sessions'),
    sections: [section('day', `peaks of the next ${horizonDays} days`, columns, days)],
    notes: [
      `grows by ${found.slopePerDay.toFixed(1)} sessions a day; season: ${found.season}; low and high hold ${shownShare(found.confidence)}`,
      test === null
        ? 'no back-test: it needs three days'
        : `back-test on what came after ${printTime(test.from)} (${sessions(test.samples)} hours held out): mean error ${sessions(test.meanAbsoluteError)} sessions${test.meanRelativeError === null ? '' : `, ${shownShare(test.meanRelativeError)}`}; ${shownShare(test.inside)} within the interval`,
      `limit of ${sessions(found.limit)}${found.limitIsKnown ? '' : ' (a default: the fleet file does not say)'}: ${inDays(until)} (at the earliest ${inDays(earliest)}, at the latest ${inDays(latest)})`,
      ...coverageNotes(found.coverage),
    ],
  };
}

function registerWhatIf(capacity: Command, io: Io): void {
  const command = capacity
    .command('what-if')
    .description('an LNS fails or is drained, sessions grow: who exceeds which limit, and when')
    .option('--without <routers...>', 'LNSs that are taken away')
    .option('--growth <percent>', 'before that, more sessions everywhere', '0');
  answering(
    withRange(command),
    io,
    ['capacity what-if --without lns1 --from -7d', 'capacity what-if --growth 20 --from -7d'],
    async (store, flags: RangeFlags & { without?: string[]; growth: string }) => {
      const range = wholeRangeOf(flags, io, 7 * dayMs);
      const percent = /^-?\d+(\.\d+)?$/.test(flags.growth) ? Number(flags.growth) : Number.NaN;
      if (!(percent > -100 && percent <= 10_000))
        throw wrongUsage(`--growth ${flags.growth}: it wants percent, such as 20`);
      const found = await whatIf(store, { ...range, without: flags.without ?? [], growth: percent / 100 });
      type Row = (typeof found.rows)[number];
      const columns = [
        column<Row>('router', 'router', (x) => x.router),
        column<Row>('site', 'site', (x) => x.site),
        column<Row>('worst_at', 'worst hour', (x) => printTime(x.worstAt)),
        column<Row>('before_sessions', 'before', (x) => x.before),
        column<Row>('taken_sessions', 'takes over', (x) => x.taken),
        column<Row>('after_sessions', 'after', (x) => x.after),
        ...limitColumns<Row>(),
        column<Row>('hours_exceeded', 'hours exceeded', (x) => x.hoursExceeded),
        column<Row>('exceeded_from', 'first', (x) =>
          x.exceededFrom === null ? null : printTime(x.exceededFrom),
        ),
      ];
      return {
        sections: [
          section('router', 'routers', columns, found.rows),
          section(
            'part',
            'interfaces and tunnels at these hours, the fullest',
            partColumns,
            shownParts(found),
          ),
        ],
        notes: [
          ...found.homeless.map(
            (h) =>
              `${h.router}: no peer is known to take its ${h.sessions.toLocaleString('en')} sessions; the fleet file names none that stays`,
          ),
          ...(found.without.length === 0 ? [] : [`taken for granted: ${found.assumption}`]),
          ...coverageNotes(found.coverage),
        ],
      };
    },
  );
}
