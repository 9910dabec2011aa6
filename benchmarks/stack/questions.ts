/** The questions of the benchmarks `query` and `query-full`, ours and as one would ask the same rows without our layout. */
import { createHash } from 'node:crypto';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Store } from '@sessionreel/clickhouse';
import {
  busyHours,
  concurrency,
  fleetAt,
  history,
  namedTraffic,
  stateColumns,
  type QueryClient,
  type QueryOptions,
} from '@sessionreel/queries';
import { benchmarkCase, plainInput, type Contender, type Sample } from '../harness/index.ts';
import { costOf, startHistory, type Cost, type HistoryServer } from './history-server.ts';
import { historyStart, type FleetHistory } from './query-data.ts';

type Case = ReturnType<typeof benchmarkCase>;

/** What questions are about. */
interface About {
  readonly shape: FleetHistory;
  /** A session of the large router that lived all the time. */
  readonly session: { readonly tunnel: number; readonly session: number };
  readonly user: string;
}

/** Gives what must be the same each time. */
type Ask = (client: QueryClient, about: About) => Promise<string | number>;

interface Question {
  readonly name: string;
  readonly goalMs: number;
  readonly ours: Ask;
  readonly peer?: {
    readonly name: string;
    readonly note: string;
    readonly ask: Ask;
    /** Gives the same as ours. The last images of all that was written do not: copies of a group do not go on where the last one ended. */
    readonly isSame?: boolean;
  };
}

const hourMs = 3_600_000;
const endOf = (shape: FleetHistory): number => historyStart + shape.days * 24 * hourMs;
/** Late in a group of six hours, where most deltas lie behind the keyframe. */
const atOf = (shape: FleetHistory): number => endOf(shape) - 10 * 60_000;
/** The last hour in which all routers were polled. */
const hourOf = (shape: FleetHistory): number =>
  endOf(shape) - Math.max(shape.otherStepMs, shape.largeStepMs, hourMs);
const utc = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
const large = 'lns-00000';

const count = async (client: QueryClient, query: string): Promise<string> => {
  const rows = await client.rows<{ n: string }>(query, { settings: { max_execution_time: 600 } });
  return rows[0]?.n ?? '';
};

/** The last image of each session of all that was ever written, as columns that a listing needs. */
const newest = (where: string): string => `
  SELECT router, tunnel_local_id, session_local_id, argMax(kind, (at, seq)) AS last, argMax(state, (at, seq)) AS state,
    argMax(user_name, (at, seq)), argMax(interface_name, (at, seq)), argMax(remote_name, (at, seq)), argMax(tx_speed, (at, seq))
  FROM session_history WHERE ${where} GROUP BY router, tunnel_local_id, session_local_id HAVING last != 'closed'`;

const state: Question = {
  name: 'a router of 64k at T',
  goalMs: 200,
  ours: async (client, { shape }) => {
    const { sessions } = await stateColumns(client, { router: large, at: atOf(shape) });
    return sessions.count;
  },
  peer: {
    name: 'argMax',
    note: 'over all images of the router; six columns, no counters',
    ask: (client, { shape }) =>
      count(
        client,
        `SELECT count() AS n FROM (${newest(`router = '${large}' AND at <= '${utc(atOf(shape))}'`)})`,
      ),
  },
};

