/** Situations that come together from several rules: limits of ids and values, parts among other snapshots, keyframes and restores. */
import { unflatten, type SessionDelta } from '@sessionreel/session-model';
import { describe, expect, it } from 'vitest';
import { Lab, begin, brief, events, extensive, ids, reasons, view, type Printed } from './testing/lab.ts';

const limits = [
  [0, 0],
  [0, 65_535],
  [1, 0],
  [65_535, 0],
  [65_535, 65_535],
] as const;
const atLimits = (at: number, bytes: bigint): Printed[] =>
  limits.map(([tunnel, session]) => extensive(session, at, { tunnel, bytes }));
const keys = (images: SessionDelta['closed']) =>
  images.map((image) => [image.tunnel_local_id, image.session_local_id]);

describe('ids at their limits', () => {
  it('are sessions like others: they open, count, move, close and come back from the log', () => {
    const lab = new Lab();
    expect(keys(lab.take({ at: 0, sessions: atLimits(0, 10n) }).opened)).toEqual(limits);
    const counted = lab.take({ at: 60, sessions: atLimits(60, 25n).reverse() });
    expect(counted.counters.map((c) => c.deltas['data_rx_bytes'])).toEqual([15n, 15n, 15n, 15n, 15n]);
    const closed = lab.take({ at: 120, sessions: atLimits(120, 25n).slice(1, 4) });
    expect(keys(closed.closed).sort()).toEqual([
      [0, 0],
      [65_535, 65_535],
    ]);
    expect(view(lab.restored())).toEqual(view(lab.state));
    expect(view(lab.restored(lab.checkpoint(), lab.log.length))).toEqual(view(lab.state));
    const back = lab.take({ at: 180, sessions: atLimits(180, 30n) });
    expect(back.opened.map((image) => image.reason)).toEqual(['returned', 'returned']);
  });

  it('stand in parts and transactions as well', () => {
    const lab = new Lab();
    lab.take({ at: 0, sessions: atLimits(0, 10n) });
    const before = view(lab.state);
    lab.state.mark();
    lab.take({ at: 60, id: 'x', part: 2, parts: 2, sessions: atLimits(60, 20n).slice(3) });
    lab.take({ at: 60, id: 'x', part: 1, parts: 2, sessions: atLimits(60, 20n).slice(0, 2) });
    expect(lab.state.sessions).toBe(4);
    lab.state.rollback();
    expect(view(lab.state)).toEqual(before);
  });
});

describe('values near 2^64', () => {
  const most = 2n ** 64n - 1n;

  it('wrap by what can pass, and only then', () => {
    const lab = new Lab();
    lab.take({
      at: 0,
      sessions: [extensive(1, 0, { bytes: most - 99n }), extensive(2, 0, { bytes: most - 99n })],
    });
    const delta = lab.take({
      at: 60,
      sessions: [extensive(1, 60, { bytes: 400n }), extensive(2, 60, { bytes: 2n ** 63n })],
    });
    expect(delta.counters.map((c) => [c.session_local_id, c.kind, c.deltas['data_rx_bytes']])).toContainEqual(
      [1, 'wrap', 500n],
    );
    expect(delta.anomalies.map((a) => [a.session_local_id, a.kind])).toContainEqual([2, 'counter_decreased']);
    expect(view(lab.restored())).toEqual(view(lab.state));
  });

  it('are counted to the last bit over each carry', () => {
    const lab = new Lab();
    const values = [
      0n,
      2n ** 32n - 1n,
      2n ** 32n,
      2n ** 53n,
      2n ** 53n + 1n,
      2n ** 63n - 1n,
      2n ** 63n,
      most,
    ];
    lab.take({ at: 0, sessions: [extensive(1, 0, { bytes: 0n })] });
    values.slice(1).forEach((bytes, i) => {
      const delta = lab.take({ at: 60 * (i + 1), sessions: [extensive(1, 60 * (i + 1), { bytes })] });
      expect(delta.counters.map((c) => c.deltas['data_rx_bytes'])).toEqual([bytes - (values[i] ?? 0n)]);
      expect(lab.restored().hash).toBe(lab.state.hash);
    });
  });
});

