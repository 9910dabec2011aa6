import { describe, expect, it } from 'vitest';
import { withoutAborted } from './reader.ts';

const message = (offset: number, producerId: string, control = false, inTransaction = true): never =>
  ({
    offset: String(offset),
    key: null,
    value: null,
    headers: {},
    isControlRecord: control,
    batchContext: { producerId, inTransaction },
  }) as never;

describe('withoutAborted', () => {
  it('drops both of two aborted transactions that began before the first message', () => {
    const kept = withoutAborted({
      lastStableOffset: '30',
      highWatermark: '30',
      abortedTransactions: [
        { producerId: '1', firstOffset: '3' },
        { producerId: '2', firstOffset: '4' },
      ],
      messages: [
        message(20, '2'),
        message(21, '1'),
        message(22, '3'),
        message(23, '2', true),
        message(24, '2'),
        message(25, '1', false, false),
        message(26, '1', true),
        message(27, '1'),
      ],
    });
    expect(kept.map((m) => m.offset)).toEqual(['22', '24', '25', '27']);
  });
});
