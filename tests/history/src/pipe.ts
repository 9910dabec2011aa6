/** One router's way from captures to its events, without Kafka. */
import {
  headersOf,
  simulate,
  type Capture,
  type SimulationOptions,
  type TruthEvent,
} from '@sessionreel/fleet-sim';
import { SnapshotParser, printWhole, type SnapshotStart } from '@sessionreel/junos-l2tp';
import { RouterState } from '@sessionreel/session-diff';
import { createEventWriter, decodeDelta, encodeFlatDelta, takeWritten } from '@sessionreel/session-events';
import {
  layoutSlot,
  recordOfRow,
  rowWords,
  type FlatDelta,
  type RowBatch,
  type SessionDelta,
  type SessionRecord,
  type SnapshotFacts,
} from '@sessionreel/session-model';
import { TestLog } from './events.ts';
import type { TestServer } from './server.ts';

/** A snapshot that was applied whole, and what its router had printed. */
export interface Taken {
  readonly router: string;
  readonly at: number;
  readonly facts: SnapshotFacts;
  readonly printed: string;
}

/** One router's way to its events; what each whole snapshot prints is noted by the parser's own word. */
export class Pipe {
  readonly router: string;
  readonly state: RouterState;
  readonly deltas: SessionDelta[] = [];
  readonly taken: Taken[] = [];
  readonly #writer = createEventWriter();
  #offset = 0;

  constructor(router: string, timezone = 'UTC', keyframeEveryMs = 600_000) {
    this.router = router;
    this.state = new RouterState(router, { timezone, keyframeEveryMs, pieceSessions: 9 });
  }

  process(bytes: Uint8Array, at: number, hints: { command?: string; complete?: boolean }): void {
    const emit = (flat: FlatDelta): void => {
      encodeFlatDelta(flat, this.#writer);
      this.deltas.push(decodeDelta(takeWritten(this.#writer)));
    };
    const offset = this.#offset++;
    const { state } = this;
    const sessions: { record: SessionRecord; layout: string }[] = [];
    state.prepare();
    const sink = {
      begin: (start: SnapshotStart) => {
        state.begin(
          {
            snapshotId: '',
            capturedAt: at,
            logTime: at,
            partition: 0,
            offset,
            previousOffset: offset - 1,
            ordinal: start.ordinal,
            part: 1,
            parts: 1,
          },
          start,
        );
      },
      rows: (batch: RowBatch) => {
        for (let row = 0; row < batch.count * rowWords; row += rowWords)
          sessions.push({
            record: recordOfRow(batch.words, row, state.strings),
            layout: state.strings.text(batch.words[row + layoutSlot] ?? 0),
          });
        state.rows(batch);
      },
      end: (facts: SnapshotFacts) => {
        const { outcome } = state.end(facts, emit);
        if (outcome !== 'applied' || !facts.complete || Object.keys(facts.scope).length > 0) return;
        const printed = Buffer.from(printWhole(sessions, facts.document)).toString();
        this.taken.push({ router: this.router, at, facts, printed });
      },
    };
    const parser = new SnapshotParser(state.strings, sink, hints);
    parser.write(bytes);
    parser.end();
  }
}

export interface SimulatedFleet {
  readonly pipes: ReadonlyMap<string, Pipe>;
  /** What really happened, in the order of time. */
  readonly truth: readonly TruthEvent[];
  readonly captures: readonly Capture[];
  /** IANA names by router. */
  readonly zones: ReadonlyMap<string, string>;
}

/** A simulated fleet, polled and brought into ClickHouse; each router in a partition of its own, from `partition` on. */
export async function fleetOf(
  server: TestServer,
  options: SimulationOptions,
  partition: number,
  keyframeEveryMs?: number,
): Promise<SimulatedFleet> {
  const pipes = new Map<string, Pipe>();
  const truth: TruthEvent[] = [];
  const captures: Capture[] = [];
  const sim = simulate(options);
  const zones = new Map(sim.routers.map((r) => [r.name, r.timezone]));
  for (const item of sim) {
    if (item.kind !== 'capture') {
      truth.push(item);
      continue;
    }
    captures.push(item);
    const pipe = pipes.get(item.router) ?? new Pipe(item.router, zones.get(item.router), keyframeEveryMs);
    pipes.set(item.router, pipe);
    const complete = headersOf(item)['complete'];
    pipe.process(item.bytes, item.capturedAt, {
      command: item.command,
      ...(complete === undefined ? {} : { complete: complete === 'true' }),
    });
  }
  for (const [i, pipe] of [...pipes.values()].entries())
    await new TestLog(server.store, partition + i).append(pipe.deltas);
  return { pipes, truth, captures, zones };
}
