import { describe, expect, it } from 'vitest';
import { Lab, begin, brief, clockAt, events, extensive, ids, reasons, view } from '../testing/lab.ts';

const many = (at: number, count: number, spec: Parameters<typeof extensive>[2] = {}) =>
  Array.from({ length: count }, (_, i) => extensive(i + 1, at, spec));

describe('first sight', () => {
  it('is opened, first_seen before any whole snapshot, new or first_seen after one by its epoch', () => {
    const lab = new Lab();
    const first = lab.take({ at: 0, sessions: [extensive(1, 0)] });
    expect(reasons(first.opened)).toEqual({ 1: 'first_seen' });
    const second = lab.take({
      at: 60,
      sessions: [extensive(1, 60), extensive(2, 60, { created: 30 }), extensive(3, 60, { created: -30 })],
    });
    expect(reasons(second.opened)).toEqual({ 2: 'new', 3: 'first_seen' });
  });

  it('counts from zero when new, and is a baseline otherwise', () => {
    const lab = new Lab();
    lab.take({ at: 0, sessions: [] });
    const delta = lab.take({
      at: 60,
      sessions: [
        extensive(2, 60, { created: 20, bytes: 700n }),
        extensive(3, 60, { created: -30, bytes: 900n }),
      ],
    });
    expect(delta.counters).toMatchObject([
      { session_local_id: 2, kind: 'normal', interval_s: 40, deltas: { data_rx_bytes: 700n } },
    ]);
    expect(delta.opened.map((x) => x.values['data_rx_bytes'])).toEqual([700n, 900n]);
    const next = lab.take({
      at: 120,
      sessions: [
        extensive(2, 120, { created: 20, bytes: 800n }),
        extensive(3, 120, { created: -30, bytes: 950n }),
      ],
    });
    expect(next.counters.map((c) => c.deltas['data_rx_bytes'])).toEqual([100n, 50n]);
  });

  it('is new after a brief snapshot did not show it, by the clock that the router printed last', () => {
    // The router's clock is 10 minutes ahead of the collector's.
    const lab = new Lab();
    const ahead = (at: number, created: number) => extensive(1, at + 600, { created: created + 600 });
    lab.take({ at: 0, sessions: [] });
    lab.take({ at: 5, scope: { 'local-session-id': '9' }, sessions: [extensive(9, 605, { created: 0 })] });
    lab.take({ at: 60, level: 'brief', sessions: [brief(9)] });
    const delta = lab.take({ at: 120, sessions: [ahead(120, 30), extensive(9, 720, { created: 0 })] });
    expect(reasons(delta.opened)).toEqual({ 1: 'first_seen' });
    lab.take({ at: 180, level: 'brief', sessions: [brief(9), brief(1)] });
    const later = lab.take({
      at: 240,
      sessions: [
        extensive(9, 840, { created: 0 }),
        ahead(240, 30),
        extensive(2, 840, { created: 600 + 185 }),
      ],
    });
    expect(reasons(later.opened)).toEqual({ 2: 'new' });
  });

  it('is judged by the clock as it is since it was set', () => {
    const lab = new Lab();
    lab.take({ at: 0, sessions: many(0, 3) });
    const set = [
      ...many(60 + 3600, 3, { created: 0 }),
      extensive(9, 3660, { created: 3000 }),
      extensive(10, 3660, { created: 3630 }),
    ];
    expect(reasons(lab.take({ at: 60, sessions: set }).opened)).toEqual({ 9: 'first_seen', 10: 'new' });
  });

  it('after filtered listings only is first_seen: they do not cover it', () => {
    const lab = new Lab();
    lab.take({ at: 0, scope: { 'local-session-id': '1' }, sessions: many(0, 1) });
    const delta = lab.take({
      at: 60,
      sessions: [...many(60, 1), extensive(2, 60, { created: 30, bytes: 9n })],
    });
    expect(reasons(delta.opened)).toEqual({ 2: 'first_seen' });
    expect(delta.counters).toEqual([]);
  });

  it('by a level without create time is new when a whole snapshot came before, and then counts from zero', () => {
    const lab = new Lab();
    lab.take({ at: 0, level: 'brief', sessions: [brief(1)] });
    const delta = lab.take({ at: 60, level: 'brief', sessions: [brief(1), brief(2)] });
    expect(reasons(delta.opened)).toEqual({ 2: 'new' });
    const full = lab.take({
      at: 600,
      sessions: [extensive(1, 600, { bytes: 1000n }), extensive(2, 600, { created: 45, bytes: 5000n })],
    });
    expect(full.counters.map((c) => [c.session_local_id, c.deltas['data_rx_bytes'], c.interval_s])).toEqual([
      [2, 5000n, 555],
    ]);
    expect(reasons(full.rebase)).toMatchObject({ 1: 'learned', 2: 'learned' });
  });
});

