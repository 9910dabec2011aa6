/** What happened to a session, a subscriber or an address: opens, changes, closes, and traffic between them. */
import { fields, type FieldValue } from '@sessionreel/session-model';
import {
  QuestionError,
  asked,
  utcText,
  type AskOptions,
  type QueryClient,
  type QueryOptions,
} from '../ask/client.ts';
import { columnOf, counterNames, keptSession, msOf, storedFields } from '../ask/columns.ts';
import { coverageOf, type Coverage } from '../ask/coverage.ts';

export interface SessionKey {
  readonly router: string;
  readonly tunnel: number;
  readonly session: number;
}

export type HistoryQuestion = AskOptions & {
  /** ms UTC; default: all of it. */
  readonly from?: number;
  readonly to?: number;
} & (
    | { readonly session: SessionKey }
    | { readonly user: string }
    /** IPv4 or IPv6, as assigned to the subscriber. */
    | { readonly address: string }
  );

export interface FieldChange {
  readonly field: string;
  /** undefined: absent; null: N/A; '': printed empty. */
  readonly before: FieldValue | undefined;
  readonly after: FieldValue | undefined;
}

export interface HistoryEvent extends SessionKey {
  readonly kind: 'opened' | 'changed' | 'closed';
  readonly reason: string;
  /** ms UTC: the snapshot that showed it. */
  readonly at: number;
  /** When a snapshot last showed the session: a close lies between this and `at`. */
  readonly lastSeenAt: number;
  /** Seconds of the router's wall clock; null when not known. */
  readonly createTime: number | null;
  readonly createdAt: number | null;
  readonly changes: readonly FieldChange[];
  /** All that is known after the event (before it, of a close). */
  readonly values: Readonly<Record<string, FieldValue>>;
}

/** Traffic of one incarnation within the time asked for. */
export interface IncarnationTraffic extends SessionKey {
  readonly createTime: number | null;
  readonly from: number;
  readonly to: number;
  /** Sums by counter name, with half-widths where rounded. */
  readonly sums: Readonly<Record<string, bigint>>;
  readonly errors: Readonly<Record<string, bigint>>;
  /** Intervals whose delta is a lower bound, because the counters were cleared in them. */
  readonly lowerBounds: number;
  /** Counters that were ever printed; the others are unknown, not zero. */
  readonly seen: readonly string[];
}

export interface History {
  /** Of the routers that it is told of. */
  readonly coverage: Coverage;
  readonly events: readonly HistoryEvent[];
  readonly traffic: readonly IncarnationTraffic[];
  /** Snapshots of the routers in the time, by router: what vouches for all of it. */
  readonly vouchers: readonly {
    readonly router: string;
    readonly snapshots: number;
    readonly first: number;
    readonly last: number;
  }[];
}

/** Most sessions that one answer follows. */
const mostSessions = 500;

export async function history(client: QueryClient, question: HistoryQuestion): Promise<History> {
  const from = question.from ?? Date.UTC(1970, 0, 1);
  const to = question.to ?? Date.UTC(2199, 0, 1);
  if (from > to) throw new QuestionError('the time to begin from is after the time to end at');
  const times = { from: utcText(from), to: utcText(to) };
  const keys = 'session' in question ? [checked(question.session)] : await keysOf(client, question, times);
  if (keys.length === 0)
    return { events: [], traffic: [], vouchers: [], coverage: { from, to, routers: [], missing: [] } };
  const wanted = keyCondition(keys);
  const params = { ...wanted.params, ...times };
  const routers = [...new Set(keys.map((k) => k.router))];
  const [events, traffic, coverage] = await Promise.all([
    eventsOf(client, question, wanted.condition, params),
    trafficOf(client, question, wanted.condition, { ...params, routers }),
    coverageOf(client, { ...question, from, to, routers }),
  ]);
  const own = events.filter((e) => belongs(question, e));
  // Who was there all the time, and to whom nothing happened, has traffic all the same.
  const incarnations = new Set([...keys, ...own].map(incarnationOf));
  return {
    events: own,
    traffic: 'session' in question ? traffic : traffic.filter((t) => incarnations.has(incarnationOf(t))),
    vouchers: coverage.routers.map(({ router, snapshots, first, last }) => ({
      router,
      snapshots,
      first,
      last,
    })),
    coverage: question.to === undefined ? openEnded(coverage) : coverage,
  };
}

/** Without an end nothing is missing behind the last snapshot. */
function openEnded(coverage: Coverage): Coverage {
  const to = coverage.routers.reduce((last, r) => Math.max(last, r.last), coverage.from);
  const routers = coverage.routers.map((r) => ({
    ...r,
    gaps: r.gaps.filter(([, end]) => end !== coverage.to),
  }));
  return { ...coverage, to, routers };
}

