import { expect, test } from 'vitest';
import { answerOf, decoded, giveBack, handedOver, takeMemory } from './frame-memory.ts';
import type { Message } from './message.ts';

const mib = 2 ** 20;
let offset = 0;
const message = (): Message => ({
  partition: 0,
  offset: offset++,
  timestamp: 0,
  key: null,
  value: null,
  headers: {},
});

/** An answer with records of two partitions. */
function answer(bytes: number): { memory: Buffer; first: object[]; second: object[] } {
  const memory = takeMemory(bytes);
  const first = [{}, {}];
  const second = [{}];
  decoded(first, memory.subarray(10, 20));
  decoded(second, memory.subarray(20, 30));
  return { memory, first, second };
}

test('memory is used again when every message of every partition was given back', () => {
  const { memory, first, second } = answer(3 * mib);
  const [a, b, c] = [message(), message(), message()];
  handedOver(first, [a, b]);
  giveBack([a, b]);
  // The other partition is still to come.
  expect(takeMemory(3 * mib).buffer === memory.buffer).toBe(false);
  handedOver(second, [c]);
  expect(takeMemory(3 * mib).buffer === memory.buffer).toBe(false);
  giveBack([c]);
  const again = takeMemory(3 * mib - 5);
  expect(again.buffer === memory.buffer).toBe(true);
  expect(again.length).toBe(3 * mib - 5);
});

test('given back twice, or handed over twice, it counts once', () => {
  const { memory, first, second } = answer(5 * mib);
  const [a, b] = [message(), message()];
  handedOver(first, [a]);
  handedOver(first, []);
  handedOver(second, [b]);
  giveBack([a, a]);
  giveBack([a]);
  expect(takeMemory(5 * mib).buffer === memory.buffer).toBe(false);
  giveBack([b]);
  expect(takeMemory(5 * mib).buffer === memory.buffer).toBe(true);
});

test('a message of the answer before says nothing of the one that is there now', () => {
  const before = answer(7 * mib);
  const [a, b] = [message(), message()];
  handedOver(before.first, [a]);
  handedOver(before.second, [b]);
  giveBack([a, b]);
  const now = answer(7 * mib);
  expect(now.memory.buffer === before.memory.buffer).toBe(true);
  const c = message();
  handedOver(now.first, [c]);
  handedOver(now.second, []);
  giveBack([a, b]);
  expect(takeMemory(7 * mib).buffer === now.memory.buffer).toBe(false);
  giveBack([c]);
});

test('partitions without records that count hold nothing', () => {
  const { memory, first, second } = answer(9 * mib);
  handedOver(first, []);
  handedOver(second, []);
  expect(takeMemory(9 * mib).buffer === memory.buffer).toBe(true);
});

test('what is accounted to an answer is not accounted to the next in the same memory', () => {
  const { memory, first, second } = answer(11 * mib);
  const was = answerOf(memory.buffer);
  handedOver(first, []);
  handedOver(second, []);
  const again = takeMemory(11 * mib);
  expect(again.buffer === memory.buffer).toBe(true);
  expect(answerOf(again.buffer)).not.toBe(was);
});

test('small answers do not take large memory, and not everything is kept', () => {
  const older = answer(100 * mib);
  const newer = answer(90 * mib);
  for (const { first, second } of [older, newer]) {
    handedOver(first, []);
    handedOver(second, []);
  }
  const small = takeMemory(mib).buffer;
  expect([older, newer].some(({ memory }) => memory.buffer === small)).toBe(false);
  // Both are more than is kept: the older one went.
  expect(takeMemory(100 * mib).buffer === older.memory.buffer).toBe(false);
  expect(takeMemory(90 * mib).buffer === newer.memory.buffer).toBe(true);
});