describe('reuse', () => {
  it('closes one session as replaced and opens another at one snapshot', () => {
    const lab = new Lab();
    lab.take({ at: 0, sessions: many(0, 3) });
    const delta = lab.take({
      at: 60,
      sessions: [extensive(1, 60), extensive(2, 60, { created: 40, bytes: 10n }), extensive(3, 60)],
    });
    expect(reasons(delta.closed)).toEqual({ 2: 'replaced' });
    expect(delta.closed[0]).toMatchObject({
      last_seen_at: begin,
      values: { create_time: clockAt(-3600) * 1000 },
    });
    expect(reasons(delta.opened)).toEqual({ 2: 'new' });
    expect(delta.counters.map((c) => c.deltas['data_rx_bytes'])).toEqual([10n]);
    expect(delta.changed).toEqual([]);
    expect(view(lab.restored())).toEqual(view(lab.state));
  });

  it('is told at once in a router of one session', () => {
    const lab = new Lab();
    lab.take({ at: 0, sessions: many(0, 1) });
    const delta = lab.take({ at: 60, sessions: [extensive(1, 60, { created: 10 })] });
    expect([reasons(delta.closed), reasons(delta.opened)]).toEqual([{ 1: 'replaced' }, { 1: 'new' }]);
    expect(delta.router_events.filter((e) => e.kind === 'clock_set')).toEqual([]);
  });

  it('is not a create time that moves by up to 2 s', () => {
    const lab = new Lab();
    lab.take({ at: 0, sessions: many(0, 3) });
    for (const [at, created] of [
      [60, -3598],
      [120, -3600],
      [180, -3601],
    ] as const) {
      const delta = lab.take({
        at,
        sessions: [extensive(1, at), extensive(2, at, { created }), extensive(3, at)],
      });
      expect([delta.opened, delta.closed, delta.changed]).toEqual([[], [], []]);
      const created2 = [...lab.state.list()][1]?.record.values['create_time'];
      expect(created2).toBe(clockAt(created));
    }
    const other = lab.take({
      at: 240,
      sessions: [extensive(1, 240), extensive(2, 240, { created: -3598 }), extensive(3, 240)],
    });
    expect(ids(other.closed)).toEqual([2]);
  });

  it('is not what moves all create times of the router: its clock was set', () => {
    for (const by of [3600, -7200, 47]) {
      const lab = new Lab();
      lab.take({ at: 0, sessions: many(0, 5, { bytes: 100n }) });
      const set = (at: number, bytes: bigint) => many(at + by, 5, { created: -3600 + by, bytes });
      const delta = lab.take({ at: 60, sessions: set(60, 130n) });
      expect([delta.opened, delta.closed, delta.anomalies], String(by)).toEqual([[], [], []]);
      expect(delta.router_events).toMatchObject([{ kind: 'clock_set', sessions: 5 }]);
      expect(delta.counters.map((c) => [c.kind, c.deltas['data_rx_bytes']])).toEqual(
        Array.from({ length: 5 }, () => ['normal', 30n]),
      );
      expect(events(lab.take({ at: 120, sessions: set(120, 130n) }))).toEqual({});
      expect(view(lab.restored())).toEqual(view(lab.state));
    }
  });

  it('beside a set clock is still told', () => {
    const lab = new Lab();
    lab.take({ at: 0, sessions: many(0, 4) });
    const set = many(60 + 3600, 4, { created: 0 });
    const delta = lab.take({ at: 60, sessions: [...set.slice(0, 3), extensive(4, 3660, { created: 3640 })] });
    expect(reasons(delta.closed)).toEqual({ 4: 'replaced' });
    expect(ids(delta.opened)).toEqual([4]);
    expect(delta.router_events.map((e) => e.kind)).toEqual(['clock_set']);
  });

  it('is judged alike when only some sessions are listed after the clock was set', () => {
    for (const by of [3600, -61]) {
      const lab = new Lab();
      lab.take({ at: 0, sessions: many(0, 5) });
      const set = (at: number) => many(at + by, 5, { created: -3600 + by });
      const one = lab.take({ at: 60, scope: { 'local-session-id': '2' }, sessions: set(60).slice(1, 2) });
      expect([one.opened, one.closed]).toEqual([[], []]);
      const cut = lab.take({ at: 120, complete: false, sessions: set(120).slice(0, 3) });
      expect([cut.opened, cut.closed]).toEqual([[], []]);
      const whole = lab.take({ at: 180, sessions: set(180) });
      expect([whole.opened, whole.closed]).toEqual([[], []]);
    }
  });

  it('is not what a clock set by a few seconds moves, also where create times jittered before', () => {
    for (const by of [4, -4]) {
      const lab = new Lab();
      const set = (at: number) => many(at + by, 4, { created: -3600 + by });
      lab.take({ at: 0, sessions: many(0, 4) });
      const jitter = extensive(2, 60 + by / 2, { created: -3600 + by / 2 });
      lab.take({ at: 60, sessions: [extensive(1, 60), jitter, extensive(3, 60), extensive(4, 60)] });
      // One alone, whose up time went on to the second.
      const scope = { 'local-session-id': '1' };
      const one = lab.take({ at: 120, scope, sessions: set(120).slice(0, 1) });
      expect([one.opened, one.closed], String(by)).toEqual([[], []]);
      const all = lab.take({ at: 180, sessions: set(180) });
      expect([all.opened, all.closed, all.counters], String(by)).toEqual([[], [], []]);
      expect(view(lab.restored())).toEqual(view(lab.state));
    }
  });

  it('is not what moves by about the same where no up time tells, though one jittered before', () => {
    const lab = new Lab();
    const of = (at: number, moved: readonly number[]) =>
      moved.map((by, i) => extensive(i + 1, at, { created: -3600 + by, extra: { up_time_s: undefined } }));
    lab.take({ at: 0, sessions: of(0, [0, 0, 0]) });
    lab.take({ at: 60, sessions: of(60, [0, 0, 2]) });
    const set = lab.take({ at: 120, sessions: of(120, [4, 4, 4]) });
    expect([set.opened, set.closed]).toEqual([[], []]);
    expect(reasons(lab.take({ at: 180, sessions: of(180, [4, 14, 4]) }).closed)).toEqual({ 2: 'replaced' });
  });

  it('is not what a clock moves that is set while the listing runs', () => {
    for (const by of [-6, 61, -3600]) {
      const lab = new Lab();
      lab.take({ at: 0, sessions: many(0, 24) });
      const sessions = [...many(300, 18), ...many(300 + by, 24, { created: -3600 + by }).slice(18)];
      const delta = lab.take({ at: 300, sessions });
      expect([delta.opened, delta.closed], String(by)).toEqual([[], []]);
      const next = lab.take({ at: 600, sessions: many(600 + by, 24, { created: -3600 + by }) });
      expect([next.opened, next.closed], String(by)).toEqual([[], []]);
      expect(view(lab.restored())).toEqual(view(lab.state));
    }
  });

  it('is what moves the create time of one session only, first or last in the listing', () => {
    for (const odd of [1, 2]) {
      const lab = new Lab();
      lab.take({ at: 0, sessions: many(0, 2) });
      // Its up time goes on as if nothing had happened.
      const extra = { create_time: clockAt(-1000) };
      const sessions = [1, 2].map((id) => extensive(id, 60, id === odd ? { extra } : {}));
      const delta = lab.take({ at: 60, sessions });
      expect([reasons(delta.closed), ids(delta.opened)], `session ${odd}`).toEqual([
        { [odd]: 'replaced' },
        [odd],
      ]);
      expect(delta.router_events).toEqual([]);
      // The odd clock of that session does not make new ones look old.
      const next = lab.take({ at: 120, sessions: [...sessions, extensive(3, 120, { created: 90 })] });
      expect(reasons(next.opened)).toEqual({ 3: 'new' });
    }
  });

  it('is told by the last part when a part lists nothing but the session whose create time moved', () => {
    const lab = new Lab();
    lab.take({ at: 0, sessions: many(0, 3) });
    const odd = extensive(1, 60, { extra: { create_time: clockAt(-1000) } });
    const part = (n: number, sessions: ReturnType<typeof many>) =>
      lab.take({ id: 'a', part: n, parts: 2, at: 60, logAt: 60 + n, sessions });
    expect(events(part(1, [odd]))).toEqual({});
    const last = part(2, many(60, 3).slice(1));
    expect([reasons(last.closed), ids(last.opened)]).toEqual([{ 1: 'replaced' }, [1]]);
    expect(last.router_events).toEqual([]);
    expect(view(lab.restored())).toEqual(view(lab.state));
  });

  it('is not what moves with the clock over a change of daylight saving', () => {
    const lab = new Lab({ timezone: 'Europe/Berlin' });
    // Clocks go back on 2026-10-25 at 01:00 UTC.
    const backward = (Date.UTC(2026, 9, 25, 1) - begin) / 1000;
    const offset = (at: number) => (at < backward ? 2 : 1);
    const listing = (at: number, by: number, bytes: bigint) =>
      [-7200, -3000, 1800].map((after, i) => {
        const created = backward + after;
        // Set by `by`, the router prints each moment in the offset of that moment as it now sees it.
        const shown = clockAt(created + by, offset(created + by));
        return extensive(i + 1, at, {
          created,
          bytes,
          extra: { create_time: shown, statistics_since: shown },
        });
      });
    const at = backward + 7200;
    lab.take({ at, sessions: listing(at, 0, 10n) });
    const delta = lab.take({ at: at + 60, sessions: listing(at + 60, 28_800, 15n) });
    expect([delta.opened, delta.closed]).toEqual([[], []]);
    expect(delta.counters.map((c) => [c.kind, c.deltas['data_rx_bytes']])).toEqual(
      [1, 2, 3].map(() => ['normal', 5n]),
    );
  });

  it('of several sessions at once is told by amounts that differ, where no up time tells', () => {
    const untimed = (at: number, moved: readonly number[]) =>
      moved.map((by, i) => extensive(i + 1, at, { created: -3600 + by, extra: { up_time_s: undefined } }));
    const lab = new Lab();
    lab.take({ at: 0, sessions: untimed(0, [0, 0, 0]) });
    const delta = lab.take({ at: 60, sessions: untimed(60, [3605, 3611, 3640]) });
    expect(reasons(delta.closed)).toEqual({ 1: 'replaced', 2: 'replaced', 3: 'replaced' });
    const other = new Lab();
    other.take({ at: 0, sessions: untimed(0, [0, 0, 0]) });
    expect(other.take({ at: 60, sessions: untimed(60, [3605, 3605, 3606]) }).closed).toEqual([]);
  });

  it('is only hinted at by a session in which the capture breaks off: the next listing tells', () => {
    const lab = new Lab();
    lab.take({ at: 0, sessions: [extensive(1, 0)] });
    const other = { session_remote_id: 777, interface_unit: 42 };
    const cut = lab.take({
      at: 600,
      complete: false,
      sessions: [{ values: brief(1, { extra: other }).values, cut: true }],
    });
    expect(events(cut)).toEqual({ anomalies: 1 });
    expect(cut.anomalies[0]?.kind).toBe('reuse_hint');
    const whole = lab.take({ at: 660, sessions: [extensive(1, 660, { created: 300, extra: other })] });
    expect(whole.closed).toMatchObject([{ reason: 'replaced', last_seen_at: begin }]);
    expect(view(lab.restored())).toEqual(view(lab.state));
  });

  it('without create time is only hinted at, unless remote ID and another both changed', () => {
    const lab = new Lab();
    lab.take({ at: 0, level: 'brief', sessions: [brief(1), brief(2)] });
    const one = lab.take({
      at: 60,
      level: 'brief',
      sessions: [brief(1, { extra: { interface_unit: 5 } }), brief(2, { extra: { session_remote_id: 5 } })],
    });
    expect([one.opened, one.closed]).toEqual([[], []]);
    expect(one.changed.map((x) => x.changed)).toEqual([['interface_unit'], ['session_remote_id']]);
  });

  it('behind a brief snapshot is told when the create time is seen to be later than the last sight', () => {
    const lab = new Lab();
    lab.take({ at: 0, level: 'brief', sessions: [brief(1), brief(2)] });
    lab.take({ at: 30, level: 'brief', sessions: [brief(1), brief(2)] });
    const delta = lab.take({
      at: 90,
      sessions: [extensive(1, 90), extensive(2, 90, { created: 50 })],
    });
    expect(reasons(delta.closed)).toEqual({ 2: 'replaced' });
    expect(reasons(delta.opened)).toEqual({ 2: 'new' });
    expect(reasons(delta.changed)).toEqual({ 1: 'learned' });
  });

  it('that a brief snapshot could not see is told by the next create time', () => {
    const lab = new Lab();
    lab.take({ at: 0, sessions: many(0, 3) });
    lab.take({ at: 60, level: 'brief', sessions: [brief(1), brief(2), brief(3)] });
    const delta = lab.take({
      at: 120,
      sessions: [extensive(1, 120), extensive(2, 120, { created: 20 }), extensive(3, 120)],
    });
    expect(reasons(delta.closed)).toEqual({ 2: 'replaced' });
    expect(ids(delta.opened)).toEqual([2]);
  });

  it('anew of a remote id that is 0 until the peer answers is a change', () => {
    const lab = new Lab();
    lab.take({ at: 0, level: 'brief', sessions: [brief(1, { extra: { session_remote_id: 0 } })] });
    const delta = lab.take({
      at: 60,
      level: 'brief',
      sessions: [brief(1, { extra: { interface_unit: 3 } })],
    });
    expect(delta.closed).toEqual([]);
    expect(delta.anomalies).toEqual([]);
    expect(delta.changed[0]?.changed).toEqual(['session_remote_id', 'interface_unit']);
  });
});

