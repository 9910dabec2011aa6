/** Absolute counters at a time: the last ones that were kept whole, and the deltas after them. */
import { counterFields } from '@sessionreel/session-model';
import type { QueryClient } from '../ask/client.ts';
import { counterNames, sessionKey } from '../ask/columns.ts';
import { nativeAnswer, textAt, type NativeAnswer } from '../ask/native.ts';
import { isOwn, noOpenings, openingRows, openingsOf, type Openings } from './openings.ts';
import { halvesOf, halvesSql, type SessionColumns } from './session-columns.ts';
import type { GroupRows } from './state-question.ts';

/** What brings the counters of a group's sessions to its end: asked beside the sessions, and taken over behind them. */
export interface CounterMoves {
  /** Counters that any session prints: the others add up to nothing. */
  readonly names: readonly string[];
  readonly bases: NativeAnswer | undefined;
  /** By session and create time. */
  readonly moved: NativeAnswer;
  readonly openings: Openings;
  /** Of `moved`, what the last absolute values hold already: of those sessions whose openings do not tell. */
  readonly taken: NativeAnswer | undefined;
}

const keys = 'tunnel_local_id, session_local_id';
/** Which rows hold absolute counters. */
const absolute = "kind IN ('opened', 'rebase', 'keyframe')";

/** First and last row of each session in the group that kept its counters whole, where one did; a keyframe lies before all deltas. */
const wholeAgain = (where: string): string => `
  SELECT ${keys}, min(seq) AS first, maxIf(seq, kind IN ('opened', 'rebase')) AS last FROM session_history WHERE ${where}
  GROUP BY ${keys} HAVING last > 0`;

const sumsOf = (names: readonly string[]): string => names.map((n) => `, sum(d.${n}) AS s_${n}`).join('');

/**
 * Sums of all deltas of the group, by incarnation. Read without a look at what the last absolute values hold already: a join with so
 * many rows costs several times the sum.
 */
const moved = (where: string, names: readonly string[]): string => `
  SELECT tunnel_local_id AS c_tunnel, session_local_id AS c_session, assumeNotNull(create_time) AS c_created${sumsOf(names)}
  FROM counter_deltas AS d WHERE ${where} GROUP BY c_tunnel, c_session, c_created`;

/**
 * Deltas that the last absolute values of these sessions hold already: those up to their event.
 * Ids and events are numbers, and safe as text.
 */
function takenDeltas(where: string, names: readonly string[], unclear: ReadonlyMap<number, bigint>): string {
  const pairs = Array.from(unclear.keys(), (key) => `(${Math.floor(key / 65_536)},${key % 65_536})`);
  const key = 'toUInt32(tunnel_local_id) * 65536 + session_local_id';
  return `
  SELECT tunnel_local_id AS c_tunnel, session_local_id AS c_session${sumsOf(names)}
  FROM counter_deltas AS d WHERE ${where} AND (${keys}) IN (${pairs.join()})
    AND intDiv(seq, 8) <= transform(${key}, [${[...unclear.keys()].join()}], [${[...unclear.values()].join()}], toUInt64(0))
  GROUP BY ${keys}`;
}

/** What a statement of many ids may be long (bytes). */
const longQuery = {
  max_query_size: String(8 * 2 ** 20),
  max_ast_elements: '2000000',
  max_expanded_ast_elements: '4000000',
};

/** Of sessions with a change: its counters are no absolute values, the last kept whole are. */
const bases = (where: string, names: readonly string[]): string => `
  SELECT tunnel_local_id AS c_tunnel, session_local_id AS c_session, ${halvesSql} AS c_rounding
    ${names.map((n) => `, ${n} AS s_${n}`).join('')}
  FROM session_history
  WHERE ${where} AND ${absolute} AND (${keys}) IN (
    SELECT ${keys} FROM session_history WHERE ${where} AND kind = 'changed')
  ORDER BY at DESC, seq DESC LIMIT 1 BY ${keys}`;

/** What the rows of a group hold: fields with a value, and events. */
export interface GroupContents {
  readonly printed: ReadonlySet<string>;
  readonly kinds: ReadonlySet<string>;
}

export async function counterMoves(
  client: QueryClient,
  { where, options }: GroupRows,
  { printed, kinds }: GroupContents,
): Promise<CounterMoves | undefined> {
  const names = counterNames.filter((n) => printed.has(n));
  if (names.length === 0) return undefined;
  const ask = (query: (where: string, names: readonly string[]) => string): Promise<NativeAnswer> =>
    nativeAnswer(client, query(where, names), options);
  const isOpened = kinds.has('opened') || kinds.has('rebase');
  const askOpenings = async (): Promise<readonly [Openings, NativeAnswer | undefined]> => {
    if (!isOpened) return [noOpenings, undefined];
    const openings = openingsOf(await nativeAnswer(client, openingRows(where), options));
    if (openings.unclear.size === 0) return [openings, undefined];
    const long = { ...options, settings: { ...options.settings, ...longQuery } };
    return [openings, await nativeAnswer(client, takenDeltas(where, names, openings.unclear), long)];
  };
  const [basesOf, movedBy, [openings, taken]] = await Promise.all([
    kinds.has('changed') ? ask(bases) : undefined,
    ask(moved),
    askOpenings(),
  ]);
  return { names, bases: basesOf, moved: movedBy, openings, taken };
}

