/**
 * A router of which everything is known: it ages by a seed, says what it would print at each snapshot, and writes the events that the
 * architecture asks of the processor. It shares no code with the queries that are tested against it.
 */
import { createHash } from 'node:crypto';
import {
  emptyDelta,
  counterFields,
  fields,
  type FieldValue,
  type SessionDelta,
  type SessionPrint,
} from '@sessionreel/session-model';
import { counterDelta, image, ledgerEntry, roundedDelta, type ImageInput } from './events.ts';

/** What a record must say: every field by name, with the half-widths of rounded ones. */
export interface Truth {
  readonly at: number;
  readonly records: ReadonlyMap<
    string,
    { values: Record<string, FieldValue>; rounding: Record<string, bigint>; rank: number }
  >;
}

interface Session {
  tunnel: number;
  session: number;
  created: number;
  state: string;
  user: string | undefined;
  unit: number;
  counters: bigint[];
  half: bigint[];
  since: number;
  idleSince: number | null;
  offset: number;
  layout: bigint;
  rank: number;
  unknown: { name: string; value: string }[];
}

export function random(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const zoneS = 7_200;
/** Ids above 2^63: they must not be taken for negative. */
const setId = 2n ** 63n + 5n;
const setText = JSON.stringify({ set: { 'text/extensive': (2n ** 63n + 9n).toString(16) }, shapes: {} });
/** Any hash that the order of sessions does not matter to; clocks are left out, as in the product's. */
export function hashOf(records: readonly Readonly<Record<string, FieldValue>>[]): string {
  const lines = records.map((values) =>
    JSON.stringify(
      Object.entries(values)
        .filter(([name]) => !name.endsWith('_time_s'))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, value]) => [name, String(value)]),
    ),
  );
  return createHash('md5').update(lines.sort().join('\n')).digest('hex');
}

const mod = (n: bigint): bigint => BigInt.asUintN(64, n);

export class World {
  readonly router: string;
  readonly #next: () => number;
  #sessions = new Map<string, Session>();
  #seq = 0;
  #gop: number | undefined;
  #at: number;
  readonly truths: Truth[] = [];
  readonly deltas: SessionDelta[] = [];
  readonly #partition: number;
  #offset = -1;

  constructor(router: string, seed: number, start: number) {
    this.router = router;
    this.#next = random(seed);
    this.#partition = seed;
    this.#at = start;
  }

  #int(n: number): number {
    return Math.floor(this.#next() * n);
  }