describe('returned', () => {
  it('is a session seen again with the same create time after its close', () => {
    const lab = new Lab();
    lab.take({ at: 0, sessions: many(0, 4, { bytes: 100n }) });
    lab.take({ at: 60, sessions: many(60, 3, { bytes: 100n }) });
    const delta = lab.take({ at: 120, sessions: many(120, 4, { bytes: 150n }) });
    expect(reasons(delta.opened)).toEqual({ 4: 'returned' });
    const back = delta.counters.find((c) => c.session_local_id === 4);
    expect(back).toMatchObject({ interval_s: 120, deltas: { data_rx_bytes: 50n } });
    expect(view(lab.restored())).toEqual(view(lab.state));
  });

  it('under a clock that was set meanwhile counts on: nothing was cleared', () => {
    const lab = new Lab();
    lab.take({ at: 0, sessions: many(0, 4, { bytes: 100n }) });
    lab.take({ at: 60, sessions: [] });
    const back = many(120 + 3600, 4, { created: 0, bytes: 150n });
    const delta = lab.take({ at: 120, sessions: back });
    expect(Object.values(reasons(delta.opened))).toEqual(['returned', 'returned', 'returned', 'returned']);
    expect(delta.counters.map((c) => [c.kind, c.deltas['data_rx_bytes']])).toEqual(
      back.map(() => ['normal', 50n]),
    );
    expect(delta.router_events.map((e) => e.kind)).toContain('clock_set');
    expect(view(lab.restored())).toEqual(view(lab.state));
  });

  it('keeps what a lower level does not print', () => {
    const lab = new Lab();
    lab.take({ at: 0, sessions: many(0, 4) });
    lab.take({ at: 60, sessions: many(60, 3) });
    const list = [1, 2, 3, 4].map((id) => brief(id));
    const delta = lab.take({ at: 120, level: 'brief', sessions: list });
    expect(reasons(delta.opened)).toEqual({ 4: 'returned' });
    expect(delta.opened[0]?.values).toMatchObject({ local_name: 'lns1', create_time: clockAt(-3600) * 1000 });
  });

  it('is not one that began after the last sight, however far the clock was set since', () => {
    const lab = new Lab();
    lab.take({ at: 0, sessions: many(0, 3, { created: -30 }) });
    lab.take({ at: 60, sessions: many(60, 3, { created: -30 }).slice(1) });
    const set = (at: number, id: number, created: number) =>
      extensive(id, at + 3600, { created: created + 3600 });
    lab.take({ at: 120, sessions: [set(120, 2, -30), set(120, 3, -30)] });
    // Its create time moved by about an hour, but it began when its namesake was gone.
    const sessions = [set(300, 1, 85), set(300, 2, -30), set(300, 3, -30)];
    expect(reasons(lab.take({ at: 300, sessions }).opened)).toEqual({ 1: 'first_seen' });
  });

  it('is not one with another create time, nor one that the hints contradict', () => {
    const lab = new Lab();
    lab.take({ at: 0, sessions: many(0, 4) });
    lab.take({ at: 60, sessions: many(60, 2) });
    const delta = lab.take({
      at: 120,
      level: 'brief',
      sessions: [brief(1), brief(2), brief(3, { extra: { session_remote_id: 77 } })],
    });
    expect(reasons(delta.opened)).toEqual({ 3: 'new' });
    const full = lab.take({ at: 180, sessions: [...many(180, 2), extensive(4, 180, { created: 150 })] });
    expect(reasons(full.opened)).toMatchObject({ 4: 'new' });
  });

  it('is not taken from a capture that breaks off before what two incarnations hardly share', () => {
    const start = (extra: Record<string, number | undefined>) => ({
      values: brief(1, { extra }).values,
      cut: true,
    });
    for (const [extra, reason] of [
      [{}, 'returned'],
      [{ interface_unit: undefined }, 'new'],
    ] as const) {
      const lab = new Lab();
      lab.take({ at: 0, sessions: [extensive(1, 0), extensive(2, 0)] });
      lab.take({ at: 60, sessions: [extensive(2, 60)] });
      const delta = lab.take({ at: 120, complete: false, sessions: [start(extra)] });
      expect(reasons(delta.opened)).toEqual({ 1: reason });
    }
  });

  it('is remembered across restores, by the log and by a checkpoint', () => {
    const lab = new Lab();
    lab.take({ at: 0, sessions: many(0, 4) });
    lab.take({ at: 60, sessions: many(60, 3) });
    const states = [lab.restored(), lab.restored(lab.checkpoint(), lab.log.length)];
    for (const state of states) {
      lab.state = state;
      expect(reasons(lab.take({ at: 120, sessions: many(120, 4) }).opened)).toEqual({ 4: 'returned' });
    }
  });

  it('tells a mass close at once, and a mass return', () => {
    const lab = new Lab();
    lab.take({ at: 0, sessions: many(0, 10) });
    const short = lab.take({ at: 60, sessions: many(60, 3) });
    expect(short.closed).toHaveLength(7);
    expect(short.router_events).toMatchObject([{ kind: 'mass_close', sessions: 7 }]);
    const back = lab.take({ at: 120, sessions: many(120, 10) });
    expect(back.opened.every((x) => x.reason === 'returned')).toBe(true);
    expect(back.router_events).toMatchObject([{ kind: 'mass_return', sessions: 7 }]);
  });

  it('tells a mass return when most are back, however long that takes', () => {
    const lab = new Lab();
    lab.take({ at: 0, sessions: many(0, 10) });
    lab.take({ at: 60, sessions: many(60, 3) });
    expect(lab.take({ at: 120, sessions: many(120, 5) }).router_events).toEqual([]);
    expect(lab.take({ at: 180, sessions: many(180, 7) }).router_events).toMatchObject([
      { kind: 'mass_return', sessions: 4 },
    ]);
    expect(lab.take({ at: 240, sessions: many(240, 10) }).router_events).toEqual([]);
  });

  it('tells no mass close when a filter or an end that was not seen explains it, nor of a few', () => {
    const lab = new Lab();
    lab.take({ at: 0, sessions: many(0, 10) });
    const cut = lab.take({ at: 60, complete: false, sessions: many(60, 1) });
    const filtered = lab.take({ at: 120, scope: { 'local-tunnel-id': '7' }, sessions: many(120, 9) });
    const few = lab.take({ at: 180, sessions: many(180, 6) });
    expect([cut, filtered, few].flatMap((d) => d.router_events)).toEqual([]);
  });
});

