import { gzipSync } from 'node:zlib';
import {
  TransactionalProducer,
  headerText,
  partitionOf,
  readDeadLetter,
  type OutgoingMessage,
} from '@sessionreel/kafka';
import { waitFor } from '@sessionreel/ops';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { Bench, partitions } from '../fixtures/bench.ts';

const brokers = inject('brokers');

let bench: Bench;
beforeEach(async () => {
  bench = new Bench(brokers);
  await bench.createTopics();
});
afterEach(() => bench.stop(), 30_000);

/** A fixed input: timestamps are given, so that two runs get the same. */
function input(routers: number, each: number): OutgoingMessage[] {
  const messages: OutgoingMessage[] = [];
  for (let i = 0; i < each; i++)
    for (let r = 0; r < routers; r++)
      messages.push({
        key: `router${r}`,
        value: Buffer.from(`capture ${i} of ${r}${i % 7 === 3 ? ' '.repeat(3_000) : ''}`),
        timestamp: 1_700_000_000_000 + i * 1_000 + r,
      });
  return messages;
}

describe('the processor', () => {
  it(
    'writes one event a message, in order, with the chain of source offsets',
    { timeout: 30_000 },
    async () => {
      await bench.start();
      await bench.send(input(10, 20));
      await bench.caughtUp();
      for (let partition = 0; partition < partitions; partition++) {
        const ledger = (await bench.events(partition)).flatMap(({ delta }) => delta.ledger);
        expect(ledger.map((entry) => entry.source_offset)).toEqual(ledger.map((_, i) => i));
        expect(ledger.map((entry) => entry.previous_source_offset)).toEqual(ledger.map((_, i) => i - 1));
      }
      const events = await bench.allEvents();
      expect(events).toHaveLength(200);
      for (const { message, delta } of events) {
        expect(partitionOf(Buffer.from(delta.router), partitions)).toBe(message.partition);
        expect(message.timestamp).toBeGreaterThanOrEqual(1_700_000_000_000);
      }
    },
  );

  it('gives the same events after kill -9 in the middle, again and again', { timeout: 120_000 }, async () => {
    const calm = new Bench(brokers);
    try {
      await calm.createTopics();
      const messages = input(12, 150);
      await calm.send(messages);
      await bench.send(messages);
      await calm.start();
      await calm.caughtUp();
      for (let kills = 0; kills < 3; kills++) {
        const child = bench.spawn('one');
        const before = await bench.committedInAll();
        // At a random moment after its first commit; the seed does not matter, the outcome must not.
        await waitFor('the next commit', async () => (await bench.committedInAll()) > before, {
          limitMs: 30_000,
          everyMs: 20,
        });
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
        child.kill('SIGKILL');
        expect(child.exitCode).toBeNull();
      }
      expect(await bench.committedInAll()).toBeLessThan(messages.length);
      await bench.start();
      await bench.caughtUp(60_000);
      expect(await bench.fingerprint()).toBe(await calm.fingerprint());
    } finally {
      await calm.stop();
    }
  });

  it(
    'is not disturbed by one that was stopped for longer than its session, and wakes up',
    { timeout: 90_000 },
    async () => {
      const calm = new Bench(brokers);
      try {
        await calm.createTopics();
        const messages = input(12, 400);
        await calm.send(messages);
        await calm.start();
        await calm.caughtUp();
        await bench.send(messages);
        const zombie = bench.spawn();
        await waitFor('its first commits', async () => (await bench.committedInAll()) > 0, {
          limitMs: 30_000,
          everyMs: 20,
        });
        zombie.kill('SIGSTOP');
        const stoppedAt = await bench.committedInAll();
        expect(stoppedAt).toBeLessThan(messages.length);
        await bench.start();
        await waitFor('the other to go on', async () => (await bench.committedInAll()) > stoppedAt, {
          limitMs: 40_000,
        });
        zombie.kill('SIGCONT');
        await bench.caughtUp(60_000);
        expect(await bench.fingerprint()).toBe(await calm.fingerprint());
      } finally {
        await calm.stop();
      }
    },
  );

  it('forwards what lies in a foreign partition, once, as it was', { timeout: 30_000 }, async () => {
    await bench.start();
    const home = partitionOf(Buffer.from('lns1'), partitions);
    const foreign = (home + 1) % partitions;
    const timestamp = Date.now() - 5_000;
    await bench.send([
      {
        key: 'lns1',
        value: Buffer.from('first'),
        partition: foreign,
        timestamp,
        headers: { command: 'show services l2tp session', twice: ['a', 'b'] },
      },
    ]);
    await bench.caughtUp();
    await waitFor('the event', async () => (await bench.allEvents()).length === 1, { limitMs: 10_000 });
    const [event] = await bench.allEvents();
    expect(event?.message.partition).toBe(home);
    expect(event?.message.timestamp).toBe(timestamp);
    const [forwarded] = await bench.read(bench.options.snapshotsTopic, home);
    if (forwarded === undefined) return expect.fail('nothing was forwarded');
    expect(headerText(forwarded, 'sessionreel-forwarded')).toBe(`${foreign}/0`);
    expect(headerText(forwarded, 'command')).toBe('show services l2tp session');
    expect(forwarded.headers['twice']).toHaveLength(2);
    expect(forwarded.timestamp).toBe(timestamp);
    // A message that claims to have been forwarded is not forwarded again.
    await bench.send([
      {
        key: 'lns1',
        value: Buffer.from('x'),
        partition: foreign,
        headers: { 'sessionreel-forwarded': '9/9' },
      },
    ]);
    await bench.caughtUp();
    const [letter] = await bench.deadLetters();
    expect(letter && readDeadLetter(letter)?.reason).toBe('forwarded_twice');
  });

  it('puts what it cannot use aside, with the reason, and a ledger entry', { timeout: 30_000 }, async () => {
    await bench.start();
    const value = Buffer.from('capture');
    const bad: [reason: string, OutgoingMessage][] = [
      ['key', { key: null, value, partition: 1 }],
      ['key', { key: '', value, partition: 1 }],
      ['key', { key: 'x'.repeat(256), value, partition: 1 }],
      ['key', { key: Buffer.from([0xff, 0xfe]), value, partition: 1 }],
      ['empty', { key: 'r', value: Buffer.alloc(0) }],
      ['headers', { key: 'r', value, headers: { format: 'yaml' } }],
      ['headers', { key: 'r', value, headers: { part: '3/2', 'snapshot-id': 'a' } }],
      ['headers', { key: 'r', value, headers: { part: '1/2' } }],
      ['headers', { key: 'r', value, headers: { 'captured-at': 'yesterday' } }],
      ['headers', { key: 'r', value, headers: { timezone: 'Mars/Olympus' } }],
      [
        'future',
        { key: 'r', value, headers: { 'captured-at': new Date(Date.now() + 360_000).toISOString() } },
      ],
      ['parse', { key: 'r', value: Buffer.from('refuse') }],
    ];
    await bench.send(bad.map(([, message]) => message));
    await bench.caughtUp();
    const letters = await bench.deadLetters();
    expect(letters.map((letter) => readDeadLetter(letter)?.reason).sort()).toEqual(
      bad.map(([r]) => r).sort(),
    );
    const parsed = letters.find((letter) => readDeadLetter(letter)?.reason === 'parse');
    expect(Buffer.from(parsed?.value ?? []).toString()).toBe('refuse');
    const ledger = (await bench.allEvents()).flatMap(({ delta }) => delta.ledger);
    expect(ledger).toHaveLength(bad.length);
    expect(new Set(ledger.map((entry) => entry.outcome))).toEqual(new Set(['dead_letter']));
  });

  it(
    'dead-letters only the message that takes a worker down, and loses nothing else',
    { timeout: 60_000 },
    async () => {
      const before = input(8, 10);
      const after = input(8, 5).map((m) => ({ ...m, timestamp: (m.timestamp ?? 0) + 60_000 }));
      const calm = new Bench(brokers);
      try {
        await calm.createTopics();
        await calm.start();
        await calm.send(before);
        await calm.send(after);
        await calm.caughtUp();
        await bench.send(before);
        for (const act of ['crash', 'hang', 'grow'])
          await bench.send([{ key: 'bad', value: Buffer.from(act), timestamp: 1_700_000_020_000 }]);
        await bench.send(after);
        await bench.start();
        await bench.caughtUp(45_000);
        const reasons = (await bench.deadLetters()).map((letter) => readDeadLetter(letter)?.reason);
        expect(reasons).toEqual(['worker_threw', 'worker_timeout', 'worker_memory']);
        const hashes = async (from: Bench): Promise<string[]> =>
          (await from.allEvents())
            .filter(({ delta, kind }) => kind === 'delta' && delta.router !== 'bad')
            .map(({ delta }) => `${delta.router} ${delta.seq} ${delta.ledger[0]?.state_hash ?? ''}`);
        expect(await hashes(bench)).toEqual(await hashes(calm));
      } finally {
        await calm.stop();
      }
    },
  );

  it('refuses batches that expand past the limit, and goes on', { timeout: 30_000 }, async () => {
    const { KafkaClient, KafkaProducer } = await import('@sessionreel/kafka');
    const small = new KafkaClient({ ...bench.client.settings, limits: { batchBytes: 1_000_000 } });
    const zipped = new KafkaProducer(small, 'gzip');
    try {
      await zipped.send(bench.options.snapshotsTopic, [
        { key: 'r', value: Buffer.alloc(20_000_000), partition: 2 },
      ]);
      await bench.send([{ key: 'after', value: Buffer.from('fine') }]);
      await bench.start();
      await bench.caughtUp();
      const [letter] = await bench.deadLetters();
      expect(letter && readDeadLetter(letter)).toMatchObject({
        reason: 'compression',
        partition: 2,
        offset: 0,
      });
      expect((await bench.allEvents()).filter(({ delta }) => delta.router === 'after')).toHaveLength(1);
    } finally {
      await zipped.stop();
      new KafkaClient(bench.client.settings);
    }
  });

  it('stops when most messages fail', { timeout: 30_000 }, async () => {
    const processor = await bench.start();
    const timestamp = Date.now();
    await bench.send(
      Array.from({ length: 300 }, (_, i) => ({ key: `r${i}`, value: Buffer.from('refuse'), timestamp })),
    );
    await waitFor('the breaker', () => processor.notReady().some((why) => why.includes('breaker')), {
      limitMs: 15_000,
    });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect((await bench.deadLetters()).length).toBeLessThanOrEqual(50);
    expect(await bench.metricsText.text()).toContain('reel_processor_breaker_open 1');
  });

  it('makes a message whose event no topic takes a dead letter', { timeout: 30_000 }, async () => {
    await bench.start();
    await bench.send([
      { key: 'r', value: Buffer.from('one') },
      { key: 'r', value: Buffer.from('large 3000000') },
      { key: 'r', value: Buffer.from('two') },
    ]);
    await bench.caughtUp();
    const [letter] = await bench.deadLetters();
    expect(letter && readDeadLetter(letter)).toMatchObject({ reason: 'too_large', offset: 1 });
    expect((await bench.allEvents()).map(({ delta }) => delta.ledger[0]?.outcome)).toEqual([
      'applied',
      'dead_letter',
      'applied',
    ]);
  });

  it('gives up what was due at the same message, however it is batched', { timeout: 30_000 }, async () => {
    const at = 1_700_000_000_000;
    const messages: OutgoingMessage[] = [
      {
        key: 'a',
        value: Buffer.from('wait 1000'),
        partition: partitionOf(Buffer.from('a'), partitions),
        timestamp: at,
      },
      ...Array.from({ length: 40 }, (_, i) => ({
        key: `other${i}`,
        value: Buffer.from('x'),
        timestamp: at + i * 50,
      })),
    ];
    const one = new Bench(brokers);
    try {
      await one.createTopics();
      await one.send(messages);
      await one.start({ batchMessages: 1, worker: { ...one.options.worker, count: 1 } });
      await one.caughtUp();
      await bench.send(messages);
      await bench.start();
      await bench.caughtUp();
      expect(await bench.fingerprint()).toBe(await one.fingerprint());
      expect((await bench.allEvents()).filter(({ delta }) => delta.router_events.length > 0)).toHaveLength(1);
    } finally {
      await one.stop();
    }
  });

  it('bounds what a restore reads, also for routers that fell silent', { timeout: 60_000 }, async () => {
    const processor = await bench.start();
    const partition = partitionOf(Buffer.from('silent'), partitions);
    await bench.send([{ key: 'silent', value: Buffer.from('once') }]);
    const talker = Array.from({ length: 1_000 }, (_, i) => `talker${i}`).find(
      (name) => partitionOf(Buffer.from(name), partitions) === partition,
    );
    for (let i = 0; i < 60; i++)
      await bench.send([{ key: talker ?? '', value: Buffer.from('large 200000'), timestamp: Date.now() }]);
    await bench.caughtUp();
    const committed = await bench.admin.committed(bench.options.groupId, bench.options.snapshotsTopic);
    const { restore } = JSON.parse(committed.get(partition)?.metadata ?? '{}') as { restore: number };
    const events = await bench.events(partition);
    const rest = events.filter(({ message }) => message.offset >= restore);
    const bytes = rest.reduce((sum, { message }) => sum + (message.value?.length ?? 0), 0);
    expect(bytes).toBeLessThan(6_000_000);
    expect(rest.some(({ delta, kind }) => kind === 'checkpoint' && delta.router === 'silent')).toBe(true);
    // And from there everything is known again: the chain of hashes goes on.
    await processor.stop();
    await bench.start();
    await bench.send([{ key: 'silent', value: Buffer.from('again') }]);
    await bench.caughtUp();
    const silent = (await bench.events(partition)).filter(
      (e) => e.kind === 'delta' && e.delta.router === 'silent',
    );
    expect(silent.map(({ delta }) => delta.seq)).toEqual([1, 2]);
  });

  it('does not begin again from the earliest when its offsets are gone', { timeout: 30_000 }, async () => {
    const first = await bench.start();
    await bench.send(input(8, 3));
    await bench.caughtUp();
    await first.stop();
    const second = await bench.start({ groupId: `${bench.prefix}-other` });
    await waitFor(
      'the partitions to stop',
      () => second.notReady().some((why) => why.includes('no committed offset')),
      {
        limitMs: 15_000,
      },
    );
    expect(await bench.allEvents()).toHaveLength(24);
  });

  it(
    'trims what neither a restore nor the loader needs, and restores from what is left',
    { timeout: 60_000 },
    async () => {
      const processor = await bench.start({ checkpointFloor: 2_000 });
      await bench.send(input(12, 60).map((m, i) => ({ ...m, value: Buffer.from(`large 5000 ${i}`) })));
      await bench.caughtUp();
      const { eventsTopic } = bench.options;
      const ends = await bench.admin.watermarks(eventsTopic);
      const loader = new TransactionalProducer(bench.client, { transactionalId: `${bench.prefix}-loader` });
      await loader.initialise();
      const transaction = await loader.begin();
      // Partition 0 is loaded whole, partition 1 up to its third event; the others not at all.
      await transaction.sendOffset(`${bench.prefix}-loader`, eventsTopic, 0, ends.get(0)?.high ?? 0, '');
      await transaction.sendOffset(`${bench.prefix}-loader`, eventsTopic, 1, 3, '');
      await transaction.commit();
      await loader.stop();
      const restoreOf = async (partition: number): Promise<number> => {
        const committed = await bench.admin.committed(bench.options.groupId, bench.options.snapshotsTopic);
        return (JSON.parse(committed.get(partition)?.metadata ?? '{}') as { restore: number }).restore;
      };
      // Checkpoints may still be written after the last capture, and move what a restore needs.
      const trimmed = async (): Promise<number> => {
        await processor.trim(`${bench.prefix}-loader`);
        const restore = await restoreOf(0);
        const low = (await bench.admin.watermarks(eventsTopic)).get(0)?.low ?? -1;
        return restore > 0 ? low - restore : NaN;
      };
      await expect.poll(trimmed, { timeout: 30_000 }).toBe(0);
      const lows = await bench.admin.watermarks(eventsTopic);
      expect(lows.get(1)?.low).toBe(Math.min(3, await restoreOf(1)));
      expect(lows.get(2)?.low).toBe(0);
      await processor.stop();
      const again = await bench.start();
      await bench.send(input(12, 1).map((m) => ({ ...m, timestamp: 1_700_000_100_000 })));
      await bench.caughtUp();
      expect(again.notReady()).toEqual([]);
      const seqs = (await bench.events(0)).filter((e) => e.kind === 'delta').map(({ delta }) => delta.seq);
      expect(Math.max(...seqs)).toBe(61);
    },
  );

  it('finishes what it has begun when it is asked to stop', { timeout: 60_000 }, async () => {
    const calm = new Bench(brokers);
    try {
      await calm.createTopics();
      const messages = input(12, 200);
      await calm.send(messages);
      await calm.start();
      await calm.caughtUp();
      await bench.send(messages);
      const child = bench.spawn();
      await waitFor('its first commits', async () => (await bench.committedInAll()) > 0, {
        limitMs: 30_000,
        everyMs: 20,
      });
      const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      expect(await ended).toBe(0);
      // It has left the group: the next one need not wait for its session to time out.
      const began = performance.now();
      await bench.start();
      await bench.caughtUp();
      expect(performance.now() - began).toBeLessThan(bench.options.sessionTimeoutMs);
      expect(await bench.fingerprint()).toBe(await calm.fingerprint());
    } finally {
      await calm.stop();
    }
  });

  it('shares its partitions with a second one, and takes them back', { timeout: 60_000 }, async () => {
    const calm = new Bench(brokers);
    try {
      await calm.createTopics();
      const messages = input(12, 120);
      await calm.send(messages);
      await calm.start();
      await calm.caughtUp();
      await bench.start();
      const half = messages.length / 2;
      await bench.send(messages.slice(0, half));
      const second = await bench.start();
      await bench.send(messages.slice(half));
      await waitFor('the second to get partitions', () => second.notReady().length === 0, {
        limitMs: 20_000,
      });
      await second.stop();
      await bench.caughtUp();
      expect(await bench.fingerprint()).toBe(await calm.fingerprint());
    } finally {
      await calm.stop();
    }
  });

  it('reads captures that were compressed by their producer', { timeout: 30_000 }, async () => {
    await bench.start();
    await bench.send([
      { key: 'r', value: gzipSync('capture'), headers: { 'content-encoding': 'gzip' } },
      { key: 'r', value: Buffer.from('capture'), headers: { 'content-encoding': 'br' } },
    ]);
    await bench.caughtUp();
    expect((await bench.deadLetters()).map((letter) => readDeadLetter(letter)?.reason)).toEqual(['headers']);
  });
});
