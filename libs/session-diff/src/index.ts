/**
 * The diff of a router's snapshots, and its inverse. Pure: no I/O, no clock.
 *
 *     const state = new RouterState('lns1', { timezone: 'Europe/Berlin' });
 *     state.begin(source, start); state.rows(batch); state.end(facts, (delta) => encode(delta));
 */
export { ImageHash } from './table/hash.ts';
export { stateHash } from './table/record-hash.ts';
export {
  defaultOptions,
  type RouterOptions,
  type SnapshotBegin,
  type SnapshotSource,
} from './snapshot/options.ts';
export type { PrintSet } from './delta/prints.ts';
export type { SnapshotOutcome } from './snapshot/end.ts';
export { RouterState, type ListedSession } from './router-state.ts';
export { isTimeZone, localOfUtc, utcOfLocal } from './listing/time-zone.ts';
export type { Emit } from './snapshot/workspace.ts';