describe('router reboot', () => {
  it('is one event when all create times are newer than the snapshot before', () => {
    const lab = new Lab();
    lab.take({ at: 0, sessions: many(0, 5) });
    const reused = [1, 2, 3, 8, 9].map((id, i) => extensive(id, 600, { created: 500 + 7 * i }));
    const delta = lab.take({ at: 600, sessions: reused });
    expect(delta.router_events).toMatchObject([{ kind: 'restart', sessions: 5 }]);
    expect(reasons(delta.closed)).toEqual({
      1: 'replaced',
      2: 'replaced',
      3: 'replaced',
      4: 'gone',
      5: 'gone',
    });
    expect(delta.opened.every((x) => x.reason === 'new')).toBe(true);
  });

  it('is one event when all sessions are gone', () => {
    const lab = new Lab();
    lab.take({ at: 0, sessions: many(0, 5) });
    const delta = lab.take({ at: 60, sessions: [] });
    expect(delta.router_events.map((e) => e.kind)).toContain('restart');
    expect(delta.closed).toHaveLength(5);
    expect(lab.take({ at: 120, sessions: [] }).router_events).toEqual([]);
  });

  it('in parts is told by the last one, and holds no session objects in the log', () => {
    const lab = new Lab();
    lab.take({ at: 0, sessions: many(0, 40) });
    const after = Array.from({ length: 40 }, (_, i) => extensive(i + 1, 600, { created: 500 + i }));
    const one = lab.take({ id: 'x', part: 1, parts: 2, at: 600, sessions: after.slice(0, 20) });
    expect(one.router_events).toEqual([]);
    expect(one.router_state.length).toBeLessThan(4000);
    const two = lab.take({ id: 'x', part: 2, parts: 2, at: 600, sessions: after.slice(20) });
    expect(two.router_events).toMatchObject([{ kind: 'restart', sessions: 40 }]);
    expect(one.closed.length + two.closed.length).toBe(40);
  });
});

