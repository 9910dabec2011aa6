import type { SessionDelta } from '@sessionreel/session-model';
import { describe, expect, it } from 'vitest';
import {
  Lab,
  begin,
  brief,
  clockAt,
  events,
  extensive,
  reasons,
  view,
  type Printed,
} from '../testing/lab.ts';

/** Up and idle time as a reader of the history gives them back, by session. */
function clocksOf(lab: Lab, delta: SessionDelta): Record<number, [number, number | null]> {
  const entry = delta.ledger[0];
  const steps = entry?.clock_steps ?? [];
  return Object.fromEntries(
    [...lab.state.list()].map((s) => {
      let clock = (entry?.router_clock ?? 0) / 1000 + s.clockOffset;
      let step = 0;
      for (let i = 0; i < steps.length; i += 2)
        if ((steps[i] as number) <= s.rank) step = steps[i + 1] as number;
      clock += step;
      const { session_local_id, create_time, idle_time_s } = s.record.values;
      const idle = idle_time_s === null ? null : s.idleSince === null ? 0 : clock - s.idleSince;
      return [Number(session_local_id), [clock - Number(create_time), idle]];
    }),
  );
}

const printedClocks = (sessions: readonly Printed[]): Record<number, [number, number | null]> =>
  Object.fromEntries(
    sessions.map((s) => [
      Number(s.values['session_local_id']),
      [
        Number(s.values['up_time_s']),
        s.values['idle_time_s'] === null ? null : Number(s.values['idle_time_s']),
      ],
    ]),
  );

