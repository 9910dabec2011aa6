import type { Message } from '@sessionreel/kafka';
import {
  UnknownSchemaError,
  createEventWriter,
  currentDatum,
  encodeEvent,
  takeWritten,
} from '@sessionreel/session-events';
import { emptyDelta } from '@sessionreel/session-model';
import { expect, test } from 'vitest';
import { readEvent } from './events.ts';

const at = Date.UTC(2026, 10, 20, 10);

function event(): Uint8Array {
  const writer = createEventWriter();
  encodeEvent(emptyDelta({ router: 'lns1', at, seq: 1, gop: at }), writer);
  return takeWritten(writer);
}

const message = (value: Uint8Array | null, headers: Message['headers'] = {}): Message => ({
  partition: 0,
  offset: 7,
  timestamp: 1,
  key: null,
  value,
  headers,
});

test('an event is taken as it is, less its framing, and outlives the bytes that it came in', async () => {
  const value = event();
  const reading = await readEvent(message(value), undefined);
  if (reading.kind !== 'entry' || reading.entry.datum === undefined) return expect.fail('no entry');
  const kept = Buffer.from(reading.entry.datum);
  expect(kept).toEqual(Buffer.from(value.subarray(10)));
  value.fill(0);
  expect(Buffer.from(reading.entry.datum)).toEqual(kept);
  expect(reading.entry).toMatchObject({ offset: 7, day: Math.floor(at / 86_400_000) });
});

test('a checkpoint only moves the offset', async () => {
  const reading = await readEvent(message(event(), { kind: Buffer.from('checkpoint') }), undefined);
  expect(reading).toMatchObject({ kind: 'entry', entry: { offset: 7, datum: undefined } });
});

test.each([
  ['nothing', null],
  ['too little', new Uint8Array([0xc3, 1, 2])],
  ['other bytes', Buffer.from('this is no event of ours')],
])('%s is no event', async (_, value) => {
  expect((await readEvent(message(value), undefined)).kind).toBe('bad');
});

test('an event of a schema that nobody here knows is not guessed at', async () => {
  const value = event();
  value[4] = (value[4] ?? 0) ^ 0xff;
  await expect(readEvent(message(value), undefined)).rejects.toBeInstanceOf(UnknownSchemaError);
  expect(() => currentDatum(value.subarray(10), 'ffffffffffffffff')).toThrow(UnknownSchemaError);
});
