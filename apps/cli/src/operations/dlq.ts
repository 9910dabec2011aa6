/** `reel dlq`: messages that could not be used. */
import { unmasked, type Mask } from '@sessionreel/ops';
import {
  KafkaAdmin,
  KafkaProducer,
  NoSuchLetter,
  dealWith,
  kafkaDeadLetters,
  letterId,
  letterOf,
  openLetters,
  originalHeaders,
  readDeadLetter,
  type DeadLetterPort,
  type Letter,
} from '@sessionreel/kafka';
import { masked, maskedCommand } from '@sessionreel/queries';
import type { Command } from 'commander';
import { wrongData, wrongUsage } from '../terminal/cli-error.ts';
import { connectKafka, maskOf, settingsOf, withKafka, type ConnectionFlags } from '../connections.ts';
import { printList, withOutput, type Column, type OutputForm } from '../terminal/output.ts';
import {
  escapeForTerminal,
  escapeValue,
  isTerminal,
  processIo,
  writeAll,
  type Io,
} from '../terminal/terminal.ts';
import { printTime } from '../terminal/times.ts';

interface Choice {
  readonly router?: string;
  readonly reason?: string;
}
interface ListFlags extends ConnectionFlags, Choice {
  readonly output: OutputForm;
}
interface ManyFlags extends ConnectionFlags, Choice {
  readonly all?: true;
}

const help = `
A message that can not be used goes to l2tp.snapshots.dlq with its reason, and stops nothing. Letters are named
PARTITION/OFFSET. A retry sends the message again as it came; what was wrong with it must have changed meanwhile (a release,
a setting), else it comes back.

Examples:
  $ reel dlq list
  $ reel dlq list --reason parse --output ndjson | jq -r .router | sort | uniq -c
  $ reel dlq show 0/17
  $ reel dlq show 0/17 --raw > capture.txt && reel parse capture.txt
  $ reel dlq retry --all --reason worker
  $ reel dlq drop 0/17 0/18
`;

export function register(program: Command, io: Io = processIo): void {
  const dlq = program
    .command('dlq')
    .description('dead letters: list, show, retry, drop')
    .addHelpText('after', help);
  const choice = (command: Command): Command =>
    withKafka(
      command
        .option('--router <name>', 'only of this router')
        .option('--reason <word>', 'only for this reason'),
    );
  choice(withOutput(dlq.command('list').description('those that nobody dealt with yet'))).action(
    async (flags: ListFlags) =>
      await withPort(flags, async (port, mask) => await list(port, flags, io, mask)),
  );
  withKafka(
    dlq
      .command('show')
      .description('one of them: headers and the beginning of the message')
      .argument('<id>', 'PARTITION/OFFSET')
      .option('--raw', 'the whole message as it came'),
  ).action(
    async (id: string, flags: ConnectionFlags & { raw?: true }) =>
      await withPort(flags, async (port, mask) => await showLetter(port, id, flags.raw === true, io, mask)),
  );
  const many = (name: 'retry' | 'drop', text: string): void => {
    choice(
      dlq
        .command(name)
        .description(text)
        .argument('[id...]', 'PARTITION/OFFSET')
        .option('--all', 'all that are chosen'),
    ).action(
      async (ids: string[], flags: ManyFlags) =>
        await withPort(flags, async (port) => await deal(port, name, ids, flags, io)),
    );
  };
  many('retry', 'send them again as captures');
  many('drop', 'be done with them');
}

async function withPort(
  flags: ConnectionFlags,
  work: (port: DeadLetterPort, mask: Mask) => Promise<void>,
): Promise<void> {
  const settings = settingsOf(flags);
  const client = await connectKafka(settings);
  const admin = new KafkaAdmin(client);
  const producer = new KafkaProducer(client);
  const topics = { snapshots: settings.snapshotsTopic, deadLetters: settings.deadLettersTopic };
  try {
    await work(kafkaDeadLetters(client, admin, producer, topics), maskOf(settings));
  } finally {
    await producer.stop();
    await admin.stop();
  }
}

