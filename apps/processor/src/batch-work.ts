/** Splits a batch over the workers, and puts what they made of it in order again. Pure. */
import type { Message } from '@sessionreel/kafka';
import { admit } from './admission.ts';
import type { EventEntry, EventsResult, Item, Outcome, ProcessTask, Refusal, Tick } from './tasks.ts';

/** Where the chain of a partition stands. */
export interface Chain {
  /** Source offset of the last ledger entry; -1 when there is none. */
  readonly source: number;
  /** Latest Kafka timestamp so far (ms). */
  readonly time: number;
}

export interface BatchContext {
  readonly partition: number;
  readonly epoch: number;
  /** Partitions of the input topic. */
  readonly partitions: number;
  readonly shards: number;
  shardOf(key: Uint8Array): number;
  /** Messages that are dead letters whatever they say: they took a worker down, or their events were too large. */
  readonly condemned: ReadonlyMap<number, Refusal>;
  /** The earliest deadline in each shard (ms); null when none waits. */
  readonly deadlines: readonly (number | null)[];
  /** Where the buffers of tasks come from. */
  readonly buffers: { take(bytes: number): ArrayBuffer };
}

export interface Forward {
  readonly message: Message;
  readonly partition: number;
}

export interface Prepared {
  readonly messages: readonly Message[];
  readonly forwards: readonly Forward[];
  /** Dead letters that were told by key and headers alone. */
  readonly refusals: ReadonlyMap<number, Refusal>;
  readonly tasks: ReadonlyMap<number, ProcessTask>;
  readonly chain: Chain;
}

/**
 * The tasks for a batch. Each shard sees its own messages, and the passing of time at all others: deadlines then fall at the
 * same message of the partition whatever the number of shards, and however the messages were batched.
 */
export function prepare(messages: readonly Message[], chain: Chain, context: BatchContext): Prepared {
  const forwards: Forward[] = [];
  const refusals = new Map<number, Refusal>();
  const builders = Array.from({ length: context.shards }, () => new TaskBuilder());
  let { source, time } = chain;
  for (const message of messages) {
    time = Math.max(time, message.timestamp);
    const tick: Tick = { offset: message.offset, time };
    const admission = admit(message, context.partitions);
    if (admission.kind === 'forward') {
      forwards.push({ message, partition: admission.partition });
      for (const builder of builders) builder.tick(tick);
      continue;
    }
    const refusal =
      admission.kind === 'dead_letter' ? admission.refusal : context.condemned.get(message.offset);
    if (refusal !== undefined) refusals.set(message.offset, refusal);
    const shard = context.shardOf(Buffer.from(admission.router));
    const work: Item['work'] =
      admission.kind === 'capture' && refusal === undefined
        ? { capture: admission.capture }
        : { refusal: refusal ?? { reason: 'refused', error: '' } };
    builders.forEach((builder, i) => {
      if (i !== shard) builder.tick(tick);
      else
        builder.item(message, {
          ...tick,
          partition: context.partition,
          previous: source,
          timestamp: message.timestamp,
          router: admission.router,
          work,
        });
    });
    source = message.offset;
  }
  const tasks = new Map<number, ProcessTask>();
  builders.forEach((builder, shard) => {
    const deadline = context.deadlines[shard] ?? null;
    if (builder.items > 0 || (deadline !== null && deadline <= time)) tasks.set(shard, builder.task(context));
  });
  return { messages, forwards, refusals, tasks, chain: { source, time } };
}

class TaskBuilder {
  items = 0;
  readonly #steps: (Item | Tick)[] = [];
  readonly #values: Uint8Array[] = [];
  #bytes = 0;
  #time = 0;

  tick(tick: Tick): void {
    if (tick.time <= this.#time) return;
    this.#time = tick.time;
    this.#steps.push(tick);
  }

  item(message: Message, item: Omit<Item, 'start' | 'length'>): void {
    this.items++;
    this.#time = item.time;
    const value = 'capture' in item.work ? message.value : null;
    this.#steps.push({ ...item, start: this.#bytes, length: value?.length ?? 0 });
    if (value !== null) {
      this.#values.push(value);
      this.#bytes += value.length;
    }
  }

  /**
   * The one copy of a capture on its way: what kafkajs hands out are views into a fetch answer that other partitions' messages
   * share, so that it cannot be moved; the buffer made here is.
   */
  task({ partition, epoch, buffers }: BatchContext): ProcessTask {
    const bytes = new Uint8Array(buffers.take(this.#bytes));
    let at = 0;
    for (const value of this.#values) {
      bytes.set(value, at);
      at += value.length;
    }
    return { kind: 'process', partition, epoch, buffer: bytes.buffer, steps: this.#steps };
  }
}

export interface MadeEvent {
  readonly entry: EventEntry;
  readonly value: Uint8Array;
}

/** Events of all shards in the order of the input, which does not depend on the shards. */
export function inOrder(results: readonly EventsResult[]): MadeEvent[] {
  const events = results.flatMap((result) =>
    result.entries.map((entry) => ({
      entry,
      value: new Uint8Array(result.buffer, entry.start, entry.length),
    })),
  );
  // Stable: what one router made of one message stays in its order.
  return events.sort(
    (a, b) =>
      a.entry.offset - b.entry.offset ||
      a.entry.phase - b.entry.phase ||
      (a.entry.router < b.entry.router ? -1 : a.entry.router > b.entry.router ? 1 : 0),
  );
}

export function outcomesInOrder(results: readonly EventsResult[]): Outcome[] {
  return results.flatMap((result) => result.outcomes).sort((a, b) => a.offset - b.offset);
}

/** Headers of a forwarded message. */
export function forwardedFrom(message: Message): string {
  return `${message.partition}/${message.offset}`;
}
