/** The command `reel`: every subcommand is a file beside this one. */
import { ConfigError } from '@sessionreel/ops';
import { Command, CommanderError } from 'commander';
import { CliError } from './cli-error.ts';
import { tellable } from './connections.ts';
import { register as registerAudit } from './audit.ts';
import { register as registerDiff } from './diff.ts';
import { register as registerDlq } from './dlq.ts';
import { register as registerHistory } from './history.ts';
import { register as registerImport } from './import.ts';
import { register as registerParse } from './parse.ts';
import { register as registerShow } from './show.ts';
import { register as registerUp } from './up.ts';
import { register as registerWhoHad } from './who-had.ts';
import { escapeForTerminal, processIo, type Io } from './terminal.ts';

export function createProgram(io: Io = processIo): Command {
  const program = new Command('reel')
    .description('The exact history of every L2TP session, and any moment of it played back.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
    });
  registerParse(program, io);
  registerImport(program, io);
  registerShow(program, io);
  registerHistory(program, io);
  registerDiff(program, io);
  registerWhoHad(program, io);
  registerAudit(program, io);
  registerDlq(program, io);
  registerUp(program, io);
  return program;
}

/** Runs a command line (without node and script). Returns the exit status. */
export async function main(argv: readonly string[], io: Io = processIo): Promise<number> {
  let status = 0;
  try {
    await createProgram({ ...io, status: (n) => (status = n) }).parseAsync([...argv], { from: 'user' });
    return status;
  } catch (error) {
    return failureStatus(tellable(error), io);
  }
}

/** Says what went wrong; 1 for data, 2 for usage, 3 for what can not be reached. */
function failureStatus(error: unknown, io: Io): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof CliError || error instanceof ConfigError) {
    const hint = error instanceof CliError && error.hint !== '' ? `\n${error.hint}` : '';
    io.stderr.write(`reel: ${escapeForTerminal(error.message + hint)}\n`);
    return error instanceof CliError ? error.status : 2;
  }
  throw error;
}
