/** What happened, as a list: events of sessions and routers, anomalies, messages set aside. The newest first. */
import { asked, utcText, type AskOptions, type QueryClient } from '../ask/client.ts';
import { msOf } from '../ask/columns.ts';

export interface ListQuestion extends AskOptions {
  readonly from: number;
  readonly to: number;
  readonly router?: string;
  readonly limit: number;
}

export interface SessionHappening {
  readonly router: string;
  readonly tunnel: number;
  readonly session: number;
  readonly at: number;
  /** A close lies between this and `at`. */
  readonly lastSeenAt: number;
  readonly kind: 'opened' | 'changed' | 'closed';
  readonly reason: string;
  readonly changed: readonly string[];
  readonly state: string;
  readonly userName: string;
  readonly peerGateway: string;
}

/** Events of sessions in a time. Groups that hold some are found in the ledger, so that the rest of the history is not read. */
export async function sessionHappenings(
  client: QueryClient,
  question: ListQuestion & { readonly kinds?: readonly SessionHappening['kind'][] },
): Promise<SessionHappening[]> {
  const rows = await client.rows<Record<string, string | number | string[]>>(
    `SELECT h.router AS router, tunnel_local_id AS tunnel, session_local_id AS session, ${msOf('h.at')} AS at,
       ${msOf('last_seen_at')} AS seen, toString(kind) AS kind, reason, changed, state, user_name AS user,
       if(remote_name != '', remote_name, remote_ip) AS peer
     FROM session_history AS h
     WHERE (h.router, h.gop) IN (SELECT s.router, s.gop FROM snapshots AS s
         WHERE s.at > {from:DateTime64(3, 'UTC')} AND s.at <= {to:DateTime64(3, 'UTC')} AND outcome = 'applied')
       AND h.at > {from:DateTime64(3, 'UTC')} AND h.at <= {to:DateTime64(3, 'UTC')} AND toString(kind) IN {kinds:Array(String)}
       ${question.router === undefined ? '' : 'AND h.router = {router:String}'}
     ORDER BY h.at DESC, h.router, h.seq DESC, tunnel, session LIMIT {limit:UInt32}`,
    asked(question, {
      from: utcText(question.from),
      to: utcText(question.to),
      kinds: question.kinds ?? ['opened', 'changed', 'closed'],
      limit: question.limit,
      ...(question.router === undefined ? {} : { router: question.router }),
    }),
  );
  return rows.map((r) => ({
    router: String(r['router']),
    tunnel: Number(r['tunnel']),
    session: Number(r['session']),
    at: Number(r['at']),
    lastSeenAt: Number(r['seen']),
    kind: r['kind'] as SessionHappening['kind'],
    reason: String(r['reason']),
    changed: r['changed'] as string[],
    state: String(r['state']),
    userName: String(r['user']),
    peerGateway: String(r['peer']),
  }));
}

export interface RouterHappening {
  readonly router: string;
  readonly at: number;
  readonly kind: string;
  readonly sessions: number;
  readonly detail: string;
}

export async function routerHappenings(
  client: QueryClient,
  question: ListQuestion,
): Promise<RouterHappening[]> {
  const rows = await client.rows<Record<string, string | number>>(
    `SELECT e.router AS router, ${msOf('e.at')} AS at, kind, sessions, detail FROM router_events AS e
     WHERE e.at > {from:DateTime64(3, 'UTC')} AND e.at <= {to:DateTime64(3, 'UTC')}
       ${question.router === undefined ? '' : 'AND e.router = {router:String}'}
     ORDER BY e.at DESC, e.router, e.seq DESC LIMIT {limit:UInt32}`,
    listed(question),
  );
  return rows.map((r) => ({
    router: String(r['router']),
    at: Number(r['at']),
    kind: String(r['kind']),
    sessions: Number(r['sessions']),
    detail: String(r['detail']),
  }));
}

export interface Anomaly {
  readonly router: string;
  readonly tunnel: number;
  readonly session: number;
  readonly at: number;
  readonly kind: string;
  readonly field: string;
  readonly before: string;
  readonly after: string;
}

export async function anomalies(client: QueryClient, question: ListQuestion): Promise<Anomaly[]> {
  const rows = await client.rows<Record<string, string | number>>(
    `SELECT a.router AS router, tunnel_local_id AS tunnel, session_local_id AS session, ${msOf('a.at')} AS at, kind, field, before, after
     FROM anomalies AS a
     WHERE a.at > {from:DateTime64(3, 'UTC')} AND a.at <= {to:DateTime64(3, 'UTC')}
       ${question.router === undefined ? '' : 'AND a.router = {router:String}'}
     ORDER BY a.at DESC, a.router, a.seq DESC, tunnel, session LIMIT {limit:UInt32}`,
    listed(question),
  );
  return rows.map((r) => ({
    router: String(r['router']),
    tunnel: Number(r['tunnel']),
    session: Number(r['session']),
    at: Number(r['at']),
    kind: String(r['kind']),
    field: String(r['field']),
    before: String(r['before']),
    after: String(r['after']),
  }));
}