describe('thousands of tunnels', () => {
  const tunnels = 6_000;
  const listing = (at: number, gone: ReadonlySet<number> = new Set()): Printed[] =>
    Array.from({ length: tunnels }, (_, t) => t)
      .filter((t) => !gone.has(t))
      .map((t) => extensive(1 + (t % 4), at, { tunnel: t * 10, bytes: BigInt(at) }));

  it('of one session each close with their tunnel, and nobody else does', () => {
    const lab = new Lab({ pieceSessions: 1000 });
    lab.take({ at: 0, sessions: listing(0) });
    const gone = new Set([0, 17, 5_999]);
    const delta = lab.take({ at: 60, sessions: listing(60, gone) });
    expect(keys(delta.closed)).toEqual([...gone].map((t) => [t * 10, 1 + (t % 4)]));
    expect(events(delta)).toEqual({ closed: 3, counters: tunnels - 3 });
    const copy = lab.restored(lab.checkpoint(), lab.log.length);
    expect([copy.sessions, copy.hash]).toEqual([lab.state.sessions, lab.state.hash]);
  });
});

describe('parts among other snapshots', () => {
  const all = (at: number, bytes = 0n): Printed[] =>
    [1, 2, 3, 4].map((id) => extensive(id, at, { bytes, extra: { tx_speed: 64_000n } }));
  const part = (lab: Lab, at: number, number: number, sessions: Printed[], id = 'long') =>
    lab.take({ at, logAt: at + number, id, part: number, parts: 2, sessions });

  it('of level extensive go on around a brief one of later, which closes what is gone by then', () => {
    const lab = new Lab();
    lab.take({ at: 0, sessions: all(0, 100n) });
    part(lab, 60, 1, all(60, 150n).slice(0, 2));
    // Session 3 ended before the listing came to it; session 2 after.
    const short = lab.take({ at: 90, level: 'brief', sessions: [1, 4].map((id) => brief(id)) });
    expect(reasons(short.closed)).toEqual({ 2: 'gone', 3: 'gone' });
    const last = part(lab, 60, 2, [extensive(4, 60, { bytes: 170n, extra: { tx_speed: 64_000n } })]);
    // Late: it fills in what a brief listing does not print, and closes and opens nobody.
    expect([last.opened, last.closed, last.changed]).toEqual([[], [], []]);
    expect(lab.state.sessions).toBe(2);
    expect(view(lab.restored())).toEqual(view(lab.state));
  });

  it('are parts of one snapshot in a state that was restored between them, also from a checkpoint', () => {
    const whole = new Lab();
    const broken = new Lab();
    const checkpointed = new Lab();
    for (const lab of [whole, broken, checkpointed]) {
      lab.take({ at: 0, sessions: all(0, 100n) });
      part(lab, 60, 2, all(60, 150n).slice(2, 3));
    }
    broken.state = broken.restored();
    checkpointed.state = checkpointed.restored(checkpointed.checkpoint(), checkpointed.log.length);
    const told = [whole, broken, checkpointed].map((lab) => part(lab, 60, 1, all(60, 150n).slice(0, 2)));
    expect(reasons(told[0]?.closed ?? [])).toEqual({ 4: 'gone' });
    for (const delta of told.slice(1))
      expect({ ...delta, router_state: null, layouts: null }).toEqual({
        ...told[0],
        router_state: null,
        layouts: null,
      });
    expect(view(broken.state)).toEqual(view(whole.state));
    expect(view(checkpointed.state)).toEqual(view(whole.state));
  });

  it('outlive a keyframe that another snapshot brings about', () => {
    const options = { keyframeEveryMs: 60_000 };
    const lab = new Lab(options);
    const plain = new Lab({ keyframeEveryMs: Infinity });
    const told = [lab, plain].map((one) => {
      one.take({ at: 0, sessions: all(0, 100n) });
      part(one, 90, 1, all(90, 150n).slice(0, 2));
      one.take({ at: 100, level: 'brief', scope: { 'local-session-id': '1' }, sessions: [brief(1)] });
      one.take({ at: 101, level: 'statistics', sessions: [], complete: false });
      return part(one, 90, 2, all(90, 150n).slice(2, 3));
    });
    expect(lab.log.some((delta) => delta.pieces > 0)).toBe(true);
    expect(plain.log.some((delta) => delta.pieces > 0)).toBe(false);
    expect(told.map((delta) => ids(delta.closed))).toEqual([
      ids(told[0]?.closed ?? []),
      ids(told[0]?.closed ?? []),
    ]);
    expect(lab.state.hash).toBe(plain.state.hash);
    expect(view(lab.restored())).toEqual(view(lab.state));
  });

  it('that are given up after a restore say so once, and close nobody', () => {
    const lab = new Lab({ partDeadlineMs: 600_000 });
    lab.take({ at: 0, sessions: all(0) });
    part(lab, 60, 2, all(60).slice(2));
    lab.state = lab.restored();
    expect(lab.state.nextDeadline).toBe(begin + 662_000);
    const [given, ...more] = lab.expire(700);
    expect(more).toEqual([]);
    expect(given?.closed).toEqual([]);
    expect(given?.router_events.map((event) => event.kind)).toEqual(['part_missing']);
    expect([lab.state.sessions, lab.state.nextDeadline]).toEqual([4, Infinity]);
    expect(lab.expire(1400)).toEqual([]);
  });
});

