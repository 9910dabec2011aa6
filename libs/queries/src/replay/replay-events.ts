/** History again as events: what `l2tp.events` held, put together from the tables that it was fanned out to. */
import {
  emptyDelta,
  counterFields,
  fields,
  type CounterDelta,
  type FieldValue,
  type LayoutDefinition,
  type RoundedCounterDelta,
  type SessionDelta,
  type SessionImage,
} from '@sessionreel/session-model';
import { asked, utcText, type QueryClient } from '../ask/client.ts';
import { msOf } from '../ask/columns.ts';
import { checkedRange } from '../ask/range.ts';
import type { ReplayPosition, ReplayQuestion } from './replay-snapshots.ts';

export interface ReplayedEvent {
  readonly position: ReplayPosition;
  /** As it was written, less what only a restore of the processor needs; layouts stand where they are first used. */
  readonly delta: SessionDelta;
}

/** Events of a page are held at once: few, for a first snapshot of a full chassis is one of them. */
const pageEvents = 50;

interface Head {
  readonly router: string;
  readonly at_ms: string;
  readonly gop_ms: string;
  readonly captured: string;
  readonly seq: string;
  readonly piece: number;
  readonly pieces: number;
}

/** Events by time, the routers among each other. @throws QuestionError when the range is reversed */
export async function* replayEvents(
  client: QueryClient,
  question: ReplayQuestion,
): AsyncGenerator<ReplayedEvent> {
  const defined = new Set<string>();
  let after = question.after;
  for (;;) {
    const heads = await page(client, question, after);
    if (heads.length === 0) return;
    const deltas = await filled(client, question, heads);
    for (const [i, delta] of deltas.entries()) {
      question.signal?.throwIfAborted();
      delta.layouts = await layoutsOf(client, question, delta, defined);
      after = { at: delta.at, router: delta.router, seq: BigInt((heads[i] as Head).seq) };
      yield { position: after, delta };
    }
    if (heads.length < pageEvents) return;
  }
}

async function page(
  client: QueryClient,
  question: ReplayQuestion,
  after: ReplayPosition | undefined,
): Promise<Head[]> {
  const only = question.routers === undefined ? '' : 'AND d.router IN {routers:Array(String)}';
  const behind =
    after === undefined
      ? ''
      : "AND (d.at, toString(d.router), d.seq) > ({after_at:DateTime64(3, 'UTC')}, {after_router:String}, {after_seq:UInt64})";
  return await client.rows<Head>(
    `SELECT toString(d.router) AS router, ${msOf('d.at')} AS at_ms, ${msOf('d.gop')} AS gop_ms, ${msOf('d.captured_at')} AS captured, d.seq AS seq, piece, pieces
     FROM deltas AS d
     WHERE d.at >= {from:DateTime64(3, 'UTC')} AND d.at <= {to:DateTime64(3, 'UTC')} ${only} ${behind}
     ORDER BY d.at, router, d.seq LIMIT ${pageEvents}`,
    asked(question, {
      ...checkedRange(question),
      ...(question.routers === undefined ? {} : { routers: question.routers }),
      ...(after === undefined
        ? {}
        : { after_at: utcText(after.at), after_router: after.router, after_seq: String(after.seq) }),
    }),
  );
}

type Row = Record<string, unknown>;

