/** `reel import`: captures from files to Kafka. */

import type { Store } from '@sessionreel/clickhouse';
import { parseCommand } from '@sessionreel/junos-l2tp';
import { KafkaAdmin, KafkaProducer, type KafkaClient } from '@sessionreel/kafka';
import { fleetRouter, kinds, loadSettings, readFleet, setting } from '@sessionreel/ops';
import { Option, type Command } from 'commander';
import { nameOf } from './capture-file.ts';
import { CliError, wrongData, wrongUsage } from '../terminal/cli-error.ts';
import {
  connectKafka,
  openStore,
  settingsOf,
  tellable,
  withClickHouse,
  withKafka,
  type CliSettings,
  type ConnectionFlags,
} from '../connections.ts';
import { HistoryImport, type PartitionNotes } from './import-history.ts';
import { Journal } from './import-journal.ts';
import { sourcesOf, type Source } from './import-sources.ts';
import { prepare, type ImportFlags, type Prepared } from './import-prepare.ts';
import { checkSizes, sendCapture, type SentCapture } from './import-send.ts';
import { waitForLedger, type Awaited } from './import-wait.ts';
import { createProgress } from '../terminal/progress.ts';
import { checkRouter } from '../router-name.ts';
import { openFile, spool, type Spooled } from './spool.ts';
import { escapeValue, processIo, writeAll, type Io } from '../terminal/terminal.ts';
import { checkZone, localZone, parseTime, printTime } from '../terminal/times.ts';

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

Captures that are older than the live state of their router have a state of their own: they become history in ClickHouse, and
nothing live is touched. An import of that time before it leaves them out.

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
    const deliver: Deliver = async (file, own, history, name = file) => {
      const done = await importFile(file, own, sender, history, io, name);
      for (const one of done) {
        if ('line' in one) {
          await writeAll(io.stdout, `${one.line}\n`);
          continue;
        }
        const became = store === undefined ? undefined : await awaited(one, store, waitLimitMs, io);
        if (became?.outcomes.some((x) => x.outcome === 'dead_letter') === true) run.failed = true;
        await writeAll(io.stdout, `${describe(one, became)}\n`);
      }
      return done.some((x) => 'line' in x) ? 'history' : 'sent';
    };
    const streamed = files.filter((file) => file === '-');
    for (const file of streamed) await deliver(file, flags, undefined);
    const named = files.filter((file) => file !== '-');
    if (named.length > 0) await importMany(named, typed, flags, settings, deliver, io);
  } finally {
    await sender.stop();
    await store?.close();
  }
  if (run.failed) io.status(1);
}

type Deliver = (
  file: string,
  own: ImportFlags,
  history: HistoryImport | undefined,
  name?: string,
) => Promise<'sent' | 'history'>;

/** Files one after another, old to new. */
async function importMany(
  paths: readonly string[],
  typed: Flags,
  flags: ImportFlags,
  settings: CliSettings,
  deliver: Deliver,
  io: Io,
): Promise<void> {
  const found = await sourcesOf(paths, flags.timezone ?? 'UTC');
  const { sources, mixed } = found;
  const asked = [...paths, settings.kafkaBrokers.join(','), settings.snapshotsTopic, flags.router ?? ''];
  const journal = mixed ? await Journal.open(asked, typed.data, typed.again === true) : undefined;
  const opened = await openHistory(settings, flags, journal ?? notesOfOneRun());
  try {
    if (journal === undefined) {
      // Named one by one: in the order of their times, each must be a capture.
      const ordered = paths.length === 1 ? paths : sources.map((s) => s.path);
      for (const path of ordered) await deliver(path, flags, opened?.history, path);
    } else await sendSources(sources, journal, flags, opened?.history, deliver, io);
    await opened?.history.finish();
    await journal?.finish();
  } finally {
    await opened?.store.close();
    await found.close();
  }
}

function notesOfOneRun(): PartitionNotes {
  const partitions = new Map<string, number>();
  return {
    partition: (router) => partitions.get(router),
    note: (router, partition) => Promise.resolve(void partitions.set(router, partition)),
  };
}

/** Undefined where ClickHouse does not answer or has no tables: then nothing live is known either. */
async function openHistory(
  settings: CliSettings,
  flags: ImportFlags,
  notes: PartitionNotes,
): Promise<{ history: HistoryImport; store: Store } | undefined> {
  const store = openStore(settings);
  try {
    await store.rows('SELECT 1 FROM deltas LIMIT 0');
  } catch {
    await store.close();
    return undefined;
  }
  const { values } = loadSettings({ fleetFile: setting(kinds.text(), '', '') });
  const fleet = readFleet(values.fleetFile);
  const zoneOf = (router: string): string => flags.timezone ?? fleetRouter(fleet, router).timezone;
  return { history: new HistoryImport(store, notes, zoneOf), store };
}

