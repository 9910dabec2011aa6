/**
 * A fleet's history in ClickHouse, as large as one likes: six hours of two routers go through the simulator, the parser, the diff and the
 * inbox with its views into a database of their own; from there every row of every table is copied inside ClickHouse, once for each six
 * hours and each router, with times, names and offsets moved on. So a copy's groups, ledger, rollups and codecs are the product's.
 * Kept in the project's cache folder, outside of the repository.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Store, migrate, rollUp } from '@sessionreel/clickhouse';
import { SteadyState } from '@sessionreel/fleet-sim';
import { cacheFolder, startClickHouse } from '@sessionreel/local';
import { Engine } from './engine.ts';
import { Inbox } from './inbox.ts';

export interface FleetHistory {
  /** The one large router, `lns-00000`: its sessions, and how often it is polled. */
  readonly large: number;
  readonly largeStepMs: number;
  /** The others, `lns-00001` and so on. */
  readonly others: number;
  readonly sessionsOfOther: number;
  readonly otherStepMs: number;
  readonly days: number;
  /** Share of the sessions that others take the place of at each poll. */
  readonly churn: number;
}

/** When every such history begins. */
export const historyStart = Date.UTC(2026, 10, 1);
/** Of how rows are made here. Tables are migrated when they are opened: a fill takes minutes, and is kept. */
const version = 2;
/** What is simulated, and then copied: a keyframe stands at its begin and its end, for some routers one between. */
const periodMs = 6 * 3_600_000;

/** The folder of a filled ClickHouse; fills it when there is none. */
export async function filledFolder(shape: FleetHistory, say: (text: string) => void): Promise<string> {
  const key = createHash('sha256')
    .update(JSON.stringify([version, shape]))
    .digest('hex');
  const folder = join(cacheFolder(), 'bench', `query-${key.slice(0, 16)}`);
  if (existsSync(join(folder, 'FILLED'))) return folder;
  const building = `${folder}.building`;
  rmSync(building, { recursive: true, force: true });
  mkdirSync(building, { recursive: true });
  const began = Date.now();
  await fill(building, shape, say);
  writeFileSync(join(building, 'FILLED'), `${Date.now() - began} ms\n`);
  rmSync(folder, { recursive: true, force: true });
  renameSync(building, folder);
  return folder;
}

async function fill(dir: string, shape: FleetHistory, say: (text: string) => void): Promise<void> {
  const server = await startClickHouse({ dir, port: 0 });
  const connection = { url: server.address, user: 'default', password: '', requestTimeoutMs: 3_600_000 };
  const base = new Store({ ...connection, database: 'base' });
  const store = new Store({ ...connection, database: 'sessionreel' });
  try {
    await migrate({ ...connection, database: 'base' });
    await migrate({ ...connection, database: 'sessionreel' });
    await simulateBase(base, 0, 'text', 'large', shape.large, shape.largeStepMs, shape.churn);
    // Text of MX prints no user names; XML does.
    await simulateBase(base, 1, 'xml', 'other', shape.sessionsOfOther, shape.otherStepMs, shape.churn);
    await rollUp(base, [0, 1]);
    say('  six hours of two routers are simulated');
    const tables = await tablesOf(base);
    for (let group = 0; group < shape.days * 4; group++) {
      for (const [table, columns] of tables) {
        await copy(store, table, columns, 'large', '[0]', group);
        await copy(store, table, columns, 'other', `range(1, ${shape.others + 1})`, group);
      }
      if (group % 4 === 3) say(`  day ${(group + 1) / 4} of ${shape.days} is in`);
    }
    await store.command('INSERT INTO layouts SELECT * FROM base.layouts');
    await store.command(
      `INSERT INTO loader_progress (kafka_partition, kafka_offset) SELECT kafka_partition, max(kafka_offset) FROM deltas GROUP BY kafka_partition`,
    );
    await store.command(
      `INSERT INTO rollup_progress (kafka_partition, kafka_offset, built_at) SELECT kafka_partition, max(kafka_offset) + 1, now64(3) FROM deltas GROUP BY kafka_partition`,
    );
    await base.command('DROP DATABASE base SYNC');
    await mergesEnd(store);
  } finally {
    await base.close();
    await store.close();
    await server.stop();
  }
}

