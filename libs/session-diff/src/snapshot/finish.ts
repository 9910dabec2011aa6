/** What only the whole of a snapshot can tell: incarnations in doubt, order, closes, and what happened to the router. */
import { Presence, getPresence, indexOfField, slotOf } from '@sessionreel/session-model';
import { Col } from '../table/columns.ts';
import type { Core } from '../table/core.ts';
import { pageRows } from '../table/pages.ts';
import type { Listed } from './listed.ts';
import { decideDeferred } from '../rows/deferred.ts';
import { putImage } from '../delta/delta-builder.ts';
import type { Pending } from './head.ts';
import { byRank, rankListing } from '../listing/listing-order.ts';
import type { Places } from '../listing/places.ts';
import type { RowContext } from '../rows/row-context.ts';
import { coverOf } from '../listing/scope.ts';
import type { Workspace } from './workspace.ts';

/** Fewer sessions than this closing at once are no mass close, whatever their share. */
const massLeast = 3;

const state = indexOfField('state');
const stateSlot = slotOf[state] as number;

/** To be called with the last part, which listed `listed`, or when the others are given up. */
export function finishSnapshot(
  work: Workspace,
  pending: Pending,
  context: RowContext,
  places: Places,
  listed: Listed | null,
): void {
  const { delta } = work;
  const setBy = decideDeferred(work, pending, context);
  if (pending.deferred.length > 0) places.forget();
  rankListing(work, pending, places, listed);
  const replaced = pending.sums.closed + delta.closed.count;
  const gone = pending.complete ? closeMissing(work, pending, context) : 0;
  const moved = (pending.moved?.sessions ?? 0) + (setBy === 0 ? 0 : pending.deferred.length);
  if (moved > 1) {
    const detail = `create times moved by ${pending.moved?.shift ?? setBy} s`;
    delta.router_events.push({ kind: 'clock_set', sessions: moved, detail });
  }
  if (pending.complete && isUnscoped(pending)) tellRouterEvents(work, pending, gone, replaced);
}

const isUnscoped = (pending: Pending): boolean => Object.keys(pending.scope).length === 0;

/** @returns how many sessions closed that the snapshot covers and did not show. */
function closeMissing({ core, delta, head }: Workspace, pending: Pending, context: RowContext): number {
  const covers = isUnscoped(pending) ? null : coverOf(pending.scope);
  const gone: number[] = [];
  const { table } = core;
  for (const r of unseenRows(core, pending.number)) {
    if (covers !== null) {
      table.load(r, core.scratch, 0);
      if (!covers(core.scratch, 0, core.strings)) continue;
    }
    gone.push(r);
  }
  // By place in the listing, not in the table: that is another after a restore.
  for (const r of gone.sort(byRank(core))) {
    table.load(r, core.scratch, 0);
    const destroyed =
      getPresence(core.scratch, 0, state) === Presence.value &&
      core.strings.text(core.scratch[stateSlot] as number) === 'destroyed';
    core.close(r, head.at);
    putImage(core, delta.closed, r, destroyed ? 'destroyed' : 'gone', [], context.timezone);
  }
  return gone.length;
}

/** Rows of live sessions that neither this snapshot nor a newer one showed. */
function unseenRows(core: Core, number: number): number[] {
  const rows: number[] = [];
  const { pages, top } = core.table;
  for (let first = 0; first < top; first += pageRows) {
    const { words, stride } = pages.of(first);
    const last = Math.min(pageRows, top - first);
    for (let i = 0; i < last; i++)
      if ((words[i * stride + Col.seen] as number) < number && core.isLive(first + i)) rows.push(first + i);
  }
  return rows;
}

function tellRouterEvents(
  { delta, head }: Workspace,
  pending: Pending,
  gone: number,
  replaced: number,
): void {
  const { before } = pending;
  const event = (kind: string, sessions: number, detail: string): void => {
    delta.router_events.push({ kind, sessions, detail });
  };
  if (before > 1 && gone + replaced >= before)
    event('restart', before, `all ${before} sessions of the snapshot before are gone or began anew`);
  if (gone >= massLeast && gone * 2 > before) {
    event('mass_close', gone, `${gone} of ${before} sessions closed at once`);
    head.massClose = { at: pending.capturedAt, sessions: gone, returned: 0 };
  }
  const mass = head.massClose;
  if (mass === null || pending.sums.returned === 0) return;
  mass.returned += pending.sums.returned;
  if (mass.returned * 2 < mass.sessions) return;
  event(
    'mass_return',
    mass.returned,
    `${mass.returned} of ${mass.sessions} sessions that closed at once are back`,
  );
  head.massClose = null;
}