async function sendSources(
  sources: readonly Source[],
  journal: Journal,
  flags: ImportFlags,
  history: HistoryImport | undefined,
  deliver: Deliver,
  io: Io,
): Promise<void> {
  const left = sources.filter((s) => journal.has(s) === undefined).length;
  if (left < sources.length)
    await writeAll(
      io.stderr,
      `reel: ${sources.length - left} files were sent before, ${left} are left; --again sends all\n`,
    );
  // A state of its own is built again from its first file on; with none left there is nothing to build it for.
  const wanted = left === 0 && journal.finished ? [] : sources.filter((s) => journal.has(s) !== 'sent');
  const skipped: string[] = [];
  const bytes = wanted.reduce((n, s) => n + s.bytes, 0);
  const all = createProgress(io.stderr, `${wanted.length} files`, bytes);
  try {
    for (const source of wanted) {
      const own: ImportFlags = {
        ...flags,
        ...(source.router === '' ? {} : { namedRouter: source.router }),
        ...(source.namedTime === undefined ? {} : { namedTime: source.namedTime }),
      };
      let how: 'sent' | 'history' = 'sent';
      try {
        how = await deliver(source.path, own, history, source.name);
      } catch (error) {
        // Among many there are others; what has no place in Kafka stops it.
        if (!(error instanceof CliError) || error.status === 3) throw error;
        skipped.push(error.message);
      }
      if (journal.has(source) === undefined) await journal.add(source, how);
      all.add(source.bytes);
    }
  } finally {
    all.stop();
  }
  for (const message of skipped.slice(0, 10))
    await writeAll(io.stderr, `reel: left out: ${escapeValue(message)}\n`);
  if (skipped.length > 10)
    await writeAll(io.stderr, `reel: and ${skipped.length - 10} more files were left out\n`);
  if (wanted.length > 0 && skipped.length === wanted.length)
    throw wrongData('no file of them holds a capture');
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

/** What went into history has a line of its own. */
type Done = SentCapture | { readonly line: string };

/** @param name as people know it */
async function importFile(
  file: string,
  flags: ImportFlags,
  sender: Sender,
  history: HistoryImport | undefined,
  io: Io,
  name: string,
): Promise<Done[]> {
  const spooled = await spool(file, io);
  // Looked through for places to cut, checked, sent: the bytes pass three times. Of many files one bar shows them all.
  const progress = createProgress(io.stderr, nameOf(name), name === file ? spooled.bytes * 3 : 0);
  try {
    const { captures, skipped } = await prepare(name, spooled, flags, io.now(), progress.add);
    const done: Done[] = [];
    for (const capture of captures) {
      const place = (await history?.place(capture.router, capture.capturedAt)) ?? 'live';
      if (history === undefined || place === 'live')
        done.push(await sendOne(spooled, capture, flags, sender, progress.add));
      else {
        const said =
          place === 'known'
            ? 'left out: an earlier import holds that time'
            : await history.apply(capture, spooled.path);
        done.push({ line: describeHistory(capture, said) });
      }
    }
    progress.stop();
    await tellDoubts(name, captures, skipped, io);
    return done;
  } finally {
    progress.stop();
    await spooled.close();
  }
}

/** `lns1  2026-03-20T10:00:00Z  extensive  64,000 sessions  history: 12 opened, 3 changed, 1 closed` */
function describeHistory({ router, capturedAt, facts }: Prepared, said: string): string {
  const listed =
    facts === undefined ? '' : `  ${facts.level}  ${facts.sessions.toLocaleString('en')} sessions`;
  return `${escapeValue(router)}  ${printTime(capturedAt)}${listed}  older than its live state, history: ${said}`;
}

async function sendOne(
  spooled: Spooled,
  capture: Prepared,
  flags: ImportFlags,
  sender: Sender,
  onProgress: (bytes: number) => void,
): Promise<SentCapture> {
  const { producer, maxMessageBytes } = await sender.open();
  checkSizes([capture], maxMessageBytes);
  const handle = await openFile(spooled.path);
  try {
    return await sendCapture(producer, sender.topic, handle, capture, flags, onProgress);
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