/** Six hours of a router, which begin with a keyframe, between a group of openings and another keyframe. */
async function simulateBase(
  store: Store,
  partition: number,
  format: 'text' | 'xml',
  name: string,
  sessions: number,
  stepMs: number,
  churn: number,
): Promise<void> {
  const states = new SteadyState({
    seed: `query/${name}`,
    name,
    variant: 'lns-mx',
    level: 'extensive',
    format,
    sessions,
    stepMs,
    churn,
    start: historyStart - stepMs,
  });
  const engine = new Engine(name);
  const inbox = await Inbox.open(store, partition);
  for (let poll = 0; poll < 2 + periodMs / stepMs; poll++) {
    const events: Uint8Array[] = [];
    const snapshot = states.next();
    // The openings lie six hours back, so that the second poll ends with a keyframe.
    const capturedAt = poll === 0 ? historyStart - periodMs : snapshot.capturedAt;
    engine.capture({ ...snapshot, capturedAt }, (_, bytes) => events.push(Uint8Array.from(bytes)));
    await inbox.insert(events);
  }
}

async function tablesOf(base: Store): Promise<Map<string, string[]>> {
  const rows = await base.rows<{ table: string; name: string }>(
    `SELECT table, name FROM system.columns WHERE database = 'base' AND table IN (
       SELECT name FROM system.tables WHERE database = 'base' AND engine LIKE '%MergeTree')
     ORDER BY table, position`,
  );
  const tables = Map.groupBy(rows, (r) => r.table);
  return new Map(
    [...tables]
      .map(([table, columns]): [string, string[]] => [table, columns.map((c) => c.name)])
      .filter(([, names]) => names.includes('router') && (names.includes('at') || names.includes('hour'))),
  );
}

/** How a column's value of the base becomes that of router `n` in group `group`. */
function moved(column: string, group: number): string {
  const shift = `${(group * periodMs) / 1_000}`;
  const own = `(n * 1000 + ${group}) * 1000000`;
  switch (column) {
    case 'router':
      return "concat('lns-', leftPad(toString(n), 5, '0'))";
    case 'gop':
    case 'at':
    case 'hour':
    case 'captured_at':
    case 'last_seen_at':
      return `b.${column} + toIntervalSecond(${shift})`;
    case 'create_time':
    case 'created_at':
      // Who came within the group is another one in each group; who was there before stays.
      return `if(b.${column} >= toDateTime(${historyStart / 1_000}, 'UTC'), b.${column} + toIntervalSecond(${shift}), b.${column})`;
    case 'seq':
      return `b.seq + ${group} * 8000000`;
    case 'kafka_offset':
    case 'source_offset':
    case 'previous_source_offset':
      return `b.${column} + ${own}`;
    case 'user_name':
      return "if(n = 0 OR b.user_name = '', b.user_name, concat('r', toString(n), '-', b.user_name))";
    default:
      return `b.${column}`;
  }
}

async function copy(
  store: Store,
  table: string,
  columns: readonly string[],
  from: string,
  routers: string,
  group: number,
): Promise<void> {
  const begin = `toDateTime64(${historyStart / 1_000}, 3, 'UTC')`;
  // Where one finds sessions by what they are, their openings before the first keyframe stand too.
  const isLookup = ['sessions_by_user', 'sessions_by_address', 'connect_speeds'].includes(table);
  const within = columns.includes('gop')
    ? `b.gop < ${begin} + INTERVAL 6 HOUR${isLookup && group === 0 ? '' : ` AND b.gop >= ${begin}`}`
    : `b.${columns.includes('hour') ? 'hour' : 'at'} >= ${begin} AND b.${columns.includes('hour') ? 'hour' : 'at'} < ${begin} + INTERVAL 6 HOUR`;
  const values = columns.map((c) => `${moved(c, group)} AS ${c}_`).join(', ');
  await store.command(
    `INSERT INTO ${table} (${columns.join(', ')})
     SELECT ${values} FROM base.${table} AS b ARRAY JOIN ${routers} AS n WHERE b.router = '${from}' AND ${within}`,
    {
      settings: {
        max_execution_time: 0,
        max_insert_threads: '2',
        min_insert_block_size_rows: '2000000',
        min_insert_block_size_bytes: '1500000000',
        insert_deduplicate: 0,
      },
    },
  );
}

/** Until no merge runs: what a question costs must not hang on when it is asked. */
async function mergesEnd(store: Store): Promise<void> {
  for (let quiet = 0; quiet < 3;) {
    const [row] = await store.rows<{ n: string }>('SELECT count() AS n FROM system.merges');
    quiet = row?.n === '0' ? quiet + 1 : 0;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}
