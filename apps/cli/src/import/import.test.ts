import { mkdtempSync, utimesSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { KafkaProducer, OutgoingMessage } from '@sessionreel/kafka';
import { KafkaError } from '@sessionreel/kafka';
import type { QueryClient } from '@sessionreel/queries';
import { describe, expect, it } from 'vitest';
import { prepare, type ImportFlags, type Preparation } from './import-prepare.ts';
import { checkSizes, sendCapture } from './import-send.ts';
import { waitForLedger } from './import-wait.ts';
import { processIo } from '../terminal/terminal.ts';
import { run } from '../io.fixture.ts';
import { spool } from './spool.ts';

const folder = mkdtempSync(join(tmpdir(), 'reel-import-test-'));
const now = Date.UTC(2026, 10, 20, 12);
let files = 0;
function file(content: string | Uint8Array, time = '2026-11-20T09:00:00Z'): string {
  const path = join(folder, `capture-${files++}.txt`);
  writeFileSync(path, content);
  utimesSync(path, new Date(time), new Date(time));
  return path;
}

const brief = `user@lns1> show services l2tp session
Tunnel local ID: 31889
  Local  Remote   State                Interface         Interface
  ID     ID                            unit              Name
   31694      1   Established                311         pp0

user@lns1> `;

const extensive = (sessions: number): string =>
  `user@lns1> show services l2tp session extensive\nTunnel local ID: 7\n${Array.from(
    { length: sessions },
    (_, i) => `  Session local ID: ${(i % 65535) + 1}, Session remote ID: 9
    Interface unit: ${1073741824 + i}
    State: Established
    Interface: si-5/2/0
    Mode: Dedicated
    Local IP: 10.0.0.1:1701, Remote IP: 10.0.0.2:1701
    Local name: lns-mx960, Remote name: testlac
    Create time: Fri Nov 20 10:00:00 2026, Up time: 01:00:00
    Idle time: N/A
`,
  ).join('')}\nuser@lns1> `;

async function prepareFile(path: string, flags: ImportFlags = {}): Promise<Preparation> {
  const spooled = await spool(path, processIo);
  try {
    return await prepare(path, spooled, flags, now, () => undefined);
  } finally {
    await spooled.close();
  }
}

describe('what is found out before anything is sent', () => {
  it("the router from the prompt, and the file's time where the listing shows no clock", async () => {
    const { captures } = await prepareFile(file(brief));
    expect(captures).toMatchObject([
      { router: 'lns1', capturedAt: Date.UTC(2026, 10, 20, 9), snapshotId: '', command: '', complete: false },
    ]);
  });

  it("the router's clock, in its zone, before the file's time", async () => {
    const path = file(extensive(2));
    expect((await prepareFile(path)).captures[0]?.capturedAt).toBe(Date.UTC(2026, 10, 20, 11));
    const { captures } = await prepareFile(path, { timezone: 'Europe/Berlin' });
    expect(captures[0]?.capturedAt).toBe(Date.UTC(2026, 10, 20, 10));
  });

  it('what is asked for, before everything', async () => {
    const flags = {
      router: 'edge "7"',
      capturedAt: 5,
      command: 'show services l2tp session extensive',
      complete: true,
    };
    expect((await prepareFile(file(extensive(2)), flags)).captures).toMatchObject([flags]);
  });

  it('a snapshot for each command of a session log; the end of all but the last was seen', async () => {
    const log = `${brief.trimEnd()} show version\nHostname: lns1\n${extensive(1)}`;
    const { captures, skipped } = await prepareFile(file(log));
    expect(captures.map((x) => [x.facts?.level, x.complete, x.facts?.complete])).toEqual([
      ['brief', true, true],
      ['extensive', false, true],
    ]);
    expect(skipped).toBe(1);
  });

  it('an id for a snapshot of several parts, which the same file always gets', async () => {
    const text = extensive(3000);
    const first = await prepareFile(file(text));
    const again = await prepareFile(file(text));
    expect(first.captures[0]?.plan.parts.length).toBeGreaterThan(1);
    expect(first.captures[0]?.snapshotId).toMatch(/^import-[0-9a-f]{24}$/);
    expect(again.captures[0]?.snapshotId).toBe(first.captures[0]?.snapshotId);
    const other = await prepareFile(file(text), { router: 'lns2' });
    expect(other.captures[0]?.snapshotId).not.toBe(first.captures[0]?.snapshotId);
  });

  it('the same of a compressed file', async () => {
    for (const compress of [gzipSync, zstdCompressSync]) {
      const { captures } = await prepareFile(file(compress(extensive(2))));
      expect(captures).toMatchObject([{ router: 'lns1', facts: { sessions: 2 } }]);
    }
  });

  it.each([
    ['an empty file', '', 'the file is empty'],
    ['a binary file', Uint8Array.from({ length: 3000 }, (_, i) => (i * 89) % 256), 'this is no output'],
    ['prose', 'Dear all,\n\nplease find the capture attached.\n', 'this is no output'],
    ["another command's output", 'user@lns1> show version\nHostname: lns1\n', 'this is no output'],
    [
      'an error reply',
      'user@lns1> show services l2tp session\nerror: timeout\nuser@lns1> ',
      'error: timeout',
    ],
    ['a broken gzip file', Uint8Array.of(0x1f, 0x8b, 8, 0, 1, 2, 3), 'can not be expanded'],
    ['a clock in the future', extensive(1).replace('2026', '2027'), 'in the future'],
  ])('%s is refused', async (_, content, message) => {
    const router = { router: 'lns1' };
    await expect(prepareFile(file(content), router)).rejects.toThrow(message);
    const { status, stdout, stderr } = await run(['import', file(content), '--router', 'lns1'], { now });
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain(message);
  });

  it('100 MB without a line in it are refused, in little time', { timeout: 20_000 }, async () => {
    await expect(prepareFile(file(Buffer.alloc(100_000_000, 'x')), { router: 'r' })).rejects.toThrow(
      'no output',
    );
  });

  it('a router that no prompt names must be named', async () => {
    const reply = brief.slice(brief.indexOf('\n') + 1).replace('user@lns1> ', '');
    await expect(prepareFile(file(reply))).rejects.toMatchObject({ status: 2 });
  });
});

describe('wrong usage', () => {
  it.each([
    [['--router', 'x'.repeat(300)], '300 bytes: 255 is the most'],
    [['--router', ' '], 'is empty'],
    [['--router', 'a\nb'], 'control characters'],
    [['--captured-at', 'yesterday'], 'is not a time'],
    [['--timezone', 'Mars/Olympus'], 'no time zone'],
    [['--command', 'show version'], 'is not "show services l2tp session"'],
    [['--wait', '--wait-limit', 'long'], 'wants a number'],
  ])('%j is told apart from wrong data', async (options, message) => {
    const { status, stderr } = await run(['import', file(brief), ...options]);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
  });

  it('a broker that does not answer is status 3, with where to set it', async () => {
    const { status, stderr } = await run(['import', file(brief), '--kafka-brokers', '127.0.0.1:1'], { now });
    expect(status).toBe(3);
    expect(stderr).toMatch(/Kafka does not answer at 127\.0\.0\.1:1\n.*REEL_KAFKA_BROKERS/);
  });
});

describe('sending', () => {
  async function send(path: string, flags: ImportFlags, failAt = Infinity): Promise<OutgoingMessage[]> {
    const messages: OutgoingMessage[] = [];
    const producer: Pick<KafkaProducer, 'send'> = {
      send: (_topic, batch) => {
        if (messages.length >= failAt) return Promise.reject(new KafkaError('unreachable', 'gone'));
        messages.push(...batch);
        return Promise.resolve([{ partition: 3, firstOffset: 100 + messages.length }]);
      },
    };
    const { captures } = await prepareFile(path, flags);
    const handle = await open(path);
    try {
      for (const capture of captures) {
        await sendCapture(producer, 'l2tp.snapshots', handle, capture, flags, () => undefined);
      }
    } finally {
      await handle.close();
    }
    return messages;
  }

  it('one message is the file as it is', async () => {
    const [message, ...more] = await send(file(brief), { timezone: 'Europe/Berlin', complete: true });
    expect(more).toEqual([]);
    expect(message).toMatchObject({
      key: 'lns1',
      headers: { 'captured-at': '2026-11-20T09:00:00.000Z', complete: 'true', timezone: 'Europe/Berlin' },
    });
    expect(String(message?.value)).toBe(brief);
  });

  it('parts are numbered, name their snapshot and command, and all but the last are whole', async () => {
    const messages = await send(file(extensive(3000)), {});
    const { length } = messages;
    expect(length).toBeGreaterThan(1);
    expect(messages.map((x) => x.headers?.['part'])).toEqual(messages.map((_, i) => `${i + 1}/${length}`));
    expect(new Set(messages.map((x) => x.headers?.['snapshot-id'])).size).toBe(1);
    expect(new Set(messages.map((x) => x.headers?.['command']))).toEqual(
      new Set(['show services l2tp session extensive']),
    );
    expect(messages.map((x) => x.headers?.['complete'])).toEqual(
      messages.map((_, i) => (i + 1 < length ? 'true' : undefined)),
    );
    for (const message of messages.slice(1))
      expect(String(message.value)).toMatch(/^Tunnel local ID: 7\n {2}Session local ID/);
  });

  it('says how far it came when Kafka goes away', async () => {
    await expect(send(file(extensive(3000)), {}, 1)).rejects.toMatchObject({
      status: 3,
      message: expect.stringMatching(/1 of \d+ parts were sent/) as string,
    });
  });

  it('refuses what can not be divided so that the topic takes it', async () => {
    const { captures } = await prepareFile(file(brief));
    expect(() => checkSizes(captures, 4000)).toThrow('without a place to divide them');
    expect(() => checkSizes(captures, 1_000_000)).not.toThrow();
  });
});

describe('waiting', () => {
  const sent = { capture: {} as never, partition: 3, offsets: [7, 8] };
  const client = (answer: (query: string) => object[]): QueryClient => ({
    rows: <T>(query: string) => Promise.resolve(answer(query) as T[]),
    blocks: () => {
      throw new Error('not asked for');
    },
    native: () => {
      throw new Error('not asked for');
    },
  });
  const outcome = (offset: number): object => ({
    partition: 3,
    offset: String(offset),
    outcome: 'applied',
    reason: '',
    router: 'r',
    at: '5',
  });

  it('ends when every message can be queried', async () => {
    let asked = 0;
    const store = client((query) => {
      if (!query.includes('loader_progress')) return [{ source_offset: '8', final: true }];
      return asked++ < 2 ? [outcome(7)] : [outcome(7), outcome(8)];
    });
    const became = await waitForLedger(store, sent, 5_000, () => undefined);
    expect(became.outcomes.map((x) => x.offset)).toEqual([7, 8]);
    expect(became.last).toEqual([{ source_offset: '8', final: true }]);
    expect(asked).toBe(3);
  });

  it('ends with status 3 when they do not come', async () => {
    const store = client(() => [outcome(7)]);
    await expect(waitForLedger(store, sent, 300, () => undefined)).rejects.toMatchObject({ status: 3 });
  });
});
