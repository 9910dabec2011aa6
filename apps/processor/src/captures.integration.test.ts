import { readFileSync, readdirSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { headersOf, makeFleet, simulate, type Capture } from '@sessionreel/fleet-sim';
import {
  dealWith,
  kafkaDeadLetters,
  openLetters,
  readDeadLetter,
  type OutgoingMessage,
} from '@sessionreel/kafka';
import { waitFor } from '@sessionreel/ops';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { Bench, partitions } from '../fixtures/bench.ts';
import { realWorker } from '../fixtures/test-options.ts';

const brokers = inject('brokers');
const samples = new URL('../../../libs/junos-l2tp/fixtures/', import.meta.url);
const real = { worker: realWorker, workerTimeoutMs: 30_000, checkpointFloor: 4_000 };

let bench: Bench;
beforeEach(async () => {
  bench = new Bench(brokers);
  await bench.createTopics();
});
afterEach(() => bench.stop(), 30_000);

/** The vendor's nine reference outputs, by the name of their folder. */
function references(): [name: string, bytes: Buffer][] {
  return readdirSync(samples)
    .filter((name) => /^0\d-/.test(name))
    .sort()
    .map((name) => {
      const folder = new URL(`${name}/`, samples);
      const file = readdirSync(folder).find((one) => one.startsWith('in')) ?? '';
      return [name, readFileSync(new URL(file, folder))];
    });
}

describe('captures through the processor', () => {
  it('makes the nine reference captures events', { timeout: 30_000 }, async () => {
    await bench.start(real);
    const all = references();
    expect(all).toHaveLength(9);
    await bench.send(all.map(([key, value]) => ({ key, value, headers: { complete: 'true' } })));
    await bench.caughtUp();
    expect(await bench.deadLetters()).toEqual([]);
    const events = await bench.allEvents();
    const seen = events.map(({ delta }) => {
      const [entry] = delta.ledger;
      return `${delta.router.slice(0, 2)} ${entry?.outcome} ${entry?.level} ${entry?.variant} ${delta.opened.length} ${String(entry?.complete)}`;
    });
    expect(seen.sort()).toEqual([
      '01 applied brief lns-m 1 true',
      '02 applied brief lns-mx 1 true',
      '03 applied brief lac 1 true',
      '04 applied detail lac 1 true',
      '05 applied extensive lac 1 true',
      '06 applied extensive lac 1 true',
      '07 applied extensive lns-m 2 true',
      '08 applied extensive lns-mx 1 true',
      '09 applied statistics lns-mx 1 true',
    ]);
  });

  it('writes what changed between two captures, and nothing else', { timeout: 30_000 }, async () => {
    await bench.start(real);
    const text =
      references()
        .find(([name]) => name.startsWith('08'))?.[1]
        .toString() ?? '';
    const later = text.replace(/State: Established/, 'State: destroyed');
    expect(later).not.toBe(text);
    const headers = { complete: 'true', command: 'show services l2tp session extensive' };
    const timestamp = Date.now() - 60_000;
    await bench.send([
      { key: 'lns1', value: Buffer.from(text), headers, timestamp },
      { key: 'lns1', value: Buffer.from(later), headers, timestamp: timestamp + 10_000 },
      // The same again is stale.
      { key: 'lns1', value: Buffer.from(later), headers, timestamp: timestamp + 10_000 },
      {
        key: 'lns1',
        value: Buffer.from('error: no route to daemon\n'),
        headers,
        timestamp: timestamp + 20_000,
      },
    ]);
    await bench.caughtUp();
    const deltas = (await bench.allEvents()).map(({ delta }) => delta);
    expect(deltas.map((delta) => delta.ledger[0]?.outcome)).toEqual([
      'applied',
      'applied',
      'stale',
      'dead_letter',
    ]);
    expect(deltas[1]?.changed.map((image) => image.changed)).toEqual([['state']]);
    expect(deltas[1]?.opened).toEqual([]);
    expect(deltas[1]?.closed).toEqual([]);
    expect(deltas.map((delta) => delta.seq)).toEqual([1, 2, 3, 4]);
    const [letter] = await bench.deadLetters();
    expect(letter && readDeadLetter(letter)).toMatchObject({ reason: 'parse' });
    expect(letter && readDeadLetter(letter)?.error).toContain('no route to daemon');
  });

  it(
    'takes dead letters that are retried in their order; one that is stale by now stays stale',
    { timeout: 60_000 },
    async () => {
      const data = { ...(realWorker.data as object), expansionLimit: 100 };
      const narrow = await bench.start({ ...real, worker: { ...realWorker, data } });
      const text =
        references()
          .find(([name]) => name.startsWith('08'))?.[1]
          .toString() ?? '';
      const capture = (state: string, timestamp: number, zipped = true): OutgoingMessage => ({
        key: 'lns1',
        value: ((bytes) => (zipped ? gzipSync(bytes) : bytes))(
          Buffer.from(text.replace('State: Established', `State: ${state}`)),
        ),
        headers: {
          complete: 'true',
          command: 'show services l2tp session extensive',
          ...(zipped ? { 'content-encoding': 'gzip' } : {}),
        },
        timestamp,
      });
      const at = Date.now() - 60_000;
      await bench.send([capture('Established', at), capture('destroyed', at + 10_000)]);
      await bench.caughtUp();
      const { snapshotsTopic: snapshots, deadLettersTopic: deadLetters } = bench.options;
      const port = kafkaDeadLetters(bench.client, bench.admin, bench.producer, { snapshots, deadLetters });
      const letters = await openLetters(port);
      expect(letters.map(({ letter }) => letter.time)).toEqual([at, at + 10_000]);
      await narrow.stop();
      await bench.start(real);
      await dealWith(port, 'retry', letters.map(({ id }) => id).reverse());
      await bench.caughtUp();
      const late = letters.map(({ letter }) => letter.time);
      await bench.send([capture('Established', at + 20_000, false), capture('destroyed', late[1] ?? 0)]);
      await bench.caughtUp();
      const events = (await bench.allEvents()).filter(({ kind }) => kind === 'delta');
      const deltas = events.map(({ delta }) => delta);
      expect(deltas.map(({ ledger }) => ledger[0]?.outcome)).toEqual([
        ...['dead_letter', 'dead_letter', 'applied', 'applied', 'applied', 'stale'],
      ]);
      expect(deltas.map(({ captured_at }) => captured_at - at)).toEqual([
        0, 10_000, 0, 10_000, 20_000, 10_000,
      ]);
      expect(deltas.map(({ opened, changed }) => [opened.length, changed.length]).slice(2)).toEqual([
        [1, 0],
        [0, 1],
        [0, 1],
        [0, 0],
      ]);
      expect(await openLetters(port)).toEqual([]);
    },
  );

  it('takes nothing for a snapshot that is none', { timeout: 30_000 }, async () => {
    await bench.start(real);
    const nonsense = [
      Buffer.from('nonsense'),
      Buffer.from('Hostname: lns1\nModel: mx480\n'),
      Buffer.from([0, 1, 2, 255]),
      Buffer.from('\n\n'),
      Buffer.from('{"a": 1}'),
      Buffer.from('<rpc-reply><rpc-error><error-message>no</error-message></rpc-error></rpc-reply>'),
      gzipSync(Buffer.alloc(20_000_000, 'x')),
      gzipSync(Buffer.from('cut short')).subarray(0, 15),
    ];
    const command = 'show services l2tp session';
    await bench.send(
      nonsense.map((value, i) => ({
        key: 'lns1',
        value,
        headers: i < 6 ? { command: i % 2 === 0 ? '' : command } : { 'content-encoding': 'gzip' },
      })),
    );
    await bench.caughtUp();
    const letters = (await bench.deadLetters()).map((letter) => readDeadLetter(letter));
    const parse = new Array<string>(6).fill('parse');
    expect(letters.map((letter) => letter?.reason)).toEqual([...parse, 'too_large', 'encoding']);
    const deltas = (await bench.allEvents()).map(({ delta }) => delta);
    expect(deltas.map((delta) => delta.ledger[0]?.outcome)).toEqual(new Array(8).fill('dead_letter'));
    expect(deltas.flatMap((delta) => [...delta.opened, ...delta.closed])).toEqual([]);
  });

  it(
    'gives the same history of a living fleet after kill -9, again and again',
    { timeout: 120_000 },
    async () => {
      const messages = livingFleet();
      const calm = new Bench(brokers);
      try {
        await calm.createTopics();
        await calm.send(messages);
        await calm.start({ ...real, checkpointFloor: 1e9, breakerShare: 1 });
        await calm.caughtUp(60_000);
        const kinds = new Set((await calm.allEvents()).map(({ kind }) => kind));
        expect(kinds).toEqual(new Set(['delta', 'keyframe']));
        await bench.send(messages);
        for (let kills = 0; kills < 3; kills++) {
          const before = await bench.committedInAll();
          const child = bench.spawn('one', true);
          await waitFor('the next commit', async () => (await bench.committedInAll()) > before, {
            limitMs: 30_000,
            everyMs: 20,
          });
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 100));
          child.kill('SIGKILL');
        }
        await bench.start({ ...real, breakerShare: 1 });
        await bench.caughtUp(60_000);
        expect((await bench.allEvents()).some(({ kind }) => kind === 'checkpoint')).toBe(true);
        expect(await bench.fingerprintWithoutLayouts()).toBe(await calm.fingerprintWithoutLayouts());
        await expectUnbrokenChains(bench);
      } finally {
        await calm.stop();
      }
    },
  );
});

/** A day of a few routers that fail in every way, in parts, with levels that take turns. */
function livingFleet(): OutgoingMessage[] {
  const simulation = simulate({
    seed: 'delivery',
    routers: makeFleet({ count: 6, sessions: 40, formats: ['text', 'xml', 'json'] }, 'delivery'),
    start: Date.UTC(2026, 10, 1),
    durationMs: 20 * 3_600_000,
    pollEveryMs: 30 * 60_000,
    faults: 'harsh',
    partSessions: 15,
  });
  const captures = [...simulation].filter((item): item is Capture => item.kind === 'capture');
  return captures.map((capture) => ({
    key: capture.router,
    value: capture.bytes,
    headers: headersOf(capture),
    timestamp: capture.at,
  }));
}

async function expectUnbrokenChains(of: Bench): Promise<void> {
  for (let partition = 0; partition < partitions; partition++) {
    const entries = (await of.events(partition)).flatMap(({ delta }) => delta.ledger);
    const offsets = [...new Set(entries.map((entry) => entry.source_offset))];
    expect(offsets).toEqual(offsets.map((_, i) => i));
    for (const entry of entries) expect(entry.previous_source_offset).toBe(entry.source_offset - 1);
  }
}
