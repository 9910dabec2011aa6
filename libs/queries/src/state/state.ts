/** The state of a router at a time, as it was printed. */
import { joinedFrame, renderColumns, renderSnapshot } from '@sessionreel/junos-l2tp';
import {
  type Format,
  type Level,
  type Scope,
  type SessionRecord,
  type Variant,
} from '@sessionreel/session-model';
import { QuestionError, type QueryClient } from '../ask/client.ts';
import { listingClock, type ListingClock } from './clocks.ts';
import { counterNames } from '../ask/columns.ts';
import { coverageOfSnapshot, type Coverage } from '../ask/coverage.ts';
import {
  entriesOf,
  groupAt,
  newestSnapshot,
  spanOf,
  type LedgerSnapshot,
  type SnapshotFilter,
} from './ledger.ts';
import { classPrints, documentsOf, type ClassPrint } from './layouts.ts';
import { groupRows, sessionsOf } from './live-sessions.ts';
import { identityFilters, scopeConditions, scopeText } from '../ask/scope.ts';
import { SessionColumns } from './session-columns.ts';
import type { StateQuestion } from './state-question.ts';

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

/** A state without its sessions. */
export interface StateFrame {
  /** Of the moment: `asOf`, and how long the router has not been heard since. */
  readonly coverage: Coverage;
  readonly router: string;
  readonly at: number;
  /** The newest snapshot at or before the time, of any level and scope: as of when the values are. */
  readonly asOf: LedgerSnapshot;
  /** The snapshot whose frame is printed: the newest of the asked format, level and scope, else `asOf`. */
  readonly printedBy: LedgerSnapshot;
  readonly format: Format;
  readonly level: Level;
  /** JSON of the frame of `printedBy` (of its last part); '' when it is not known. */
  readonly document: string;
  /** Frames of the parts of `printedBy`, one where it came whole. */
  readonly parts: readonly PartFrame[];
  /** Fields that any listing since the last keyframe printed a value of; null where filters by id leave that open. */
  readonly printedFields: ReadonlySet<string> | null;
  /** Whether as many sessions were found as the ledger says; false means that an insert is under way or data is lost. */
  readonly consistent: boolean;
}

export interface RouterStateAt extends StateFrame {
  /** In the order of the listing. */
  readonly sessions: readonly StateSession[];
}

/** A state whose sessions lie in columns: for large routers, and for printing. */
export interface RouterColumnsAt extends StateFrame {
  readonly sessions: SessionColumns;
}

/** @throws QuestionError when the router is not known or the time is before its history */
export async function stateAt(client: QueryClient, question: StateQuestion): Promise<RouterStateAt> {
  const state = await stateColumns(client, question);
  const { sessions: columns } = state;
  const sessions = Array.from(columns.order, (row): StateSession => {
    const way = columns.ways[columns.wayOf[row] as number];
    return {
      record: columns.whole(row),
      printed: columns.record(row),
      layout: way?.layout ?? null,
      rank: columns.ranks[row] as number,
      changedAt: columns.changedAt(row),
      createdAt: columns.createdAt(row),
    };
  });
  return { ...state, sessions };
}

/** As `stateAt`. @throws QuestionError when the router is not known or the time is before its history */
export async function stateColumns(client: QueryClient, question: StateQuestion): Promise<RouterColumnsAt> {
  const { router, at, scope = {}, upTo } = question;
  const [asOf, group] = await Promise.all([
    newestSnapshot(client, router, at, { upTo }, question),
    groupAt(client, router, at, question, upTo),
  ]);
  if (asOf === undefined || group === undefined) throw await noState(client, question);
  const conditions = scopeConditions(scope, (n) => identityFilters.has(n));
  const rows = groupRows(question, group, conditions);
  const isShort = question.onlyPrinted === true && hasNoCounters(question.level ?? asOf.level);
  const framed = async (): Promise<readonly [LedgerSnapshot, PartFrame[]]> => {
    const snapshot = await printingSnapshot(client, question, asOf);
    return [snapshot, await framesOf(client, question, snapshot)];
  };
  const [[printedBy, parts], clock, { sessions, printed, counted, addCounters }] = await Promise.all([
    framed(),
    clockOf(client, question, asOf),
    sessionsOf(client, question, rows, group, isShort),
  ]);
  const format = question.format ?? (printedBy.format === '' ? 'text' : printedBy.format);
  const level = question.level ?? (printedBy.level === '' ? 'extensive' : printedBy.level);
  const [prints] = await Promise.all([
    classPrints(client, distinct(sessions.layouts), `${format}/${level}`, rows, question),
    counted.done,
  ]);
  if (isShort && (format !== 'text' || !hasNoCounters(level) || anyCounter(prints))) await addCounters();
  sessions.finish(clock, prints);
  return {
    coverage: coverageOfSnapshot(asOf, router, at),
    printedFields: conditions.conditions.length > 0 ? null : printed,
    router,
    at,
    asOf,
    printedBy,
    format,
    level,
    sessions,
    document: parts.at(-1)?.document ?? '',
    parts,
    consistent: isConsistent(asOf, sessions.count, scope),
  };
}

/** What a router prints at a time, in pieces. */
export function piecesOf(state: RouterStateAt | RouterColumnsAt): Iterable<Uint8Array> {
  const options = {
    format: state.format,
    level: state.level,
    variant: state.printedBy.variant === '' ? null : (state.printedBy.variant as Variant),
  };
  const { sessions } = state;
  if (sessions instanceof SessionColumns) {
    const tunnels = sessions.column('tunnel_local_id');
    const inTunnels = Array.from(sessions.order, (row) => ({
      record: { values: { tunnel_local_id: tunnels?.kind === 'numbers' ? tunnels.values[row] : undefined } },
    }));
    return renderColumns(sessions, joinedFrame(state.parts, inTunnels), options);
  }
  const printed = sessions.map(({ record, printed: own, layout }) => ({
    // In its own layout a session shows what that layout printed; in another one, all that is known.
    record: layout === null ? record : own,
    layout,
  }));
  return renderSnapshot(printed, joinedFrame(state.parts, printed), options);
}

/** Values that differ: neighbours mostly do not. */
function distinct(values: BigUint64Array): Set<bigint> {
  const found = new Set<bigint>();
  let last = -1n;
  for (const value of values) {
    if (value !== last) found.add(value);
    last = value;
  }
  return found;
}

const hasNoCounters = (level: Level | ''): boolean => level === 'brief' || level === 'detail';

/** Layouts are data: one of another release may print on any level what it likes. */
function anyCounter(prints: ReadonlyMap<bigint, ClassPrint>): boolean {
  return [...prints.values()].some(({ layout }) => counterNames.some((n) => layout.includes(`"f":"${n}"`)));
}

async function partsOf(
  client: QueryClient,
  question: StateQuestion,
  snapshot: LedgerSnapshot,
): Promise<LedgerSnapshot[]> {
  return snapshot.parts === 1 ? [snapshot] : await entriesOf(client, question.router, snapshot, question);
}

async function framesOf(
  client: QueryClient,
  question: StateQuestion,
  snapshot: LedgerSnapshot,
): Promise<PartFrame[]> {
  const entries = await partsOf(client, question, snapshot);
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

/** The clock of the snapshot; where it printed none, that of the newest before it that did, moved on by the time between. */
async function clockOf(
  client: QueryClient,
  question: StateQuestion,
  asOf: LedgerSnapshot,
): Promise<ListingClock> {
  const entries = await partsOf(client, question, asOf);
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
