/** `reel import`: captures from files to Kafka. */

import type { Store } from '@sessionreel/clickhouse';
import { parseCommand } from '@sessionreel/junos-l2tp';
import { KafkaAdmin, KafkaProducer, type KafkaClient } from '@sessionreel/kafka';
import { Option, type Command } from 'commander';
import { nameOf } from './capture-file.ts';
import { CliError, wrongData, wrongUsage } from './cli-error.ts';
import {
  connectKafka,
  openStore,
  settingsOf,
  tellable,
  withClickHouse,
  withKafka,
  type CliSettings,
  type ConnectionFlags,
} from './connections.ts';
import { Journal } from './import-journal.ts';
import { sourcesOf, type Source } from './import-sources.ts';
import { prepare, type ImportFlags, type Prepared } from './import-prepare.ts';
import { checkSizes, sendCapture, type SentCapture } from './import-send.ts';
import { waitForLedger, type Awaited } from './import-wait.ts';
import { createProgress } from './progress.ts';
import { checkRouter } from './router-name.ts';
import { openFile, spool, type Spooled } from './spool.ts';
import { escapeValue, processIo, writeAll, type Io } from './terminal.ts';
import { checkZone, localZone, parseTime, printTime } from './times.ts';

interface Flags extends ConnectionFlags {
  readonly router?: string;
  readonly capturedAt?: string;
  readonly command?: string;
  readonly complete?: true;
  readonly timezone?: string;
  readonly force?: true;
  readonly wait?: true;
  readonly waitLimit: string;
  readonly again?: true;
  readonly data: string;
}

const help = `
A file may hold several commands, as a terminal's log does: each listing of L2TP sessions becomes a snapshot, the rest is left
out. Large listings are sent in parts that are divided between sessions. Files may be compressed (gzip, zstd).

Folders and archives (tar, also compressed) are looked through for captures, which are sent old to new: routers and times come from
what they print, else from their names (lns1/2026-11-20T1000.txt, lns1_20261120-100000.log.gz). Files in them that are no captures
are left out. What was sent is noted below --data: the same command again goes on where it was stopped; --again sends all of it.

When it was taken: --captured-at; else the router's clock, where the listing prints create and up times (its zone is
--timezone, UTC by default); else the time of the file.

Status 0 when everything was sent (with --wait: can be queried); 1 when a file is no snapshot, or became a dead letter;
2 for wrong usage; 3 when Kafka (with --wait: ClickHouse) can not be reached.

Examples:
  $ reel import lns1.txt --router lns1 --wait
  $ reel import lns1.txt --router lns1 --captured-at '2026-11-20 10:00' --timezone Europe/Berlin
  $ reel import session.log
  $ reel import /var/captures captures-2025.tar.zst --timezone Europe/Berlin --complete
  $ ssh lns1 'show services l2tp session extensive | no-more' | reel import - --router lns1 \\
      --command 'show services l2tp session extensive' --complete
`;

export function register(program: Command, io: Io = processIo): void {
  const command = program
    .command('import')
    .description('captures from files to Kafka')
    .argument(
      '<file...>',
      'captures as the router printed them, folders and archives of them; - is standard input',
    )
    .option('--router <name>', 'which router; default: from the prompt')
    .option('--captured-at <time>', "when it was taken; default: the router's clock, else the file's time")
    .option('--command <command>', 'the command as typed, where the capture does not begin with it')
    .option('--complete', 'whoever took it saw its end: sessions that are not listed are gone')
    .option('--timezone <zone>', "zone of the router's clock, such as Europe/Berlin")
    .option('--force', 'send what is no snapshot, too')
    .option('--wait', 'until it can be queried')
    .addOption(new Option('--wait-limit <seconds>', 'at most').default('120'))
    .option('--again', 'of folders and archives, what was sent before, too')
    .addOption(
      new Option('--data <folder>', 'where what was sent is noted').env('REEL_DATA').default('.sessionreel'),
    )
    .addHelpText('after', help)
    .action(async (files: string[], flags: Flags) => await importFiles(files, flags, io));
  withClickHouse(withKafka(command));
}

async function importFiles(files: readonly string[], typed: Flags, io: Io): Promise<void> {
  const settings = settingsOf(typed);
  const flags = checkFlags(typed, io);
  const waitLimitMs = Number(typed.waitLimit) * 1000;
  if (!(waitLimitMs > 0)) throw wrongUsage(`--wait-limit ${typed.waitLimit}: it wants a number of seconds`);
  const store = typed.wait === true ? openStore(settings) : undefined;
  const sender = new Sender(settings);
  const run = { failed: false };
  try {
    // Better now than when everything was sent.
    await store?.ping();
    const deliver = async (file: string, own: ImportFlags, name = file): Promise<void> => {
      const sent = await importFile(file, own, sender, io, name);
      for (const one of sent) {
        const became = store === undefined ? undefined : await awaited(one, store, waitLimitMs, io);
        if (became?.outcomes.some((x) => x.outcome === 'dead_letter') === true) run.failed = true;
        await writeAll(io.stdout, `${describe(one, became)}\n`);
      }
    };
    const streamed = files.filter((file) => file === '-');
    for (const file of streamed) await deliver(file, flags);
    const named = files.filter((file) => file !== '-');
    if (named.length > 0) await importMany(named, typed, flags, settings, deliver, io);
  } finally {
    await sender.stop();
    await store?.close();
  }
  if (run.failed) io.status(1);
}

