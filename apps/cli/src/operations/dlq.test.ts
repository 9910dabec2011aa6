import {
  deadLetterOf,
  doneHeader,
  headerText,
  openLetters,
  type DeadLetterPort,
  type Message,
  type OutgoingMessage,
} from '@sessionreel/kafka';
import { PassThrough } from 'node:stream';
import { beforeEach, describe, expect, it } from 'vitest';
import { deal, list, showLetter } from './dlq.ts';
import { run } from '../io.fixture.ts';
import { processIo, type Io } from '../terminal/terminal.ts';

/** Two partitions in memory that keep what is sent, and forget what is trimmed. */
class MemoryTopic implements DeadLetterPort {
  readonly stored: Message[][] = [[], []];
  readonly low = [0, 0];
  readonly captures: OutgoingMessage[] = [];

  partitions(): Promise<number> {
    return Promise.resolve(this.stored.length);
  }

  async *read(partition: number, from = 0, to = Infinity): AsyncGenerator<Message> {
    await Promise.resolve();
    for (const message of this.stored[partition] ?? []) {
      if (message.offset >= Math.max(from, this.low[partition] ?? 0) && message.offset < to) yield message;
    }
  }

  send(topic: 'snapshots' | 'deadLetters', messages: readonly OutgoingMessage[]): Promise<void> {
    if (topic === 'snapshots') this.captures.push(...messages);
    else for (const message of messages) this.add(message.partition ?? 0, message);
    return Promise.resolve();
  }

  trim(partition: number, offset: number): Promise<void> {
    this.low[partition] = offset;
    return Promise.resolve();
  }

  add(partition: number, message: OutgoingMessage): void {
    const list = this.stored[partition] ?? [];
    list.push({
      partition,
      offset: list.length,
      timestamp: message.timestamp ?? 0,
      key: message.key === null ? null : Buffer.from(message.key),
      value: message.value === null ? null : Buffer.from(message.value),
      headers: (message.headers ?? {}) as Message['headers'],
    });
  }

  /** A capture that failed. */
  fail(
    partition: number,
    router: string,
    reason: string,
    timestamp: number,
    value = 'rubbish\u001b[31m',
    error = `because of ${router}`,
  ): void {
    const message: Message = {
      partition: 5,
      offset: timestamp,
      timestamp,
      key: Buffer.from(router),
      value: Buffer.from(value),
      headers: { command: Buffer.from('show version') },
    };
    this.add(partition, deadLetterOf(message, reason, error));
  }
}

function captured(): { io: Io; out: () => string; err: () => string } {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const read = (stream: PassThrough) => (): string => String((stream.read() as Buffer | null) ?? '');
  return { io: { ...processIo, stdout, stderr }, out: read(stdout), err: read(stderr) };
}

