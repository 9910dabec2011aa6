/** A topic as Sessionreel needs it. The names are libs/kafka's contract with everything else. */
export interface TopicPlan {
  readonly topic: string;
  readonly partitions: number;
  readonly config: Readonly<Record<string, string>>;
}

const mebibyte = 2 ** 20;
const day = 24 * 3_600_000;

/** The largest message of all topics, bytes; the broker's own limits must not be below. */
export const messageBytesMax = 32 * mebibyte;

/**
 * Snapshots are kept a week, so that a stopped processor catches up; events for ever, since the processor
 * trims them itself below what it and the loader still need; dead letters a month. `partitions` is the same for
 * all: a router has one partition everywhere.
 */
export function topicPlans(partitions: number): readonly TopicPlan[] {
  const plan = (topic: string, bytesMax: number, retentionMs: number): TopicPlan => ({
    topic,
    partitions,
    config: {
      'max.message.bytes': String(bytesMax),
      'retention.ms': String(retentionMs),
      'retention.bytes': '-1',
      'segment.bytes': String(256 * mebibyte),
    },
  });
  return [
    plan('l2tp.snapshots', 8 * mebibyte, 7 * day),
    plan('l2tp.events', messageBytesMax, -1),
    plan('l2tp.snapshots.dlq', messageBytesMax, 30 * day),
    plan('l2tp.events.dlq', messageBytesMax, 30 * day),
  ];
}
