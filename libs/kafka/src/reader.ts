/**
 * Reads a range of one partition, without a group: for restoring state and for looking into a topic. kafkajs has no such
 * consumer; its `Cluster` and `Broker`, which partition assigners are given, can do it.
 */
import type { Cluster } from 'kafkajs';
import type { KafkaClient } from './client.ts';
import { KafkaError, kafkaErrorOf } from './errors.ts';
import { messageOf, type Message } from './message.ts';

export interface ReadOptions {
  readonly topic: string;
  readonly partition: number;
  readonly from: number;
  /** Where to stop (exclusive); the end of what is committed when the reading began, when left out. */
  readonly to?: number;
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
}

/** Messages that were fetched together, and where the reading stands. */
export interface ReadChunk {
  readonly messages: readonly Message[];
  /** Next offset to be read. */
  readonly next: number;
  readonly end: number;
}

type FetchedMessage = Parameters<typeof messageOf>[1] & {
  readonly isControlRecord?: boolean;
  readonly batchContext?: { readonly producerId: string; readonly inTransaction: boolean };
};
interface FetchedPartition {
  readonly lastStableOffset: string;
  readonly highWatermark: string;
  readonly abortedTransactions:
    readonly { readonly producerId: string; readonly firstOffset: string }[] | null;
  readonly messages: readonly FetchedMessage[];
}

const readCommitted = 1;
const retries = 8;

/** Committed messages of a range, chunk by chunk. Throws `out_of_range` when the beginning is no longer there. */
export async function* readRange(client: KafkaClient, options: ReadOptions): AsyncGenerator<ReadChunk> {
  const { topic, partition } = options;
  const cluster = clusterOf(client);
  let next = options.from;
  let end = options.to;
  let failures = 0;
  try {
    await cluster.connect();
    await cluster.addTargetTopic(topic);
    while (end === undefined || next < end) {
      options.signal?.throwIfAborted();
      let fetched: FetchedPartition;
      try {
        fetched = await fetchOnce(cluster, options, next);
        failures = 0;
      } catch (error) {
        const known = kafkaErrorOf(error, `reading ${topic} partition ${partition} at ${next}`);
        if (!known.retryable || ++failures > retries) throw known;
        await new Promise((resolve) => setTimeout(resolve, 50 * 2 ** failures));
        await cluster.refreshMetadata().catch(() => undefined);
        continue;
      }
      end ??= Number(fetched.lastStableOffset);
      const start = next;
      const limit = end;
      const messages = withoutAborted(fetched)
        .map((message) => messageOf(partition, message))
        .filter(({ offset }) => offset >= start && offset < limit);
      const last = fetched.messages.at(-1);
      if (last !== undefined) next = Math.max(next, Number(last.offset) + 1);
      // Nothing although there is more: offsets at the end that compaction or a marker took.
      else if (Number(fetched.highWatermark) <= next) next = end;
      if (messages.length > 0 || next >= end) yield { messages, next: Math.min(next, end), end };
    }
  } finally {
    await cluster.disconnect().catch(() => undefined);
  }
}

/** The cluster object of a consumer that never joins. */
function clusterOf(client: KafkaClient): Cluster {
  let captured: Cluster | undefined;
  client.kafka.consumer({
    groupId: 'unused',
    allowAutoTopicCreation: false,
    partitionAssigners: [
      ({ cluster }) => {
        captured = cluster;
        return {
          name: 'none',
          version: 1,
          protocol: () => ({ name: 'none', metadata: Buffer.alloc(0) }),
          assign: () => Promise.resolve([]),
        };
      },
    ],
  });
  if (captured === undefined) throw new KafkaError('unsupported', 'kafkajs did not hand out its cluster');
  return captured;
}

async function fetchOnce(cluster: Cluster, options: ReadOptions, from: number): Promise<FetchedPartition> {
  const { topic, partition } = options;
  await cluster.refreshMetadataIfNecessary();
  const leader = Object.keys(cluster.findLeaderForPartitions(topic, [partition]))[0];
  if (leader === undefined) throw new KafkaError('unknown_topic', `${topic} has no partition ${partition}`);
  const broker = await cluster.findBroker({ nodeId: leader });
  const answer = (await broker.fetch({
    isolationLevel: readCommitted,
    maxWaitTime: 100,
    minBytes: 1,
    maxBytes: options.maxBytes ?? 8 * 2 ** 20,
    topics: [
      {
        topic,
        partitions: [{ partition, fetchOffset: String(from), maxBytes: options.maxBytes ?? 8 * 2 ** 20 }],
      },
    ],
  })) as { responses: { partitions: FetchedPartition[] }[] };
  const fetched = answer.responses[0]?.partitions[0];
  if (fetched === undefined) throw new KafkaError('protocol', 'an answer without the partition');
  return fetched;
}

/**
 * Leaves out control records and what aborted transactions wrote. (kafkajs's own filter takes at most one aborted transaction
 * up at each message, so that it lets some through where a fetch begins in the middle of two.)
 */
export function withoutAborted(fetched: FetchedPartition): FetchedMessage[] {
  const aborted = [...(fetched.abortedTransactions ?? [])].sort(
    (a, b) => Number(a.firstOffset) - Number(b.firstOffset),
  );
  const inAborted = new Set<string>();
  const kept: FetchedMessage[] = [];
  for (const message of fetched.messages) {
    while (aborted[0] !== undefined && Number(aborted[0].firstOffset) <= Number(message.offset))
      inAborted.add((aborted.shift() as { producerId: string }).producerId);
    const context = message.batchContext;
    // A control record ends its producer's transaction, aborted or not.
    if (message.isControlRecord === true) {
      if (context !== undefined) inAborted.delete(context.producerId);
    } else if (context?.inTransaction !== true || !inAborted.has(context.producerId)) kept.push(message);
  }
  return kept;
}
