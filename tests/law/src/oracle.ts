/**
 * Judges the deltas of one router by the simulator's truth: which incarnations had to open and close with a capture, which fields
 * had to change, what every counter had to give. It knows what was listed and by whom, never how the product came to its deltas.
 */
import type { Capture, ListedSession } from '@sessionreel/fleet-sim';
import {
  counterFields,
  fields,
  type FieldValue,
  type SessionDelta,
  type SessionImage,
} from '@sessionreel/session-model';
import { keyOf, Shadow, valueOf } from './shadow.ts';

/** What is known of an incarnation from the captures so far. */
interface Known {
  readonly key: string;
  last: ListedSession;
  /** Newest value of every field that was ever printed. */
  readonly merged: Map<string, FieldValue | undefined>;
  /** What each level printed last, with the capture that did. */
  readonly byLevel: Map<string, ListedSession>;
  /** The last listing that printed each counter. */
  readonly counted: Map<string, ListedSession>;
  lastSeenAt: number;
  /** When a cut capture showed its beginning only: which fields that told is not judged until it is seen whole again. */
  glimpsedAt: number | null;
  glimpsedLevel: string;
}

interface Pending {
  /** Its first part to come. */
  readonly capture: Capture;
  readonly parts: Set<number>;
  readonly listed: Set<number>;
  /** Listed under the identity of another that was live: whether it is that one may be told by the last part. */
  readonly doubtful: Map<string, ListedSession>;
  provable: boolean;
}

export interface OracleOptions {
  /** Several levels are polled: what a late capture may fill in is not judged. */
  readonly mixedLevels: boolean;
  /** Nobody sets the routers' clocks or zones: what is new is judged by them. */
  readonly steadyClocks: boolean;
}

const attributes = new Set(
  fields.filter((f) => ['attribute', 'state', 'gauge'].includes(f.role)).map((f) => f.name),
);
const wrap32 = 1n << 32n;
const none: Record<string, bigint> = {};

export class Oracle {
  /** What the product got wrong, in words. */
  readonly problems: string[] = [];
  readonly shadow = new Shadow(this.problems);
  readonly #options: OracleOptions;
  readonly #live = new Map<number, Known>();
  readonly #closed = new Map<number, Known>();
  readonly #pending = new Map<string, Pending>();
  #newest = -Infinity;
  /** When the last whole listing of all sessions was taken. */
  #wholeAt = -Infinity;
  #newWholeAt = -Infinity;
  #where = '';

  constructor(options: OracleOptions) {
    this.#options = options;
  }

  get live(): number {
    return this.#live.size;
  }

