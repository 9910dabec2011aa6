/** `reel status`: how far the pipeline is, from what Kafka and ClickHouse say. */
import {
  KafkaAdmin,
  KafkaProducer,
  kafkaDeadLetters,
  openLetters,
  readRange,
  type KafkaClient,
} from '@sessionreel/kafka';
import type { Command } from 'commander';
import {
  connectKafka,
  openStore,
  settingsOf,
  withClickHouse,
  withKafka,
  type CliSettings,
  type ConnectionFlags,
} from '../connections.ts';
import { printList, withOutput, type Column, type OutputForm } from '../terminal/output.ts';
import { processIo, type Io } from '../terminal/terminal.ts';

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
  const client = await connectKafka(settings);
  const admin = new KafkaAdmin(client);
  try {
    const processor = process.env['REEL_PROCESSOR_GROUP'] ?? 'processor';
    const loader = process.env['REEL_LOADER_GROUP'] ?? 'sessionreel-loader';
    const events = process.env['REEL_EVENTS_TOPIC'] ?? 'l2tp.events';
    return [
      {
        what: 'processor_lag',
        value: await lag(client, admin, processor, settings.snapshotsTopic),
        meaning: 'captures that the processor has still to take',
      },
      {
        what: 'loader_lag',
        value: await lag(client, admin, loader, events),
        meaning: 'events that the loader has still to take',
      },
      {
        what: 'dead_letters',
        value: await deadLetters(client, admin, settings),
        meaning: 'captures that were set aside and wait: reel dlq list',
      },
    ];
  } finally {
    await admin.stop();
  }
}

async function deadLetters(client: KafkaClient, admin: KafkaAdmin, settings: CliSettings): Promise<number> {
  const topics = { snapshots: settings.snapshotsTopic, deadLetters: settings.deadLettersTopic };
  const producer = new KafkaProducer(client);
  try {
    return (await openLetters(kafkaDeadLetters(client, admin, producer, topics))).length;
  } finally {
    await producer.stop();
  }
}

/** A gap of offsets up to this is looked into; a larger one is lag, whatever share of it are markers. */
const countedMost = 1_000;

/** Messages behind the end, all partitions. Markers of transactions have offsets too: a small gap is counted. */
async function lag(client: KafkaClient, admin: KafkaAdmin, group: string, topic: string): Promise<number> {
  let sum = 0;
  for (const { partition, from, end } of await admin.waiting(group, topic)) {
    if (end - from > countedMost) {
      sum += end - from;
      continue;
    }
    for await (const { messages } of readRange(client, { topic, partition, from })) sum += messages.length;
  }
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
