/** One router's way through the product without Kafka: bytes → parser → state → Avro → what readers decode. */
import { headersOf, type Capture, type Prng } from '@sessionreel/fleet-sim';
import { SnapshotParser, type SnapshotStart } from '@sessionreel/junos-l2tp';
import { RouterState, type RouterOptions, type SnapshotSource } from '@sessionreel/session-diff';
import {
  createEventWriter,
  decodeDelta,
  decodeFlatDelta,
  encodeFlatDelta,
  takeWritten,
} from '@sessionreel/session-events';
import type { FlatDelta, RowBatch, SessionDelta, SnapshotFacts } from '@sessionreel/session-model';
import { chunksOf } from './read.ts';

export class Subject {
  readonly router: string;
  readonly options: Partial<RouterOptions>;
  state: RouterState;
  /** The router's log, as Avro. */
  readonly log: Uint8Array[] = [];
  readonly #writer = createEventWriter();
  #offset = 0;
  #mark = { log: 0, offset: 0 };

  constructor(router: string, options: Partial<RouterOptions>) {
    this.router = router;
    this.options = options;
    this.state = new RouterState(router, options);
  }

  /** The deltas of a capture; those of deadlines that passed before it come first, in `expired`. */
  process(capture: Capture, chunks?: Prng): { deltas: SessionDelta[]; expired: SessionDelta[] } {
    const expired: SessionDelta[] = [];
    if (this.state.nextDeadline <= capture.at)
      this.state.expire(capture.at, (flat) => expired.push(this.#write(flat)));
    const deltas: SessionDelta[] = [];
    const emit = (flat: FlatDelta): void => void deltas.push(this.#write(flat));
    const headers = headersOf(capture);
    const offset = this.#offset++;
    const source = (ordinal: number): SnapshotSource => ({
      snapshotId: capture.snapshotId ?? '',
      capturedAt: capture.capturedAt,
      logTime: capture.at,
      partition: 0,
      offset,
      previousOffset: offset - 1,
      ordinal,
      part: capture.part?.number ?? 1,
      parts: capture.part?.of ?? 1,
    });
    const { state } = this;
    state.prepare();
    const sink = {
      begin: (start: SnapshotStart) => {
        state.begin(source(start.ordinal), start);
      },
      rows: (batch: RowBatch) => {
        state.rows(batch);
      },
      end: (facts: SnapshotFacts) => void state.end(facts, emit),
    };
    const complete = headers['complete'];
    const hints = {
      command: capture.command,
      ...(complete === undefined ? {} : { complete: complete === 'true' }),
    };
    const parser = new SnapshotParser(state.strings, sink, hints);
    for (const chunk of chunksOf(capture.bytes, chunks)) parser.write(chunk);
    const result = parser.end();
    if (result.snapshots === 0)
      state.deadLetter(source(0), capture.command, result.errors[0]?.message ?? 'no snapshot', emit);
    return { deltas, expired };
  }

  /** From here on everything can be undone. */
  begin(): void {
    this.state.prepare();
    this.state.mark();
    this.#mark = { log: this.log.length, offset: this.#offset };
  }

  /** Undoes what came since `begin`; returns what had been logged. */
  rollback(): Uint8Array[] {
    this.state.rollback();
    this.#offset = this.#mark.offset;
    return this.log.splice(this.#mark.log);
  }

  /** A second state, from a checkpoint and what was logged since. */
  restored(checkpoint: readonly Uint8Array[], since: number): RouterState {
    const state = new RouterState(this.router, this.options);
    for (const bytes of checkpoint) state.apply(decodeFlatDelta(bytes, state.strings), true);
    for (const bytes of this.log.slice(since)) state.apply(decodeFlatDelta(bytes, state.strings));
    return state;
  }

  checkpoint(): Uint8Array[] {
    const pieces: Uint8Array[] = [];
    this.state.checkpoint((flat) => pieces.push(this.#encode(flat)));
    return pieces;
  }

  #write(flat: FlatDelta): SessionDelta {
    const bytes = this.#encode(flat);
    this.log.push(bytes);
    return decodeDelta(bytes);
  }

  #encode(flat: FlatDelta): Uint8Array {
    encodeFlatDelta(flat, this.#writer);
    return takeWritten(this.#writer);
  }
}