/** The rows of a page's events, table by table. */
async function filled(
  client: QueryClient,
  question: ReplayQuestion,
  heads: readonly Head[],
): Promise<SessionDelta[]> {
  const deltas = heads.map(deltaOf);
  const byKey = new Map(deltas.map((d) => [`${d.router} ${String(d.seq)}`, d]));
  const times = heads.map((h) => Number(h.at_ms));
  const gops = heads.map((h) => Number(h.gop_ms));
  const params = {
    routers: [...new Set(heads.map((h) => h.router))],
    first: utcText(Math.min(...times)),
    last: utcText(Math.max(...times)),
    first_gop: utcText(Math.min(...gops)),
    last_gop: utcText(Math.max(...gops)),
  };
  const where = `router IN {routers:Array(String)} AND at >= {first:DateTime64(3, 'UTC')} AND at <= {last:DateTime64(3, 'UTC')}
    AND gop >= {first_gop:DateTime64(3, 'UTC')} AND gop <= {last_gop:DateTime64(3, 'UTC')}`;
  const each = async (
    table: string,
    columns: string,
    order: string,
    add: (d: SessionDelta, row: Row) => void,
  ) => {
    const rows = await client.rows<Row>(
      `SELECT toString(router) AS its_router, intDiv(seq, 8) AS number, ${columns} FROM ${table} AS t WHERE ${where} ORDER BY router, seq${order}`,
      { ...asked(question, params) },
    );
    for (const row of rows) {
      const delta = byKey.get(`${String(row['its_router'])} ${String(row['number'])}`);
      if (delta !== undefined) add(delta, row);
    }
  };
  await each('session_history', imageColumns, ', rank, tunnel_local_id, session_local_id', (d, row) => {
    d[row['kind'] as 'opened' | 'changed' | 'closed' | 'rebase' | 'keyframe'].push(imageOf(row));
  });
  await each('counter_deltas', counterColumns, ', tunnel_local_id, session_local_id', addCounters);
  await each('session_prints', printColumns, ', rank, tunnel_local_id, session_local_id', (d, row) => {
    d.prints.push({
      tunnel_local_id: Number(row['tunnel_local_id']),
      session_local_id: Number(row['session_local_id']),
      create_time: local(row['created']),
      layout: BigInt(row['layout'] as string),
      rank: Number(row['rank']),
      idle_since: local(row['idle']),
      clock_offset_s: Number(row['clock_offset_s']),
    });
  });
  await each('snapshots', ledgerColumns, ', ordinal, part', (d, row) => d.ledger.push(ledgerOf(row)));
  await each('anomalies', anomalyColumns, '', (d, row) => {
    d.anomalies.push({
      tunnel_local_id: Number(row['tunnel_local_id']),
      session_local_id: Number(row['session_local_id']),
      create_time: local(row['created']),
      kind: String(row['kind']),
      field: String(row['field']),
      before: String(row['before']),
      after: String(row['after']),
    });
  });
  await each('router_events', 'kind, sessions, detail', '', (d, row) => {
    d.router_events.push({
      kind: String(row['kind']),
      sessions: Number(row['sessions']),
      detail: String(row['detail']),
    });
  });
  return deltas;
}

function deltaOf(head: Head): SessionDelta {
  return emptyDelta({
    router: head.router,
    at: Number(head.at_ms),
    captured_at: Number(head.captured),
    seq: Number(BigInt(head.seq) / 8n),
    gop: Number(head.gop_ms),
    piece: head.piece,
    pieces: head.pieces,
  });
}

/** Local seconds as local milliseconds. */
const local = (seconds: unknown): number | null => (seconds === null ? null : Number(seconds) * 1_000);

/** Fields of an image beside what stands in columns of their own. */
const imageFields = fields.filter((f) => f.role !== 'identity' && f.role !== 'clock');

const imageColumns = `kind, reason, changed, tunnel_local_id, session_local_id, ${msOf('last_seen_at')} AS seen, ${msOf('created_at')} AS created_utc,
  toUnixTimestamp(idle_since) AS idle, clock_offset_s, layout, rank, presence, rounding, unknown,
  ${imageFields.map((f) => `${f.type === 'datetime' ? `toUnixTimestamp(${f.name})` : f.name} AS v_${f.name}`).join(', ')}`;

function imageOf(row: Row): SessionImage {
  const values: Record<string, FieldValue> = {};
  for (const f of imageFields) {
    const stored = row[`v_${f.name}`];
    if (stored === null) values[f.name] = null;
    else if (f.type === 'datetime') values[f.name] = Number(stored) * 1_000;
    else if (f.type === 'u64') values[f.name] = BigInt(stored as string);
    else values[f.name] = stored as FieldValue;
  }
  return {
    tunnel_local_id: Number(row['tunnel_local_id']),
    session_local_id: Number(row['session_local_id']),
    reason: String(row['reason']),
    changed: row['changed'] as string[],
    last_seen_at: Number(row['seen']),
    created_at: row['created_utc'] === null ? null : Number(row['created_utc']),
    idle_since: local(row['idle']),
    clock_offset_s: Number(row['clock_offset_s']),
    layout: BigInt(row['layout'] as string),
    rank: Number(row['rank']),
    presence: String(row['presence']),
    rounding: Object.fromEntries(
      Object.entries(row['rounding'] as Record<string, string>).map(([name, n]) => [name, Number(n)]),
    ),
    unknown: row['unknown'] as { name: string; value: string }[],
    values,
  };
}

const counterColumns = `tunnel_local_id, session_local_id, toUnixTimestamp(create_time) AS created, ${msOf('created_at')} AS created_utc, interval_s, kind, seen,
  ${counterFields.map((f) => `${f.name}, ${f.name}_error`).join(', ')}`;

