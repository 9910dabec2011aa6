/** One router through the product's own parts: bytes, rows, state, Avro. */
import { LearnedLayouts, SnapshotParser, type SnapshotStart } from '@sessionreel/junos-l2tp';
import { RouterState } from '@sessionreel/session-diff';
import { createEventWriter, encodeFlatDelta } from '@sessionreel/session-events';
import {
  CounterSlot,
  counterFields,
  type FlatDelta,
  type RowBatch,
  type SnapshotFacts,
} from '@sessionreel/session-model';
import type { Capture } from '../harness/index.ts';

/** What a snapshot told. */
export interface Summary {
  readonly opened: number;
  readonly closed: number;
  readonly changed: number;
  /** Sessions that counted, and what they received. */
  readonly counted: number;
  readonly bytes: number;
}

const received = CounterSlot.deltas + 2 * counterFields.findIndex(({ name }) => name === 'data_rx_bytes');
const chunk = 1 << 16;

/** One for all routers, as a worker has them. */
const writer = createEventWriter(1 << 20);
const learned = new LearnedLayouts();

export class RouterPipe {
  readonly state = new RouterState('lns1', {
    keyframeEveryMs: Infinity,
    keyframeEveryCounts: Infinity,
  });
  #offset = 0;
  /** Of the last capture. */
  parser: SnapshotParser | null = null;

  take({ parts, command }: Capture, at: number): Summary {
    const { state } = this;
    let summary: Summary = { opened: 0, closed: 0, changed: 0, counted: 0, bytes: 0 };
    state.prepare();
    const source = {
      snapshotId: '',
      capturedAt: at,
      logTime: at,
      partition: 0,
      offset: this.#offset++,
      previousOffset: this.#offset - 2,
      ordinal: 0,
      part: 1,
      parts: 1,
    };
    const emit = (delta: FlatDelta): void => {
      writer.at = 0;
      encodeFlatDelta(delta, writer);
      summary = summaryOf(delta);
    };
    const parser = new SnapshotParser(
      state.strings,
      {
        begin: (start: SnapshotStart) => {
          state.begin(source, start);
        },
        rows: (batch: RowBatch) => {
          state.rows(batch);
        },
        end: (facts: SnapshotFacts) => void state.end(facts, emit),
      },
      { command, complete: true },
      {},
      { learned },
    );
    for (const bytes of parts)
      for (let from = 0; from < bytes.length; from += chunk) parser.write(bytes.subarray(from, from + chunk));
    parser.end();
    this.parser = parser;
    return summary;
  }
}

function summaryOf({ opened, closed, changed, counters }: FlatDelta): Summary {
  let bytes = 0;
  for (let i = 0; i < counters.count; i++) {
    const at = i * counters.stride + received;
    bytes += (counters.words[at] as number) + (counters.words[at + 1] as number) * 4294967296;
  }
  return {
    opened: opened.count,
    closed: closed.count,
    changed: changed.count,
    counted: counters.count,
    bytes,
  };
}
