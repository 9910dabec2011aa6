/** The state of a router at a time, as it was printed. */
import type { Level, Scope, SessionRecord } from '@sessionreel/session-model';
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
  columnOf,
  keptSession,
  msOf,
  recordOf,
  sessionKey,
  storedFields,
  type KeptSession,
} from './columns.ts';
import { addCounters, type GroupRows } from './counters.ts';
import { entriesOf, groupAt, newestSnapshot, spanOf, type Group, type LedgerSnapshot } from './ledger.ts';
import { identityFilters, scopeConditions, scopeText } from './scope.ts';

export interface StateQuestion extends AskOptions {
  readonly router: string;
  /** ms UTC. */
  readonly at: number;
  /** The command's filters by their CLI names. */
  readonly scope?: Scope;
  /** Level to be printed: the layouts are those of the newest snapshot of that level, the values the newest of any. */
  readonly level?: Level;
}

export interface StateSession {
  readonly record: SessionRecord;
  /** Id of its layout; 0n when it is not known. */
  readonly layout: bigint;
  readonly rank: number;
  /** When a snapshot last changed what is known of it (ms UTC). */
  readonly changedAt: number;
  /** Create time as UTC (ms); null when not known. */
  readonly createdAt: number | null;
}

export interface RouterStateAt {
  readonly router: string;
  readonly at: number;
  /** The newest snapshot at or before the time, of any level and scope: as of when the values are. */
  readonly asOf: LedgerSnapshot;
  /** The snapshot by which it is printed: layouts, order, clock. The newest of the asked level and scope, else `asOf`. */
  readonly printedBy: LedgerSnapshot;
  /** In the order of the listing. */
  readonly sessions: readonly StateSession[];
  /** Definitions (JSON) of the layouts in use, by id. */
  readonly layouts: ReadonlyMap<bigint, string>;
  /** Definition (JSON) of the frame; undefined when it is not known. */
  readonly document: string | undefined;
  /** Whether as many sessions were found as the ledger says; false means that an insert is under way or data is lost. */
  readonly consistent: boolean;
}

