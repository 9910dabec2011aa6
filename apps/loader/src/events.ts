/** Messages of `l2tp.events` as entries of the queue. */
import { headerText, type Message } from '@sessionreel/kafka';
import type { SchemaRegistry } from '@sessionreel/session-events';
import {
  AvroDataError,
  currentDatum,
  frameFingerprint,
  peekDelta,
  unframe,
} from '@sessionreel/session-events';
import type { Entry } from './queue.ts';

const dayMs = 86_400_000;

export type Reading =
  | { readonly kind: 'entry'; readonly entry: Entry }
  /** Not an event at all: set aside. */
  | { readonly kind: 'bad'; readonly error: string };

/**
 * Reads framing and the leading fields only. The datum is copied: the fetched bytes it lies in are let go.
 * @throws UnknownSchemaError when a newer release wrote it: the partition waits, nothing is guessed
 */
export async function readEvent(message: Message, registry: SchemaRegistry | undefined): Promise<Reading> {
  const { offset, timestamp, value } = message;
  const arrived = performance.now();
  const late = Date.now() - timestamp;
  if (headerText(message, 'kind') === 'checkpoint')
    return { kind: 'entry', entry: { offset, datum: undefined, day: 0, timestamp, arrived, late } };
  if (value === null) return { kind: 'bad', error: 'an event without a value' };
  try {
    const frame = unframe(value);
    const id = frame.kind === 'confluent' ? frame.schemaId : undefined;
    const print = id === undefined ? undefined : await registry?.fingerprintOf(id);
    const datum = Uint8Array.from(
      currentDatum(
        frame.datum,
        frameFingerprint(frame, () => print),
      ),
    );
    const day = Math.floor(peekDelta(datum).gop / dayMs);
    return { kind: 'entry', entry: { offset, datum, day, timestamp, arrived, late } };
  } catch (error) {
    if (error instanceof AvroDataError) return { kind: 'bad', error: error.message };
    throw error;
  }
}
