/** Events of a fleet in its steady state, made by the product's own parser, diff and encoder, for what comes after them. */
import type { FlatDelta } from '@sessionreel/session-model';
import { SteadyState, type SteadyOptions } from '@sessionreel/fleet-sim';
import { storedInput, type Input } from '../harness/index.ts';
import { Engine } from './engine.ts';

export interface Deltas {
  /** Avro data without framing, in the order of the log; the first polls' before the others'. */
  readonly polls: readonly (readonly Uint8Array[])[];
  /** Rows of history and counters in each poll's events. */
  readonly rows: readonly number[];
  /** Bytes of text that the routers printed for each poll. */
  readonly textBytes: readonly number[];
  readonly sessions: number;
}

export interface DeltasShape {
  readonly routers: number;
  readonly sessionsPerRouter: number;
  readonly polls: number;
  readonly stepMs: number;
  readonly churn: number;
}

interface Described {
  readonly lengths: number[][];
  readonly rows: number[];
  readonly textBytes: number[];
}

export function deltasInput(name: string, shape: DeltasShape): Input<Deltas> {
  return storedInput<Described, Deltas>({
    name,
    parameters: shape,
    sources: ['junos-l2tp', 'session-diff', 'session-events'].map((lib) => `libs/${lib}/src/*.ts`),
    make(write) {
      const routers = Array.from({ length: shape.routers }, (_, n) => routerStates(n, shape));
      const described: Described = { lengths: [], rows: [], textBytes: [] };
      for (let poll = 0; poll < shape.polls; poll++) {
        const lengths: number[] = [];
        let rows = 0;
        let textBytes = 0;
        for (const { engine, states } of routers) {
          const snapshot = states.next();
          textBytes += snapshot.bytes;
          engine.capture(snapshot, (delta, bytes) => {
            rows += rowsOf(delta);
            lengths.push(bytes.length);
            write(bytes);
          });
        }
        described.lengths.push(lengths);
        described.rows.push(rows);
        described.textBytes.push(textBytes);
      }
      return described;
    },
    load({ description: { lengths, rows, textBytes }, bytes }) {
      let at = 0;
      const polls = lengths.map((poll) => poll.map((length) => bytes.subarray(at, (at += length))));
      return { polls, rows, textBytes, sessions: shape.routers * shape.sessionsPerRouter };
    },
  });
}

function rowsOf(delta: FlatDelta): number {
  const { opened, changed, closed, rebase, keyframe, counters, counters_rounded } = delta;
  return [opened, changed, closed, rebase, keyframe, counters, counters_rounded].reduce(
    (sum, l) => sum + l.count,
    0,
  );
}

/** The steady state of the nth router. */
export function deltasRouter(n: number, shape: DeltasShape): SteadyOptions {
  return {
    seed: `deltas/${n}`,
    name: `lns-${String(n).padStart(5, '0')}`,
    variant: 'lns-mx',
    level: 'extensive',
    format: 'text',
    sessions: shape.sessionsPerRouter,
    stepMs: shape.stepMs,
    churn: shape.churn,
  };
}

function routerStates(n: number, shape: DeltasShape): { engine: Engine; states: SteadyState } {
  const states = new SteadyState(deltasRouter(n, shape));
  return { engine: new Engine(states.router), states };
}
