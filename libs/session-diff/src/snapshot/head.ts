/** What is known of a router beside its sessions. Plain JSON, small: every delta carries it, so that a restore needs no more. */
import type { LedgerEntry, Level, SessionRecord } from '@sessionreel/session-model';

/** A row whose incarnation only the whole snapshot can tell. */
export interface Deferred {
  readonly part: number;
  readonly index: number;
  readonly record: SessionRecord;
  readonly layout: string;
  /** Its up time went on as that of the session that is known. */
  readonly alike: boolean;
  /** By what it deviates from the listing's clock (s). */
  offset: number;
}

export interface PartClock {
  /** Local seconds at the part's first session. */
  readonly first: number;
  /** Place in the part, seconds after `first`. */
  readonly steps: readonly (readonly [number, number])[];
}

/** A snapshot of which parts are still to come. */
export interface Pending {
  readonly id: string;
  /** Number of the snapshot: rows that it showed carry it. */
  readonly number: number;
  readonly capturedAt: number;
  readonly parts: number;
  /** Parts seen. */
  got: number[];
  /** Kafka time at which the missing parts are given up (ms). */
  deadline: number;
  complete: boolean;
  reason: string;
  /** Live sessions when its first part came. */
  before: number;
  /** Keys in listing order, by part. A part's array is never changed. */
  order: Record<number, ArrayLike<number>>;
  /** The router's clock along each part; places are those of `order`. Parts that print no clock have none. */
  clocks: Record<number, PartClock>;
  deferred: Deferred[];
  sums: Counts;
  /** Earliest last sight (ms) of a session whose create time did not move with this snapshot; null when there is none. */
  unmoved: number | null;
  /** Sessions whose create time moved although they are the same, and by how much (s). */
  moved: { shift: number; sessions: number } | null;
  /** Of the part applied last: what a deadline's entry says. */
  entry: LedgerEntry;
  scope: Record<string, string>;
  level: Level;
  format: string;
}

export interface Counts {
  bytes: number;
  sessions: number;
  opened: number;
  changed: number;
  closed: number;
  counters: number;
  anomalies: number;
  unknown_fields: number;
  errors: number;
  returned: number;
}

export const noCounts = (): Counts => ({
  bytes: 0,
  sessions: 0,
  opened: 0,
  changed: 0,
  closed: 0,
  counters: 0,
  anomalies: 0,
  unknown_fields: 0,
  errors: 0,
  returned: 0,
});

export interface AppliedSnapshot {
  readonly id: string;
  readonly level: Level;
  readonly capturedAt: number;
}

export interface Head {
  /** Newest `at` of the log (ms); 0 before the first. */
  at: number;
  seq: number;
  gop: number;
  /** Kafka time of the last keyframe, or of the first delta (ms). */
  keyframeLog: number;
  /** Records of counters since the last keyframe. */
  counted: number;
  /** Number of the newest snapshot. */
  number: number;
  /** Newest capture applied, by class (`text/extensive`), ms. */
  classAt: Record<string, number>;
  /** Snapshots applied lately, so that a repeat is known. */
  applied: AppliedSnapshot[];
  /** IANA name of the zone that the newest capture named, or that the options give. */
  timezone: string;
  /** The last whole unfiltered snapshot: when, and the router's clock less the capture's then (both ms). */
  whole: { at: number; skew: number } | null;
  /** The router's clock less the captures' (ms), as it was: the last one is in force. See `keepSkew`. */
  skews: number[];
  /** The last mass close that nothing came back from yet. */
  massClose: { at: number; sessions: number; returned: number } | null;
  pending: Pending[];
}

export const newHead = (timezone: string): Head => ({
  at: 0,
  seq: 0,
  gop: 0,
  keyframeLog: 0,
  counted: 0,
  number: 0,
  classAt: {},
  applied: [],
  timezone,
  whole: null,
  skews: [],
  massClose: null,
  pending: [],
});

/** Clocks nearer to each other than this are one (ms). */
const skewGrain = 1500;

/** Another clock is in force. Those before are still known: a session that was not listed meanwhile may have moved with one. */
export function keepSkew(head: Head, skew: number): void {
  head.skews = [...head.skews.filter((known) => Math.abs(known - skew) > skewGrain), skew].slice(-8);
}

