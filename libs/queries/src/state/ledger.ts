/** The ledger, as far as questions rest on it: which snapshots, which group, where data is missing. */
import type { Format, Level } from '@sessionreel/session-model';
import { asked, utcText, type AskOptions, type QueryClient } from '../ask/client.ts';
import { msOf } from '../ask/columns.ts';

/** A finished or partial snapshot that was applied. Times in ms UTC; `routerClock` in seconds of the router's wall clock. */
export interface LedgerSnapshot {
  readonly snapshotId: string;
  readonly at: number;
  readonly capturedAt: number;
  readonly gop: number;
  /** Rows of history up to this one include what the snapshot did. */
  readonly seq: bigint;
  readonly ordinal: number;
  readonly part: number;
  readonly parts: number;
  readonly final: boolean;
  readonly format: Format | '';
  readonly level: Level | '';
  readonly scope: string;
  readonly variant: string;
  readonly command: string;
  readonly complete: boolean;
  /** Why it was not complete. */
  readonly reason: string;
  readonly sessions: number;
  readonly routerClock: number | null;
  readonly clockSteps: readonly number[];
  readonly stateHash: string;
  readonly byState: Readonly<Record<string, number>>;
  /** Id of the frame's layout; 0n when unknown. */
  readonly document: bigint;
}

interface LedgerRow {
  snapshot_id: string;
  at: string;
  captured_at: string;
  gop: string;
  seq: string;
  ordinal: number;
  part: number;
  parts: number;
  final: boolean;
  format: string;
  level: string;
  scope: string;
  variant: string;
  command: string;
  complete: boolean;
  reason: string;
  sessions: string;
  clock: number | null;
  clock_steps: string[];
  state_hash: string;
  by_state: Record<string, string>;
  document: string;
}

const ledgerColumns = `snapshot_id, ${msOf('s.at')} AS at, ${msOf('s.captured_at')} AS captured_at, ${msOf('s.gop')} AS gop,
  seq, ordinal, part, parts, final, format, level, scope, variant, command, complete, reason, sessions,
  toUnixTimestamp(router_clock) AS clock, clock_steps, state_hash, by_state, document`;

function ledgerSnapshot(row: LedgerRow): LedgerSnapshot {
  return {
    snapshotId: row.snapshot_id,
    at: Number(row.at),
    capturedAt: Number(row.captured_at),
    gop: Number(row.gop),
    seq: BigInt(row.seq),
    ordinal: row.ordinal,
    part: row.part,
    parts: row.parts,
    final: row.final,
    format: row.format as Format | '',
    level: row.level as Level | '',
    scope: row.scope,
    variant: row.variant,
    command: row.command,
    complete: row.complete,
    reason: row.reason,
    sessions: Number(row.sessions),
    routerClock: row.clock,
    clockSteps: row.clock_steps.map(Number),
    stateHash: row.state_hash,
    byState: Object.fromEntries(Object.entries(row.by_state).map(([k, n]) => [k, Number(n)])),
    document: BigInt(row.document),
  };
}

export interface SnapshotFilter {
  readonly level?: Level | undefined;
  readonly format?: Format | undefined;
  /** Exactly this scope. */
  readonly scope?: string | undefined;
  /** With the router's clock on it. */
  readonly withClock?: boolean;
  /** Not before (ms UTC). */
  readonly from?: number | undefined;
  /** Not behind this `seq`. */
  readonly upTo?: bigint | undefined;
}

/** Newest finished snapshot of a router at or before a time; undefined when there is none. */
export async function newestSnapshot(
  client: QueryClient,
  router: string,
  at: number,
  filter: SnapshotFilter,
  options: AskOptions,
): Promise<LedgerSnapshot | undefined> {
  const conditions = [
    'router = {router:String}',
    "s.at <= {at:DateTime64(3, 'UTC')}",
    "outcome = 'applied'",
    'final',
    ...(filter.level === undefined ? [] : ['level = {level:String}']),
    ...(filter.format === undefined ? [] : ['format = {format:String}']),
    ...(filter.scope === undefined ? [] : ['scope = {scope:String}']),
    ...(filter.withClock === true ? ['router_clock IS NOT NULL'] : []),
    ...(filter.from === undefined ? [] : ["s.at >= {from:DateTime64(3, 'UTC')}"]),
    ...(filter.upTo === undefined ? [] : ['s.seq <= {up_to:UInt64}']),
  ];
  const params = {
    router,
    at: utcText(at),
    ...(filter.level === undefined ? {} : { level: filter.level }),
    ...(filter.format === undefined ? {} : { format: filter.format }),
    ...(filter.scope === undefined ? {} : { scope: filter.scope }),
    ...(filter.from === undefined ? {} : { from: utcText(filter.from) }),
    ...(filter.upTo === undefined ? {} : { up_to: String(filter.upTo) }),
  };
  const rows = await client.rows<LedgerRow>(
    `SELECT ${ledgerColumns} FROM snapshots AS s WHERE ${conditions.join(' AND ')} ORDER BY s.at DESC, s.seq DESC LIMIT 1`,
    asked(options, params),
  );
  return rows[0] === undefined ? undefined : ledgerSnapshot(rows[0]);
}

