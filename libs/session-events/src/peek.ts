/** The leading fields of an event, without decoding what follows: for batches by day, lag and metrics. */
import type { SessionDelta } from '@sessionreel/session-model';
import { createEventReader, readLong, readText } from './reader.ts';

export type DeltaHead = Pick<
  SessionDelta,
  'router' | 'at' | 'captured_at' | 'seq' | 'gop' | 'piece' | 'pieces'
>;

/**
 * @param datum of today's schema, or of any that begins with the same seven fields (all do, checked by a test)
 * @throws AvroDataError
 */
export function peekDelta(datum: Uint8Array): DeltaHead {
  const r = createEventReader(datum);
  return {
    router: readText(r),
    at: readLong(r),
    captured_at: readLong(r),
    seq: readLong(r),
    gop: readLong(r),
    piece: readLong(r),
    pieces: readLong(r),
  };
}
