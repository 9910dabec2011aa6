/** `reel dlq`: messages that could not be used. */
import { KafkaAdmin, KafkaProducer, originalHeaders, readDeadLetter, type Message } from '@sessionreel/kafka';
import type { Command } from 'commander';
import { wrongData, wrongUsage } from './cli-error.ts';
import { connectKafka, settingsOf, withKafka, type ConnectionFlags } from './connections.ts';
import {
  dropLetter,
  kafkaDeadLetters,
  letterAt,
  openLetters,
  retryLetter,
  trimDone,
  type DeadLetterPort,
  type Letter,
} from './dlq-store.ts';
import { printList, withOutput, type Column, type OutputForm } from './output.ts';
import { escapeForTerminal, escapeValue, isTerminal, processIo, writeAll, type Io } from './terminal.ts';
import { printTime } from './times.ts';

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
    async (flags: ListFlags) => await withPort(flags, async (port) => await list(port, flags, io)),
  );
  withKafka(
    dlq
      .command('show')
      .description('one of them: headers and the beginning of the message')
      .argument('<id>', 'PARTITION/OFFSET')
      .option('--raw', 'the whole message as it came'),
  ).action(
    async (id: string, flags: ConnectionFlags & { raw?: true }) =>
      await withPort(flags, async (port) => await showLetter(port, id, flags.raw === true, io)),
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
  work: (port: DeadLetterPort) => Promise<void>,
): Promise<void> {
  const settings = settingsOf(flags);
  const client = await connectKafka(settings);
  const admin = new KafkaAdmin(client);
  const producer = new KafkaProducer(client);
  const topics = { snapshots: settings.snapshotsTopic, deadLetters: settings.deadLettersTopic };
  try {
    await work(kafkaDeadLetters(client, admin, producer, topics));
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
): Promise<void> {
  const letters = chosen(await openLetters(port), flags);
  await printList(io, flags.output, columns, letters);
  if (letters.length === 0) await writeAll(io.stderr, 'reel: no dead letters\n');
}

export function parseId(id: string): { partition: number; offset: number } {
  const match = /^(\d{1,9})\/(\d{1,15})$/.exec(id);
  if (match === null)
    throw wrongUsage(
      `"${id}" names no dead letter`,
      'They are named PARTITION/OFFSET, such as 0/17: reel dlq list',
    );
  return { partition: Number(match[1]), offset: Number(match[2]) };
}

async function letterOf(port: DeadLetterPort, id: string): Promise<Message> {
  const { partition, offset } = parseId(id);
  const message = partition < (await port.partitions()) ? await letterAt(port, partition, offset) : undefined;
  if (message === undefined || readDeadLetter(message) === undefined) {
    throw wrongData(`there is no dead letter ${id} (any more)`, 'reel dlq list shows those that are there.');
  }
  return message;
}

/** As much of a message as a person wants to see at once. */
const excerptBytes = 2_000;

export async function showLetter(port: DeadLetterPort, id: string, raw: boolean, io: Io): Promise<void> {
  const message = await letterOf(port, id);
  const value = message.value ?? new Uint8Array();
  if (raw) {
    await writeAll(
      io.stdout,
      isTerminal(io.stdout) ? escapeForTerminal(Buffer.from(value).toString()) : value,
    );
    return;
  }
  const letter = readDeadLetter(message);
  const key = message.key === null ? '(none)' : Buffer.from(message.key).toString();
  const headers = Object.entries(originalHeaders(message)).map(([name, x]) => [`header ${name}`, String(x)]);
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
  await writeAll(io.stdout, `${lines.join('\n')}\n\n${escapeForTerminal(text)}${more}\n`);
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
  const wanted = ids.length > 0 ? ids : chosen(await openLetters(port), flags).map((x) => x.id);
  const messages: Message[] = [];
  // All of them are there, or nothing is done.
  for (const id of ids) messages.push(await letterOf(port, id));
  const touched = new Set<number>();
  for (const [i, id] of wanted.entries()) {
    const message = messages[i] ?? (await letterOf(port, id));
    touched.add(message.partition);
    await (action === 'retry' ? retryLetter(port, message) : dropLetter(port, message));
  }
  await trimDone(port, touched);
  const done = action === 'retry' ? 'sent again' : 'dropped';
  await writeAll(io.stdout, `${wanted.length} ${wanted.length === 1 ? 'letter' : 'letters'} ${done}\n`);
}
