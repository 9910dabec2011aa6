import { expect, it } from 'vitest';
import { KafkaAdmin } from './admin.ts';
import type { KafkaClient } from './client.ts';

/** Stands in for kafkajs, whose answers nobody can hold back: a question fails while another is under way. */
function heldBack() {
  const opened: { isOpen: boolean }[] = [];
  const answer = Promise.withResolvers<undefined>();
  const admin = () => {
    const connection = { isOpen: true };
    opened.push(connection);
    return {
      connect: () => Promise.resolve(),
      disconnect: () => Promise.resolve(void (connection.isOpen = false)),
      fetchOffsets: () => Promise.reject(new Error('no such group')),
      fetchTopicOffsets: async () => {
        await answer.promise;
        if (!connection.isOpen) throw new Error('closed under the question');
        return [{ partition: 0, low: '1', high: '3' }];
      },
    };
  };
  return { client: { kafka: { admin } } as unknown as KafkaClient, answer, opened };
}

it('a question that fails closes no connection on which another is being asked', async () => {
  const { client, answer, opened } = heldBack();
  const admin = new KafkaAdmin(client);
  const ends = admin.watermarks('t');
  await expect(admin.committed('g', 't')).rejects.toThrow('no such group');
  answer.resolve(undefined);
  expect(await ends).toEqual(new Map([[0, { low: 1, high: 3 }]]));
  // The one that failed was the last to be asked on it: the next connects anew.
  expect(opened.map((x) => x.isOpen)).toEqual([false]);
  await admin.watermarks('t');
  await admin.stop();
  expect(opened.map((x) => x.isOpen)).toEqual([false, false]);
});