function checked(key: SessionKey): SessionKey {
  for (const id of [key.tunnel, key.session])
    if (!Number.isInteger(id) || id < 0 || id > 65_535)
      throw new QuestionError(`${String(id)} is no id: they are whole numbers from 0 to 65535`);
  return key;
}

const incarnationOf = (e: SessionKey & { createTime?: number | null }): string =>
  `${e.router} ${e.tunnel} ${e.session} ${String(e.createTime)}`;

/** A key was used by others too: only incarnations that had the name or address count. */
function belongs(question: HistoryQuestion, event: HistoryEvent): boolean {
  if ('session' in question) return true;
  const mine = 'user' in question ? ['user_name', question.user] : ['peer_ip', question.address];
  const [field = '', value] = mine;
  if (event.values[field] === value) return true;
  if (event.changes.some((c) => c.field === field && c.before === value)) return true;
  return 'address' in question && sameAddress(String(event.values[field] ?? ''), question.address);
}

/** However they are written: IPv4 as it is or mapped into IPv6, IPv6 in any of its forms. */
export function sameAddress(a: string, b: string): boolean {
  const canonical = (text: string): string => {
    const url = `http://[${text.includes(':') ? text : `::ffff:${text}`}]/`;
    return URL.canParse(url) ? new URL(url).hostname : text;
  };
  return canonical(a) === canonical(b);
}

async function keysOf(
  client: QueryClient,
  question: HistoryQuestion,
  times: { from: string; to: string },
): Promise<(SessionKey & { readonly createTime: number | null })[]> {
  const byUser = 'user' in question;
  const value = byUser ? question.user : 'address' in question ? question.address : '';
  if (!byUser) await checkAddress(client, value, question);
  // A session that opened before the time may live in it: the beginning of the time does not narrow.
  const rows = await client.rows<{
    router: string;
    tunnel: number;
    session: number;
    createTime: number | null;
  }>(
    `SELECT router, tunnel_local_id AS tunnel, session_local_id AS session, toUnixTimestamp(create_time) AS createTime FROM ${byUser ? 'sessions_by_user' : 'sessions_by_address'}
     WHERE ${byUser ? 'user_name = {value:String}' : 'address = toIPv6({value:String})'} AND at <= {to:DateTime64(3, 'UTC')}
     GROUP BY router, tunnel, session, createTime ORDER BY max(at) DESC LIMIT ${mostSessions}`,
    asked(question, { value, to: times.to }),
  );
  return rows;
}

export async function checkAddress(client: QueryClient, value: string, options: AskOptions): Promise<void> {
  const rows = await client.rows<{ ok: number }>(
    'SELECT toIPv6OrNull({value:String}) IS NOT NULL AS ok',
    asked(options, { value }),
  );
  if (rows[0]?.ok !== 1) throw new QuestionError(`${JSON.stringify(value)} is not an IPv4 or IPv6 address`);
}

/** Ids as text of a condition are safe: they are numbers. Routers are parameters. */
export function keyCondition(keys: readonly SessionKey[]): {
  readonly condition: string;
  readonly params: Readonly<Record<string, unknown>>;
} {
  const params: Record<string, unknown> = {};
  const byRouter = Map.groupBy(keys, (k) => k.router);
  const conditions = [...byRouter].map(([router, own], i) => {
    params[`router${i}`] = router;
    const ids = own.map((k) => `(${Math.trunc(k.tunnel)}, ${Math.trunc(k.session)})`).join(', ');
    return `(router = {router${i}:String} AND (tunnel_local_id, session_local_id) IN (${ids}))`;
  });
  return { condition: `(${conditions.join(' OR ')})`, params };
}