/** @throws QuestionError when the router is not known or the time is before its history */
export async function stateAt(client: QueryClient, question: StateQuestion): Promise<RouterStateAt> {
  const { router, at, scope = {} } = question;
  const options: AskOptions = question;
  const asOf = await newestSnapshot(client, router, at, {}, options);
  const group = asOf === undefined ? undefined : await groupAt(client, router, at, options);
  if (asOf === undefined || group === undefined) throw await noState(client, question);
  const printedBy = await printingSnapshot(client, question, asOf, group);
  const rows = groupRows(
    question,
    group,
    scopeConditions(scope, (n) => identityFilters.has(n)),
  );
  const kept = await keptSessions(client, rows, scope);
  const older = printedBy.seq < asOf.seq ? printedBy.seq : undefined;
  await addPrints(client, rows, kept, older);
  const sessions = new Map([...kept].map(([key, k]) => [key, k.session]));
  await addCounters(client, rows, sessions, await anyRounded(client, question, group));
  const clock = await clockOf(client, question, printedBy);
  const ordered = [...kept.values()].sort((a, b) => a.details.rank - b.details.rank);
  const layouts = await layoutsOf(
    client,
    [printedBy.document, ...ordered.map((s) => s.details.layout)],
    rows,
    options,
  );
  return {
    router,
    at,
    asOf,
    printedBy,
    sessions: ordered.map((s) => finished(s, clock)),
    layouts,
    document: layouts.get(printedBy.document),
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

function finished(kept: Kept, clock: ListingClock): StateSession {
  const { session, details, changedAt, createdAt } = kept;
  addClocks(session.values, session.presence, details, clock);
  return { record: recordOf(session), layout: details.layout, rank: details.rank, changedAt, createdAt };
}

async function noState(client: QueryClient, question: StateQuestion): Promise<QuestionError> {
  const span = await spanOf(client, question.router, question);
  if (span === undefined)
    return new QuestionError(`there is no history of a router named ${JSON.stringify(question.router)}`);
  return new QuestionError(
    `the history of ${question.router} begins at ${new Date(span.first).toISOString()}, after ${new Date(question.at).toISOString()}`,
  );
}

/** By level and scope, within the group: layouts of before it are in no row of it. */
async function printingSnapshot(
  client: QueryClient,
  question: StateQuestion,
  asOf: LedgerSnapshot,
  group: Group,
): Promise<LedgerSnapshot> {
  const scope = question.scope === undefined ? undefined : scopeText(question.scope);
  const { level } = question;
  const fits = (s: LedgerSnapshot): boolean =>
    (level === undefined || s.level === level) && (scope === undefined || s.scope === scope);
  if (fits(asOf)) return asOf;
  const from = group.gop;
  const ask = (filter: { level?: Level | undefined; scope?: string | undefined }) =>
    newestSnapshot(client, question.router, question.at, { ...filter, from }, question);
  return (await ask({ level, scope })) ?? (await ask({ level })) ?? asOf;
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
    ...identity.conditions,
  ];
  return {
    where: conditions.join(' AND '),
    options: asked(question, {
      ...identity.params,
      router: question.router,
      gop: utcText(group.gop),
      at: utcText(question.at),
    }),
  };
}

/** Backwards in the order of the table, so that the last row of each session is the first that is read. */
const backwards =
  'ORDER BY router DESC, gop DESC, tunnel_local_id DESC, session_local_id DESC, at DESC, seq DESC LIMIT 1 BY tunnel_local_id, session_local_id';

const stateColumns = storedFields.map((f) => `${columnOf(f)} AS v_${f.name}`).join(', ');

async function keptSessions(client: QueryClient, rows: GroupRows, scope: Scope): Promise<Map<number, Kept>> {
  const rest = scopeConditions(scope, (name) => !identityFilters.has(name));
  const query = `
    SELECT seq, ${msOf('at')} AS at_ms, ${msOf('created_at')} AS created_ms, toUnixTimestamp(idle_since) AS idle,
      clock_offset_s, layout, rank, presence, rounding, unknown, ${stateColumns}
    FROM (SELECT * FROM session_history WHERE ${rows.where} ${backwards})
    WHERE ${["kind != 'closed'", ...rest.conditions].join(' AND ')}`;
  const options: QueryOptions = { ...rows.options, params: { ...rows.options.params, ...rest.params } };
  const kept = new Map<number, Kept>();
  for await (const block of client.blocks(query, options))
    for (const row of block) {
      const [seq, at, created, idle, offset, layout, rank, presence, rounding, unknown, ...stored] = row;
      const session = keptSession(
        stored,
        presence as string,
        rounding as Record<string, string>,
        unknown as { name: string; value: string }[],
      );
      kept.set(sessionKey(session.tunnel, session.session), {
        session,
        details: detailsOf(layout, rank, idle, offset),
        seq: BigInt(seq as string),
        changedAt: Number(at),
        createdAt: created === null ? null : Number(created),
      });
    }
  return kept;
}

function detailsOf(layout: unknown, rank: unknown, idle: unknown, offset: unknown): PrintDetails {
  return {
    layout: BigInt(layout as string),
    rank: Number(rank),
    idleSince: idle === null ? null : Number(idle),
    clockOffset: Number(offset),
  };
}

const printColumns =
  'seq, tunnel_local_id, session_local_id, layout, rank, toUnixTimestamp(idle_since) AS idle, clock_offset_s';

/**
 * Print details that moved without an event. With `until`, everything after that row is passed over: an older snapshot of another level
 * is what is printed by, and the details of images are asked for again as they were then.
 */
async function addPrints(
  client: QueryClient,
  rows: GroupRows,
  kept: ReadonlyMap<number, Kept>,
  until: bigint | undefined,
): Promise<void> {
  const limit = until === undefined ? '' : 'AND seq <= {until:UInt64}';
  const options: QueryOptions =
    until === undefined
      ? rows.options
      : { ...rows.options, params: { ...rows.options.params, until: String(until) } };
  const take = async (table: string): Promise<void> => {
    const query = `SELECT ${printColumns} FROM ${table} WHERE ${rows.where} ${limit} ${backwards}`;
    for await (const block of client.blocks(query, options))
      for (const [seq, tunnel, session, layout, rank, idle, offset] of block) {
        const found = kept.get(sessionKey(Number(tunnel), Number(session)));
        const own = BigInt(seq as string);
        if (found === undefined || (own < found.seq && until === undefined)) continue;
        if (until !== undefined && own < found.seq && found.seq <= until) continue;
        found.details = detailsOf(layout, rank, idle, offset);
        found.seq = own;
      }
  };
  if (until !== undefined) await take('session_history');
  await take('session_prints');
}

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
  printedBy: LedgerSnapshot,
): Promise<ListingClock> {
  const entries = await entriesOf(client, question.router, printedBy, question);
  if (entries.some((e) => e.routerClock !== null)) return listingClock(entries);
  const before = await newestSnapshot(client, question.router, printedBy.at, { withClock: true }, question);
  if (before === undefined) return listingClock([]);
  return listingClock([before], Math.round((printedBy.capturedAt - before.capturedAt) / 1_000));
}

/** More ids than this are not sent but looked up where they stand: they would not fit into a request's address. */
const manyLayouts = 200;

/** Definitions by id. With many of them (layouts can be a session's own) all of the group's are read. */
async function layoutsOf(
  client: QueryClient,
  ids: readonly bigint[],
  rows: GroupRows,
  options: AskOptions,
): Promise<Map<bigint, string>> {
  const wanted = new Set(ids.filter((id) => id !== 0n));
  if (wanted.size === 0) return new Map();
  const few = wanted.size <= manyLayouts;
  const ofGroup = (table: string): string => `SELECT layout FROM ${table} WHERE ${rows.where}`;
  const where = few
    ? 'id IN {ids:Array(UInt64)}'
    : `id IN (${ofGroup('session_history')} UNION DISTINCT ${ofGroup('session_prints')})
       OR id IN (SELECT document FROM snapshots WHERE router = {router:String} AND at BETWEEN {gop:DateTime64(3, 'UTC')} AND {at:DateTime64(3, 'UTC')})`;
  const found = await client.rows<{ id: string; definition: string }>(
    `SELECT id, any(definition) AS definition FROM layouts WHERE ${where} GROUP BY id`,
    few ? asked(options, { ids: [...wanted] }) : rows.options,
  );
  const all = found.map((r): [bigint, string] => [BigInt(r.id), r.definition]);
  return new Map(all.filter(([id]) => wanted.has(id)));
}

/** The ledger counts the live sessions after each finished snapshot; with a filter there is nothing to compare. */
function isConsistent(asOf: LedgerSnapshot, found: number, scope: Scope): boolean {
  if (Object.keys(scope).length > 0) return true;
  const counts = Object.values(asOf.byState);
  return counts.length === 0 ? found === 0 || asOf.level === '' : counts.reduce((a, b) => a + b, 0) === found;
}
