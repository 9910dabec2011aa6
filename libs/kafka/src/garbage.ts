/**
 * How often V8 collects garbage while captures stream through. By its default it begins a full collection whenever another 64 MB
 * of Buffers have come, however small the heap is: at 60 MB/s of captures that was four a second, which found a heap of 20 MB
 * each time, and cost the processor as much CPU as parsing. With this flag (later versions of V8 have it as their only way) the
 * memory of Buffers counts together with the heap, and the limit grows with both.
 */
import { setFlagsFromString } from 'node:v8';

let done = false;

/** For the whole process, with its workers; once. */
export function countBuffersWithHeap(): void {
  if (done) return;
  done = true;
  setFlagsFromString('--external-memory-accounted-in-global-limit');
}
