/** The state of a router at a time, as it was printed. */
import { fields, type Format, type Level, type Scope, type SessionRecord } from '@sessionreel/session-model';
import {
  QuestionError,
  asked,
  utcText,
  type AskOptions,
  type QueryClient,
  type QueryOptions,
} from './client.ts';
import { addClocks, listingClock, type ListingClock, type PrintDetails } from './clocks.ts';
import {
  binaryOf,
  msOf,
  recordOf,
  sessionKey,
  sessionOf,
  storedFields,
  type KeptSession,
} from './columns.ts';
import { binary, binaryRows } from './row-binary.ts';
import { addCounters, type GroupRows } from './counters.ts';
import {
  entriesOf,
  groupAt,
  newestSnapshot,
  spanOf,
  type Group,
  type LedgerSnapshot,
  type SnapshotFilter,
} from './ledger.ts';
import { asPrinted, classPrints, documentsOf, type ClassPrint, type PrintClass } from './layouts.ts';
import { identityFilters, scopeConditions, scopeText } from './scope.ts';

export interface StateQuestion extends AskOptions {
  readonly router: string;
  /** ms UTC. */
  readonly at: number;
  /** The command's filters by their CLI names. */
  readonly scope?: Scope;
  /** Level to be printed; default: that of the newest snapshot. */
  readonly level?: Level;
  /** Format to be printed; default: that of the newest snapshot. */
  readonly format?: Format;
  /** Of several snapshots at that very time, the one with this `seq` in the ledger; default: the last. */
  readonly upTo?: bigint;
}

export interface StateSession {
  /** Everything that is known. */
  readonly record: SessionRecord;
  /** What the format and level asked for printed of it last. */
  readonly printed: SessionRecord;
  /** JSON of the session's layout in that format and level; null when it was never printed so. */
  readonly layout: string | null;
  /** Place in the listing. */
  readonly rank: number;
  /** Of its last row of history (ms UTC). */
  readonly changedAt: number;
  /** Create time as UTC (ms); null when not known. */
  readonly createdAt: number | null;
}

/** The frame of one part of a snapshot. */
export interface PartFrame {
  readonly part: number;
  /** JSON of the frame; '' when it is not known. */
  readonly document: string;
  readonly sessions: number;
}

export interface RouterStateAt {
  readonly router: string;
  readonly at: number;
  /** The newest snapshot at or before the time, of any level and scope: as of when the values are. */
  readonly asOf: LedgerSnapshot;
  /** The snapshot whose frame is printed: the newest of the asked format, level and scope, else `asOf`. */
  readonly printedBy: LedgerSnapshot;
  readonly format: Format;
  readonly level: Level;
  /** In the order of the listing. */
  readonly sessions: readonly StateSession[];
  /** JSON of the frame of `printedBy` (of its last part); '' when it is not known. */
  readonly document: string;
  /** Frames of the parts of `printedBy`, one where it came whole. */
  readonly parts: readonly PartFrame[];
  /** Whether as many sessions were found as the ledger says; false means that an insert is under way or data is lost. */
  readonly consistent: boolean;
}

/** @throws QuestionError when the router is not known or the time is before its history */
export async function stateAt(client: QueryClient, question: StateQuestion): Promise<RouterStateAt> {
  const { router, at, scope = {} } = question;
  const { upTo } = question;
  const asOf = await newestSnapshot(client, router, at, { upTo }, question);
  const group = asOf === undefined ? undefined : await groupAt(client, router, at, question, upTo);
  if (asOf === undefined || group === undefined) throw await noState(client, question);
  const printedBy = await printingSnapshot(client, question, asOf);
  const format = question.format ?? (printedBy.format === '' ? 'text' : printedBy.format);
  const level = question.level ?? (printedBy.level === '' ? 'extensive' : printedBy.level);
  const rows = groupRows(
    question,
    group,
    scopeConditions(scope, (n) => identityFilters.has(n)),
  );
  const kept = await keptSessions(client, rows, scope);
  await addPrints(client, rows, kept);
  const sessions = new Map([...kept].map(([key, k]) => [key, k.session]));
  await addCounters(client, rows, sessions, await anyRounded(client, question, group));
  const clock = await clockOf(client, question, asOf);
  const kind: PrintClass = `${format}/${level}`;
  const sets = new Set([...kept.values()].map((k) => k.details.layout));
  const prints = await classPrints(client, sets, kind, rows, question);
  const ordered = [...kept.values()].sort((a, b) => a.details.rank - b.details.rank);
  const parts = await framesOf(client, question, printedBy);
  return {
    router,
    at,
    asOf,
    printedBy,
    format,
    level,
    sessions: ordered.map((s) => finished(s, clock, prints)),
    document: parts.at(-1)?.document ?? '',
    parts,
    consistent: isConsistent(asOf, kept.size, scope),
  };
}

