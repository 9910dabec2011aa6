/** `reel replay`: history again, into a topic; resumable, and each message once. */
import { createHash } from 'node:crypto';
import type { Store } from '@sessionreel/clickhouse';
import { ReplaySender, type ReplayProgress } from '@sessionreel/kafka';
import { leftOut, replaySteps, type ReplayQuestion } from '@sessionreel/queries';
import { Option, type Command } from 'commander';
import { rangeOf, type RangeFlags } from './ask.ts';
import { wrongData, wrongUsage } from '../terminal/cli-error.ts';
import {
  connectKafka,
  openStore,
  settingsOf,
  tellable,
  withClickHouse,
  withKafka,
  type ConnectionFlags,
} from '../connections.ts';
import { createProgress } from '../terminal/progress.ts';
import { checkRouter } from '../router-name.ts';
import { escapeValue, processIo, writeAll, type Io } from '../terminal/terminal.ts';
import { printTime } from '../terminal/times.ts';

interface Flags extends ConnectionFlags, RangeFlags {
  readonly router?: readonly string[];
  readonly topic: string;
  readonly as: 'snapshots' | 'events';
  readonly speed?: string;
  readonly id?: string;
  readonly restart?: true;
}

const help = `
As snapshots: every whole listing of the range printed anew, byte for byte, with the headers that it needs; into the
l2tp.snapshots of an empty Sessionreel it gives the same history. Listings that were not whole are left out, and counted. As
events: what l2tp.events held, for any reader of that contract.

Each message comes once, also when the replay is stopped and run again: how far it came is committed with what it sent, under its
--id (by default made of what is asked for). --restart begins anew.

Examples:
  $ reel replay --from '2026-11-20 08:00' --to '2026-11-20 12:00' --router lns1 --topic l2tp.snapshots.lab
  $ reel replay --from -1h --to -5m --speed 60 --topic l2tp.snapshots.lab
  $ reel replay --from -1d --to -5m --as events --topic l2tp.events.copy --id copy-of-yesterday
`;

export function register(program: Command, io: Io = processIo): void {
  const command = program
    .command('replay')
    .description('history again, as events or as snapshots, into a topic')
    .requiredOption('--from <time>', 'RFC 3339, "2026-11-20 10:00" (local), or -90m')
    .requiredOption('--to <time>', 'the same')
    .requiredOption('--topic <topic>', 'where to; it must exist')
    .option('--router <names...>', 'only these')
    .addOption(
      new Option('--as <form>', 'what is sent').choices(['snapshots', 'events']).default('snapshots'),
    )
    .option('--speed <times>', '1: as it happened, 60: an hour a minute; default: as fast as it goes')
    .option('--id <name>', 'of this replay, to go on with it')
    .option('--restart', 'from the beginning, although it was begun before');
  withClickHouse(withKafka(command))
    .addHelpText('after', help)
    .action(async (flags: Flags) => await replay(flags, io));
}

async function replay(flags: Flags, io: Io): Promise<void> {
  const { from, to } = rangeOf(flags, io);
  if (from === undefined || to === undefined) throw wrongUsage('a replay wants --from and --to');
  if (to > io.now()) throw wrongUsage(`--to ${printTime(to)} is in the future`);
  const speed = speedOf(flags.speed);
  const settings = settingsOf(flags);
  if (flags.topic === settings.snapshotsTopic && flags.as === 'events')
    throw wrongUsage(`${flags.topic} holds snapshots, not events`);
  const question: ReplayQuestion = { from, to, routers: flags.router?.map(checkRouter) };
  const id = flags.id ?? idOf(flags, from, to);
  const store = openStore(settings);
  try {
    await store.ping();
    const kafka = await connectKafka(settings);
    const sender = new ReplaySender(kafka, flags.topic, id);
    try {
      await sendAll(sender, store, question, flags, speed, io);
    } finally {
      await sender.stop();
    }
  } catch (error) {
    throw tellable(error);
  } finally {
    await store.close();
  }
}

function speedOf(typed: string | undefined): number {
  if (typed === undefined) return Number.POSITIVE_INFINITY;
  const speed = /^\d+(\.\d+)?$/.test(typed) ? Number(typed) : Number.NaN;
  if (!(speed > 0)) throw wrongUsage(`--speed ${typed}: it wants a number above 0, such as 60`);
  return speed;
}

/** The same replay has the same id: typed again, it goes on. */
function idOf(flags: Flags, from: number, to: number): string {
  const asked = JSON.stringify([
    flags.topic,
    flags.as,
    flags.router ?? [],
    flags.from,
    flags.to,
    relative(flags) ? 0 : [from, to],
  ]);
  return createHash('sha256').update(asked).digest('hex').slice(0, 16);
}

const relative = (flags: Flags): boolean => [flags.from, flags.to].some((t) => t?.startsWith('-') === true);

async function sendAll(
  sender: ReplaySender,
  store: Store,
  question: ReplayQuestion,
  flags: Flags,
  speed: number,
  io: Io,
): Promise<void> {
  const known = await sender.begin();
  // What was typed as a distance from now means another time by now.
  const stale = flags.restart === true || (known?.done === true && relative(flags));
  const before = stale ? undefined : known;
  if (before?.done === true) {
    await note(
      io,
      `all ${before.sent.toLocaleString('en')} messages were sent before; --restart sends them again`,
    );
    return;
  }
  const range = before === undefined ? question : { ...question, from: before.range[0], to: before.range[1] };
  const left = flags.as === 'snapshots' ? await leftOut(store, range) : undefined;
  if (before !== undefined)
    await note(
      io,
      `goes on behind ${printTime(before.after.at)}, where it was stopped; --restart begins anew`,
    );
  const all = await send(sender, store, range, before, flags, speed, io);
  const began = before?.sent ?? 0;
  await writeAll(
    io.stdout,
    `${(all - began).toLocaleString('en')} messages sent to ${escapeValue(flags.topic)}${began === 0 ? '' : `, ${all.toLocaleString('en')} in all`}\n`,
  );
  if (left !== undefined && left.incomplete + left.late > 0)
    await note(io, `left out: ${left.incomplete} listings that were not whole, ${left.late} that came late`);
  if (all === 0 && left?.incomplete === 0) throw wrongData('there is nothing to replay in that time');
}

async function send(
  sender: ReplaySender,
  store: Store,
  range: ReplayQuestion,
  before: ReplayProgress | undefined,
  flags: Flags,
  speed: number,
  io: Io,
): Promise<number> {
  const progress = createProgress(io.stderr, flags.topic, Math.max(1, range.to - range.from));
  let told = range.from;
  try {
    return await sender.send(replaySteps(store, { ...range, after: before?.after }, flags.as), {
      range: [range.from, range.to],
      before,
      speed,
      told: (at) => {
        progress.add(at - told);
        told = at;
      },
    });
  } finally {
    progress.stop();
  }
}

const note = (io: Io, line: string): Promise<void> => writeAll(io.stderr, `reel: ${escapeValue(line)}\n`);