describe('the clocks must replay', () => {
  it('up and idle time are never a change, and give back the printed seconds', () => {
    const lab = new Lab();
    for (let i = 0; i < 10; i++) {
      const at = i * 60;
      const sessions = [
        extensive(1, at, { idle: 0 }),
        extensive(2, at, { idle: 100 + at }),
        extensive(3, at, { idle: null }),
        extensive(4, at, { idle: i % 3, created: -100 }),
      ];
      const delta = lab.take({ at, sessions });
      expect(clocksOf(lab, delta)).toEqual(printedClocks(sessions));
      expect([delta.changed, delta.rebase]).toEqual([[], []]);
      if (i > 0) expect(delta.prints.map((p) => p.session_local_id).every((id) => id === 4)).toBe(true);
    }
    expect(view(lab.restored())).toEqual(view(lab.state));
  });

  it('costs nothing for a clock that moves on while a long listing runs', () => {
    const lab = new Lab();
    for (let i = 0; i < 4; i++) {
      const at = i * 300;
      const sessions = Array.from({ length: 200 }, (_, n) => extensive(n + 1, at + Math.floor(n / 40)));
      const delta = lab.take({ at, sessions });
      expect(clocksOf(lab, delta)).toEqual(printedClocks(sessions));
      expect(delta.ledger[0]?.clock_steps).toHaveLength(8);
      expect(delta.prints).toEqual([]);
    }
  });

  it('stand in the last entry of a snapshot in parts, for all of them and in whatever order they came', () => {
    for (const order of [
      [1, 2, 3],
      [3, 1, 2],
      [2, 3, 1],
    ]) {
      const lab = new Lab();
      for (const at of [0, 300]) {
        // The router prints 20 sessions a second; each part begins where the one before ended.
        const sessions = Array.from({ length: 90 }, (_, n) => extensive(n + 1, at + Math.floor(n / 20)));
        const deltas = order.map((part, i) =>
          lab.take({
            id: `s${at}`,
            part,
            parts: 3,
            at,
            logAt: at + i,
            sessions: sessions.slice((part - 1) * 30, part * 30),
          }),
        );
        const last = deltas.at(-1) as SessionDelta;
        expect(last.ledger[0]?.router_clock).toBe(clockAt(at) * 1000);
        expect(clocksOf(lab, last), `${order.join()} at ${at}`).toEqual(printedClocks(sessions));
      }
      expect(view(lab.restored())).toEqual(view(lab.state));
    }
  });

  it('keeps a small deviation of one session to that session', () => {
    const lab = new Lab();
    for (let i = 0; i < 6; i++) {
      const at = i * 300;
      // Session 5 and 12 print a second more or less now and then.
      const sessions = Array.from({ length: 20 }, (_, n) =>
        extensive(n + 1, at + (n === 4 && i % 2 === 1 ? 1 : 0) - (n === 11 && i >= 3 ? 1 : 0), {
          created: -5000,
        }),
      );
      const delta = lab.take({ at, sessions });
      expect(clocksOf(lab, delta)).toEqual(printedClocks(sessions));
      expect(delta.prints.length, `snapshot ${i}`).toBeLessThanOrEqual(2);
    }
  });

  it('says a deviation once, also of a session that takes the long way', () => {
    const lab = new Lab();
    for (let i = 0; i < 4; i++) {
      const at = i * 300;
      const rounded = { bytes: 29_000n, rounding: { data_rx_bytes: 50n } };
      const sessions = Array.from({ length: 8 }, (_, n) =>
        n === 4 ? extensive(n + 1, at + 1, rounded) : extensive(n + 1, at),
      );
      const delta = lab.take({ at, sessions });
      expect(clocksOf(lab, delta)).toEqual(printedClocks(sessions));
      if (i > 0) expect(delta.prints).toEqual([]);
    }
  });

  it('keeps a deviation of the first session to that session', () => {
    const lab = new Lab();
    for (let i = 0; i < 4; i++) {
      const at = i * 300;
      const sessions = Array.from({ length: 20 }, (_, n) =>
        extensive(n + 1, at + (n === 0 && i === 2 ? 1 : 0)),
      );
      const delta = lab.take({ at, sessions });
      expect(clocksOf(lab, delta)).toEqual(printedClocks(sessions));
      expect(delta.prints.length, `snapshot ${i}`).toBeLessThanOrEqual(1);
    }
  });

  it('tells when idle time becomes N/A, without calling it a change', () => {
    const lab = new Lab();
    lab.take({ at: 0, sessions: [extensive(1, 0, { idle: 5 })] });
    const delta = lab.take({ at: 60, sessions: [extensive(1, 60, { idle: null })] });
    expect(delta.changed).toEqual([]);
    expect([...lab.state.list()][0]?.record.values['idle_time_s']).toBeNull();
    expect(view(lab.restored())).toEqual(view(lab.state));
  });

  it('tells layouts and ranks by prints, and defines each layout once a group', () => {
    const lab = new Lab();
    const first = lab.take({
      at: 0,
      sessions: [extensive(1, 0, { layout: 'A' }), extensive(2, 0, { layout: 'A' })],
    });
    expect(first.layouts.map((l) => l.definition)).toContain('A');
    const moved = lab.take({
      at: 60,
      sessions: [extensive(1, 60, { layout: 'B' }), extensive(2, 60, { layout: 'A' })],
    });
    expect(events(moved)).toEqual({ prints: 1 });
    expect(moved.layouts.map((l) => l.definition)).toContain('B');
    const set = moved.layouts.find((l) => l.id === moved.prints[0]?.layout);
    expect(Object.keys(JSON.parse(set?.definition ?? '{}') as object)).toContain('set');
    const back = lab.take({
      at: 120,
      sessions: [extensive(1, 120, { layout: 'A' }), extensive(2, 120, { layout: 'A' })],
    });
    expect(back.layouts).toEqual([]);
    expect(view(lab.restored())).toEqual(view(lab.state));
  });

  it('keeps the order of the listing in sparse ranks, moving few', () => {
    const lab = new Lab();
    const listing = (at: number, ids: number[]) =>
      lab.take({ at, sessions: ids.map((id) => extensive(id, at)) });
    const order = () => [...lab.state.list()].map((s) => s.record.values['session_local_id']);
    listing(0, [1, 2, 3, 4, 5, 6]);
    for (const [i, [ids, prints]] of (
      [
        [[6, 1, 2, 3, 4, 5], 1],
        [[6, 1, 7, 8, 2, 3, 4, 5], 0],
        [[1, 7, 8, 2, 3, 4, 5, 6], 1],
        [[5, 1, 7, 8, 2, 3, 6], 1],
        [[6, 3, 2, 8, 7, 1, 5], 6],
      ] as [number[], number][]
    ).entries()) {
      const delta = listing(60 * (i + 1), ids);
      expect(order()).toEqual(ids);
      expect(delta.prints.length).toBeLessThanOrEqual(prints);
      expect(delta.changed).toEqual([]);
    }
    expect(view(lab.restored())).toEqual(view(lab.state));
  });

  it('has room for ever more sessions at one place', () => {
    const lab = new Lab();
    const ids = [1, 2];
    for (let i = 3; i < 60; i++) {
      ids.splice(1, 0, i);
      lab.take({ at: i, sessions: ids.map((id) => extensive(id, i)) });
      expect([...lab.state.list()].map((s) => s.record.values['session_local_id'])).toEqual(ids);
    }
    expect(view(lab.restored())).toEqual(view(lab.state));
  });
});