async function eventsOf(
  client: QueryClient,
  question: HistoryQuestion,
  condition: string,
  params: Readonly<Record<string, unknown>>,
): Promise<HistoryEvent[]> {
  // Images are read of those groups alone in which anything happened; each group holds the image that a change starts from.
  const query = `
    SELECT router, kind, reason, ${msOf('at')} AS at_ms, ${msOf('last_seen_at')} AS seen_ms, ${msOf('created_at')} AS created_ms,
      changed, presence, ${storedFields.map((f) => `${columnOf(f)} AS v_${f.name}`).join(', ')}
    FROM session_history
    WHERE ${condition} AND gop <= {to:DateTime64(3, 'UTC')} AND at <= {to:DateTime64(3, 'UTC')}
      AND (router, gop) IN (
        SELECT router, gop FROM session_history
        WHERE ${condition} AND gop <= {to:DateTime64(3, 'UTC')} AND kind IN ('opened', 'changed', 'closed')
          AND at BETWEEN {from:DateTime64(3, 'UTC')} AND {to:DateTime64(3, 'UTC')})
    ORDER BY router, tunnel_local_id, session_local_id, at, seq`;
  const from = Date.parse(`${String(params['from']).replace(' ', 'T')}Z`);
  const before = new Map<string, Readonly<Record<string, FieldValue>>>();
  const events: HistoryEvent[] = [];
  for await (const block of client.blocks(query, asked(question, params)))
    for (const row of block) {
      const [router, kind, reason, at, seen, created, changed, presence, ...stored] = row;
      const kept = keptSession(stored, presence as string);
      // Times that run are no history.
      for (const name of ['up_time_s', 'idle_time_s']) Reflect.deleteProperty(kept.values, name);
      const key = `${String(router)} ${kept.tunnel} ${kept.session}`;
      const earlier = before.get(key);
      before.set(key, kept.values);
      if (kind === 'keyframe' || kind === 'rebase' || Number(at) < from) continue;
      const createTime = kept.values['create_time'];
      events.push({
        router: router as string,
        tunnel: kept.tunnel,
        session: kept.session,
        kind: kind as HistoryEvent['kind'],
        reason: reason as string,
        at: Number(at),
        lastSeenAt: Number(seen),
        createTime: typeof createTime === 'number' ? createTime : null,
        createdAt: created === null ? null : Number(created),
        changes: kind === 'changed' ? changesOf(changed as string[], earlier, kept.values) : [],
        values: kept.values,
      });
    }
  return events.sort((a, b) => a.at - b.at);
}

function changesOf(
  names: readonly string[],
  before: Readonly<Record<string, FieldValue>> | undefined,
  after: Readonly<Record<string, FieldValue>>,
): FieldChange[] {
  const order = new Map(fields.map((f, i) => [f.name, i]));
  return names
    .toSorted((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0))
    .map((field) => ({ field, before: before?.[field], after: after[field] }));
}

async function trafficOf(
  client: QueryClient,
  question: AskOptions,
  condition: string,
  params: Readonly<Record<string, unknown>>,
): Promise<IncarnationTraffic[]> {
  const where = `${condition} AND at > {from:DateTime64(3, 'UTC')} AND at <= {to:DateTime64(3, 'UTC')}`;
  const options = asked(question, params);
  // Most counters were never printed, and those of most routers are exact: what holds only zeros is not read.
  const [bits, isRounded] = await Promise.all([
    client.rows<{ bits: string }>(
      `SELECT groupBitOr(seen) AS bits FROM counter_deltas WHERE ${where}`,
      options,
    ),
    anyRounded(client, options),
  ]);
  const printed = namesOf(BigInt(bits[0]?.bits ?? 0));
  const errors = isRounded ? printed : [];
  const query = `
    SELECT router, tunnel_local_id, session_local_id, toUnixTimestamp(create_time) AS created,
      min(toUnixTimestamp64Milli(at) - toInt64(interval_s * 1000)) AS first, max(toUnixTimestamp64Milli(at)) AS last,
      countIf(kind = 'epoch') AS bounds, groupBitOr(seen) AS seen_bits
      ${printed.map((n) => `, sum(${n})`).join('')} ${errors.map((n) => `, sum(${n}_error)`).join('')}
    FROM counter_deltas WHERE ${where}
    GROUP BY router, tunnel_local_id, session_local_id, create_time ORDER BY first`;
  const found: IncarnationTraffic[] = [];
  for await (const block of client.blocks(query, options))
    for (const [router, tunnel, session, created, first, last, bounds, seen, ...sums] of block) {
      const values = sums.map((n) => BigInt(n as string));
      found.push({
        router: router as string,
        tunnel: Number(tunnel),
        session: Number(session),
        createTime: created === null ? null : Number(created),
        from: Number(first),
        to: Number(last),
        sums: allCounters(printed, values),
        errors: allCounters(errors, values.slice(printed.length)),
        lowerBounds: Number(bounds),
        seen: namesOf(BigInt(seen as string)),
      });
    }
  return found;
}

/** Names of the counters whose bits are set. */
const namesOf = (bits: bigint): string[] => counterNames.filter((_, i) => (bits & (1n << BigInt(i))) !== 0n);

/** Those of some counters among all of them, zero else. */
function allCounters(names: readonly string[], values: readonly bigint[]): Record<string, bigint> {
  const own = new Map(names.map((n, i) => [n, values[i]]));
  return Object.fromEntries(counterNames.map((n) => [n, own.get(n) ?? 0n]));
}

/** Whether any value of these routers was printed rounded within the time. */
async function anyRounded(client: QueryClient, options: QueryOptions): Promise<boolean> {
  const rows = await client.rows<{ n: string }>(
    `SELECT sum(rounded) AS n FROM traffic_by_snapshot WHERE router IN {routers:Array(String)}
       AND at > {from:DateTime64(3, 'UTC')} AND at <= {to:DateTime64(3, 'UTC')}`,
    options,
  );
  return rows[0]?.n !== '0';
}