export const questions: readonly Question[] = [
  state,
  {
    name: 'the fleet by state at T',
    goalMs: 1_000,
    ours: async (client, { shape }) => {
      const groups = await fleetAt(client, { at: atOf(shape), by: 'state' });
      return groups.reduce((sum, group) => sum + group.sessions, 0);
    },
    peer: {
      name: 'argMax',
      note: 'over all images of all routers',
      ask: (client, { shape }) =>
        count(client, `SELECT count() AS n FROM (${newest(`at <= '${utc(atOf(shape))}'`)})`),
    },
  },
  {
    name: 'history of a session',
    goalMs: 200,
    ours: async (client, { shape, session }) => {
      const { traffic } = await history(client, { session: { router: large, ...session }, to: endOf(shape) });
      return String(traffic[0]?.sums['data_tx_bytes'] ?? 0n);
    },
    peer: {
      name: 'without the group in the key',
      note: 'the sum of its bytes alone, no images',
      isSame: true,
      ask: async (client, { session: { tunnel, session } }) =>
        await count(
          client,
          `SELECT toString(sum(data_tx_bytes)) AS n FROM counter_deltas
           WHERE concat(router, '') = '${large}' AND tunnel_local_id = ${tunnel} AND session_local_id = ${session}`,
        ),
    },
  },
  {
    name: 'a subscriber in a month',
    goalMs: 200,
    ours: async (client, { shape, user }) => {
      const { traffic } = await history(client, {
        user,
        from: endOf(shape) - 30 * 24 * hourMs,
        to: endOf(shape),
      });
      return traffic.length;
    },
    peer: {
      name: 'scan',
      note: 'images by name, without a table of names; no traffic',
      isSame: true,
      ask: (client, { user }) =>
        count(
          client,
          `SELECT uniqExact(router, tunnel_local_id, session_local_id, create_time) AS n FROM session_history WHERE user_name = '${user}'`,
        ),
    },
  },
  {
    name: 'series of the fleet, all days',
    goalMs: 100,
    ours: async (client, { shape }) => {
      const { series } = await concurrency(client, {
        from: historyStart,
        to: endOf(shape),
        stepS: 3_600,
        by: 'fleet',
      });
      return series[0]?.points.length ?? 0;
    },
    peer: {
      name: 'counting sessions',
      note: 'in the counter rows of each hour',
      ask: (client) =>
        count(
          client,
          `SELECT count() AS n FROM (SELECT toStartOfHour(at) AS hour, uniqExact(router, tunnel_local_id, session_local_id)
             FROM counter_deltas WHERE at < (SELECT max(at) FROM counter_deltas) GROUP BY hour)`,
        ),
    },
  },
  {
    name: 'top 100 users of an hour',
    goalMs: 200,
    ours: async (client, { shape }) => {
      const from = hourOf(shape);
      const { rows } = await namedTraffic(client, { from, to: from + hourMs, by: 'user', limit: 100 });
      return String(rows[0]?.rxBytes);
    },
    peer: {
      name: 'joining names',
      note: 'to the counter rows of the hour',
      isSame: true,
      ask: (client, { shape }) => {
        const from = hourOf(shape);
        const within = `at >= '${utc(from)}' AND at < '${utc(from + hourMs)}'`;
        return count(
          client,
          `SELECT toString(rx) AS n FROM (
             SELECT s.user_name AS name, sum(c.data_rx_bytes) AS rx, sum(c.data_tx_bytes) AS tx
             FROM (SELECT * FROM counter_deltas WHERE ${within}) AS c
             LEFT ANY JOIN (SELECT router, tunnel_local_id, session_local_id, gop, argMax(user_name, (at, seq)) AS user_name FROM session_history
               WHERE gop IN (SELECT DISTINCT gop FROM counter_deltas WHERE ${within})
               GROUP BY router, tunnel_local_id, session_local_id, gop) AS s
             USING (router, tunnel_local_id, session_local_id, gop)
             WHERE name != '' GROUP BY name ORDER BY rx + tx DESC, name LIMIT 1)`,
        );
      },
    },
  },
  {
    name: 'busy hours',
    goalMs: 100,
    ours: async (client, { shape }) =>
      (await busyHours(client, { from: historyStart, to: endOf(shape) })).length > 0 ? 'some' : 'none',
  },
];

