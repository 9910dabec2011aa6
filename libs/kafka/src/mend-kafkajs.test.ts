import './mend-kafkajs.ts';
import { createRequire } from 'node:module';
import { expect, test, vi } from 'vitest';

interface Group {
  memberId: string;
  lastRequest: number;
  coordinator: { heartbeat: () => Promise<void> };
  heartbeat(options: { interval: number }): Promise<void>;
}

test('heartbeats go on when the wall clock is set back', async () => {
  const ConsumerGroup = createRequire(import.meta.url)('kafkajs/src/consumer/consumerGroup') as new (
    options: object,
  ) => Group;
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
