/** Bytes on disk, after everything is merged. */
import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { SteadyState } from '@sessionreel/fleet-sim';
import { Store } from '@sessionreel/clickhouse';
import { benchmark, benchmarkCase, type Contender } from './harness/index.ts';
import { deltasInput, deltasRouter, type Deltas, type DeltasShape } from './stack/deltas.ts';
import { Inbox } from './stack/inbox.ts';
import { startStore, type Servers } from './stack/servers.ts';

const shape: DeltasShape = {
  routers: 2,
  sessionsPerRouter: 1_000,
  polls: 288,
  stepMs: 300_000,
  churn: 0.005,
};
/** Captures of one router in a row that are compressed together: more than any window reaches over. */
const sampled = 24;

/** Bytes of text for each byte that a compressor makes of the captures of one router, one after another. */
function compressed(): { gzip: number; zstd: number } {
  const states = new SteadyState(deltasRouter(0, shape));
  const text = Buffer.concat(Array.from({ length: sampled }, () => states.next().parts).flat());
  return {
    gzip: text.length / gzipSync(text, { level: 9 }).length,
    zstd:
      text.length / zstdCompressSync(text, { params: { [constants.ZSTD_c_compressionLevel]: 19 } }).length,
  };
}

async function onDisk(store: Store): Promise<Map<string, number>> {
  const tables = await store.rows<{ name: string }>(
    `SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'`,
  );
  for (const { name } of tables) await store.command(`OPTIMIZE TABLE ${name} FINAL`);
  const rows = await store.rows<{ name: string; bytes: string }>(
    `SELECT table AS name, sum(bytes_on_disk) AS bytes FROM system.parts
     WHERE database = currentDatabase() AND active GROUP BY table`,
  );
  return new Map(rows.map(({ name, bytes }) => [name, Number(bytes)]));
}

const ours: Contender<Deltas> = {
  name: 'sessionreel',
  kind: 'ours',
  async setup(input, fixture) {
    const store = new Store({
      url: (fixture as Servers).clickhouse,
      database: 'sessionreel',
      user: 'default',
      password: '',
    });
    const inbox = await Inbox.open(store, 0);
    for (let at = 0; at < input.polls.length; at += 24)
      await inbox.insert(input.polls.slice(at, at + 24).flat());
    return {
      async run() {
        const bytes = await onDisk(store);
        const all = [...bytes.values()].reduce((sum, n) => sum + n, 0);
        const rows = input.rows.reduce((sum, n) => sum + n, 0);
        const raw = input.textBytes.reduce((sum, n) => sum + n, 0);
        const minutes = (input.sessions * shape.polls * shape.stepMs) / 60_000;
        const { gzip, zstd } = compressed();
        return {
          values: {
            session_minute: all / minutes,
            event: all / rows,
            counters: (bytes.get('counter_deltas') ?? 0) / rows,
            raw: raw / minutes,
            gzip: raw / gzip / minutes,
            zstd: raw / zstd / minutes,
            less_than_raw: raw / all,
            less_than_gzip: raw / gzip / all,
            less_than_zstd: raw / zstd / all,
          },
        };
      },
      stop: () => store.close(),
    };
  },
};

const minute = (what: string) => ({ unit: `bytes a session-minute, ${what}`, better: 'lower' }) as const;
const times = (what: string, goal: number) => ({ unit: `times less than ${what}`, goal });

export default benchmark({
  about: 'bytes on disk, after merges, beside the text and what compressors make of it',
  budgetS: 60,
  cases: [
    benchmarkCase({
      name: 'a day, 2 routers of 1k sessions, every 5 minutes',
      input: deltasInput('events of a day, 2 × 1k sessions', shape),
      contenders: [ours],
      metrics: {
        session_minute: minute('all tables'),
        raw: minute('the text'),
        gzip: minute('gzip -9 of the text'),
        zstd: minute('zstd -19 of the text'),
        event: { unit: 'bytes an event, all tables', better: 'lower' },
        counters: { unit: 'bytes an event, counter rows alone', better: 'lower' },
        less_than_raw: times('the text', 60),
        less_than_gzip: times('gzip -9', 3),
        less_than_zstd: times('zstd -19', 3),
      },
      fixture: startStore,
      rounds: 1,
      warmup: 0,
      runLimitS: 300,
    }),
  ],
});
