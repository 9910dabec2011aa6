/** Whether what is stored adds up: every input accounted for, no event missing or double, the state equal to its hash. */
import type { SessionRecord } from '@sessionreel/session-model';
import { asked, utcText, type AskOptions, type QueryClient } from './ask/client.ts';
import { stateAt } from './state/state.ts';

export interface AuditQuestion extends AskOptions {
  readonly from?: number;
  readonly to?: number;
  /**
   * Hash of a state as the ledger gives it (32 hex digits); comes from the diff, which this library does not know. Without it states
   * are not compared.
   */
  readonly hashOf?: (sessions: readonly SessionRecord[]) => string;
  /** How many routers' states are rebuilt and compared; default 20. */
  readonly sample?: number;
}

export type AuditProblemKind =
  | 'broken_chain'
  | 'double_entry'
  | 'double_event'
  | 'missing_event'
  | 'rows_missing'
  | 'rows_double'
  | 'state_differs';

export interface AuditProblem {
  readonly kind: AuditProblemKind;
  /** Router or partition. */
  readonly where: string;
  readonly detail: string;
}

export interface PartitionAccount {
  readonly partition: number;
  readonly first: number;
  readonly last: number;
  /** Source messages that the ledger has. */
  readonly messages: number;
  readonly applied: number;
  readonly stale: number;
  readonly deadLettered: number;
}

export interface AuditReport {
  readonly accounts: readonly PartitionAccount[];
  readonly problems: readonly AuditProblem[];
  readonly statesCompared: number;
}

/** Problems of one kind that are listed; the rest is counted in the last one's detail. */
const mostListed = 20;

export async function audit(client: QueryClient, question: AuditQuestion = {}): Promise<AuditReport> {
  const times = timesOf(question);
  const ask = <T>(query: string): Promise<T[]> => client.rows<T>(query, asked(question, times));
  const problems = [
    ...(await chainProblems(ask)),
    ...(await doubleProblems(ask)),
    ...(await sequenceProblems(ask)),
    ...(await rowProblems(ask)),
  ];
  const { hashOf } = question;
  const states =
    hashOf === undefined ? { compared: 0, problems: [] } : await auditStates(client, { ...question, hashOf });
  return {
    accounts: await accountsOf(ask),
    problems: [...problems, ...states.problems],
    statesCompared: states.compared,
  };
}

const timesOf = (question: AuditQuestion): { from: string; to: string } => ({
  from: utcText(question.from ?? Date.UTC(1970, 0, 1)),
  to: utcText(question.to ?? Date.UTC(2199, 0, 1)),
});

type Ask = <T>(query: string) => Promise<T[]>;
const within = (table = ''): string =>
  `${table}at BETWEEN {from:DateTime64(3, 'UTC')} AND {to:DateTime64(3, 'UTC')}`;

async function accountsOf(ask: Ask): Promise<PartitionAccount[]> {
  const rows = await ask<Record<string, string | number>>(
    `SELECT source_partition AS partition, min(source_offset) AS first, max(source_offset) AS last, uniqExact(source_offset) AS messages,
       uniqExactIf(source_offset, outcome = 'applied') AS applied, uniqExactIf(source_offset, outcome = 'stale') AS stale,
       uniqExactIf(source_offset, outcome = 'dead_letter') AS dead
     FROM snapshots WHERE ${within()} GROUP BY source_partition ORDER BY partition`,
  );
  return rows.map((r) => ({
    partition: Number(r['partition']),
    first: Number(r['first']),
    last: Number(r['last']),
    messages: Number(r['messages']),
    applied: Number(r['applied']),
    stale: Number(r['stale']),
    deadLettered: Number(r['dead']),
  }));
}

/**
 * Each entry names the source offset before it: where that is not the one we have, something is missing. The entry before may be of
 * any time, another router's old capture for one.
 */
async function chainProblems(ask: Ask): Promise<AuditProblem[]> {
  const rows = await ask<{ partition: number; offset: string; previous: string; before: string }>(
    `SELECT partition, offset, previous, before FROM (
       SELECT source_partition AS partition, source_offset AS offset, min(previous_source_offset) AS previous, max(${within()}) AS inside,
         lagInFrame(source_offset, 1, -2) OVER (PARTITION BY source_partition ORDER BY source_offset ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS before
       FROM snapshots GROUP BY source_partition, source_offset)
     WHERE inside AND before != -2 AND previous != before ORDER BY partition, offset LIMIT ${mostListed}`,
  );
  return rows.map((r) => ({
    kind: 'broken_chain',
    where: `l2tp.snapshots partition ${r.partition}`,
    detail: `offset ${r.offset} follows ${r.previous}, but the ledger has ${r.before} before it`,
  }));
}

