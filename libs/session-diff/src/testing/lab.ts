/** For tests: a router whose snapshots are written down as objects, without a parser. */
import {
  createRowBatch,
  cutFlag,
  layoutSlot,
  lineSlot,
  rowOfRecord,
  rowWords,
  unflatten,
  type FieldValue,
  type Format,
  type Level,
  type Scope,
  type SessionDelta,
  type SessionImage,
  type SnapshotFacts,
} from '@sessionreel/session-model';
import { flatten } from './flatten.ts';
import { RouterState, type ListedSession, type RouterOptions, type SnapshotSource } from '../index.ts';

/** A printed session. `rounding`: half-widths by field; `layout`: how it is printed; `cut`: the capture ends within it. */
export interface Printed {
  readonly values: Readonly<Record<string, FieldValue>>;
  readonly rounding?: Readonly<Record<string, bigint>>;
  readonly unknown?: readonly (readonly [string, string])[];
  readonly layout?: string;
  readonly cut?: boolean;
}

export interface Taken {
  /** Seconds after the lab's beginning; also the log's time unless `logAt` says otherwise. */
  readonly at: number;
  readonly logAt?: number;
  readonly sessions: readonly Printed[];
  readonly format?: Format;
  readonly level?: Level;
  readonly scope?: Scope;
  readonly command?: string;
  readonly id?: string;
  readonly ordinal?: number;
  readonly part?: number;
  readonly parts?: number;
  readonly complete?: boolean;
  readonly document?: string;
}

/** 2026-03-02T12:00:00Z. */
export const begin = Date.UTC(2026, 2, 2, 12);

export class Lab {
  readonly options: Partial<RouterOptions>;
  state: RouterState;
  /** All deltas, in order. */
  readonly log: SessionDelta[] = [];
  #offset = 0;

  constructor(options: Partial<RouterOptions> = {}) {
    this.options = options;
    this.state = new RouterState('lns1', options);
  }

  source(taken: Partial<Taken> & { at: number }): SnapshotSource {
    const offset = this.#offset++;
    return {
      snapshotId: taken.id ?? '',
      capturedAt: begin + taken.at * 1000,
      logTime: begin + (taken.logAt ?? taken.at) * 1000,
      partition: 0,
      offset,
      previousOffset: offset - 1,
      ordinal: taken.ordinal ?? 0,
      part: taken.part ?? 1,
      parts: taken.parts ?? 1,
    };
  }

  /** Begins a snapshot and hands its rows over; `take` also ends it. */
  start(taken: Taken): SnapshotFacts {
    const { state } = this;
    state.prepare();
    const facts = factsOf(taken);
    state.begin(this.source(taken), facts);
    for (let from = 0; from < taken.sessions.length; from += 3) {
      const few = taken.sessions.slice(from, from + 3);
      const batch = createRowBatch(few.length, state.strings);
      for (const session of few) this.#row(batch.words, batch.count++ * rowWords, session);
      state.rows(batch);
    }
    return facts;
  }

  /** @returns the delta of the snapshot; pieces of a keyframe that it brought about are only in the log. */
  take(taken: Taken): SessionDelta {
    const facts = this.start(taken);
    const at = this.log.length;
    this.state.end(facts, (flat) => this.log.push(structuredClone(unflatten(flat))));
    return this.log[at] as SessionDelta;
  }

  expire(at: number): SessionDelta[] {
    const from = this.log.length;
    this.state.expire(begin + at * 1000, (flat) => this.log.push(structuredClone(unflatten(flat))));
    return this.log.slice(from);
  }

  checkpoint(): SessionDelta[] {
    return this.checkpointOf(this.state);
  }

  checkpointOf(state: RouterState): SessionDelta[] {
    const pieces: SessionDelta[] = [];
    state.checkpoint((flat) => pieces.push(structuredClone(unflatten(flat))));
    return pieces;
  }

  /** A state from the log, or from a checkpoint's pieces and the log after them. */
  restored(pieces: readonly SessionDelta[] = [], since = 0): RouterState {
    const state = new RouterState('lns1', this.options);
    for (const piece of pieces) state.apply(flatten(piece, state.strings), true);
    for (const delta of this.log.slice(since)) state.apply(flatten(delta, state.strings));
    return state;
  }

  #row(words: Uint32Array, at: number, session: Printed): void {
    const { strings } = this.state;
    const { values, rounding = {}, unknown = [] } = session;
    rowOfRecord({ values, rounding, unknown }, words, at, strings);
    words[at + layoutSlot] = strings.internText(session.layout ?? '{"layout":"usual"}');
    words[at + lineSlot] = session.cut === true ? (cutFlag | 1) >>> 0 : 1;
  }
}

