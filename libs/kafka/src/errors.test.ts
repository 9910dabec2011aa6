import { describe, expect, it } from 'vitest';
import { KafkaError, kafkaErrorOf } from './errors.ts';

describe('kafkaErrorOf', () => {
  it('takes the innermost cause that says something', () => {
    const inner = Object.assign(new Error('old epoch'), {
      name: 'KafkaJSProtocolError',
      type: 'INVALID_PRODUCER_EPOCH',
    });
    const outer = Object.assign(new Error('gave up', { cause: inner }), { name: 'KafkaJSNonRetriableError' });
    const known = kafkaErrorOf(outer, 'committing');
    expect(known.code).toBe('fenced');
    expect(known.retryable).toBe(false);
    expect(known.message).toBe('committing: gave up');
  });
  it('says whether a retry can help', () => {
    const closed = Object.assign(new Error('gone'), { name: 'KafkaJSConnectionClosedError' });
    expect(kafkaErrorOf(closed, 'x')).toMatchObject({ code: 'unreachable', retryable: true });
    expect(kafkaErrorOf(new TypeError('a bug'), 'x')).toMatchObject({ code: 'protocol', retryable: false });
  });
  it('leaves its own alone', () => {
    const own = new KafkaError('closed', 'stopped');
    expect(kafkaErrorOf(own, 'x')).toBe(own);
  });
});
