/** `reel diff`: two times of a router, or of the fleet, compared. */
import {
  diffFleet,
  diffStates,
  type FieldChange,
  type StateDiff,
  type StateSession,
} from '@sessionreel/queries';
import type { Command } from 'commander';
import { column, coverageNotes, printAnswer, section } from './answer.ts';
import { asking, rangeOf } from './ask.ts';
import { withClickHouse, type ConnectionFlags } from '../connections.ts';
import { jsonOf, printList, withOutput, type Column, type OutputForm } from '../terminal/output.ts';
import { checkRouter } from '../router-name.ts';
import { processIo, writeAll, type Io } from '../terminal/terminal.ts';
import { printTime } from '../terminal/times.ts';
import { jsonChange, jsonValues, shownChange, shownSum, shownValue } from '../terminal/values.ts';

interface Flags extends ConnectionFlags {
  readonly router?: string;
  readonly from: string;
  readonly to?: string;
  readonly output: OutputForm;
}

const help = `
Opened, changed (field: before → after) and closed sessions, and the router's traffic between. What came and went in between
is not a difference; reel history shows it. Without --router: how many of each router.

Examples:
  $ reel diff --router lns1 --from -1h
  $ reel diff --router lns1 --from '2026-11-20 02:00' --to '2026-11-20 04:00' --output csv
  $ reel diff --from -1h
`;

export function register(program: Command, io: Io = processIo): void {
  const command = program
    .command('diff')
    .description('opened, changed and closed between two times')
    .option('--router <name>', 'which router; default: all of them, counted')
    .requiredOption('--from <time>', 'RFC 3339, "2026-11-20 10:00" (local), or -90m')
    .option('--to <time>', 'default: now');
  withClickHouse(withOutput(command))
    .addHelpText('after', help)
    .action(async (flags: Flags) => {
      const { from = 0, to = io.now() } = rangeOf(flags, io);
      if (flags.router === undefined) {
        await printFleet(flags, from, to, io);
        return;
      }
      const router = checkRouter(flags.router);
      const answer = await asking(flags, (store) => diffStates(store, { router, from, to }));
      await printDiff(answer, flags.output, io);
    });
}

async function printFleet(flags: Flags, from: number, to: number, io: Io): Promise<void> {
  const { rows, coverage } = await asking(flags, (store) => diffFleet(store, { from, to }));
  type Row = (typeof rows)[number];
  const columns = [
    column<Row>('router', 'router', (x) => x.router),
    column<Row>('before', 'before', (x) => x.before),
    column<Row>('opened', 'opened', (x) => x.opened),
    column<Row>('changed', 'changed', (x) => x.changed),
    column<Row>('closed', 'closed', (x) => x.closed),
    column<Row>('after', 'after', (x) => x.after),
  ];
  const notes = [
    `from ${printTime(from)} to ${printTime(to)}, as of each router's last snapshot`,
    ...coverageNotes(coverage),
  ];
  await printAnswer({ sections: [section('router', 'routers', columns, rows)], notes }, flags.output, io);
}

interface Line {
  readonly kind: 'opened' | 'changed' | 'closed';
  readonly session: StateSession;
  readonly changes: readonly FieldChange[];
}

const valueOf = (line: Line, name: string): number => Number(line.session.record.values[name] ?? 0);

const columns: readonly Column<Line>[] = [
  { name: 'kind', title: 'what', value: (x) => x.kind },
  {
    name: 'tunnel_local_id',
    title: 'tunnel',
    value: (x) => valueOf(x, 'tunnel_local_id'),
    shown: (x) => String(valueOf(x, 'tunnel_local_id')),
  },
  {
    name: 'session_local_id',
    title: 'session',
    value: (x) => valueOf(x, 'session_local_id'),
    shown: (x) => String(valueOf(x, 'session_local_id')),
  },
  { name: 'create_time', title: 'created (local)', value: (x) => text(x, 'create_time') },
  { name: 'state', title: 'state', value: (x) => text(x, 'state') },
  { name: 'user_name', title: 'user', value: (x) => text(x, 'user_name') },
  { name: 'changes', title: 'before → after', value: (x) => x.changes.map(shownChange).join('; ') },
];

function text({ session }: Line, name: string): string {
  const value = session.record.values[name];
  return value === undefined ? '' : shownValue(name, value);
}

export async function printDiff(diff: StateDiff, form: OutputForm, io: Io): Promise<void> {
  const lines: Line[] = [
    ...diff.closed.map((session): Line => ({ kind: 'closed', session, changes: [] })),
    ...diff.changed.map((x): Line => ({ kind: 'changed', session: x.after, changes: x.changes })),
    ...diff.opened.map((session): Line => ({ kind: 'opened', session, changes: [] })),
  ];
  if (form === 'table' || form === 'csv') await printList(io, form, columns, lines);
  else await printJson(diff, lines, form, io);
  await tell(diff, io);
}

async function tell(diff: StateDiff, io: Io): Promise<void> {
  const { before, after, opened, changed, closed, unchanged, traffic, trafficErrors, lowerBounds } = diff;
  const count = (n: number): string => n.toLocaleString('en');
  const moved = (name: string): string =>
    `${lowerBounds > 0 ? '≥ ' : ''}${shownSum(traffic[name], trafficErrors[name])} bytes`;
  const sentences = [
    `as of ${printTime(before.at)} and ${printTime(after.at)}`,
    `${count(closed.length)} closed, ${count(changed.length)} changed, ${count(opened.length)} opened, ${count(unchanged)} the same`,
    // A LAC prints no counters: its traffic is not zero but unknown.
    ...(after.variant === 'lac'
      ? []
      : [`data tx ${moved('data_tx_bytes')}, data rx ${moved('data_rx_bytes')}`]),
  ];
  for (const sentence of sentences) await writeAll(io.stderr, `reel: ${sentence}\n`);
}

async function printJson(
  diff: StateDiff,
  lines: readonly Line[],
  form: 'json' | 'ndjson',
  io: Io,
): Promise<void> {
  const sessions = lines.map((x) => ({
    kind: x.kind,
    tunnel_local_id: valueOf(x, 'tunnel_local_id'),
    session_local_id: valueOf(x, 'session_local_id'),
    changes: x.changes.map(jsonChange),
    values: jsonValues(x.session.record.values),
  }));
  const summary = {
    router: diff.router,
    before_at: printTime(diff.before.at),
    after_at: printTime(diff.after.at),
    opened: diff.opened.length,
    changed: diff.changed.length,
    closed: diff.closed.length,
    unchanged: diff.unchanged,
    traffic: diff.traffic,
    traffic_errors: diff.trafficErrors,
    lower_bounds: diff.lowerBounds,
  };
  const text =
    form === 'json'
      ? `${jsonOf({ ...summary, sessions })}\n`
      : [...sessions.map((x) => ({ type: 'session', ...x })), { type: 'summary', ...summary }]
          .map((x) => `${jsonOf(x)}\n`)
          .join('');
  await writeAll(io.stdout, text);
}
