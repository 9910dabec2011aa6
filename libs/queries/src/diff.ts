/** Two times of a router, compared. */
import { counterFields, fields, type FieldValue } from '@sessionreel/session-model';
import { QuestionError, asked, utcText, type AskOptions, type QueryClient } from './client.ts';
import type { FieldChange } from './history.ts';
import type { LedgerSnapshot } from './ledger.ts';
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
  const before = await stateAt(client, { ...question, at: from });
  const after = await stateAt(client, { ...question, at: to });
  const old = new Map(before.sessions.map((s) => [keyOf(s), s]));
  const opened: StateSession[] = [];
  const changed: SessionDifference[] = [];
  let unchanged = 0;
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
    ...(await trafficBetween(client, question)),
  };
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