  judge(capture: Capture, deltas: readonly SessionDelta[]): void {
    this.#where = [
      capture.router,
      capture.capturedAt,
      capture.level,
      capture.part?.number,
      ...capture.faults,
    ].join(' ');
    const stale = !showsNothing(capture, deltas) && this.#isStale(capture);
    if (capture.truth.listing === null || showsNothing(capture, deltas) || stale) {
      this.#nothing(deltas, capture.truth.listing === null ? 'no listing' : 'stale');
      return;
    }
    this.#newest = Math.max(this.#newest, capture.capturedAt);
    const { sessions } = capture.truth.listing;
    const { first, whole, partial } = capture.truth;
    const listed = sessions.slice(first, first + whole);
    const maybe = partial ? sessions[first + whole] : undefined;
    this.#check(capture, this.#withoutDoubt(capture, listed, deltas), maybe, deltas);
  }

  /** Parts of a snapshot were given up: what was in doubt is told, and nothing closes for its absence. */
  judgeExpired(deltas: readonly SessionDelta[]): void {
    for (const pending of this.#pending.values()) {
      const { capture, parts, doubtful } = pending;
      const own = deltas.filter((d) => d.captured_at === capture.capturedAt);
      if (own.length === 0 || parts.size === (capture.part?.of ?? 1)) continue;
      // What newer listings told since stands.
      if (capture.capturedAt < this.#newest) doubtful.clear();
      this.#where = `${capture.router} ${String(capture.capturedAt)} given up`;
      this.#check(capture, [...doubtful.values()], undefined, own);
      doubtful.clear();
    }
  }

  /** The part's sessions, less those that wait for the last part, and with all that waited when it is the last. */
  #withoutDoubt(
    capture: Capture,
    listed: readonly ListedSession[],
    deltas: readonly SessionDelta[],
  ): readonly ListedSession[] {
    const pending = this.#pending.get(`${capture.capturedAt} ${capture.command}`);
    if (pending === undefined) return listed;
    if (pending.parts.size === (capture.part?.of ?? 1)) {
      const all = [...pending.doubtful.values(), ...listed];
      pending.doubtful.clear();
      return all;
    }
    const told = new Set(
      deltas
        .flatMap((d) => [...d.opened, ...d.changed, ...d.rebase, ...d.counters, ...d.counters_rounded])
        .map(keyOf),
    );
    const byKey = new Map([...this.#live].map(([uid, known]) => [known.key, { uid, known }]));
    return listed.filter((session) => {
      const key = keyOfSession(session);
      const holder = byKey.get(key);
      if (holder === undefined || told.has(key)) return true;
      const before = Number(holder.known.merged.get('create_time'));
      const moved = Math.abs(Number(session.record.values['create_time']) - before) > 2;
      if (holder.uid === session.uid && !moved) return true;
      pending.doubtful.set(key, session);
      return false;
    });
  }

  #check(
    capture: Capture,
    visible: readonly ListedSession[],
    maybe: ListedSession | undefined,
    deltas: readonly SessionDelta[],
  ): void {
    this.#opens(visible, maybe, deltas);
    this.#closes(capture, visible, maybe, deltas);
    this.#counters(capture, visible, deltas);
    this.#changes(capture, visible, deltas, maybe);
    for (const delta of deltas) this.shadow.apply(delta);
    this.#learn(capture, visible, maybe, deltas);
    this.#wholeAt = Math.max(this.#wholeAt, this.#newWholeAt);
    this.#compare(capture, visible);
  }

  #say(problem: string): void {
    this.problems.push(`${this.#where}: ${problem}`);
  }

  /** Seen before, or older than what was applied. */
  #isStale(capture: Capture): boolean {
    const id = `${capture.capturedAt} ${capture.command}`;
    const part = capture.part?.number ?? 1;
    const pending = this.#pending.get(id);
    if (pending?.parts.has(part) === true) return true;
    if (capture.truth.listing === null) return false;
    if (capture.capturedAt < this.#newest) {
      // A part that comes after a newer snapshot is history: its snapshot proves nothing any more.
      if (pending !== undefined) pending.provable = false;
      return true;
    }
    const provable = capture.truth.ended;
    if (pending === undefined)
      this.#pending.set(id, {
        capture,
        parts: new Set([part]),
        listed: new Set(),
        doubtful: new Map(),
        provable,
      });
    else {
      pending.parts.add(part);
      pending.provable &&= provable;
    }
    return false;
  }

  #nothing(deltas: readonly SessionDelta[], why: string): void {
    for (const d of deltas) {
      const events =
        d.opened.length + d.changed.length + d.closed.length + d.counters.length + d.counters_rounded.length;
      if (events + d.rebase.length > 0) this.#say(`${String(events)} events from ${why}`);
    }
  }

  #opens(
    visible: readonly ListedSession[],
    maybe: ListedSession | undefined,
    deltas: readonly SessionDelta[],
  ): void {
    const byKey = new Map(visible.map((s) => [keyOfSession(s), s]));
    const expected = new Set(visible.filter((s) => !this.#live.has(s.uid)).map((s) => s.uid));
    for (const image of deltas.flatMap((d) => d.opened)) {
      const session = byKey.get(keyOf(image));
      if (session === undefined) {
        if (maybe === undefined || keyOfSession(maybe) !== keyOf(image))
          this.#say(`opened ${keyOf(image)}, which is not listed`);
        continue;
      }
      if (!expected.delete(session.uid))
        this.#say(`opened ${keyOf(image)} (${image.reason}), which was open`);
      const returned = this.#closed.has(session.uid);
      if (returned && session.record.values['create_time'] !== undefined && image.reason !== 'returned')
        this.#say(`${keyOf(image)} returned, told as ${image.reason}`);
      if (!returned && image.reason === 'returned')
        this.#say(`${keyOf(image)} was never closed, told as returned`);
      if (!returned && this.#options.steadyClocks) this.#birth(image, session);
    }
    for (const uid of expected) this.#say(`did not open ${keyOfUid(visible, uid)}`);
  }

  /** Whether its counters began in our sight; within seconds of the listing before, either may be told. */
  #birth(image: SessionImage, session: ListedSession): void {
    if (session.epoch > 0 || session.record.values['create_time'] === undefined) return;
    const right = session.createdAt > this.#wholeAt ? 'new' : 'first_seen';
    const expected = this.#wholeAt === -Infinity ? 'first_seen' : right;
    const unsure = Math.abs(session.createdAt - this.#wholeAt) < 4000;
    if (image.reason !== expected && !unsure)
      this.#say(`${keyOf(image)} was created ${String(session.createdAt)}, told as ${image.reason}`);
  }

  #closes(
    capture: Capture,
    visible: readonly ListedSession[],
    maybe: ListedSession | undefined,
    deltas: readonly SessionDelta[],
  ): void {
    const must = new Set<number>();
    const may = new Set<number>();
    const keys = new Map(visible.map((s) => [keyOfSession(s), s.uid]));
    if (maybe !== undefined) keys.set(keyOfSession(maybe), maybe.uid);
    for (const [uid, known] of this.#live) {
      const other = keys.get(known.key);
      if (other !== undefined && other !== uid) (other === maybe?.uid ? may : must).add(uid);
    }
    this.#gone(capture, visible, must, may);
    const byKey = new Map([...this.#live].map(([uid, known]) => [known.key, uid]));
    for (const image of deltas.flatMap((d) => d.closed)) {
      const uid = byKey.get(keyOf(image));
      if (uid === undefined) this.#say(`closed ${keyOf(image)}, which is not open`);
      else if (!must.delete(uid) && !may.has(uid))
        this.#say(`closed ${keyOf(image)} (${image.reason}) without proof`);
      if (uid !== undefined) this.#closeFacts(image, uid);
    }
    for (const uid of must) this.#say(`did not close ${this.#live.get(uid)?.key ?? ''}`);
  }

  /** Those that a whole listing proves to be gone. With a filter, closing them is right and leaving them is no mistake. */
  #gone(capture: Capture, visible: readonly ListedSession[], must: Set<number>, may: Set<number>): void {
    const pending = this.#pending.get(`${capture.capturedAt} ${capture.command}`);
    if (pending === undefined) return;
    const { listing, first, whole } = capture.truth;
    for (const s of listing?.sessions.slice(first, first + whole) ?? []) pending.listed.add(s.uid);
    for (const s of visible) pending.listed.add(s.uid);
    const last = pending.parts.size === (capture.part?.of ?? 1);
    if (!last || !pending.provable) return;
    const filters = Object.entries(capture.scope);
    if (filters.length === 0) this.#newWholeAt = Math.max(this.#wholeAt, capture.capturedAt);
    for (const [uid, known] of this.#live) {
      if (pending.listed.has(uid)) continue;
      const covered = filters.every(([name, value]) => matches(known, name, value));
      if (covered) (filters.length === 0 ? must : may).add(uid);
    }
  }

  #closeFacts(image: SessionImage, uid: number): void {
    const known = this.#live.get(uid);
    if (known === undefined) return;
    const destroyed = known.merged.get('state') === 'destroyed';
    if (image.last_seen_at !== known.lastSeenAt && image.last_seen_at !== known.glimpsedAt)
      this.#say(`${known.key} was last seen ${String(known.lastSeenAt)}, told ${String(image.last_seen_at)}`);
    if (known.glimpsedAt !== null) return;
    if (destroyed && image.reason === 'gone') this.#say(`${known.key} was destroyed, told as gone`);
    if (!destroyed && image.reason === 'destroyed') this.#say(`${known.key} was not destroyed`);
  }

  #counters(capture: Capture, visible: readonly ListedSession[], deltas: readonly SessionDelta[]): void {
    const told = new Map<
      string,
      { deltas: Record<string, bigint>; errors: Record<string, bigint>; kind: string }[]
    >();
    const all = deltas.flatMap((d) => [
      ...d.counters.map((c) => ({ ...c, errors: none })),
      ...d.counters_rounded,
    ]);
    for (const c of all) told.set(keyOf(c), [...(told.get(keyOf(c)) ?? []), c]);
    const opened = new Map(deltas.flatMap((d) => d.opened).map((image) => [keyOf(image), image.reason]));
    const anomalies = new Set(deltas.flatMap((d) => d.anomalies).map((a) => `${keyOf(a)} ${a.field}`));
    for (const session of visible) {
      const key = keyOfSession(session);
      const list = told.get(key) ?? [];
      told.delete(key);
      if (list.length > 1) this.#say(`${key} counted ${String(list.length)} times`);
      const given = list[0];
      for (const { name } of counterFields) {
        const value = session.record.values[name];
        if (typeof value !== 'bigint') continue;
        const delta = given?.deltas[name] ?? 0n;
        const error = given?.errors[`${name}_error`] ?? 0n;
        this.#oneCounter(
          session,
          name,
          value,
          BigInt.asIntN(64, delta),
          error,
          opened.get(key),
          anomalies.has(`${key} ${name}`),
        );
      }
    }
    if (!capture.truth.partial)
      for (const key of told.keys()) this.#say(`counted ${key}, which is not listed`);
  }

  #oneCounter(
    session: ListedSession,
    name: string,
    value: bigint,
    delta: bigint,
    error: bigint,
    opened: string | undefined,
    anomalous: boolean,
  ): void {
    const known = this.#live.get(session.uid) ?? this.#closed.get(session.uid);
    if (known !== undefined && known.glimpsedAt !== null) return;
    const before = known?.counted.get(name);
    const key = `${keyOfSession(session)} ${name}`;
    const half = session.record.rounding[name] ?? 0n;
    if (before?.record.values[name] === undefined) {
      const right =
        opened === 'new'
          ? delta === value
          : opened === undefined
            ? delta === 0n || delta === value
            : delta === 0n;
      if (!right) this.#say(`${key}: first ${String(value)} (${opened ?? 'learned'}), told ${String(delta)}`);
      return;
    }
    if (opened === 'returned' && delta === 0n) return;
    if (before.epoch !== session.epoch) {
      if (delta !== value) this.#say(`${key}: cleared, now ${String(value)}, told ${String(delta)}`);
      return;
    }
    const truth = (session.totals?.[name] ?? 0n) - (before.totals?.[name] ?? 0n);
    const bound = half + (before.record.rounding[name] ?? 0n);
    const off = delta > truth ? delta - truth : truth - delta;
    if (error > bound) this.#say(`${key}: error ${String(error)} above ${String(bound)}`);
    // A rounded number may round past the wrap: then nobody can tell, and it is an anomaly.
    const down = value < BigInt(before.record.values[name] ?? 0n);
    if (bound > 0n && down && anomalous) return;
    if (off > error) this.#say(`${key}: counted ${String(truth)}, told ${String(delta)} ± ${String(error)}`);
  }

  #changes(
    capture: Capture,
    visible: readonly ListedSession[],
    deltas: readonly SessionDelta[],
    maybe: ListedSession | undefined,
  ): void {
    const told = new Map<string, Set<string>>();
    for (const image of deltas.flatMap((d) => d.changed)) {
      const known = told.get(keyOf(image)) ?? new Set();
      for (const name of image.changed) known.add(name);
      told.set(keyOf(image), known);
    }
    for (const session of visible) {
      const key = keyOfSession(session);
      const got = told.get(key) ?? new Set();
      told.delete(key);
      const known = this.#live.get(session.uid);
      if (known !== undefined && known.glimpsedAt !== null) continue;
      const expected = known === undefined ? new Set<string>() : differences(known, session, capture.level);
      for (const name of expected) if (!got.has(name)) this.#say(`${key}: ${name} changed and was not told`);
      for (const name of got) {
        if (attributes.has(name) && !expected.has(name)) this.#say(`${key}: ${name} did not change`);
      }
    }
    if (maybe !== undefined) told.delete(keyOfSession(maybe));
    for (const key of told.keys()) this.#say(`changed ${key}, which is not listed`);
  }

  #learn(
    capture: Capture,
    visible: readonly ListedSession[],
    maybe: ListedSession | undefined,
    deltas: readonly SessionDelta[],
  ): void {
    const closed = new Set(deltas.flatMap((d) => d.closed).map(keyOf));
    for (const [uid, known] of this.#live) {
      if (!closed.has(known.key)) continue;
      this.#live.delete(uid);
      this.#closed.set(uid, known);
    }
    for (const session of visible) this.#see(session, capture);
    if (maybe === undefined) return;
    const opened = deltas.some((d) => d.opened.some((image) => keyOf(image) === keyOfSession(maybe)));
    this.#glimpse(maybe, capture, opened);
  }

  #see(session: ListedSession, capture: Capture): void {
    const known = this.#live.get(session.uid) ?? this.#closed.get(session.uid) ?? blank(session);
    this.#closed.delete(session.uid);
    this.#live.set(session.uid, known);
    for (const name of removed(known, session, capture.level)) known.merged.set(name, undefined);
    for (const [name, value] of Object.entries(session.record.values)) known.merged.set(name, value);
    known.byLevel.set(capture.level, session);
    for (const { name } of counterFields) {
      if (session.record.values[name] !== undefined) known.counted.set(name, session);
    }
    known.last = session;
    known.lastSeenAt = capture.capturedAt;
    if (known.glimpsedLevel === capture.level) known.glimpsedAt = null;
  }

  /** A session of which only the beginning was captured: it is known to be there, and little else. */
  #glimpse(session: ListedSession, capture: Capture, opened: boolean): void {
    const known = this.#live.get(session.uid) ?? this.#closed.get(session.uid) ?? blank(session);
    known.glimpsedAt = capture.capturedAt;
    known.glimpsedLevel = capture.level;
    // Its beginning may be taken for that of the session that had its identity.
    for (const holder of this.#live.values()) {
      if (holder === known || holder.key !== known.key) continue;
      holder.glimpsedAt = capture.capturedAt;
      holder.glimpsedLevel = capture.level;
    }
    if (!opened) return;
    this.#closed.delete(session.uid);
    this.#live.set(session.uid, known);
    known.lastSeenAt = capture.capturedAt;
  }

  /** What a reader of the history sees is what was printed. */
  #compare(capture: Capture, visible: readonly ListedSession[]): void {
    for (const session of visible) {
      const key = keyOfSession(session);
      const live = this.shadow.live.get(key);
      if (live === undefined) {
        this.#say(`${key} is listed and not in the history`);
        continue;
      }
      for (const [name, value] of Object.entries(session.record.values)) {
        if (!attributes.has(name)) continue;
        const got = valueOf(live.image, name);
        if (got !== value) this.#say(`${key}: ${name} is ${String(value)}, history says ${String(got)}`);
      }
      for (const { name } of counterFields) {
        const value = session.record.values[name];
        if (typeof value !== 'bigint') continue;
        const got = live.counters.get(name);
        const half = session.record.rounding[name] ?? 0n;
        if (got === undefined) this.#say(`${key}: ${name} has no absolute value`);
        else if (half === 0n && got !== value && (got - value) % wrap32 !== 0n)
          this.#say(`${key}: ${name} is ${String(value)}, history adds up to ${String(got)}`);
      }
    }
    const listed = this.#options.mixedLevels ? null : capture;
    if (listed !== null && this.shadow.live.size < this.#live.size)
      this.#say(`${String(this.#live.size)} live, history has ${String(this.shadow.live.size)}`);
  }
}

