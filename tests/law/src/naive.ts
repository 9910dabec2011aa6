/**
 * A diff as one would write it in an afternoon: objects, maps, no thrift. The oracle is tried on it, and on copies of it with a
 * mistake each, so that its silence about the real one means something.
 */
import {
  emptyDelta,
  counterFields,
  fields,
  presenceLetters,
  type CounterDelta,
  type FieldValue,
  type RoundedCounterDelta,
  type SessionDelta,
  type SessionImage,
  type SessionRecord,
} from '@sessionreel/session-model';
import type { Capture } from '@sessionreel/fleet-sim';
import { readCapture } from './read.ts';
import { keyOf } from './shadow.ts';

/** Mistakes that the oracle has to find. */
export const mistakes = [
  'closes on any listing',
  'never closes',
  'believes late ones',
  'takes reuse for the same session',
  'adds cleared counters up',
  'takes wraps for resets',
  'hides a change',
  'counts the first sight',
  'forgets rounding',
] as const;
export type Mistake = (typeof mistakes)[number];

interface State {
  record: SessionRecord;
  seenAt: number;
}

interface Parts {
  readonly seen: Set<number>;
  readonly keys: Set<string>;
  provable: boolean;
}

const texts = ['text', 'word', 'address'];

export class NaiveDiff {
  readonly #mistake: Mistake | null;
  readonly #live = new Map<string, State>();
  readonly #closed = new Map<string, State>();
  readonly #snapshots = new Map<string, Parts>();
  #newest = -Infinity;
  #wholeAt = -Infinity;

  constructor(mistake: Mistake | null = null) {
    this.#mistake = mistake;
  }

  apply(capture: Capture): SessionDelta[] {
    const read = readCapture(capture);
    const facts = read.facts[0];
    const id = `${capture.capturedAt} ${capture.command}`;
    const part = capture.part?.number ?? 1;
    const known = this.#snapshots.get(id);
    const late = known === undefined && capture.capturedAt < this.#newest && !this.#is('believes late ones');
    if (facts === undefined || known?.seen.has(part) === true || late) return [];
    this.#newest = Math.max(this.#newest, capture.capturedAt);
    const parts = known ?? { seen: new Set<number>(), keys: new Set<string>(), provable: true };
    this.#snapshots.set(id, parts);
    parts.seen.add(part);
    parts.provable &&= facts.complete;
    const delta = emptyDelta({ router: capture.router, at: capture.capturedAt, seq: 0, gop: 0 });
    const records = capture.truth.partial ? read.sessions.slice(0, capture.truth.whole) : read.sessions;
    for (const record of records) {
      parts.keys.add(keyOfRecord(record));
      this.#session(record, capture.capturedAt, delta);
    }
    const whole = parts.seen.size === (capture.part?.of ?? 1) && parts.provable;
    const proves = whole && Object.keys(capture.scope).length === 0;
    if ((proves || this.#is('closes on any listing')) && !this.#is('never closes'))
      this.#closeRest(parts.keys, delta);
    if (proves) this.#wholeAt = capture.capturedAt;
    return [delta];
  }

  #is(mistake: Mistake): boolean {
    return this.#mistake === mistake;
  }

  #session(record: SessionRecord, at: number, delta: SessionDelta): void {
    const key = keyOfRecord(record);
    let state = this.#live.get(key);
    if (state !== undefined && !this.#same(state.record, record)) {
      delta.closed.push(image(state.record, 'replaced', [], state.seenAt));
      this.#live.delete(key);
      state = undefined;
    }
    if (state === undefined) this.#open(key, record, at, delta);
    else this.#update(state, record, delta, at);
    this.#live.set(key, { record, seenAt: at });
  }

  #same(before: SessionRecord, now: SessionRecord): boolean {
    if (this.#is('takes reuse for the same session')) return true;
    const moved = Number(before.values['create_time']) - Number(now.values['create_time']);
    const remote = before.values['session_remote_id'];
    const other = remote !== now.values['session_remote_id'] && remote !== 0;
    return Math.abs(moved) <= 2 && !other;
  }