async function someSession(
  client: QueryClient,
  shape: FleetHistory,
): Promise<{ readonly tunnel: number; readonly session: number }> {
  // One that lived all the time.
  const rows = await client.rows<{ tunnel: number; session: number }>(
    `SELECT tunnel_local_id AS tunnel, session_local_id AS session FROM session_history
     WHERE router = '${large}' AND gop = '${utc(historyStart)}' AND kind = 'keyframe' AND (tunnel_local_id, session_local_id) NOT IN (
       SELECT tunnel_local_id, session_local_id FROM session_history WHERE router = '${large}' AND kind != 'keyframe')
     ORDER BY tunnel, session LIMIT 1 OFFSET ${Math.floor(shape.large / 20)}`,
  );
  return rows[0] ?? { tunnel: 0, session: 0 };
}

async function someUser(client: QueryClient): Promise<string> {
  const rows = await client.rows<{ name: string }>(
    "SELECT user_name AS name FROM sessions_by_user WHERE router = 'lns-00005' AND user_name != '' ORDER BY name LIMIT 1",
  );
  return rows[0]?.name ?? '';
}

/** Reads past the operating system's cache; ClickHouse's own are dropped before. */
function coldClient(store: QueryClient): QueryClient {
  const cold = (options: QueryOptions = {}): QueryOptions => ({
    ...options,
    settings: { ...options.settings, min_bytes_to_use_direct_io: 1 },
  });
  return {
    rows: (query, options) => store.rows(query, cold(options)),
    blocks: (query, options) => store.blocks(query, cold(options)),
    native: (query, options) => store.native(query, cold(options)),
  };
}

async function dropCaches(store: Store): Promise<void> {
  for (const cache of [
    'MARK',
    'PRIMARY INDEX',
    'UNCOMPRESSED',
    'INDEX MARK',
    'MMAP',
    'QUERY CONDITION',
    'QUERY',
  ])
    await store.command(`SYSTEM DROP ${cache} CACHE`).catch(() => undefined);
}

/** The condition cache remembers what earlier questions found: it flatters one that is asked twice. */
function honest(store: Store): QueryClient {
  const plain = (options: QueryOptions = {}): QueryOptions => ({
    ...options,
    settings: { ...options.settings, use_query_condition_cache: 0, use_query_cache: 0 },
  });
  return {
    rows: (query, options) => store.rows(query, plain(options)),
    blocks: (query, options) => store.blocks(query, plain(options)),
    native: (query, options) => store.native(query, plain(options)),
  };
}

const asks = 3;

function asking(
  name: string,
  kind: 'ours' | 'peer',
  ask: Ask,
  hashes: boolean,
  note?: string,
): Contender<FleetHistory> {
  return {
    name,
    kind,
    ...(note === undefined ? {} : { note }),
    ...(kind === 'peer' ? { rounds: 2 } : {}),
    async setup(shape, fixture) {
      const server = fixture as HistoryServer;
      const store = new Store({ ...connection(server), requestTimeoutMs: 600_000 });
      const client = honest(store);
      const about: About = {
        shape,
        session: await someSession(store, shape),
        user: await someUser(store),
      };
      return {
        async run(): Promise<Sample> {
          let hash = '';
          const askFrom = (from: QueryClient) => async (): Promise<void> => {
            hash = String(await ask(from, about));
          };
          await dropCaches(store);
          const cold = await costOf(server, askFrom(coldClient(client)));
          const warm: Cost[] = [];
          for (let i = 0; i < asks; i++) warm.push(await costOf(server, askFrom(client)));
          return { values: valuesOf(cold, warm), ...(hashes ? { hash } : {}) };
        },
        stop: () => store.close(),
      };
    },
  };
}

const connection = ({ url }: HistoryServer) => ({
  url,
  database: 'sessionreel',
  user: 'default',
  password: '',
});