describe('ranks', () => {
  const order = (lab: Lab) => [...lab.state.list()].map((s) => s.record.values['session_local_id']);

  it('give way to a few neighbours when there is no room, and are spread anew with a keyframe', () => {
    const lab = new Lab({ keyframeEveryMs: 100_000_000 });
    const all = Array.from({ length: 100 }, (_, i) => i + 1);
    lab.take({ at: 0, sessions: all.map((id) => extensive(id, 0)) });
    let prints = 0;
    for (let i = 0; i < 40; i++) {
      all.splice(50, 0, 1000 + i);
      const delta = lab.take({ at: 60 + i, sessions: all.map((id) => extensive(id, 60 + i)) });
      expect(order(lab)).toEqual(all);
      prints += delta.prints.length;
    }
    expect(prints).toBeLessThan(150);
    lab.take({ at: 200_000, sessions: all.map((id) => extensive(id, 200_000)) });
    const images = lab.log.at(-1)?.keyframe ?? [];
    expect(images).toHaveLength(140);
    expect(images.every(({ rank }, i) => rank === (i + 1) * 4096)).toBe(true);
    expect(view(lab.restored())).toEqual(view(lab.state));
  });

  it('of a first snapshot in parts leave room for what comes between later', () => {
    const lab = new Lab();
    const ids = Array.from({ length: 60 }, (_, i) => i + 1);
    for (const part of [2, 1, 3])
      lab.take({
        id: 'a',
        part,
        parts: 3,
        at: 0,
        logAt: part,
        sessions: ids.slice((part - 1) * 20, part * 20).map((id) => extensive(id, 0)),
      });
    expect(order(lab)).toEqual(ids);
    ids.splice(25, 0, 100);
    const delta = lab.take({ at: 60, sessions: ids.map((id) => extensive(id, 60)) });
    expect(order(lab)).toEqual(ids);
    expect(delta.prints).toEqual([]);
  });
});

