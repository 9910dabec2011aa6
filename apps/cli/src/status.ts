/** `reel status`: how far the pipeline is, from what Kafka and ClickHouse say. */
import { KafkaAdmin } from '@sessionreel/kafka';
import type { Command } from 'commander';
import {
  connectKafka,
  openStore,
  settingsOf,
  withClickHouse,
  withKafka,
  type CliSettings,
  type ConnectionFlags,
} from './connections.ts';
import { printList, withOutput, type Column, type OutputForm } from './output.ts';
import { processIo, type Io } from './terminal.ts';

interface Flags extends ConnectionFlags {
  readonly output: OutputForm;
}

interface Row {
  readonly what: string;
  readonly value: number | string | null;
  readonly meaning: string;
}

const columns: readonly Column<Row>[] = [
  { name: 'what', title: 'What', value: (row) => row.what },
  { name: 'value', title: 'Value', value: (row) => row.value },
  { name: 'meaning', title: 'Meaning', value: (row) => row.meaning },
];

const help = `
Examples:
  $ reel status
  $ reel status --output json
  $ watch -n 5 npx reel status
`;

export function register(program: Command, io: Io = processIo): void {
  const command = program
    .command('status')
    .description('how far the pipeline is')
    .addHelpText('after', help)
    .action(async (flags: Flags) => {
      const settings = settingsOf(flags);
      await printList(io, flags.output, columns, [
        ...(await kafkaRows(settings)),
        ...(await storeRows(settings, io)),
      ]);
    });
  withOutput(withClickHouse(withKafka(command)));
}

async function kafkaRows(settings: CliSettings): Promise<Row[]> {
  const admin = new KafkaAdmin(await connectKafka(settings));
  try {
    const processor = process.env['REEL_PROCESSOR_GROUP'] ?? 'processor';
    const loader = process.env['REEL_LOADER_GROUP'] ?? 'sessionreel-loader';
    const events = process.env['REEL_EVENTS_TOPIC'] ?? 'l2tp.events';
    const dead = await admin.watermarks(settings.deadLettersTopic);
    return [
      {
        what: 'processor_lag',
        value: await lag(admin, processor, settings.snapshotsTopic),
        meaning: 'captures that the processor has still to take',
      },
      {
        what: 'loader_lag',
        value: await lag(admin, loader, events),
        meaning: 'events that the loader has still to take',
      },
      {
        what: 'dead_letters',
        value: [...dead.values()].reduce((sum, { low, high }) => sum + high - low, 0),
        meaning: 'captures that were set aside: reel dlq list',
      },
    ];
  } finally {
    await admin.stop();
  }
}

/** Messages behind the end, all partitions; markers of transactions count, so that a busy topic is never quite at 0. */
async function lag(admin: KafkaAdmin, group: string, topic: string): Promise<number> {
  const committed = await admin.committed(group, topic);
  const ends = await admin.watermarks(topic);
  let sum = 0;
  for (const [partition, { low, high }] of ends) sum += high - (committed.get(partition)?.offset ?? low);
  return sum;
}

async function storeRows(settings: CliSettings, io: Io): Promise<Row[]> {
  const store = openStore(settings);
  try {
    const [row] = await store.rows<{ routers: string; snapshots: string; newest: string }>(
      `SELECT uniqExact(router) AS routers, count() AS snapshots, toUnixTimestamp64Milli(max(at)) AS newest
       FROM snapshots WHERE final AND outcome = 'applied'`,
    );
    const [size] = await store.rows<{ rows: string; bytes: string }>(
      'SELECT sum(total_rows) AS rows, sum(total_bytes) AS bytes FROM system.tables WHERE database = currentDatabase()',
    );
    const newest = Number(row?.newest ?? 0);
    return [
      { what: 'routers', value: Number(row?.routers ?? 0), meaning: 'routers with a history' },
      { what: 'snapshots', value: Number(row?.snapshots ?? 0), meaning: 'snapshots that were applied' },
      {
        what: 'newest_age_s',
        value: newest === 0 ? null : Math.round((io.now() - newest) / 1_000),
        meaning: 'seconds since the newest of them was taken',
      },
      { what: 'rows', value: Number(size?.rows ?? 0), meaning: 'rows in ClickHouse' },
      { what: 'bytes', value: Number(size?.bytes ?? 0), meaning: 'bytes of them on its disk' },
    ];
  } finally {
    await store.close();
  }
}