/** Brings the counters of sessions to the end of the group's rows. */
export function moveCounters(sessions: SessionColumns, moves: CounterMoves): void {
  const { names, moved: sums, openings } = moves;
  if (moves.bases !== undefined) setBases(sessions, names, moves.bases);
  startFromZero(sessions, names, openings);
  const tunnels = sums.numbers('c_tunnel').values;
  const ids = sums.numbers('c_session').values;
  const created = sums.numbers('c_created').values;
  const rows = rowsIn(sessions, sums);
  for (let i = 0; i < rows.length; i++)
    if (!isOwn(openings, sessionKey(tunnels[i] as number, ids[i] as number), created[i] as number))
      rows[i] = -1;
  add(sessions, names, sums, rows, 1);
  if (moves.taken !== undefined) add(sessions, names, moves.taken, rowsIn(sessions, moves.taken), -1);
}

function setBases(sessions: SessionColumns, names: readonly string[], kept: NativeAnswer): void {
  const rows = rowsIn(sessions, kept);
  const rounding = kept.texts('c_rounding');
  const halves = Array.from(rows, (row, i) =>
    row < 0 || rounding.starts[i] === rounding.ends[i] ? {} : halvesOf(textAt(rounding, i)),
  );
  for (const name of names) {
    const target = sessions.counter(name);
    const { values, nulls } = kept.counts(`s_${name}`);
    if (target === undefined) continue;
    rows.forEach((row, i) => {
      if (row < 0 || nulls?.[i] === 1) return;
      target.values[row] = values[i] as bigint;
      sessions.setRounding(row, name, halves[i]?.[name] ?? 0n);
    });
  }
}

/** What a new session counted before it was seen is a delta, too. */
function startFromZero(sessions: SessionColumns, names: readonly string[], openings: Openings): void {
  const targets = names.flatMap((name) => sessions.counter(name) ?? []);
  for (const [key, { isNew }] of openings.clear) {
    const row = isNew ? sessions.rowOf(Math.floor(key / 65_536), key % 65_536) : -1;
    if (row >= 0) for (const { values } of targets) values[row] = 0n;
  }
}

/** The row of each session of an answer; -1 for those that are not listed. */
function rowsIn(sessions: SessionColumns, answer: NativeAnswer): Int32Array {
  const tunnels = answer.numbers('c_tunnel').values;
  const ids = answer.numbers('c_session').values;
  const rows = new Int32Array(answer.rows);
  for (let i = 0; i < rows.length; i++) rows[i] = sessions.rowOf(tunnels[i] as number, ids[i] as number);
  return rows;
}

/** Adds modulo 2^64, in halves: 64-bit integers of JavaScript are objects. @param rows to which a sum belongs */
function add(
  sessions: SessionColumns,
  names: readonly string[],
  sums: NativeAnswer,
  rows: Int32Array,
  sign: 1 | -1,
): void {
  for (const name of names) {
    const target = sessions.counter(name);
    if (target === undefined) continue;
    const to = halvesView(target.values);
    const by = halvesView(sums.counts(`s_${name}`).values);
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as number;
      if (row < 0) continue;
      const low = (to[row * 2] as number) + sign * (by[i * 2] as number);
      const carry = low > 0xffff_ffff ? 1 : low < 0 ? -1 : 0;
      to[row * 2] = low;
      to[row * 2 + 1] = (to[row * 2 + 1] as number) + sign * (by[i * 2 + 1] as number) + carry;
    }
  }
}

const halvesView = ({ buffer, byteOffset, length }: BigUint64Array): Uint32Array =>
  new Uint32Array(buffer, byteOffset, length * 2);

/**
 * Half-widths at the time. A delta's half-width is the sum of those of its two values, so that each value's is the delta's less the
 * value's before. Deltas that start over (`epoch`) have their value's alone.
 */
export async function moveRounding(
  client: QueryClient,
  group: GroupRows,
  sessions: SessionColumns,
): Promise<void> {
  // Byte counts are rounded, packets mostly are not: what is exact in the whole group stays so.
  const [most] = await client.rows<Record<string, string>>(
    `SELECT ${counterNames.map((n) => `max(${n}_error) AS m_${n}`).join(', ')} FROM counter_deltas WHERE ${group.where}`,
    group.options,
  );
  const rounded = counterFields
    .map(({ name }, bit) => ({ name, bit: 1n << BigInt(bit) }))
    .filter(({ name }) => (most?.[`m_${name}`] ?? '0') !== '0');
  if (rounded.length === 0) return;
  const query = `
    SELECT d.tunnel_local_id, d.session_local_id, d.kind, d.seen, ${rounded.map(({ name }) => `d.${name}_error`).join(', ')}
    FROM (SELECT * FROM counter_deltas WHERE ${group.where}) AS d
    LEFT ANY JOIN (${wholeAgain(group.where)}) AS a
    ON a.tunnel_local_id = d.tunnel_local_id AND a.session_local_id = d.session_local_id
    WHERE intDiv(d.seq, 8) > intDiv(a.last, 8)
    ORDER BY d.tunnel_local_id, d.session_local_id, d.at, d.seq`;
  // A row for each session and poll since the keyframe: they pass, and are not held.
  const options = { ...group.options, settings: { ...group.options.settings, max_result_rows: '0' } };
  for await (const block of client.blocks(query, options))
    for (const [tunnel, session, kind, seen, ...errors] of block) {
      const row = sessions.rowOf(Number(tunnel), Number(session));
      if (row < 0) continue;
      const bits = BigInt(seen as string);
      rounded.forEach(({ name, bit }, i) => {
        if ((bits & bit) === 0n) return;
        const error = BigInt(errors[i] as string);
        sessions.setRounding(
          row,
          name,
          kind === 'epoch' ? error : error - (sessions.rounding(row)?.[name] ?? 0n),
        );
      });
    }
}