  #open(key: string, record: SessionRecord, at: number, delta: SessionDelta): void {
    const old = this.#closed.get(`${key} ${String(record.values['create_time'])}`);
    const { create_time, statistics_since, up_time_s } = record.values;
    const before = Number(create_time) - Number(statistics_since ?? create_time);
    const bornAt = at - (Number(up_time_s) + before) * 1000;
    const inSight = this.#wholeAt > -Infinity && bornAt > this.#wholeAt;
    const born = inSight || this.#is('counts the first sight');
    const reason = old !== undefined ? 'returned' : born ? 'new' : 'first_seen';
    delta.opened.push(image(record, reason, [], at));
    if (reason === 'new') this.#count(record, null, delta, at);
  }

  #update(state: State, record: SessionRecord, delta: SessionDelta, at: number): void {
    const changed = fields
      .filter((f) => ['attribute', 'state', 'gauge'].includes(f.role))
      .map((f) => f.name)
      .filter((name) => state.record.values[name] !== record.values[name])
      .filter((name) => name !== 'state' || !this.#is('hides a change'));
    if (changed.length > 0) delta.changed.push(image(record, '', changed, at));
    const cleared = state.record.values['statistics_since'] !== record.values['statistics_since'];
    if (this.#count(record, cleared ? null : state.record, delta, at) || cleared)
      delta.rebase.push(image(record, 'counters', [], at));
  }

  /** True when the absolute values can not be had by adding. */
  #count(record: SessionRecord, before: SessionRecord | null, delta: SessionDelta, at: number): boolean {
    const deltas: Record<string, bigint> = {};
    const errors: Record<string, bigint> = {};
    let seen = 0;
    const wraps: string[] = [];
    counterFields.forEach(({ name }, bit) => {
      const value = record.values[name];
      if (typeof value !== 'bigint') return;
      seen |= 1 << bit;
      const from = this.#is('adds cleared counters up') && before === null ? value : 0n;
      const old = before === null ? from : BigInt(before.values[name] ?? 0n);
      const half = (record.rounding[name] ?? 0n) + (before?.rounding[name] ?? 0n);
      const less = value < old && half === 0n;
      if (less) wraps.push(name);
      const moved = less && !this.#is('takes wraps for resets') ? value + 2n ** 32n - old : value - old;
      deltas[name] = less && this.#is('takes wraps for resets') ? value : moved < 0n ? 0n : moved;
      errors[`${name}_error`] = this.#is('forgets rounding') ? 0n : half;
    });
    if (seen === 0) return false;
    const { tunnel_local_id, session_local_id } = image(record, '', [], at);
    const common: CounterDelta = {
      tunnel_local_id,
      session_local_id,
      create_time: null,
      created_at: null,
      interval_s: 0,
      kind: before === null ? 'epoch' : wraps.length > 0 ? 'wrap' : 'normal',
      seen: seen >>> 0,
      deltas,
    };
    const rounded: RoundedCounterDelta = { ...common, errors };
    delta.counters_rounded.push(rounded);
    return (
      wraps.length > 0 ||
      Object.keys(record.rounding).length > 0 ||
      Object.keys(before?.rounding ?? {}).length > 0
    );
  }

  #closeRest(keys: ReadonlySet<string>, delta: SessionDelta): void {
    for (const [key, state] of this.#live) {
      if (keys.has(key)) continue;
      const destroyed = state.record.values['state'] === 'destroyed';
      delta.closed.push(image(state.record, destroyed ? 'destroyed' : 'gone', [], state.seenAt));
      this.#live.delete(key);
      this.#closed.set(`${key} ${String(state.record.values['create_time'])}`, state);
    }
  }
}

function keyOfRecord({ values }: SessionRecord): string {
  return keyOf({
    tunnel_local_id: Number(values['tunnel_local_id']),
    session_local_id: Number(values['session_local_id']),
  });
}

function image(record: SessionRecord, reason: string, changed: string[], seenAt: number): SessionImage {
  const values: Record<string, FieldValue> = {};
  let presence = '';
  for (const f of fields) {
    const value = record.values[f.name];
    const kind = value === undefined ? 0 : value === null ? 3 : value === '' ? 2 : 1;
    presence += presenceLetters[kind] ?? '.';
    const printed = kind === 1 ? (value ?? null) : texts.includes(f.type) ? '' : null;
    values[f.name] = f.type === 'datetime' && kind === 1 ? Number(printed) * 1000 : printed;
  }
  return {
    tunnel_local_id: Number(record.values['tunnel_local_id']),
    session_local_id: Number(record.values['session_local_id']),
    reason,
    changed,
    last_seen_at: seenAt,
    created_at: null,
    idle_since: null,
    clock_offset_s: 0,
    layout: 0n,
    rank: 0,
    presence,
    rounding: {},
    unknown: [],
    values,
  };
}
