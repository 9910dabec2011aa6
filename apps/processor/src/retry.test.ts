/** A dead letter that is sent again: it comes with its own time, and does not undo what was seen since. */
import { SteadyState } from '@sessionreel/fleet-sim';
import { deadLetterOf, headerText, retryOf, type Message } from '@sessionreel/kafka';
import { createEventWriter, decodeEvent, takeWritten } from '@sessionreel/session-events';
import type { SessionDelta } from '@sessionreel/session-model';
import { expect, it } from 'vitest';
import { admit } from './admission.ts';
import { L2tpMachine } from './l2tp-machine.ts';
import type { Item } from './tasks.ts';

const minute = 60_000;
const now = Date.UTC(2026, 10, 20, 12);

class Router {
  readonly events: SessionDelta[] = [];
  readonly #machine = new L2tpMachine('r', {
    timezone: 'UTC',
    expansionLimit: 1e8,
    framing: { schemaId: null },
  });

  get sessions(): number {
    return this.#machine.sessions;
  }

  /** @returns what the ledger calls it. */
  take(message: Message): string {
    const admission = admit(message, 1);
    if (admission.kind !== 'capture') return expect.fail(`it is a ${admission.kind}`);
    const { capture } = admission;
    const bytes = message.value ?? new Uint8Array();
    const item: Item = {
      ...{ partition: 0, offset: message.offset, previous: message.offset - 1, router: 'r' },
      ...{ timestamp: message.timestamp, time: message.timestamp, start: 0, length: bytes.length },
      work: { capture },
    };
    return this.#machine.capture(item, capture, bytes, (_, write) => {
      const writer = createEventWriter();
      write(writer);
      this.events.push(decodeEvent(takeWritten(writer)));
    }).outcome;
  }
}

it('is stale when newer captures came meanwhile, and changes nothing', () => {
  const fleet = new SteadyState({
    ...{ seed: 'retry', sessions: 20, churn: 0.2, variant: 'lns-mx', level: 'extensive', format: 'text' },
    ...{ start: now, stepMs: 5 * minute },
  });
  const messages = [1, 2, 3].map((_, offset): Message => {
    const { capturedAt, command, parts } = fleet.next();
    // The first says nothing of its time: Kafka's is taken.
    const at = offset === 0 ? {} : { 'captured-at': Buffer.from(String(capturedAt)) };
    const headers = { command: Buffer.from(command), complete: Buffer.from('true'), ...at };
    const key = Buffer.from('r');
    return { partition: 0, offset, timestamp: capturedAt, key, value: parts[0] ?? null, headers };
  });
  const [first, second, third] = messages as [Message, Message, Message];

  const letter = deadLetterOf(first, 'worker_timeout', 'it hung');
  const again = retryOf({ ...first, ...letter, headers: letter.headers } as Message);
  const later = now + 60 * minute;
  const retried = { ...first, headers: again.headers, timestamp: later, offset: 7 } as Message;
  expect(headerText(retried, 'captured-at')).toBe(String(first.timestamp));

  const calm = new Router();
  const router = new Router();
  for (const one of [calm, router]) expect(one.take(second)).toBe('applied');
  expect(router.take(retried)).toBe('stale');
  expect(router.sessions).toBe(calm.sessions);
  for (const one of [calm, router]) expect(one.take(third)).toBe('applied');
  const [a, b] = [calm, router].map(({ events }) => events.at(-1));
  expect(b?.counters).toEqual(a?.counters);
  expect(b?.opened).toEqual(a?.opened);
  expect(b?.closed).toEqual(a?.closed);
  expect(b?.ledger[0]?.state_hash).toBe(a?.ledger[0]?.state_hash);
});

it('is applied when it is the newest still', () => {
  const fleet = new SteadyState({
    ...{ seed: 'retry', sessions: 20, variant: 'lns-mx', level: 'extensive', format: 'text' },
    start: now,
  });
  const { capturedAt, command, parts } = fleet.next();
  const headers = { command: Buffer.from(command), 'captured-at': Buffer.from(String(capturedAt)) };
  const key = Buffer.from('r');
  const message = { partition: 0, offset: 0, timestamp: capturedAt, key, value: parts[0] ?? null, headers };
  const letter = deadLetterOf(message, 'worker_memory', 'it grew');
  const again = retryOf({ ...message, ...letter } as Message);
  const router = new Router();
  expect(router.take({ ...message, headers: again.headers, offset: 9 } as Message)).toBe('applied');
  expect(router.sessions).toBe(20);
});
