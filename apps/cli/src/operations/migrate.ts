/** `reel migrate`: the tables, and the fleet file's copy. */
import { copyFleet, migrate } from '@sessionreel/clickhouse';
import { kinds, loadSettings, readFleet, setting } from '@sessionreel/ops';
import type { Command } from 'commander';
import { openStore, settingsOf, withClickHouse, type ConnectionFlags } from '../connections.ts';
import { processIo, writeAll, type Io } from '../terminal/terminal.ts';

const help = `
Applies the migrations that ClickHouse does not have yet, each once, also when two start at once. The loader does the same when it
starts. With a fleet file its copy in ClickHouse is made equal to it: sites, roles, limits and peers of the questions.

Examples:
  $ reel migrate
  $ reel migrate --fleet-file fleet.yaml
`;

interface Flags extends ConnectionFlags {
  readonly fleetFile?: string;
}

export function register(program: Command, io: Io = processIo): void {
  const command = program
    .command('migrate')
    .description("makes ClickHouse's tables, and copies the fleet file")
    .option('--fleet-file <file>', 'fleet.yaml (REEL_FLEET_FILE)');
  withClickHouse(command)
    .addHelpText('after', help)
    .action(async (flags: Flags) => await run(flags, io));
}

async function run(flags: Flags, io: Io): Promise<void> {
  const settings = settingsOf(flags);
  const { values } = loadSettings(
    { fleetFile: setting(kinds.text(), '', '') },
    { flags: { fleetFile: flags.fleetFile } },
  );
  const fleet = values.fleetFile === '' ? undefined : readFleet(values.fleetFile);
  const { applied, version } = await migrate({
    url: settings.clickhouseUrl,
    database: settings.clickhouseDatabase,
    user: settings.clickhouseUser,
    password: settings.clickhousePassword,
  });
  await writeAll(
    io.stdout,
    `${applied.length === 0 ? 'nothing to do' : `${applied.length} migrations applied`}: the tables are at migration ${version}\n`,
  );
  if (fleet === undefined) return;
  const store = openStore(settings);
  try {
    await copyFleet(store, fleet);
  } finally {
    await store.close();
  }
  await writeAll(io.stdout, `${fleet.routers.size} routers of the fleet file copied\n`);
}