describe('time zones', () => {
  const zone = { timezone: 'Europe/Berlin' };
  // The lab begins at 12:00 UTC on 2026-03-02; clocks go forward on 2026-03-29 and back on 2026-10-25, at 01:00 UTC.
  const forward = (Date.UTC(2026, 2, 29, 1) - begin) / 1000;
  const backward = (Date.UTC(2026, 9, 25, 1) - begin) / 1000;
  const offset = (at: number) => (at >= forward && at < backward ? 2 : 1);
  /** As a router in Berlin prints it: create time in the offset of its own moment. */
  const berlin = (id: number, at: number, created: number, bytes = 0n) =>
    extensive(id, at, {
      created,
      bytes,
      extra: {
        create_time: clockAt(created, offset(created)),
        statistics_since: clockAt(created, offset(created)),
      },
    });

  it('come from the options, and give create times in UTC', () => {
    const lab = new Lab(zone);
    const delta = lab.take({ at: 0, sessions: [berlin(1, 0, -600)] });
    expect(delta.opened[0]).toMatchObject({
      created_at: begin - 600_000,
      values: { create_time: (clockAt(-600) + 3600) * 1000 },
    });
  });

  it('that a capture names are part of the state, and hold for what is restored', () => {
    const lab = new Lab({ keyframeEveryMs: 50_000 });
    lab.state.setTimezone('Asia/Tokyo');
    const tokyo = (at: number) =>
      extensive(1, at, { created: -600, extra: { create_time: clockAt(-600, 9) } });
    lab.take({ at: 0, sessions: [tokyo(0)] });
    for (const state of [lab.restored(), lab.restored(lab.checkpoint(), lab.log.length)]) {
      const other = new Lab(lab.options);
      other.state = state;
      const delta = other.take({ at: 60, sessions: [tokyo(60)] });
      expect(delta).toMatchObject({ opened: [], changed: [], closed: [], rebase: [] });
      expect(other.log.at(-1)?.keyframe[0]?.created_at).toBe(begin - 600_000);
    }
  });

  it('resolve the ambiguous hour by the clock of the capture', () => {
    for (const created of [backward - 1800, backward + 1800]) {
      const lab = new Lab(zone);
      const at = backward + 3000;
      const delta = lab.take({ at, sessions: [berlin(1, at, created)] });
      expect(delta.opened[0]?.created_at).toBe(begin + created * 1000);
      const later = lab.take({ at: at + 60, sessions: [berlin(1, at + 60, created, 5n)] });
      expect(later.counters[0]?.created_at).toBe(begin + created * 1000);
    }
  });

  it('tell a clock by the create times that come once, where others come twice', () => {
    const lab = new Lab(zone);
    // An hour is set on while Berlin's clocks go back: what was created in the hour before keeps its wall time.
    const at = backward - 600;
    const of = (sessions: readonly (readonly [number, number])[], by: number, when: number) =>
      sessions.map(([id, created]) =>
        extensive(id, when, {
          created,
          extra: { create_time: clockAt(created + by, offset(created + by)) },
        }),
      );
    const known = [
      [1, at - 5000],
      [2, at - 5100],
      [3, at - 300],
      [4, at - 400],
      [5, at - 500],
    ] as const;
    lab.take({ at, sessions: of(known, 0, at) });
    const set = lab.take({ at: at + 60, sessions: of(known, 3600, at + 60) });
    expect([set.opened, set.closed]).toEqual([[], []]);
    // Set back again: everything is as it was.
    const back = lab.take({ at: at + 120, sessions: of(known, 0, at + 120) });
    expect([back.opened, back.closed]).toEqual([[], []]);
    const fresh = [6, at + 130] as const;
    const next = lab.take({ at: at + 180, sessions: of([...known, fresh], 0, at + 180) });
    expect(reasons(next.opened)).toEqual({ 6: 'new' });
    expect(view(lab.restored())).toEqual(view(lab.state));
  });

  it('keep incarnations and first sights right over both changes', () => {
    for (const change of [forward, backward]) {
      const lab = new Lab(zone);
      for (let at = change - 7200; at <= change + 7200; at += 600) {
        const fresh = berlin(at / 600, at, at - 100, 7n);
        const delta = lab.take({
          at,
          sessions: [berlin(1, at, change - 90_000), berlin(2, at, change - 7500), fresh],
        });
        expect(delta.router_events, String(at - change)).toEqual([]);
        if (at === change - 7200) continue;
        expect(Object.values(reasons(delta.opened)), String(at - change)).toEqual(['new']);
        expect(Object.values(reasons(delta.closed))).toEqual(['gone']);
        expect(delta.counters.map((c) => [c.deltas['data_rx_bytes'], c.interval_s])).toEqual([[7n, 100]]);
      }
    }
  });

  it('that nobody told us change all the same: what is new then is new, and counts from zero', () => {
    for (const change of [forward, backward]) {
      const lab = new Lab();
      const many = (at: number) => [1, 2, 3, 4].map((id) => berlin(id, at, change - 90_000 - id));
      lab.take({ at: change - 600, sessions: many(change - 600) });
      lab.take({ at: change + 600, sessions: many(change + 600) });
      const at = change + 1200;
      const fresh = berlin(9, at, at - 100, 7n);
      const delta = lab.take({ at, sessions: [...many(at), berlin(8, at, change - 5000), fresh] });
      expect(reasons(delta.opened)).toEqual({ 8: 'first_seen', 9: 'new' });
      expect(delta.counters.map((c) => [c.session_local_id, c.deltas['data_rx_bytes']])).toEqual([[9, 7n]]);
      expect([delta.closed, delta.router_events]).toEqual([[], []]);
    }
  });

  it('that nobody told us are no reuse when a create time is learned', () => {
    const lab = new Lab();
    const many = (at: number) => [1, 2, 3, 4].map((id) => berlin(id, at, forward - 90_000 - id));
    lab.take({ at: forward - 600, sessions: many(forward - 600) });
    const at = forward + 600;
    const short = [...many(at), berlin(9, at, at - 30)].map(({ values }) => ({
      values: { ...brief(Number(values['session_local_id'])).values },
    }));
    lab.take({ at, sessions: short, level: 'brief' });
    const delta = lab.take({ at: at + 60, sessions: [...many(at + 60), berlin(9, at + 60, at - 30)] });
    expect([delta.opened, delta.closed]).toEqual([[], []]);
    expect(reasons(delta.changed)).toEqual({ 9: 'learned' });
  });

  it('that are set within a change of daylight saving move only the create times before it', () => {
    const lab = new Lab();
    // The router stood on UTC, and is put to Berlin time half an hour after its clocks went back.
    const set = backward + 1800;
    const old = [1, 2].map((id) => ({ id, created: backward - 1000 * id }));
    const young = [3, 4, 5].map((id) => ({ id, created: backward + 100 * id }));
    const utc = (id: number, at: number, created: number) => extensive(id, at, { created });
    const all = [...old, ...young];
    lab.take({ at: set - 60, sessions: all.map(({ id, created }) => utc(id, set - 60, created)) });
    lab.take({ at: set - 30, sessions: all.map(({ id, created }) => utc(id, set - 30, created)) });
    const inBerlin = (at: number) =>
      all.map(({ id, created }) =>
        extensive(id, at, {
          created,
          extra: {
            create_time: clockAt(created, created < backward ? 1 : 0),
            statistics_since: clockAt(created, created < backward ? 1 : 0),
          },
        }),
      );
    const delta = lab.take({ at: set + 30, sessions: inBerlin(set + 30) });
    expect([delta.opened, delta.closed, delta.counters]).toEqual([[], [], []]);
    expect(delta.rebase.map((image) => [image.session_local_id, image.reason])).toEqual([
      [1, 'create_time'],
      [2, 'create_time'],
    ]);
    expect(lab.take({ at: set + 90, sessions: inBerlin(set + 90) })).toMatchObject({
      rebase: [],
      opened: [],
    });
    // One whose create time moves by anything else is another session.
    const odd = extensive(1, set + 150, {
      created: backward - 1000,
      extra: { create_time: clockAt(backward - 1000 + 1234, 1) },
    });
    expect(
      reasons(lab.take({ at: set + 150, sessions: [odd, ...inBerlin(set + 150).slice(1)] }).closed),
    ).toEqual({ 1: 'replaced' });
    expect(view(lab.restored())).toEqual(view(lab.state));
  });
});
