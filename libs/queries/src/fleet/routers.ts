/** Routers: what the fleet file and the ledger say of each, and what a router's ledger holds. */
import { asked, utcText, type AskOptions, type QueryClient } from '../ask/client.ts';
import { defaultLimits } from '../ask/default-limits.ts';
import { msOf } from '../ask/columns.ts';

export interface RouterSummary {
  readonly router: string;
  readonly site: string;
  readonly role: 'lac' | 'lns' | '';
  readonly platform: string;
  readonly release: string;
  /** IANA name; UTC where the fleet file says nothing. */
  readonly timeZone: string;
  readonly limit: number;
  readonly limitIsKnown: boolean;
  readonly peers: readonly string[];
  /** Applied snapshots up to the time, and the span they cover (ms UTC). */
  readonly snapshots: number;
  readonly first: number;
  readonly newest: number;
  /** Live sessions after the newest of them. */
  readonly sessions: number;
  readonly byState: Readonly<Record<string, number>>;
}

/** Routers with a history at a time, by name. */
export async function routersAt(
  client: QueryClient,
  question: AskOptions & { readonly at: number; readonly router?: string },
): Promise<RouterSummary[]> {
  const rows = await client.rows<
    Record<'router' | 'site' | 'platform' | 'release' | 'zone' | 'n' | 'first' | 'newest', string> & {
      role: 'lac' | 'lns' | '';
      most: number | null;
      peers: string[];
      states: Record<string, string>;
    }
  >(
    `SELECT l.router AS router, r.site AS site, r.role AS role, r.platform AS platform, r.release AS release, r.time_zone AS zone,
       r.max_sessions_chassis AS most, r.peers AS peers, n, first, newest, states
     FROM (
       SELECT s.router AS router, count() AS n, ${msOf('min(s.at)')} AS first, ${msOf('max(s.at)')} AS newest,
         argMaxIf(s.by_state, (s.at, s.seq), s.state_hash != '') AS states
       FROM snapshots AS s
       WHERE outcome = 'applied' AND final AND s.at <= {at:DateTime64(3, 'UTC')}
         ${question.router === undefined ? '' : 'AND s.router = {router:String}'}
       GROUP BY s.router) AS l
     LEFT ANY JOIN (SELECT router, site, role, platform, release, time_zone, max_sessions_chassis, peers
       FROM routers FINAL WHERE NOT removed) AS r ON r.router = l.router
     ORDER BY router`,
    asked(question, {
      at: utcText(question.at),
      ...(question.router === undefined ? {} : { router: question.router }),
    }),
  );
  return rows.map((r) => {
    const byState = Object.fromEntries(Object.entries(r.states).map(([k, n]) => [k, Number(n)]));
    return {
      router: r.router,
      site: r.site,
      role: r.role,
      platform: r.platform,
      release: r.release,
      timeZone: r.zone === '' ? 'UTC' : r.zone,
      limit: r.most ?? defaultLimits.chassis,
      limitIsKnown: r.most !== null,
      peers: r.peers,
      snapshots: Number(r.n),
      first: Number(r.first),
      newest: Number(r.newest),
      sessions: Object.values(byState).reduce((a, b) => a + b, 0),
      byState,
    };
  });
}

/** Which routers stand at these sites, by the fleet file. */
export async function routersOfSites(
  client: QueryClient,
  sites: readonly string[],
  options: AskOptions = {},
): Promise<string[]> {
  const rows = await client.rows<{ router: string }>(
    'SELECT router FROM routers FINAL WHERE NOT removed AND site IN {sites:Array(String)} ORDER BY router',
    asked(options, { sites }),
  );
  return rows.map((r) => r.router);
}

/** One entry of the ledger, as people read it. */
export interface SnapshotEntry {
  readonly router: string;
  readonly at: number;
  readonly capturedAt: number;
  readonly outcome: 'applied' | 'stale' | 'dead_letter';
  readonly reason: string;
  readonly format: string;
  readonly level: string;
  readonly scope: string;
  readonly command: string;
  readonly complete: boolean;
  readonly bytes: number;
  readonly sessions: number;
  readonly opened: number;
  readonly changed: number;
  readonly closed: number;
  readonly anomalies: number;
  readonly unknownFields: number;
  readonly sourcePartition: number;
  readonly sourceOffset: number;
  /** Order of equal times, as text of digits. */
  readonly seq: string;
}