/** One row of history, with how it is printed. */
interface Kept {
  readonly session: KeptSession;
  details: PrintDetails;
  /** Of the row that `details` came from. */
  seq: bigint;
  readonly changedAt: number;
  readonly createdAt: number | null;
}

function finished(kept: Kept, clock: ListingClock, prints: ReadonlyMap<bigint, ClassPrint>): StateSession {
  const { session, details, changedAt, createdAt } = kept;
  addClocks(session.values, session.presence, details, clock);
  const record = recordOf(session);
  const print = prints.get(details.layout);
  return {
    record,
    printed: asPrinted(record, print?.shape ?? '', session.presence),
    layout: print?.layout ?? null,
    rank: details.rank,
    changedAt,
    createdAt,
  };
}

async function framesOf(
  client: QueryClient,
  question: StateQuestion,
  snapshot: LedgerSnapshot,
): Promise<PartFrame[]> {
  const entries =
    snapshot.parts === 1 ? [snapshot] : await entriesOf(client, question.router, snapshot, question);
  const documents = await documentsOf(
    client,
    entries.map((e) => e.document),
    question,
  );
  return entries
    .map((e) => ({ part: e.part, document: documents.get(e.document) ?? '', sessions: e.sessions }))
    .sort((a, b) => a.part - b.part);
}

async function noState(client: QueryClient, question: StateQuestion): Promise<QuestionError> {
  const span = await spanOf(client, question.router, question);
  if (span === undefined)
    return new QuestionError(`there is no history of a router named ${JSON.stringify(question.router)}`);
  return new QuestionError(
    `the history of ${question.router} begins at ${new Date(span.first).toISOString()}, after ${new Date(question.at).toISOString()}`,
  );
}

/** By format, level and scope; where there was none of that scope, of any. */
async function printingSnapshot(
  client: QueryClient,
  question: StateQuestion,
  asOf: LedgerSnapshot,
): Promise<LedgerSnapshot> {
  const { level, format } = question;
  const scope = scopeText(question.scope ?? {});
  const fits = (s: LedgerSnapshot): boolean =>
    (level === undefined || s.level === level) &&
    (format === undefined || s.format === format) &&
    s.scope === scope;
  if (fits(asOf)) return asOf;
  const ask = (filter: SnapshotFilter) =>
    newestSnapshot(
      client,
      question.router,
      question.at,
      { level, format, upTo: question.upTo, ...filter },
      question,
    );
  return (await ask({ scope })) ?? (await ask({})) ?? asOf;
}

function groupRows(
  question: StateQuestion,
  group: Group,
  identity: { readonly conditions: readonly string[]; readonly params: Readonly<Record<string, unknown>> },
): GroupRows {
  const conditions = [
    'router = {router:String}',
    "gop = {gop:DateTime64(3, 'UTC')}",
    "at <= {at:DateTime64(3, 'UTC')}",
    ...(question.upTo === undefined ? [] : ['seq <= {up_to:UInt64}']),
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
    }),
  };
}

/** Backwards in the order of the table, so that the last row of each session is the first that is read. */
const backwards =
  'ORDER BY router DESC, gop DESC, tunnel_local_id DESC, session_local_id DESC, at DESC, seq DESC LIMIT 1 BY tunnel_local_id, session_local_id';

/** Names of the fields that any row of the group holds a value of. */
async function printedFields(client: QueryClient, rows: GroupRows): Promise<ReadonlySet<string>> {
  const found = await client.rows<{ presence: string }>(
    `SELECT DISTINCT presence FROM session_history WHERE ${rows.where}`,
    rows.options,
  );
  return new Set(
    fields.filter((_, i) => found.some(({ presence }) => presence[i] === 'v')).map((f) => f.name),
  );
}

