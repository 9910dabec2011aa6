/** One router: captures through the parser and the diff into events. */
import { LearnedLayouts, SnapshotParser, type ParseHints, type SnapshotSink } from '@sessionreel/junos-l2tp';
import { RouterState, type SnapshotSource } from '@sessionreel/session-diff';
import {
  currentDatum,
  decodeFlatDelta,
  encodeFlatDelta,
  writeFraming,
  type Framing,
} from '@sessionreel/session-events';
import type { FlatDelta, ParseProblem } from '@sessionreel/session-model';
import { decompress } from './decompress.ts';
import {
  CaptureRefused,
  type CaptureOutcome,
  type Emit,
  type EventHead,
  type RouterMachine,
} from './machine.ts';
import type { CaptureHints, EventKind, Item, Refusal } from './tasks.ts';

export interface MachineOptions {
  /** IANA name, where no header says another. */
  readonly timezone: string;
  readonly expansionLimit: number;
  readonly framing: Framing;
}

/** Of lines, for all routers of the thread: it makes captures quicker to read and changes nothing else. */
const learned = new LearnedLayouts();
/** Where the ledger says why: enough to understand, not the whole of a long message. */
const reasonLength = 300;
/** Of a keyframe or checkpoint: some 350 bytes each, so that a piece passes through a topic with Kafka's default limit. */
const pieceSessions = 1_000;

export class L2tpMachine implements RouterMachine {
  readonly #state: RouterState;
  readonly #options: MachineOptions;

  constructor(router: string, options: MachineOptions) {
    this.#options = options;
    this.#state = new RouterState(router, { timezone: options.timezone, pieceSessions });
  }

  get sessions(): number {
    return this.#state.sessions;
  }

  get nextDeadline(): number {
    return this.#state.nextDeadline;
  }

  capture(item: Item, hints: CaptureHints, bytes: Uint8Array, emit: Emit): CaptureOutcome {
    const state = this.#state;
    const plain = decompress(bytes, hints.encoding, this.#options.expansionLimit);
    state.prepare();
    state.setTimezone(hints.timezone === '' ? this.#options.timezone : hints.timezone);
    // All snapshots of the message stand or fall together.
    state.mark();
    const run = new CaptureRun(state, item, hints, (delta) => {
      this.#emit(delta, delta.pieces > 0 ? 'keyframe' : 'delta', emit);
    });
    const parser = new SnapshotParser(state.strings, run, parseHintsOf(hints), {}, { learned });
    parser.write(plain);
    const { snapshots, errors } = parser.end();
    if (snapshots === 0 || !run.evidence) {
      state.rollback();
      throw new CaptureRefused('parse', `no snapshot: ${shown(errors)}`);
    }
    state.commit();
    return { outcome: run.applied > 0 ? 'applied' : 'stale', counts: run.counts };
  }

  deadLetter(item: Item, refusal: Refusal, emit: Emit): void {
    const hints = 'capture' in item.work ? item.work.capture : undefined;
    const reason = `${refusal.reason}: ${refusal.error}`.slice(0, reasonLength);
    this.#state.deadLetter(sourceOf(item, hints, 0), hints?.command ?? '', reason, (delta) => {
      this.#emit(delta, 'delta', emit);
    });
  }

  expire(time: number, emit: Emit): void {
    this.#state.expire(time, (delta) => {
      this.#emit(delta, 'delta', emit);
    });
  }

  checkpoint(emit: Emit): void {
    this.#state.checkpoint((delta) => {
      this.#emit(delta, 'checkpoint', emit);
    });
  }

  restore(datum: Uint8Array, fingerprint: string, head: EventHead): void {
    const delta = decodeFlatDelta(currentDatum(datum, fingerprint), this.#state.strings);
    this.#state.apply(delta, head.kind === 'checkpoint');
  }

  #emit(delta: FlatDelta, kind: EventKind, emit: Emit): void {
    const { seq, piece, pieces } = delta;
    emit({ kind, seq, piece, pieces }, (writer) => {
      writeFraming(writer, this.#options.framing);
      encodeFlatDelta(delta, writer);
    });
  }
}

/** Hands one capture's snapshots from the parser to the state. */
class CaptureRun implements SnapshotSink {
  applied = 0;
  /** Something was seen of a listing: a session, a tunnel, or the proof that there is none. */
  evidence = false;
  readonly counts: Record<string, number> = {};
  readonly #state: RouterState;
  readonly #item: Item;
  readonly #hints: CaptureHints;
  readonly #take: (delta: FlatDelta) => void;

  constructor(state: RouterState, item: Item, hints: CaptureHints, take: (delta: FlatDelta) => void) {
    this.#state = state;
    this.#item = item;
    this.#hints = hints;
    this.#take = take;
  }

  begin(start: Parameters<SnapshotSink['begin']>[0]): void {
    this.#state.begin(sourceOf(this.#item, this.#hints, start.ordinal), start);
  }

  rows(batch: Parameters<SnapshotSink['rows']>[0]): void {
    this.#state.rows(batch);
  }

  end(facts: Parameters<SnapshotSink['end']>[0]): void {
    const { outcome } = this.#state.end(facts, (delta) => {
      if (delta.pieces === 0) {
        this.#add('opened', delta.opened.count);
        this.#add('changed', delta.changed.count);
        this.#add('closed', delta.closed.count);
        this.#add('counters', delta.counters.count + delta.counters_rounded.count);
        this.#add('anomalies', delta.anomalies.length);
      }
      this.#take(delta);
    });
    if (outcome === 'applied') this.applied++;
    if (facts.complete || facts.sessions > 0 || facts.tunnels > 0) this.evidence = true;
    this.#add('sessions', facts.sessions);
    this.#add('unknown_fields', facts.unknownFields);
    this.#add('errors', facts.errors.length);
  }

  #add(name: string, n: number): void {
    this.counts[name] = (this.counts[name] ?? 0) + n;
  }
}

function sourceOf(item: Item, hints: CaptureHints | undefined, ordinal: number): SnapshotSource {
  return {
    snapshotId: hints?.snapshotId ?? '',
    capturedAt: hints?.capturedAt ?? item.timestamp,
    logTime: item.time,
    partition: item.partition,
    offset: item.offset,
    previousOffset: item.previous,
    ordinal,
    part: hints?.part ?? 1,
    parts: hints?.parts ?? 1,
  };
}

function parseHintsOf(hints: CaptureHints): ParseHints {
  return {
    ...(hints.command === '' ? {} : { command: hints.command }),
    ...(hints.format === undefined ? {} : { format: hints.format }),
    ...(hints.complete === undefined ? {} : { complete: hints.complete }),
  };
}

function shown(errors: readonly ParseProblem[]): string {
  const first = errors
    .slice(0, 5)
    .map(({ line, message }) => (line > 0 ? `line ${line}: ${message}` : message));
  return first.length === 0 ? 'nothing that was understood' : first.join('; ');
}
