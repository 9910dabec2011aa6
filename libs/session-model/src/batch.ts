import { rowWords } from './row.ts';
import type { StringTable } from './strings.ts';

/**
 * Rows of sessions, one after another in `words`: row `i` starts at `i * rowWords`. Owned by the parser, valid only
 * during the call that hands it over; the receiver copies what it keeps. Texts are ids in `strings`.
 */
export interface RowBatch {
  readonly words: Uint32Array;
  count: number;
  readonly strings: StringTable;
}

export function createRowBatch(capacity: number, strings: StringTable): RowBatch {
  return { words: new Uint32Array(capacity * rowWords), count: 0, strings };
}
