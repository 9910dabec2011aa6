/** `reel history`: what happened to a session, a subscriber or an address. */
import type { Store } from '@sessionreel/clickhouse';
import {
  history,
  spanOf,
  type History,
  type HistoryEvent,
  type IncarnationTraffic,
} from '@sessionreel/queries';
import { isoOfLocalSeconds } from '@sessionreel/session-model';
import type { Command } from 'commander';
import { missingNotes } from './answer.ts';
import { asking, idOf, rangeOf, withRange, type RangeFlags } from './ask.ts';
import { wrongUsage } from '../terminal/cli-error.ts';
import { withClickHouse, type ConnectionFlags } from '../connections.ts';
import { jsonOf, printList, withOutput, type Column, type OutputForm } from '../terminal/output.ts';
import { checkRouter } from '../router-name.ts';
import { escapeValue, processIo, writeAll, type Io } from '../terminal/terminal.ts';
import { printTime } from '../terminal/times.ts';
import { jsonChange, jsonValues, shownChange, shownSum, shownValue } from '../terminal/values.ts';

interface Flags extends ConnectionFlags, RangeFlags {
  readonly router?: string;
  readonly tunnel?: string;
  readonly session?: string;
  readonly user?: string;
  readonly ip?: string;
  readonly output: OutputForm;
}

const help = `
A session (router, tunnel and session id; ids are used again: each create time is an incarnation of its own), a subscriber by
the name that he gave, or an address that was assigned. Names and addresses are known only where captures print them: the text
of MX routers prints neither.

A close lies between the last snapshot that showed the session and the first that did not. Traffic is what the counters
moved, with the bounds of rounded values.

Examples:
  $ reel history --router lns1 --tunnel 40553 --session 17967
  $ reel history --user anna@isp.example --from -30d
  $ reel history --ip 100.64.3.7 --from '2026-11-20 08:00' --to '2026-11-20 12:00' --output ndjson
`;

export function register(program: Command, io: Io = processIo): void {
  const command = program
    .command('history')
    .description('what happened to a session, a subscriber or an address')
    .option('--router <name>', 'with --tunnel and --session')
    .option('--tunnel <id>', 'local tunnel id')
    .option('--session <id>', 'local session id')
    .option('--user <name>', 'user name')
    .option('--ip <address>', 'address assigned to the subscriber, v4 or v6');
  withClickHouse(withOutput(withRange(command)))
    .addHelpText('after', help)
    .action(async (flags: Flags) => {
      const subject = subjectOf(flags);
      const range = rangeOf(flags, io);
      const answer = await asking(flags, async (store) => {
        const found = await history(store, { ...range, ...subject });
        if (found.coverage.routers.length === 0) await explainEmpty(store, subject, found, io);
        return found;
      });
      await printHistory(answer, flags.output, io);
    });
}

type Subject =
  | { readonly session: { readonly router: string; readonly tunnel: number; readonly session: number } }
  | { readonly user: string }
  | { readonly address: string };

/** @throws CliError (status 2) unless exactly one subject is named */
export function subjectOf(flags: Partial<Flags>): Subject {
  const { router, tunnel, session, user, ip } = flags;
  const bySession = router !== undefined || tunnel !== undefined || session !== undefined;
  if ([bySession, user !== undefined, ip !== undefined].filter(Boolean).length !== 1) {
    throw wrongUsage('whose history?', 'Give --router, --tunnel and --session; or --user; or --ip.');
  }
  if (user !== undefined) return { user };
  if (ip !== undefined) return { address: ip };
  if (router === undefined || tunnel === undefined || session === undefined) {
    throw wrongUsage('a session is named by --router, --tunnel and --session together');
  }
  return {
    session: {
      router: checkRouter(router),
      tunnel: idOf('--tunnel', tunnel),
      session: idOf('--session', session),
    },
  };
}

/** Why nothing is known. @throws CliError (status 2) when nobody knows the router */
async function explainEmpty(store: Store, subject: Subject, { coverage }: History, io: Io): Promise<void> {
  const say = (text: string): Promise<void> => writeAll(io.stderr, `reel: ${escapeValue(text)}\n`);
  if ('session' in subject) {
    const { router } = subject.session;
    const span = await spanOf(store, router, {});
    if (span === undefined)
      throw wrongUsage(`there is no history of a router named ${JSON.stringify(router)}`);
    await say(`the history of ${router} goes from ${printTime(span.first)} to ${printTime(span.last)}`);
  } else if (coverage.missing.length === 0) {
    const what = 'user' in subject ? 'name' : 'address';
    await say(`no capture that is known prints that ${what}; the text of MX routers prints none`);
  }
}

