import { describe, expect, it } from 'vitest';
import { Lab, begin, brief, events, extensive, ids, reasons, view } from '../testing/lab.ts';

const sessions = (at: number, ...numbers: number[]) => numbers.map((id) => extensive(id, at));

describe('completeness', () => {
  it('closes what a whole snapshot does not list, and says between which moments it ended', () => {
    const lab = new Lab();
    lab.take({ at: 0, sessions: sessions(0, 1, 2, 3, 4) });
    const delta = lab.take({ at: 60, sessions: sessions(60, 1, 3, 4) });
    expect(reasons(delta.closed)).toEqual({ 2: 'gone' });
    expect(delta.closed[0]?.last_seen_at).toBe(begin);
    expect(delta.at).toBe(begin + 60_000);
  });

  it('closes nobody by a snapshot that is not provably whole', () => {
    const lab = new Lab();
    lab.take({ at: 0, sessions: sessions(0, 1, 2) });
    const delta = lab.take({ at: 60, sessions: sessions(60, 1), complete: false });
    expect(delta.closed).toEqual([]);
    expect(delta.ledger[0]).toMatchObject({ complete: false, final: true, reason: 'no end seen' });
    const whole = lab.take({ at: 120, sessions: sessions(120, 1) });
    expect(whole.closed[0]).toMatchObject({ reason: 'gone', last_seen_at: begin });
  });

  it('closes by a filtered snapshot only whom the filter is known to cover', () => {
    const lab = new Lab();
    const far = { extra: { remote_ip: '203.0.113.9', remote_name: 'lac9' } };
    lab.take({
      at: 0,
      sessions: [...sessions(0, 1, 2), extensive(3, 0, far), extensive(4, 0, { tunnel: 8 })],
    });
    const by = (at: number, name: string, value: string) =>
      ids(lab.take({ at, scope: { [name]: value }, sessions: [] }).closed);
    expect(by(10, 'peer-gateway', '203.0.113.8')).toEqual([]);
    expect(by(20, 'no-such-option', '203.0.113.9')).toEqual([]);
    expect(by(30, 'unknown', 'x y')).toEqual([]);
    expect(by(40, 'user', 'joe')).toEqual([]);
    expect(by(50, 'peer-gateway', '203.0.113.9')).toEqual([3]);
    expect(by(60, 'local-tunnel-id', '8')).toEqual([4]);
    expect(by(70, 'local-session-id', '2')).toEqual([2]);
    expect(by(80, 'local-gateway-name', 'lns1')).toEqual([1]);
  });

  it('decides the cover of every filter by what is known', () => {
    const lab = new Lab();
    const known = { tunnel_group_name: 'g1', user_name: 'joe', tunnel_interface_name: 'sp-1/2/0' };
    const scopes: [string, string][] = [
      ['interface', 'si-1/0/0'],
      ['interface', 'sp-1/2/0'],
      ['local-gateway', '192.0.2.1'],
      ['peer-gateway-name', 'lac7'],
      ['tunnel-group', 'g1'],
      ['user', 'joe'],
    ];
    scopes.forEach(([name, value], i) => {
      lab.take({ at: i * 100, sessions: [extensive(1, 0, { extra: known })] });
      expect(ids(lab.take({ at: i * 100 + 1, scope: { [name]: `${value}x` }, sessions: [] }).closed)).toEqual(
        [],
      );
      expect(ids(lab.take({ at: i * 100 + 2, scope: { [name]: value }, sessions: [] }).closed), name).toEqual(
        [1],
      );
    });
  });

  it('does not cover a session of which the filtered value is not known', () => {
    const lab = new Lab();
    lab.take({ at: 0, level: 'brief', sessions: [brief(1)] });
    const filtered = lab.take({ at: 60, scope: { 'peer-gateway': '198.51.100.7' }, sessions: [] });
    expect(filtered.closed).toEqual([]);
    const both = lab.take({ at: 61, scope: { 'local-tunnel-id': '7', user: 'joe' }, sessions: [] });
    expect(both.closed).toEqual([]);
  });
});