describe('reel dlq', () => {
  let topic: MemoryTopic;
  beforeEach(() => {
    topic = new MemoryTopic();
    topic.fail(0, 'lns1', 'parse', 3000);
    topic.fail(1, 'lns2', 'headers', 1000);
    topic.fail(0, 'lns1', 'worker', 2000);
  });
  const ids = async (): Promise<string[]> => (await openLetters(topic)).map((x) => x.id);

  it('lists what nobody dealt with, oldest first', async () => {
    expect(await ids()).toEqual(['1/0', '0/1', '0/0']);
    const { io, out } = captured();
    await list(topic, { output: 'ndjson', router: 'lns1', reason: 'parse' }, io);
    expect(JSON.parse(out())).toEqual({
      id: '0/0',
      at: '1970-01-01T00:00:03Z',
      router: 'lns1',
      reason: 'parse',
      tries: 1,
      size_bytes: 12,
      source: '5/3000',
      error: 'because of lns1',
    });
  });

  it('says so when there is none', async () => {
    const { io, out, err } = captured();
    await list(topic, { output: 'table', router: 'nobody' }, io);
    expect([out(), err()]).toEqual(['', 'reel: no dead letters\n']);
  });

  it('shows one, with what could harm a terminal escaped; raw bytes go into pipes', async () => {
    const shown = captured();
    await showLetter(topic, '0/0', false, shown.io);
    const text = shown.out();
    expect(text).toMatch(/reason +parse\n/);
    expect(text).toMatch(/header command +show version\n/);
    expect(text).toContain('rubbish\\x1b[31m');
    const raw = captured();
    await showLetter(topic, '0/0', true, raw.io);
    expect(raw.out()).toBe('rubbish\u001b[31m');
  });

  it('tells nothing that may hold a user name to whom names are masked', async () => {
    const { io, out } = captured();
    const mask = (): string => 'user-0';
    topic.fail(0, 'lns1', 'parse', 4000, 'User name: anna', 'stops at "anna"');
    await list(topic, { output: 'ndjson' }, io, mask);
    await showLetter(topic, '0/2', false, io, mask);
    const text = out();
    expect(text).toContain('"id":"0/2"');
    expect(text).toContain('stops at (masked)');
    expect(text).not.toContain('anna');
    await expect(showLetter(topic, '0/2', true, io, mask)).rejects.toMatchObject({ status: 2 });
  });

  it('retries one: the message as it came, with the number of its tries; then it is no longer listed', async () => {
    const { io, out } = captured();
    await deal(topic, 'retry', ['0/1'], {}, io);
    expect(out()).toBe('1 letter sent again\n');
    expect(topic.captures).toMatchObject([{ key: Buffer.from('lns1') }]);
    const sent = topic.captures[0] as unknown as Message;
    expect(headerText(sent, 'command')).toBe('show version');
    expect(headerText(sent, 'captured-at')).toBe('2000');
    expect(headerText(sent, 'sessionreel-tries')).toBe('1');
    expect(headerText(sent, 'dlq-reason')).toBeUndefined();
    expect(await ids()).toEqual(['1/0', '0/0']);
    // 0/0 is still open: nothing below it may go.
    expect(topic.low).toEqual([0, 0]);
  });

  it('retries several in the order in which they came, however they are named', async () => {
    const { io } = captured();
    await deal(topic, 'retry', ['0/0', '1/0', '0/1'], {}, io);
    expect(topic.captures.map((sent) => headerText(sent as unknown as Message, 'captured-at'))).toEqual([
      '1000',
      '2000',
      '3000',
    ]);
  });

  it('drops all of one reason, and frees what is done', async () => {
    const { io } = captured();
    await deal(topic, 'drop', [], { all: true, reason: 'parse' }, io);
    expect(topic.captures).toEqual([]);
    expect(await ids()).toEqual(['1/0', '0/1']);
    expect(topic.low).toEqual([1, 0]);
    await deal(topic, 'drop', ['0/1', '1/0'], {}, io);
    expect(await ids()).toEqual([]);
    // Marks go with the letters that they mark.
    expect(topic.low).toEqual([4, 2]);
    topic.fail(1, 'lns3', 'parse', 9000);
    expect(await ids()).toEqual(['1/2']);
  });

  it('does nothing at all when one of several is not there', async () => {
    const { io } = captured();
    await expect(deal(topic, 'retry', ['0/0', '0/99'], {}, io)).rejects.toMatchObject({ status: 1 });
    await expect(deal(topic, 'retry', ['7/0'], {}, io)).rejects.toThrow('no dead letter 7/0');
    expect(topic.captures).toEqual([]);
    expect(topic.stored[0]?.some((x) => headerText(x, doneHeader) !== undefined)).toBe(false);
  });

  it('wants to be told which', async () => {
    const { io } = captured();
    await expect(deal(topic, 'drop', [], {}, io)).rejects.toMatchObject({ status: 2 });
    await expect(deal(topic, 'drop', ['0/0'], { all: true }, io)).rejects.toMatchObject({ status: 2 });
    await expect(deal(topic, 'drop', ['17'], {}, io)).rejects.toThrow('names no dead letter');
    await expect(showLetter(topic, '17', false, io)).rejects.toMatchObject({ status: 2 });
    expect((await run(['dlq', 'nosuch'])).status).toBe(2);
    expect((await run(['dlq', 'list', '--kafka-brokers', '127.0.0.1:1'])).status).toBe(3);
  });
});
