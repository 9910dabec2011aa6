/** `reel who-had`: which session had an address, and how sure. */
import { whoHad, type AddressHolder } from '@sessionreel/queries';
import type { Command } from 'commander';
import { asking } from './ask.ts';
import { wrongUsage } from './cli-error.ts';
import { withClickHouse, type ConnectionFlags } from './connections.ts';
import { printList, withOutput, type Column, type OutputForm } from './output.ts';
import { processIo, writeAll, type Io } from './terminal.ts';
import { localZone, parseTime, printTime } from './times.ts';

const help = `
certain: snapshots before and after the time show it so. likely: it had begun by its create time, but no snapshot had shown it
yet; or nothing was heard since. unknown: it ended between two snapshots, and the time lies between them.

Addresses of subscribers are known only where captures print them (M Series extensive text, XML, JSON).

Examples:
  $ reel who-had 100.64.3.7 --at '2026-11-20 10:00'
  $ reel who-had 2001:db8::7 --at 2026-11-20T10:00:00Z --output json
`;

export function register(program: Command, io: Io = processIo): void {
  const command = program
    .command('who-had')
    .description('which session had an address, and how sure')
    .argument('<address>', 'IPv4 or IPv6')
    .requiredOption('--at <time>', 'RFC 3339, "2026-11-20 10:00" (local), or -90m');
  withClickHouse(withOutput(command))
    .addHelpText('after', help)
    .action(async (address: string, flags: ConnectionFlags & { at: string; output: OutputForm }) => {
      const at = parseTime(flags.at, io.now(), localZone());
      if (at > io.now()) throw wrongUsage(`${printTime(at)} is in the future`);
      const holders = await asking(flags, (store) => whoHad(store, { address, at }));
      await printList(io, flags.output, columns, holders);
      if (holders.length === 0) await writeAll(io.stderr, 'reel: no session is known to have had it then\n');
    });
}

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
