import { describe, expect, it } from 'vitest';
import { deadLetterOf, readDeadLetter, retryOf } from './dead-letters.ts';
import { kafkajsMessageOf, messageOf, type Message, type OutgoingMessage } from './message.ts';

const original: Message = {
  partition: 3,
  offset: 42,
  timestamp: 1_700_000_000_000,
  key: Buffer.from('lns1'),
  value: Buffer.from([0, 255, 1]),
  headers: {
    command: Buffer.from('show services l2tp session'),
    twice: [Buffer.from('a'), Buffer.from('b')],
  },
};

/** As Kafka would give it back. */
function consumed(out: OutgoingMessage): Message {
  const sent = kafkajsMessageOf(out);
  return messageOf(0, {
    ...sent,
    timestamp: sent.timestamp ?? '0',
    attributes: 0,
    offset: '7',
    headers: sent.headers ?? {},
  });
}

describe('dead letters', () => {
  it('keep the message as it was, and say why', () => {
    const letter = consumed(deadLetterOf(original, 'parse', 'line 3: no table'));
    expect(letter).toMatchObject({ key: original.key, value: original.value, timestamp: 0 });
    expect(letter.headers['twice']).toEqual(original.headers['twice']);
    expect(readDeadLetter(letter)).toEqual({
      reason: 'parse',
      error: 'line 3: no table',
      partition: 3,
      offset: 42,
      time: 1_700_000_000_000,
      tries: 1,
    });
    expect(readDeadLetter(original)).toBeUndefined();
  });

  it('count on over a retry, which is the original again', () => {
    const again = consumed(retryOf(consumed(deadLetterOf(original, 'parse', 'x'))));
    expect(again.headers['captured-at']?.toString()).toBe(String(original.timestamp));
    expect(again.headers['command']).toEqual(original.headers['command']);
    expect(Object.keys(again.headers).some((name) => name.startsWith('dlq-'))).toBe(false);
    expect(readDeadLetter(consumed(deadLetterOf(again, 'parse', 'x')))?.tries).toBe(2);
  });
});
