/** `reel show services l2tp session …`: the router's own output at a time. */
import { parseCommand, type ParsedCommand } from '@sessionreel/junos-l2tp';
import { unmasked } from '@sessionreel/ops';
import {
  masked,
  piecesOf,
  scopeText,
  stateAt,
  stateColumns,
  type RouterColumnsAt,
  type RouterStateAt,
  type StateFrame,
} from '@sessionreel/queries';
import type { Format, Level, Scope } from '@sessionreel/session-model';
import { Option, type Command } from 'commander';
import { wrongUsage } from '../terminal/cli-error.ts';
import { maskOf, openStore, settingsOf, withClickHouse, type ConnectionFlags } from '../connections.ts';
import { checkRouter } from '../router-name.ts';
import {
  escapeForTerminal,
  escapeValue,
  isTerminal,
  processIo,
  writeAll,
  type Io,
} from '../terminal/terminal.ts';
import { localZone, parseTime, printTime } from '../terminal/times.ts';

interface Flags extends ConnectionFlags {
  readonly router: string;
  readonly at?: string;
  readonly display?: Format;
}

const help = `
What the router accepts behind "show" is accepted here, abbreviations included:
  services l2tp session [brief | detail | extensive | statistics]
    [interface NAME] [local-gateway ADDRESS] [local-gateway-name NAME] [peer-gateway ADDRESS] [peer-gateway-name NAME]
    [local-session-id ID] [local-tunnel-id ID] [tunnel-group NAME] [user NAME]

At the time of a snapshot the output is the router's, byte for byte, in the form in which it came unless --display says
otherwise. Between snapshots it is the last known state, and stderr says as of when. Control characters that a subscriber
chose for a name are shown escaped on a terminal, and come as they are through a pipe.

Status 0; 2 when the router would not take the command, is not known, or has no history at that time; 3 when ClickHouse can
not be reached.

Examples:
  $ reel show services l2tp session --router lns1
  $ reel show services l2tp session extensive --router lns1 --at '2026-11-20 10:00'
  $ reel show serv l2tp sess ext local-tunnel-id 40553 --router lns1 --at -90m --display xml
`;

export function register(program: Command, io: Io = processIo): void {
  const command = program
    .command('show')
    .description("the router's own output at a time")
    .argument('<words...>', 'services l2tp session, as on the router')
    .requiredOption('--router <name>', 'which router')
    .option('--at <time>', 'RFC 3339, "2026-11-20 10:00" (local), or -90m; default: now')
    .addOption(new Option('--display <form>', 'default: as it was captured').choices(['text', 'xml', 'json']))
    .addHelpText('after', help)
    .action(async (words: string[], flags: Flags) => await show(words, flags, io));
  withClickHouse(command);
}

async function show(words: readonly string[], flags: Flags, io: Io): Promise<void> {
  const request = requestOf(words, flags.display);
  const router = checkRouter(flags.router);
  const now = io.now();
  const at = flags.at === undefined ? now : parseTime(flags.at, now, localZone());
  if (at > now) throw wrongUsage(`${printTime(at)} is in the future: it is ${printTime(now)}`);
  const settings = settingsOf(flags);
  const store = openStore(settings);
  try {
    const { level, scope, display } = request;
    const question = { router, at, level, scope, ...(display === undefined ? {} : { format: display }) };
    const mask = maskOf(settings);
    // Names are masked in records; what nobody masks is printed from columns, without any.
    const state =
      mask === unmasked
        ? await stateColumns(store, { ...question, onlyPrinted: true })
        : masked(await stateAt(store, question), mask);
    await tellAge(state, io);
    if (countOf(state) === 0) await tellFilter(state, scope, io);
    await printState(state, io);
  } finally {
    await store.close();
  }
}

export interface ShowRequest {
  readonly level: Level;
  readonly scope: Scope;
  /** Undefined: as it was captured. */
  readonly display: Format | undefined;
}

/**
 * The words behind `reel show` as the router would take them.
 * @throws CliError (status 2) in the router's own words
 */
export function requestOf(words: readonly string[], display?: Format): ShowRequest {
  // One word may be a whole command line in quotes; of several, each is a word whatever it holds.
  const typed = words.length === 1 ? (words[0] ?? '') : words.map(quoted).join(' ');
  const line = `show ${typed}`;
  const command = parseCommand(line);
  if (command.error !== null) throw refused(line, command.error.at, command.error.message);
  if (!command.isL2tpSession) {
    throw wrongUsage(
      `"${line}" is another command`,
      'Only what "show services l2tp session" prints is kept: reel show services l2tp session --router NAME',
    );
  }
  if (command.dropping !== '') {
    throw wrongUsage(`"| ${command.dropping}" is the router's: pipe the output through grep or wc here`);
  }
  const piped = displayOf(command, line);
  return { level: command.level, scope: command.scope, display: display ?? piped };
}

