/**
 * Memory of fetched answers, used again. V8 collects the whole heap each time that so much memory of Buffers has come: at 300 MB of captures
 * a second that was half of the processor's CPU beside parsing. An answer's memory is read into again when its reader has
 * given back every message of it; what is never given back is garbage, as it would have been.
 */
import type { Message } from './message.ts';

/** An answer's memory while messages in it are in use. */
interface Lease {
  readonly memory: ArrayBuffer;
  /** Partitions of the answer that kafkajs has not handed over yet. */
  waiting: number;
  /** Messages that their reader has not given back. */
  held: number;
}

/** Of free memory, at most. */
const keptBytesMost = 128 * 2 ** 20;
/** Memory is not given for so many times less than it holds. */
const wasteMost = 8;
const unit = 2 ** 18;

let free: ArrayBuffer[] = [];
let freeBytes = 0;
/** Memory that came from here, with what is known of its answer. */
const ours = new WeakMap<ArrayBufferLike, Lease>();
/** By kafkajs's list of a partition's messages, then by message. */
const leases = new WeakMap<object, Lease>();

/** Memory for an answer of so many bytes, which holds whatever it held before. */
export function takeMemory(bytes: number): Buffer {
  const memory = smallestFree(bytes) ?? new ArrayBuffer(Math.ceil(bytes / unit) * unit);
  ours.set(memory, { memory, waiting: 0, held: 0 });
  return Buffer.from(memory, 0, bytes);
}

function smallestFree(bytes: number): ArrayBuffer | undefined {
  let best: ArrayBuffer | undefined;
  for (const one of free)
    if (one.byteLength >= bytes && one.byteLength <= Math.max(unit, wasteMost * bytes))
      if (best === undefined || one.byteLength < best.byteLength) best = one;
  if (best === undefined) return undefined;
  freeBytes -= best.byteLength;
  free = free.filter((one) => one !== best);
  return best;
}

/** What stands for the answer in this memory: the memory itself, where no other will come into it. */
export function answerOf(memory: ArrayBufferLike): object {
  return ours.get(memory) ?? memory;
}

/** kafkajs has read a partition's records out of an answer; they point into its memory. */
export function decoded(records: readonly unknown[], answer: Uint8Array): void {
  const lease = ours.get(answer.buffer);
  if (lease === undefined || records.length === 0) return;
  lease.waiting++;
  leases.set(records, lease);
}

/** kafkajs hands a partition's records over as `messages` (those of them that count). */
export function handedOver(records: readonly unknown[], messages: readonly Message[]): void {
  const lease = leases.get(records);
  if (lease === undefined || !leases.delete(records)) return;
  lease.held += messages.length;
  lease.waiting--;
  for (const message of messages) leases.set(message, lease);
  settle(lease);
}

/**
 * Says that nobody looks at these messages any more, neither their values nor keys nor headers: their memory will hold others.
 * Messages that came another way, or were given back before, are passed over.
 */
export function giveBack(messages: readonly Message[]): void {
  for (const message of messages) {
    const lease = leases.get(message);
    if (lease === undefined) continue;
    leases.delete(message);
    lease.held--;
    settle(lease);
  }
}

function settle({ memory, waiting, held }: Lease): void {
  if (waiting > 0 || held > 0) return;
  // Another answer in this memory is another lease.
  ours.delete(memory);
  free.push(memory);
  freeBytes += memory.byteLength;
  // The oldest go: sizes that nobody asked for in a while.
  while (freeBytes > keptBytesMost) freeBytes -= free.shift()?.byteLength ?? 0;
}
