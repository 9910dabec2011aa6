/** The whole state of a router in bounded pieces: keyframes begin a group of the history, checkpoints bound a restore. */
import { Col, Flag } from '../table/columns.ts';
import type { Core } from '../table/core.ts';
import { clearDelta, putImage } from './delta-builder.ts';
import { encodeState } from '../snapshot/head.ts';
import { liveInOrder } from '../listing/listing-order.ts';
import { forgetOld } from '../restore/restore.ts';
import type { Emit, Workspace } from '../snapshot/workspace.ts';

/**
 * Whether the history's next group begins with the snapshot that was finished at this time of the log (ms). Whoever asks for the
 * counters at a time adds up all of the group's: many of them make a keyframe due early.
 */
export function isKeyframeDue({ core, delta, head, options }: Workspace, logTime: number): boolean {
  const isOld = logTime - head.keyframeLog >= options.keyframeEveryMs;
  const counted = head.counted + delta.counters.count + delta.counters_rounded.count;
  const isLong = counted > 0 && counted >= options.keyframeEveryCounts * core.live;
  return (isOld || isLong) && head.seq > 0 && head.at > head.gop;
}

export function emitKeyframe(work: Workspace, logTime: number, emit: Emit): void {
  const { core, head } = work;
  forgetOld(core, head.at, work.options);
  head.gop = head.at;
  head.keyframeLog = logTime;
  head.counted = 0;
  const rows = liveInOrder(core);
  // A reader of the group knows nothing of what was before.
  core.prints.forgetTold();
  const pieces = piecesOf(rows.length, work);
  for (let piece = 1; piece <= pieces; piece++) {
    beginPiece(work, piece, pieces);
    for (const r of sliceOf(rows, piece, work)) putKeyframe(work, r);
    work.delta.seq = ++head.seq;
    work.delta.layouts = core.prints.takeNews();
    work.delta.router_state = encodeState(head);
    emit(work.delta);
  }
}

/** Changes nothing, not even what later deltas say. */
export function emitCheckpoint(work: Workspace, emit: Emit): void {
  const { core, delta, head } = work;
  const live = liveInOrder(core);
  // Closed sessions are no part of a keyframe: they are only remembered.
  const closed = [...core.closedRows()].sort((a, b) => core.word(a, Col.key) - core.word(b, Col.key));
  const rows = Int32Array.from([...live, ...closed]);
  const pieces = piecesOf(rows.length, work);
  const before = core.prints.toldCopy();
  const told = [...before].sort((a, b) => (a < b ? -1 : 1));
  core.prints.forgetTold();
  let i = 0;
  for (let piece = 1; piece <= pieces; piece++) {
    beginPiece(work, piece, pieces);
    const own = sliceOf(rows, piece, work);
    for (const r of own) {
      if (i++ < live.length) putKeyframe(work, r);
      else putImage(core, delta.closed, r, reasonOf(core, r), [], head.timezone);
    }
    // What the log has told and will not tell again must be had from here, a share in each piece.
    const share = Math.ceil(told.length / pieces);
    for (const id of told.slice((piece - 1) * share, piece * share)) core.prints.use(id);
    delta.seq = head.seq;
    delta.layouts = core.prints.takeNews();
    const ids = piece === 1 ? told.map((id) => id.toString(16)) : [];
    delta.router_state = encodeState(head, { seen: sightsOf(work, own), told: ids });
    emit(delta);
  }
  core.prints.restoreTold(before);
}

const piecesOf = (sessions: number, { options }: Workspace): number =>
  Math.max(1, Math.ceil(sessions / options.pieceSessions));

const sliceOf = (rows: Int32Array, piece: number, { options }: Workspace): Int32Array =>
  rows.subarray((piece - 1) * options.pieceSessions, piece * options.pieceSessions);

function beginPiece({ core, delta, head }: Workspace, piece: number, pieces: number): void {
  clearDelta(delta, core);
  delta.piece = piece;
  delta.pieces = pieces;
  delta.at = head.at;
  delta.captured_at = head.at;
  delta.gop = head.gop;
}

const reasonOf = (core: Core, r: number): string =>
  (core.word(r, Col.flags) & Flag.born) === 0 ? '' : 'new';

function putKeyframe({ core, delta, head }: Workspace, r: number): void {
  putImage(core, delta.keyframe, r, reasonOf(core, r), [], head.timezone);
}

/**
 * What images do not say, by session of the piece: when counters were last seen (ms), or a closed one was gone; then, while parts of a
 * snapshot are awaited, the number of the snapshot that showed it last: a newer one may have.
 */
function sightsOf({ core, head }: Workspace, rows: Int32Array): number[] {
  const times = Array.from(rows, (r) => core.time(r, Col.countersAt));
  return head.pending.length === 0 ? times : [...times, ...Array.from(rows, (r) => core.word(r, Col.seen))];
}
