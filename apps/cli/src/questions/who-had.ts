/** `reel who-had`: which session had an address, and how sure. */
import { whoHad, whoHadAll, type AddressHolder } from '@sessionreel/queries';
import type { Command } from 'commander';
import { asking } from './ask.ts';
import { chunksOf, nameOf } from '../import/capture-file.ts';
import { wrongUsage } from '../terminal/cli-error.ts';
import { withClickHouse, type ConnectionFlags } from '../connections.ts';
import { printList, withOutput, type Column, type OutputForm } from '../terminal/output.ts';
import { processIo, writeAll, type Io } from '../terminal/terminal.ts';
import { localZone, parseTime, printTime } from '../terminal/times.ts';

const help = `
certain: snapshots before and after the time show it so. likely: it had begun by its create time, but no snapshot had shown it
yet; or nothing was heard since. unknown: it ended between two snapshots, and the time lies between them.

Addresses of subscribers are known only where captures print them (M Series extensive text, XML, JSON).

Examples:
  $ reel who-had 100.64.3.7 --at '2026-11-20 10:00'
  $ reel who-had 2001:db8::7 --at 2026-11-20T10:00:00Z --output json
  $ reel who-had --file abuse.csv --output csv
`;

interface Flags extends ConnectionFlags {
  readonly at?: string;
  readonly file?: string;
  readonly output: OutputForm;
}

export function register(program: Command, io: Io = processIo): void {
  const command = program
    .command('who-had')
    .description('which session had an address, and how sure')
    .argument('[address]', 'IPv4 or IPv6')
    .option('--at <time>', 'RFC 3339, "2026-11-20 10:00" (local), or -90m')
    .option(
      '--file <file>',
      'many of them: a line "address time" or "address,time" each; - is standard input',
    );
  withClickHouse(withOutput(command))
    .addHelpText('after', help)
    .action(async (address: string | undefined, flags: Flags) => {
      if (flags.file !== undefined) {
        if (address !== undefined) throw wrongUsage('an address or --file, not both');
        await askFile(flags.file, flags, io);
        return;
      }
      if (address === undefined || flags.at === undefined)
        throw wrongUsage(
          'whose address, and when?',
          'Give an address and --at TIME, or --file with many of them.',
        );
      const at = timeOf(flags.at, io);
      const holders = await asking(flags, (store) => whoHad(store, { address, at }));
      await printList(io, flags.output, columns, holders);
      if (holders.length === 0) await writeAll(io.stderr, 'reel: no session is known to have had it then\n');
    });
}

function timeOf(typed: string, io: Io): number {
  const at = parseTime(typed, io.now(), localZone());
  if (at > io.now()) throw wrongUsage(`${printTime(at)} is in the future`);
  return at;
}

/** One row for each holder; a line that nobody is known for, or that cannot be asked, has a row that says so. */
async function askFile(file: string, flags: Flags, io: Io): Promise<void> {
  const questions = linesOf(await textOf(file, io)).map(({ text, number }) => {
    const match = /^"?([^\s,;"]+)"?[\s,;]+"?(.+?)"?$/.exec(text);
    if (match === null) throw wrongUsage(`${nameOf(file)}, line ${number}: it wants an address and a time`);
    return { address: match[1] ?? '', at: timeOf(match[2] ?? '', io) };
  });
  const rows = await asking(flags, async (store) => {
    const found: FileRow[] = [];
    for await (const { address, at, holders, error } of whoHadAll(store, questions)) {
      const none = {
        address,
        at,
        holder: undefined,
        error: error === '' ? 'no session is known to have had it' : error,
      };
      found.push(
        ...(holders.length === 0 ? [none] : holders.map((holder) => ({ address, at, holder, error: '' }))),
      );
    }
    return found;
  });
  await printList(io, flags.output, fileColumns, rows);
}

interface FileRow {
  readonly address: string;
  readonly at: number;
  readonly holder: AddressHolder | undefined;
  readonly error: string;
}

async function textOf(file: string, io: Io): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of chunksOf(file, io)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

const linesOf = (text: string): { text: string; number: number }[] =>
  text
    .split(/\r?\n/)
    .map((line, i) => ({ text: line.trim(), number: i + 1 }))
    .filter(({ text: line }) => line !== '' && !line.startsWith('#'));

const columns: readonly Column<AddressHolder>[] = [
  { name: 'certainty', title: 'how sure', value: (x) => x.certainty },
  { name: 'router', title: 'router', value: (x) => x.router },
  { name: 'tunnel_local_id', title: 'tunnel', value: (x) => x.tunnel, shown: (x) => String(x.tunnel) },
  { name: 'session_local_id', title: 'session', value: (x) => x.session, shown: (x) => String(x.session) },
  { name: 'user_name', title: 'user', value: (x) => x.userName },
  { name: 'created_at', title: 'created', value: (x) => time(x.createdAt) },
  { name: 'seen_from', title: 'seen from', value: (x) => printTime(x.seenFrom) },
  { name: 'seen_to', title: 'seen to', value: (x) => printTime(x.seenTo) },
  { name: 'gone_by', title: 'gone by', value: (x) => time(x.goneBy) },
];

const time = (at: number | null): string | null => (at === null ? null : printTime(at));

const fileColumns: readonly Column<FileRow>[] = [
  { name: 'address', title: 'address', value: (x) => x.address },
  { name: 'at', title: 'at', value: (x) => printTime(x.at) },
  ...columns.map((c): Column<FileRow> => ({
    name: c.name,
    title: c.title,
    value: (x) => (x.holder === undefined ? null : c.value(x.holder)),
    ...(c.shown === undefined
      ? {}
      : { shown: (x: FileRow) => (x.holder === undefined ? '–' : (c.shown?.(x.holder) ?? '')) }),
  })),
  { name: 'error', title: '', value: (x) => x.error },
];