function addCounters(delta: SessionDelta, row: Row): void {
  const named = (suffix: string): Record<string, bigint> =>
    Object.fromEntries(
      counterFields.map((f) => [`${f.name}${suffix}`, BigInt(row[`${f.name}${suffix}`] as string)]),
    );
  const counters: CounterDelta = {
    tunnel_local_id: Number(row['tunnel_local_id']),
    session_local_id: Number(row['session_local_id']),
    create_time: local(row['created']),
    created_at: row['created_utc'] === null ? null : Number(row['created_utc']),
    interval_s: Number(row['interval_s']),
    kind: row['kind'] as CounterDelta['kind'],
    seen: Number(row['seen']),
    deltas: named(''),
  };
  const rounded: RoundedCounterDelta = { ...counters, errors: named('_error') };
  if (Object.values(rounded.errors).some((n) => n !== 0n)) delta.counters_rounded.push(rounded);
  else delta.counters.push(counters);
}

const printColumns =
  'tunnel_local_id, session_local_id, toUnixTimestamp(create_time) AS created, layout, rank, toUnixTimestamp(idle_since) AS idle, clock_offset_s';

const anomalyColumns =
  'tunnel_local_id, session_local_id, toUnixTimestamp(create_time) AS created, kind, field, before, after';

const counts = [
  'bytes',
  'sessions',
  'opened',
  'changed',
  'closed',
  'counters',
  'anomalies',
  'unknown_fields',
  'errors',
] as const;
const texts = [
  'snapshot_id',
  'reason',
  'format',
  'level',
  'scope',
  'variant',
  'command',
  'state_hash',
] as const;
const flags = ['final', 'complete'] as const;
const maps = ['by_state', 'by_peer_gateway', 'by_tunnel_group'] as const;
const places = [
  'source_partition',
  'source_offset',
  'previous_source_offset',
  'ordinal',
  'part',
  'parts',
] as const;

const ledgerColumns = `${[...counts, ...texts, ...flags, ...maps, ...places].join(', ')}, outcome, toUnixTimestamp(router_clock) AS clock, clock_steps, document`;

function ledgerOf(row: Row): SessionDelta['ledger'][number] {
  const numbers = (names: readonly string[]): Record<string, number> =>
    Object.fromEntries(names.map((n) => [n, Number(row[n])]));
  return {
    ...numbers([...counts, ...places]),
    ...Object.fromEntries(texts.map((n) => [n, String(row[n])])),
    ...Object.fromEntries(flags.map((n) => [n, row[n] as boolean])),
    ...Object.fromEntries(
      maps.map((n) => [
        n,
        Object.fromEntries(Object.entries(row[n] as Record<string, string>).map(([k, v]) => [k, Number(v)])),
      ]),
    ),
    outcome: row['outcome'],
    router_clock: local(row['clock']),
    clock_steps: (row['clock_steps'] as string[]).map(Number),
    document: BigInt(row['document'] as string),
  } as SessionDelta['ledger'][number];
}

/** Definitions that this replay has not sent yet: sets, the layouts they name, frames. */
async function layoutsOf(
  client: QueryClient,
  question: ReplayQuestion,
  delta: SessionDelta,
  defined: Set<string>,
): Promise<LayoutDefinition[]> {
  const found: LayoutDefinition[] = [];
  const images = [delta.opened, delta.changed, delta.closed, delta.rebase, delta.keyframe].flat();
  let wanted = [
    ...images.map((i) => i.layout),
    ...delta.prints.map((p) => p.layout),
    ...delta.ledger.map((l) => l.document),
  ];
  while (wanted.length > 0) {
    const ids = [...new Set(wanted.map((id) => String(BigInt.asUintN(64, id))))].filter(
      (id) => id !== '0' && !defined.has(id),
    );
    for (const id of ids) defined.add(id);
    const rows: { id: string; definition: string }[] = [];
    // Parameters travel in a request's address, which must not grow too long.
    for (let i = 0; i < ids.length; i += 200)
      rows.push(
        ...(await client.rows<{ id: string; definition: string }>(
          'SELECT id, any(definition) AS definition FROM layouts WHERE id IN {ids:Array(UInt64)} GROUP BY id ORDER BY id',
          asked(question, { ids: ids.slice(i, i + 200).map(BigInt) }),
        )),
      );
    found.push(...rows.map((r) => ({ id: BigInt(r.id), definition: r.definition })));
    wanted = rows.flatMap((r) => membersOf(r.definition));
  }
  return found;
}

/** Layouts that a set names. */
function membersOf(definition: string): bigint[] {
  if (!definition.startsWith('{"set"')) return [];
  const { set = {} } = JSON.parse(definition) as { set?: Readonly<Record<string, string>> };
  return Object.values(set).map((hex) => BigInt(`0x${hex}`));
}