export interface LedgerQuestion extends AskOptions {
  readonly from: number;
  readonly to: number;
  readonly router?: string;
  readonly outcome?: SnapshotEntry['outcome'];
  readonly limit: number;
  /** Entries older than this one: the last of the page before. */
  readonly before?: { readonly at: number; readonly router: string; readonly seq: string };
}

/** Finished snapshots and what else the ledger has, the newest first. */
export async function ledgerEntries(client: QueryClient, question: LedgerQuestion): Promise<SnapshotEntry[]> {
  const { before, router, outcome } = question;
  const rows = await client.rows<Record<string, string | number | boolean>>(
    `SELECT s.router AS router, ${msOf('s.at')} AS at, ${msOf('s.captured_at')} AS captured, outcome, reason, format, level, scope, command,
       complete, bytes, sessions, opened, changed, closed, anomalies, unknown_fields, source_partition, source_offset, seq
     FROM snapshots AS s
     WHERE s.at >= {from:DateTime64(3, 'UTC')} AND s.at <= {to:DateTime64(3, 'UTC')} AND (final OR outcome != 'applied')
       ${router === undefined ? '' : 'AND s.router = {router:String}'}
       ${outcome === undefined ? '' : 'AND outcome = {outcome:String}'}
       ${before === undefined ? '' : "AND (s.at, s.router, s.seq) < ({before_at:DateTime64(3, 'UTC')}, {before_router:String}, {before_seq:UInt64})"}
     ORDER BY s.at DESC, s.router DESC, s.seq DESC LIMIT {limit:UInt32}`,
    asked(question, {
      from: utcText(question.from),
      to: utcText(question.to),
      limit: question.limit,
      ...(router === undefined ? {} : { router }),
      ...(outcome === undefined ? {} : { outcome }),
      ...(before === undefined
        ? {}
        : { before_at: utcText(before.at), before_router: before.router, before_seq: before.seq }),
    }),
  );
  return rows.map((r) => ({
    router: String(r['router']),
    at: Number(r['at']),
    capturedAt: Number(r['captured']),
    outcome: r['outcome'] as SnapshotEntry['outcome'],
    reason: String(r['reason']),
    format: String(r['format']),
    level: String(r['level']),
    scope: String(r['scope']),
    command: String(r['command']),
    complete: Boolean(r['complete']),
    bytes: Number(r['bytes']),
    sessions: Number(r['sessions']),
    opened: Number(r['opened']),
    changed: Number(r['changed']),
    closed: Number(r['closed']),
    anomalies: Number(r['anomalies']),
    unknownFields: Number(r['unknown_fields']),
    sourcePartition: Number(r['source_partition']),
    sourceOffset: Number(r['source_offset']),
    seq: String(r['seq']),
  }));
}

/**
 * A mark that differs when anything that an answer about a time range (or about all before a time) rests on differs: late imports and
 * the fleet file too. What is not in every table yet does not count.
 */
export async function dataVersion(
  client: QueryClient,
  question: AskOptions & { readonly from?: number; readonly to: number; readonly router?: string },
): Promise<string> {
  const rows = await client.rows<{ n: string; sum: string; loaded: string }>(
    `SELECT count() AS n, sum(cityHash64(s.router, s.seq, s.at)) AS sum,
       (SELECT max(toUnixTimestamp64Milli(loaded_at)) FROM routers) AS loaded
     FROM snapshots AS s
     LEFT ANY JOIN (SELECT kafka_partition, max(kafka_offset) AS loaded FROM loader_progress GROUP BY kafka_partition) AS p
       ON p.kafka_partition = s.kafka_partition
     WHERE s.at >= {from:DateTime64(3, 'UTC')} AND s.at <= {to:DateTime64(3, 'UTC')} AND s.kafka_offset <= p.loaded
       ${question.router === undefined ? '' : 'AND s.router = {router:String}'}`,
    asked(question, {
      from: utcText(question.from ?? 0),
      to: utcText(question.to),
      ...(question.router === undefined ? {} : { router: question.router }),
    }),
  );
  return rows[0] === undefined ? '' : `${rows[0].n}.${rows[0].sum}.${rows[0].loaded}`;
}