const columns: readonly Column<Letter>[] = [
  { name: 'id', title: 'id', value: (x) => x.id },
  { name: 'at', title: 'came', value: (x) => printTime(x.letter.time) },
  { name: 'router', title: 'router', value: (x) => x.router },
  { name: 'reason', title: 'reason', value: (x) => x.letter.reason },
  { name: 'tries', title: 'tries', value: (x) => x.letter.tries },
  { name: 'size_bytes', title: 'bytes', value: (x) => x.bytes },
  {
    name: 'source',
    title: 'source',
    value: (x) => `${x.letter.partition}/${x.letter.offset}`,
  },
  { name: 'error', title: 'error', value: (x) => x.letter.error },
];

const chosen = (letters: readonly Letter[], { router, reason }: Choice): Letter[] =>
  letters.filter(
    (x) =>
      (router === undefined || x.router === router) && (reason === undefined || x.letter.reason === reason),
  );

export async function list(
  port: DeadLetterPort,
  flags: Choice & { output: OutputForm },
  io: Io,
  mask: Mask = unmasked,
): Promise<void> {
  const letters = masked(chosen(await openLetters(port), flags), mask);
  await printList(io, flags.output, columns, letters);
  if (letters.length === 0) await writeAll(io.stderr, 'reel: no dead letters\n');
}

/** @throws CliError (status 2) for what names no letter */
function checkId(id: string): string {
  if (letterId.test(id)) return id;
  throw wrongUsage(
    `"${id}" names no dead letter`,
    'They are named PARTITION/OFFSET, such as 0/17: reel dlq list',
  );
}

/** @throws CliError (status 1) where the library says that there is no such letter */
async function found<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof NoSuchLetter)) throw error;
    throw wrongData(error.message, 'reel dlq list shows those that are there.');
  }
}

/** As much of a message as a person wants to see at once. */
const excerptBytes = 2_000;

export async function showLetter(
  port: DeadLetterPort,
  id: string,
  raw: boolean,
  io: Io,
  mask: Mask = unmasked,
): Promise<void> {
  const hidden = mask !== unmasked;
  if (raw && hidden)
    throw wrongUsage('the message as it came may hold user names, which are masked for this role');
  const message = await found(letterOf(port, checkId(id)));
  const value = message.value ?? new Uint8Array();
  if (raw) {
    await writeAll(
      io.stdout,
      isTerminal(io.stdout) ? escapeForTerminal(Buffer.from(value).toString()) : value,
    );
    return;
  }
  const letter = masked(readDeadLetter(message), mask);
  const key = message.key === null ? '(none)' : Buffer.from(message.key).toString();
  const headers = Object.entries(originalHeaders(message)).map(([name, x]) => [
    `header ${name}`,
    maskedCommand(String(x), mask),
  ]);
  const facts = [
    ['router', key],
    ['reason', letter?.reason ?? ''],
    ['error', letter?.error ?? ''],
    ['tries', String(letter?.tries ?? 0)],
    ['came', printTime(letter?.time ?? 0)],
    ['source', `${letter?.partition ?? 0}/${letter?.offset ?? 0}`],
    ['bytes', value.length.toLocaleString('en')],
    ...headers,
  ];
  const width = Math.max(...facts.map(([name]) => name?.length ?? 0));
  const lines = facts.map(([name, x]) => `${(name ?? '').padEnd(width)}  ${escapeValue(x ?? '')}`);
  const text = Buffer.from(value.subarray(0, excerptBytes)).toString();
  const more = value.length > excerptBytes ? `\n… ${value.length - excerptBytes} more bytes: --raw` : '';
  const shown = hidden ? '(masked: it may hold user names)' : `${escapeForTerminal(text)}${more}`;
  await writeAll(io.stdout, `${lines.join('\n')}\n\n${shown}\n`);
}

export async function deal(
  port: DeadLetterPort,
  action: 'retry' | 'drop',
  ids: readonly string[],
  flags: Choice & { all?: true },
  io: Io,
): Promise<void> {
  if (ids.length === 0 && flags.all !== true) {
    throw wrongUsage(
      `which of them? dlq ${action} wants PARTITION/OFFSET, or --all (with --router, --reason)`,
    );
  }
  if (ids.length > 0 && flags.all === true) throw wrongUsage('either PARTITION/OFFSET or --all');
  const wanted = ids.length > 0 ? ids.map(checkId) : chosen(await openLetters(port), flags).map((x) => x.id);
  await found(dealWith(port, action, wanted));
  const done = action === 'retry' ? 'sent again' : 'dropped';
  await writeAll(io.stdout, `${wanted.length} ${wanted.length === 1 ? 'letter' : 'letters'} ${done}\n`);
}
