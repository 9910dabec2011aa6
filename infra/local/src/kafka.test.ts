import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { expect, test } from 'vitest';
import { startKafka } from './kafka.ts';

function client(address: string): Kafka {
  return new Kafka({ clientId: 'test', brokers: [address], logLevel: logLevel.NOTHING });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function allEnd(pids: readonly number[]): Promise<void> {
  await expect.poll(() => pids.filter(isAlive), { timeout: 10_000 }).toEqual([]);
}

test('topics, messages of their largest size, and everything again after kill -9 of both processes', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'reel-kafka-'));
  const first = await startKafka({ dir, port: 0, heap: '512m' });
  const producer = client(first.address).producer();
  await producer.connect();
  const value = Buffer.alloc(7.9 * 2 ** 20, 'x');
  await producer.send({ topic: 'l2tp.snapshots', messages: [{ key: 'lns1', value }] });
  const tooLarge = producer.send({
    topic: 'l2tp.snapshots',
    messages: [{ value: Buffer.alloc(8.1 * 2 ** 20) }],
  });
  await expect(tooLarge).rejects.toThrow();
  await producer.send({ topic: 'l2tp.events', messages: [{ value: Buffer.alloc(31 * 2 ** 20) }] });
  await producer.disconnect();
  await expect(startKafka({ dir, port: 0 })).rejects.toThrow('another Kafka is running on');
  await expect(startKafka({ dir: mkdtempSync(`${dir}-`), port: first.port })).rejects.toThrow(
    `port ${first.port} for Kafka is taken`,
  );

  for (const pid of first.pids) process.kill(pid, 'SIGKILL');
  await first.ended;
  const second = await startKafka({ dir, port: 0, heap: '512m' });
  const admin = client(second.address).admin();
  await admin.connect();
  expect((await admin.listTopics()).filter((topic) => !topic.startsWith('__')).sort()).toEqual([
    'l2tp.events',
    'l2tp.events.dlq',
    'l2tp.snapshots',
    'l2tp.snapshots.dlq',
  ]);
  const offsets = await admin.fetchTopicOffsets('l2tp.snapshots');
  expect(offsets).toHaveLength(4);
  expect(offsets.reduce((sum, partition) => sum + Number(partition.high), 0)).toBe(1);
  await admin.disconnect();

  // Only the process of ours: its broker must not stay behind.
  process.kill(second.pid, 'SIGKILL');
  await second.ended;
  await allEnd(second.pids);
  const third = await startKafka({ dir, port: 0, heap: '512m' });
  await third.stop();
  await allEnd(third.pids);
}, 90_000);
