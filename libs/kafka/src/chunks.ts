/** Record batches that a topic takes: kafkajs makes one batch a partition of all that it is given at once. */
import type { OutgoingMessage } from './message.ts';

/** Messages in order, in groups of at most `limit` bytes; one that is larger stands alone. */
export function chunks(messages: readonly OutgoingMessage[], limit: number): OutgoingMessage[][] {
  const all: OutgoingMessage[][] = [];
  let current: OutgoingMessage[] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = outgoingSize(message);
    if (current.length > 0 && bytes + size > limit) {
      all.push(current);
      current = [];
      bytes = 0;
    }
    current.push(message);
    bytes += size;
  }
  if (current.length > 0) all.push(current);
  return all;
}

function outgoingSize(message: OutgoingMessage): number {
  let size = 48 + (message.key?.length ?? 0) * 2 + (message.value?.length ?? 0);
  for (const [name, value] of Object.entries(message.headers ?? {}))
    for (const one of Array.isArray(value) ? value : [value])
      size += 8 + name.length + ((one as { length: number } | undefined)?.length ?? 0) * 2;
  return size;
}