/** Files one after another, old to new. */
async function importMany(
  paths: readonly string[],
  typed: Flags,
  flags: ImportFlags,
  settings: CliSettings,
  deliver: (file: string, own: ImportFlags, name: string) => Promise<void>,
  io: Io,
): Promise<void> {
  const found = await sourcesOf(paths, flags.timezone ?? 'UTC');
  const { sources, mixed } = found;
  try {
    if (!mixed) {
      // Named one by one: in the order of their times, each must be a capture.
      const ordered = paths.length === 1 ? paths : sources.map((s) => s.path);
      for (const path of ordered) await deliver(path, flags, path);
      return;
    }
    const asked = [...paths, settings.kafkaBrokers.join(','), settings.snapshotsTopic, flags.router ?? ''];
    const journal = await Journal.open(asked, typed.data, typed.again === true);
    await sendSources(sources, journal, flags, deliver, io);
  } finally {
    await found.close();
  }
}

async function sendSources(
  sources: readonly Source[],
  journal: Journal,
  flags: ImportFlags,
  deliver: (file: string, own: ImportFlags, name: string) => Promise<void>,
  io: Io,
): Promise<void> {
  const left = sources.filter((s) => !journal.has(s));
  const done = sources.length - left.length;
  if (done > 0)
    await writeAll(
      io.stderr,
      `reel: ${done} files were sent before, ${left.length} are left; --again sends all\n`,
    );
  const skipped: string[] = [];
  const all = createProgress(
    io.stderr,
    `${left.length} files`,
    left.reduce((n, s) => n + s.bytes, 0),
  );
  try {
    for (const source of left) {
      const own: ImportFlags = {
        ...flags,
        ...(source.router === '' ? {} : { namedRouter: source.router }),
        ...(source.namedTime === undefined ? {} : { namedTime: source.namedTime }),
      };
      try {
        await deliver(source.path, own, source.name);
      } catch (error) {
        // Among many there are others; what has no place in Kafka stops it.
        if (!(error instanceof CliError) || error.status === 3) throw error;
        skipped.push(error.message);
      }
      await journal.add(source);
      all.add(source.bytes);
    }
  } finally {
    all.stop();
  }
  for (const message of skipped.slice(0, 10))
    await writeAll(io.stderr, `reel: left out: ${escapeValue(message)}\n`);
  if (skipped.length > 10)
    await writeAll(io.stderr, `reel: and ${skipped.length - 10} more files were left out\n`);
  if (left.length > 0 && skipped.length === left.length) throw wrongData('no file of them holds a capture');
}

function checkFlags(typed: Flags, io: Io): ImportFlags {
  const { router, command, complete, force } = typed;
  if (router !== undefined) checkRouter(router);
  if (typed.timezone !== undefined) checkZone(typed.timezone);
  if (command !== undefined && !parseCommand(command).isL2tpSession)
    throw wrongUsage(
      `--command ${command}: it is not "show services l2tp session"`,
      'Give it as it was typed on the router, with its level, filters and pipes.',
    );
  const zone = typed.timezone ?? localZone();
  return {
    ...(router === undefined ? {} : { router }),
    ...(command === undefined ? {} : { command }),
    ...(complete === undefined ? {} : { complete }),
    ...(force === undefined ? {} : { force }),
    ...(typed.timezone === undefined ? {} : { timezone: typed.timezone }),
    ...(typed.capturedAt === undefined ? {} : { capturedAt: parseTime(typed.capturedAt, io.now(), zone) }),
  };
}

/** Connects when there is something to send, and once. */
class Sender {
  readonly #settings: CliSettings;
  #open: { client: KafkaClient; producer: KafkaProducer; maxMessageBytes: number } | undefined;

  constructor(settings: CliSettings) {
    this.#settings = settings;
  }

  get topic(): string {
    return this.#settings.snapshotsTopic;
  }

