import './mend-kafkajs.ts';
import { createRequire } from 'node:module';
import { expect, test, vi } from 'vitest';

interface Group {
  memberId: string | null;
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

function group(): Group {
  const ConsumerGroup = load('kafkajs/src/consumer/consumerGroup') as new (options: object) => Group;
  return new ConsumerGroup({
    retry: {},
    topics: [],
    topicConfigurations: {},
    cluster: {},
    groupId: 'g',
    logger: { namespace: () => ({}) },
    instrumentationEmitter: { emit: () => undefined },
    assigners: [],
  });
}

test('heartbeats go on when the wall clock is set back', async () => {
  const member = group();
  const heartbeat = vi.fn(() => Promise.resolve());
  member.memberId = 'me';
  member.coordinator = { heartbeat };
  await member.heartbeat({ interval: 1_000 });
  expect(heartbeat).not.toHaveBeenCalled();
  member.lastRequest = Date.now() + 3_600_000;
  await member.heartbeat({ interval: 1_000 });
  expect(heartbeat).toHaveBeenCalledOnce();
});

test('a member whose joining anew has failed is told that nobody knows it, and joins', async () => {
  const member = group();
  member.memberId = null;
  // What kafkajs's runner takes as the reason to join.
  await expect(member.heartbeat({ interval: 1_000 })).rejects.toMatchObject({ type: 'UNKNOWN_MEMBER_ID' });
});
