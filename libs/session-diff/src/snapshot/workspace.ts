/** What all steps of the diff work on: one router's. */
import type { FlatDelta } from '@sessionreel/session-model';
import type { Core } from '../table/core.ts';
import type { Head } from './head.ts';
import type { RouterOptions } from './options.ts';

export interface Workspace {
  readonly router: string;
  readonly options: RouterOptions;
  readonly core: Core;
  /** The delta that is being filled. */
  readonly delta: FlatDelta;
  /** Another one after each undo and restore: ask for it anew. */
  head: Head;
}

/** Takes a delta: to be encoded at once, its lists are used again. */
export type Emit = (delta: FlatDelta) => void;
