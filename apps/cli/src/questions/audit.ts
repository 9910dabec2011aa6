/** `reel audit`: whether what is stored adds up. */
import { audit, type AuditReport, type PartitionAccount } from '@sessionreel/queries';
import { stateHash } from '@sessionreel/session-diff';
import { Option, type Command } from 'commander';
import { asking, rangeOf, withRange, type RangeFlags } from './ask.ts';
import { wrongUsage } from '../terminal/cli-error.ts';
import { withClickHouse, type ConnectionFlags } from '../connections.ts';
import { jsonOf, printList, withOutput, type Column, type OutputForm } from '../terminal/output.ts';
import { escapeValue, processIo, writeAll, type Io } from '../terminal/terminal.ts';

interface Flags extends ConnectionFlags, RangeFlags {
  readonly sample: string;
  readonly output: OutputForm;
}

const help = `
Every source message must be applied, stale or a dead letter; no event may be missing or stand twice; and the state rebuilt from
ClickHouse must have the hash that the processor wrote into the ledger (for a sample of routers).

Status 0 when all of it holds, 1 when something does not.

Examples:
  $ reel audit
  $ reel audit --from -1d --sample 100 --output json
`;

export function register(program: Command, io: Io = processIo): void {
  const command = program
    .command('audit')
    .description('the ledger and the law, checked on what is stored')
    .addOption(new Option('--sample <routers>', 'how many states are rebuilt and compared').default('20'));
  withClickHouse(withOutput(withRange(command)))
    .addHelpText('after', help)
    .action(async (flags: Flags) => {
      const sample = /^\d{1,6}$/.test(flags.sample) ? Number(flags.sample) : Number.NaN;
      if (Number.isNaN(sample)) throw wrongUsage(`--sample ${flags.sample}: it wants a whole number`);
      const range = rangeOf(flags, io);
      const report = await asking(flags, (store) => audit(store, { ...range, sample, hashOf: stateHash }));
      await printReport(report, flags.output, io);
      if (report.problems.length > 0) io.status(1);
    });
}

const columns: readonly Column<PartitionAccount>[] = [
  { name: 'partition', title: 'partition', value: (x) => x.partition },
  { name: 'first_offset', title: 'first offset', value: (x) => x.first, shown: (x) => String(x.first) },
  { name: 'last_offset', title: 'last offset', value: (x) => x.last, shown: (x) => String(x.last) },
  { name: 'messages', title: 'messages', value: (x) => x.messages },
  { name: 'applied', title: 'applied', value: (x) => x.applied },
  { name: 'stale', title: 'stale', value: (x) => x.stale },
  { name: 'dead_letters', title: 'dead letters', value: (x) => x.deadLettered },
];

export async function printReport(report: AuditReport, form: OutputForm, io: Io): Promise<void> {
  const { accounts, problems, statesCompared } = report;
  if (form === 'json' || form === 'ndjson') {
    const text = jsonOf({ partitions: accounts, states_compared: statesCompared, problems });
    await writeAll(io.stdout, `${text}\n`);
    return;
  }
  await printList(io, form, columns, accounts);
  for (const { kind, where, detail } of problems) {
    await writeAll(
      io.stderr,
      `reel: ${kind.replaceAll('_', ' ')}: ${escapeValue(where)}: ${escapeValue(detail)}\n`,
    );
  }
  const verdict = problems.length === 0 ? 'it all adds up' : `${problems.length} problems`;
  await writeAll(io.stderr, `reel: ${verdict}; ${statesCompared} states rebuilt and compared\n`);
  if (accounts.length === 0) await writeAll(io.stderr, 'reel: no snapshot is known in that time\n');
}
