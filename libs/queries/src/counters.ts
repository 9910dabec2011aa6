/** Absolute counters at a time: the last ones that were kept whole, and the deltas after them. */
import type { QueryClient, QueryOptions } from './client.ts';
import { binary, binaryRows } from './row-binary.ts';
import { counterNames, sessionKey, type KeptSession } from './columns.ts';

/** A group of a router up to a time, as a condition and its options. `where` names no table. */
export interface GroupRows {
  readonly where: string;
  readonly options: QueryOptions;
}

const u64 = (n: bigint): bigint => BigInt.asUintN(64, n);

/** Which rows hold absolute counters. */
const absolute = "kind IN ('opened', 'rebase', 'keyframe')";

/**
 * Sums of deltas after the last absolute values of each session. Deltas of the same event as the absolute values are in them
 * already; events are told apart by `intDiv(seq, 8)`.
 */
const sums = (where: string): string => `
  FROM (SELECT * FROM counter_deltas WHERE ${where}) AS d
  ${afterAbsolute(where)}
  GROUP BY d.tunnel_local_id, d.session_local_id`;

const afterAbsolute = (where: string): string => `
  LEFT ANY JOIN (
    SELECT tunnel_local_id, session_local_id, max(intDiv(seq, 8)) AS event FROM session_history
    WHERE ${where} AND kind IN ('opened', 'rebase')
    GROUP BY tunnel_local_id, session_local_id) AS a
  ON a.tunnel_local_id = d.tunnel_local_id AND a.session_local_id = d.session_local_id
  WHERE intDiv(d.seq, 8) > a.event`;

/** Sessions whose last row is a change: its counters are no absolute values, the last kept whole are. */
const bases = (where: string): string => `
  SELECT tunnel_local_id, session_local_id, rounding, ${counterNames.join(', ')}
  FROM session_history
  WHERE ${where} AND ${absolute} AND (tunnel_local_id, session_local_id) IN (
    SELECT tunnel_local_id, session_local_id FROM session_history WHERE ${where} AND kind = 'changed')
  ORDER BY at DESC, seq DESC LIMIT 1 BY tunnel_local_id, session_local_id`;

/** Brings the counters of sessions (by `sessionKey`) to the time of the group's rows. */
export async function addCounters(
  client: QueryClient,
  group: GroupRows,
  sessions: ReadonlyMap<number, KeptSession>,
  rounded: boolean,
): Promise<void> {
  for await (const block of client.blocks(bases(group.where), group.options))
    for (const [tunnel, session, rounding, ...values] of block) {
      const kept = sessions.get(sessionKey(Number(tunnel), Number(session)));
      if (kept !== undefined) setBase(kept, rounding as Record<string, string>, values as (string | null)[]);
    }
  // Only counters that any session prints: the others add up to nothing.
  const printed = counterNames.filter((name) => anyHas(sessions, name));
  if (printed.length === 0) return;
  const columns = [
    binary.u16('d.tunnel_local_id'),
    binary.u16('d.session_local_id'),
    ...printed.map((n) => binary.u64(`sum(d.${n})`)),
  ];
  await binaryRows(client, columns, sums(group.where), group.options, (row) => {
    const kept = sessions.get(sessionKey(row[0] as number, row[1] as number));
    if (kept === undefined) return;
    for (let i = 0; i < printed.length; i++) {
      const name = printed[i] as string;
      const [base, moved] = [kept.values[name], row[i + 2] as bigint];
      if (typeof base === 'bigint' && moved !== 0n) kept.values[name] = u64(base + moved);
    }
  });
  if (rounded) await addRounding(client, group, sessions);
}

function anyHas(sessions: ReadonlyMap<number, KeptSession>, name: string): boolean {
  for (const { values } of sessions.values()) if (typeof values[name] === 'bigint') return true;
  return false;
}

function setBase(
  kept: KeptSession,
  rounding: Readonly<Record<string, string>>,
  values: readonly (string | null)[],
): void {
  counterNames.forEach((name, i) => {
    const value = values[i];
    if (typeof kept.values[name] !== 'bigint' || value === null || value === undefined) return;
    kept.values[name] = BigInt(value);
    const half = rounding[name];
    if (half === undefined) Reflect.deleteProperty(kept.rounding, name);
    else kept.rounding[name] = BigInt(half);
  });
}

/**
 * Half-widths at the time. A delta's half-width is the sum of those of its two values, so that each value's is the delta's less the
 * value's before. Deltas that start over (`epoch`) have their value's alone.
 */
async function addRounding(
  client: QueryClient,
  group: GroupRows,
  sessions: ReadonlyMap<number, KeptSession>,
): Promise<void> {
  const query = `
    SELECT d.tunnel_local_id, d.session_local_id, d.kind, d.seen, ${counterNames.map((n) => `d.${n}_error`).join(', ')}
    FROM (SELECT * FROM counter_deltas WHERE ${group.where}) AS d
    ${afterAbsolute(group.where)}
    ORDER BY d.tunnel_local_id, d.session_local_id, d.at, d.seq`;
  for await (const block of client.blocks(query, group.options))
    for (const [tunnel, session, kind, seen, ...errors] of block) {
      const kept = sessions.get(sessionKey(Number(tunnel), Number(session)));
      if (kept === undefined) continue;
      const bits = BigInt(seen as string);
      counterNames.forEach((name, i) => {
        if ((bits & (1n << BigInt(i))) === 0n) return;
        const error = BigInt(errors[i] as string);
        const half = kind === 'epoch' ? error : error - (kept.rounding[name] ?? 0n);
        if (half > 0n) kept.rounding[name] = half;
        else Reflect.deleteProperty(kept.rounding, name);
      });
    }
}
