/** What a worker does with a router's captures, without the worker: parse, diff, encode. */
import { LearnedLayouts, SnapshotParser } from '@sessionreel/junos-l2tp';
import { RouterState } from '@sessionreel/session-diff';
import { createEventWriter, encodeFlatDelta } from '@sessionreel/session-events';
import type { FlatDelta } from '@sessionreel/session-model';

export interface EngineCapture {
  readonly parts: readonly Uint8Array[];
  readonly capturedAt: number;
  readonly command: string;
}

/** Told of each event: its content, and its Avro datum, valid during the call only. */
export type TakeEvent = (delta: FlatDelta, datum: Uint8Array) => void;

const writer = createEventWriter(1 << 20);
/** One for all routers of a thread, as in the processor's workers. */
const learned = new LearnedLayouts();

export class Engine {
  readonly router: string;
  readonly #state: RouterState;
  #offset = 0;

  constructor(router: string) {
    this.router = router;
    this.#state = new RouterState(router, { timezone: 'UTC', pieceSessions: 1_000 });
  }

  capture({ parts, capturedAt, command }: EngineCapture, take: TakeEvent): void {
    parts.forEach((bytes, n) => {
      this.part(bytes, n + 1, parts.length, capturedAt, command, take);
    });
  }

  /** One part, from 1 of `parts`. */
  part(
    bytes: Uint8Array,
    part: number,
    parts: number,
    capturedAt: number,
    command: string,
    take: TakeEvent,
  ): void {
    const state = this.#state;
    const offset = this.#offset++;
    const source = { snapshotId: parts === 1 ? '' : String(capturedAt), capturedAt, logTime: capturedAt };
    const emit = (delta: FlatDelta): void => {
      writer.at = 0;
      encodeFlatDelta(delta, writer);
      take(delta, writer.bytes.subarray(0, writer.at));
    };
    state.prepare();
    state.setTimezone('UTC');
    state.mark();
    const parser = new SnapshotParser(
      state.strings,
      {
        begin: (start) => {
          const { ordinal } = start;
          state.begin(
            { ...source, partition: 0, offset, previousOffset: offset - 1, ordinal, part, parts },
            start,
          );
        },
        rows: (batch) => {
          state.rows(batch);
        },
        end: (facts) => {
          const { outcome } = state.end(facts, emit);
          if (outcome !== 'applied') throw new Error(`a capture of ${this.router} is ${outcome}`);
        },
      },
      { command, complete: true },
      {},
      { learned },
    );
    parser.write(bytes);
    parser.end();
    state.commit();
  }
}
