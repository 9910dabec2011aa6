/** Rows into ClickHouse, by the ways that there are. */
import { Store } from '@sessionreel/clickhouse';
import { benchmark, benchmarkCase, type Contender, type Sample } from './harness/index.ts';
import { deltasInput, type Deltas } from './stack/deltas.ts';
import { Inbox } from './stack/inbox.ts';
import { cpuSeconds } from './stack/process-cpu.ts';
import { startStore, type Servers } from './stack/servers.ts';

const connect = (servers: Servers): Store =>
  new Store({ url: servers.clickhouse, database: 'sessionreel', user: 'default', password: '' });

/** Everything after the first poll, which is all openings. */
const steadyEvents = (input: Deltas): Uint8Array[] => input.polls.slice(1).flat();
const steadyRows = (input: Deltas): number => input.rows.slice(1).reduce((sum, n) => sum + n, 0);

async function timed(servers: Servers, work: number, insert: () => Promise<void>): Promise<Sample> {
  const used = process.cpuUsage();
  const engine = cpuSeconds(servers.clickhousePids);
  await insert();
  const { user, system } = process.cpuUsage(used);
  return { work, cpuSeconds: (user + system) / 1e6 + cpuSeconds(servers.clickhousePids) - engine };
}

const ours: Contender<Deltas> = {
  name: 'sessionreel',
  kind: 'ours',
  note: 'Avro container through all views into all tables, checked',
  async setup(input, fixture) {
    const servers = fixture as Servers;
    const store = connect(servers);
    const inbox = await Inbox.open(store, 0);
    await inbox.insert(input.polls[0] ?? []);
    return {
      run: () => timed(servers, steadyRows(input), () => inbox.insert(steadyEvents(input))),
      stop: () => store.close(),
    };
  },
};

/** The same counter rows into a copy of one table, without views, ledger and checks. */
function flat(
  name: string,
  note: string,
  partition: number,
  insert: (rows: FlatRows) => Promise<void>,
): Contender<Deltas> {
  return {
    name,
    kind: 'peer',
    note: `${note}; counter rows into one table, nothing else`,
    async setup(input, fixture) {
      const servers = fixture as Servers;
      const store = connect(servers);
      const inbox = await Inbox.open(store, partition);
      for (const poll of input.polls) await inbox.insert(poll);
      const table = `flat_${partition}`;
      await store.command(`CREATE TABLE ${table} AS counter_deltas`);
      const rows = await FlatRows.read(servers, store, table, partition);
      return {
        run: () => timed(servers, rows.count, () => insert(rows)),
        stop: () => store.close(),
      };
    },
  };
}

class FlatRows {
  readonly store: Store;
  readonly table: string;
  readonly count: number;
  readonly objects: object[];
  readonly bytes: Readonly<Record<string, Uint8Array>>;

  private constructor(store: Store, table: string, objects: object[], bytes: Record<string, Uint8Array>) {
    this.store = store;
    this.table = table;
    this.objects = objects;
    this.count = objects.length;
    this.bytes = bytes;
  }

  static async read(servers: Servers, store: Store, table: string, partition: number): Promise<FlatRows> {
    const query = `SELECT * FROM sessionreel.counter_deltas WHERE kafka_partition = ${partition}`;
    const bytes: Record<string, Uint8Array> = {};
    for (const format of ['RowBinary', 'Native']) {
      const answer = await fetch(servers.clickhouse, { method: 'POST', body: `${query} FORMAT ${format}` });
      bytes[format] = new Uint8Array(await answer.arrayBuffer());
    }
    return new FlatRows(store, table, await store.rows(query), bytes);
  }

  async insertBytes(format: string): Promise<void> {
    await this.store.insertBytes(
      `INSERT INTO ${this.table} FORMAT ${format}`,
      this.bytes[format] ?? new Uint8Array(),
    );
  }
}

export default benchmark({
  about: 'events to tables, by insert path',
  budgetS: 60,
  cases: [
    benchmarkCase({
      name: '96k counter rows an insert',
      input: deltasInput('events of 32 × 1k sessions', {
        routers: 32,
        sessionsPerRouter: 1_000,
        polls: 4,
        stepMs: 300_000,
        churn: 0.002,
      }),
      contenders: [
        ours,
        flat('JSONEachRow', 'objects, by the client', 1, (rows) =>
          rows.store.insert(rows.table, rows.objects),
        ),
        flat('RowBinary', 'bytes made before', 2, (rows) => rows.insertBytes('RowBinary')),
        flat('Native', 'bytes made before', 3, (rows) => rows.insertBytes('Native')),
      ],
      metrics: {
        rate: { unit: 'rows/s', goal: 1_000_000 },
        cpu_rate: { unit: 'rows a CPU second, ClickHouse included' },
      },
      fixture: startStore,
      rounds: 9,
    }),
  ],
});