  #delta(at: number): SessionDelta {
    this.#gop ??= at;
    return emptyDelta({ router: this.router, at: at, seq: ++this.#seq, gop: this.#gop });
  }

  /** One snapshot, after some minutes: its delta, and the pieces of a keyframe when asked for. */
  step(keyframe = false): SessionDelta[] {
    this.#at += 60_000 + this.#int(600_000);
    const at = this.#at;
    const clock = Math.floor(at / 1_000) + zoneS;
    const delta = this.#delta(at);
    this.#close(delta);
    this.#open(delta, clock);
    this.#age(delta, clock);
    const live = [...this.#sessions.values()];
    const byState: Record<string, number> = {};
    for (const s of live) byState[s.state] = (byState[s.state] ?? 0) + 1;
    delta.ledger.push(
      ledgerEntry({
        snapshot_id: `snap ${String(this.#seq)}`,
        source_partition: this.#partition,
        source_offset: ++this.#offset,
        previous_source_offset: this.#offset - 1,
        router_clock: clock * 1_000,
        clock_steps: [0, 0, 300, 1],
        sessions: live.length,
        opened: delta.opened.length,
        changed: delta.changed.length,
        closed: delta.closed.length,
        by_state: byState,
        document: 77n,
      }),
    );
    delta.layouts.push(
      { id: 77n, definition: '{"frame":1}' },
      { id: setId, definition: setText },
      { id: 2n ** 63n + 9n, definition: '{"body":1}' },
    );
    this.#remember(at, clock);
    (delta.ledger[0] as { state_hash: string }).state_hash = hashOf(
      [...(this.truths.at(-1) as Truth).records.values()].map((r) => r.values),
    );
    const deltas = keyframe ? [delta, ...this.#keyframe(at)] : [delta];
    this.deltas.push(...deltas);
    return deltas;
  }

  #close(delta: SessionDelta): void {
    for (const [key, s] of [...this.#sessions]) {
      if (this.#next() > 0.1) continue;
      this.#sessions.delete(key);
      const replaced = this.#next() < 0.5;
      delta.closed.push(this.#image(s, replaced ? 'replaced' : 'gone'));
      if (replaced) this.#add(s.tunnel, s.session, delta, Math.floor(delta.at / 1_000) + zoneS - 5);
    }
  }

  #open(delta: SessionDelta, clock: number): void {
    for (let n = this.#int(6); n >= 0; n--) {
      const tunnel = 1 + this.#int(3);
      const session = this.#int(65_536);
      if (!this.#sessions.has(`${String(tunnel)} ${String(session)}`))
        this.#add(tunnel, session, delta, clock - this.#int(50));
    }
  }

  #add(tunnel: number, session: number, delta: SessionDelta, created: number): void {
    const s: Session = {
      tunnel,
      session,
      created,
      state: 'established',
      user: this.#next() < 0.3 ? undefined : `u${String(session)}'"\\@r${String(this.#int(3))}`,
      unit: 1_073_741_824 + this.#int(1_000),
      counters: counterFields.map(() =>
        this.#next() < 0.1 ? 2n ** 64n - 1n - BigInt(this.#int(100)) : BigInt(this.#int(10_000)),
      ),
      half: counterFields.map(() => 0n),
      since: created,
      idleSince: this.#next() < 0.5 ? null : created + 1,
      offset: this.#int(3) - 1,
      layout: setId,
      rank: this.#int(600),
      unknown: this.#next() < 0.2 ? [{ name: 'Colour', value: 'blue' }] : [],
    };
    this.#sessions.set(`${String(tunnel)} ${String(session)}`, s);
    delta.opened.push(this.#image(s, 'new'));
    // Its counters are themselves traffic: in the image and in a delta of the same event.
    delta.counters.push(
      counterDelta(
        tunnel,
        session,
        Object.fromEntries(counterFields.map((f, i) => [f.name, s.counters[i] ?? 0n])),
        { create_time: created * 1_000 },
      ),
    );
  }

  #age(delta: SessionDelta, clock: number): void {
    const fresh = new Set(
      delta.opened.map((o) => `${String(o.tunnel_local_id)} ${String(o.session_local_id)}`),
    );
    for (const [key, s] of this.#sessions) {
      if (fresh.has(key)) continue;
      const what = this.#next();
      if (what < 0.15) {
        s.state = s.state === 'established' ? 'destroyed' : 'established';
        s.idleSince = clock - 3;
        this.#count(delta, s);
        delta.changed.push(this.#image(s, '', ['state']));
      } else if (what < 0.25) {
        s.counters = s.counters.map(() => BigInt(this.#int(50)));
        s.since = clock - 10;
        delta.counters.push(
          counterDelta(s.tunnel, s.session, this.#named(s.counters), {
            kind: 'epoch',
            create_time: s.created * 1_000,
          }),
        );
        s.half = s.half.map(() => 0n);
        delta.rebase.push(this.#image(s, 'epoch'));
      } else if (what < 0.8) {
        this.#count(delta, s);
        if (this.#next() < 0.5) this.#print(delta, s, clock);
      }
    }
  }

  #named(values: readonly bigint[]): Record<string, bigint> {
    return Object.fromEntries(counterFields.map((f, i) => [f.name, values[i] ?? 0n]));
  }

  #count(delta: SessionDelta, s: Session): void {
    const before = s.half;
    const moved = s.counters.map(() => BigInt(this.#int(1_000)));
    s.counters = s.counters.map((c, i) => mod(c + (moved[i] ?? 0n)));
    const rounded = this.#next() < 0.2 || before.some((h) => h > 0n);
    if (!rounded) {
      delta.counters.push(
        counterDelta(s.tunnel, s.session, this.#named(moved), { create_time: s.created * 1_000 }),
      );
      return;
    }
    s.half = before.map(() => (this.#next() < 0.3 ? 50n : 0n));
    delta.counters_rounded.push(
      roundedDelta(
        counterDelta(s.tunnel, s.session, this.#named(moved), { create_time: s.created * 1_000 }),
        this.#named(before.map((h, i) => h + (s.half[i] ?? 0n))),
      ),
    );
  }

  #print(delta: SessionDelta, s: Session, clock: number): void {
    s.rank = this.#int(600);
    s.offset = this.#int(3) - 1;
    s.idleSince = s.idleSince === null ? null : clock - this.#int(4);
    const print: SessionPrint = {
      tunnel_local_id: s.tunnel,
      session_local_id: s.session,
      create_time: s.created * 1_000,
      layout: s.layout,
      rank: s.rank,
      idle_since: s.idleSince === null ? null : s.idleSince * 1_000,
      clock_offset_s: s.offset,
    };
    delta.prints.push(print);
  }

  #keyframe(at: number): SessionDelta[] {
    this.#gop = at;
    const live = [...this.#sessions.values()];
    const cut = this.#int(live.length + 1);
    return [live.slice(0, cut), live.slice(cut)].map((sessions, i) => {
      const delta = this.#delta(at);
      delta.piece = i + 1;
      delta.pieces = 2;
      delta.keyframe = sessions.map((s) => this.#image(s, ''));
      return delta;
    });
  }

  #values(s: Session): Record<string, FieldValue> {
    const values: Record<string, FieldValue> = {
      tunnel_local_id: s.tunnel,
      session_local_id: s.session,
      session_remote_id: 7,
      create_time: s.created,
      call_serial_number: 4_137_941_434,
      state: s.state,
      interface_unit: s.unit,
      bundle_id: '',
      mode: 'shared',
      local_ip: '10.0.0.1',
      remote_name: 'lac1',
      peer_ip: `10.9.${String(s.session >> 8)}.${String(s.session & 255)}`,
      tx_speed: 64_000n,
      lcp_renegotiation: null,
      up_time_s: 1,
      idle_time_s: s.idleSince === null ? null : 1,
      statistics_since: s.since,
      ...this.#named(s.counters),
    };
    if (s.user !== undefined) values['user_name'] = s.user;
    return values;
  }

  #image(s: Session, reason: string, changed: string[] = []): ReturnType<typeof image> {
    const input: ImageInput = {
      tunnel: s.tunnel,
      session: s.session,
      values: this.#values(s),
      reason,
      changed,
      lastSeen: this.#at,
      rounding: Object.fromEntries(
        counterFields.flatMap((f, i) => ((s.half[i] ?? 0n) > 0n ? [[f.name, Number(s.half[i])]] : [])),
      ),
      layout: s.layout,
      rank: s.rank,
      idleSince: s.idleSince,
      clockOffset: s.offset,
      unknown: s.unknown,
    };
    return image(input);
  }

  #remember(at: number, clock: number): void {
    const records = new Map<
      string,
      { values: Record<string, FieldValue>; rounding: Record<string, bigint>; rank: number }
    >();
    for (const [key, s] of this.#sessions) {
      const now = clock + (s.rank >= 300 ? 1 : 0) + s.offset;
      const all = this.#values(s);
      all['up_time_s'] = Math.max(0, now - s.created);
      all['idle_time_s'] = s.idleSince === null ? null : Math.max(0, now - s.idleSince);
      const values: Record<string, FieldValue> = {};
      for (const f of fields) if (all[f.name] !== undefined) values[f.name] = all[f.name] as FieldValue;
      const rounding = Object.fromEntries(
        counterFields.flatMap((f, i) => ((s.half[i] ?? 0n) > 0n ? [[f.name, s.half[i] as bigint]] : [])),
      );
      records.set(key, { values, rounding, rank: s.rank });
    }
    this.truths.push({ at, records });
  }
}