  async open(): Promise<{ producer: KafkaProducer; maxMessageBytes: number }> {
    if (this.#open !== undefined) return this.#open;
    const client = await connectKafka(this.#settings);
    const admin = new KafkaAdmin(client);
    try {
      await admin.partitionCount(this.topic);
      const maxMessageBytes = await admin.maxMessageBytes(this.topic);
      this.#open = { client, producer: new KafkaProducer(client), maxMessageBytes };
      return this.#open;
    } catch (error) {
      throw tellable(error);
    } finally {
      await admin.stop();
    }
  }

  async stop(): Promise<void> {
    await this.#open?.producer.stop();
  }
}

/** @param name as people know it */
async function importFile(
  file: string,
  flags: ImportFlags,
  sender: Sender,
  io: Io,
  name: string,
): Promise<SentCapture[]> {
  const spooled = await spool(file, io);
  // Looked through for places to cut, checked, sent: the bytes pass three times.
  // Of many files one bar shows them all.
  const progress = createProgress(io.stderr, nameOf(name), name === file ? spooled.bytes * 3 : 0);
  try {
    const { captures, skipped } = await prepare(name, spooled, flags, io.now(), progress.add);
    const sent = await sendAll(spooled, captures, flags, sender, progress.add);
    progress.stop();
    await tellDoubts(name, captures, skipped, io);
    return sent;
  } finally {
    progress.stop();
    await spooled.close();
  }
}

async function sendAll(
  spooled: Spooled,
  captures: readonly Prepared[],
  flags: ImportFlags,
  sender: Sender,
  onProgress: (bytes: number) => void,
): Promise<SentCapture[]> {
  const { producer, maxMessageBytes } = await sender.open();
  checkSizes(captures, maxMessageBytes);
  const handle = await openFile(spooled.path);
  try {
    const sent: SentCapture[] = [];
    for (const capture of captures) {
      sent.push(await sendCapture(producer, sender.topic, handle, capture, flags, onProgress));
    }
    return sent;
  } finally {
    await handle.close();
  }
}

/** What a person should know although everything was sent. */
async function tellDoubts(
  file: string,
  captures: readonly Prepared[],
  skipped: number,
  io: Io,
): Promise<void> {
  const lines: string[] = [];
  if (skipped > 0) lines.push(`${skipped} other commands in it were left out`);
  for (const { facts, router } of captures) {
    if (facts === undefined) continue;
    if (facts.errors.length > 0) {
      const first = facts.errors[0];
      lines.push(
        `${facts.errors.length} lines were not understood; line ${first?.line ?? 0}: ${first?.message ?? ''}`,
      );
    }
    if (!facts.complete) {
      lines.push(
        `the end of ${router}'s listing is not proven (${facts.incompleteReason}): it closes no session; --complete says that it is whole`,
      );
    }
  }
  for (const line of lines) await writeAll(io.stderr, `reel: ${nameOf(file)}: ${escapeValue(line)}\n`);
}

async function awaited(sent: SentCapture, store: Store, limitMs: number, io: Io): Promise<Awaited> {
  const became = await waitForLedger(store, sent, limitMs, (reason) => {
    io.stderr.write(`reel: waiting: ${reason}\n`);
  });
  const dead = became.outcomes.find((x) => x.outcome === 'dead_letter');
  if (dead !== undefined) {
    const error = wrongData(`${sent.capture.router}: became a dead letter: ${dead.reason}`);
    await writeAll(io.stderr, `reel: ${escapeValue(error.message)}\nreel dlq list shows it.\n`);
  }
  return became;
}

/** `lns1  2026-11-20T10:00:00Z  extensive  64,000 sessions  l2tp.snapshots 3 @ 17..45  applied: 12 opened, 3 changed, 1 closed` */
function describe(sent: SentCapture, became: Awaited | undefined): string {
  const { capture, partition, offsets } = sent;
  const { facts, router, capturedAt } = capture;
  const first = offsets[0] ?? -1;
  const last = offsets.at(-1) ?? -1;
  const words = [
    escapeValue(router),
    printTime(capturedAt),
    facts === undefined ? 'no snapshot' : `${facts.level}${facts.complete ? '' : ' (end not proven)'}`,
    facts === undefined ? '' : `${facts.sessions.toLocaleString('en')} sessions`,
    `partition ${partition}, offset ${first}${last > first ? `..${last}` : ''}`,
    became === undefined ? '' : outcomeOf(became),
  ];
  return words.filter((x) => x !== '').join('  ');
}

function outcomeOf({ outcomes, last }: Awaited): string {
  const final = last.find((row) => row.final && row.outcome === 'applied');
  if (final !== undefined) {
    return `applied: ${final.opened} opened, ${final.changed} changed, ${final.closed} closed`;
  }
  const worst = outcomes.find((x) => x.outcome !== 'applied') ?? outcomes.at(-1);
  if (worst === undefined) return '';
  return `${worst.outcome.replace('_', ' ')}${worst.reason === '' ? '' : `: ${escapeValue(worst.reason)}`}`;
}
