/** `reel parse`: what a capture says, with no server. */
import { JsonLines, type CaptureResult, type ParseHints } from '@sessionreel/junos-l2tp';
import { Option, type Command } from 'commander';
import { chunksOf, nameOf } from './import/capture-file.ts';
import { escapeValue, processIo, writeAll, type Io } from './terminal/terminal.ts';

interface ParseFlags {
  readonly complete?: true;
  readonly command?: string;
  readonly format?: 'text' | 'xml' | 'json';
}

const help = `
One JSON object a line: {"type":"session", …} for each session, then {"type":"snapshot", …} with what holds for the whole
listing. Integers are exact, whatever their size; times are the router's local ones. N/A is null, printed empty is "",
what was not printed is left out.

Status 0, also when a listing is merely not known to be whole; 1 when there was no snapshot or it had errors.

Examples:
  $ reel parse capture.txt
  $ reel parse --complete --command 'show services l2tp session extensive' reply.txt
  $ ssh lns1 'show services l2tp session | display xml | no-more' | reel parse -
  $ reel parse *.txt | jq -r 'select(.type == "session") | .state' | sort | uniq -c
`;

export function register(program: Command, io: Io = processIo): void {
  program
    .command('parse')
    .description('what a capture says, as JSON lines; needs no server')
    .argument('<file...>', 'captures; - is standard input')
    .option('--complete', 'whoever took it saw its end: sessions that are not listed are gone')
    .option('--command <command>', 'the command as typed, where the capture does not begin with it')
    .addOption(new Option('--format <format>', 'instead of looking').choices(['text', 'xml', 'json']))
    .addHelpText('after', help)
    .action(async (files: string[], flags: ParseFlags) => {
      let failed = false;
      for (const file of files) failed = (await parseFile(file, flags, io)) || failed;
      if (failed) io.status(1);
    });
}

/** Returns true when the file was no snapshot, or had errors. */
async function parseFile(file: string, flags: ParseFlags, io: Io): Promise<boolean> {
  const hints: ParseHints = {
    ...(flags.complete === undefined ? {} : { complete: true }),
    ...(flags.command === undefined ? {} : { command: flags.command }),
    ...(flags.format === undefined ? {} : { format: flags.format }),
  };
  let pending: string[] = [];
  const seen = { errors: false };
  const emit = (line: string): void => {
    pending.push(line);
    // Only the line of a snapshot has such a member, and a value's quotes are escaped.
    if (line.startsWith('{"type":"snapshot"')) seen.errors ||= !line.includes(',"errors":[],');
  };
  const flush = async (): Promise<void> => {
    if (pending.length === 0) return;
    const text = `${pending.join('\n')}\n`;
    pending = [];
    await writeAll(io.stdout, text);
  };
  const lines = new JsonLines(emit, hints);
  for await (const chunk of chunksOf(file, io)) {
    lines.write(chunk);
    await flush();
  }
  const result = lines.end();
  await flush();
  await tellErrors(file, result, io);
  return seen.errors || result.snapshots === 0 || result.errors.length > 0;
}

async function tellErrors(file: string, result: CaptureResult, io: Io): Promise<void> {
  for (const { line, message } of result.errors) {
    await writeAll(io.stderr, `reel: ${nameOf(file)}:${line}: ${escapeValue(message)}\n`);
  }
  if (result.snapshots === 0) {
    await writeAll(io.stderr, `reel: ${nameOf(file)}: no output of "show services l2tp session" in it\n`);
  }
}
