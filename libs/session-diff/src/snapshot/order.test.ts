import { describe, expect, it } from 'vitest';
import { flatten } from '../testing/flatten.ts';
import { Lab, begin, brief, clockAt, events, extensive, view } from '../testing/lab.ts';

describe('out of order and repeated snapshots', () => {
  it('a repeat is stale and changes nothing', () => {
    const lab = new Lab();
    const taken = { at: 0, sessions: [extensive(1, 0, { bytes: 10n })] };
    lab.take(taken);
    lab.take({ at: 60, sessions: [extensive(1, 60, { bytes: 20n })] });
    const before = view(lab.state);
    for (const again of [taken, { at: 60, sessions: [extensive(1, 60, { bytes: 30n })] }]) {
      const delta = lab.take({ ...again, logAt: 100 });
      expect(delta.ledger[0]).toMatchObject({ outcome: 'stale', final: false, state_hash: '', by_state: {} });
      expect(delta.ledger[0]?.reason).not.toBe('');
      expect(events(delta)).toEqual({});
      expect(view(lab.state)).toEqual(before);
    }
    expect(view(lab.restored())).toEqual(before);
  });

  it('an id that is given tells a repeat, whatever its time', () => {
    const lab = new Lab();
    lab.take({ at: 0, id: 'a', sessions: [extensive(1, 0)] });
    expect(lab.take({ at: 60, id: 'a', sessions: [] }).ledger[0]?.outcome).toBe('stale');
    expect(lab.take({ at: 60, id: 'b', sessions: [extensive(1, 60)] }).ledger[0]?.outcome).toBe('applied');
  });

  it('several snapshots of one message are told apart by their ordinal', () => {
    const lab = new Lab();
    lab.take({ at: 0, sessions: [extensive(1, 0), extensive(2, 0)] });
    expect(lab.take({ at: 60, level: 'brief', sessions: [brief(1), brief(2)] }).ledger[0]?.outcome).toBe(
      'applied',
    );
    const same = { at: 60, level: 'brief', sessions: [brief(1)] } as const;
    const second = lab.take({ ...same, ordinal: 1 });
    expect(second.ledger[0]).toMatchObject({ outcome: 'applied', ordinal: 1 });
    expect(second.closed).toHaveLength(1);
    expect(lab.take({ ...same, ordinal: 1 }).ledger[0]?.outcome).toBe('stale');
  });

  it('an older one of the same level undoes nothing', () => {
    const lab = new Lab();
    lab.take({ at: 0, sessions: [extensive(1, 0)] });
    lab.take({ at: 120, sessions: [extensive(1, 120, { extra: { state: 'closed' } }), extensive(2, 120)] });
    const before = view(lab.state);
    const delta = lab.take({ at: 60, logAt: 130, sessions: [extensive(1, 60), extensive(3, 60)] });
    expect(delta.ledger[0]?.outcome).toBe('stale');
    expect(delta).toMatchObject({ at: begin + 120_000, captured_at: begin + 60_000 });
    expect(view(lab.state)).toEqual(before);
    const lower = lab.take({ at: 61, logAt: 131, level: 'brief', sessions: [brief(1)] });
    expect(lower.ledger[0]?.outcome).toBe('stale');
  });

  it('at never goes back', () => {
    const lab = new Lab();
    for (const at of [0, 100, 50, 200, 10, 150, 300]) lab.take({ at, sessions: [extensive(1, at)] });
    const times = lab.log.map((d) => d.at);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(lab.log.map((d) => d.seq)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('a late extensive one after a newer brief fills only what the brief does not print', () => {
    const lab = new Lab();
    lab.take({ at: 0, sessions: [extensive(1, 0, { bytes: 10n }), extensive(2, 0)] });
    lab.take({
      at: 120,
      level: 'brief',
      sessions: [brief(1, { extra: { state: 'closed' } }), brief(3), brief(2)],
    });
    const late = lab.take({
      at: 60,
      logAt: 130,
      sessions: [
        extensive(1, 60, { bytes: 50n, extra: { local_name: 'new' } }),
        extensive(2, 60),
        extensive(3, 60, { created: 30, bytes: 7n }),
        extensive(4, 60),
      ],
    });
    expect(late).toMatchObject({ at: begin + 120_000, captured_at: begin + 60_000 });
    expect(late.ledger[0]).toMatchObject({ outcome: 'applied', complete: false });
    expect([late.opened, late.closed]).toEqual([[], []]);
    const changed = new Map(late.changed.map((x) => [x.session_local_id, x]));
    expect(changed.get(1)?.changed).toEqual(['local_name']);
    expect(changed.get(3)).toMatchObject({ reason: 'learned' });
    expect(changed.get(3)?.changed).not.toContain('state');
    expect(late.counters.find((c) => c.session_local_id === 1)).toMatchObject({
      interval_s: 60,
      deltas: { data_rx_bytes: 40n },
    });
    const one = [...lab.state.list()].find((s) => s.record.values['session_local_id'] === 1);
    expect(one?.record.values).toMatchObject({ state: 'closed', local_name: 'new', data_rx_bytes: 50n });
    expect(view(lab.restored())).toEqual(view(lab.state));
    const gone = lab.take({ at: 180, level: 'brief', sessions: [] });
    expect(gone.closed.every((x) => x.last_seen_at === begin + 120_000)).toBe(true);
  });

  it('a late extensive one may come in parts', () => {
    const lab = new Lab();
    const low = (at: number) => lab.take({ at, level: 'brief', sessions: [brief(1), brief(2)] });
    low(0);
    low(120);
    const part = (n: number) =>
      lab.take({
        id: 'late',
        at: 60,
        logAt: 130 + n,
        part: n,
        parts: 2,
        sessions: [extensive(n, 60, { bytes: 7n })],
      });
    const [one, two] = [part(2), part(1)];
    expect([one.ledger[0]?.outcome, two.ledger[0]?.outcome]).toEqual(['applied', 'applied']);
    expect([one.changed[0]?.reason, two.changed[0]?.reason]).toEqual(['learned', 'learned']);
    expect([one.opened, one.closed, two.opened, two.closed]).toEqual([[], [], [], []]);
    expect(two.ledger[0]).toMatchObject({ final: true, complete: false });
    expect(part(1).ledger[0]).toMatchObject({ outcome: 'stale', reason: 'repeated' });
    expect(view(lab.restored())).toEqual(view(lab.state));
  });

  it('a repeat is stale also where its time would let it fill something in', () => {
    const lab = new Lab();
    const full = { at: 0, sessions: [extensive(1, 0, { bytes: 10n })] };
    lab.take(full);
    for (let i = 1; i <= 40; i++) lab.take({ at: 60 * i, level: 'brief', sessions: [brief(1)] });
    expect(lab.take({ ...full, logAt: 3000 }).ledger[0]).toMatchObject({
      outcome: 'stale',
      reason: 'repeated',
    });
    // What can no longer be mistaken for news is forgotten.
    expect(lab.log.at(-1)?.router_state.length).toBeLessThan(4000);
  });

  it('a late one brings no older counters back', () => {
    const lab = new Lab();
    lab.take({ at: 0, sessions: [extensive(1, 0, { bytes: 10n })] });
    lab.take({ at: 100, scope: { 'local-session-id': '1' }, sessions: [extensive(1, 100, { bytes: 90n })] });
    lab.take({ at: 120, level: 'brief', sessions: [brief(1)] });
    lab.take({ at: 60, logAt: 130, sessions: [extensive(1, 60, { bytes: 50n })] });
    const counted = lab.log.flatMap((d) => d.counters.map((c) => c.deltas['data_rx_bytes']));
    expect(counted).toEqual([80n]);
    expect([...lab.state.list()][0]?.record.values['data_rx_bytes']).toBe(90n);
  });

  it('a late extensive one behind newer statistics fills in attributes, not counters', () => {
    const lab = new Lab();
    lab.take({ at: 0, level: 'brief', sessions: [brief(1)] });
    const { tunnel_local_id = 0, session_local_id = 0 } = brief(1).values;
    const values = { tunnel_local_id, session_local_id, data_rx_bytes: 90n };
    lab.take({ at: 100, level: 'statistics', sessions: [{ values }] });
    const late = lab.take({ at: 60, logAt: 130, sessions: [extensive(1, 60, { bytes: 50n })] });
    expect(late.changed[0]?.changed).toContain('local_name');
    expect([late.counters, late.anomalies]).toEqual([[], []]);
    expect([...lab.state.list()][0]?.record.values['data_rx_bytes']).toBe(90n);
  });

  it('parts that come after a newer snapshot close nobody', () => {
    const lab = new Lab();
    const at0 = [1, 2, 3, 4].map((id) => extensive(id, 0));
    lab.take({ at: 0, sessions: at0 });
    lab.take({ id: 'p', part: 1, parts: 2, at: 60, sessions: [extensive(1, 60)] });
    lab.take({ at: 90, level: 'brief', sessions: [1, 2, 3, 4, 5].map((id) => brief(id)) });
    const last = lab.take({ id: 'p', part: 2, parts: 2, at: 60, logAt: 100, sessions: [extensive(2, 60)] });
    expect(last.closed).toEqual([]);
    expect(last.at).toBe(begin + 90_000);
    expect([...lab.state.list()]).toHaveLength(5);
    expect(view(lab.restored())).toEqual(view(lab.state));
  });
});

describe('snapshots in parts that interleave', () => {
  const part = (n: number, at: number, list: ReturnType<typeof extensive>[]) => ({
    id: 'p',
    part: n,
    parts: 2,
    at,
    logAt: 70 + n,
    sessions: list,
  });

  it('of one moment do not close what the other showed, in a restored state neither', () => {
    const lab = new Lab();
    lab.take({ at: 0, sessions: [1, 2].map((id) => extensive(id, 0)) });
    lab.take(part(1, 60, [extensive(1, 60)]));
    lab.take({ at: 60, logAt: 71, level: 'brief', sessions: [1, 2, 3].map((id) => brief(id)) });
    const restored = [lab.restored(), lab.restored(lab.checkpoint(), lab.log.length), lab.state];
    for (const state of restored) {
      const other = new Lab();
      other.state = state;
      const last = other.take(part(2, 60, [extensive(2, 60)]));
      expect([last.ledger[0]?.final, last.closed]).toEqual([true, []]);
      expect([...other.state.list()]).toHaveLength(3);
    }
  });

  it('are of one moment, whatever their parts say', () => {
    const lab = new Lab();
    lab.take({ at: 0, sessions: [1, 2, 3].map((id) => extensive(id, 0)) });
    lab.take(part(1, 60, [extensive(1, 60)]));
    lab.take({ at: 62, logAt: 71, sessions: [1, 2, 3].map((id) => extensive(id, 62)) });
    const last = lab.take(part(2, 64, [extensive(2, 64)]));
    expect([last.closed, last.at, last.captured_at]).toEqual([[], begin + 62_000, begin + 60_000]);
    expect(last.ledger[0]).toMatchObject({ final: true, complete: false });
    expect(lab.take({ at: 63, logAt: 80, sessions: [extensive(1, 63)] }).closed).toHaveLength(2);
    expect(view(lab.restored())).toEqual(view(lab.state));
  });

  it('say of a session in doubt when it was seen for sure, in a restored state too', () => {
    const lab = new Lab();
    const clockless = (created: number) =>
      extensive(1, 60, { extra: { up_time_s: undefined, create_time: clockAt(created) } });
    lab.take({ at: 0, sessions: [extensive(1, 0), extensive(2, 0)] });
    lab.take(part(1, 60, [clockless(-1000)]));
    for (const state of [lab.restored(), lab.state]) {
      const other = new Lab();
      other.state = state;
      const gone = other.take({ at: 90, level: 'brief', sessions: [brief(2)] });
      expect(gone.closed).toMatchObject([{ session_local_id: 1, last_seen_at: begin }]);
    }
  });
});

describe('a checkpoint', () => {
  it('does not count as told by the log, which tells again what it forgot to have told', () => {
    const plain = new Lab();
    const checked = new Lab();
    const take = (at: number, layout: string, idle: number) => {
      const taken = { at, sessions: [extensive(1, at, { layout }), extensive(2, at, { idle })] };
      return [plain.take(taken), checked.take(taken)] as const;
    };
    for (let at = 0; at < 1100; at++) take(at, `layout ${at}`, 5 + at);
    checked.checkpoint();
    const [a, b] = take(1100, 'layout 1099', 0);
    expect(b.layouts).toEqual(a.layouts);
    expect(a.layouts.length).toBeGreaterThan(0);
  });
});

describe('a restore', () => {
  it('knows whose counters were not told because the capture broke off', () => {
    const lab = new Lab();
    lab.take({ at: 0, sessions: [extensive(1, 0, { bytes: 10n })] });
    lab.take({ at: 60, complete: false, sessions: [{ ...brief(1), cut: true }] });
    for (const state of [lab.restored(), lab.state]) {
      lab.state = state;
      const { counters } = lab.take({ at: 120, sessions: [extensive(1, 120, { bytes: 25n })] });
      expect(counters.map((c) => [c.interval_s, c.deltas['data_rx_bytes']])).toEqual([[120, 15n]]);
    }
  });

  it('refuses a log with a hole', () => {
    const lab = new Lab();
    for (const at of [0, 60, 120]) lab.take({ at, sessions: [extensive(1, at)] });
    const [first, , third] = lab.log;
    const state = new Lab().state;
    if (first === undefined || third === undefined) throw new Error('three deltas');
    state.apply(flatten(first, state.strings));
    expect(() => {
      state.apply(flatten(third, state.strings));
    }).toThrow('goes on at 3, after 1');
  });
});

describe('transactions', () => {
  const first = { at: 0, sessions: [extensive(1, 0, { bytes: 5n }), extensive(2, 0)] };
  const second = {
    at: 60,
    sessions: [extensive(1, 60, { bytes: 9n, layout: 'b' }), extensive(3, 60, { created: 9 })],
  };

  it('rolled back leave everything as it was', () => {
    const lab = new Lab({ keyframeEveryMs: 30_000 });
    lab.take(first);
    const before = view(lab.state);
    lab.state.prepare();
    lab.state.mark();
    lab.take(second);
    lab.take({ at: 120, sessions: [] });
    lab.state.rollback();
    expect(view(lab.state)).toEqual(before);
    lab.log.length = 1;
    const again = lab.take(second);
    const other = new Lab({ keyframeEveryMs: 30_000 });
    other.take(first);
    const expected = other.take(second);
    expect({ ...again, ledger: [] }).toEqual({ ...expected, ledger: [] });
    expect(view(lab.restored())).toEqual(view(lab.state));
  });

  it('of thousands of sessions are rolled back to the last word', () => {
    const lab = new Lab();
    const list = (at: number, bytes: bigint) =>
      Array.from({ length: 3000 }, (_, i) => extensive(i + 1, at, { bytes: bytes + BigInt(i), idle: i % 3 }));
    lab.take({ at: 0, sessions: list(0, 10n) });
    const before = view(lab.state);
    lab.state.mark();
    lab.take({ at: 60, sessions: list(60, 1_000_000n) });
    lab.take({ at: 120, sessions: list(120, 2n ** 40n).slice(5) });
    lab.state.rollback();
    expect(view(lab.state)).toEqual(before);
    const delta = lab.take({ at: 180, sessions: list(180, 11n) });
    expect(delta.counters).toHaveLength(3000);
    expect(delta.counters.every(({ deltas }) => deltas['data_rx_bytes'] === 1n)).toBe(true);
  });

  it('committed stay, and abandoned snapshots leave no trace', () => {
    const lab = new Lab();
    lab.take(first);
    lab.state.mark();
    lab.take(second);
    lab.start({ at: 120, sessions: [extensive(7, 120)] });
    lab.state.abandon();
    const after = view(lab.state);
    lab.state.commit();
    expect(view(lab.state)).toEqual(after);
    expect(after.sessions).toHaveLength(2);
    expect(view(lab.restored())).toEqual(after);
    expect(lab.take({ at: 120, sessions: [extensive(7, 120)] }).ledger[0]?.outcome).toBe('applied');
  });
});
