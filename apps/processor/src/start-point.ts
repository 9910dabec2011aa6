/** Where a partition goes on, by what was committed with its last transaction. It never guesses. */
import { readRange, type KafkaAdmin, type KafkaClient } from '@sessionreel/kafka';
import type { Topics } from './commit.ts';
import { noProgress, readProgress, type Progress } from './progress.ts';

/** There is history, but not what is needed to go on from it: starting over would write everything a second time. */
export class NoWayToRestore extends Error {
  override readonly name = 'NoWayToRestore';
}

export interface StartPoint {
  readonly offset: number;
  readonly progress: Progress;
  /** How many offsets were deleted by retention before they were read. */
  readonly lost: number;
}

export async function startOf(context: {
  readonly client: KafkaClient;
  readonly admin: KafkaAdmin;
  readonly topics: Topics;
  readonly partition: number;
}): Promise<StartPoint> {
  const { admin, topics, partition } = context;
  const { offset, metadata } = (await admin.committed(topics.groupId, topics.snapshots)).get(partition) ?? {
    offset: undefined,
    metadata: '',
  };
  const input = (await admin.watermarks(topics.snapshots)).get(partition) ?? { low: 0, high: 0 };
  const events = (await admin.watermarks(topics.events)).get(partition) ?? { low: 0, high: 0 };
  const progress = readProgress(metadata);
  if (offset === undefined || progress === undefined) {
    if (await hasEvents(context, events.low, events.high))
      throw new NoWayToRestore(
        `${topics.events} partition ${partition} has events, but group ${topics.groupId} has ` +
          `${offset === undefined ? 'no committed offset' : `an offset with unknown metadata ${JSON.stringify(metadata)}`} ` +
          `for ${topics.snapshots}. See docs/operations, "A partition that does not start".`,
      );
    const from = Math.max(input.low, offset ?? 0);
    return { offset: from, progress: noProgress, lost: 0 };
  }
  if (progress.restore >= 0 && progress.restore < events.low)
    throw new NoWayToRestore(
      `${topics.events} partition ${partition} begins at ${events.low}, but its routers are restored from ` +
        `${progress.restore}: events were deleted. See docs/operations, "A partition that does not start".`,
    );
  if (offset > input.high)
    throw new NoWayToRestore(
      `${topics.snapshots} partition ${partition} ends at ${input.high}, but offset ${offset} is committed: ` +
        'was the topic created anew? See docs/operations, "A partition that does not start".',
    );
  return { offset: Math.max(offset, input.low), progress, lost: Math.max(0, input.low - offset) };
}

/** Whether anything committed stands there: what a killed first transaction left is not. */
async function hasEvents(
  context: { readonly client: KafkaClient; readonly topics: Topics; readonly partition: number },
  low: number,
  high: number,
): Promise<boolean> {
  if (low > 0) return true;
  if (high === 0) return false;
  const range = readRange(context.client, {
    topic: context.topics.events,
    partition: context.partition,
    from: low,
    maxBytes: 2 ** 20,
  });
  for await (const chunk of range) if (chunk.messages.length > 0) return true;
  return false;
}
