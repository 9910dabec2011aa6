/** History again as snapshots: each whole listing printed anew, as its router printed it. */
import { parseCommand } from '@sessionreel/junos-l2tp';
import type { Scope } from '@sessionreel/session-model';
import { asked, utcText, type AskOptions, type QueryClient } from '../ask/client.ts';
import { msOf } from '../ask/columns.ts';
import { checkedRange, type TimeRange } from '../ask/range.ts';
import { piecesOf, stateColumns, type RouterColumnsAt } from '../state/state.ts';

/** A place in the ledger: behind it, replay goes on. */
export interface ReplayPosition {
  /** ms UTC. */
  readonly at: number;
  readonly router: string;
  readonly seq: bigint;
}

export interface ReplayQuestion extends TimeRange {
  readonly routers?: readonly string[] | undefined;
  /** Goes on behind this one. */
  readonly after?: ReplayPosition | undefined;
}

export interface ReplayedSnapshot {
  readonly position: ReplayPosition;
  readonly router: string;
  /** ms UTC. */
  readonly capturedAt: number;
  readonly command: string;
  readonly format: string;
  readonly snapshotId: string;
  readonly sessions: number;
  /** IANA name of the zone of its clock; '' when it was UTC, or cannot be told. */
  readonly timeZone: string;
  /** In pieces; together what the router printed. */
  readonly pieces: Iterable<Uint8Array>;
}

/** Applied snapshots of a range that are not replayed, by why. */
export interface LeftOut {
  /** Listings that were not whole: printed anew they would list what they did not. */
  readonly incomplete: number;
  /** Captured before a newer one that was applied first: what they alone said cannot be told apart any more. */
  readonly late: number;
}

const replayable = 'complete AND s.captured_at >= s.at';
const range = `outcome = 'applied' AND final AND s.at >= {from:DateTime64(3, 'UTC')} AND s.at <= {to:DateTime64(3, 'UTC')}`;

function conditions(question: ReplayQuestion): {
  readonly where: string;
  readonly params: Readonly<Record<string, unknown>>;
} {
  const only = question.routers === undefined ? '' : ' AND s.router IN {routers:Array(String)}';
  return {
    where: `${range}${only}`,
    params: {
      ...checkedRange(question),
      ...(question.routers === undefined ? {} : { routers: question.routers }),
    },
  };
}

export async function leftOut(client: QueryClient, question: ReplayQuestion): Promise<LeftOut> {
  const { where, params } = conditions(question);
  const rows = await client.rows<{ incomplete: string; late: string }>(
    `SELECT countIf(NOT complete) AS incomplete, countIf(complete AND s.captured_at < s.at) AS late FROM snapshots AS s WHERE ${where}`,
    asked(question, params),
  );
  return { incomplete: Number(rows[0]?.incomplete ?? 0), late: Number(rows[0]?.late ?? 0) };
}

interface Entry {
  readonly router: string;
  readonly at_ms: string;
  readonly captured: string;
  readonly seq: string;
  readonly command: string;
  readonly format: string;
  readonly snapshot_id: string;
  readonly level: string;
  readonly ordinal: number;
  readonly sessions: string;
}

const pageRows = 500;

/** Whole listings by time, the routers among each other. @throws QuestionError when the range is reversed */
export async function* replaySnapshots(
  client: QueryClient,
  question: ReplayQuestion,
): AsyncGenerator<ReplayedSnapshot> {
  const zones = await zonesOf(client, question);
  let after = question.after;
  for (;;) {
    const entries = await page(client, question, after);
    for (const entry of entries) {
      question.signal?.throwIfAborted();
      after = { at: Number(entry.at_ms), router: entry.router, seq: BigInt(entry.seq) };
      yield await printed(client, question, entry, after, zones.get(entry.router));
    }
    if (entries.length < pageRows) return;
  }
}

async function page(
  client: QueryClient,
  question: ReplayQuestion,
  after: ReplayPosition | undefined,
): Promise<Entry[]> {
  const { where, params } = conditions(question);
  const behind =
    after === undefined
      ? ''
      : "AND (s.at, toString(s.router), s.seq) > ({after_at:DateTime64(3, 'UTC')}, {after_router:String}, {after_seq:UInt64})";
  return await client.rows<Entry>(
    `SELECT toString(s.router) AS router, ${msOf('s.at')} AS at_ms, ${msOf('s.captured_at')} AS captured, s.seq AS seq, command, format, level, snapshot_id, ordinal, sessions
     FROM snapshots AS s WHERE ${where} AND ${replayable} ${behind} ORDER BY s.at, router, s.seq LIMIT ${pageRows}`,
    asked(question, {
      ...params,
      ...(after === undefined
        ? {}
        : { after_at: utcText(after.at), after_router: after.router, after_seq: String(after.seq) }),
    }),
  );
}

async function printed(
  client: QueryClient,
  options: AskOptions,
  entry: Entry,
  position: ReplayPosition,
  zone: string | undefined,
): Promise<ReplayedSnapshot> {
  const { router } = entry;
  const parsed = parseCommand(entry.command);
  const scope: Scope = parsed.isL2tpSession ? parsed.scope : {};
  const state = await stateColumns(client, {
    ...options,
    router,
    at: position.at,
    scope,
    ...(entry.level === '' ? {} : { level: entry.level as NonNullable<RouterColumnsAt['level']> }),
    ...(entry.format === '' ? {} : { format: entry.format as RouterColumnsAt['format'] }),
    upTo: position.seq,
    onlyPrinted: true,
  });
  return {
    position,
    router,
    capturedAt: Number(entry.captured),
    command: entry.command === '' ? commandOf(state) : entry.command,
    format: entry.format,
    // Several snapshots of one message had one id.
    snapshotId: entry.ordinal === 0 ? entry.snapshot_id : `${entry.snapshot_id}.${String(entry.ordinal)}`,
    sessions: state.sessions.count,
    timeZone: zone ?? zoneOf(state),
    pieces: piecesOf(state),
  };
}

function commandOf({ level, format }: RouterColumnsAt): string {
  const display = format === 'text' ? '' : ` | display ${format}`;
  return `show services l2tp session ${level}${display} | no-more`;
}

async function zonesOf(client: QueryClient, options: AskOptions): Promise<Map<string, string>> {
  const rows = await client.rows<{ name: string; zone: string }>(
    "SELECT toString(router) AS name, toString(time_zone) AS zone FROM routers FINAL WHERE NOT removed AND time_zone != ''",
    asked(options, {}),
  );
  return new Map(rows.map((r) => [r.name, r.zone]));
}

/** From a create time beside its UTC: a zone of whole hours. */
function zoneOf({ sessions }: RouterColumnsAt): string {
  for (const row of sessions.order) {
    const created = sessions.record(row).values['create_time'];
    const createdAt = sessions.createdAt(row);
    if (typeof created !== 'number' || createdAt === null) continue;
    const hours = (created - Math.floor(createdAt / 1_000)) / 3_600;
    if (hours === 0 || !Number.isInteger(hours)) return '';
    // POSIX counts westwards.
    return `Etc/GMT${hours > 0 ? '-' : '+'}${String(Math.abs(hours))}`;
  }
  return '';
}