const bigints = (_: string, value: unknown): unknown =>
  typeof value === 'bigint' ? { $u64: String(value) } : value;
const fromBigints = (_: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && '$u64' in value ? BigInt(String(value.$u64)) : value;

/** A copy that shares only what is never changed: the sessions of parts, which may be many. */
export const cloneHead = (head: Head): Head => ({
  ...head,
  classAt: { ...head.classAt },
  massClose: head.massClose === null ? null : { ...head.massClose },
  pending: head.pending.map((pending) => ({
    ...pending,
    got: [...pending.got],
    order: { ...pending.order },
    clocks: { ...pending.clocks },
    deferred: pending.deferred.map((d) => ({ ...d })),
    sums: { ...pending.sums },
    moved: pending.moved === null ? null : { ...pending.moved },
  })),
});

/** What a delta says for a restore, beside the head. */
export interface Sights {
  /** Keys seen, in listing order; null when all live sessions were seen, or none. In checkpoints: see `sightsOf` of pieces.ts. */
  readonly seen?: ArrayLike<number> | null;
  /** Number of the snapshot that saw them. */
  readonly number?: number;
  /** Keys among them whose counters were not told, though their class prints some: the capture broke off before. */
  readonly uncounted?: readonly number[];
  /** In checkpoints: ids of the layouts that the group's log has defined, in hexadecimal. */
  readonly told?: readonly string[];
}

/**
 * Bytes of `router_state`: length of the JSON (u32 LE), the JSON, then the keys seen (in checkpoints: times), as zigzag varints of
 * differences.
 */
export function encodeState(head: Head, sights: Sights = {}): Uint8Array {
  const { seen = [], number = 0, uncounted = [], told } = sights;
  // The keys of the parts before stand in their deltas; only a checkpoint must say them again.
  const pending = head.pending.map((one) => ({ ...one, order: told === undefined ? {} : plain(one.order) }));
  const state = {
    head: { ...head, pending },
    listed: seen !== null,
    number,
    ...(uncounted.length === 0 ? {} : { uncounted }),
    ...(told === undefined ? {} : { told }),
  };
  // Only what waits holds 64-bit numbers; asking each value costs more than the rest of a small snapshot's end.
  const json = Buffer.from(pending.length === 0 ? JSON.stringify(state) : JSON.stringify(state, bigints));
  const keys = seen ?? [];
  const bytes = new Uint8Array(4 + json.length + 5 + keys.length * 6);
  new DataView(bytes.buffer).setUint32(0, json.length, true);
  bytes.set(json, 4);
  let at = 4 + json.length;
  const varint = (value: number): void => {
    while (value >= 128) {
      bytes[at++] = (value % 128) | 128;
      value = Math.floor(value / 128);
    }
    bytes[at++] = value;
  };
  let before = 0;
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as number;
    const difference = key - before;
    varint(difference >= 0 ? difference * 2 : -difference * 2 - 1);
    before = key;
  }
  return bytes.subarray(0, at);
}

const plain = (order: Pending['order']): Record<string, number[]> =>
  Object.fromEntries(Object.entries(order).map(([part, keys]) => [part, Array.from(keys)]));

export interface DecodedState {
  readonly head: Head;
  readonly seen: number[] | null;
  readonly number: number;
  readonly uncounted: readonly number[];
  readonly told: readonly string[];
}

/** `seen` is null when the delta did not list them: all live sessions were seen, or none. `timezone` is taken where none is written. */
export function decodeState(bytes: Uint8Array, timezone: string): DecodedState {
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true);
  const {
    head: written,
    listed,
    number,
    uncounted = [],
    told = [],
  } = JSON.parse(Buffer.from(bytes.subarray(4, 4 + length)).toString(), fromBigints) as {
    head: Head;
    listed: boolean;
    number: number;
    uncounted?: number[];
    told?: string[];
  };
  // What an earlier version did not write is as in a new one.
  const head = { ...newHead(timezone), ...written };
  if (!listed) return { head, seen: null, number, uncounted, told };
  const seen: number[] = [];
  let at = 4 + length;
  let before = 0;
  while (at < bytes.length) {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = bytes[at++] as number;
      value += (byte & 127) * scale;
      if (byte < 128) break;
      scale *= 128;
    }
    before += value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    seen.push(before);
  }
  return { head, seen, number, uncounted, told };
}