describe('destroyed lingers', () => {
  it('is a changed state, and one close at the disappearance', () => {
    const lab = new Lab();
    const dead = (at: number) => extensive(2, at, { extra: { state: 'destroyed' } });
    lab.take({ at: 0, sessions: many(0, 2) });
    const lingering = lab.take({ at: 60, sessions: [...many(60, 1), dead(60)] });
    expect(lingering.changed).toMatchObject([{ session_local_id: 2, changed: ['state'] }]);
    expect(lingering.closed).toEqual([]);
    expect(events(lab.take({ at: 120, sessions: [...many(120, 1), dead(120)] }))).toEqual({});
    const gone = lab.take({ at: 180, sessions: many(180, 1) });
    expect(reasons(gone.closed)).toEqual({ 2: 'destroyed' });
    expect(gone.closed[0]?.last_seen_at).toBe(begin + 120_000);
  });
});

describe('a session listed twice', () => {
  it('is an anomaly, and the first one counts', () => {
    const lab = new Lab();
    const twice = [extensive(1, 0), extensive(1, 0, { extra: { state: 'closed' } })];
    const delta = lab.take({ at: 0, sessions: twice });
    expect(delta.anomalies).toMatchObject([{ kind: 'duplicate_session', session_local_id: 1 }]);
    expect(delta.opened).toHaveLength(1);
    expect(delta.opened[0]?.values['state']).toBe('established');
  });
});