function valuesOf(cold: Cost, warm: readonly Cost[]): Record<string, number> {
  const median = (of: (cost: Cost) => number): number =>
    warm.map(of).sort((a, b) => a - b)[Math.floor(warm.length / 2)] ?? 0;
  const peaks = [cold, ...warm].flatMap(({ peakMb }) => (peakMb === undefined ? [] : [peakMb]));
  return {
    warm_ms: median((c) => c.ms),
    cold_ms: cold.ms,
    cpu_ms: median((c) => c.cpuMs),
    ...(peaks.length === 0 ? {} : { peak_mb: Math.max(...peaks) }),
  };
}

const metricsOf = (goalMs?: number) =>
  ({
    warm_ms: { unit: 'ms', better: 'lower', ...(goalMs === undefined ? {} : { goal: goalMs }) },
    cold_ms: { unit: 'ms, nothing cached', better: 'lower' },
    cpu_ms: { unit: 'ms of CPU, ClickHouse and client', better: 'lower' },
    peak_mb: { unit: 'MB that ClickHouse grew by', better: 'lower' },
  }) as const;

/** All questions over one history. */
export function questionCases(prefix: string, shape: FleetHistory): Case[] {
  return [...questions.map((question) => questionCase(prefix, shape, question)), showCase(prefix, shape)];
}

/** One question over histories of several ages. */
export function ageCases(shapes: readonly FleetHistory[]): Case[] {
  return shapes.map((shape) => {
    const days = shape.days === 1 ? 'a day' : `${shape.days} days`;
    return questionCase(`history of ${days}`, shape, { ...state, name: `${state.name}, polled hourly` });
  });
}

function questionCase(prefix: string, shape: FleetHistory, { name, goalMs, ours, peer }: Question): Case {
  return benchmarkCase({
    name: `${prefix}: ${name}`,
    input: plainInput(`${prefix}: fleet history`, shape),
    contenders: [
      asking('sessionreel', 'ours', ours, true),
      ...(peer === undefined ? [] : [asking(peer.name, 'peer', peer.ask, peer.isSame === true, peer.note)]),
    ],
    metrics: metricsOf(goalMs),
    fixture: () => startHistory(shape),
    sameResult: true,
    rounds: 3,
    warmup: 0,
    runLimitS: 600,
  });
}

const reel = fileURLToPath(new URL('../../apps/cli/bin/reel.mjs', import.meta.url));

/** The command as a person runs it, with the start of its process, into a pipe. */
function showCase(prefix: string, shape: FleetHistory): Case {
  const ours: Contender<FleetHistory> = {
    name: 'reel show, extensive',
    kind: 'ours',
    setup(input, fixture) {
      const server = fixture as HistoryServer;
      return {
        async run() {
          let hash = '';
          const cost = await costOf(server, async () => {
            hash = await show(server, atOf(input));
          });
          const { ms, cpuMs, peakMb } = cost;
          return {
            values: {
              warm_ms: ms,
              cpu_ms: cpuMs,
              ...(peakMb === undefined ? {} : { peak_mb: peakMb }),
            },
            hash,
          };
        },
      };
    },
  };
  return benchmarkCase({
    name: `${prefix}: a router of 64k at T, printed`,
    input: plainInput(`${prefix}: fleet history`, shape),
    contenders: [ours],
    metrics: { ...metricsOf(1_500) },
    fixture: () => startHistory(shape),
    rounds: 5,
    runLimitS: 120,
  });
}

async function show(server: HistoryServer, at: number): Promise<string> {
  const words = ['show', 'services', 'l2tp', 'session', 'extensive'];
  const child = spawn(
    process.execPath,
    [reel, ...words, '--router', large, '--at', new Date(at).toISOString(), '--clickhouse-url', server.url],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const hash = createHash('md5');
  let bytes = 0;
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  const status =
    child.exitCode ?? (await new Promise<number | null>((resolve) => child.once('exit', resolve)));
  if (status !== 0) throw new Error(`reel show ended with status ${String(status)}`);
  return `${bytes} ${hash.digest('hex')}`;
}