async function keptSessions(client: QueryClient, rows: GroupRows, scope: Scope): Promise<Map<number, Kept>> {
  const rest = scopeConditions(scope, (name) => !identityFilters.has(name));
  const printed = await printedFields(client, rows);
  const columns = [...frontColumns, ...storedFields.map((f) => binaryOf(f, printed.has(f.name)))];
  const query = `FROM (SELECT * FROM session_history WHERE ${rows.where} ${backwards})
    WHERE ${["kind != 'closed'", ...rest.conditions].join(' AND ')}`;
  const options: QueryOptions = { ...rows.options, params: { ...rows.options.params, ...rest.params } };
  const kept = new Map<number, Kept>();
  await binaryRows(client, columns, query, options, (row) => {
    const [seq, at, created, idle, offset, layout, rank, presence, rounding, unknown] = row as FrontRow;
    const halves = rounding.length === 0 ? {} : Object.fromEntries(rounding);
    const session = sessionOf(row, frontColumns.length, presence, halves, unknown);
    kept.set(sessionKey(session.tunnel, session.session), {
      session,
      details: { layout, rank, idleSince: idle, clockOffset: offset },
      seq,
      changedAt: at,
      createdAt: created,
    });
  });
  return kept;
}

/** What stands before the stored fields of a row. */
const frontColumns = [
  binary.u64('seq'),
  binary.i64(msOf('at')),
  binary.maybeI64(msOf('created_at')),
  binary.maybeU32('toUnixTimestamp(idle_since)'),
  binary.i32('clock_offset_s'),
  binary.u64('layout'),
  binary.i64('rank'),
  binary.text('presence'),
  binary.numbers('rounding'),
  binary.texts('unknown'),
];
type FrontRow = readonly [
  seq: bigint,
  at: number,
  created: number | null,
  idle: number | null,
  offset: number,
  layout: bigint,
  rank: number,
  presence: string,
  rounding: readonly (readonly [string, bigint])[],
  unknown: readonly (readonly [string, string])[],
];

/** Print details that moved without an event. */
async function addPrints(
  client: QueryClient,
  rows: GroupRows,
  kept: ReadonlyMap<number, Kept>,
): Promise<void> {
  await binaryRows(
    client,
    printColumns,
    `FROM session_prints WHERE ${rows.where} ${backwards}`,
    rows.options,
    (row) => {
      const [seq, tunnel, session, layout, rank, idle, offset] = row as PrintRow;
      const found = kept.get(sessionKey(tunnel, session));
      if (found === undefined || seq < found.seq) return;
      found.details = { layout, rank, idleSince: idle, clockOffset: offset };
      found.seq = seq;
    },
  );
}

const printColumns = [
  binary.u64('seq'),
  binary.u16('tunnel_local_id'),
  binary.u16('session_local_id'),
  binary.u64('layout'),
  binary.i64('rank'),
  binary.maybeU32('toUnixTimestamp(idle_since)'),
  binary.i32('clock_offset_s'),
];
type PrintRow = readonly [
  seq: bigint,
  tunnel: number,
  session: number,
  layout: bigint,
  rank: number,
  idle: number | null,
  offset: number,
];

async function anyRounded(client: QueryClient, question: StateQuestion, group: Group): Promise<boolean> {
  const rows = await client.rows<{ n: string }>(
    `SELECT sum(rounded) AS n FROM traffic_by_snapshot
     WHERE router = {router:String} AND at BETWEEN {gop:DateTime64(3, 'UTC')} AND {at:DateTime64(3, 'UTC')}`,
    asked(question, { router: question.router, gop: utcText(group.gop), at: utcText(question.at) }),
  );
  return rows[0]?.n !== '0';
}

/** The clock of the snapshot; where it printed none, that of the newest before it that did, moved on by the time between. */
async function clockOf(
  client: QueryClient,
  question: StateQuestion,
  asOf: LedgerSnapshot,
): Promise<ListingClock> {
  const entries = await entriesOf(client, question.router, asOf, question);
  if (entries.some((e) => e.routerClock !== null)) return listingClock(entries);
  const before = await newestSnapshot(client, question.router, asOf.at, { withClock: true }, question);
  if (before === undefined) return listingClock([]);
  return listingClock([before], Math.round((asOf.capturedAt - before.capturedAt) / 1_000));
}

/** The ledger counts the live sessions after each finished snapshot; with a filter there is nothing to compare. */
function isConsistent(asOf: LedgerSnapshot, found: number, scope: Scope): boolean {
  if (Object.keys(scope).length > 0) return true;
  const counts = Object.values(asOf.byState);
  return counts.length === 0 ? found === 0 || asOf.level === '' : counts.reduce((a, b) => a + b, 0) === found;
}
