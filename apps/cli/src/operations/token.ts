/** `reel token`: who may use the console. */
import {
  TokenStore,
  loadSettings,
  roles,
  sharedSettings,
  type Role,
  type TokenFacts,
} from '@sessionreel/ops';
import { Option, type Command } from 'commander';
import { column, printAnswer, section } from '../questions/answer.ts';
import { secondsOf } from '../questions/ask.ts';
import { wrongData, wrongUsage } from '../terminal/cli-error.ts';
import { withOutput, type OutputForm } from '../terminal/output.ts';
import { escapeValue, processIo, writeAll, type Io } from '../terminal/terminal.ts';
import { localZone, parseTime, printTime } from '../terminal/times.ts';

interface Flags {
  readonly consoleData?: string;
}

const help = `
The console and its API want a token as soon as they listen elsewhere than on this machine, or with REEL_CONSOLE_ACCESS=on:
  Authorization: Bearer TOKEN
view reads; operator also deals with dead letters and starts replays; admin also manages tokens. Tokens are stored hashed: the
text of one is printed once, to stdout, and can not be had again. What is revoked or has expired ends at once.

Examples:
  $ reel token create ada --role admin
  $ reel token create noc-berlin --role operator --site Berlin --expires 30d
  $ reel token list
`;

export function register(program: Command, io: Io = processIo): void {
  const token = program
    .command('token')
    .description('who may use the console: create, list, revoke')
    .addHelpText('after', help);
  const withData = (command: Command): Command =>
    command.option('--console-data <folder>', "the console's data (REEL_CONSOLE_DATA; .sessionreel/console)");
  withData(
    token
      .command('create')
      .description('makes a token and prints it')
      .argument('<name>', 'whose; stands in the audit log')
      .addOption(new Option('--role <role>', 'what it may').choices(roles).default('view'))
      .option('--site <names...>', 'only routers at these sites')
      .option('--router <names...>', 'only these routers')
      .option('--expires <when>', '30d, 12h, or a time; default: never'),
  ).action(async (name: string, flags: CreateFlags) => await create(name, flags, io));
  withData(withOutput(token.command('list').description('those that there are, without their text'))).action(
    async (flags: Flags & { output: OutputForm }) => await list(flags, io),
  );
  withData(
    token.command('revoke').description('ends tokens').argument('<id...>', 'as reel token list shows it'),
  ).action(async (ids: string[], flags: Flags) => await revoke(ids, flags, io));
}

interface CreateFlags extends Flags {
  readonly role: Role;
  readonly site?: readonly string[];
  readonly router?: readonly string[];
  readonly expires?: string;
}

function storeOf({ consoleData }: Flags): TokenStore {
  const { values } = loadSettings({ consoleData: sharedSettings.consoleData }, { flags: { consoleData } });
  return new TokenStore(values.consoleData);
}

async function create(name: string, flags: CreateFlags, io: Io): Promise<void> {
  if (name.trim() === '' || name.length > 100)
    throw wrongUsage('a name of 1 to 100 characters, for the audit log');
  const { token, facts } = storeOf(flags).add({
    name,
    role: flags.role,
    sites: [...(flags.site ?? [])],
    routers: [...(flags.router ?? [])],
    expires_at: flags.expires === undefined ? null : expiryOf(flags.expires, io.now()),
  });
  await writeAll(io.stdout, `${token}\n`);
  await writeAll(
    io.stderr,
    `reel: ${escapeValue(`${facts.role} ${facts.name}, ${endOf(facts)}; its id is ${facts.id}`)}\n`,
  );
}

/** @throws CliError (status 2) for what is no time, or has passed */
function expiryOf(typed: string, now: number): string {
  const at = /^\d+\s*[smhdw]?$/.test(typed)
    ? now + secondsOf('--expires', typed) * 1_000
    : parseTime(typed, now, localZone());
  if (at <= now) throw wrongUsage(`--expires ${typed}: that has passed`);
  return new Date(at).toISOString();
}

const endOf = ({ expires_at: end }: TokenFacts): string =>
  end === null ? 'until it is revoked' : `until ${printTime(Date.parse(end))}`;

async function list(flags: Flags & { output: OutputForm }, io: Io): Promise<void> {
  const rows = storeOf(flags).list();
  const columns = [
    column<TokenFacts>('id', 'id', (x) => x.id),
    column<TokenFacts>('name', 'name', (x) => x.name),
    column<TokenFacts>('role', 'role', (x) => x.role),
    column<TokenFacts>('sites', 'sites', (x) => x.sites.join(' ')),
    column<TokenFacts>('routers', 'routers', (x) => x.routers.join(' ')),
    column<TokenFacts>('created_at', 'created', (x) => printTime(Date.parse(x.created_at))),
    column<TokenFacts>('expires_at', 'expires', (x) =>
      x.expires_at === null ? null : printTime(Date.parse(x.expires_at)),
    ),
  ];
  await printAnswer({ sections: [section('token', 'tokens', columns, rows)], notes: [] }, flags.output, io);
}

/** All of them are there, or nothing is done. */
async function revoke(ids: readonly string[], flags: Flags, io: Io): Promise<void> {
  const store = storeOf(flags);
  const known = new Set(store.list().map((x) => x.id));
  const missing = ids.find((id) => !known.has(id));
  if (missing !== undefined)
    throw wrongData(`there is no token ${missing} (any more)`, 'reel token list shows those that are there.');
  for (const id of ids) store.remove(id);
  await writeAll(io.stdout, `${ids.length} ${ids.length === 1 ? 'token' : 'tokens'} revoked\n`);
}