/** All entries of one snapshot: its parts, in the order of the log. */
export async function entriesOf(
  client: QueryClient,
  router: string,
  snapshot: LedgerSnapshot,
  options: AskOptions,
): Promise<LedgerSnapshot[]> {
  const rows = await client.rows<LedgerRow>(
    `SELECT ${ledgerColumns} FROM snapshots AS s
     WHERE router = {router:String} AND snapshot_id = {id:String} AND ordinal = {ordinal:UInt32} AND outcome = 'applied'
       AND s.at BETWEEN {from:DateTime64(3, 'UTC')} AND {to:DateTime64(3, 'UTC')}
     ORDER BY s.seq`,
    asked(options, {
      router,
      id: snapshot.snapshotId,
      ordinal: snapshot.ordinal,
      // Parts come within the deadline of a snapshot, which is minutes.
      from: utcText(snapshot.at - 3_600_000),
      to: utcText(snapshot.at),
    }),
  );
  return rows.map(ledgerSnapshot);
}

/** The group whose rows give the state at a time; `sessions` of its keyframe when it has one. */
export interface Group {
  readonly gop: number;
  readonly keyframeRows: number | undefined;
}

/**
 * Newest group of a router that counts at a time: one whose keyframe has all its pieces, or the first, which has none. Found from the
 * end of the log backwards, so that neither its age nor the router's silence costs anything.
 */
export async function groupAt(
  client: QueryClient,
  router: string,
  at: number,
  options: AskOptions,
  upTo?: bigint,
): Promise<Group | undefined> {
  const before = upTo === undefined ? '' : 'AND r.seq <= {up_to:UInt64}';
  const rows = await client.rows<{ gop: string; pieces: number; keyframe_rows: string }>(
    `SELECT ${msOf('g')} AS gop, pieces, keyframe_rows FROM (
       SELECT d.gop AS g, max(d.pieces) AS pieces, uniqExactIf(d.piece, d.piece > 0) AS seen, sum(d.keyframe_rows) AS keyframe_rows
       FROM deltas AS d
       WHERE router = {router:String} AND d.at = d.gop AND d.at IN (
         SELECT r.gop FROM deltas AS r
         WHERE router = {router:String} AND r.at <= {at:DateTime64(3, 'UTC')} AND (r.pieces = 0 OR r.piece = 1) ${before}
         ORDER BY r.at DESC, r.seq DESC LIMIT 100)
       GROUP BY g
       HAVING seen = pieces
       ORDER BY g DESC LIMIT 1)`,
    asked(options, { router, at: utcText(at), ...(upTo === undefined ? {} : { up_to: String(upTo) }) }),
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  return { gop: Number(row.gop), keyframeRows: row.pieces === 0 ? undefined : Number(row.keyframe_rows) };
}

/** First and last time of a router's history (ms UTC); undefined when it is not known. */
export async function spanOf(
  client: QueryClient,
  router: string,
  options: AskOptions,
): Promise<{ first: number; last: number } | undefined> {
  const rows = await client.rows<{ n: string; first: string; last: string }>(
    `SELECT count() AS n, ${msOf('min(at)')} AS first, ${msOf('max(at)')} AS last FROM snapshots
     WHERE router = {router:String} AND outcome = 'applied'`,
    asked(options, { router }),
  );
  const row = rows[0];
  return row === undefined || row.n === '0'
    ? undefined
    : { first: Number(row.first), last: Number(row.last) };
}

/** A message of `l2tp.snapshots`. */
export interface SourcePosition {
  readonly partition: number;
  readonly offset: number;
}

/** What became of a source message, once all of it can be queried. */
export interface SourceOutcome extends SourcePosition {
  readonly outcome: 'applied' | 'stale' | 'dead_letter';
  readonly reason: string;
  readonly router: string;
  /** ms UTC. */
  readonly at: number;
}

/**
 * Entries of these source messages whose events are in every table; one that is missing is still under way. Several for a message
 * that held several snapshots.
 */
export async function outcomesOf(
  client: QueryClient,
  positions: readonly SourcePosition[],
  options: AskOptions = {},
): Promise<SourceOutcome[]> {
  const outcomes: SourceOutcome[] = [];
  // A parameter travels in the address of a request, which must not grow too long.
  for (let i = 0; i < positions.length; i += 200) {
    const some = positions.slice(i, i + 200);
    const rows = await client.rows<{
      partition: number;
      offset: string;
      outcome: SourceOutcome['outcome'];
      reason: string;
      router: string;
      at: string;
    }>(
      `SELECT source_partition AS partition, source_offset AS offset, outcome, reason, router, ${msOf('s.at')} AS at
       FROM snapshots AS s
       LEFT ANY JOIN (SELECT kafka_partition, max(kafka_offset) AS loaded FROM loader_progress GROUP BY kafka_partition) AS p
         ON p.kafka_partition = s.kafka_partition
       WHERE source_partition IN {partitions:Array(Int32)} AND source_offset IN {offsets:Array(Int64)} AND s.kafka_offset <= p.loaded
       ORDER BY partition, offset, ordinal`,
      asked(options, { partitions: some.map((p) => p.partition), offsets: some.map((p) => p.offset) }),
    );
    const wanted = new Set(some.map((p) => `${p.partition} ${p.offset}`));
    for (const row of rows)
      if (wanted.has(`${row.partition} ${row.offset}`))
        outcomes.push({ ...row, offset: Number(row.offset), at: Number(row.at) });
  }
  return outcomes;
}