async function doubleProblems(ask: Ask): Promise<AuditProblem[]> {
  const entries = await ask<{ partition: number; offset: string; ordinal: number; n: string }>(
    `SELECT source_partition AS partition, source_offset AS offset, ordinal, count() AS n FROM snapshots WHERE ${within()}
     GROUP BY partition, offset, ordinal HAVING n > 1 ORDER BY partition, offset LIMIT ${mostListed}`,
  );
  const events = await ask<{ partition: number; offset: string; n: string }>(
    `SELECT kafka_partition AS partition, kafka_offset AS offset, count() AS n FROM deltas WHERE ${within()}
     GROUP BY partition, offset HAVING n > 1 ORDER BY partition, offset LIMIT ${mostListed}`,
  );
  return [
    ...entries.map((r): AuditProblem => ({
      kind: 'double_entry',
      where: `l2tp.snapshots partition ${r.partition}`,
      detail: `offset ${r.offset}, ordinal ${r.ordinal} stands ${r.n} times in the ledger`,
    })),
    ...events.map((r): AuditProblem => ({
      kind: 'double_event',
      where: `l2tp.events partition ${r.partition}`,
      detail: `offset ${r.offset} was loaded ${r.n} times`,
    })),
  ];
}

/** The numbers of a router's log have no gaps. */
async function sequenceProblems(ask: Ask): Promise<AuditProblem[]> {
  const rows = await ask<{ router: string; n: string; before: string }>(
    `SELECT router, n, before FROM (
       SELECT router, intDiv(seq, 8) AS n,
         lagInFrame(intDiv(seq, 8), 1, 0) OVER (PARTITION BY router ORDER BY seq ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS before
       FROM deltas WHERE ${within()})
     WHERE before != 0 AND n > before + 1 ORDER BY router, n LIMIT ${mostListed}`,
  );
  return rows.map((r) => ({
    kind: 'missing_event',
    where: r.router,
    detail: `event ${r.n} of its log follows ${r.before}`,
  }));
}

/** What the events held against what stands in the tables. */
async function rowProblems(ask: Ask): Promise<AuditProblem[]> {
  const kinds = ['opened', 'changed', 'closed', 'rebase', 'keyframe'];
  const tables = [
    'ledger:snapshots',
    'counters:counter_deltas',
    'prints:session_prints',
    'anomalies:anomalies',
    'router_events:router_events',
  ];
  const stored = [
    ...kinds.map(
      (k) =>
        `SELECT router, '${k}' AS what, count() AS n FROM session_history WHERE kind = '${k}' AND ${within()} GROUP BY router`,
    ),
    ...tables.map((t) => {
      const [what = '', table = ''] = t.split(':');
      return `SELECT router, '${what}' AS what, count() AS n FROM ${table} WHERE ${within()} GROUP BY router`;
    }),
  ];
  const names = [...kinds, ...tables.map((t) => t.split(':')[0] ?? '')];
  const rows = await ask<{ router: string; what: string; expected: string; found: string }>(
    `SELECT router, what, sum(expected) AS expected, sum(found) AS found FROM (
       SELECT router, what, n AS expected, 0 AS found FROM (
         SELECT router, arrayJoin(arrayZip([${names.map((n) => `'${n}'`).join(', ')}], [${names.map((n) => `sum(${n}_rows)`).join(', ')}])) AS pair,
           pair.1 AS what, pair.2 AS n
         FROM deltas WHERE ${within()} GROUP BY router)
       UNION ALL SELECT router, what, 0 AS expected, n AS found FROM (${stored.join(' UNION ALL ')}))
     GROUP BY router, what HAVING expected != found ORDER BY router, what LIMIT ${mostListed}`,
  );
  return rows.map((r) => ({
    kind: Number(r.found) < Number(r.expected) ? 'rows_missing' : 'rows_double',
    where: r.router,
    detail: `${r.found} rows of ${r.what}, its events held ${r.expected}`,
  }));
}

export interface StateAuditQuestion extends AuditQuestion {
  readonly hashOf: (sessions: readonly SessionRecord[]) => string;
  /** Chooses the sample: the same routers for the same text. */
  readonly salt?: string;
}

/** Rebuilds the newest states of some routers and compares their hash with the ledger's. */
export async function auditStates(
  client: QueryClient,
  question: StateAuditQuestion,
): Promise<{ readonly compared: number; readonly problems: readonly AuditProblem[] }> {
  const { hashOf } = question;
  const times = timesOf(question);
  const rows = await client.rows<{ router: string; at: string; hash: string }>(
    `SELECT s.router AS router, toUnixTimestamp64Milli(max(s.at)) AS at, argMax(s.state_hash, (s.at, s.seq)) AS hash FROM snapshots AS s
     WHERE outcome = 'applied' AND final AND state_hash != '' AND ${within('s.')}
     GROUP BY s.router ORDER BY cityHash64(router, {salt:String}) LIMIT {sample:UInt32}`,
    asked(question, { ...times, sample: question.sample ?? 20, salt: question.salt ?? times.to }),
  );
  const problems: AuditProblem[] = [];
  for (const { router, at, hash } of rows) {
    const state = await stateAt(client, { ...question, router, at: Number(at) });
    const found = hashOf(state.sessions.map((s) => s.record));
    if (found !== hash)
      problems.push({
        kind: 'state_differs',
        where: router,
        detail: `at ${new Date(Number(at)).toISOString()}: rebuilt ${found}, ledger ${hash} (${String(state.sessions.length)} sessions)`,
      });
  }
  return { compared: rows.length, problems };
}