export interface SetAside {
  readonly topic: string;
  readonly router: string;
  readonly at: number;
  readonly sourcePartition: number;
  readonly sourceOffset: number;
  readonly reason: string;
  readonly command: string;
  readonly bytes: number;
}

export async function deadLetters(client: QueryClient, question: ListQuestion): Promise<SetAside[]> {
  const rows = await client.rows<Record<string, string | number>>(
    `SELECT topic, d.router AS router, ${msOf('d.at')} AS at, source_partition, source_offset, reason, command, bytes
     FROM dead_letters AS d
     WHERE d.at > {from:DateTime64(3, 'UTC')} AND d.at <= {to:DateTime64(3, 'UTC')}
       ${question.router === undefined ? '' : 'AND d.router = {router:String}'}
     ORDER BY d.at DESC, topic, source_partition, source_offset DESC LIMIT {limit:UInt32}`,
    listed(question),
  );
  return rows.map((r) => ({
    topic: String(r['topic']),
    router: String(r['router']),
    at: Number(r['at']),
    sourcePartition: Number(r['source_partition']),
    sourceOffset: Number(r['source_offset']),
    reason: String(r['reason']),
    command: String(r['command']),
    bytes: Number(r['bytes']),
  }));
}

function listed(question: ListQuestion) {
  return asked(question, {
    from: utcText(question.from),
    to: utcText(question.to),
    limit: question.limit,
    ...(question.router === undefined ? {} : { router: question.router }),
  });
}

/** The pipeline's work in one minute, by the times of the snapshots. */
export interface PipelineMinute {
  readonly at: number;
  readonly snapshots: number;
  readonly bytes: number;
  readonly sessions: number;
  readonly events: number;
  readonly stale: number;
  readonly deadLetters: number;
  readonly anomalies: number;
  readonly unknownFields: number;
}

export interface Pipeline {
  readonly snapshots: number;
  readonly routers: number;
  readonly newest: number | null;
  readonly rows: bigint;
  readonly bytes: bigint;
  readonly minutes: readonly PipelineMinute[];
}

/** How much has come in: in all up to a time, and by minute in the hour before it. */
export async function pipelineAt(
  client: QueryClient,
  question: AskOptions & { readonly at: number },
): Promise<Pipeline> {
  const options = asked(question, { at: utcText(question.at), from: utcText(question.at - 3_600_000) });
  const [all] = await client.rows<Record<'n' | 'routers' | 'newest', string>>(
    `SELECT countIf(final AND outcome = 'applied') AS n, uniqExact(s.router) AS routers, ${msOf('max(s.at)')} AS newest
     FROM snapshots AS s WHERE s.at <= {at:DateTime64(3, 'UTC')}`,
    options,
  );
  const [size] = await client.rows<Record<'rows' | 'bytes', string>>(
    `SELECT ifNull(sum(total_rows), 0) AS rows, ifNull(sum(total_bytes), 0) AS bytes
     FROM system.tables WHERE database = currentDatabase()`,
    options,
  );
  const minutes = await client.rows<Record<string, string>>(
    `SELECT toUnixTimestamp(toStartOfMinute(s.at)) AS minute, countIf(final AND outcome = 'applied') AS n, sum(s.bytes) AS bytes,
       sumIf(s.sessions, final AND outcome = 'applied') AS sessions, sumIf(opened + changed + closed, final) AS events,
       countIf(outcome = 'stale') AS stale, countIf(outcome = 'dead_letter') AS dead, sum(s.anomalies) AS anomalies,
       sum(s.unknown_fields) AS unknown
     FROM snapshots AS s WHERE s.at > {from:DateTime64(3, 'UTC')} AND s.at <= {at:DateTime64(3, 'UTC')}
     GROUP BY minute ORDER BY minute`,
    options,
  );
  const snapshots = Number(all?.n ?? 0);
  return {
    snapshots,
    routers: Number(all?.routers ?? 0),
    newest: snapshots === 0 ? null : Number(all?.newest),
    rows: BigInt(size?.rows ?? 0),
    bytes: BigInt(size?.bytes ?? 0),
    minutes: minutes.map((m) => ({
      at: Number(m['minute']) * 1_000,
      snapshots: Number(m['n']),
      bytes: Number(m['bytes']),
      sessions: Number(m['sessions']),
      events: Number(m['events']),
      stale: Number(m['stale']),
      deadLetters: Number(m['dead']),
      anomalies: Number(m['anomalies']),
      unknownFields: Number(m['unknown']),
    })),
  };
}
