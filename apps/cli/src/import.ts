/** `reel import`: captures from files to Kafka. */

import type { Store } from '@sessionreel/clickhouse';
import { parseCommand } from '@sessionreel/junos-l2tp';
import { KafkaAdmin, KafkaProducer, type KafkaClient } from '@sessionreel/kafka';
import { Option, type Command } from 'commander';
import { nameOf } from './capture-file.ts';
import { wrongData, wrongUsage } from './cli-error.ts';
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
}

const help = `
A file may hold several commands, as a terminal's log does: each listing of L2TP sessions becomes a snapshot, the rest is left
out. Large listings are sent in parts that are divided between sessions. Files may be compressed (gzip, zstd).

When it was taken: --captured-at; else the router's clock, where the listing prints create and up times (its zone is
--timezone, UTC by default); else the time of the file.

Status 0 when everything was sent (with --wait: can be queried); 1 when a file is no snapshot, or became a dead letter;
2 for wrong usage; 3 when Kafka (with --wait: ClickHouse) can not be reached.

Examples:
  $ reel import lns1.txt --router lns1 --wait
  $ reel import lns1.txt --router lns1 --captured-at '2026-11-20 10:00' --timezone Europe/Berlin
  $ reel import session.log
  $ ssh lns1 'show services l2tp session extensive | no-more' | reel import - --router lns1 \\
      --command 'show services l2tp session extensive' --complete
`;

export function register(program: Command, io: Io = processIo): void {
  const command = program
    .command('import')
    .description('captures from files to Kafka')
    .argument('<file...>', 'captures as the router printed them; - is standard input')
    .option('--router <name>', 'which router; default: from the prompt')
    .option('--captured-at <time>', "when it was taken; default: the router's clock, else the file's time")
    .option('--command <command>', 'the command as typed, where the capture does not begin with it')
    .option('--complete', 'whoever took it saw its end: sessions that are not listed are gone')
    .option('--timezone <zone>', "zone of the router's clock, such as Europe/Berlin")
    .option('--force', 'send what is no snapshot, too')
    .option('--wait', 'until it can be queried')
    .addOption(new Option('--wait-limit <seconds>', 'at most').default('120'))
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
  let failed = false;
  try {
    // Better now than when everything was sent.
    await store?.ping();
    for (const file of files) {
      const sent = await importFile(file, flags, sender, io);
      for (const one of sent) {
        const became = store === undefined ? undefined : await awaited(one, store, waitLimitMs, io);
        failed = became?.outcomes.some((x) => x.outcome === 'dead_letter') === true || failed;
        await writeAll(io.stdout, `${describe(one, became)}\n`);
      }
    }
  } finally {
    await sender.stop();
    await store?.close();
  }
  if (failed) io.status(1);
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

async function importFile(file: string, flags: ImportFlags, sender: Sender, io: Io): Promise<SentCapture[]> {
  const spooled = await spool(file, io);
  // Looked through for places to cut, checked, sent: the bytes pass three times.
  const progress = createProgress(io.stderr, nameOf(file), spooled.bytes * 3);
  try {
    const { captures, skipped } = await prepare(file, spooled, flags, io.now(), progress.add);
    const sent = await sendAll(spooled, captures, flags, sender, progress.add);
    progress.stop();
    await tellDoubts(file, captures, skipped, io);
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
