/** The command `reel`: every subcommand is a file beside this one, loaded when it is asked for. */
import { readFileSync } from 'node:fs';
import { ConfigError } from '@sessionreel/ops';
import { Command, CommanderError } from 'commander';
import { CliError } from './terminal/cli-error.ts';
import { escapeForTerminal, processIo, type Io } from './terminal/terminal.ts';

interface CommandModule {
  readonly register: (program: Command, io?: Io) => void;
}

/** In the order of the help. `reel parse` has no use for Kafka's client: only what is named is loaded. */
const commands: Readonly<Record<string, () => Promise<CommandModule>>> = {
  up: () => import('./up/up.ts'),
  parse: () => import('./parse.ts'),
  import: () => import('./import/import.ts'),
  show: () => import('./questions/show.ts'),
  history: () => import('./questions/history.ts'),
  diff: () => import('./questions/diff.ts'),
  'what-happened': () => import('./questions/what-happened.ts'),
  'who-had': () => import('./questions/who-had.ts'),
  fleet: () => import('./questions/fleet.ts'),
  capacity: () => import('./questions/capacity.ts'),
  replay: () => import('./questions/replay.ts'),
  audit: () => import('./questions/audit.ts'),
  dlq: () => import('./operations/dlq.ts'),
  token: () => import('./operations/token.ts'),
  status: () => import('./operations/status.ts'),
  doctor: () => import('./operations/doctor.ts'),
  migrate: () => import('./operations/migrate.ts'),
  'fleet-file': () => import('./operations/fleet-file.ts'),
  // The last, and never alone: it completes what the others have registered.
  complete: () => import('./operations/complete.ts'),
};

const help = `
Examples:
  $ reel up --demo
  $ reel import capture.txt --router lns1 --wait
  $ reel show services l2tp session --router lns1 --at -90m
  $ reel COMMAND --help

Lists are tables; --output json, ndjson or csv for programs. Times are RFC 3339, "2026-11-20 10:00" or -90m.
Status: 0 good, 1 bad data, 2 wrong usage, 3 Kafka or ClickHouse not reachable.
`;

function version(): string {
  const file = new URL('../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/** @param name the subcommand that will run; any other word (help, a mistake) loads all of them */
export async function createProgram(io: Io = processIo, name = ''): Promise<Command> {
  const program = new Command('reel')
    .description('The exact history of every L2TP session, and any moment of it played back.')
    .version(version())
    .addHelpText('after', help)
    .exitOverride()
    .showHelpAfterError('--help has examples.')
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
    });
  const wanted = Object.hasOwn(commands, name) && name !== 'complete' ? [name] : Object.keys(commands);
  for (const one of wanted) (await commands[one]?.())?.register(program, io);
  return program;
}

/** Runs a command line (without node and script). Returns the exit status. */
export async function main(argv: readonly string[], io: Io = processIo): Promise<number> {
  let status = 0;
  try {
    const program = await createProgram({ ...io, status: (n) => (status = n) }, argv[0]);
    await program.parseAsync([...argv], { from: 'user' });
    return status;
  } catch (error) {
    return await failureStatus(error, io);
  }
}

/** Says what went wrong; 1 for data, 2 for usage, 3 for what can not be reached. */
async function failureStatus(thrown: unknown, io: Io): Promise<number> {
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2;
  // The ports' errors: their libraries are there already when one of them was thrown.
  const { tellable } = await import('./connections.ts');
  const error = tellable(thrown);
  if (error instanceof CliError || error instanceof ConfigError) {
    const hint = error instanceof CliError && error.hint !== '' ? `\n${error.hint}` : '';
    io.stderr.write(`reel: ${escapeForTerminal(error.message + hint)}\n`);
    return error instanceof CliError ? error.status : 2;
  }
  throw error;
}
