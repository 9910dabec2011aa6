/** Two times of a router, compared. */
import { counterFields, fields, type FieldValue } from '@sessionreel/session-model';
import { QuestionError, asked, utcText, type AskOptions, type QueryClient } from '../ask/client.ts';
import type { FieldChange } from '../history/history.ts';
import { groupAt, type LedgerSnapshot } from './ledger.ts';
import { stateAt, type StateSession } from './state.ts';

export interface DiffQuestion extends AskOptions {
  readonly router: string;
  readonly from: number;
  readonly to: number;
}

export interface SessionDifference {
  readonly before: StateSession;
  readonly after: StateSession;
  readonly changes: readonly FieldChange[];
}

export interface StateDiff {
  readonly router: string;
  /** The snapshots compared: as of when each side is. */
  readonly before: LedgerSnapshot;
  readonly after: LedgerSnapshot;
  readonly opened: readonly StateSession[];
  readonly changed: readonly SessionDifference[];
  readonly closed: readonly StateSession[];
  /** Live at both times and the same. */
  readonly unchanged: number;
  /** Sums of the router's traffic between, by counter; those that came and went between included. */
  readonly traffic: Readonly<Record<string, bigint>>;
  readonly trafficErrors: Readonly<Record<string, bigint>>;
  /** Deltas that are lower bounds. */
  readonly lowerBounds: number;
}

/** Fields whose difference is one: not clocks, counters, nor what names the session. */
const compared = fields.filter((f) => ['attribute', 'state', 'gauge'].includes(f.role));

/** @throws QuestionError when either time has no state */
export async function diffStates(client: QueryClient, question: DiffQuestion): Promise<StateDiff> {
  const { router, from, to } = question;
  if (from > to) throw new QuestionError('the first time is after the second');
  const { ids, untouched } = await touchedSessions(client, question);
  const only = ids.length > mostIds ? {} : { ids };
  const [before, after, traffic] = await Promise.all([
    stateAt(client, { ...question, ...only, at: from }),
    stateAt(client, { ...question, ...only, at: to }),
    trafficBetween(client, question),
  ]);
  const old = new Map(before.sessions.map((s) => [keyOf(s), s]));
  const opened: StateSession[] = [];
  const changed: SessionDifference[] = [];
  let unchanged = ids.length > mostIds ? 0 : untouched;
  for (const session of after.sessions) {
    const was = old.get(keyOf(session));
    if (was === undefined || !sameIncarnation(was, session)) {
      opened.push(session);
      continue;
    }
    old.delete(keyOf(session));
    const changes = differences(was.record.values, session.record.values);
    if (changes.length === 0) unchanged++;
    else changed.push({ before: was, after: session, changes });
  }
  return {
    router,
    before: before.asOf,
    after: after.asOf,
    opened,
    changed,
    closed: [...old.values()],
    unchanged,
    ...traffic,
  };
}

/** Ids travel in the address of a request; of a router of which more has moved, whole states are compared. */
const mostIds = 20_000;

/**
 * Sessions that may differ, by tunnel × 65536 + session: something happened to them, or they are listed at one of the times only. All others
 * are as they were, and need not be fetched.
 */
async function touchedSessions(
  client: QueryClient,
  question: DiffQuestion,
): Promise<{ readonly ids: readonly number[]; readonly untouched: number }> {
  const { router, from, to } = question;
  const [old, now] = await Promise.all([
    groupAt(client, router, from, question),
    groupAt(client, router, to, question),
  ]);
  // One of the states says why there is none.
  if (old === undefined || now === undefined) return { ids: [], untouched: 0 };
  const listed = (side: 1 | 2): string => {
    const time = side === 1 ? 'from' : 'to';
    return `SELECT toUInt32(tunnel_local_id * 65536 + session_local_id) AS id, toInt64(toUnixTimestamp(create_time)) AS created, ${side} AS side FROM (
      SELECT tunnel_local_id, session_local_id, create_time, kind FROM session_history
      WHERE router = {router:String} AND gop = {gop_${time}:DateTime64(3, 'UTC')} AND at <= {${time}:DateTime64(3, 'UTC')}
      ORDER BY router DESC, gop DESC, tunnel_local_id DESC, session_local_id DESC, at DESC, seq DESC LIMIT 1 BY tunnel_local_id, session_local_id)
      WHERE kind != 'closed'`;
  };
  const rows = await client.rows<{ ids: number[]; untouched: string }>(
    `SELECT groupArrayIf(id, NOT stays OR touched) AS ids, countIf(stays AND NOT touched) AS untouched FROM (
       SELECT id, max(side = 3) AS touched, max(side = 1) AND max(side = 2)
         AND ifNull(abs(maxIf(created, side = 1) - maxIf(created, side = 2)) <= 2, true) AS stays
       FROM (${listed(1)} UNION ALL ${listed(2)} UNION ALL
         SELECT toUInt32(tunnel_local_id * 65536 + session_local_id) AS id, NULL AS created, 3 AS side FROM session_history
         WHERE router = {router:String} AND gop BETWEEN {gop_from:DateTime64(3, 'UTC')} AND {gop_to:DateTime64(3, 'UTC')}
           AND at > {from:DateTime64(3, 'UTC')} AND at <= {to:DateTime64(3, 'UTC')} AND kind IN ('opened', 'changed', 'closed'))
       GROUP BY id)`,
    asked(question, {
      router,
      from: utcText(from),
      to: utcText(to),
      gop_from: utcText(old.gop),
      gop_to: utcText(now.gop),
    }),
  );
  return { ids: rows[0]?.ids ?? [], untouched: Number(rows[0]?.untouched ?? 0) };
}

const keyOf = ({ record }: StateSession): string =>
  `${String(record.values['tunnel_local_id'])} ${String(record.values['session_local_id'])}`;

/** Two seconds of difference are the router's own rounding. */
function sameIncarnation(a: StateSession, b: StateSession): boolean {
  const [x, y] = [a.record.values['create_time'], b.record.values['create_time']];
  return typeof x !== 'number' || typeof y !== 'number' || Math.abs(x - y) <= 2;
}

export function differences(
  before: Readonly<Record<string, FieldValue>>,
  after: Readonly<Record<string, FieldValue>>,
): FieldChange[] {
  return compared.flatMap(({ name }) =>
    before[name] === after[name] ? [] : [{ field: name, before: before[name], after: after[name] }],
  );
}

async function trafficBetween(
  client: QueryClient,
  question: DiffQuestion,
): Promise<Pick<StateDiff, 'traffic' | 'trafficErrors' | 'lowerBounds'>> {
  const names = counterFields.map((f) => f.name);
  const bounded = names.filter((n) => n.startsWith('data_'));
  const rows = await client.rows<Record<string, string>>(
    `SELECT sum(t.lower_bounds) AS bounds, ${names.map((n) => `sum(t.${n}) AS ${n}`).join(', ')},
       ${bounded.map((n) => `sum(t.${n}_error) AS ${n}_error`).join(', ')}
     FROM traffic_by_snapshot AS t
     WHERE router = {router:String} AND at > {from:DateTime64(3, 'UTC')} AND at <= {to:DateTime64(3, 'UTC')}`,
    asked(question, { router: question.router, from: utcText(question.from), to: utcText(question.to) }),
  );
  const row = rows[0] ?? {};
  const number = (name: string): bigint => BigInt(row[name] ?? 0);
  return {
    traffic: Object.fromEntries(names.map((n) => [n, number(n)])),
    trafficErrors: Object.fromEntries(bounded.map((n) => [n, number(`${n}_error`)])),
    lowerBounds: Number(number('bounds')),
  };
}
