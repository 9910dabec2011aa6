/** What is news: repeats, snapshots older than what is known, and late ones that still fill something in. */
import type { Head, Pending } from './head.ts';
import { levelOrder, type SnapshotBegin, type SnapshotSource } from './options.ts';

/** Snapshots that are remembered so that a repeat is known, at least. */
const remembered = 16;
const rememberedMost = 64;

export const snapshotIdOf = (source: SnapshotSource, start: SnapshotBegin): string =>
  source.snapshotId === '' ? `${source.capturedAt} ${start.command}` : source.snapshotId;

/** The snapshot among those of its message. */
export const idOf = (source: SnapshotSource, start: SnapshotBegin): string =>
  `${snapshotIdOf(source, start)}#${source.ordinal}`;

/** @returns why the snapshot changes nothing; '' when it applies. */
export function stalenessOf(head: Head, source: SnapshotSource, start: SnapshotBegin): string {
  const id = idOf(source, start);
  if (head.applied.some((applied) => applied.id === id)) return 'repeated';
  const pending = head.pending.find((p) => p.id === id);
  if (pending !== undefined) {
    if (pending.got.includes(source.part)) return 'repeated';
    return source.part > pending.parts ? `part ${source.part} of ${pending.parts}` : '';
  }
  return mayFill(head, source.capturedAt, start.level) ? '' : 'older than the newest snapshot applied';
}

/** Whether a snapshot of that time tells anything: it is the newest, or all newer ones are of lower levels. */
function mayFill({ classAt }: Head, capturedAt: number, level: SnapshotBegin['level']): boolean {
  // Asked of each snapshot that is remembered, so without a list.
  for (const kind in classAt)
    if ((classAt[kind] as number) > capturedAt && orderOf(kind) >= levelOrder[level]) return false;
  return true;
}

const orderOf = (kind: string): number =>
  levelOrder[kind.slice(kind.indexOf('/') + 1) as keyof typeof levelOrder];

/** Classes of which a newer snapshot was applied. */
export function newerKinds(head: Head, capturedAt: number): string[] {
  return Object.entries(head.classAt)
    .filter(([, at]) => at > capturedAt)
    .map(([kind]) => kind);
}

/** A finished snapshot is known from now on; kept are the last ones, and those that would not be stale by their time. */
export function remember(head: Head, { id, level, capturedAt }: Pending): void {
  const all = [...head.applied.filter((applied) => applied.id !== id), { id, level, capturedAt }];
  head.applied = all
    .filter((a, i) => i >= all.length - remembered || mayFill(head, a.capturedAt, a.level))
    .slice(-rememberedMost);
  head.pending = head.pending.filter((pending) => pending.id !== id);
}