function displayOf(command: ParsedCommand, line: string): Format | undefined {
  if (command.display !== 'text') return command.display;
  return /\|\s*dis?p?l?a?y?\s+te?x?t?\b/.test(line) ? 'text' : undefined;
}

const quoted = (word: string): string =>
  /^[^\s|"\\]+$/.test(word) || word === '|' ? word : `"${word.replace(/["\\]/g, '\\$&')}"`;

/** As on the router: the command, `^` under the word, the message. */
function refused(line: string, at: number, message: string): Error {
  return wrongUsage(`${line}\n${' '.repeat('reel: '.length + at)}^\n${message}`);
}

/** Says as of when, unless the time is a snapshot's own. */
async function tellAge(state: StateFrame, io: Io): Promise<void> {
  const { asOf, printedBy, at } = state;
  const lines: string[] = [];
  if (asOf.at !== at) {
    lines.push(
      `as of ${printTime(asOf.at)}, the last snapshot before ${printTime(at)} (${span(at - asOf.at)} earlier)`,
    );
  }
  if (printedBy.seq !== asOf.seq) {
    lines.push(
      `printed as at ${printTime(printedBy.at)}, the last ${printedBy.level} listing; values are the newest`,
    );
  }
  if (!asOf.complete) lines.push(`that listing was not whole${asOf.reason === '' ? '' : `: ${asOf.reason}`}`);
  if (!state.consistent) lines.push("the number of sessions is not the ledger's: an insert may be under way");
  for (const line of lines) await writeAll(io.stderr, `reel: ${escapeValue(line)}\n`);
}

const countOf = ({ sessions }: RouterStateAt | RouterColumnsAt): number =>
  'count' in sessions ? sessions.count : sessions.length;

/** What filters look at, as people call it. */
const filtered: Readonly<Record<string, readonly [label: string, ...fields: string[]]>> = {
  interface: ['interface', 'interface_name', 'tunnel_interface_name'],
  'local-gateway': ['local IP', 'local_ip'],
  'local-gateway-name': ['local name', 'local_name'],
  'peer-gateway': ['remote IP', 'remote_ip'],
  'peer-gateway-name': ['remote name', 'remote_name'],
  'tunnel-group': ['tunnel group', 'tunnel_group_name'],
  user: ['user name', 'user_name'],
};

/** Why nothing is listed, where filters left nothing of it. */
async function tellFilter({ asOf, printedFields }: StateFrame, scope: Scope, io: Io): Promise<void> {
  const sessions = Object.values(asOf.byState).reduce((a, b) => a + b, 0);
  if (Object.keys(scope).length === 0 || sessions === 0) return;
  const say = (text: string): Promise<void> => writeAll(io.stderr, `reel: ${escapeValue(text)}\n`);
  const of =
    sessions === 1
      ? 'its one session does not fit'
      : `none of its ${sessions.toLocaleString('en')} sessions fits`;
  await say(`${of}: ${scopeText(scope)}`);
  for (const name of Object.keys(scope)) {
    const [label, ...fields] = filtered[name] ?? ['id'];
    if (fields.length > 0 && printedFields !== null && !fields.some((f) => printedFields.has(f)))
      await say(`its listings print no ${label}: whether any fits can not be told`);
  }
}

/** `3 min`, `2 h 5 min`, `4 d 1 h`. */
export function span(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h${minutes % 60 === 0 ? '' : ` ${minutes % 60} min`}`;
  return `${Math.floor(hours / 24)} d${hours % 24 === 0 ? '' : ` ${hours % 24} h`}`;
}

/** Prints a state in the router's words to stdout. */
export async function printState(state: RouterStateAt | RouterColumnsAt, io: Io): Promise<void> {
  const decoder = isTerminal(io.stdout) ? new TextDecoder() : null;
  for (const piece of piecesOf(state)) {
    // The bytes are the router's: only a person's terminal is protected from them.
    const data = decoder === null ? piece : escapeForTerminal(decoder.decode(piece, { stream: true }));
    if (data.length > 0) await writeAll(io.stdout, data);
  }
}
