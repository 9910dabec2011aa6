/** A fleet in its steady state that goes on for as long as it is asked: captures in parts of about 1 MB, as `reel import` sends them. */
import { SteadyState, type SteadyOptions } from '@sessionreel/fleet-sim';
import type { OutgoingMessage } from '@sessionreel/kafka';
import { plainInput, simulatorHash, type Input } from '../harness/index.ts';

export interface FleetShape {
  readonly routers: number;
  readonly sessionsPerRouter: number;
  /** Share of the sessions that are replaced at each poll. */
  readonly churn: number;
  readonly partSessions: number;
  readonly seed: string;
}

export interface Poll {
  readonly messages: readonly OutgoingMessage[];
  readonly bytes: number;
  readonly sessions: number;
}

export function fleetInput(name: string, shape: FleetShape): Input<FleetShape> {
  return plainInput(name, shape, simulatorHash());
}

export class Fleet {
  readonly #states: SteadyState[];

  constructor(shape: FleetShape, options: Partial<SteadyOptions> = {}) {
    this.#states = Array.from(
      { length: shape.routers },
      (_, n) =>
        new SteadyState({
          seed: `${shape.seed}/${n}`,
          name: `lns-${String(n).padStart(5, '0')}`,
          variant: 'lns-mx',
          level: 'extensive',
          format: 'text',
          sessions: shape.sessionsPerRouter,
          churn: shape.churn,
          // A capture that fits into one message is sent whole.
          partSessions: shape.sessionsPerRouter > shape.partSessions ? shape.partSessions : 0,
          ...options,
        }),
    );
  }

  /** Every router once. */
  poll(): Poll {
    const messages: OutgoingMessage[] = [];
    let sessions = 0;
    let bytes = 0;
    for (const state of this.#states) {
      const snapshot = state.next();
      sessions += snapshot.sessions;
      bytes += snapshot.bytes;
      const parts = snapshot.parts.length;
      snapshot.parts.forEach((value, n) => {
        messages.push({
          key: state.router,
          value,
          headers: {
            'captured-at': String(snapshot.capturedAt),
            command: snapshot.command,
            complete: 'true',
            ...(parts === 1 ? {} : { 'snapshot-id': String(snapshot.capturedAt), part: `${n + 1}/${parts}` }),
          },
        });
      });
    }
    return { messages, bytes, sessions };
  }
}
