import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { headerText, partitionOf } from '@sessionreel/kafka';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { Bench, partitions } from '../fixtures/bench.ts';
import { produceWithLibrdkafka, pythonWithKafka } from '../fixtures/python.ts';

const brokers = inject('brokers');
const found = await pythonWithKafka();
if ('missing' in found) console.warn(`producers by librdkafka are not tested: ${found.missing}`);

let bench: Bench;
beforeEach(async () => {
  bench = new Bench(brokers);
  await bench.createTopics();
});
afterEach(() => bench.stop(), 30_000);

describe.skipIf('missing' in found)('a producer by librdkafka (confluent-kafka of PyPI)', () => {
  const python = 'python' in found ? found.python : '';
  const messages = Array.from(
    { length: 60 },
    (_, i) => [`lns${i % 20}.example.net`, `capture ${i} ${'x'.repeat(200)}`] as const,
  );

  it.each([
    ['consistent_random', 'none'],
    ['murmur2_random', 'none'],
    ['consistent_random', 'gzip'],
    ['consistent_random', 'snappy'],
    ['murmur2_random', 'lz4'],
    ['murmur2_random', 'zstd'],
  ])(
    'with partitioner %s and compression %s gives one state a router',
    { timeout: 30_000 },
    async (partitioner, compression) => {
      await bench.start();
      const { snapshotsTopic } = bench.options;
      await produceWithLibrdkafka(python, brokers, snapshotsTopic, partitioner, compression, messages);
      await bench.caughtUp();
      const events = await bench.allEvents();
      expect(events).toHaveLength(messages.length);
      for (const { message, delta } of events)
        expect(message.partition).toBe(partitionOf(Buffer.from(delta.router), partitions));
      const last = new Map(events.map(({ delta }) => [delta.router, delta.seq]));
      expect([...last.values()]).toEqual(new Array(20).fill(3));
      const forwarded = /reel_processor_forwarded_total (\d+)/.exec(await bench.metricsText.text())?.[1];
      if (partitioner === 'murmur2_random') expect(forwarded).toBe('0');
      else expect(Number(forwarded)).toBeGreaterThan(0);
    },
  );
});

// The machine's own, where it has one.
describe.runIf(spawnSync('kcat', ['-V']).status === 0)('kcat', () => {
  it('is a producer with nothing but a key, a header and a file', { timeout: 30_000 }, async () => {
    await bench.start();
    const { snapshotsTopic } = bench.options;
    const folder = mkdtempSync(join(tmpdir(), 'reel-kcat-'));
    const command = 'show services l2tp session extensive';
    const capture = 'Tunnel local ID: 1\n\n'.repeat(20_000);
    try {
      writeFileSync(join(folder, 'capture.txt'), capture);
      for (const router of ['lns1', 'lns2', 'lns3']) {
        const options = ['-P', '-b', brokers.join(','), '-t', snapshotsTopic, '-k', router];
        const asked = ['-H', `command=${command}`, join(folder, 'capture.txt')];
        const sent = spawnSync('kcat', [...options, ...asked], { encoding: 'utf8' });
        expect(sent.status, sent.stderr).toBe(0);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
    await bench.caughtUp();
    const events = await bench.allEvents();
    expect(events.map(({ delta }) => delta.router).sort()).toEqual(['lns1', 'lns2', 'lns3']);
    for (const { message, delta } of events)
      expect(message.partition).toBe(partitionOf(Buffer.from(delta.router), partitions));
    const kept = await bench.read(snapshotsTopic, partitionOf(Buffer.from('lns1'), partitions));
    const own = kept.find((message) => Buffer.from(message.key ?? []).toString() === 'lns1');
    if (own === undefined) return expect.fail('the capture is not in its own partition');
    expect(Buffer.from(own.value ?? []).toString()).toBe(capture);
    expect(headerText(own, 'command')).toBe(command);
  });
});