describe('a clock that is set, and set back', () => {
  it('is not reuse for a session that was listed only while it was wrong', () => {
    const lab = new Lab();
    const by = 3600;
    const right = (at: number, id: number) => extensive(id, at);
    const wrong = (at: number, id: number) => extensive(id, at + by, { created: -3600 + by });
    lab.take({ at: 0, sessions: [right(0, 1), right(0, 2), right(0, 3)] });
    lab.take({ at: 60, complete: false, sessions: [wrong(60, 1), wrong(60, 2)] });
    lab.take({ at: 120, complete: false, sessions: [right(120, 2)] });
    // Session 3 was last seen under the same clock, before session 1 was: it does not deny that the clock was set since.
    const delta = lab.take({ at: 180, sessions: [right(180, 1), right(180, 2), right(180, 3)] });
    expect([delta.opened, delta.closed, delta.changed]).toEqual([[], [], []]);
    expect(view(lab.restored())).toEqual(view(lab.state));
  });
});

describe('zones that change by half an hour', () => {
  it('give create times in UTC on both sides of a change, and no reuse', () => {
    const timezone = 'Australia/Lord_Howe';
    const lab = new Lab({ timezone });
    // The lab begins on 2 March; clocks go back by 30 minutes on 5 April 2026 at 2:00 (+11:00), which is 15:00 UTC on the 4th.
    const change = (Date.UTC(2026, 3, 4, 15) - begin) / 1000;
    const offset = (at: number) => (at < change ? 11 : 10.5) * 3600;
    const session = (id: number, created: number, at: number): Printed =>
      extensive(id, at, {
        extra: {
          create_time: begin / 1000 + created + offset(created),
          statistics_since: begin / 1000 + created + offset(created),
          up_time_s: at - created,
        },
      });
    const born = [change - 4000, change - 900, change + 900];
    const taken = [change - 600, change + 1000, change + 4000].map((at) =>
      lab.take({
        at,
        sessions: born.flatMap((created, i) => (created <= at ? [session(i + 1, created, at)] : [])),
      }),
    );
    expect(taken.map((delta) => ids(delta.opened))).toEqual([[1, 2], [3], []]);
    expect(taken.map((delta) => ids(delta.closed))).toEqual([[], [], []]);
    const created = taken.flatMap((delta) => delta.opened.map((image) => image.created_at));
    expect(created).toEqual(born.map((at) => begin + at * 1000));
  });
});

it('tells the same by the same snapshots, whatever was abandoned between them', () => {
  const told = [false, true].map((disturbed) => {
    const lab = new Lab();
    const deltas: SessionDelta[] = [];
    for (let at = 0; at < 600; at += 60) {
      if (disturbed) {
        lab.start({ at, sessions: atLimits(at, 9n) });
        lab.state.abandon();
      }
      const facts = lab.start({ at, sessions: atLimits(at, BigInt(at)).slice(at % 3) });
      lab.state.end(facts, (flat) => deltas.push(structuredClone(unflatten(flat))));
    }
    return deltas.map((delta) => ({ ...delta, ledger: [], router_state: null }));
  });
  expect(told[1]).toEqual(told[0]);
});
