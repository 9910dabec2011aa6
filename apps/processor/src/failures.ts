/** What may go wrong with a partition, and what is to follow. */
import { KafkaError } from '@sessionreel/kafka';
import { UnknownSchemaError } from '@sessionreel/session-events';
import { WorkerLost } from '@sessionreel/workers';
import { EventTooLarge } from './commit.ts';
import { RestoreInterrupted } from './restore.ts';
import { NoWayToRestore } from './start-point.ts';

/** The batch would trip the breaker. */
export class BreakerTripped extends Error {
  override readonly name = 'BreakerTripped';
}

/** A worker does not hold the state that the batch was for. */
export class StateLost extends Error {
  override readonly name = 'StateLost';
}

export interface Consideration {
  /** For metrics: a Kafka error's code, or the error's name. */
  readonly code: string;
  readonly message: string;
  /** Begin anew at once; after a while; when the group has confirmed that we belong to it; or not before a person has looked. */
  readonly then: 'anew' | 'wait' | 'confirm' | 'stop';
}

export function consider(error: unknown): Consideration {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof KafkaError)
    // Whoever fenced us may have the partition by now: taking it back at once would fence them in turn.
    return { code: error.code, message, then: error.code === 'fenced' ? 'confirm' : 'wait' };
  const code = error instanceof Error ? error.name : 'unknown';
  if (
    error instanceof NoWayToRestore ||
    error instanceof BreakerTripped ||
    error instanceof UnknownSchemaError
  )
    return { code, message, then: 'stop' };
  const atOnce =
    error instanceof EventTooLarge ||
    error instanceof StateLost ||
    error instanceof RestoreInterrupted ||
    error instanceof WorkerLost;
  return { code, message, then: atOnce ? 'anew' : 'wait' };
}
