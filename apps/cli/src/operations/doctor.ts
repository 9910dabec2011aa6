/** `reel doctor`: what keeps Sessionreel from working here, and what to do about it. */
import type { Command } from 'commander';
import { withClickHouse, withKafka, type ConnectionFlags } from '../connections.ts';
import { checkClickHouse, checkKafka, checkMachine, type Finding } from './doctor-checks.ts';
import { processIo, wantsColour, writeAll, type Io } from '../terminal/terminal.ts';

const help = `
Status 0 when nothing is wrong (a warning is not), 1 otherwise.

Examples:
  $ reel doctor
  $ REEL_KAFKA_BROKERS=kafka1:9092 reel doctor
`;

interface Flags extends ConnectionFlags {
  readonly data: string;
}

export function register(program: Command, io: Io = processIo): void {
  const command = program
    .command('doctor')
    .description('what keeps it from working here, and what to do about it')
    .option('--data <dir>', 'folder of reel up', process.env['REEL_DATA'] ?? '.sessionreel')
    .addHelpText('after', help)
    .action(async (flags: Flags) => await doctor(flags, io));
  withClickHouse(withKafka(command));
}

async function doctor(flags: Flags, io: Io): Promise<void> {
  const findings: Finding[] = [];
  for await (const finding of allFindings(flags)) {
    findings.push(finding);
    await writeAll(io.stdout, line(finding, wantsColour(io.stdout)));
  }
  const wrong = findings.filter((finding) => finding.grade === 'wrong').length;
  const doubtful = findings.filter((finding) => finding.grade === 'doubtful').length;
  await writeAll(io.stdout, `\n${findings.length} checked, ${doubtful} doubtful, ${wrong} wrong\n`);
  if (wrong > 0) io.status(1);
}

async function* allFindings(flags: Flags): AsyncGenerator<Finding> {
  yield* checkMachine(flags);
  yield* checkKafka(flags);
  yield* checkClickHouse(flags);
}

const signs = { good: ['ok', 32], doubtful: ['??', 33], wrong: ['!!', 31] } as const;

function line({ grade, what, found, remedy }: Finding, colour: boolean): string {
  const [sign, code] = signs[grade];
  const shown = colour ? `\u001b[${code}m${sign}\u001b[0m` : sign;
  const todo = remedy === undefined ? '' : `\n     ${remedy}`;
  return `${shown}  ${what}: ${found}${todo}\n`;
}