describe('a snapshot in parts', () => {
  const part = (n: number, at: number, logAt: number, list: ReturnType<typeof sessions>) =>
    ({ id: 'a', part: n, parts: 3, at, logAt, sessions: list }) as const;

  it('is applied part by part, and closes only when all are there', () => {
    const lab = new Lab();
    lab.take({ at: 0, sessions: sessions(0, 1, 2, 3, 4, 5, 6, 7) });
    const third = lab.take(part(3, 60, 61, sessions(60, 6, 7)));
    expect(third.ledger[0]).toMatchObject({ part: 3, parts: 3, final: false, state_hash: '', sessions: 2 });
    const first = lab.take(part(1, 60, 62, sessions(60, 1, 2)));
    expect([...third.closed, ...first.closed]).toEqual([]);
    const last = lab.take(part(2, 60, 63, sessions(60, 3, 4, 8)));
    expect(reasons(last.closed)).toEqual({ 5: 'gone' });
    expect(reasons(last.opened)).toEqual({ 8: 'first_seen' });
    expect(last.ledger[0]).toMatchObject({
      final: true,
      complete: true,
      sessions: 7,
      opened: 1,
      closed: 1,
      state_hash: lab.state.hash,
    });
  });

  it('closes nobody when one part is not whole, whichever', () => {
    for (const bad of [1, 2, 3]) {
      const lab = new Lab();
      lab.take({ at: 0, sessions: sessions(0, 1, 2, 3, 4) });
      const closed = [2, 3, 1].flatMap(
        (n) => lab.take({ ...part(n, 60, 60 + n, sessions(60, n)), complete: n !== bad }).closed,
      );
      expect(closed).toEqual([]);
    }
  });

  it('leaves the rest applied when a part is missing past the deadline of the log, and says so', () => {
    const lab = new Lab({ partDeadlineMs: 300_000 });
    lab.take({ at: 0, sessions: sessions(0, 1, 2, 3) });
    lab.take(part(1, 60, 61, sessions(60, 1, 9)));
    expect(lab.state.nextDeadline).toBe(begin + 361_000);
    lab.take(part(3, 60, 100, sessions(60, 3)));
    expect(lab.state.nextDeadline).toBe(begin + 400_000);
    expect(lab.expire(399)).toEqual([]);
    const [given] = lab.expire(400);
    expect(given?.router_events).toMatchObject([{ kind: 'part_missing' }]);
    expect(given?.router_events[0]?.detail).toContain('a');
    expect(given?.closed).toEqual([]);
    expect(lab.state.nextDeadline).toBe(Infinity);
    expect(lab.expire(9999)).toEqual([]);
    expect([...lab.state.list()].map((s) => s.record.values['session_local_id']).sort()).toEqual([
      1, 2, 3, 9,
    ]);
    expect(lab.take(part(2, 60, 500, sessions(60, 2))).closed).toEqual([]);
    expect(view(lab.restored())).toEqual(view(lab.state));
  });

  it('counts a repeated part once', () => {
    const lab = new Lab();
    lab.take({ at: 0, sessions: sessions(0, 1, 2, 3) });
    lab.take(part(1, 60, 60, sessions(60, 1)));
    const again = lab.take(part(1, 60, 61, sessions(60, 1)));
    expect(again.ledger[0]).toMatchObject({ outcome: 'stale', final: false });
    lab.take(part(2, 60, 62, sessions(60, 2)));
    const last = lab.take(part(3, 60, 63, sessions(60, 3)));
    expect(last.ledger[0]).toMatchObject({ final: true, sessions: 3 });
    expect(last.closed).toEqual([]);
  });

  it('gives the same history however it is cut and in whatever order the parts come', () => {
    const whole = [1, 2, 3, 4, 5, 6, 7, 8, 9];
    const before = [1, 2, 10, 3, 4, 5, 11, 6];
    const outcome = (cuts: number[][], order: number[]) => {
      const lab = new Lab();
      lab.take({ at: 0, sessions: sessions(0, ...before) });
      for (const n of order)
        lab.take({
          id: 'a',
          part: n,
          parts: cuts.length,
          at: 60,
          logAt: 60 + n,
          sessions: (cuts[n - 1] ?? []).map((id) => extensive(id, 60, { bytes: BigInt(id) })),
        });
      const after = lab.log.slice(1);
      return {
        // Ranks are sparse: their order is the listing's, their values are nobody's.
        view: { ...view(lab.state), sessions: [...lab.state.list()].map((x) => ({ ...x, rank: 0 })) },
        opened: after.flatMap((d) => ids(d.opened)).sort(),
        closed: after.flatMap((d) => ids(d.closed)).sort(),
        counters: after.flatMap((d) => d.counters.map((c) => c.session_local_id)).sort(),
        events: after.flatMap((d) => d.router_events),
        ledger: lab.log
          .at(-1)
          ?.ledger.map(({ sessions: n, state_hash, by_state }) => ({ n, state_hash, by_state })),
      };
    };
    const one = outcome([whole], [1]);
    const cuts = [whole.slice(0, 4), whole.slice(4, 5), whole.slice(5)];
    for (const order of [
      [1, 2, 3],
      [3, 2, 1],
      [2, 3, 1],
      [3, 1, 2],
    ])
      expect(outcome(cuts, order)).toEqual(one);
  });
});

describe('the ledger', () => {
  it('has an entry for a dead letter, which changes nothing and holds no later snapshot back', () => {
    const lab = new Lab();
    lab.state.deadLetter(lab.source({ at: 9000, logAt: 0 }), 'show nonsense', 'future', (flat) => {
      expect(flat.ledger[0]).toMatchObject({ outcome: 'dead_letter', reason: 'future', state_hash: '' });
      expect(flat.seq).toBe(1);
    });
    const delta = lab.take({ at: 0, logAt: 1, sessions: sessions(0, 1) });
    expect(delta.ledger[0]).toMatchObject({ outcome: 'applied', previous_source_offset: 0 });
    expect(delta.at).toBe(begin);
  });

  it('counts live sessions by state, peer and tunnel group', () => {
    const lab = new Lab();
    const m = { tunnel_group_name: 'g1', remote_name: undefined };
    const delta = lab.take({
      at: 0,
      sessions: [
        extensive(1, 0),
        extensive(2, 0, { extra: { state: 'closed' } }),
        extensive(3, 0, { extra: m }),
      ],
    });
    expect(delta.ledger[0]).toMatchObject({
      by_state: { closed: 1, established: 2 },
      by_peer_gateway: { '198.51.100.7': 1, lac7: 2 },
      by_tunnel_group: { g1: 1 },
    });
    const after = lab.take({ at: 60, sessions: [extensive(2, 60)] });
    expect(after.ledger[0]).toMatchObject({
      by_state: { established: 1 },
      by_peer_gateway: { lac7: 1 },
      by_tunnel_group: {},
    });
  });

  it('finds no event in the same listing again', () => {
    const lab = new Lab();
    lab.take({ at: 0, sessions: sessions(0, 1, 2, 3) });
    expect(events(lab.take({ at: 60, sessions: sessions(60, 1, 2, 3) }))).toEqual({});
  });
});