const eventColumns: readonly Column<HistoryEvent>[] = [
  { name: 'at', title: 'at', value: (x) => printTime(x.at) },
  { name: 'router', title: 'router', value: (x) => x.router },
  { name: 'tunnel_local_id', title: 'tunnel', value: (x) => x.tunnel, shown: (x) => String(x.tunnel) },
  { name: 'session_local_id', title: 'session', value: (x) => x.session, shown: (x) => String(x.session) },
  { name: 'kind', title: 'event', value: (x) => x.kind },
  { name: 'reason', title: 'reason', value: (x) => x.reason },
  { name: 'create_time', title: 'created (local)', value: (x) => localTime(x.createTime) },
  { name: 'last_seen_at', title: 'last seen', value: (x) => printTime(x.lastSeenAt) },
  { name: 'what', title: 'what', value: whatOf },
];

const localTime = (seconds: number | null): string | null =>
  seconds === null ? null : isoOfLocalSeconds(seconds);

function whatOf(event: HistoryEvent): string {
  if (event.kind === 'changed') return event.changes.map(shownChange).join('; ');
  const names = ['state', 'user_name', 'peer_ip', 'remote_name'].filter(
    (name) => event.values[name] !== undefined,
  );
  return names.map((name) => `${name} ${shownValue(name, event.values[name])}`).join(', ');
}

const trafficColumns: readonly Column<IncarnationTraffic>[] = [
  { name: 'router', title: 'router', value: (x) => x.router },
  { name: 'tunnel', title: 'tunnel', value: (x) => x.tunnel, shown: (x) => String(x.tunnel) },
  { name: 'session', title: 'session', value: (x) => x.session, shown: (x) => String(x.session) },
  { name: 'create_time', title: 'created (local)', value: (x) => localTime(x.createTime) },
  { name: 'from', title: 'from', value: (x) => printTime(x.from) },
  { name: 'to', title: 'to', value: (x) => printTime(x.to) },
  { name: 'data_tx_bytes', title: 'data tx bytes', value: (x) => moved(x, 'data_tx_bytes') },
  { name: 'data_rx_bytes', title: 'data rx bytes', value: (x) => moved(x, 'data_rx_bytes') },
];

/** Never a zero for what was not counted; at least so much, where counters were cleared. */
function moved(traffic: IncarnationTraffic, counter: string): string {
  if (!traffic.seen.includes(counter)) return 'unknown';
  const sum = shownSum(traffic.sums[counter], traffic.errors[counter]);
  return traffic.lowerBounds > 0 ? `≥ ${sum}` : sum;
}

export async function printHistory(answer: History, form: OutputForm, io: Io): Promise<void> {
  if (form === 'json' || form === 'ndjson') {
    await printJson(answer, form, io);
    return;
  }
  await printList(io, form, eventColumns, answer.events);
  if (form === 'csv') return;
  if (answer.traffic.length > 0) {
    await writeAll(io.stdout, '\n');
    await printList(io, form, trafficColumns, answer.traffic);
  }
  if (answer.events.length === 0) await writeAll(io.stderr, 'reel: nothing is known of it in that time\n');
  for (const { router, snapshots, first, last } of answer.vouchers) {
    const span = `${printTime(first)} to ${printTime(last)}`;
    await writeAll(
      io.stderr,
      `reel: ${escapeValue(router)}: by ${snapshots.toLocaleString('en')} snapshots, ${span}\n`,
    );
  }
  for (const line of missingNotes(answer.coverage)) await writeAll(io.stderr, `reel: ${escapeValue(line)}\n`);
}

async function printJson(answer: History, form: 'json' | 'ndjson', io: Io): Promise<void> {
  const events = answer.events.map((x) => ({
    at: printTime(x.at),
    router: x.router,
    tunnel_local_id: x.tunnel,
    session_local_id: x.session,
    kind: x.kind,
    reason: x.reason,
    create_time: localTime(x.createTime),
    created_at: x.createdAt === null ? null : printTime(x.createdAt),
    last_seen_at: printTime(x.lastSeenAt),
    changes: x.changes.map(jsonChange),
    values: jsonValues(x.values),
  }));
  const traffic = answer.traffic.map((x) => ({
    router: x.router,
    tunnel_local_id: x.tunnel,
    session_local_id: x.session,
    create_time: localTime(x.createTime),
    from: printTime(x.from),
    to: printTime(x.to),
    sums: Object.fromEntries(x.seen.map((name) => [name, x.sums[name] ?? 0n])),
    errors: x.errors,
    lower_bounds: x.lowerBounds,
  }));
  const vouchers = answer.vouchers.map((x) => ({ ...x, first: printTime(x.first), last: printTime(x.last) }));
  if (form === 'json') {
    await writeAll(io.stdout, `${jsonOf({ events, traffic, vouchers })}\n`);
    return;
  }
  const lines = [
    ...events.map((x) => jsonOf({ type: 'event', ...x })),
    ...traffic.map((x) => jsonOf({ type: 'traffic', ...x })),
    ...vouchers.map((x) => jsonOf({ type: 'voucher', ...x })),
  ];
  await writeAll(io.stdout, lines.map((x) => `${x}\n`).join(''));
}
