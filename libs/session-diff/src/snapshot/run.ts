/** A snapshot, or one part of it, while its rows come. */
import type { CoreMark } from '../table/core.ts';
import type { Listed } from './listed.ts';
import { noCounts, type Head, type Pending } from './head.ts';
import { ledgerEntry } from '../delta/ledger.ts';
import type { SnapshotBegin, SnapshotSource } from './options.ts';
import { kindNumberOf } from '../delta/print-steps.ts';
import type { RowContext } from '../rows/row-context.ts';
import { idOf, newerKinds, stalenessOf } from './staleness.ts';
import type { Workspace } from './workspace.ts';

export interface Run {
  readonly source: SnapshotSource;
  readonly start: SnapshotBegin;
  /** Why it changes nothing; '' when it applies. */
  readonly stale: string;
  /** Null when it is stale. */
  readonly pending: Pending | null;
  readonly shortCut: boolean;
  readonly context: RowContext;
  readonly undo: { readonly core: CoreMark; readonly head: Head };
  readonly listed: Listed;
  /** Keys whose counters a late snapshot told. */
  readonly counted: number[];
  /** Keys of sessions in which the capture broke off before their counters. */
  readonly uncounted: number[];
}

export function beginRun(
  work: Workspace,
  source: SnapshotSource,
  start: SnapshotBegin,
  undo: Run['undo'],
  listed: Listed,
): Run {
  const { head } = work;
  const id = idOf(source, start);
  const stale = stalenessOf(head, source, start);
  let pending = stale === '' ? (head.pending.find((p) => p.id === id) ?? null) : null;
  if (stale === '' && pending === null) {
    pending = newPending(work, source, start, id);
    head.pending.push(pending);
  }
  // A snapshot is of one moment, whatever its parts say.
  const capturedAt = pending?.capturedAt ?? source.capturedAt;
  const late = newerKinds(head, capturedAt);
  const context: RowContext = {
    ...contextFor(work, pending?.number ?? 0, capturedAt, `${start.format}/${start.level}`),
    late: late.length > 0 ? late : null,
  };
  const { shortCut } = work.options;
  return { source, start, stale, pending, shortCut, context, undo, listed, counted: [], uncounted: [] };
}

function newPending(
  { core, head }: Workspace,
  source: SnapshotSource,
  start: SnapshotBegin,
  id: string,
): Pending {
  return {
    id,
    number: ++head.number,
    capturedAt: source.capturedAt,
    parts: source.parts,
    got: [],
    deadline: Infinity,
    complete: true,
    reason: '',
    before: core.live,
    order: {},
    clocks: {},
    deferred: [],
    sums: noCounts(),
    unmoved: null,
    moved: null,
    entry: ledgerEntry(source, start, 'applied', ''),
    scope: { ...start.scope },
    level: start.level,
    format: start.format,
  };
}

/** Of a snapshot whose rows have all been seen. */
export const contextOf = (work: Workspace, pending: Pending): RowContext =>
  contextFor(work, pending.number, pending.capturedAt, `${pending.format}/${pending.level}`);

function contextFor(
  { core, head, delta }: Workspace,
  number: number,
  capturedAt: number,
  kind: string,
): RowContext {
  return {
    core,
    head,
    delta,
    timezone: head.timezone,
    number,
    capturedAt,
    moment: core.moments.of(capturedAt),
    kind,
    kindNumber: kindNumberOf(kind),
    late: null,
    skew: null,
    witnesses: 0,
    offset: null,
    shift: 0,
  };
}
