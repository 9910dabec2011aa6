/** The live sessions of a router at a time, as its group holds them. */
import { fields } from '@sessionreel/session-model';
import { asked, utcText, type QueryClient } from '../ask/client.ts';
import { counterMoves, moveCounters, moveRounding, type GroupContents } from './counters.ts';
import type { Group } from './ledger.ts';
import { nativeAnswer } from '../ask/native.ts';
import { identityFilters, scopeConditions } from '../ask/scope.ts';
import { SessionColumns, printColumnsSql, sessionColumnsSql } from './session-columns.ts';
import type { GroupRows, StateQuestion } from './state-question.ts';

/** The rows of a group that a state rests on: up to the time, of the ids asked for. */
export function groupRows(
  question: StateQuestion,
  group: Group,
  identity: { readonly conditions: readonly string[]; readonly params: Readonly<Record<string, unknown>> },
): GroupRows {
  const conditions = [
    'router = {router:String}',
    "gop = {gop:DateTime64(3, 'UTC')}",
    "at <= {at:DateTime64(3, 'UTC')}",
    ...(question.upTo === undefined ? [] : ['seq <= {up_to:UInt64}']),
    ...(question.ids === undefined
      ? []
      : ['toUInt32(tunnel_local_id) * 65536 + session_local_id IN {ids:Array(UInt32)}']),
    ...identity.conditions,
  ];
  return {
    where: conditions.join(' AND '),
    options: asked(question, {
      ...identity.params,
      router: question.router,
      gop: utcText(group.gop),
      at: utcText(question.at),
      ...(question.upTo === undefined ? {} : { up_to: String(question.upTo) }),
      ...(question.ids === undefined ? {} : { ids: question.ids }),
    }),
  };
}

/** Backwards in the order of the table, so that the last row of each session is the first that is read. */
const backwards =
  'ORDER BY router DESC, gop DESC, tunnel_local_id DESC, session_local_id DESC, at DESC, seq DESC LIMIT 1 BY tunnel_local_id, session_local_id';

/** Which fields any row of the group holds a value of, and what happened in it. */
async function contentsOf(client: QueryClient, rows: GroupRows): Promise<GroupContents> {
  const found = await client.rows<{ presence: string; kind: string }>(
    `SELECT DISTINCT presence, kind FROM session_history WHERE ${rows.where}`,
    rows.options,
  );
  return {
    printed: new Set(
      fields.filter((_, i) => found.some(({ presence }) => presence[i] === 'v')).map((f) => f.name),
    ),
    kinds: new Set(found.map((row) => row.kind)),
  };
}

export interface LiveSessions {
  readonly sessions: SessionColumns;
  /** Fields that any row of the group has a value of. */
  readonly printed: ReadonlySet<string>;
  /** When the counters are at the time, too: they take longest. Wrapped, so that nobody waits by accident. */
  readonly counted: { readonly done: Promise<void> };
  /** Brings the counters to the time, where that was left out. */
  readonly addCounters: () => Promise<void>;
}

/** Live sessions at the end of a group's rows; clocks and prints are still to come. @param later leaves the counters out */
export async function sessionsOf(
  client: QueryClient,
  question: StateQuestion,
  rows: GroupRows,
  group: Group,
  later: boolean,
): Promise<LiveSessions> {
  const rest = scopeConditions(question.scope ?? {}, (name) => !identityFilters.has(name));
  const contents = await contentsOf(client, rows);
  const options = { ...rows.options, params: { ...rows.options.params, ...rest.params } };
  const askCounters = () =>
    Promise.all([counterMoves(client, rows, contents), anyRounded(client, question, group)]);
  const counters = later ? undefined : askCounters();
  // Whoever waits for it hears of it: until then it is nobody's failure.
  counters?.catch(() => undefined);
  const [kept, prints] = await Promise.all([
    nativeAnswer(
      client,
      `SELECT ${sessionColumnsSql(contents.printed)} FROM (SELECT * FROM session_history WHERE ${rows.where} ${backwards})
       WHERE ${["kind != 'closed'", ...rest.conditions].join(' AND ')}`,
      options,
    ),
    nativeAnswer(
      client,
      `SELECT ${printColumnsSql} FROM session_prints WHERE ${rows.where} ${backwards}`,
      rows.options,
    ),
  ]);
  const sessions = new SessionColumns(kept);
  sessions.print(prints);
  const move = async ([moves, isRounded]: Awaited<ReturnType<typeof askCounters>>): Promise<void> => {
    if (moves !== undefined) moveCounters(sessions, moves);
    if (isRounded) await moveRounding(client, rows, sessions);
  };
  const done = counters === undefined ? Promise.resolve() : counters.then(move);
  done.catch(() => undefined);
  return {
    sessions,
    printed: contents.printed,
    counted: { done },
    addCounters: async () => await move(await askCounters()),
  };
}

async function anyRounded(client: QueryClient, question: StateQuestion, group: Group): Promise<boolean> {
  const rows = await client.rows<{ n: string }>(
    `SELECT sum(rounded) AS n FROM traffic_by_snapshot
     WHERE router = {router:String} AND at BETWEEN {gop:DateTime64(3, 'UTC')} AND {at:DateTime64(3, 'UTC')}`,
    asked(question, { router: question.router, gop: utcText(group.gop), at: utcText(question.at) }),
  );
  return rows[0]?.n !== '0';
}
