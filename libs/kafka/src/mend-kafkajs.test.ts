import './mend-kafkajs.ts';
import { createRequire } from 'node:module';
import { expect, test, vi } from 'vitest';

interface Group {
  memberId: string;
  lastRequest: number;
  coordinator: { heartbeat: () => Promise<void> };
  heartbeat(options: { interval: number }): Promise<void>;
}

const load = createRequire(import.meta.url);

test('no record of an aborted transaction comes through, wherever a fetch begins', () => {
  const Batch = load('kafkajs/src/consumer/batch') as new (
    topic: string,
    from: string,
    answer: object,
  ) => { messages: { offset: string }[] };
  const record = (offset: number, producerId: string, isControlRecord = false) => ({
    offset: String(offset),
    key: null,
    isControlRecord,
    batchContext: { producerId, inTransaction: true },
  });
  // A begins at 10, B at 11; the fetch begins at 12, with another record of B; both are aborted, and then B commits 16.
  const messages = [
    record(12, 'B'),
    record(13, 'A'),
    record(14, 'A', true),
    record(15, 'B', true),
    record(16, 'B'),
    record(17, 'B', true),
  ];
  const abortedTransactions = [
    { firstOffset: '10', producerId: 'A' },
    { firstOffset: '11', producerId: 'B' },
  ];
  const batch = new Batch('t', '12', { partition: 0, highWatermark: '18', messages, abortedTransactions });
  expect(batch.messages.map(({ offset }) => offset)).toEqual(['16']);
});

test('heartbeats go on when the wall clock is set back', async () => {
  const ConsumerGroup = load('kafkajs/src/consumer/consumerGroup') as new (options: object) => Group;
  const group = new ConsumerGroup({
    retry: {},
    topics: [],
    topicConfigurations: {},
    cluster: {},
    groupId: 'g',
    logger: { namespace: () => ({}) },
    instrumentationEmitter: { emit: () => undefined },
    assigners: [],
  });
  const heartbeat = vi.fn(() => Promise.resolve());
  group.memberId = 'me';
  group.coordinator = { heartbeat };
  await group.heartbeat({ interval: 1_000 });
  expect(heartbeat).not.toHaveBeenCalled();
  group.lastRequest = Date.now() + 3_600_000;
  await group.heartbeat({ interval: 1_000 });
  expect(heartbeat).toHaveBeenCalledOnce();
});