function blank(session: ListedSession): Known {
  return {
    key: keyOfSession(session),
    last: session,
    merged: new Map(),
    byLevel: new Map(),
    counted: new Map(),
    lastSeenAt: 0,
    glimpsedAt: null,
    glimpsedLevel: '',
  };
}

/** Attributes that differ from what was known, and those that the level printed before and does not print now. */
function differences(known: Known, session: ListedSession, level: string): Set<string> {
  const names = new Set(removed(known, session, level));
  for (const [name, value] of Object.entries(session.record.values)) {
    if (attributes.has(name) && known.merged.get(name) !== value) names.add(name);
  }
  return names;
}

function removed(known: Known, session: ListedSession, level: string): string[] {
  const before = known.byLevel.get(level);
  if (before === undefined) return [];
  return Object.keys(before.record.values).filter((name) => {
    return (
      attributes.has(name) &&
      session.record.values[name] === undefined &&
      known.merged.get(name) !== undefined
    );
  });
}

function matches(known: Known, filter: string, value: string): boolean {
  const [tunnel, session] = known.key.split('/');
  if (filter === 'local-tunnel-id') return tunnel === value;
  if (filter === 'local-session-id') return session === value;
  if (filter !== 'peer-gateway-name') return false;
  // Of one that was only glimpsed, the name may have been in what was captured.
  const { record } = known.last;
  return (known.merged.get('remote_name') ?? record.values['remote_name']) === value;
}

/** A capture that broke off before its first session, or has nothing at all: a dead letter is right, as it is told from no other text. */
function showsNothing({ bytes, truth }: Capture, deltas: readonly SessionDelta[]): boolean {
  if (bytes.length === 0) return true;
  const entries = deltas.flatMap(({ ledger }) => ledger);
  return !truth.ended && truth.whole === 0 && entries.every(({ outcome }) => outcome === 'dead_letter');
}

function keyOfSession({ record }: ListedSession): string {
  return `${String(record.values['tunnel_local_id'])}/${String(record.values['session_local_id'])}`;
}

function keyOfUid(sessions: readonly ListedSession[], uid: number): string {
  const session = sessions.find((s) => s.uid === uid);
  return session === undefined ? String(uid) : keyOfSession(session);
}