function factsOf(taken: Taken): SnapshotFacts {
  const { level = 'extensive', format = 'text', scope = {}, complete = true } = taken;
  const filters = Object.entries(scope).map(([name, value]) => ` ${name} ${value}`);
  return {
    ordinal: taken.ordinal ?? 0,
    format,
    level,
    scope,
    variant: 'lns-mx',
    command: taken.command ?? `show services l2tp session ${level}${filters.join('')}`,
    router: null,
    complete,
    incompleteReason: complete ? '' : 'no end seen',
    routerClock: null,
    sessions: taken.sessions.length,
    tunnels: 1,
    bytes: 100,
    unknownFields: 0,
    unknownNames: [],
    errors: [],
    document: taken.document ?? '{"document":1}',
  };
}

export interface SessionSpec {
  readonly tunnel?: number;
  /** When it was created: seconds after the lab's beginning. */
  readonly created?: number;
  /** Since when its counters count; 'create time' when left out. */
  readonly since?: number;
  /** Of data_rx_bytes; the other counters follow from it. null: none are printed. */
  readonly bytes?: bigint | null;
  readonly idle?: number | null;
  readonly extra?: Readonly<Record<string, FieldValue | undefined>>;
  readonly rounding?: Readonly<Record<string, bigint>>;
  readonly layout?: string;
  readonly cut?: boolean;
  readonly unknown?: readonly (readonly [string, string])[];
}

/** The router's local seconds at a moment of the lab, `zoneHours` east of Greenwich. */
export const clockAt = (at: number, zoneHours = 0): number => begin / 1000 + at + zoneHours * 3600;

/** What `show … extensive` prints of session `id` at `at` (s): an LNS on MX. */
export function extensive(id: number, at: number, spec: SessionSpec = {}): Printed {
  const created = spec.created ?? -3600;
  const bytes = spec.bytes === undefined ? 0n : spec.bytes;
  return printed(spec, {
    ...brief(id, spec).values,
    mode: 'shared',
    local_ip: '192.0.2.1',
    remote_ip: '198.51.100.7',
    local_name: 'lns1',
    remote_name: 'lac7',
    tx_speed: 64_000n,
    rx_speed: 64_000n,
    bearer_type: 2,
    framing_type: 1,
    lcp_renegotiation: 'Off',
    authentication: 'CHAP',
    call_serial_number: 4_100_000_000 + id,
    create_time: clockAt(created),
    up_time_s: at - created,
    idle_time_s: spec.idle === undefined ? 0 : spec.idle,
    ...(bytes === null
      ? {}
      : {
          statistics_since: clockAt(spec.since ?? created),
          data_rx_packets: bytes / 100n,
          data_rx_bytes: bytes,
          data_tx_packets: 0n,
          data_tx_bytes: 0n,
          control_tx_packets: 4n,
        }),
    ...spec.extra,
  });
}

/** What `show …` prints of session `id`. */
export function brief(id: number, spec: SessionSpec = {}): Printed {
  return printed(spec, {
    tunnel_local_id: spec.tunnel ?? 7,
    session_local_id: id,
    session_remote_id: 10_000 + id,
    interface_unit: 1_073_741_824 + id,
    interface_name: 'si-1/0/0',
    state: 'established',
    ...spec.extra,
  });
}

function printed(spec: SessionSpec, values: Readonly<Record<string, FieldValue | undefined>>): Printed {
  return {
    values: Object.fromEntries(
      Object.entries(values).filter((entry): entry is [string, FieldValue] => entry[1] !== undefined),
    ),
    ...(spec.rounding === undefined ? {} : { rounding: spec.rounding }),
    ...(spec.unknown === undefined ? {} : { unknown: spec.unknown }),
    ...(spec.layout === undefined ? {} : { layout: spec.layout }),
    ...(spec.cut === undefined ? {} : { cut: spec.cut }),
  };
}

/** Session ids of images. */
export const ids = (images: readonly SessionImage[]): number[] =>
  images.map((image) => image.session_local_id);

/** Reasons of images by session id. */
export const reasons = (images: readonly SessionImage[]): Record<number, string> =>
  Object.fromEntries(images.map((image) => [image.session_local_id, image.reason]));

/** Nothing of a delta but its ledger. */
export function events(delta: SessionDelta): Record<string, number> {
  const { opened, changed, closed, rebase, counters, counters_rounded, prints, anomalies, router_events } =
    delta;
  const lists = {
    opened,
    changed,
    closed,
    rebase,
    counters,
    counters_rounded,
    prints,
    anomalies,
    router_events,
  };
  return Object.fromEntries(
    Object.entries(lists)
      .map(([name, list]) => [name, list.length] as const)
      .filter(([, n]) => n > 0),
  );
}

/** Everything that a state shows, for comparing two. */
export function view(state: RouterState): { hash: string; at: number; sessions: ListedSession[] } {
  return { hash: state.hash, at: state.at, sessions: [...state.list()] };
}
